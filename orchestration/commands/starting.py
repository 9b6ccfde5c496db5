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
