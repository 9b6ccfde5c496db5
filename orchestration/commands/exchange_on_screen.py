"""Exchanged records on screen: what was written, what stayed, what was refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestration.commands.table_columns import add_names
from orchestration.exchange.exchanging import (
    NOT_DUE,
    REFUSED,
    UNCHANGED,
    WRITTEN,
    FiguresSource,
    Outcome,
    exchange,
)
from orchestration.progress import shown

STYLES = {WRITTEN: "green", UNCHANGED: "default", REFUSED: "red", NOT_DUE: "default"}


def print_exchange(
    console: Console,
    source: FiguresSource,
    basis: str,
    products: Sequence[str],
    years: Sequence[str],
    reason: str,
) -> bool:
    """Exchange and say so; returns whether nothing was refused."""
    with shown("footprints and their lineage"):
        outcomes = exchange(source, basis, products, years, reason)
    console.print(_table(outcomes, basis))
    for outcome in outcomes:
        for problem in outcome.problems:
            text = f"{outcome.product_id} {outcome.year}, {problem.rule}: {problem.message}"
            console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if outcome.reason:
            text = f"{outcome.product_id} {outcome.year}, the record says why: {outcome.reason}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    print_expired(console, outcomes, date.today())
    short = sorted({outcome.year for outcome in outcomes if outcome.state == NOT_DUE})
    if short:
        console.print(f"not due: {', '.join(short)}, fewer than 12 months; a record is of a year.")
    states = [one.state for one in outcomes if one.state != NOT_DUE]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    words = f"{counts}; records: {source.registry}" if counts else f"records: {source.registry}"
    console.print(words, markup=False, highlight=False, soft_wrap=True)
    return all(outcome.state != REFUSED for outcome in outcomes)


def print_expired(console: Console, outcomes: Sequence[Outcome], today: date) -> None:
    """Records that are Active, since nothing replaced them, and yet no longer valid on a day.

    The data model knows Active and Deprecated alone; a receiver reads the validity period.
    """
    for outcome in outcomes:
        until = outcome.valid_until
        if until is not None and until < today:
            text = (
                f"{outcome.product_id} {outcome.year}: valid until {until}, which is past. The "
                "record says so, and no receiver may use it as current: send a newer year's."
            )
            console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _table(outcomes: Sequence[Outcome], basis: str) -> Table:
    table = Table(
        title=f"PACT product footprints, cradle to gate, {basis.replace('_', '-')}",
        title_justify="left",
        box=SIMPLE,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    add_names(table, "Product", [outcome.product_id for outcome in outcomes])
    table.add_column("Year", no_wrap=True)
    for name in ("kgCO2e", "Primary %", "Exempted %"):
        table.add_column(name, justify="right")
    for name in ("State", "Id"):
        table.add_column(name, no_wrap=True)
    for outcome in outcomes:
        if outcome.state == NOT_DUE:
            continue
        pcf = outcome.record.get("pcf")
        figures = [_short(pcf.get(name)) for name in FIGURES] if pcf else ["", "", ""]
        state = f"[{STYLES[outcome.state]}]{outcome.state}[/]"
        id_ = outcome.record.get("id", "")[:8] if outcome.path else ""
        table.add_row(outcome.product_id, outcome.year, *figures, state, id_)
    return table


FIGURES = ("pcfExcludingBiogenicUptake", "primaryDataShare", "exemptedEmissionsPercent")


def _short(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part[:4].ljust(4, '0')}"
