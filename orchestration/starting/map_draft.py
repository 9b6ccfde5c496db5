"""A map drafted from real files: read, understood sheet by sheet, written as YAML with comments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration.company.data_folder import DataFolder, Round, months_between
from orchestration.company.source_map import (
    FromColumn,
    Item,
    MonthsAcross,
    MonthsDown,
    SourceMap,
    items_of,
    texts_of,
)
from orchestration.ingest.template_marks import sheets_handed_in
from orchestration.lake.hand_ins import ERP
from orchestration.spreadsheets.files import TEXT_SUFFIXES, read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_export import is_delimited, read_erp_export
from orchestration.spreadsheets.workbook import is_workbook, read_workbook
from orchestration.starting.drafting import DraftItem, DraftSheet, FileOwner, draft_sheet
from orchestration.starting.proposing import TODO, CompanyNames, facility_of, names_of
from orchestration.starting.sheet_shape import SheetShape, shape_of

WHEN = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?:_?(?:0[1-9]|1[0-2])(?![0-9])|(?![0-9]))")
"""A year, or a year and a month, in the name of a file."""
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
WORDS_OF_YAML = frozenset("true false yes no on off null y n".split())
WIDEST = 108
"""A comment is broken after so many characters."""


class CannotDraftError(Exception):
    """Files nobody can draft a map from; the message says why and what to do."""


@dataclass
class MapDraft:
    """What a map of some files would say, and what is left to decide."""

    source: str
    files: list[str]
    subject: FileOwner
    sheets: list[DraftSheet]
    passed_over: dict[str, str] = field(default_factory=dict)
    """Sheets that are not read, and why."""
    from_round: str = ""

    @property
    def open_count(self) -> int:
        """Decisions that are left."""
        return sum(sheet.open_count for sheet in self.sheets)

    @property
    def months(self) -> list[date]:
        """The months that the files speak of."""
        return sorted({month for sheet in self.sheets for month in sheet.shape.months})

    def rounds_of(self, data: DataFolder) -> list[Round]:
        """Rounds that cover the months of the files, the one with most of them first."""
        months = set(self.months)
        counted = [(len(months & set(one.months)), one) for one in data.rounds]
        return [one for count, one in sorted(counted, key=lambda c: -c[0]) if count]

    @property
    def text(self) -> str:
        """The map as YAML."""
        return "\n".join(_lines(self)) + "\n"

    def decided(self, but: Collection[str] = ()) -> SourceMap | None:
        """The map of what is decided; what holds a TODO is left out. None where nothing is left.

        `but`: keys of items that may still be open, such as process.
        """
        sheets = [kept for sheet in self.sheets if (kept := _decided(sheet, but))]
        if not sheets:
            return None
        part = MapDraft(
            self.source, self.files, self.subject, sheets, self.passed_over, self.from_round
        )
        return SourceMap.model_validate(yaml.load(part.text, yaml.BaseLoader))


def draft_map(
    data: DataFolder,
    paths: Sequence[Path],
    *,
    source: str | None = None,
    facility: str | None = None,
) -> MapDraft:
    """Draft the map that reads these files, which are of one kind.

    Args:
        data: whose company it is.
        paths: the files: twelve months, five sites, or one.
        source: `stage_<stage>` or `erp_<table>`; by default after the file and its folder.
        facility: the site; by default the folder a file lies in, or the only one.

    Raises:
        CannotDraftError: no sheet of them holds figures with months.
    """
    named = source or _source_of(data, paths[0], facility)
    is_export = named.startswith(f"{ERP}_")
    stages = set(data.company["stages"]["stage_code"])
    stage = named.removeprefix("stage_") if not is_export else None
    names = _names(data, named)
    months = [month for one in data.rounds for month in one.months]
    calendar = _one_year(months)
    shapes: dict[tuple[str, str], list[tuple[SheetShape, FileOwner]]] = {}
    passed_over: dict[str, str] = {}
    for path in paths:
        owner = "" if is_export else _owner(data, path, facility)
        subject = FileOwner(owner, stage if stage in stages else None, is_export)
        for grid in _grids(path):
            found = shape_of(grid, calendar)
            if isinstance(found, str):
                passed_over[grid.name or path.name] = found
                continue
            found.file = path.stem
            key = ("" if found.is_text else fold(grid.name), found.layout)
            shapes.setdefault(key, []).append((found, subject))
    if not shapes:
        told = "; ".join(f"{name}: {why}" for name, why in passed_over.items())
        raise CannotDraftError(
            f"{paths[0].name}: no sheet could be understood ({told}). A sheet needs a line of "
            "headers, and months or days down a column or along a line."
        )
    sheets = [
        draft_sheet(_merged([shape for shape, _ in found]), names, found[0][1])
        for found in shapes.values()
    ]
    subject = next(iter(shapes.values()))[0][1]
    if not is_export and not subject.facility and (site := _only_site(data, sheets)):
        return draft_map(data, paths, source=named, facility=site)
    first = min((one.round for one in data.rounds), default="")
    return MapDraft(named, [path.name for path in paths], subject, sheets, passed_over, first)


def _one_year(months: Sequence[date]) -> tuple[date, ...]:
    """The months of the newest year that has all its own: they name a month without a year."""
    if not months:
        return ()
    newest = max(months)
    return months_between(date(newest.year, 1, 1), date(newest.year, 12, 1))


def _source_of(data: DataFolder, path: Path, facility: str | None) -> str:
    """The source that files of that name are: what changes from year to year, or from site to site,
    is no part of it. A workbook with a sheet for each of several sites is no stage's.
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "_", path.stem).strip("_").lower()
    plain = WHEN.sub("_", name)
    for site in data.company["facilities"].to_dict("records"):
        for called in names_of(site, "facility_id"):
            plain = plain.replace(re.sub(r"[^a-z0-9]+", "_", called.lower()).strip("_") or "_", "_")
    name = re.sub("_+", "_", plain).strip("_") or name
    stages = list(data.company["stages"]["stage_code"])
    if path.parent.name == ERP or path.suffix.lower() in TEXT_SUFFIXES:
        return f"erp_{name or 'export'}"
    if facility is None and len(_sites_of_sheets(data, path)) > 1:
        return f"erp_{name or 'sites'}"
    if name not in stages and len(stages) == 1:
        name = stages[0]
    if not name:
        raise CannotDraftError(
            f"{path.name}: its name says no stage. Give it with --source stage_… "
            f"({', '.join(stages)})."
        )
    return f"stage_{name}"


def _sites_of_sheets(data: DataFolder, path: Path) -> set[str]:
    """The sites that sheets of a workbook are called after."""
    names = CompanyNames(data.company)
    if len(data.company["facilities"]) < 2:
        return set()
    found = (facility_of(names, grid.name).best for grid in _grids(path) if grid.name)
    return {site for site in found if site}


def _only_site(data: DataFolder, sheets: Sequence[DraftSheet]) -> str | None:
    """The site whose processes are the only ones that were found."""
    owners = {
        p["process_id"]: p["facility_id"] for p in data.company["processes"].to_dict("records")
    }
    found = {owners.get(str(item.keys["process"])) for sheet in sheets for item in sheet.items}
    known = found - {None}
    return next(iter(known)) if len(known) == 1 else None


def _owner(data: DataFolder, path: Path, facility: str | None) -> str:
    sites = list(data.company["facilities"]["facility_id"])
    if facility is not None and facility not in sites:
        raise CannotDraftError(f"{facility} is no site of facilities.csv: {', '.join(sites)}.")
    if facility:
        return facility
    folder = path.resolve().parent.name
    return folder if folder in sites else str(sites[0]) if len(sites) == 1 else ""


def _names(data: DataFolder, but: str) -> CompanyNames:
    """The company's names, and what other maps in force call its flows and sites."""
    called: dict[str, set[str]] = {}
    used: dict[str, set[str]] = {}
    sites: dict[str, set[str]] = {}
    for layout in (la for one in data.maps.values() if one.source != but for la in one.layouts):
        for sheet in layout.sheets:
            named: Mapping[str, Item] = {}
            if isinstance(sheet, MonthsDown):
                named = sheet.columns
            elif isinstance(sheet, MonthsAcross):
                named = sheet.rows
            elif isinstance(sheet.facility, FromColumn):
                for text, site in (sheet.facility.lookup or {}).items():
                    sites.setdefault(text, set()).add(site)
            for header, item in named.items():
                if isinstance(item.flow, str):
                    called.setdefault(fold(header), set()).add(item.flow)
            for item in items_of(sheet):
                if isinstance(item.flow, FromColumn):
                    for text, flow in (item.flow.lookup or {}).items():
                        called.setdefault(fold(text), set()).add(flow)
                for flow in texts_of(item.flow) or []:
                    used.setdefault(flow, set()).update(texts_of(item.process) or [])
    return CompanyNames(
        data.company,
        {flow: frozenset(processes) for flow, processes in used.items()},
        _agreed(called),
        _agreed(sites),
    )


def _agreed(found: Mapping[str, set[str]]) -> dict[str, str]:
    """What all agree on."""
    return {text: next(iter(ids)) for text, ids in found.items() if len(ids) == 1}


def _grids(path: Path) -> Iterator[Grid]:
    try:
        data = read_file(path)
        if not is_workbook(data) and (path.suffix.lower() in TEXT_SUFFIXES or is_delimited(data)):
            yield read_erp_export(path, data)
            return
        workbook = read_workbook(path, data)
    except UnreadableFileError as error:
        raise CannotDraftError(f"{path.name}: {error.reason}") from error
    for name in sheets_handed_in(workbook.sheet_names):
        try:
            yield workbook.grid(name)
        except UnreadableFileError:
            continue  # a chart sheet holds no cells


def _merged(shapes: Sequence[SheetShape]) -> SheetShape:
    """One shape of the same sheet in several files: every header and text that one of them has."""
    first = shapes[0]
    for other in shapes[1:]:
        if other.header_rows != first.header_rows:
            raise CannotDraftError(
                f"{first.names[0] or 'the files'}: the headers stand in line {other.header_rows} "
                f"of one file and in line {first.header_rows} of another. Draft them apart."
            )
        known = {row.label for row in first.rows}
        first.rows += [row for row in other.rows if row.label not in known]
        columns = {column.header: column for column in first.columns}
        for column in other.columns:
            if column.header in columns:
                columns[column.header].values += column.values
            else:
                first.columns.append(column)
        first.months = sorted({*first.months, *other.months})
        first.total_rows = list(dict.fromkeys([*first.total_rows, *other.total_rows]))
        first.names = list(dict.fromkeys([*first.names, *other.names]))
        if first.period is not None and other.period is not None:
            first.period.values += other.period.values
    return first


def _lines(draft: MapDraft) -> Iterator[str]:
    yield f"# Drafted from {', '.join(draft.files)}. Behind each item: how sure, and why."
    yield f"# {draft.open_count} left to decide, each marked TODO; the gate refuses a map with one."
    yield f"source: {draft.source}"
    yield f"kind: {ERP if draft.subject.is_export else 'workbook'}"
    yield "layouts:"
    yield f"  - from_round: {_text(draft.from_round, always=True)}"
    decimals = {sheet.shape.decimal for sheet in draft.sheets if sheet.shape.is_text}
    if decimals == {","}:
        yield '    csv: {decimal: ",", thousands: "."}'
    if draft.passed_over and not all(sheet.shape.is_text for sheet in draft.sheets):
        for name, why in draft.passed_over.items():
            yield f"    # {name}: {why}"
        yield f"    ignored_sheets: {_value(list(draft.passed_over))}"
    yield "    sheets:"
    for sheet in draft.sheets:
        yield from _sheet_lines(sheet)


def _sheet_lines(sheet: DraftSheet) -> Iterator[str]:
    mark = "      - "
    for key, value in sheet.keys.items():
        yield f"{mark}{key}: {_value(value)}"
        mark = "        "
    for comment in sheet.comments:
        yield from _comment(comment, 8)
    layout = sheet.shape.layout
    is_records = sheet.keys["layout"] == "records"
    below = "readings" if is_records else "columns" if layout == "months_down" else "rows"
    yield f"        {below}:"
    for item in sheet.items:
        yield from item_lines(sheet, item)


def item_lines(sheet: DraftSheet, item: DraftItem) -> Iterator[str]:
    """One item as a map says it, with the evidence above it."""
    yield from _comment("; ".join(item.comments), 10)
    is_records = sheet.keys["layout"] == "records"
    lead = "- " if is_records else f"{_text(item.header, always=True)}: "
    yield f"          {lead}{_value(item.keys)}"


def _comment(text: str, indent: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) > WIDEST - indent:
            yield f"{' ' * indent}# {line}"
            line = ""
        line = f"{line} {word}" if line else word
    if line:
        yield f"{' ' * indent}# {line}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(k))}: {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(str(value)) if not isinstance(value, int) else str(value)


def _text(text: str, always: bool = False) -> str:
    is_plain = PLAIN.fullmatch(text) and (text in ("true", "false") or
                                          text.lower() not in WORDS_OF_YAML)  # fmt: skip
    return text if is_plain and not always else json.dumps(text, ensure_ascii=False)


def _decided(sheet: DraftSheet, but: Collection[str]) -> DraftSheet | None:
    """A sheet without what is left to decide: undecided columns are passed over."""
    if any(value == TODO or TODO in str(value) for value in sheet.keys.values()):
        return None
    items, left_out = [], []
    for item in sheet.items:
        kept = _decided_item(item, but)
        items += [kept] if kept else []
        if kept is None or kept.keys != item.keys:
            left_out.append(item.header)
    if not items:
        return None
    keys = dict(sheet.keys)
    if keys["layout"] == "records":
        keys |= {"unmatched": "ignore"} if left_out else {}
        named = {str(i.keys["quantity"]) for i in items}
        left_out = [header for header in left_out if header not in named]
    if left_out:
        keys["ignored"] = [*keys.get("ignored", []), *left_out]
    return DraftSheet(sheet.shape, keys, items)


def _decided_item(item: DraftItem, but: Collection[str]) -> DraftItem | None:
    keys = dict(item.keys)
    flow = keys.get("flow")
    if isinstance(flow, Mapping) and "lookup" in flow:
        lookup = {text: one for text, one in flow["lookup"].items() if one != TODO}
        if len(lookup) < len(flow["lookup"]):
            keys["flow"] = {**flow, "lookup": lookup}
            keys["when"] = {flow["column"]: list(lookup)}
        if not lookup:
            return None
    decided = DraftItem(item.header, keys, [])
    return None if set(decided.open_keys) - set(but) else decided
