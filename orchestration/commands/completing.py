"""What the shell offers when Tab is pressed: names from the data folder and the warehouse.

Read with the standard library alone, because a shell waits for it. A folder that is not there or
can't be read offers nothing; the command itself says what is wrong with it.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import typer

from orchestration.lake.places import DATA, DATA_VARIABLE, WAREHOUSE, WAREHOUSE_VARIABLE

Offers = list[tuple[str, str]]
"""Value and, where the shell shows it, what it stands for."""
FOLDERS = {"data": (DATA_VARIABLE, DATA), "warehouse": (WAREHOUSE_VARIABLE, WAREHOUSE)}


def rounds(ctx: typer.Context, incomplete: str) -> Offers:
    """Rounds of rounds.csv with the months they cover."""
    rows = _rows(ctx, "rounds.csv")
    return _matching(
        ((row["round"], f"{row['first_month']} to {row['last_month']}") for row in rows), incomplete
    )


def years(ctx: typer.Context, incomplete: str) -> Offers:
    """Years in which a round has its months."""
    found = {
        row[name][:4] for row in _rows(ctx, "rounds.csv") for name in ("first_month", "last_month")
    }
    return _matching(((year, "") for year in sorted(found)), incomplete)


def hand_ins(ctx: typer.Context, incomplete: str) -> Offers:
    """What the round expects that is named before on the line, else any round; and `round`."""
    chosen = ctx.params.get("round_name")
    expected = {
        name.strip()
        for row in _rows(ctx, "rounds.csv")
        if chosen in (None, row["round"])
        for name in row["expected"].split(";")
    }
    offered = [(name, "") for name in sorted(expected) if name]
    return _matching([*offered, ("round", "the whole round")], incomplete)


def stages(ctx: typer.Context, incomplete: str) -> Offers:
    """Stages and ERP tables that have a map."""
    named = sorted(
        path.stem.partition("_") for path in (_folder(ctx, "data") / "maps").glob("*.yml")
    )
    return _matching(((name, kind) for kind, _, name in named), incomplete)


def facilities(ctx: typer.Context, incomplete: str) -> Offers:
    """Sites with their names."""
    return _named(ctx, "facilities", "facility_id", incomplete)


def products(ctx: typer.Context, incomplete: str) -> Offers:
    """Products with their names."""
    return _named(ctx, "products", "product_id", incomplete)


def people(ctx: typer.Context, incomplete: str) -> Offers:
    """Who may sign."""
    return _named(ctx, "people", "person_id", incomplete)


def releases(ctx: typer.Context, incomplete: str) -> Offers:
    """Release folders of the warehouse, from here where they lie below."""
    folders = sorted(_folder(ctx, "warehouse").glob("releases/*/r*"))
    here = Path.cwd()
    if not Path(incomplete).is_absolute():
        folders = [
            path.relative_to(here) if path.is_relative_to(here) else path for path in folders
        ]
    return _matching(((str(path), "") for path in folders), incomplete)


def rules(incomplete: str) -> Offers:
    """Rules that a finding can name."""
    from expectations.rule_book import described_rules

    return _matching(((rule.rule_id, rule.title_en) for rule in described_rules()), incomplete)


def one_of(*words: str) -> Callable[[str], Offers]:
    """A completion that offers these words."""

    def offered(incomplete: str) -> Offers:
        return _matching(((word, "") for word in words), incomplete)

    return offered


def gwp_sets(*reports: str) -> Callable[[typer.Context, str], Offers]:
    """A completion that offers the sets of reports, and those the company states itself."""

    def offered(ctx: typer.Context, incomplete: str) -> Offers:
        own = [row["gwp_set"] for row in _rows(ctx, "company/gwp_sets.csv")]
        return _matching(((name, "") for name in (*reports, *own) if name), incomplete)

    return offered


def _named(ctx: typer.Context, table: str, key: str, incomplete: str) -> Offers:
    rows = _rows(ctx, f"company/{table}.csv")
    return _matching(((row[key], row["name_en"]) for row in rows), incomplete)


def _matching(offers: Iterable[tuple[str, str]], incomplete: str) -> Offers:
    """Each value once, in the order given."""
    return list({value: words for value, words in offers if value.startswith(incomplete)}.items())


def _rows(ctx: typer.Context, name: str) -> list[dict[str, str]]:
    """Lines of a table of the data folder; what a line lacks is blank."""
    try:
        with (_folder(ctx, "data") / name).open(encoding="utf-8-sig", newline="") as file:
            return [defaultdict(str, row) for row in csv.DictReader(file, restval="")]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _folder(ctx: typer.Context, name: str) -> Path:
    """What the line says so far, else the environment, else the default."""
    variable, default = FOLDERS[name]
    return Path(ctx.params.get(name) or os.environ.get(variable) or default).absolute()
