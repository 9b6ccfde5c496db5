"""Commands of a collection round: what goes out, what comes back, who owes what, who signs."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with
from orchestration.commands.options import (
    DATA,
    WAREHOUSE,
    DataOption,
    WarehouseOption,
    existing,
)
from orchestration.company import CompanyDataError, DataFolder


@ends_with(
    {
        PASSED: "the workbooks are there",
        BROKEN: "the data folder is broken, nothing is expected, or a file is there already",
    }
)
def template(
    round_name: Annotated[str, typer.Option("--round", help="A round of rounds.csv.")],
    data: DataOption = DATA,
    out: Annotated[
        Path | None,
        typer.Option(help="Where templates go; default: templates/<round> of the warehouse."),
    ] = None,
    facility: Annotated[str | None, typer.Option(help="Only this site's.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage's.")] = None,
    warehouse: WarehouseOption = WAREHOUSE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write anew what is there already.")
    ] = False,
) -> None:
    """Write the workbooks to fill in for a round, one for each site and stage."""
    from orchestration.collection.template import TemplateError, print_templates
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
        REFUSED: "it would be refused",
        BROKEN: "it can't be checked",
    }
)
def check(
    file: Annotated[Path, typer.Argument(help="A stage's workbook or an ERP export.")],
    data: DataOption = DATA,
    round_: Annotated[str | None, typer.Option("--round", help="Which round it is for.")] = None,
    facility: Annotated[str | None, typer.Option(help="Which site hands it in.")] = None,
    stage: Annotated[
        str | None, typer.Option(help="Which stage or ERP table it is; default: its name.")
    ] = None,
) -> None:
    """Judge one file before it is handed in; a marked copy is written beside it.

    What the file says of itself counts, else the folders it lies in.
    """
    from orchestration.collection.check_on_screen import check_on_screen

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
    rounds: Annotated[
        list[str] | None,
        typer.Option("--round", help="A round of rounds.csv; may be repeated. Default: all open."),
    ] = None,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As of this day.")
    ] = None,
) -> None:
    """Who owes what in each round, by when, and how much of the emissions hangs on it."""
    from orchestration.collection.status_on_screen import print_status
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
    round: Annotated[str, typer.Option(help="The round of rounds.csv.")],
    role: Annotated[str, typer.Option(help="preparer, reviewer or approver.")],
    person: Annotated[str, typer.Option(help="A person_id of company/people.csv.")],
    hand_ins: Annotated[
        list[str] | None,
        typer.Option("--hand-in", help="May be repeated; `round` for the whole. Default: all."),
    ] = None,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write your sign-offs of what was judged last into rounds/<round>/sign_offs.csv."""
    from orchestration.collection import signing
    from orchestration.lake import Lake

    try:
        signed = signing.sign(
            DataFolder(data), Lake(warehouse), round, role, person, hand_ins or [], date.today()
        )
    except (CompanyDataError, signing.SigningError) as error:
        raise broken(str(error)) from None
    Console().print(f"signed: {', '.join(signed)}", markup=False, highlight=False, soft_wrap=True)


@ends_with(
    {
        PASSED: "listed",
        BROKEN: "there is no rule of that name",
    }
)
def rules(
    rule_ids: Annotated[
        list[str] | None, typer.Argument(help="Rules to show in full; default: list all.")
    ] = None,
) -> None:
    """List every rule a finding can name: what must hold, how grave it is, what to do."""
    from orchestration.rule_listing import print_rules

    raise typer.Exit(PASSED if print_rules(Console(), rule_ids or []) else BROKEN)
