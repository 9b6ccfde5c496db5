"""Intervals on screen: by first order and by Monte Carlo, and why they differ where they do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from orchestration.calculation.monte_carlo import Simulated

PRODUCT = "product"
IN_SHORT = ("inventory", PRODUCT)
"""Kinds of figures that are listed where not all are asked for."""
TONNE = 1000.0
OFF = 0.02
"""How much the widths may differ before it is said why."""
ERROR_OF_ONE_DRAW = 0.92
"""Standard error of the width of a normal 95 % interval by one draw, over the width; it falls with
the root of their number."""


def print_simulated(console: Console, simulated: Simulated, *, show_all: bool) -> None:
    """A line a figure; then where first order is off, and the skewed causes behind it."""
    figures = simulated.figures
    listed = figures if show_all else figures[figures["figure_kind"].isin(IN_SHORT)]
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("Figure", "Year", "Basis"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Value", "± %", "Drawn %", "Mean %", "Wider %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in listed.to_dict("records"):
        value = row["figure_value"]
        table.add_row(
            escape(_name(row)),
            row["reference_period"],
            row["basis"].removesuffix("_based"),
            _number(value if row["figure_kind"] == PRODUCT else value / TONNE),
            f"{100 * (row['first_order_high'] / value - 1.0):.1f}",
            f"{_percent(row['low_95'] / value - 1.0)} {_percent(row['high_95'] / value - 1.0)}",
            _percent(row["mean"] / value - 1.0, 2),
            _percent(row["wider_by"]),
        )
    console.print(table)
    console.print(
        f"{simulated.draws:,} draws of {simulated.causes} causes, seed {simulated.seed}. 95 % "
        "intervals against the value: first order (±), drawn. tCO2e; products in kgCO2e per "
        "declared unit, to the gate."
    )
    if len(listed) < len(figures):
        console.print(f"and {len(figures) - len(listed)} more figures; --all shows them")
    _print_where_off(console, simulated)
    _print_differences(console, simulated)
    console.print(
        f"{simulated.unstated} causes have no spread and were not drawn: `improvement_list` names "
        "them, and nothing is certain because nobody said how far it may be wrong."
    )


def _print_where_off(console: Console, simulated: Simulated) -> None:
    figures = simulated.figures
    allowed = max(OFF, 3.0 * ERROR_OF_ONE_DRAW / math.sqrt(simulated.draws))
    off = figures[figures["wider_by"].abs() > allowed]
    if not len(off):
        console.print(f"The two widths agree within {allowed:.1%} everywhere.")
        return
    console.print(
        f"The widths differ by more than {allowed:.1%} for {len(off)} of {len(figures)} figures, "
        "for their causes are skewed, or multiplied with each other:"
    )
    reasons = off["skewed_causes"].fillna("no skewed cause")
    for _, rows in off.assign(skewed_causes=reasons).groupby(
        ["figure_kind", "subject"], sort=False
    ):
        largest = rows.loc[rows["wider_by"].abs().idxmax()].to_dict()
        console.print(
            f"  {_name(largest)}: {_percent(largest['wider_by'])} %, {largest['skewed_causes']}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _print_differences(console: Console, simulated: Simulated) -> None:
    """How many differences were drawn, and the one whose width is farthest from first order."""
    differences = simulated.differences
    if not len(differences):
        return
    told = f"{len(differences)} differences of two products or years are drawn, too"
    known = differences[differences["wider_by"].notna()]
    if len(known):
        farthest = known.loc[known["wider_by"].abs().idxmax()].to_dict()
        older = f"{farthest['other_subject']} {farthest['other_reference_period']}".strip()
        told += (
            f"; farthest from first order is {_name(farthest)} {farthest['reference_period']} "
            f"against {older}, {_percent(farthest['wider_by'])} %"
        )
    console.print(f"{told}: `difference_significance`.", markup=False, soft_wrap=True)


def _name(row: dict[str, str]) -> str:
    """A product by its name alone."""
    kind, subject = row["figure_kind"], row["subject"]
    return subject if kind == PRODUCT else f"{kind} {subject}".strip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _percent(share: float, digits: int = 1) -> str:
    return "" if pd.isna(share) else f"{100 * share:+.{digits}f}"
