"""Commands that calculate: every round, or one change of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with
from orchestration.commands.interrupting import interruptible
from orchestration.commands.options import (
    DataOption,
    EngineAddressOption,
    EngineOption,
    GwpSetOption,
    RoundsOption,
    WarehouseOption,
    existing,
    known_engine,
    known_gwp_set,
)
from orchestration.lake.places import DATA, WAREHOUSE

if TYPE_CHECKING:
    from orchestration.calculation.last_run import LastRun

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
    engine: EngineOption = "",
    engine_address: EngineAddressOption = "",
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Also when nothing changed.")
    ] = False,
) -> None:
    """Read, judge, calculate and publish every round, or the rounds named.

    Reads the data folder: hand-ins, maps, master data and factors. Only months whose inputs changed
    are calculated anew, so it can be run at any time, also after one that was killed. When nothing
    at all changed since the last run of the day, it says so and ends.

    Writes the warehouse. What people open is there: `published/marts.duckdb` and
    `report/index.html`; what goes back to the authors of hand-ins is in `returned/`.

    Examples:

        carbonloom run
        carbonloom run --round ROUND
        carbonloom run --data FOLDER --warehouse FOLDER --gwp-set AR5
        carbonloom run --engine spark --engine-address thrift://HOST:10000
    """
    from orchestration.calculation import last_run

    be_quiet()
    console, data, warehouse = Console(), existing(data).resolve(), warehouse.resolve()
    gwp_set = known_gwp_set(data, gwp_set)
    built_with = known_engine(data, engine, engine_address)
    inputs = last_run.inputs_of_a_run(data, rounds or [], gwp_set, engine=built_with.name)
    last = last_run.read_last_run(warehouse)
    if (
        not force
        and last is not None
        and last.inputs == inputs
        and last.outputs == last_run.outputs_of_a_run(warehouse)
    ):
        _say_nothing_changed(console, last, warehouse)
        raise typer.Exit(last.exit_code)

    from orchestration.commands.running import run_rounds
    from orchestration.commands.summary import print_summary, print_verdicts
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError
    from orchestration.progress import put_aside, shown

    folder = DataFolder(data)

    def judged(names: Sequence[str]) -> None:
        with put_aside():
            print_verdicts(console, folder, warehouse, names)

    last_run.forget_last_run(warehouse)
    try:
        with shown("starting"):
            done = run_rounds(folder, warehouse, rounds or [], gwp_set, judged, built_with)
    except (CompanyDataError, MapError) as error:
        raise broken(str(error)) from None
    published = not done.problems
    passed = print_summary(console, folder, warehouse, done.rounds, published=published)
    if not published:
        lines = ["The run failed; what was published before stays.", *done.problems]
        raise broken("\n".join(lines))
    console.print(f"{len(done.rounds)} rounds in {done.seconds:.1f} s")
    code = PASSED if passed else REFUSED
    last_run.keep_last_run(
        warehouse,
        last_run.LastRun(
            inputs=inputs,
            outputs=last_run.outputs_of_a_run(warehouse),
            ended_at=f"{datetime.now():%Y-%m-%d %H:%M:%S}",
            exit_code=code,
            rounds=done.rounds,
            states=done.states,
        ),
    )
    raise typer.Exit(code)


def _say_nothing_changed(console: Console, last: LastRun, warehouse: Path) -> None:
    """What the last run said in short; nothing of it is read again."""
    counted = [
        f"{len(hand_ins)} {state.replace('_', ' ')}" for state, hand_ins in last.states.items()
    ]
    lines = [
        f"Nothing changed since the run of {last.ended_at}: {', '.join(counted)}.",
        *(
            f"  {hand_in}: {state}"
            for state in ("refused", "missing")
            for hand_in in last.states.get(state, ())
        ),
        f"All figures are as they were: {warehouse / 'published' / 'marts.duckdb'}",
    ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


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
    """Calculate again all that one changed cell or factor touches, and list what moves.

    Exact for every cell, also for masses that decide yields, shares and loops.

    Reads what was accepted in the warehouse, and writes nothing there.

    Examples:

        carbonloom what-if --cell 'FILE#SHEET!CELL' --percent 1
        carbonloom what-if --factor FACTOR --percent -10 --all
    """
    from orchestration.calculation import what_if as asking
    from orchestration.calculation.recomputing import RecomputeError
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.progress import shown

    be_quiet()
    change, console = asking.AssumedChange(percent, cell, factor), Console()
    try:
        with shown("calculating with the change"):
            frame = asking.what_if(DataFolder(data), warehouse.resolve(), change)
    except (CompanyDataError, asking.WhatIfError, RecomputeError) as error:
        raise broken(str(error)) from None
    asking.print_moves(console, frame, change, len(frame) if show_all else SHOWN_MOVES)


@ends_with(
    {
        PASSED: "drawn, and published beside the intervals of first order",
        BROKEN: "there is nothing to draw with, or a draw has no answer; nothing is published",
    }
)
@interruptible()
def uncertainty(
    draws: Annotated[
        int, typer.Option(metavar="N", min=2, max=1_000_000, help="How often causes are drawn.")
    ] = 10_000,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="The same one gives the same figures.")
    ] = 1,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    gwp_set: GwpSetOption = "",
    engine: EngineOption = "",
    engine_address: EngineAddressOption = "",
    show_all: Annotated[
        bool,
        typer.Option("--all", metavar="", help="Sites, scopes and categories, too."),
    ] = False,
) -> None:
    """Draw how far figures may be wrong, beside the intervals that every run calculates.

    Monte Carlo: each cause with a spread is drawn once a draw, whatever rests on it, and the
    product system is solved again. It shows where the intervals of first order are off, and by
    which causes.

    Reads what the last run calculated. Writes the mart `figure_uncertainty` and publishes; the
    draws stand there until something that figures rest on changes.

    Examples:

        carbonloom uncertainty
        carbonloom uncertainty --draws 100000 --seed 7 --all
    """
    from orchestration.calculation import last_run
    from orchestration.calculation.dbt import DbtError
    from orchestration.calculation.monte_carlo import MonteCarloError
    from orchestration.calculation.solving import SolveError
    from orchestration.commands.uncertainty_on_screen import print_simulated
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.lake.paths import Lake
    from orchestration.progress import shown
    from orchestration.publication.files import PublishError
    from orchestration.steps import Run, draw_uncertainty, publish_marts, render_report

    be_quiet()
    console, warehouse = Console(), warehouse.resolve()
    last = last_run.read_last_run(warehouse)
    stands = last is not None and last.outputs == last_run.outputs_of_a_run(warehouse)
    gwp_set = known_gwp_set(existing(data), gwp_set)
    try:
        with shown("drawing"):
            lake = Lake(warehouse, known_engine(data, engine, engine_address))
            run_ = Run(DataFolder(data), lake, (), gwp_set)
            simulated = draw_uncertainty(run_, draws, seed)
            publish_marts(run_)
            render_report(run_)
    except (CompanyDataError, MonteCarloError, SolveError, DbtError, PublishError) as error:
        raise broken(str(error)) from None
    if last is not None and stands:  # and it still is what that run left, but for the draws
        outputs = last_run.outputs_of_a_run(warehouse)
        last_run.keep_last_run(warehouse, replace(last, outputs=outputs))
    print_simulated(console, simulated, show_all=show_all)
