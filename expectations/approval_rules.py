"""Rules on the approvals of a round: sign-offs and waivers that have an effect, and why others don't.

None of them refuses a hand-in: an approval without effect leaves things as they were without it. They
are judged after the gate, again for each release, and without the seconds that Great
Expectations takes to start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from expectations.rules import FINDING_SCHEMA, Rule, list_findings
from orchestration.lake.warehouse import engine

if TYPE_CHECKING:
    from orchestration.gate.approvals import ApprovalProblem

PROBLEM_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("rule_id", "hand_in", "source_file", "source_cell")]
    + [("observed", pa.string()), ("expected", pa.string())]
)


def _rule(
    rule_id: str,
    title_en: str,
    title_zh: str,
    message_en: str,
    message_zh: str,
    remedy_en: str,
    remedy_zh: str,
) -> Rule:
    words = (title_en, title_zh, message_en, message_zh, remedy_en, remedy_zh)
    return Rule(rule_id, "warning", *words, f"select * from batch where rule_id = '{rule_id}'")


RULES = (
    _rule(
        "paper_readable",
        "Sign-offs and waivers can be read.",
        "签字表和豁免表可以读取。",
        "{file} can't be read: {observed}. None of its lines counts.",
        "{file} 无法读取：{observed}。其中各行均不生效。",
        "Correct the file: the header that raw_data/README.md shows, every quotation mark closed.",
        "请更正文件：表头见 raw_data/README.md，引号须成对。",
    ),
    _rule(
        "sign_off_complete",
        "A sign-off names hand-in, role, person, day and what was signed.",
        "签字须写明报送、角色、人员、日期和所签内容。",
        "{file} {cell}: {observed}; expected: {expected}. The sign-off does not count.",
        "{file} {cell}：{observed}；应为：{expected}。该签字不生效。",
        "Correct the line; people who may sign are in company/people.csv.",
        "请更正该行；可签字人员见 company/people.csv。",
    ),
    _rule(
        "sign_off_outdated",
        "A sign-off is about the file as it is now.",
        "签字对应当前的文件。",
        "{file} {cell}: {hand_in} changed after it was signed: signed {observed}, now {expected}.",
        "{file} {cell}：{hand_in} 在签字后有变动：签字时 {observed}，现为 {expected}。",
        "Look at what changed and sign it again with the SHA-256 of today.",
        "请核对变动内容，并以当前的 SHA-256 重新签字。",
    ),
    _rule(
        "four_eyes",
        "Who prepares, who reviews and who approves are three people.",
        "编制、复核、批准须为三人。",
        "{file} {cell}: {observed}; expected: {expected}. This one is refused.",
        "{file} {cell}：{observed}；应为：{expected}。该项被拒绝。",
        "Let somebody else sign this role.",
        "请由另一人签署该角色。",
    ),
    _rule(
        "sign_off_mandated",
        "Who signs is the one who may sign it.",
        "签字人须有该项签字权限。",
        "{file} {cell}: {observed}; expected: {expected}. The sign-off does not count.",
        "{file} {cell}：{observed}；应为：{expected}。该签字不生效。",
        "Let somebody sign whose prepares, reviews or approves in company/people.csv names it.",
        "请由 company/people.csv 中 prepares、reviews 或 approves 列有此项的人员签字。",
    ),
    _rule(
        "sign_off_proven",
        "A sign-off is proven by the key, or the user, that people.csv lists for its person.",
        "签字须以 people.csv 所列的密钥或系统用户证明。",
        "{file} {cell}: {observed}; expected: {expected}. The sign-off does not count.",
        "{file} {cell}：{observed}；应为：{expected}。该签字不生效。",
        "Let the person sign it themselves: carbonloom sign, with --key where a key is listed.",
        "请由本人签字：carbonloom sign；列有密钥者须加 --key。",
    ),
    _rule(
        "waiver_complete",
        "A waiver says what is waived, why, by whom and until when.",
        "豁免须写明对象、理由、人员和期限。",
        "{file} {cell}: {observed}; expected: {expected}. The waiver has no effect.",
        "{file} {cell}：{observed}；应为：{expected}。该豁免不生效。",
        "Correct the line; people who may sign are in company/people.csv.",
        "请更正该行；可签字人员见 company/people.csv。",
    ),
    _rule(
        "waiver_allowed",
        "Only rules that leave room for judgement can be waived.",
        "只有允许人工判断的规则可以豁免。",
        "{file} {cell}: {observed} can't be waived. The finding stands.",
        "{file} {cell}：{observed} 不可豁免，原问题仍然有效。",
        "Mend what the finding says; what can't be read can't be counted.",
        "请按原问题提示更正；无法读取的数据不能计入。",
    ),
    _rule(
        "waiver_in_force",
        "A waiver is still in force.",
        "豁免仍在有效期内。",
        "{file} {cell}: the waiver of {expected} ended on {observed}. The finding stands again.",
        "{file} {cell}：对 {expected} 的豁免已于 {observed} 到期，原问题重新生效。",
        "Mend the cause, or have it waived anew with a new line.",
        "请解决原因，或另起一行重新申请豁免。",
    ),
    _rule(
        "waiver_matches",
        "A waiver has something to waive.",
        "豁免有其对象。",
        "{file} {cell}: no finding of {observed} to waive.",
        "{file} {cell}：没有可豁免的问题：{observed}。",
        "Remove the line if the matter is settled; otherwise correct rule_id, hand_in or object.",
        "若问题已解决请删除该行，否则请更正 rule_id、hand_in 或 object。",
    ),
    _rule(
        "withdrawal_complete",
        "A withdrawal says what is withdrawn, for which months, why and by whom.",
        "撤回须写明对象、月份、理由和决定人。",
        "{file} {cell}: {observed}; expected: {expected}. The withdrawal has no effect.",
        "{file} {cell}：{observed}；应为：{expected}。该撤回不生效。",
        "Correct the line; raw_data/README.md says what each column holds.",
        "请更正该行；各列说明见 raw_data/README.md。",
    ),
    _rule(
        "withdrawal_matches",
        "A withdrawal is about something that was stated before.",
        "撤回的对象此前已填报。",
        "{file} {cell}: {observed} was never stated before, so nothing is withdrawn.",
        "{file} {cell}：此前从未填报 {observed}，没有可撤回的数据。",
        "Correct hand_in, site, process, flow, supplier, document or months, or remove the line.",
        "请更正报送、工厂、工序、物料、供应商、单据或月份，或删除该行。",
    ),
)


def approval_findings(problems: Iterable[ApprovalProblem], file: str, round_name: str) -> pa.Table:
    """Problems of one file of approvals in the words of their rules (FINDING_SCHEMA)."""
    rows = [
        {
            "rule_id": problem.rule_id,
            "hand_in": problem.hand_in,
            "source_file": file,
            "source_cell": f"L{problem.line}",
            "observed": problem.observed,
            "expected": problem.expected,
        }
        for problem in problems
    ]
    if not rows:
        return FINDING_SCHEMA.empty_table()
    flows = pa.schema([(name, pa.string()) for name in ("flow_id", "name_en", "name_zh")])
    with engine() as connection:
        connection.register("flows", flows.empty_table())
        connection.register("approval_problem", pa.Table.from_pylist(rows, schema=PROBLEM_SCHEMA))
        listed = [list_findings(connection, rule, "approval_problem", round_name) for rule in RULES]
    return pa.concat_tables(listed)
