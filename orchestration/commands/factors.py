"""Commands about factor libraries: what a published table has, what another library would move."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with, say
from orchestration.commands.interrupting import interruptible
from orchestration.commands.options import DataOption, WarehouseOption, existing
from orchestration.lake.places import DATA, WAREHOUSE

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.calculation.factor_comparison import Comparison
    from orchestration.starting.factor_import import Imported

SHOWN = 20
BASES = ("location_based", "market_based")


@ends_with(
    {
        PASSED: "compared; nothing of it is in force",
        REFUSED: "the gate refuses the library; it says which line",
        BROKEN: "there is no such file, or nothing to compare with",
    }
)
@interruptible()
def factors_compare(
    library: Annotated[
        Path, typer.Argument(metavar="LIBRARY", help="A CSV in the format of `emission_factors/`.")
    ],
    priority: Annotated[
        str,
        typer.Option(
            metavar="N", help="Of a new library, as in `libraries.csv`; default: before all others."
        ),
    ] = "",
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    show_all: Annotated[
        bool, typer.Option("--all", metavar="", help=f"Every figure, not the {SHOWN} first.")
    ] = False,
) -> None:
    """Say what adopting a factor library would move, before it counts.

    A library of a name that exists stands in for that one. Publications that the data folder does
    not list are read from a `sources.csv` beside the library. Sites, products, targets and the base
    year are listed, the largest move first, and the factor versions behind it.

    Reads what was accepted in the warehouse and the data folder's factors, and writes nothing.

    Examples:

        carbonloom factors compare FILE
        carbonloom factors compare FILE --priority 3 --all
    """
    from orchestration.calculation.factor_comparison import (
        FactorComparisonError,
        compare_library,
    )
    from orchestration.calculation.recomputing import RecomputeError
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.lake.paths import Lake
    from orchestration.progress import shown

    be_quiet()
    folder, lake = DataFolder(existing(data)), Lake(warehouse.resolve())
    if not library.is_file():
        raise broken(f"{library}: no such file.")
    try:
        with shown("calculating with the library"):
            comparison = compare_library(folder, lake, library.resolve(), priority)
    except (CompanyDataError, RecomputeError) as error:
        raise broken(str(error)) from None
    except FactorComparisonError as error:
        say(str(error))
        raise typer.Exit(REFUSED if lake.working_file.exists() else BROKEN) from None
    print_comparison(Console(), comparison, None if show_all else SHOWN)


@ends_with(
    {
        PASSED: "a library of what was accepted waits in candidates/; nothing of it is in force",
        REFUSED: "nothing is accepted yet; the proposals are written",
        BROKEN: "the table can't be read, or what was accepted is not in it",
    }
)
def factors_import(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A published table, as it was published.")
    ],
    data: DataOption = DATA,
    columns: Annotated[
        Path | None,
        typer.Option(
            "--table",
            metavar="MAP",
            help="What its columns mean, where its headers aren't those of a known table.",
        ),
    ] = None,
) -> None:
    """Import a published table of factors, propose flows, and write what was accepted.

    Reads the table and the data folder. Writes every published row and the proposals to
    `emission_factors/imports/`. Write yes into the column `accepted` of LIBRARY_flows.csv and
    import again: what was accepted becomes a library in `emission_factors/candidates/`, each factor
    with the file's hash, its cells, licence and edition. What was imported before is compared.

    Examples:

        carbonloom factors import FILE
        carbonloom factors import FILE --table MAP
    """
    from orchestration.company.data_folder import CompanyDataError, DataFolder
    from orchestration.starting.factor_import import import_table
    from orchestration.starting.factor_table import CannotImportError, load_table, read_tables

    folder = DataFolder(existing(data).resolve())
    for path in (table, columns):
        if path is not None and not path.is_file():
            raise broken(f"{path}: no such file.")
    try:
        published = read_tables(table, load_table(columns) if columns else None)
        imported = [import_table(folder, one) for one in published]
    except (CannotImportError, CompanyDataError) as error:
        raise broken(str(error)) from None
    for one in imported:
        _print_import(Console(), one)
    raise typer.Exit(PASSED if any(one.library for one in imported) else REFUSED)


def _print_import(console: Console, imported: Imported) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    table = imported.table
    line(f"{table.file}, {table.table.title}: {len(table.factors):,} factors, {table.edition}")
    line(f"  {table.table.publisher}, {table.table.licence}")
    for why, count in table.left_out.items():
        line(f"  {count:,} rows left out: {why}")
    if imported.changes:
        line(
            f"{len(imported.changes):,} differences from {imported.compared_with}, imported before:"
        )
        for change in imported.changes[:SHOWN]:
            line(f"  {change.key} {change.column}: {change.before or 'none'} → {change.after}")
    line(f"Proposed for {imported.proposed} flows and components, {len(imported.without)} without.")
    line(f"  Write yes into the column accepted of {imported.proposals}, and import again.")
    if imported.library is not None:
        line(f"{imported.accepted} accepted, in {imported.library}. Nothing of it is in force.")
        line(f"  carbonloom factors compare {imported.library}")


def print_comparison(console: Console, comparison: Comparison, limit: int | None) -> None:
    """Figures that move, then the factor versions behind them."""
    figures, versions = comparison.figures, comparison.versions

    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    where = f"priority {comparison.priority}"
    line(f"If {comparison.library} were adopted ({where}). Nothing of it is in force.")
    if figures.empty and versions.empty:
        line("No figure moves, and no other factor version is used.")
        return
    table = Table(title="What moves", title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("Figure", "Period", ""):
        table.add_column(heading)
    for heading in ("Before", "After", "Change %", "Market %"):
        table.add_column(heading, justify="right")
    for row in figures.head(limit or len(figures)).to_dict("records"):
        table.add_row(
            row["figure"],
            row["period"],
            "base year" if row["kind"] == "base_year" else row["unit"],
            *(_figure(row[f"location_based_{side}"]) for side in ("before", "after")),
            *(_percent(row[f"{basis}_change_percent"]) for basis in BASES),
        )
    console.print(table)
    _say_how_many_more(line, figures, limit)
    line("Factor versions behind it")
    for row in versions.head(limit or len(versions)).to_dict("records"):
        line(
            f"  {row['facility_id']} {row['period']}, {row['flow_id']} {row['component']}, "
            f"{row['basis'].replace('_', '-')}: {row['change_kgco2e'] / 1000:+,.3f} tCO2e"
        )
        line(f"      {_named(row['versions_before'])} → {_named(row['versions_after'])}")
    _say_how_many_more(line, versions, limit)


def _say_how_many_more(line: Callable[[str], None], frame: pd.DataFrame, limit: int | None) -> None:
    if limit is not None and len(frame) > limit:
        line(f"and {len(frame) - limit} more; --all shows them")


def _named(versions: object) -> str:
    return versions if isinstance(versions, str) else "none"


def _figure(value: float | None) -> str:
    return "none" if value is None or math.isnan(value) else f"{value:,.6g}"


def _percent(value: float | None) -> str:
    """With its sign; what rounds to nothing is 0, not minus 0."""
    return "none" if value is None or math.isnan(value) else f"{round(value, 3) + 0.0:+.3f}"
