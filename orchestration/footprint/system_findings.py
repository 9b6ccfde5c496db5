"""What can be wrong with a company's product system, in words people can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from orchestration.footprint.system_tables import FINDINGS

CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True)
class FindingWords:
    """How one rule is told; {process}, {flow}, {period} and others are filled in."""

    severity: str
    expected: str
    message_en: str
    message_zh: str
    remedy_en: str
    remedy_zh: str


RULES = {
    "invalid_exchange": FindingWords(
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
    "system_contradicts_itself": FindingWords(
        CRITICAL,
        "exchanges that fit together",
        "{period} can't be solved: {observed} The factory's figures stand; no product has one.",
        "{period} 无法求解：{observed} 工厂数据不受影响，但产品没有数值。",
        "Compare the processes, flows and units of this period's readings with company/.",
        "请将本期读数中的工序、流和单位与 company/ 核对。",
    ),
    "flow_without_maker": FindingWords(
        CRITICAL,
        "a process that makes it, in the period or before",
        "In {period}, {takers} took {flow}, but no process made it, then or before: they have no "
        "figure, nor has what is made of theirs.",
        "{period}：{takers} 使用了 {flow}，但本期及以前没有任何工序产出它："
        "这些工序及其下游没有数值。",
        "State the output of {flow} at the process that makes it. If it was in stock before the "
        "first period, state what it carries as a factor of {flow} (boundary upstream, valid in "
        "{period}) in a library; if it is bought, make it a material in flows.csv.",
        "请在产出工序填报 {flow} 的产量。若为首个期间之前的库存，请在因子库中为 {flow} 填写因子"
        "（boundary 为 upstream，在 {period} 有效）；若为外购，请在 flows.csv 中改为 material。",
    ),
    "waste_without_treatment": FindingWords(
        CRITICAL,
        "a process of the company that takes it in",
        "In {period}, {takers} gave {flow} to own treatment, but no process took it in.",
        "{period}：{takers} 将 {flow} 交由厂内处理，但没有任何工序接收。",
        "State the input of {flow} at the process that treats it. If third parties treat it, "
        "make it a waste in flows.csv.",
        "请在处理工序填报 {flow} 的输入量。若由第三方处理，请在 flows.csv 中改为 waste。",
    ),
    "delivered_from_stock": FindingWords(
        WARNING,
        "made in the period",
        "In {period}, {takers} took {observed} {unit} of {flow} that was made before the first "
        "period: it has no footprint in this one.",
        "{period}：{takers} 取用的 {flow}（{observed} {unit}）为首个期间之前产出，本期无其碳足迹。",
        "State what it carries as a factor of {flow} (boundary upstream, valid in {period}) in a "
        "library. If it was made in {period}, state its output.",
        "请在因子库中为 {flow} 填写因子（boundary 为 upstream，在 {period} 有效）。"
        "若确为 {period} 产出，请填报其产量。",
    ),
    "allocation_rule_missing": FindingWords(
        CRITICAL,
        "one line per process and valued output in allocation_rules.csv",
        "In {period}, process {process} made {observed}, but no allocation rule in force says "
        "how to split its burdens among them: {flow} has none.",
        "{period}：工序 {process} 产出 {observed}，但没有有效的分配规则规定负荷如何分摊："
        "{flow} 缺少规则。",
        "Add a line for {flow} to company/allocation_rules.csv with the basis of the other "
        "outputs of {process}; basis mass when in doubt (method R23).",
        "请在 company/allocation_rules.csv 中为 {process} 的 {flow} 增加一行，"
        "分配基准与其他产出一致；"
        "不确定时用 mass（质量）。",
    ),
    "allocation_not_computable": FindingWords(
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
    "service_key_missing": FindingWords(
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
    "service_key_without_base": FindingWords(
        WARNING,
        "at least one consumer with something to share by",
        "In {period}, the service of {process} can't be shared by {basis}: no consumer has any. "
        "Its emissions stay outside the products, on the bridge line process_without_output.",
        "{period}：{process} 的服务无法按 {basis} 分摊：没有任何使用工序有该数量。"
        "其排放列于调节行 process_without_output。",
        "Check the consumers and the flow of {process} in company/service_keys.csv.",
        "请检查 company/service_keys.csv 中 {process} 的使用工序和流。",
    ),
    "service_key_not_computable": FindingWords(
        CRITICAL,
        "one basis, and a quantity of it at every consumer",
        "In {period}, the service of {process} can't be shared out: {observed}.",
        "{period}：{process} 的服务无法分摊：{observed_zh}。",
        "Mend the lines of {process} in company/service_keys.csv.",
        "请修正 company/service_keys.csv 中 {process} 的各行。",
    ),
    "no_output_in_period": FindingWords(
        WARNING,
        "an output",
        "In {period}, process {process} made nothing: what it took and emitted stays outside the "
        "products of the period, on the bridge line process_without_output.",
        "{period}：工序 {process} 没有产出：其消耗和排放不计入本期产品，"
        "列于调节行 process_without_output。",
        "Nothing to mend in a standstill; otherwise state the output of {process}.",
        "停产期间无需处理；否则请填报 {process} 的产量。",
    ),
    "taken_from_stock": FindingWords(
        WARNING,
        "takings that were made in the period",
        "In {period}, {observed} {unit} of the {flow} taken at {facility} ({share}) were not made "
        "in the period: they count as stock, at the intensity of what was.",
        "{period}：{facility} 取用的 {flow} 中有 {observed} {unit}（{share}）并非本期产出："
        "按库存处理，采用本期产出的排放强度。",
        "Check what was made and taken of {flow}. If stock it is, the longer period says more; a "
        "wider tolerance is a line of stock_draw_month or stock_draw_year in "
        "expectations/tolerances.csv.",
        "请核对 {flow} 的产量和使用量。若确为库存，请参考更长期间的结果；"
        "可在 expectations/tolerances.csv 中以 stock_draw_month 或 stock_draw_year 放宽允差。",
    ),
    "supplied_by_other_sites": FindingWords(
        WARNING,
        "takings within the site's own make, or of one maker",
        "In {period}, {observed} {unit} of the {flow} taken at {facility} ({share}) are counted as "
        "made at {makers}: what these sites made and did not take themselves. No record says so.",
        "{period}：{facility} 取用的 {flow} 中有 {observed} {unit}（{share}）按 {makers} 产出计："
        "即这些厂区产出而未自用的部分。没有记录说明这一调拨。",
        "Nothing to mend if it was sent over. If it was not, check what {facility} made and took; "
        "if its sources matter, give what each site makes a flow of its own.",
        "若确有调拨，无需处理；否则请核对 {facility} 的产量和使用量；"
        "若来源有差别，请为各厂区的产出分别设置流。",
    ),
    "treated_waste_differs": FindingWords(
        WARNING,
        "as much treated as given",
        "In {period}, {given} {unit} of {flow} were given to treatment at {facility}, {observed} "
        "treated, {share} apart: its burden is shared by what was given.",
        "{period}：交由 {facility} 处理的 {flow} 为 {given} {unit}，处理量为 {observed} {unit}，"
        "相差 {share}：处理负荷按交付量分摊。",
        "Compare where {flow} falls with where it is treated: a source was left out, or a unit or "
        "month differs. A wider tolerance is a line of own_waste_balance.",
        "请核对 {flow} 的产生量与处理量：是否漏计来源，或单位、月份不一致。"
        "可用 own_waste_balance 放宽允差。",
    ),
    "returns_exceed_deliveries": FindingWords(
        WARNING,
        "deliveries of zero or more",
        "In {period}, {observed} {unit} more of {flow} came back to {facility} than was delivered: "
        "the period's deliveries are negative.",
        "{period}：退回 {facility} 的 {flow} 比交付多 {observed} {unit}：本期交付量为负。",
        "Book returns in the month of their delivery, or use the longer period.",
        "请将退货记入其交付月份，或采用更长期间。",
    ),
    "allocation_departs_from_pact": FindingWords(
        WARNING,
        "the basis that PACT's decision tree comes to",
        "In {period}, process {process} is split by {observed}; its prices are {ratio} times "
        "apart, for which PACT v3 has: {verdict}.",
        "{period}：工序 {process} 按 {observed} 分摊；价格相差 {ratio} 倍，"
        "PACT v3 的结论为 {verdict}。",
        "Change the basis in company/allocation_rules.csv, or let its justification say which "
        "product rule goes before the tree.",
        "请修改 company/allocation_rules.csv 中的基准，或在 justification 中说明所依据的产品规则。",
    ),
    "rule_changed_within_period": FindingWords(
        WARNING,
        "one rule for the whole period",
        "In {period}, the lines of {process} in company/{table}.csv change: those in force on its "
        "last day are applied to all of it.",
        "{period}：{process} 在 company/{table}.csv 中的行有变化：整个期间按最后一天有效的行计算。",
        "Look at the months, which each have their own; if it matters, report them.",
        "请查看各月结果（各按当月有效的行计算）；若影响较大，请按月报告。",
    ),
    "service_share_dropped": FindingWords(
        WARNING,
        "shares of processes that did something",
        "In {period}, {share} of the service of {process} is stated for processes that did nothing "
        "in it; the others carry it.",
        "{period}：{process} 的服务有 {share} 分给了未运行的工序：由其余工序承担。",
        "Nothing to mend in a standstill; otherwise check the consumers of {process} in "
        "company/service_keys.csv and their readings.",
        "停产期间无需处理；否则请检查 company/service_keys.csv 中 {process} 的使用工序及其读数。",
    ),
    "utility_not_taken": FindingWords(
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
    "explosive_loop": FindingWords(
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
    blocked: set[str] = field(default_factory=set)
    """Processes that have no figure for what was found."""

    def add(
        self,
        rule_id: str,
        *,
        observed: str,
        facility: str | None = None,
        process: str | None = None,
        flow: str | None = None,
        blocks: Iterable[str] = (),
        **words: str,
    ) -> None:
        """One finding; `blocks` are the processes it leaves without a figure, `words` fill the
        rule's own places.
        """
        rule = RULES[rule_id]
        self.blocked.update(blocks)
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

    def table(self) -> pa.Table:
        """In the schema `FINDINGS`."""
        return pa.Table.from_pylist(self.rows, schema=FINDINGS)
