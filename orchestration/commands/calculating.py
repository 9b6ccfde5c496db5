"""Commands that calculate: every round, or one change of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with
from orchestration.commands.options import (
    DATA,
    WAREHOUSE,
    DataOption,
    GwpSetOption,
    WarehouseOption,
    existing,
)
from orchestration.company import CompanyDataError, DataFolder

SHOWN_MOVES = 30


@ends_with(
    {
        PASSED: "every hand-in passed, every period is solved",
        REFUSED: "something is refused, missing or not solved; it is listed",
        BROKEN: "the data folder or the run is broken; what was published stays",
    }
)
def run(
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    rounds: Annotated[
        list[str] | None,
        typer.Option("--round", help="A round of rounds.csv; may be repeated. Default: all."),
    ] = None,
    gwp_set: GwpSetOption = "",
) -> None:
    """Read, judge, calculate and publish every round, or the rounds named."""
    from orchestration.ingest.mapping import MapError
    from orchestration.running import run_rounds
    from orchestration.summary import print_summary

    be_quiet()
    console, folder = Console(), DataFolder(existing(data).resolve())
    try:
        done = run_rounds(folder, warehouse.resolve(), rounds or [], gwp_set)
    except (CompanyDataError, MapError) as error:
        raise broken(str(error)) from None
    published = not done.problems
    passed = print_summary(console, folder, warehouse.resolve(), done.rounds, published=published)
    if not published:
        lines = ["The run failed; what was published before stays.", *done.problems]
        raise broken("\n".join(lines))
    console.print(f"{len(done.rounds)} rounds in {done.seconds:.1f} s")
    raise typer.Exit(PASSED if passed else REFUSED)


@ends_with(
    {
        PASSED: "calculated",
        BROKEN: "no such cell or factor, or nothing to compare with",
    }
)
def what_if(
    cell: Annotated[
        str | None,
        typer.Option(help="A cell that counts, as file#sheet!cell; file#cell in a text file."),
    ] = None,
    factor: Annotated[
        str | None, typer.Option(help="A factor version, as in the mart factor_gases.")
    ] = None,
    percent: Annotated[float, typer.Option(help="By how much it changes.")] = 1.0,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    show_all: Annotated[bool, typer.Option("--all", help="Every figure that moves.")] = False,
) -> None:
    """Calculate everything again with one cell or factor changed, and list what moves.

    Exact for every cell, also for masses that decide yields, shares and loops. Nothing of the
    warehouse changes.
    """
    from orchestration import what_if as asking
    from orchestration.recomputing import RecomputeError

    be_quiet()
    change, console = asking.Change(percent, cell, factor), Console()
    try:
        with console.status("Calculating with the change …"):
            frame = asking.what_if(DataFolder(data), warehouse.resolve(), change)
    except (CompanyDataError, asking.WhatIfError, RecomputeError) as error:
        raise broken(str(error)) from None
    asking.print_moves(console, frame, change, len(frame) if show_all else SHOWN_MOVES)
