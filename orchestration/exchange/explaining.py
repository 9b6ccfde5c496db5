"""Why a product's figure differs from the one given out before, in the words of the restatements.

What goes out names causes, by how much each moved the figure, and the reasons people gave for
corrections of the product's own cells. Cells, values and names of people stay inside.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.exchange.figures import open_marts

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
    with open_marts(marts) as connection:
        pairs = _pairs(connection, since, until)
        moved = _moved(connection, pairs, product_id, year, basis)
        if not moved:
            return ""
        agrees = abs(sum(moved.values()) - change) <= AGREEMENT * abs(change)
        told = ", ".join(
            f"{CAUSES[cause]} {amount:+.6f} kgCO2e" if agrees else CAUSES[cause]
            for cause, amount in moved.items()
        )
        reasons = _reasons(connection, pairs, product_id, year, set(moved))
    words = f"changed since {since}: {told}"
    return f"{words} ({'; '.join(reasons)})." if reasons else f"{words}."


def _pairs(connection: duckdb.DuckDBPyConnection, since: str, until: str) -> list[tuple[str, str]]:
    """The comparisons that lead from one release to the other; none where one is missing."""
    try:
        before = dict(
            connection.execute(
                "select distinct newer_release, older_release from restatements"
            ).fetchall()
        )
    except duckdb.CatalogException:  # released before restatements were kept
        return []
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
    sums = ", ".join(f"sum(cast({cause}_change as decimal(38, 12)))" for cause in CAUSES)
    found = connection.execute(
        f"select {sums} from restatements where newer_release in (select unnest(?)) "
        "and figure_kind = 'product' and method = 'cut_off' "
        "and measure = 'kgco2e_per_declared_unit' "
        "and (product_id, reference_period, basis) = (?, ?, ?)",
        [[newer for _, newer in pairs], product_id, year, basis],
    ).fetchall()[0]
    return {cause: part for cause, part in zip(CAUSES, found, strict=True) if part}


def _reasons(
    connection: duckdb.DuckDBPyConnection,
    pairs: list[tuple[str, str]],
    product_id: str,
    year: str,
    causes: set[str],
) -> list[str]:
    """What people said of changed cells that this footprint is made of, each text once."""
    found = connection.execute(
        """
        select reason
        from restatement_reasons
        where
            newer_release in (select unnest($newer)) and cause in (select unnest($causes))
            and object_kind = 'cell' and reason is not null
            and object in (
                select l.source_file || '#' || coalesce(l.source_sheet || '!', '') || l.source_cell
                from product_coefficients c
                join lineage l using (process_id, flow_id, component, period_month)
                where c.product_id = $product and c.reference_period = $year
            )
        group by reason
        order by min(newer_release), min(object), reason
        """,
        {
            "newer": [newer for _, newer in pairs],
            "causes": sorted(causes),
            "product": product_id,
            "year": year,
        },
    ).fetchall()
    texts = [" ".join(text.split()) for (text,) in found]
    more = len(texts) - REASONS_TOLD
    return [*texts[:REASONS_TOLD], f"and {more} more"] if more > 0 else texts
