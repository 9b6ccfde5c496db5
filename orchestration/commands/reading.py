"""Commands that show what is there, or send it: the report, SQL, exchanged records, the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands import completing
from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with, say
from orchestration.commands.options import (
    PreliminaryOption,
    ReleaseOption,
    WarehouseOption,
    marts_folder,
)
from orchestration.company.fixed_words import BASES
from orchestration.lake.places import WAREHOUSE

FORMS = ("table", "csv")


@ends_with(
    {
        PASSED: "it is there",
        BROKEN: "nothing is published, or the folder holds something else",
    }
)
def report(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the site goes; default: report/ of the warehouse."
        ),
    ] = None,
    release: ReleaseOption = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Render the report site over what is published, or over one release.

    `carbonloom run` and `carbonloom release` do it by themselves; open `index.html` with a browser.

    Reads the published marts, or the release. Writes static pages, to open without server or
    network; `--release` needs `--out`, because the warehouse shows what is published.

    Examples:

        carbonloom report
        carbonloom report --release RELEASE --out FOLDER
    """
    from orchestration.commands.report_on_screen import print_report
    from orchestration.report.page_source import PageError

    if release is not None and out is None:
        raise broken("--release needs --out: the warehouse shows what is published.")
    try:
        print_report(Console(), warehouse, release, out)
    except PageError as error:
        raise broken(str(error)) from None


@ends_with(
    {
        PASSED: "every record due is there",
        REFUSED: "one breaks a rule or lacks data and was not written; reasons are listed",
        BROKEN: "nothing can be exchanged from there",
    }
)
def exchange(
    release: ReleaseOption = None,
    warehouse: WarehouseOption = WAREHOUSE,
    products: Annotated[
        list[str] | None,
        typer.Option(
            "--product",
            metavar="PRODUCT",
            help="Only this one; may be repeated.",
            autocompletion=completing.products,
        ),
    ] = None,
    years: Annotated[
        list[str] | None,
        typer.Option(
            "--year",
            metavar="YYYY",
            help="Only this one; may be repeated.",
            autocompletion=completing.years,
        ),
    ] = None,
    basis: Annotated[
        str,
        typer.Option(
            metavar="BASIS",
            help=f"Electricity: {' or '.join(BASES)}.",
            autocompletion=completing.one_of(*BASES),
        ),
    ] = BASES[0],
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Why figures changed, for the records; needed from 10 % on. Without it: what the "
            "restatements between the two releases say, causes and amounts.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Registry of records; default: exchange/ of the warehouse."
        ),
    ] = None,
) -> None:
    """Write product footprints as PACT version 3 records, one a product and year.

    Records that say the same keep their id; one that says something else gets a new id, and the
    one before is deprecated. Without `--release` it is the newest calculation, marked preliminary
    and numbered apart.

    Reads the release, every byte of which is checked first. Writes
    `exchange/PRODUCT/YYYY/ID.json` of the warehouse; keep that folder, it knows what was given out.

    Examples:

        carbonloom exchange --release RELEASE
        carbonloom exchange --release RELEASE --product PRODUCT --year YYYY --reason TEXT
    """
    from orchestration.commands.exchange_on_screen import print_exchange
    from orchestration.exchange.exchanging import (
        CannotExchangeError,
        preliminary_source,
        release_source,
    )
    from orchestration.progress import shown

    if basis not in BASES:
        raise broken(f"--basis {basis}: use one of {', '.join(BASES)}.")
    try:
        with shown("checking every byte of the release" if release else "reading"):
            source = release_source(release, out) if release else preliminary_source(warehouse, out)
        whole = print_exchange(Console(), source, basis, products or [], years or [], reason)
    except CannotExchangeError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if whole else REFUSED)


@ends_with(
    {
        PASSED: "answered",
        REFUSED: "the query is refused",
        BROKEN: "there are no marts there",
    }
)
def sql(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="What to ask. Without it, a prompt opens."),
    ] = None,
    release: ReleaseOption = None,
    preliminary: PreliminaryOption = False,
    warehouse: WarehouseOption = WAREHOUSE,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORM",
            help=f"{' or '.join(FORMS)}.",
            autocompletion=completing.one_of(*FORMS),
        ),
    ] = FORMS[0],
) -> None:
    """Ask the published marts in SQL; nothing there can be changed.

    Marts stand under their own names, and table macros answer the first questions; the prompt lists
    all of them, with examples of these marts. Reads what is published, or the release, read-only.

    Examples:

        carbonloom sql
        carbonloom sql "from trace('RESULT_ID')"
        carbonloom sql "from explain_product('PRODUCT_ID')" --release RELEASE
        carbonloom sql "from compare('ROUND', 'ROUND')" --format csv > FILE
    """
    from orchestration.bi import asking

    if form not in FORMS:
        raise broken(f"--format {form}: use one of {', '.join(FORMS)}.")
    folder = marts_folder(release, preliminary, warehouse)
    try:
        with asking.open_marts(folder) as marts:
            if query is None:
                asking.prompt(Console(), marts, form)
                return
            asking.answer(Console(), marts, query, form)
    except asking.NoMartsError as error:
        raise broken(str(error)) from None
    except asking.QueryError as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None


@ends_with(
    {
        PASSED: "listed",
        BROKEN: "there is no rule of that name",
    }
)
def rules(
    rule_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RULE",
            help="Rules to show in full; default: list all.",
            autocompletion=completing.rules,
        ),
    ] = None,
) -> None:
    """List every rule a finding can name: what must hold, how grave it is, what to do.

    Reads the rule book in the code, and no data; writes nothing.

    Examples:

        carbonloom rules
        carbonloom rules RULE RULE
    """
    from orchestration.commands.rule_listing import print_rules

    raise typer.Exit(PASSED if print_rules(Console(), rule_ids or []) else BROKEN)
