"""What a changed template or export has that the map in force doesn't, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.company.source_map import (
    FromColumn,
    MonthsAcross,
    MonthsDown,
    Records,
    Sheet,
    SourceMap,
)
from orchestration.ingest.sheet import known_headers
from orchestration.spreadsheets.numbers import fold
from orchestration.starting.drafting import DraftSheet
from orchestration.starting.map_draft import MapDraft, item_lines


@dataclass(frozen=True)
class Difference:
    """One thing that differs: where, what, and what the map should say where it should grow."""

    sheet: str
    what: str
    lines: tuple[str, ...] = ()


def differences(draft: MapDraft, in_force: SourceMap) -> list[Difference]:
    """What of files differs from the newest layout of the map in force."""
    layout = max(in_force.layouts, key=lambda one: one.from_round)
    found: list[Difference] = []
    left = list(layout.sheets)
    for sheet in draft.sheets:
        same = _counterpart(sheet, left)
        name = " / ".join(sheet.shape.names) or draft.files[0]
        if same is None:
            is_ignored = {fold(one) for one in sheet.shape.names} & set(layout.ignored_sheets)
            if not is_ignored:
                found.append(Difference(name, "a sheet with figures that the map doesn't read"))
            continue
        left.remove(same)
        found += _of_sheet(name, sheet, same)
    for lost in left:
        found.append(Difference(" / ".join(lost.sheet), "the map reads it, the files lack it"))
    return found


def _counterpart(sheet: DraftSheet, among: list[Sheet]) -> Sheet | None:
    """The sheet of the map that is meant: by name, or by most of its headers."""
    names = {fold(name) for name in sheet.shape.names}
    for one in among:
        if names & {fold(name) for name in one.sheet}:
            return one
    headers = _headers(sheet)
    alike = [one for one in among if len(headers & known_headers(one)) >= len(headers) / 2]
    return alike[0] if alike and not (among[0].sheet and sheet.shape.names[0]) else None


def _headers(sheet: DraftSheet) -> set[str]:
    shape = sheet.shape
    if shape.layout == "months_across":
        named = [shape.item, shape.unit, shape.total, shape.note, *shape.ignored]
    else:
        named = [column.header for column in shape.columns]
        named += [shape.period.header] if shape.period else []
    return {fold(name) for name in named if name}


def _of_sheet(name: str, sheet: DraftSheet, old: Sheet) -> Iterator[Difference]:
    if old.layout != sheet.shape.layout and {old.layout, sheet.shape.layout} != {
        "months_down",
        "records",
    }:
        yield Difference(name, f"it is laid out as {sheet.shape.layout}, the map says {old.layout}")
        return
    if old.header_lines != sheet.shape.header_rows:
        stands = ", ".join(map(str, sheet.shape.header_rows))
        was = ", ".join(map(str, old.header_lines))
        yield Difference(name, f"its headers stand in line {stands}, the map says {was}")
    known = known_headers(old)
    rows = set(old.rows) if isinstance(old, MonthsAcross) else set()
    own = _headers(sheet) | {row.label for row in sheet.shape.rows}
    for header in sorted(own - known - rows):
        lines = tuple(
            line
            for item in sheet.items
            if fold(item.header) == header
            for line in item_lines(sheet, item)
        )
        yield Difference(name, f"{header}: the map doesn't know it", lines)
    for header in sorted((known | rows) - own):
        yield Difference(name, f"{header}: the map names it, the files lack it")
    yield from _units(name, sheet, old)
    yield from _texts(name, sheet, old)


def _units(name: str, sheet: DraftSheet, old: Sheet) -> Iterator[Difference]:
    if isinstance(old, Records):
        return
    items = old.columns if isinstance(old, MonthsDown) else old.rows
    for item in sheet.items:
        was = items.get(fold(item.header))
        unit = item.keys.get("unit")
        if (
            was is not None
            and isinstance(was.unit, str)
            and unit
            and unit not in ("TODO", was.unit)
        ):
            yield Difference(name, f"{item.header}: states {unit}, the map says {was.unit}")


def _texts(name: str, sheet: DraftSheet, old: Sheet) -> Iterator[Difference]:
    """Texts of a column that the map looks up and doesn't know."""
    if not isinstance(old, Records):
        return
    known: dict[str, set[str]] = {}
    stated = [old.facility, old.supplier]
    for reading in old.readings:
        stated += [reading.flow, reading.process, reading.unit, reading.meter]
        for header, texts in reading.when.items():
            known.setdefault(header, set()).update(texts)
    for part in stated:
        if isinstance(part, FromColumn) and part.lookup is not None:
            known.setdefault(part.column, set()).update(part.lookup)
    for column in sheet.shape.columns:
        new = [text for text in column.distinct if text not in known.get(column.header, {text})]
        new = [text for text in new if text not in old.ignored]
        if new:
            yield Difference(name, f"{column.header}: the map doesn't know {', '.join(new)}")
