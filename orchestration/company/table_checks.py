"""Checks that any master table can be put to: words, bounds, dates, validity, sums and sources.

Every message names file, line and remedy. Tables are frames whose columns are all text or None.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from orchestration.company.tables import TABLES, read_csv_as_text
from orchestration.company.units import Bridges

COUNTRIES = Path(__file__).with_name("country_codes.csv")
SHARE_SLACK = 1e-9
BRIDGE_OF_PROPERTY = {"density": "density_kg_per_l", "net_per_gross": "net_per_gross"}
BEGINNING = date.min
NAMES_OF_FILES = ("facilities", "stages", "processes", "flows", "products")
"""Tables whose ids become names of files and folders, parts of addresses and keys of maps."""
TABLES_WITH_IDS = (*NAMES_OF_FILES, "suppliers", "meters", "people", "initiatives")
UNFIT = frozenset("/\\'\"`<>|*?:;#%&{}$")
LONGEST_NAME = 120
"""Bytes of an id: file systems take 255 for a name, which has a round, a year and more in it."""
Tables = Mapping[str, pd.DataFrame]
Row = dict[str, Any]


@cache
def country_codes() -> frozenset[str]:
    """Codes of countries, ISO 3166-1 alpha-2."""
    return frozenset(read_csv_as_text(COUNTRIES)["country"])


def spelling(key: str) -> str:
    """A key as it is compared with one that may be written in other capitals or width."""
    return unicodedata.normalize("NFKC", key).strip().casefold()


def lines_of(tables: Tables, name: str) -> Iterator[tuple[str, Row]]:
    """(`file line n`, row) of a table; the header is line 1."""
    for line, row in enumerate(tables[name].to_dict("records"), start=2):
        yield f"{TABLES[name].path} line {line}", row


def unfit_ids(tables: Tables) -> list[str]:
    """Ids that would not do as the name of a file, in an address or in a query.

    Ids of meters, suppliers and people come from elsewhere; only what nobody sees is refused there.
    """
    problems = []
    for name in TABLES_WITH_IDS:
        column = TABLES[name].key[0]
        for line, row in lines_of(tables, name):
            text = row[column]
            wrong = None if text is None else unfit(text, name in NAMES_OF_FILES)
            if wrong:
                problems.append(
                    f"{line}: {column} {text!r} {wrong}. Use letters, digits, _, - and the like."
                )
    return problems


def unfit(text: str, is_name_of_file: bool) -> str | None:
    """Why an id can't be one; None when it can."""
    if text != text.strip() or not text.isprintable():
        return "has a blank at its end, or a character that nobody sees"
    found = sorted(set(text) & UNFIT) if is_name_of_file else []
    if found:
        return f"holds {' '.join(found)}"
    if is_name_of_file and (text.startswith(".") or len(text.encode()) > LONGEST_NAME):
        return f"starts with a point, or is longer than {LONGEST_NAME} bytes"
    return None


def number(text: str | None) -> float | None:
    """A finite number, or None where the text is none."""
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def outside(tables: Tables, name: str, column: str, allowed: Collection[str]) -> list[str]:
    """Words that are not in a fixed list; a blank is judged elsewhere."""
    return [
        f"{place}: {column} {row[column]} is not known. Use one of {', '.join(allowed)}."
        for place, row in lines_of(tables, name)
        if row[column] is not None and row[column] not in allowed
    ]


def blanks(tables: Tables, name: str, columns: Collection[str]) -> list[str]:
    """Cells that have to be filled."""
    return [
        f"{place}: {column} is blank. Fill it in."
        for place, row in lines_of(tables, name)
        for column in columns
        if row[column] is None
    ]


def out_of_bounds(
    tables: Tables, name: str, column: str, low: float | None, high: float | None, example: str
) -> list[str]:
    """Texts that are no number within the bounds; a blank is judged elsewhere."""
    problems = []
    for place, row in lines_of(tables, name):
        if row[column] is None:
            continue
        value = number(row[column])
        wrong = value is None or (low is not None and value < low)
        if wrong or (high is not None and value is not None and value > high):
            problems.append(f"{place}: {column} {row[column]} is not {example}.")
    return problems


def validity(row: Row) -> tuple[date, date]:
    """Half-open validity of a row. Raises `ValueError` where a date can't be read."""
    start = date.fromisoformat(row["valid_from"]) if row["valid_from"] else BEGINNING
    end = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    return start, end


def wrong_dates(tables: Tables, name: str) -> list[str]:
    """Dates that can't be read, and periods that end before they begin."""
    problems = []
    for place, row in lines_of(tables, name):
        try:
            start, end = validity(row)
        except ValueError:
            problems.append(
                f"{place}: valid_from or valid_to is no date. Write YYYY-MM-DD or leave it blank."
            )
            continue
        if end <= start:
            problems.append(
                f"{place}: valid_to does not lie after valid_from. The first day that no longer "
                "counts is valid_to."
            )
    return problems


def in_force_together(
    tables: Tables, name: str, owner: str
) -> Iterator[tuple[str, str, list[tuple[str, Row]]]]:
    """(owner, date in words, rows in force) for each owner and each day on which they change."""
    owners: dict[str, list[tuple[str, Row]]] = {}
    for place, row in lines_of(tables, name):
        owners.setdefault(row[owner], []).append((place, row))
    for key, rows in owners.items():
        for day in sorted({day for _, row in rows for day in validity(row)}):
            valid = [
                (place, row) for place, row in rows if validity(row)[0] <= day < validity(row)[1]
            ]
            if not valid:
                continue
            yield key, "" if day == BEGINNING else f" from {day.isoformat()}", valid


def overlaps(tables: Tables, name: str) -> list[str]:
    """Rows of the same key that count on the same day."""
    key = [column for column in TABLES[name].key if column != "valid_from"]
    seen: dict[tuple[str | None, ...], list[tuple[str, tuple[date, date]]]] = {}
    problems = []
    for place, row in lines_of(tables, name):
        start, end = validity(row)
        others = seen.setdefault(tuple(row[column] for column in key), [])
        problems += [
            f"{place}: counts on the same days as {other.rsplit(' ', 2)[1]} "
            f"{other.rsplit(' ', 1)[1]}. Close the older one with valid_to."
            for other, (first, last) in others
            if start < last and first < end and start != first
        ]
        others.append((place, (start, end)))
    return problems


def unknown_sources(tables: Tables, name: str, sources: Collection[str] | None) -> list[str]:
    """A figure without a source that is listed can't be followed."""
    return [
        f"{place}: source_id {source} is not in emission_factors/sources.csv. Add it there."
        for place, row in lines_of(tables, name)
        for source in (part.strip() for part in (row["source_id"] or "").split(";"))
        if source and sources is not None and source not in sources
    ]


def mixed(rows: list[tuple[str, Row]], owner: str, when: str, column: str) -> list[str]:
    """Different words in a column that has to say the same for all rows of an owner."""
    words = sorted({row[column] for _, row in rows if row[column] is not None})
    if len(words) < 2:
        return []
    return [f"{rows[0][0]}: {owner} has {' and '.join(words)} as {column}{when}. Use one."]


def wrong_sum(rows: list[tuple[str, Row]], what: str, column: str = "share") -> list[str]:
    """Shares that don't add up to 1."""
    total = math.fsum(float(row[column]) for _, row in rows)
    if abs(total - 1) <= SHARE_SLACK:
        return []
    return [f"{rows[0][0]}: {what} add up to {total:.10g}. They must add up to 1."]


def bridges(properties: Iterable[Row]) -> dict[str, Bridges]:
    """What lets units of each flow meet: its density, its net over its gross calorific value."""
    found: dict[str, dict[str, float]] = {}
    for row in properties:
        name, value = BRIDGE_OF_PROPERTY.get(row["property"]), number(row["value"])
        if name is not None and value is not None:
            found.setdefault(row["flow_id"], {})[name] = value
    return {flow_id: Bridges(**values) for flow_id, values in found.items()}
