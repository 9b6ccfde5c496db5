"""What stands against an initiative once the inventory is known, by line of its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from orchestration.reduction.initiatives import Change, Initiative

CRITICAL, WARNING = "critical", "warning"

INITIATIVE_FINDINGS = pa.schema(
    [
        ("initiative_id", pa.string()),
        ("rule_id", pa.string()),
        ("severity", pa.string()),  # critical: it has no effect in any figure | warning
        ("source_line", pa.string()),
        ("reference_period", pa.string()),  # the base year; blank without one
        ("facility_id", pa.string()),
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("message_en", pa.string()),
        ("message_zh", pa.string()),
        ("remedy_en", pa.string()),
        ("remedy_zh", pa.string()),
    ]
)


@dataclass(frozen=True)
class Words:
    """How one rule is told; {flow}, {process} and others are filled in."""

    severity: str
    message_en: str
    message_zh: str
    remedy_en: str
    remedy_zh: str


RULES = {
    "initiative_of_nothing": Words(
        CRITICAL,
        "{initiative} changes {flow} at {process}, but in {period} nothing of it is accounted "
        "there: no effect can be calculated.",
        "{initiative} 改变 {process} 的 {flow}，但 {period} 没有这项核算数据：无法计算效果。",
        "Name a process and flow that the inventory of {period} has (mart product_contributions "
        "or emissions_by_process lists them), or take the line out.",
        "请填写 {period} 清单中已有的工序和流（见 emissions_by_process），或删除该行。",
    ),
    "initiative_without_factor": Words(
        CRITICAL,
        "{initiative} brings {flow} to {process}, but no emission factor of {flow} ({component}) "
        "is valid there in {period}.",
        "{initiative} 在 {process} 引入 {flow}，但 {period} 没有有效的排放因子（{component}）。",
        "Add a factor of {flow} with its source to a library in emission_factors/, valid in "
        "{period}.",
        "请在 emission_factors/ 的因子库中补充 {flow} 在 {period} 有效的因子及来源。",
    ),
    "initiative_without_maker": Words(
        CRITICAL,
        "{initiative} brings {flow} to {process}, but in {period} no process of the company made "
        "it where {process} could take it.",
        "{initiative} 在 {process} 引入 {flow}，但 {period} 公司内没有可供其使用的产出。",
        "Name a flow that is made in {period}, or one that is bought.",
        "请填写 {period} 有产出的流，或外购的流。",
    ),
    "yield_without_mass": Words(
        CRITICAL,
        "{initiative} raises the yield of {flow} at {process}, but {process} made none of it in "
        "{period}, or {flow} or the waste has no mass.",
        "{initiative} 提高 {process} 的 {flow} 得率，但 {period} 没有产量，或该流及废料没有质量。",
        "Name an output of {process} that is weighed, and the waste that becomes less.",
        "请填写 {process} 中有重量的产出，以及随之减少的废料。",
    ),
    "yield_above_waste": Words(
        CRITICAL,
        "{initiative} gains {observed} kg more of {flow} at {process} than there is of the waste "
        "it is gained from.",
        "{initiative} 使 {process} 的 {flow} 增产超过其来源废料 {observed} kg。",
        "Correct the value (new output for one of the old, at the same input), or the waste.",
        "请更正 value（投入不变时新产出与旧产出之比）或废料。",
    ),
    "yield_feeds_back": Words(
        CRITICAL,
        "{initiative} makes less of {flow} at {process}, but {takers} feed on {flow}: without "
        "what they take instead, nothing would be saved.",
        "{initiative} 使 {process} 的 {flow} 减少，但 {takers} 以其为原料：需说明其替代投入。",
        "Add a substitution to the initiative: what comes in the place of {flow}, and at which "
        "share, where it is taken or where it ends up.",
        "请为该措施增加 substitution 行：在何处由何种流、以多大比例替代 {flow}。",
    ),
    "initiative_not_separable": Words(
        CRITICAL,
        "{initiative} is in force and has left nothing of {flow} at {process} in {period}, so the "
        "state without it can't be calculated.",
        "{initiative} 已实施，{period} {process} 已无 {flow}，无法还原未实施时的状态。",
        "State it against a year before it started: reject it here, or leave its line out.",
        "请以实施前的年份为基准，或删除该行。",
    ),
    "initiative_without_solution": Words(
        CRITICAL,
        "With {initiative}, the product system of {period} has no solution: a loop takes all that "
        "it gives, or more of a flow is saved than was made in {period} (the rest came from "
        "stock).",
        "实施 {initiative} 后，{period} 的产品系统无解：循环消耗了全部产出，"
        "或某流的节约量超过 {period} 的产量（其余来自库存）。",
        "Correct value and share of its lines, or what {period} says was made and taken.",
        "请更正其各行的 value 和 share，或核对 {period} 的产量与用量。",
    ),
    "initiative_without_base_year": Words(
        CRITICAL,
        "{initiative} can't be calculated: no calendar year has data of all twelve months and a "
        "product system that can be solved.",
        "无法计算 {initiative}：没有任何日历年具备全部十二个月的数据且产品系统可解。",
        "Collect the missing months; effects follow with the next run.",
        "请补齐缺少的月份；下次运行即可计算效果。",
    ),
    "own_generation_unused": Words(
        WARNING,
        "{initiative} generates more {flow} than {process} uses in {period}: what is left over "
        "saves nothing here.",
        "{initiative} 的自发 {flow} 超过 {process} 在 {period} 的用量：多余部分不计节约。",
        "Check the amount and its unit; what is fed to the grid belongs to who uses it.",
        "请核对数量和单位；上网部分归使用方。",
    ),
}


@dataclass(frozen=True)
class Problem:
    """A rule that an initiative breaks at a line; `None`: the initiative as a whole."""

    rule_id: str
    initiative: Initiative
    change: Change | None
    process: str | None
    flow: str | None
    others: tuple[tuple[str, str], ...] = ()

    @property
    def is_critical(self) -> bool:
        """Whether the initiative can't be calculated."""
        return RULES[self.rule_id].severity == CRITICAL


def findings_table(problems: Sequence[Problem], period: str) -> pa.Table:
    """Problems in words, in the schema `INITIATIVE_FINDINGS`; none twice."""
    return pa.Table.from_pylist(
        [_row(problem, period) for problem in dict.fromkeys(problems)],
        schema=INITIATIVE_FINDINGS,
    )


def _row(problem: Problem, period: str) -> dict[str, str | None]:
    words, change = RULES[problem.rule_id], problem.change
    facility = change.facility_id if change else None
    place = change.place if change else problem.initiative.place
    filled = {
        "initiative": problem.initiative.initiative_id,
        "flow": problem.flow,
        "process": problem.process or facility,
        "period": period,
        **dict(problem.others),
    }
    texts = ("message_en", "message_zh", "remedy_en", "remedy_zh")
    return {
        "initiative_id": problem.initiative.initiative_id,
        "rule_id": problem.rule_id,
        "severity": words.severity,
        "source_line": place,
        "reference_period": period,
        "facility_id": facility,
        "process_id": problem.process,
        "flow_id": problem.flow,
        **{text: getattr(words, text).format(**filled) for text in texts},
    }
