"""What company/gwp_sets.csv and the choice of a set must not say; one line a problem."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from orchestration.company.table_checks import Tables, blanks, lines_of, number, spelling, unfit
from orchestration.company.tables import GWP_SETS, TABLES, CompanyDataError, read_csv_as_text

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
NAME = "gwp_sets"
FILE = TABLES[NAME].path
LISTS = ("sources", "libraries")
GAS_PREFIX, OTHER_GASES = "kg_", "other_gases"
BY_DEFINITION = "co2"
"""Gases whose code begins so are what the others are measured in, or stand as published."""

ALWAYS_NEEDED = ("ch4_fossil", "ch4_biogenic", "n2o")
"""Every footprint weighs them, be it zero kilograms."""


def gwp_contradictions(
    tables: Tables, settings: Mapping[str, str], factor_folder: Path
) -> list[str]:
    """Every problem of the company's own sets, and a set that company.yml names and nobody has."""
    own = {row["gwp_set"]: line for line, row in reversed(list(lines_of(tables, NAME)))}
    problems = _chosen_unknown(settings.get("gwp_set"), (*GWP_SETS, *filter(None, own)))
    if not own:
        return problems
    problems += blanks(tables, NAME, TABLES[NAME].columns)
    stated: dict[str, set[str]] = defaultdict(set)
    for line, row in lines_of(tables, NAME):
        if row["gwp_set"] is None or row["gas_code"] is None:
            continue
        stated[row["gwp_set"]].add(row["gas_code"])
        problems += _wrong_value(line, row["gwp_set"], row["gas_code"], row["gwp100"])
    needed = dict.fromkeys(ALWAYS_NEEDED, "every footprint") | dict(_gases_used(factor_folder))
    for name, gases in stated.items():
        problems += _wrong_name(own[name], name, set(stated) | set(GWP_SETS))
        if name not in GWP_SETS:
            problems += [
                f"{own[name]}: set {name} has no gwp100 of {gas}, which {where} needs. Add a line "
                "with its source."
                for gas, where in needed.items()
                if gas not in gases
            ]
    return problems


def _chosen_unknown(chosen: str | None, known: tuple[str, ...]) -> list[str]:
    if not chosen or chosen in known:
        return []
    return [
        f"company/company.yml: gwp_set {chosen} is not known. Use one of {', '.join(known)}, or "
        f"state your own in {FILE}."
    ]


def _wrong_value(line: str, name: str, gas: str, text: str | None) -> Iterator[str]:
    if gas not in _counted_gases():
        yield (
            f"{line}: gas_code {gas} is no gas that counts. Use a gas_code of "
            "dbt_project/seeds/gases.csv whose in_total is true."
        )
        return
    if text is None:
        return
    value = number(text)
    if value is None or value <= 0:
        yield f"{line}: gwp100 {text} is not a number above 0, in kg CO2e per kg. Correct it."
    elif gas.startswith(BY_DEFINITION) and value != 1:
        yield f"{line}: gwp100 of {gas} is {text}. It is 1 by definition; leave the line out."
    elif name in GWP_SETS and value != published_gwps().get((name, gas)):
        published = published_gwps().get((name, gas))
        yield (
            f"{line}: gwp100 {text} of {gas} is not that of {name}, "
            f"{'which has none' if published is None else f'{published:g}'}. {name} is the set of "
            "an IPCC report: give yours a name of its own."
        )


def _wrong_name(line: str, name: str, others: set[str]) -> Iterator[str]:
    wrong = unfit(name, is_name_of_file=True)
    if wrong:
        yield f"{line}: gwp_set {name!r} {wrong}. Use letters, digits, _, - and the like."
    for other in sorted(others - {name}):
        if _letters_of(other) == _letters_of(name):
            yield (
                f"{line}: gwp_set {name} differs from {other} by capitals, blanks or dashes alone. "
                "Write one, or give yours a name of its own."
            )


def _letters_of(name: str) -> str:
    """A name as readers take it: AR 6 and ar-6 are AR6 to them."""
    return "".join(filter(str.isalnum, spelling(name)))


def _gases_used(folder: Path) -> Iterator[tuple[str, str]]:
    """Each gas that a library under emission_factors/ names, with a cell that does."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.stem in LISTS:
            continue
        try:
            frame = read_csv_as_text(path)
        except CompanyDataError:  # the gate refuses the library, and says why
            continue
        for column in frame.columns:
            for index, text in frame[column].dropna().items():
                for gas in _gases_of(column, str(text)):
                    cell = f"{path.parent.name}/{path.name} line {int(str(index)) + 2} {column}"
                    found.setdefault(gas, cell)
    for gas, cell in found.items():
        if gas in _counted_gases() and not gas.startswith(BY_DEFINITION):
            yield gas, cell


def _gases_of(column: str, text: str) -> list[str]:
    if column == OTHER_GASES:
        return [part.partition("=")[0].strip() for part in text.split(";")]
    return [column.removeprefix(GAS_PREFIX)] if column.startswith(GAS_PREFIX) else []


@cache
def _counted_gases() -> frozenset[str]:
    with (SEEDS / "gases.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(
            row["gas_code"] for row in csv.DictReader(file) if row["in_total"] == "true"
        )


@cache
def published_gwps() -> Mapping[tuple[str, str], float]:
    """GWP-100 of the IPCC reports, by report and gas."""
    with (SEEDS / "gwp.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["gwp_set"], row["gas_code"]): float(row["gwp100"]) for row in csv.DictReader(file)
        }
