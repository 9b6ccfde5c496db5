"""What a changed template or export has that the map in force doesn't, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from orchestration.company.source_map import (
    FromColumn,
    Item,
    MonthsAcross,
    MonthsDown,
    Records,
    Sheet,
    SourceMap,
)
from orchestration.ingest.sheet import known_headers
from orchestration.spreadsheets.numbers import fold
from orchestration.starting.drafting import DraftItem, DraftSheet
from orchestration.starting.map_draft import MapDraft, item_lines
from orchestration.starting.words import BRACKETED

LIKE = 70.0
"""Two headers of which so many per cent are alike, are most likely one."""


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
    new, lost = sorted(own - known - rows), sorted((known | rows) - own)
    renamed = _renamed(new, lost, old)
    for header in new:
        item = next((one for one in sheet.items if fold(one.header) == header), None)
        if item is not None and header in renamed:
            was = renamed[header]
            item = _as_before(item, old, was)
            what = f"{header}: most likely {was}, which the files lack"
        else:
            what = f"{header}: the map doesn't know it"
        yield Difference(name, what, tuple(item_lines(sheet, item)) if item else ())
    for header in lost:
        if header not in renamed.values():
            yield Difference(name, f"{header}: the map names it, the files lack it")
    yield from _units(name, sheet, old)
    yield from _texts(name, sheet, old)


def _items_of(old: Sheet) -> Mapping[str, Item]:
    """Items of a sheet by their header or label; none of records, which name theirs otherwise."""
    if isinstance(old, Records):
        return {}
    return old.columns if isinstance(old, MonthsDown) else old.rows


def _renamed(new: Sequence[str], lost: Sequence[str], old: Sheet) -> dict[str, str]:
    """New headers that are nearly one that is lost, and no other; units beside them don't count."""
    items = _items_of(old)
    found: dict[str, str] = {}
    for header in new:
        near = [was for was in lost if was in items and _likeness(header, was) >= LIKE]
        if len(near) == 1:
            found[header] = near[0]
    taken = list(found.values())
    return {header: was for header, was in found.items() if taken.count(was) == 1}


def _likeness(header: str, other: str) -> float:
    one, two = (BRACKETED.sub(" ", text).casefold().strip() for text in (header, other))
    return float(fuzz.ratio(one, two))


def _as_before(item: DraftItem, old: Sheet, was: str) -> DraftItem:
    """An item as the map has it under its former name, with the unit that is stated now."""
    keys = _items_of(old)[was].model_dump(exclude_unset=True, exclude_none=True)
    if "unit" in item.keys:
        keys["unit"] = item.keys["unit"]
    return DraftItem(item.header, keys, [f"as the map says of {was}; look at its unit"])


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
