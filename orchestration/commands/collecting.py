"""Commands of a collection round: what goes out, what comes back, who owes what, who signs."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands import completing
from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with
from orchestration.commands.options import (
    DataOption,
    KeyOption,
    PersonOption,
    RoundOption,
    RoundsOption,
    WarehouseOption,
    existing,
)
from orchestration.company.fixed_words import ROLES
from orchestration.gate.signers import ROUND
from orchestration.lake.places import DATA, WAREHOUSE


@ends_with(
    {
        PASSED: "the round is in the calendar, its templates are there",
        BROKEN: "the data folder is broken, or something has to be said; nothing was written",
    }
)
def round_open(
    round_name: Annotated[
        str | None,
        typer.Argument(
            metavar="ROUND", help="Its name; default: that of the round before, moved on."
        ),
    ] = None,
    months: Annotated[
        str | None,
        typer.Option(
            metavar="MONTHS",
            help="2022-01, or 2021-01:2021-12; default: as many as the round before has, and "
            "those behind them.",
        ),
    ] = None,
    opens_on: Annotated[
        datetime | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="Default: as the round before, moved on with its months.",
        ),
    ] = None,
    closes_on: Annotated[
        datetime | None,
        typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Likewise."),
    ] = None,
    data: DataOption = DATA,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where templates go; default: templates/ of the warehouse."
        ),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Open a round: its line in the calendar, its templates, and what to send to whom.

    Reads the maps and the round before: what that one expected is asked for again, as far as a map
    still reads it, and what a map reads that was never asked for. Writes a line of `rounds.csv` in
    the data folder, and `ROUND/SITE/STAGE.xlsx` each. Everything follows from the round before; of
    the first round say name, months and days.

    Examples:

        carbonloom round open
        carbonloom round open ROUND --months 2022-07 --opens-on YYYY-MM-DD --closes-on YYYY-MM-DD
    """
    from orchestration.collection.round_opening import OpeningError, RoundRequest, open_round
    from orchestration.collection.template.issuing import TemplateError
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError

    asked = RoundRequest(
        round_name, months, opens_on.date() if opens_on else None,
        closes_on.date() if closes_on else None,
    )  # fmt: skip
    templates = out or warehouse / "templates"
    folder = DataFolder(existing(data))
    try:
        open_round(Console(), folder, asked, templates.resolve(), warehouse.resolve())
    except (CompanyDataError, MapError, TemplateError, OpeningError) as error:
        raise broken(str(error)) from error


@ends_with(
    {
        PASSED: "it is there",
        BROKEN: "the data folder is broken, or has no round yet; nothing was written",
    }
)
def handbook(
    data: DataOption = DATA,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where it goes; default: handbook/ of the warehouse."),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write the handbook: for the plants, for the carbon manager, for the data engineer.

    Each is HTML and PDF, in Chinese and English. For each stage: which meter or document every cell
    is read from, the sheet as it was handed in, and what is refused most often. It is made from the
    maps and the rules as they are, so write it again when they change.

    Reads the data folder, and what the warehouse found in the rounds so far.

    Examples:

        carbonloom handbook
        carbonloom handbook --data FOLDER --out FOLDER
    """
    from orchestration.collection.handbook.writing import write_handbook
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError
    from orchestration.lake.paths import Lake
    from orchestration.progress import shown
    from orchestration.report.page_source import PageError

    target = (out or warehouse / "handbook").resolve()
    try:
        with shown("writing the handbook"):
            written = write_handbook(DataFolder(existing(data)), Lake(warehouse), target)
    except (CompanyDataError, MapError, PageError) as error:
        raise broken(str(error)) from error
    for path in written:
        Console().print(f"  {path}", markup=False, highlight=False, soft_wrap=True)


@ends_with(
    {
        PASSED: "the workbooks are there",
        BROKEN: "the data folder is broken, or nothing is expected of that site or stage",
    }
)
def template(
    round_name: RoundOption,
    data: DataOption = DATA,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where they go; default: templates/ROUND of the warehouse."
        ),
    ] = None,
    facility: Annotated[
        str | None,
        typer.Option(
            metavar="SITE", help="Only this site's.", autocompletion=completing.facilities
        ),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(metavar="STAGE", help="Only this stage's.", autocompletion=completing.stages),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", metavar="", help="Write anew what is there already.")
    ] = False,
) -> None:
    """Write the workbooks to fill in for a round, one for each site and stage.

    Reads maps and master data of the data folder, and what the last period weighed from what is
    published. Writes `SITE/STAGE.xlsx` each; one that is there already stays as it is.

    Examples:

        carbonloom template --round ROUND
        carbonloom template --round ROUND --facility SITE --stage STAGE --out FOLDER
    """
    from orchestration.collection.template.issuing import TemplateError, print_templates
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.ingest.mapping import MapError

    folder = out or warehouse / "templates" / round_name
    try:
        print_templates(
            Console(), DataFolder(data), round_name, folder.resolve(), warehouse.resolve(),
            facility=facility, stage=stage, overwrite=overwrite,
        )  # fmt: skip
    except (CompanyDataError, MapError, TemplateError) as error:
        raise broken(str(error)) from error


@ends_with(
    {
        PASSED: "the file would be accepted",
        REFUSED: "it would be refused; every finding is listed",
        BROKEN: "it can't be checked",
    }
)
def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A stage's workbook or an ERP export.")
    ],
    data: DataOption = DATA,
    round_: Annotated[
        str | None,
        typer.Option(
            "--round",
            metavar="ROUND",
            help="Which round it is for.",
            autocompletion=completing.rounds,
        ),
    ] = None,
    facility: Annotated[
        str | None,
        typer.Option(
            metavar="SITE", help="Which site hands it in.", autocompletion=completing.facilities
        ),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            help="Which stage or ERP table it is; default: its name.",
            autocompletion=completing.stages,
        ),
    ] = None,
) -> None:
    """Judge one file before it is handed in; a marked copy is written beside it.

    Reads the file and the data folder; no warehouse is needed. Round, site and stage are what the
    file says of itself, else the folders it lies in, else the options. Writes
    `FILE.checked.xlsx` when there is something to look at.

    Examples:

        carbonloom check FILE
        carbonloom check FILE --round ROUND --facility SITE --stage STAGE
    """
    from orchestration.commands.check_on_screen import check_on_screen

    warnings.filterwarnings("ignore")
    raise typer.Exit(check_on_screen(existing(data).resolve(), file, round_, facility, stage))


@ends_with(
    {
        PASSED: "everything expected is accepted",
        REFUSED: "something is missing or refused",
        BROKEN: "the data folder is broken",
    }
)
def status(
    rounds: RoundsOption = None,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    today: Annotated[
        datetime | None,
        typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="As of this day."),
    ] = None,
) -> None:
    """Who owes what in each round, by when, and how much of the emissions hangs on it.

    Without `--round`: every open round. Reads the folders as they are and builds nothing; writes
    nothing.

    Examples:

        carbonloom status
        carbonloom status --round ROUND --today YYYY-MM-DD
    """
    from orchestration.commands.status_on_screen import print_status
    from orchestration.company.data_folder import CompanyDataError
    from orchestration.ingest.mapping import MapError

    data = existing(data)
    day = today.date() if today else date.today()
    try:
        complete = print_status(Console(), data, warehouse, rounds or [], day)
    except (CompanyDataError, MapError) as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if complete else REFUSED)


@ends_with(
    {
        PASSED: "signed",
        BROKEN: "it would not count, so nothing was written",
    }
)
def sign(
    round_name: RoundOption,
    role: Annotated[
        str,
        typer.Option(
            metavar="ROLE",
            help=f"One of {', '.join(ROLES)}.",
            autocompletion=completing.one_of(*ROLES),
        ),
    ],
    person: PersonOption,
    hand_ins: Annotated[
        list[str] | None,
        typer.Option(
            "--hand-in",
            metavar="HAND_IN",
            help="May be repeated; `round` for the whole. Default: every hand-in that is theirs.",
            autocompletion=completing.hand_ins,
        ),
    ] = None,
    key: KeyOption = None,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write your sign-offs of what was judged last into the round's sign_offs.csv.

    Reads who may sign what, who signed before, and the verdicts of the last run. Writes
    `rounds/ROUND/sign_offs.csv` of the data folder, with a signature by `--key` where one is named,
    and the operating system's user.

    Examples:

        carbonloom sign --round ROUND --role reviewer --person PERSON
        carbonloom sign --round ROUND --role approver --person PERSON --hand-in round
        carbonloom sign --round ROUND --role reviewer --person PERSON --key ~/.ssh/id_ed25519
    """
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.gate import signing
    from orchestration.lake.paths import Lake

    try:
        signed = signing.sign(
            DataFolder(data), Lake(warehouse), round_name, role, person, hand_ins or [],
            date.today(), key,
        )  # fmt: skip
    except (CompanyDataError, signing.SigningError) as error:
        raise broken(str(error)) from None
    lines = [f"signed: {', '.join(signed.hand_ins)}"]
    if signed.proof is None:
        lines.append(
            f"Nothing proves that it was {person}: company/people.csv lists neither ssh_key nor "
            "os_user of theirs."
        )
    for left in dict.fromkeys(one_role for _, one_role in signed.left):
        own = [hand_in for hand_in, one_role in signed.left if one_role == left]
        lines.append(f"left for the {left}: {', '.join(own)}")
    if signed.left == ((ROUND, "approver"),):
        lines.append(
            f"The round itself: carbonloom sign --round {round_name} --role approver "
            f"--person PERSON --hand-in {ROUND}"
        )
    if not signed.left:
        lines.append(f"Everything is signed: carbonloom release --round {round_name}")
    Console().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
