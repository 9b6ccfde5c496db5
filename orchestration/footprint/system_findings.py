"""What can be wrong with a company's product system, in words people can act on."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from orchestration.footprint.system_tables import FINDINGS

CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True)
class Words:
    """How one rule is told; {process}, {flow}, {period} and others are filled in."""

    severity: str
    expected: str
    message_en: str
    message_zh: str
    remedy_en: str
    remedy_zh: str


RULES = {
    "invalid_exchange": Words(
        CRITICAL,
        "a quantity of zero or more",
        "In {period}, process {process} has {observed} of flow {flow} as {direction}: "
        "no quantity that can be taken or made.",
        "{period}：工序 {process} 的流 {flow}（{direction_zh}）"
        "数量为 {observed}，不可能被使用或产出。",
        "Look for a correction or credit in the readings of {flow} at {process} and book it in "
        "the month it belongs to.",
        "请检查 {process} 中 {flow} 的读数是否含冲减或更正，并记入其所属月份。",
    ),
    "flow_without_maker": Words(
        CRITICAL,
        "a process that makes it in the period",
        "In {period}, {takers} took {flow}, but no process made it.",
        "{period}：{takers} 使用了 {flow}，但没有任何工序产出它。",
        "State the output of {flow} at the process that makes it. If it came from stock in a "
        "standstill, the year's period holds; if it is bought, make it a material in flows.csv.",
        "请在产出工序填报 {flow} 的产量。若停产期间使用库存，请以年度结果为准；"
        "若为外购，请在 flows.csv 中改为 material。",
    ),
    "waste_without_treatment": Words(
        CRITICAL,
        "a process of the company that takes it in",
        "In {period}, {takers} gave {flow} to own treatment, but no process took it in.",
        "{period}：{takers} 将 {flow} 交由厂内处理，但没有任何工序接收。",
        "State the input of {flow} at the process that treats it. If third parties treat it, "
        "make it a waste in flows.csv.",
        "请在处理工序填报 {flow} 的输入量。若由第三方处理，请在 flows.csv 中改为 waste。",
    ),
    "delivered_from_stock": Words(
        WARNING,
        "made in the period",
        "In {period}, {takers} took {observed} {unit} of {flow} that was made in an earlier "
        "period: it has no footprint in this one.",
        "{period}：{takers} 取用的 {flow}（{observed} {unit}）为以前期间产出，本期无其碳足迹。",
        "Nothing to mend; use the year's footprint of {flow}. If it was made in {period}, state "
        "its output.",
        "无需处理，请使用 {flow} 的年度碳足迹。若确为 {period} 产出，请填报其产量。",
    ),
    "allocation_rule_missing": Words(
        CRITICAL,
        "one line per process and valued output in allocation_rules.csv",
        "In {period}, process {process} made {observed}, but no allocation rule in force says "
        "how to split its burdens among them: {flow} has none.",
        "{period}：工序 {process} 产出 {observed}，但没有有效的分配规则规定负荷如何分摊："
        "{flow} 缺少规则。",
        "Add a line for {flow} to company/allocation_rules.csv with the basis of the other "
        "outputs of {process}; basis mass when in doubt (METHOD R23).",
        "请在 company/allocation_rules.csv 中为 {process} 的 {flow} 增加一行，"
        "分配基准与其他产出一致；"
        "不确定时用 mass（质量）。",
    ),
    "allocation_not_computable": Words(
        CRITICAL,
        "a key for every co-product, above zero in all",
        "In {period}, the burdens of process {process} can't be split by {basis}: {observed}.",
        "{period}：工序 {process} 无法按 {basis} 分配：{observed_zh}。",
        "Complete company/allocation_rules.csv or flow_properties.csv (ncv, density, "
        "carbon_content) for these flows, or choose another basis.",
        "请补全 company/allocation_rules.csv 或 flow_properties.csv（ncv、density、"
        "carbon_content），"
        "或改用其他分配基准。",
    ),
    "service_key_missing": Words(
        WARNING,
        "a metered output, or lines in service_keys.csv",
        "In {period}, {process} has no metered output and no service key: its emissions stay "
        "outside the products, on the bridge line process_without_output.",
        "{period}：{process} 没有计量产出，也没有服务分摊键：其排放不计入产品，"
        "列于调节行 process_without_output。",
        "Meter what {process} gives, or say in company/service_keys.csv by which key it is "
        "shared out.",
        "请计量 {process} 的产出，或在 company/service_keys.csv 中规定分摊方式。",
    ),
    "service_key_without_base": Words(
        WARNING,
        "at least one consumer with something to share by",
        "In {period}, the service of {process} can't be shared by {basis}: no consumer has any. "
        "Its emissions stay outside the products, on the bridge line process_without_output.",
        "{period}：{process} 的服务无法按 {basis} 分摊：没有任何使用工序有该数量。"
        "其排放列于调节行 process_without_output。",
        "Check the consumers and the flow of {process} in company/service_keys.csv.",
        "请检查 company/service_keys.csv 中 {process} 的使用工序和流。",
    ),
    "service_key_not_computable": Words(
        CRITICAL,
        "one basis, and a quantity of it at every consumer",
        "In {period}, the service of {process} can't be shared out: {observed}.",
        "{period}：{process} 的服务无法分摊：{observed_zh}。",
        "Mend the lines of {process} in company/service_keys.csv.",
        "请修正 company/service_keys.csv 中 {process} 的各行。",
    ),
    "no_output_in_period": Words(
        WARNING,
        "an output",
        "In {period}, process {process} made nothing: what it took and emitted stays outside the "
        "products of the period, on the bridge line process_without_output.",
        "{period}：工序 {process} 没有产出：其消耗和排放不计入本期产品，"
        "列于调节行 process_without_output。",
        "Nothing to mend in a standstill; otherwise state the output of {process}.",
        "停产期间无需处理；否则请填报 {process} 的产量。",
    ),
    "utility_not_taken": Words(
        WARNING,
        "takings by meter",
        "In {period}, {observed} {unit} of {flow} were made at {facility}, but nobody's taking "
        "is metered: its emissions stay outside the products.",
        "{period}：{facility} 产出 {flow} {observed} {unit}，但没有任何计量的使用量："
        "其排放不计入产品。",
        "State who takes {flow}, or leave its output away and share the process by "
        "company/service_keys.csv.",
        "请填报 {flow} 的使用方，或不填产出并在 company/service_keys.csv 中规定分摊方式。",
    ),
    "explosive_loop": Words(
        CRITICAL,
        "a loop that makes more than it takes",
        "In {period}, these processes use each other's output and leave nothing over: "
        "{observed}. No quantity of them can make a product.",
        "{period}：以下工序相互使用产出且没有净产出：{observed}。任何投入都无法得到产品。",
        "Look for a taking stated too high or an output too low among {flows}, in the readings "
        "of these processes.",
        "请检查这些工序的读数：{flows} 的使用量是否偏高，或产量是否偏低。",
    ),
}


@dataclass
class Findings:
    """The findings of one reference period, in the order of their rules."""

    reference_period: str
    rows: list[dict[str, str | None]] = field(default_factory=list)

    def add(
        self,
        rule_id: str,
        *,
        observed: str,
        facility: str | None = None,
        process: str | None = None,
        flow: str | None = None,
        **words: str,
    ) -> None:
        """One finding; `words` fill the rule's own places."""
        rule = RULES[rule_id]
        places = {
            "period": self.reference_period,
            "observed": observed,
            "facility": facility,
            "process": process,
            "flow": flow,
        } | words
        self.rows.append(
            {
                "reference_period": self.reference_period,
                "rule_id": rule_id,
                "severity": rule.severity,
                "facility_id": facility,
                "process_id": process,
                "flow_id": flow,
                "observed": observed,
                "expected": rule.expected,
                "message_en": rule.message_en.format(**places),
                "message_zh": rule.message_zh.format(**places),
                "remedy_en": rule.remedy_en.format(**places),
                "remedy_zh": rule.remedy_zh.format(**places),
            }
        )

    @property
    def is_critical(self) -> bool:
        """Whether the period can't be solved."""
        return any(row["severity"] == CRITICAL for row in self.rows)

    def table(self) -> pa.Table:
        """In the schema `FINDINGS`."""
        return pa.Table.from_pylist(self.rows, schema=FINDINGS)
