"""Commands that show figures or send them: the report, exchanged records, SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with, say
from orchestration.commands.options import WAREHOUSE, WarehouseOption


@ends_with(
    {
        PASSED: "it is there",
        BROKEN: "nothing is published, or the folder holds something else",
    }
)
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
    """
    from orchestration.report.on_screen import print_report
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
    one before is deprecated.
    """
    from orchestration.exchange.exchanging import (
        CannotExchangeError,
        preliminary_source,
        release_source,
    )
    from orchestration.exchange.figures import BASES
    from orchestration.exchange.on_screen import print_exchange

    if basis not in BASES:
        raise broken(f"--basis {basis}: use one of {', '.join(BASES)}.")
    try:
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

    The prompt lists all of them, with examples of these marts.
    """
    from orchestration.bi import asking

    folder = release or warehouse / ("preliminary" if preliminary else "published")
    if form not in asking.FORMS:
        raise broken(f"--format {form}: use one of {', '.join(asking.FORMS)}.")
    if release and preliminary:
        raise broken("--release and --preliminary exclude each other.")
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
