"""Commands about room to reduce: why emissions changed."""

from __future__ import annotations

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

PERIOD = "A month, YYYY-MM, or a year, YYYY."


@ends_with(
    {
        PASSED: "explained",
        REFUSED: "nothing is known of one of the periods, or they are of another kind",
        BROKEN: "there are no marts there",
    }
)
def explain(
    older: Annotated[
        str, typer.Argument(metavar="OLDER", help=PERIOD, autocompletion=completing.years)
    ],
    newer: Annotated[
        str,
        typer.Argument(metavar="NEWER", help="Another one.", autocompletion=completing.years),
    ],
    product: Annotated[
        str | None,
        typer.Option(
            metavar="PRODUCT",
            help="The footprint of this product instead of the inventory.",
            autocompletion=completing.products,
        ),
    ] = None,
    facility: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="Only this site.", autocompletion=completing.facilities),
    ] = None,
    basis: Annotated[
        str,
        typer.Option(
            metavar="BASIS",
            help=f"Electricity: {' or '.join(BASES)}.",
            autocompletion=completing.one_of(*BASES),
        ),
    ] = BASES[0],
    lines: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many of the largest changes to list.")
    ] = 12,
    release: ReleaseOption = None,
    preliminary: PreliminaryOption = False,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Explain why emissions changed from one period to another, in terms that add up.

    A line of the inventory is output of the site × output of the process in it × quantity per
    output × emissions per quantity; what is new, has ended, or changed by method or boundary stands
    beside it. Two years are compared in the months that both have.

    Reads what is published, or the release. Writes nothing.

    Examples:

        carbonloom explain YYYY YYYY
        carbonloom explain YYYY-MM YYYY-MM --facility SITE --basis market_based
        carbonloom explain YYYY YYYY --product PRODUCT
    """
    from orchestration.bi.asking import NoMartsError, open_marts
    from orchestration.commands.explanation_on_screen import NotExplainedError, print_explanation

    if basis not in BASES:
        raise broken(f"--basis {basis}: use one of {', '.join(BASES)}.")
    if product and facility:
        raise broken("--product and --facility exclude each other: a footprint has many sites.")
    try:
        with open_marts(marts_folder(release, preliminary, warehouse)) as marts:
            print_explanation(Console(), marts, older, newer, basis, product, facility, lines)
    except NoMartsError as error:
        raise broken(str(error)) from None
    except NotExplainedError as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None
