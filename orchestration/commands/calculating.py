"""Commands that calculate: every round, or one change of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with
from orchestration.commands.interrupting import interruptible
from orchestration.commands.options import (
    DataOption,
    GwpSetOption,
    RoundsOption,
    WarehouseOption,
    existing,
)
from orchestration.places import DATA, WAREHOUSE

SHOWN_MOVES = 30


@ends_with(
    {
        PASSED: "every hand-in passed, and every period is solved",
        REFUSED: "something is refused, missing or not solved; it is listed",
        BROKEN: "the data folder is broken or the run failed; what was published before stays",
    }
)
@interruptible()
def run(
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    rounds: RoundsOption = None,
    gwp_set: GwpSetOption = "",
) -> None:
    """Read, judge, calculate and publish every round, or the rounds named.

    Reads the data folder: hand-ins, maps, master data and factors. Only months whose inputs changed
    are calculated anew, so it can be run at any time, also after one that was killed.

    Writes the warehouse. What people open is there: `published/marts.duckdb` and
    `report/index.html`; what goes back to the authors of hand-ins is in `returned/`.

    Examples:

        carbonloom run
        carbonloom run --round ROUND
        carbonloom run --data FOLDER --warehouse FOLDER --gwp-set AR5
    """
    from orchestration.company import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError
    from orchestration.progress import shown
    from orchestration.running import run_rounds
    from orchestration.summary import print_summary

    be_quiet()
    console, folder = Console(), DataFolder(existing(data).resolve())
    try:
        with shown("starting"):
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
        BROKEN: "there is no such cell or factor, or nothing to compare with",
    }
)
@interruptible()
def what_if(
    cell: Annotated[
        str | None,
        typer.Option(
            metavar="CELL", help="A cell that counts: `file#sheet!cell`, `file#cell` of a text."
        ),
    ] = None,
    factor: Annotated[
        str | None,
        typer.Option(metavar="FACTOR", help="A factor version, as in the mart factor_gases."),
    ] = None,
    percent: Annotated[
        float, typer.Option(metavar="PERCENT", help="By how much it changes.")
    ] = 1.0,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    show_all: Annotated[
        bool,
        typer.Option(
            "--all", metavar="", help=f"Every figure that moves, not the {SHOWN_MOVES} first."
        ),
    ] = False,
) -> None:
    """Calculate everything again with one cell or factor changed, and list what moves.

    Exact for every cell, also for masses that decide yields, shares and loops.

    Reads what was accepted in the warehouse, and writes nothing there.

    Examples:

        carbonloom what-if --cell 'FILE#SHEET!CELL' --percent 1
        carbonloom what-if --factor FACTOR --percent -10 --all
    """
    from orchestration import what_if as asking
    from orchestration.company import CompanyDataError, DataFolder
    from orchestration.progress import shown
    from orchestration.recomputing import RecomputeError

    be_quiet()
    change, console = asking.Change(percent, cell, factor), Console()
    try:
        with shown("calculating with the change"):
            frame = asking.what_if(DataFolder(data), warehouse.resolve(), change)
    except (CompanyDataError, asking.WhatIfError, RecomputeError) as error:
        raise broken(str(error)) from None
    asking.print_moves(console, frame, change, len(frame) if show_all else SHOWN_MOVES)
