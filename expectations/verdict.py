"""One verdict a hand-in: every rule judged once over the whole round, then told cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from expectations import (
    anothers_file,
    collection_round,
    consistency,
    disputes,
    energy_instruments,
    erp_export,
    mass_balance,
    meter_registers,
    own_history,
    stage_workbook,
    stated_before,
    stated_regularly,
)
from expectations.approval_rules import approval_findings
from expectations.folding import fold
from expectations.judge import judge
from expectations.preparation import prepare
from expectations.rules import FINDING_SCHEMA, GateError, Rule, RuleResult, list_findings
from orchestration.lake.paths import WITHDRAWN_SCHEMA
from orchestration.lake.warehouse import Connection

if TYPE_CHECKING:
    from orchestration.company.data_folder import Company, Round
    from orchestration.gate.waivers import Waivers
    from orchestration.gate.withdrawals import Withdrawals

SUITES: Mapping[str, Sequence[Rule]] = {
    "stage_workbook": stage_workbook.RULES,
    "erp_export": erp_export.RULES,
    "collection_round": collection_round.RULES,
    "consistency": consistency.RULES,
    "disputes": disputes.RULES,
    "meter_registers": meter_registers.RULES,
    "own_history": own_history.RULES,
    "mass_balance": mass_balance.RULES,
    "anothers_file": anothers_file.RULES,
    "stated_before": stated_before.RULES,
    "stated_regularly": stated_regularly.RULES,
    "energy_instruments": energy_instruments.RULES,
}

VERDICT_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("source", pa.string()),
        ("facility_id", pa.string()),
        ("state", pa.string()),
        ("source_file", pa.string()),
        ("source_sha256", pa.string()),
        ("critical_count", pa.int64()),
        ("warning_count", pa.int64()),
        ("waived_count", pa.int64()),
        ("correction_count", pa.int64()),
        ("row_count", pa.int64()),
        ("note", pa.string()),
    ]
)

VERDICTS = """
with owed as (
    select hand_in from expected_hand_ins
    union select hand_in from handed_in where hand_in is not null
    union select 'instruments' from gate_instrument
),
file as (
    select hand_in, any_value(source) as source, any_value(facility_id) as facility_id,
        any_value(source_file) as source_file, any_value(source_sha256) as source_sha256
    from handed_in group by hand_in
),
found as (
    select hand_in,
        count(*) filter (severity = 'critical' and waived_by is null) as critical_count,
        count(*) filter (severity = 'warning' and waived_by is null) as warning_count,
        count(*) filter (waived_by is not null) as waived_count,
        string_agg(distinct rule_id, ', ' order by rule_id)
            filter (severity = 'critical' and waived_by is null) as broken_rules
    -- what follows from another finding is gone with it
    from gate_finding where caused_by is null group by hand_in
),
counted as (
    select hand_in, count(*) as row_count,
        count(distinct concat_ws('!', source_sheet, source_cell))
            filter (corrected_from is not null) as correction_count
    from readings group by hand_in
    union all
    select 'instruments', count(*), 0 from gate_instrument having count(*) > 0
)
select getvariable('round') as round, owed.hand_in, file.source, file.facility_id,
    case
        when file.hand_in is null and owed.hand_in <> 'instruments' then 'missing'
        when coalesce(critical_count, 0) > 0 then 'refused'
        when coalesce(warning_count, 0) + coalesce(waived_count, 0) > 0
            then 'accepted_with_warnings'
        else 'accepted'
    end as state,
    file.source_file, file.source_sha256,
    coalesce(critical_count, 0) as critical_count, coalesce(warning_count, 0) as warning_count,
    coalesce(waived_count, 0) as waived_count, coalesce(correction_count, 0) as correction_count,
    coalesce(row_count, 0) as row_count,
    case state
        when 'missing' then 'Not handed in.'
        when 'refused' then concat('Refused for: ', broken_rules, '.')
        when 'accepted_with_warnings' then concat('Accepted',
            case when waived_count > 0 then concat('; ', waived_count, ' waived') else '' end,
            case when warning_count > 0 then '; look at the warnings.' else '.' end)
        else 'Accepted.'
    end as note
from owed
    left join file using (hand_in)
    left join found using (hand_in)
    left join counted using (hand_in)
order by owed.hand_in
"""


@dataclass(frozen=True)
class Judgement:
    """What the gate says about a round."""

    findings: pa.Table
    verdicts: pa.Table
    accepted_hand_ins: tuple[str, ...]
    results: tuple[RuleResult, ...]
    withdrawn: pa.Table
    """What hand-ins that are accepted take away of earlier rounds (WITHDRAWN_SCHEMA)."""


def judge_round(
    connection: Connection,
    *,
    round: Round,
    company: Company | None = None,
    waivers: Waivers | None = None,
    withdrawals: Withdrawals | None = None,
) -> Judgement:
    """Judge all hand-ins of a round together; the connection holds them and the master data.

    A waived critical finding does not refuse its hand-in.

    It needs readings, previous_readings, expected_hand_ins, handed_in, facilities, processes,
    flows, flow_properties, ranges, tolerances and unit_conversions; correction_findings,
    instruments, previous_instruments, mass_sources, sheet_layouts, stated_before, items_before,
    monthly_sheets and withdrawals count as empty when absent.
    """
    prepare(connection, round.round, round.months)
    suites = dict(SUITES)
    if not connection.execute("select count(*) from gate_instrument").fetchall()[0][0]:
        del suites["energy_instruments"]
    results = judge(connection, "gate_reading", suites)
    findings = find(connection, results, "gate_reading", round.round)
    if waivers is not None:
        marked = waivers.mark(findings)
        on_waivers = approval_findings(waivers.problems(), waivers.file, round.round)
        findings = pa.concat_tables([marked, on_waivers])
    if withdrawals is not None:
        matched = {line for (line,) in connection.execute(stated_before.MATCHED).fetchall()}
        problems = (*withdrawals.problems, *withdrawals.unmatched(matched))
        on_withdrawals = approval_findings(problems, withdrawals.file, round.round)
        findings = pa.concat_tables([findings, on_withdrawals])
    findings = fold(findings)
    connection.register("gate_finding", findings)
    verdicts = connection.sql(VERDICTS).to_arrow_table().cast(VERDICT_SCHEMA)
    connection.unregister("gate_finding")
    accepted = tuple(
        row["hand_in"] for row in verdicts.to_pylist() if row["state"].startswith("accepted")
    )
    withdrawn = connection.sql(stated_before.WITHDRAWN).to_arrow_table().cast(WITHDRAWN_SCHEMA)
    return Judgement(findings, verdicts, accepted, tuple(results), withdrawn)


def find(
    connection: Connection,
    results: Sequence[RuleResult],
    batch_table: str,
    round_name: str | None,
) -> pa.Table:
    """List every cell of the rules that failed; Great Expectations shows at most 200 of each."""
    tables = [FINDING_SCHEMA.empty_table()]
    for result in results:
        if result.success:
            continue
        table = list_findings(connection, result.rule, batch_table, round_name)
        if len(table) != result.unexpected_count:
            raise GateError(
                f"Rule {result.rule.rule_id} was broken {result.unexpected_count} times, "
                f"but {len(table)} findings were listed."
            )
        tables.append(table)
    return pa.concat_tables(tables)
