"""From a published table to a library that waits: proposals for a person, then the accepted ones.

`emission_factors/imports/` keeps every published row and the proposals; what a person accepts there
becomes a library in `emission_factors/candidates/`. Neither is in force.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.factor_rows import COLUMNS, GAS_COLUMNS, OPTIONAL_COLUMNS, SCORED
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import write_whole
from orchestration.spreadsheets.text_table import read_text_table
from orchestration.starting.factor_table import (
    YEAR,
    CannotImportError,
    ImportedTable,
    PublishedFactor,
)
from orchestration.starting.proposing import CompanyNames, Rarity, names_of

IMPORTS = Path("emission_factors") / "imports"
CANDIDATES = Path("emission_factors") / "candidates"
SOURCE_COLUMNS = (
    "source_id", "publisher", "title", "edition", "year", "licence", "locator", "confidence",
)  # fmt: skip
PROPOSAL_COLUMNS = (
    "accepted", "flow_id", "component", "score", "published_name", "boundary", "geography", "unit",
    "kg_co2e", "key",
)  # fmt: skip
PUBLISHED_COLUMNS = (
    "key", "name", "boundary", "geography", "unit", *GAS_COLUMNS, "source_locator",
)  # fmt: skip
PROPOSED = 3
LEAST = 0.35
YES = ("yes", "y", "x", "1", "true", "是")


@dataclass(frozen=True)
class EditionChange:
    """What differs in a new edition: a factor that came, went, or has another figure."""

    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Imported:
    """What an import wrote, and what is left to a person."""

    table: ImportedTable
    proposals: Path
    library: Path | None
    accepted: int
    proposed: int
    without: tuple[tuple[str, str], ...]
    """Flows and components of the company that no row is proposed for."""
    changes: tuple[EditionChange, ...]
    compared_with: str = ""
    """The import that the changes are from: the same table's, or its newest other edition's."""


def import_table(data: DataFolder, table: ImportedTable) -> Imported:
    """Keep a table's rows, propose flows, and write the library of what was accepted before."""
    folder = data.path / IMPORTS
    rows, proposals = folder / f"{table.library}.csv", folder / f"{table.library}_flows.csv"
    published = [_published(one) for one in table.factors.values()]
    before = rows if rows.exists() else _edition_before(folder, table)
    changes = tuple(_changes(_kept_rows(before), published)) if before else ()
    write_whole(rows, _csv(PUBLISHED_COLUMNS, published))
    kept = _kept_rows(proposals) if proposals.exists() else {}
    accepted = [one for one in kept.values() if (one["accepted"] or "").lower() in YES]
    proposed = list(_proposals(data, table))
    known = {_line_key(one) for one in proposed}
    own = [one for one in accepted if _line_key(one) not in known]
    taken = {_line_key(one) for one in accepted}
    lines = [one | {"accepted": "yes" if _line_key(one) in taken else ""} for one in proposed]
    write_whole(proposals, _csv(PROPOSAL_COLUMNS, [*lines, *own]))
    library = _write_library(data, table, accepted) if accepted else None
    found = {(one["flow_id"], one["component"]) for one in proposed}
    without = tuple(pair for pair in _needed(data) if pair not in found)
    compared_with = before.stem if before else ""
    return Imported(
        table, proposals, library, len(accepted), len(found), without, changes, compared_with
    )


def _edition_before(folder: Path, table: ImportedTable) -> Path | None:
    """The rows of the newest edition of the same table that was imported before."""
    pattern = re.compile(re.escape(table.table.library).replace(re.escape(YEAR), "[0-9]{4}"))
    found = [path for path in folder.glob("*.csv") if pattern.fullmatch(path.stem)]
    return max(found, default=None)


def _line_key(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["flow_id"], line["component"], line["key"]


def _published(one: PublishedFactor) -> dict[str, str]:
    figures = {column: _number(one.figures.get(column)) for column in GAS_COLUMNS}
    return {
        "key": one.key, "name": one.name, "boundary": one.boundary, "geography": one.geography,
        "unit": one.unit, **figures, "source_locator": "; ".join(one.locators),
    }  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else format(value, ".12g")


def _kept_rows(path: Path) -> dict[tuple[Any, ...] | str, dict[str, str | None]]:
    """Lines that are there already: published ones by key, proposals by flow, component and key."""
    rows = [row for _, row in read_text_table(path).records()]
    is_proposals = bool(rows) and "accepted" in rows[0]
    return {_line_key(row) if is_proposals else str(row["key"]): row for row in rows}


def _changes(
    before: Mapping[Any, Mapping[str, str | None]], after: Sequence[Mapping[str, str]]
) -> Iterator[EditionChange]:
    now = {one["key"]: one for one in after}
    for key in before.keys() - now.keys():
        yield EditionChange(str(key), "", "published", "gone")
    for key, one in now.items():
        if key not in before:
            yield EditionChange(key, "", "", "new")
            continue
        for column in ("unit", *GAS_COLUMNS):
            was = before[key].get(column) or ""
            if was != one[column]:
                yield EditionChange(key, column, was, one[column])


def _needed(data: DataFolder) -> list[tuple[str, str]]:
    """Components that flows of the company need a factor for."""
    return [
        (flow["flow_id"], component.strip())
        for flow in data.company["flows"].to_dict("records")
        for component in (flow["components"] or "").split(";")
        if component.strip()
    ]


def _proposals(data: DataFolder, table: ImportedTable) -> Iterator[dict[str, str]]:
    """Of each flow and component, the rows that are called most like it."""
    names = CompanyNames(data.company)
    rarity = Rarity(one.name for one in table.factors.values())
    by_kind: dict[tuple[str, str], list[PublishedFactor]] = {}
    for one in table.factors.values():
        for kind in one.kinds or ("",):
            by_kind.setdefault((kind, one.boundary), []).append(one)
    for flow_id, component in _needed(data):
        flow = names.flows[flow_id]
        among = by_kind.get((flow["flow_kind"], component), []) + by_kind.get(("", component), [])
        scored = [
            (max(rarity.covered(name, one.name) for name in names_of(flow, "flow_id")), one)
            for one in among
            if names.fits(flow_id, one.unit)
        ]
        if flow["flow_kind"] == "electricity" and len(scored) == 1:
            scored = [(max(scored[0][0], 0.6), scored[0][1])]
        for score, one in sorted(scored, key=lambda pair: -pair[0])[:PROPOSED]:
            if score >= LEAST:
                yield {
                    "accepted": "", "flow_id": flow_id, "component": component,
                    "score": f"{score:.2f}", "published_name": one.name, "boundary": one.boundary,
                    "geography": one.geography, "unit": one.unit,
                    "kg_co2e": _number(one.figures.get("kg_co2e")), "key": one.key,
                }  # fmt: skip


def _write_library(
    data: DataFolder, table: ImportedTable, accepted: Sequence[Mapping[str, str | None]]
) -> Path:
    """The library of what was accepted, and the line of its source beside it."""
    flows = set(data.company["flows"]["flow_id"])
    rows, problems = [], []
    for line in accepted:
        factor = table.factors.get(line["key"] or "")
        if factor is None:
            problems.append(f"{line['flow_id']}: the table has no row {line['key']}.")
        elif line["flow_id"] not in flows:
            problems.append(f"{line['flow_id']} is no flow of company/flows.csv.")
        else:
            rows.append(_library_row(table, factor, str(line["flow_id"]), str(line["component"])))
    ids = [row["factor_id"] for row in rows]
    problems += [
        f"{one}: several rows are accepted for it; keep one."
        for one in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if problems:
        raise CannotImportError("\n".join(problems))
    target = data.path / CANDIDATES / f"{table.library}.csv"
    extra = [column for column in OPTIONAL_COLUMNS if column in SCORED]
    write_whole(target, _csv((*COLUMNS, *extra), rows))
    _write_source(data.path / CANDIDATES / "sources.csv", table)
    return target


def _library_row(
    table: ImportedTable, factor: PublishedFactor, flow_id: str, component: str
) -> dict[str, str]:
    """One line in the format of a library: gases where they are published, else CO2e."""
    gases = {c: v for c, v in factor.figures.items() if c in GAS_COLUMNS and c != "kg_co2e"}
    figures = gases or factor.figures
    is_co2e = not gases
    return {
        "factor_id": f"{flow_id}_{component}", "edition": table.edition, "flow_id": flow_id,
        "boundary": component, "basis": "both", "geography": factor.geography,
        "data_year": table.year, "valid_from": f"{table.year}-01-01", "unit": factor.unit,
        **{column: _number(value) for column, value in figures.items()},
        "gwp_set": table.table.gwp_set if is_co2e else "",
        "source_id": table.library,
        "source_locator": f"{factor.name}; {'; '.join(factor.locators)}; "
                          f"{table.file} sha256 {table.sha256}",
        "status": table.table.status,
        "note": "Imported as published" if is_co2e else
                f"Gases from the published CO2e by gas, at the GWP of {table.table.gwp_set}",
    }  # fmt: skip


def _write_source(path: Path, table: ImportedTable) -> None:
    kept = [row for _, row in read_text_table(path).records()] if path.exists() else []
    own = {
        "source_id": table.library, "publisher": table.table.publisher, "title": table.table.title,
        "edition": table.edition, "year": table.year, "licence": table.table.licence,
        "locator": table.table.locator or f"{table.file}, sha256 {table.sha256}",
        "confidence": table.table.status,
    }  # fmt: skip
    others = [row for row in kept if row["source_id"] != table.library]
    write_whole(path, _csv(SOURCE_COLUMNS, [*others, own]))


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
