"""What the calculation found, brought to the hand-ins that caused it.

The gate judges a round before anything is calculated. Balances, comparisons with other months and
the product system speak afterwards; from here on their findings go the way of the gate's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.rules import FINDING_SCHEMA
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse, tables_in

CALCULATED_SCHEMA = FINDING_SCHEMA.append(pa.field("source_sha256", pa.string()))
"""A finding, and the file it was calculated from."""

FOUND = """
with files as (
    select distinct round, hand_in, source_file, source_sha256
    from intermediate.int_finding_cells
)
select results.* replace (results.tolerance::double as tolerance), files.source_sha256
from (select null as source, * from marts.quality_results) results
    join files using (round, hand_in, source_file)
where results.judged_by <> 'gate' and results.severity <> 'info'
order by results.round, results.hand_in, results.rule_id, results.period_month,
    results.source_sheet, results.source_cell, results.message_en
"""


def keep_calculated(lake: Lake, rounds: Iterable[str]) -> list[str]:
    """Write down the calculation's findings of each round; returns the rounds with other ones."""
    found = _found(lake)
    changed = []
    for round_ in rounds:
        mine = found.filter(pc.equal(found["round"], round_))
        path = lake.calculated(round_)
        if not lake.read(path, CALCULATED_SCHEMA).equals(mine):
            lake.write(path, mine)
            changed.append(round_)
    return changed


def _found(lake: Lake) -> pa.Table:
    """What stands in the working file (CALCULATED_SCHEMA); nothing before it was calculated."""
    if not Warehouse(lake).is_built:
        return CALCULATED_SCHEMA.empty_table()
    with Warehouse(lake).reading() as connection:
        if not (
            "quality_results" in tables_in(connection, "marts")
            and "int_finding_cells" in tables_in(connection, "intermediate")
        ):
            return CALCULATED_SCHEMA.empty_table()
        rows = connection.sql(FOUND).to_arrow_table()
    return rows.select(CALCULATED_SCHEMA.names).cast(CALCULATED_SCHEMA)


def calculated_findings(
    lake: Lake, round_: str, verdicts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The last calculation's findings on the very files that the verdicts are about."""
    files = {(row["hand_in"], row["source_sha256"]) for row in verdicts}
    rows = lake.read(lake.calculated(round_), CALCULATED_SCHEMA).to_pylist()
    return [row for row in rows if (row["hand_in"], row["source_sha256"]) in files]
