"""Why emissions changed, on screen: the terms between two periods, and what moved most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.lake.warehouse import Connection

TERMS = {
    "activity": "output of the sites",
    "structure": "output of the processes in it: yields, which lines ran",
    "requirement": "output of the processes that a unit needs",
    "intensity": "quantity per output",
    "factor": "emissions per quantity",
    "new": "lines that the older period did not have",
    "ended": "lines that the newer period no longer has",
    "method": "factors of another publisher, or nearer or farther ones",
    "boundary": "sites with lines in one period only",
    "undivided": "distribution, use, disposal, opening stock",
}
"""The terms of the marts, in the order of their columns, and what each is the effect of."""

VERDICTS = {
    "within_uncertainty": "within what the meters can tell",
    "significant": "more than what the meters can tell",
    "beyond_what_is_stated": "more than what the meters can tell, as far as spreads are stated",
    "not_known": "nobody stated a spread: whether the meters can tell it is not known",
}
"""What the mart `difference_significance` says of a change."""
KG_PER_TONNE = 1000.0


class NotExplainedError(Exception):
    """There is nothing to compare; the message says what to name."""


@dataclass(frozen=True)
class Line:
    """A line of the inventory or of a footprint in both periods, and the terms of its change."""

    name: str
    older: float
    newer: float
    terms: dict[str, float]

    @property
    def change(self) -> float:
        """Newer less older."""
        return self.newer - self.older


def print_explanation(
    console: Console,
    marts: Connection,
    older: str,
    newer: str,
    basis: str,
    product: str | None,
    facility: str | None,
    listed: int,
) -> None:
    """Print the terms of a change and the `listed` lines that moved most.

    Raises:
        NotExplainedError: the marts hold nothing of one of the periods, the site or the product.
    """
    if product:
        lines = _read(marts, "explain_product_change", [product, older, newer], basis, None)
        unit, decimals, scale = f"{_unit_of(marts, product)}", 4, 1.0
    else:
        lines = _read(marts, "explain_change", [older, newer], basis, facility)
        unit, decimals, scale = "tCO2e", 1, KG_PER_TONNE
    if not lines:
        raise NotExplainedError(f"Nothing is known of {facility or product} in these periods.")
    subject = product or facility or "all sites"
    console.print(
        f"[bold]{escape(subject)}[/], {older} → {newer}, {basis.replace('_', '-')}, {unit}",
        highlight=False,
    )
    months = _compared_months(marts, older, newer) if not product else ""
    if months:
        console.print(months, highlight=False)
    console.print(_terms(lines, older, newer, scale, decimals))
    _print_verdict(console, marts, older, newer, basis, product, facility)
    if not product:
        _print_restated(console, marts, older, basis, facility)
    console.print(_largest(lines, listed, scale, decimals))


def _read(
    marts: Connection,
    macro: str,
    arguments: Sequence[str],
    basis: str,
    facility: str | None,
) -> list[Line]:
    places = ", ".join("?" for _ in arguments)
    try:  # a condition here would reach the macro's last branch and silence what it refuses
        found = marts.execute(f"from {macro}({places})", arguments)
    except duckdb.InvalidInputException as error:
        raise NotExplainedError(str(error).partition(": ")[2]) from None
    except duckdb.CatalogException:
        raise NotExplainedError(
            "These marts were made before emission lines were kept: `carbonloom run` makes them."
        ) from None
    columns = [column[0] for column in found.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    return [
        Line(
            " · ".join(filter(None, (row["process_id"], row["flow_id"], row["component"]))),
            row["older_value"],
            row["newer_value"],
            {term: row[f"{term}_change"] for term in TERMS if f"{term}_change" in row},
        )
        for row in rows
        if row["basis"] == basis and facility in (None, row.get("facility_id"))
    ]


def _unit_of(marts: Connection, product: str) -> str:
    units = marts.execute(
        "select distinct declared_unit from product_footprints where product_id = ?", [product]
    ).fetchall()
    return f"kgCO2e per {' or '.join(unit for (unit,) in units)}"


def _compared_months(marts: Connection, older: str, newer: str) -> str:
    """Which months two years are compared in, where they don't both have the same ones."""
    if len(older) != len("YYYY"):
        return ""
    months = [
        {
            month
            for (month,) in marts.execute(
                "select distinct month(period_month) from emission_lines "
                "where year(period_month) = ?",
                [int(year)],
            ).fetchall()
        }
        for year in (older, newer)
    ]
    both = months[0] & months[1]
    if both == months[0] | months[1]:
        return ""
    return f"in the {len(both)} months that both have: {', '.join(f'{n:02}' for n in sorted(both))}"


def _terms(lines: Sequence[Line], older: str, newer: str, scale: float, decimals: int) -> Table:
    start, end = (sum(getattr(line, side) for line in lines) for side in ("older", "newer"))
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    table.add_row(f"[bold]{older}[/]", f"{start / scale:,.{decimals}f}", "", "")
    for term, meaning in TERMS.items():
        part = sum(line.terms.get(term, 0.0) for line in lines)
        if part:
            share = f"{part / start:+.1%}" if start else ""
            table.add_row(f"  {term}", f"{part / scale:+,.{decimals}f}", share, meaning)
    change = f"{(end - start) / start:+.1%}" if start else ""
    table.add_row(f"[bold]{newer}[/]", f"{end / scale:,.{decimals}f}", change, "")
    return table


def _print_verdict(
    console: Console,
    marts: Connection,
    older: str,
    newer: str,
    basis: str,
    product: str | None,
    facility: str | None,
) -> None:
    """Whether the change of two years is more than the meters can tell, where that is known."""
    kind = "product" if product else "site" if facility else "inventory"
    try:
        found = marts.execute(
            """
            select verdict, low_95, high_95 from difference_significance
            where comparison = 'periods' and figure_kind = $1 and subject = $2
                and reference_period = $3 and other_reference_period = $4 and basis = $5
            """,
            [kind, product or facility or "", newer, older, basis],
        ).fetchone()
    except duckdb.CatalogException:  # marts of a release from before there were intervals
        return
    if found is None:
        return
    verdict, low, high = found
    told = VERDICTS[verdict]
    if low is not None:
        scale, decimals = (1.0, 4) if product else (KG_PER_TONNE, 1)
        told += f": with 95 % from {low / scale:+,.{decimals}f} to {high / scale:+,.{decimals}f}"
    console.print(f"{'To the gate, ' if product else ''}{told}", highlight=False)


def _print_restated(
    console: Console,
    marts: Connection,
    older: str,
    basis: str,
    facility: str | None,
) -> None:
    """What releases have since corrected or restated of the older year; exact, and included."""
    if len(older) != len("YYYY"):
        return
    rows = marts.execute(
        f"""
        select older_release, newer_release,
            sum(data_change - new_months_change), sum(correction_change), sum(factor_change),
            sum(method_change), sum(boundary_change)
        from restatements
        where figure_kind = 'inventory' and inventory_year = $1 and measure = $2
            {"and facility_id = $3" if facility else ""}
        group by older_release, newer_release
        order by newer_release
        """,
        [int(older), f"{basis}_kgco2e", *([facility] if facility else [])],
    ).fetchall()
    for before, after, *parts in rows:
        told = ", ".join(
            f"{cause} {part / KG_PER_TONNE:+,.1f}"
            for cause, part in zip(
                ("data", "correction", "factor", "method", "boundary"), parts, strict=True
            )
            if part
        )
        if told:
            console.print(
                f"{older} was restated from {before} to {after}: {told} tCO2e; it is counted above "
                "as restated.",
                highlight=False,
            )


def _largest(lines: Sequence[Line], listed: int, scale: float, decimals: int) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("line", overflow="fold")
    for title in ("older", "newer", "change"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("mostly", no_wrap=True)
    for line in sorted(lines, key=lambda line: -abs(line.change))[:listed]:
        mostly = max(line.terms, key=lambda term: abs(line.terms[term]))
        table.add_row(
            escape(line.name),
            f"{line.older / scale:,.{decimals}f}",
            f"{line.newer / scale:,.{decimals}f}",
            f"{line.change / scale:+,.{decimals}f}",
            mostly,
        )
    rest = sorted(lines, key=lambda line: -abs(line.change))[listed:]
    if rest:
        change = sum(line.change for line in rest)
        name = f"{len(rest)} more lines"
        table.add_row(name, "", "", f"{change / scale:+,.{decimals}f}", "")
    return table
