"""Commands of a company's first hour: a map drafted from a file, a folder to begin with, advice."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands import completing
from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with
from orchestration.commands.options import DataOption, existing
from orchestration.lake.places import DATA


@ends_with(
    {
        PASSED: "the folder is written, and its next steps are printed",
        BROKEN: "nothing is written: the folder is there already, or an answer isn't right",
    }
)
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A YAML file of answers; without it they are asked."),
    ] = None,
    starter: Annotated[
        str | None,
        typer.Option(
            metavar="STARTER",
            help="smallest, recycled_fibre or factory_only: a company that is there already.",
            autocompletion=completing.one_of("smallest", "recycled_fibre", "factory_only"),
        ),
    ] = None,
) -> None:
    """Write a data folder to begin with: master data, calendar, maps, factors with their sources.

    Reads the answers, or asks for them: name, country, year, sites, stages, what each buys and
    makes. Factors are those of the example company that apply in the country. Writes FOLDER, which
    must be new. A starter is copied whole, with hand-ins, and runs at once.

    Examples:

        carbonloom init FOLDER
        carbonloom init FOLDER --answers FILE
        carbonloom init FOLDER --starter smallest
    """
    from orchestration.commands.starting_on_screen import ask, print_started
    from orchestration.company.data_folder import CompanyDataError
    from orchestration.starting.new_folder import (
        STARTERS,
        CannotStartError,
        from_answers,
        from_starter,
        read_answers,
    )

    if starter is not None and starter not in STARTERS:
        raise broken(f"--starter {starter}: use one of {', '.join(STARTERS)}.")
    if answers is not None and (starter is not None or not answers.is_file()):
        raise broken(f"--answers {answers}: name a file that is there, and no --starter with it.")
    place = folder.resolve()
    try:
        if starter is not None:
            started = from_starter(place, starter)
        else:
            started = from_answers(place, read_answers(answers) if answers else ask())
    except (CannotStartError, CompanyDataError) as error:
        raise broken(str(error)) from None
    print_started(Console(), started, runs_at_once=starter is not None)


@ends_with(
    {
        PASSED: "nothing is missing for the inventory",
        REFUSED: "something is missing for it; it is listed",
        BROKEN: "there is no such folder",
    }
)
def doctor(data: DataOption = DATA) -> None:
    """Say what a data folder lacks, by figure: inventory, products, distribution, methods and more.

    Reads the data folder and what was handed in; read-only.

    Examples:

        carbonloom doctor --data FOLDER
    """
    from orchestration.commands.starting_on_screen import print_lacks
    from orchestration.company.data_folder import DataFolder

    is_complete = print_lacks(Console(), DataFolder(existing(data).resolve()))
    raise typer.Exit(PASSED if is_complete else REFUSED)


@ends_with(
    {
        PASSED: "the draft is complete, and its files would be accepted",
        REFUSED: "something is left to decide, or differs, or would be refused; it is listed",
        BROKEN: "nothing can be drafted from these files, or the data folder is broken",
    }
)
def map_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Workbooks or exports of one kind.")
    ],
    data: DataOption = DATA,
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="stage_STAGE or erp_TABLE; default: the file's name."),
    ] = None,
    facility: Annotated[
        str | None,
        typer.Option(
            metavar="SITE", help="Whose workbook it is.", autocompletion=completing.facilities
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", metavar="", help="Only say what differs from the map in force."),
    ] = False,
) -> None:
    """Draft the map that reads a workbook or an export, and judge the file by it.

    Reads the files and the data folder. Each sheet is shown as it was understood; flows and
    processes are proposed by their names in `company/`, and what is uncertain is `TODO` with its
    candidates. Writes `maps/drafts/SOURCE.yml`, which no run reads: complete it and move it to
    `maps/`. Several files of one kind make one map. `--update` writes nothing.

    Examples:

        carbonloom map FILE
        carbonloom map FILE FILE FILE --source stage_STAGE
        carbonloom map FILE --update
    """
    from orchestration.commands.map_on_screen import draft_on_screen, update_on_screen
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError
    from orchestration.starting.map_draft import CannotDraftError

    warnings.filterwarnings("ignore")
    folder = DataFolder(existing(data).resolve())
    on_screen = update_on_screen if update else draft_on_screen
    try:
        is_done = on_screen(Console(), folder, files, source, facility)
    except (CannotDraftError, CompanyDataError, MapError) as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if is_done else REFUSED)


map_.__name__ = "map"
