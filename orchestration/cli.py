"""`carbonloom`: the same assets as in the UI, run here and summed up on screen."""

from __future__ import annotations

import os
import sys
import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.company import GWP_SETS, CompanyDataError, DataFolder
from orchestration.places import DATA_VARIABLE, REPOSITORY, WAREHOUSE_VARIABLE

PASSED, REFUSED, BROKEN = 0, 1, 2
SHOWN_MOVES = 30

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carbon accounts of a plant: from the workbook cell to the published figure.",
)
errors = Console(stderr=True)

DATA, WAREHOUSE = REPOSITORY / "raw_data", REPOSITORY / "warehouse"
DataOption = Annotated[Path, typer.Option(help="The company's data folder.", envvar=DATA_VARIABLE)]
WarehouseOption = Annotated[
    Path, typer.Option(help="Where results are; made if missing.", envvar=WAREHOUSE_VARIABLE)
]


def _known_gwp_set(gwp_set: str) -> str:
    if gwp_set and gwp_set not in GWP_SETS:
        raise typer.Exit(_broken(f"--gwp-set {gwp_set}: use one of {', '.join(GWP_SETS)}."))
    return gwp_set


GwpSetOption = Annotated[
    str,
    typer.Option(
        help=f"One of {', '.join(GWP_SETS)}; default: the company's own.",
        callback=_known_gwp_set,
        show_default=False,
    ),
]


@app.callback()
def carbonloom() -> None:
    """Carbon accounts of a plant: from the workbook cell to the published figure."""


@app.command()
def run(
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    rounds: Annotated[
        list[str] | None,
        typer.Option("--round", help="A round of rounds.csv; may be repeated. Default: all."),
    ] = None,
    gwp_set: GwpSetOption = "",
) -> None:
    """Read, judge, calculate and publish every round, or the rounds named.

    Exit code 0: every hand-in passed. 1: something was refused or is missing; the verdicts say
    what. 2: the data folder or the run is broken.
    """
    from orchestration.ingest.mapping import MapError
    from orchestration.running import run_rounds
    from orchestration.summary import print_summary

    _be_quiet()
    console, folder = Console(), DataFolder(_existing(data).resolve())
    try:
        done = run_rounds(folder, warehouse.resolve(), rounds or [], gwp_set)
    except (CompanyDataError, MapError) as error:
        raise typer.Exit(_broken(str(error))) from None
    published = not done.problems
    passed = print_summary(console, folder, warehouse.resolve(), done.rounds, published=published)
    if not published:
        lines = ["The run failed; what was published before stays.", *done.problems]
        raise typer.Exit(_broken("\n".join(lines)))
    console.print(f"{len(done.rounds)} rounds in {done.seconds:.1f} s")
    raise typer.Exit(PASSED if passed else REFUSED)


@app.command()
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

    What the file says of itself counts, else the folders it lies in. Exit code 0: it would be
    accepted. 1: it would be refused. 2: it can't be checked; the message says why.
    """
    from orchestration.collection.check_on_screen import check_on_screen

    warnings.filterwarnings("ignore")
    raise typer.Exit(check_on_screen(_existing(data).resolve(), file, round_, facility, stage))


@app.command()
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
    """Who owes what in each round, by when, and how much of the emissions hangs on it.

    Exit code 0: everything expected is accepted. 1: something is missing or refused. 2: the data
    folder is broken.
    """
    from orchestration.collection.status_on_screen import print_status
    from orchestration.ingest.mapping import MapError

    data = _existing(data)
    day = today.date() if today else date.today()
    try:
        complete = print_status(Console(), data, warehouse, rounds or [], day)
    except (CompanyDataError, MapError) as error:
        raise typer.Exit(_broken(str(error))) from None
    raise typer.Exit(PASSED if complete else REFUSED)


@app.command()
def release(
    round: Annotated[str, typer.Option(help="The round of rounds.csv to release.")],
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    gwp_set: GwpSetOption = "",
) -> None:
    """Release a round: signed, complete, and never changed again.

    Exit code 0: released, or released before with the same content. 1: something is missing; all
    of it is listed, and nothing was changed. 2: the data folder or the command is broken.
    """
    from orchestration.release_summary import print_release

    _be_quiet()
    try:
        released = print_release(Console(), data, warehouse, round, gwp_set)
    except CompanyDataError as error:
        raise typer.Exit(_broken(str(error))) from None
    raise typer.Exit(PASSED if released else REFUSED)


@app.command()
def report(
    out: Annotated[
        Path | None, typer.Option(help="Where the site goes; default: report of the warehouse.")
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option(help="Show this release, such as warehouse/releases/2022-04/r1; needs --out."),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Render the report site over what is published, or over one release.

    `carbonloom run` and `carbonloom release` do it by themselves; open index.html with a browser.
    Exit code 0: it is there. 2: nothing is published, or the folder holds something else.
    """
    from orchestration.report.on_screen import print_report
    from orchestration.report.page_source import PageError

    if release is not None and out is None:
        raise typer.Exit(_broken("--release needs --out: the warehouse shows what is published."))
    try:
        print_report(Console(), warehouse, release, out)
    except PageError as error:
        raise typer.Exit(_broken(str(error))) from None


@app.command()
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
    """Write your sign-offs of what was judged last into rounds/<round>/sign_offs.csv.

    Exit code 0: signed. 2: it would not count, so nothing was written.
    """
    from orchestration.collection import signing
    from orchestration.lake import Lake

    try:
        signed = signing.sign(
            DataFolder(data), Lake(warehouse), round, role, person, hand_ins or [], date.today()
        )
    except (CompanyDataError, signing.SigningError) as error:
        raise typer.Exit(_broken(str(error))) from None
    Console().print(f"signed: {', '.join(signed)}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(help="A release, such as warehouse/releases/2022-04/r1.")
    ],
) -> None:
    """Check every byte of a release, and calculate every figure again from the release alone.

    Exit code 0: nothing differs. 1: what differs is listed. 2: the folder is no release.
    """
    from orchestration.release_summary import print_verification
    from orchestration.verifying import NotAReleaseError

    _be_quiet()
    try:
        sound = print_verification(Console(), folder)
    except NotAReleaseError as error:
        raise typer.Exit(_broken(str(error))) from None
    raise typer.Exit(PASSED if sound else REFUSED)


@app.command()
def rules(
    rule_ids: Annotated[
        list[str] | None, typer.Argument(help="Rules to show in full; default: list all.")
    ] = None,
) -> None:
    """List every rule a finding can name: what must hold, how grave it is, what to do.

    Exit code 0: listed. 2: there is no rule of that name.
    """
    from orchestration.rule_listing import print_rules

    raise typer.Exit(PASSED if print_rules(Console(), rule_ids or []) else BROKEN)


@app.command()
def compare(
    older: Annotated[
        Path, typer.Argument(help="A release, such as warehouse/releases/2022-04/r1.")
    ],
    newer: Annotated[Path, typer.Argument(help="Another one, such as releases/2022-04/r2.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder to write every figure and reason to, as CSV.")
    ] = None,
) -> None:
    """Say by how much every figure moved from one release to another, and why.

    Exit code 0: compared. 2: a folder is no release.
    """
    from orchestration.restatement.on_screen import NotComparableError, print_comparison

    _be_quiet()
    try:
        print_comparison(Console(), older, newer, out)
    except NotComparableError as error:
        raise typer.Exit(_broken(str(error))) from None
    raise typer.Exit(PASSED)


@app.command(name="what-if")
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
    warehouse changes. Exit code 0: calculated. 2: no such cell or factor, or nothing to compare.
    """
    from orchestration import what_if as asking
    from orchestration.recomputing import RecomputeError

    _be_quiet()
    change, console = asking.Change(percent, cell, factor), Console()
    try:
        with console.status("Calculating with the change …"):
            frame = asking.what_if(DataFolder(data), warehouse.resolve(), change)
    except (CompanyDataError, asking.WhatIfError, RecomputeError) as error:
        raise typer.Exit(_broken(str(error))) from None
    asking.print_moves(console, frame, change, len(frame) if show_all else SHOWN_MOVES)


@app.command()
def exchange(
    release: Annotated[
        Path | None,
        typer.Option(
            help="A release, such as warehouse/releases/2022-04/r1. "
            "Without one: the newest calculation of the warehouse, marked preliminary."
        ),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
    products: Annotated[
        list[str] | None, typer.Option("--product", help="Only this one; may be repeated.")
    ] = None,
    years: Annotated[
        list[str] | None, typer.Option("--year", help="Only this one; may be repeated.")
    ] = None,
    basis: Annotated[
        str, typer.Option(help="Electricity: market_based or location_based.")
    ] = "market_based",
    reason: Annotated[str, typer.Option(help="Why figures changed; needed from 10 % on.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Registry of records; default: exchange/ of the warehouse."),
    ] = None,
) -> None:
    """Write product footprints as PACT version 3 records, one a product and year.

    Records that say the same keep their id; one that says something else gets a new id, and the
    one before is deprecated. Exit code 0: every record due is there. 1: one breaks a rule or lacks
    data and was not written; the reasons are listed. 2: nothing can be exchanged from there.
    """
    from orchestration.exchange.exchanging import (
        CannotExchangeError,
        preliminary_source,
        release_source,
    )
    from orchestration.exchange.figures import BASES
    from orchestration.exchange.on_screen import print_exchange

    if basis not in BASES:
        raise typer.Exit(_broken(f"--basis {basis}: use one of {', '.join(BASES)}."))
    try:
        source = release_source(release, out) if release else preliminary_source(warehouse, out)
        whole = print_exchange(Console(), source, basis, products or [], years or [], reason)
    except CannotExchangeError as error:
        raise typer.Exit(_broken(str(error))) from None
    raise typer.Exit(PASSED if whole else REFUSED)


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(help="What to ask. Without it, a prompt opens.")
    ] = None,
    release: Annotated[
        Path | None, typer.Option(help="A release, such as warehouse/releases/2022-04/r1.")
    ] = None,
    preliminary: Annotated[
        bool, typer.Option("--preliminary", help="The newest calculation, signed by nobody.")
    ] = False,
    warehouse: WarehouseOption = WAREHOUSE,
    form: Annotated[str, typer.Option("--format", help="table or csv.")] = "table",
) -> None:
    """Ask the published marts in SQL; nothing there can be changed.

    Marts stand under their own names. Table macros answer the first questions:

    \b
      carbonloom sql "from trace('RESULT_ID')"
      carbonloom sql "from explain_product('PRODUCT_ID')"
      carbonloom sql "from compare('ROUND', 'ROUND')" --format csv > it.csv

    The prompt lists all of them, with examples of these marts. Exit code 0: answered. 1: the
    query is refused; the message says why. 2: there are no marts there.
    """
    from orchestration.bi import asking

    folder = release or warehouse / ("preliminary" if preliminary else "published")
    if form not in asking.FORMS:
        raise typer.Exit(_broken(f"--format {form}: use one of {', '.join(asking.FORMS)}."))
    if release and preliminary:
        raise typer.Exit(_broken("--release and --preliminary exclude each other."))
    try:
        with asking.open_marts(folder) as marts:
            if query is None:
                asking.prompt(Console(), marts, form)
                return
            asking.answer(Console(), marts, query, form)
    except asking.NoMartsError as error:
        raise typer.Exit(_broken(str(error))) from None
    except asking.QueryError as error:
        errors.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(REFUSED) from None


@app.command()
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
    """Write the workbooks to fill in for a round, one for each site and stage.

    Exit code 0: they are there. 2: the data folder is broken, or nothing is expected.
    """
    from orchestration.collection.template import TemplateError, print_templates
    from orchestration.ingest.mapping import MapError

    folder = out or warehouse / "templates" / round_name
    try:
        print_templates(
            Console(), DataFolder(data), round_name, folder.resolve(), warehouse.resolve(),
            facility=facility, stage=stage, overwrite=overwrite,
        )  # fmt: skip
    except (CompanyDataError, MapError, TemplateError) as error:
        raise typer.Exit(_broken(str(error))) from error


def _broken(message: str) -> int:
    errors.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    return BROKEN


def _existing(data: Path) -> Path:
    if not data.is_dir():
        raise typer.Exit(_broken(f"{data}: no such folder. Name the data folder with --data."))
    return data


def _be_quiet() -> None:
    """Only what the reader of the screen can act on; dbt is found without an active venv."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    warnings.filterwarnings("ignore")


def main() -> None:
    """Entry point of the script `carbonloom`."""
    app()


if __name__ == "__main__":
    main()
