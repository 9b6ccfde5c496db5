"""Commands about room to reduce: why emissions changed, what to do, and what it would bring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands import completing
from orchestration.commands.ending import BROKEN, PASSED, REFUSED, broken, ends_with, say
from orchestration.commands.options import (
    DataOption,
    PreliminaryOption,
    ReleaseOption,
    WarehouseOption,
    marts_folder,
)
from orchestration.company.fixed_words import BASES
from orchestration.lake.places import DATA, WAREHOUSE

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


BasisOption = Annotated[
    str,
    typer.Option(
        metavar="BASIS",
        help=f"Electricity: {' or '.join(BASES)}.",
        autocompletion=completing.one_of(*BASES),
    ),
]
MARKET_BASED = "market_based"
KG_PER_TONNE = 1000.0


@ends_with(
    {
        PASSED: "a set of initiatives does what was asked for",
        REFUSED: "no set does; the one that comes nearest is shown",
        BROKEN: "there is nothing to plan with: initiatives, a full calendar year, or the target",
    }
)
def plan(
    reach: Annotated[
        str | None,
        typer.Option(metavar="TARGET", help="A target, or tCO2e a year to be saved."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.0, help="Capex of what is planned, in the currency used."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(metavar="YYYY", help="As far as initiatives work in it; else in full."),
    ] = None,
    basis: Annotated[
        str | None,
        typer.Option(
            metavar="BASIS",
            help=f"Electricity: {' or '.join(BASES)}; that of the target, else {MARKET_BASED}.",
            autocompletion=completing.one_of(*BASES),
        ),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Choose initiatives: the cheapest set that reaches a target, or the most within a budget.

    What is approved, running or done counts in any case; it chooses among the planned ones. A set
    is solved on the product system of the newest full calendar year, because initiatives overlap:
    what is shown is what the set truly saves.

    A target of company/targets.csv counts its own scopes, categories and site, and is held against
    that year as measured: growth and factors of years to come are the forecast's.

    Reads the warehouse. Writes nothing.

    Examples:

        carbonloom plan --reach 5000
        carbonloom plan --reach TARGET --budget 8000000
        carbonloom plan --budget 8000000 --basis location_based
    """
    from orchestration.calculation.plan_targets import UnknownTargetError, asked_by
    from orchestration.calculation.planning import assessment_of, company_frames
    from orchestration.calculation.solving import SolveError
    from orchestration.commands.planning_on_screen import print_choice, print_problems
    from orchestration.lake.paths import Lake
    from orchestration.reduction.choosing import Chooser, Wish
    from orchestration.reduction.initiatives import read_initiatives

    if reach is None and budget is None:
        raise broken("Name what to --reach, or the --budget.")
    if basis is not None and basis not in BASES:
        raise broken(f"--basis {basis}: use one of {', '.join(BASES)}.")
    lake, console = Lake(warehouse), Console()
    if not lake.working_file.exists():
        raise broken(f"{lake.working_file} is missing: run `carbonloom run` first.")
    tables = company_frames(lake)
    initiatives = read_initiatives(tables)
    if not initiatives:
        raise broken("There are no initiatives. List them in company/initiatives.csv, and run.")
    try:
        assessment = assessment_of(lake, initiatives, tables)
        if assessment is None:
            raise broken("No calendar year has data of all its months and can be solved.")
        tonnes = _tonnes(reach)
        if reach is None or tonnes is not None:
            wanted = None if tonnes is None else tonnes * KG_PER_TONNE
            wish = Wish(basis or MARKET_BASED, wanted, budget, year)
            asked = "The most within the budget" if reach is None else f"{tonnes:,.1f} tCO2e a year"
        else:
            target = asked_by(lake, assessment.base, reach)
            short = max(0.0, target.emitted - target.level)
            wish = Wish(basis or target.basis, short, budget, year or target.year, target.counts)
            asked = (
                f"{reach}: {target.emitted / KG_PER_TONNE:,.1f} tCO2e are to become "
                f"{target.level / KG_PER_TONNE:,.1f}"
            )
    except (SolveError, UnknownTargetError) as error:
        raise broken(str(error)) from None
    choice = Chooser(assessment, wish).choose()
    print_choice(console, choice, assessment.base.reference_period, asked)
    print_problems(console, assessment)
    if not choice.is_reached:
        raise typer.Exit(REFUSED)


@ends_with(
    {
        PASSED: "calculated",
        REFUSED: "an initiative of the folder can't be calculated, or its tables contradict",
        BROKEN: "there is nothing to calculate with",
    }
)
def scenario(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="With initiatives.csv and initiative_changes.csv, and prices.csv if others count.",
        ),
    ],
    basis: BasisOption = MARKET_BASED,
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Calculate a folder of initiatives on the newest full calendar year, beside those in force.

    Alone, in sequence and together; by site and scope, and for every product. The files are those
    of the data folder and are checked as there, by line.

    Reads the folder, the data folder and the warehouse. Writes nothing.

    Example:

        carbonloom scenario FOLDER
    """
    from orchestration.calculation.scenario import scenario_of
    from orchestration.calculation.solving import SolveError
    from orchestration.commands.planning_on_screen import print_problems, print_scenario
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.lake.paths import Lake

    if basis not in BASES:
        raise broken(f"--basis {basis}: use one of {', '.join(BASES)}.")
    lake = Lake(warehouse)
    if not folder.is_dir():
        raise broken(f"{folder}: no such folder.")
    if not lake.working_file.exists():
        raise broken(f"{lake.working_file} is missing: run `carbonloom run` first.")
    try:
        assessment = scenario_of(DataFolder(data), lake, folder)
    except CompanyDataError as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None
    except SolveError as error:
        raise broken(str(error)) from None
    if assessment is None:
        raise broken("No calendar year has data of all its months and can be solved.")
    console = Console()
    print_scenario(console, assessment, basis)
    print_problems(console, assessment)
    if len(assessment.resolved) < len(assessment.initiatives):
        raise typer.Exit(REFUSED)


def _tonnes(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
