"""Why a product's figure differs from the one given out before, in the words of the restatements.

What goes out names causes, by how much each moved the figure, and the reasons people gave for
corrections of the product's own cells. Cells, values and names of people stay inside.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.exchange import figures

CAUSES = {
    "data": "activity data",
    "correction": "corrected activity data",
    "factor": "emission factors",
    "method": "calculation method",
    "boundary": "system boundary",
}
"""Columns `<cause>_change` of the mart `restatements`, in the order they are told in."""

AGREEMENT = Decimal("1e-6")
"""Share of the change that the causes may miss of it, to be told with their amounts."""

REASONS_TOLD = 3


def reason_since(
    marts: Path, product_id: str, year: str, basis: str, since: str, until: str, change: Decimal
) -> str:
    """What moved a footprint from release `since` to `until`; blank where that isn't known.

    `change`: of the exchanged figure, kgCO2e per declared unit. Restatements are of the footprint
    to the grave; amounts are told only where the causes add up to this change.
    """
    with figures.open_marts(marts) as connection:
        pairs = _pairs(connection, since, until)
        moved = _moved(connection, pairs, product_id, year, basis)
        if not moved:
            return ""
        agrees = abs(sum(moved.values()) - change) <= AGREEMENT * abs(change)
        reasons = _reasons(connection, pairs, product_id, year)
    told = (
        CAUSES[cause]
        + (f" {amount:+.6f} kgCO2e" if agrees else "")
        + (f" ({'; '.join(reasons[cause])})" if cause in reasons else "")
        for cause, amount in moved.items()
    )
    return f"changed since {since}: {', '.join(told)}."


def _pairs(connection: duckdb.DuckDBPyConnection, since: str, until: str) -> list[tuple[str, str]]:
    """The comparisons that lead from one release to the other; none where one is missing."""
    try:
        found = figures.query(
            connection, "select distinct newer_release, older_release from restatements"
        )
    except duckdb.CatalogException:  # released before restatements were kept
        return []
    before = {row["newer_release"]: row["older_release"] for row in found}
    pairs = []
    while until != since and until in before:
        pairs.append((before.pop(until), until))
        until = pairs[-1][0]
    return pairs if until == since else []


def _moved(
    connection: duckdb.DuckDBPyConnection,
    pairs: list[tuple[str, str]],
    product_id: str,
    year: str,
    basis: str,
) -> dict[str, Decimal]:
    """Causes that moved the footprint, each with its part, kgCO2e per declared unit."""
    sums = ", ".join(f"sum(cast({cause}_change as decimal(38, 12))) as {cause}" for cause in CAUSES)
    (found,) = figures.query(
        connection,
        f"select {sums} from restatements where newer_release in (select unnest(?)) "
        "and figure_kind = 'product' and method = 'cut_off' "
        "and measure = 'kgco2e_per_declared_unit' "
        "and product_id = ? and reference_period = ? and basis = ?",
        [newer for _, newer in pairs], product_id, year, basis,
    )  # fmt: skip
    return {cause: found[cause] for cause in CAUSES if found[cause]}


def _reasons(
    connection: duckdb.DuckDBPyConnection,
    pairs: list[tuple[str, str]],
    product_id: str,
    year: str,
) -> dict[str, list[str]]:
    """By cause, what people said of changed cells of this footprint, each text once."""
    found = figures.query(
        connection,
        """
        select cause, reason
        from restatement_reasons
        where
            newer_release in (select unnest(?))
            and object_kind = 'cell' and reason is not null
            and object in (
                select l.source_file || '#' || coalesce(l.source_sheet || '!', '') || l.source_cell
                from product_coefficients c
                join lineage l
                    on l.process_id = c.process_id and l.flow_id = c.flow_id
                    and l.component = c.component and l.period_month = c.period_month
                where c.product_id = ? and c.reference_period = ?
            )
        group by cause, reason
        order by min(newer_release), min(object), reason
        """,
        [newer for _, newer in pairs], product_id, year,
    )  # fmt: skip
    texts: dict[str, list[str]] = {}
    for row in found:
        texts.setdefault(row["cause"], []).append(" ".join(row["reason"].split()))
    return {
        cause: [*of[:REASONS_TOLD], f"and {len(of) - REASONS_TOLD} more"]
        if len(of) > REASONS_TOLD
        else of
        for cause, of in texts.items()
    }
