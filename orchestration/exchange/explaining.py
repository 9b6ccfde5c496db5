"""Why a product's figure differs from the one given out before, in the words of the restatements.

What goes out names causes and by how much each moved the figure. Cells, values, people and what
they wrote to each other stay inside; who has more to tell a customer says it in `--reason`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.exchange import figures
from orchestration.lake.warehouse import Connection, published_marts

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


def reason_since(
    marts: Path, product_id: str, year: str, basis: str, since: str, until: str, change: Decimal
) -> str:
    """What moved a footprint from release `since` to `until`; blank where that isn't known.

    `change`: of the exchanged figure, kgCO2e per declared unit. Restatements are of the footprint
    to the grave; amounts are told only where the causes add up to this change.
    """
    with published_marts(marts) as connection:
        pairs = _pairs(connection, since, until)
        moved = _moved(connection, pairs, product_id, year, basis)
        if not moved:
            return ""
        agrees = abs(sum(moved.values()) - change) <= AGREEMENT * abs(change)
    told = (
        CAUSES[cause] + (f" {amount:+.6f} kgCO2e" if agrees else "")
        for cause, amount in moved.items()
    )
    return f"changed since {since}: {', '.join(told)}."


def _pairs(connection: Connection, since: str, until: str) -> list[tuple[str, str]]:
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
    connection: Connection,
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
