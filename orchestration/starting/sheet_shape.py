"""How a sheet nobody described yet is laid out: where its headers, months, units and totals are.

Nothing here knows a company. What is found are places and texts; what they mean is proposed in
`proposing.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from orchestration.company.units import AmbiguousUnitError, UnitError, parse
from orchestration.ingest.periods import day_of, is_serial, month_of
from orchestration.ingest.sheet import is_blank
from orchestration.spreadsheets.grid import Grid, text_of
from orchestration.spreadsheets.number_formats import shown_by
from orchestration.spreadsheets.numbers import NumberFormat, fold, shows_convention
from orchestration.starting.words import CHINESE, says

A_YEAR = tuple(date(2021, month, 1) for month in range(1, 13))
"""Gives a month without its year some year: enough to see that it is a month."""
TITLE_LINES = 30
"""Headers stand among so many lines."""
MOSTLY = 0.7
IN_BRACKETS = re.compile(r"[(（\[]([^()（）\[\]]+(?:\([^()]*\))?)[)）\]]")
SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/(20[0-9]{2})")
TWO_DAYS = re.compile(r"(.{8,11}?)\s*(?:-|–|~|至|to)\s*(.{8,11})")
COMMA = NumberFormat(",", ".", True)
POINT = NumberFormat(".", ",", True)

Layout = Literal["months_down", "months_across", "records"]


@dataclass
class ColumnSeen:
    """One column below the headers."""

    place: int
    header: str
    values: list[Any]
    kind: Literal["number", "text", "day", "month", "blank"]
    unit: str | None = None
    unit_problem: str | None = None
    """Why the unit that seems to be said is not taken: it means two things, or is contradicted."""

    @property
    def texts(self) -> list[str]:
        """The filled cells as they are compared, in order."""
        return [fold(text) for text in map(text_of, self.values) if text]

    @property
    def distinct(self) -> list[str]:
        """Each text once."""
        return list(dict.fromkeys(self.texts))


@dataclass
class RowSeen:
    """One line of a sheet whose months stand across."""

    label: str
    unit: str | None
    unit_problem: str | None = None
    numbers: int = 0


@dataclass
class SheetShape:
    """What a sheet looks like to somebody who has never seen it."""

    names: list[str]
    layout: Layout
    header_rows: list[int]
    title: str
    period: ColumnSeen | None = None
    columns: list[ColumnSeen] = field(default_factory=list)
    rows: list[RowSeen] = field(default_factory=list)
    item: str = ""
    unit: str | None = None
    total: str | None = None
    note: str | None = None
    ignored: list[str] = field(default_factory=list)
    total_rows: list[str] = field(default_factory=list)
    date_format: str | None = None
    months: list[date] = field(default_factory=list)
    decimal: str = "."
    is_text: bool = False
    file: str = ""
    """What the file is called; `electricity_bills` says what an export is about."""


def shape_of(grid: Grid, months: Sequence[date] = ()) -> SheetShape | str:
    """The shape of a sheet, or why it has none: a cover, a list, a note."""
    if not any(_number(grid, value) is not None for row in grid.rows for value in row):
        return "no figures stand in it"
    decimal = "." if not grid.is_text or not _writes_commas(grid) else ","
    if decimal == ",":
        grid.number_format = COMMA
    calendar = tuple(months) or A_YEAR
    shape = _months_across(grid, calendar) or _down(grid, calendar)
    if isinstance(shape, SheetShape):
        shape.decimal = decimal
        shape.is_text = grid.is_text
    return shape


def unit_in(text: str) -> tuple[str | None, str | None]:
    """The unit that a header states, and what is wrong with it where it can't be taken."""
    folded = fold(text)
    bracketed = [found.strip() for found in IN_BRACKETS.findall(folded)]
    tail = [part.strip() for part in re.split(r"[,，/:：]", folded, maxsplit=1)[1:]]
    words = folded.split(" ")
    candidates = [*reversed(bracketed), *tail, words[-1], " ".join(words[-2:]), folded]
    for candidate in candidates:
        try:
            if len(candidate) == 1 and candidate not in bracketed and not CHINESE.match(candidate):
                continue  # a letter at the end of a name is no unit
            parse(candidate)
        except AmbiguousUnitError as error:
            return None, str(error)
        except UnitError:
            continue
        return candidate, None
    return None, None


def _months_across(grid: Grid, months: tuple[date, ...]) -> SheetShape | None:
    for index, row in enumerate(grid.rows[:TITLE_LINES]):
        places = {place: found for place, value in enumerate(row)
                  if (found := _month_header(value, months)) is not None}  # fmt: skip
        first = min(places, default=0)
        labels = [place for place in range(first) if not is_blank(row[place])]
        if not places or not labels or len(set(places.values())) < len(places):
            continue
        heads = [fold(text_of(row[place]) or "") for place in labels]
        is_headed = any(says("item", head) or says("unit", head) for head in heads)
        if len(places) == 1 and not is_headed:
            continue  # the date of a title block
        shape = _rows_below(grid, index, places, labels)
        if shape is not None and shape.rows:
            return shape
    return None


def _rows_below(
    grid: Grid, header: int, places: dict[int, date], labels: list[int]
) -> SheetShape | None:
    row = grid.rows[header]
    below = range(header + 1, len(grid.rows))
    texts = {place: [fold(text_of(grid.value(i, place)) or "") for i in below] for place in labels}
    wordy = [place for place in labels if any(t and _plain_number(t) is None for t in texts[place])]
    if not wordy:
        return None
    header_of = {place: fold(text_of(row[place]) or "") for place in range(len(row))}
    unit = next((p for p in wordy if says("unit", header_of[p]) or _are_units(texts[p])), None)
    named = [place for place in wordy if place != unit]
    if not named:
        return None
    item = next((p for p in named if says("item", header_of[p])), named[0])
    shape = SheetShape(
        [grid.name], "months_across", [grid.numbers[header] + 1], _title(grid, header),
        item=header_of[item], unit=header_of[unit] if unit is not None else None,
        months=sorted(places.values()),
    )  # fmt: skip
    for place, text in header_of.items():
        if place in places or place in (item, unit) or not text:
            continue
        if says("total", text):
            shape.total = text
        elif says("note", text):
            shape.note = text
        else:
            shape.ignored.append(text)
    for i in below:
        label = fold(text_of(grid.value(i, item)) or "")
        figures = sum(_number(grid, grid.value(i, place)) is not None for place in places)
        if not label or not figures:
            continue
        if says("total", label):
            shape.total_rows.append(label)
            continue
        said = fold(text_of(grid.value(i, unit)) or "") if unit is not None else None
        stated, problem = (said, None) if said else unit_in(label)
        if problem is None and stated:
            problem = _contradicted(grid, i, list(places), stated)
        shape.rows.append(RowSeen(label, stated, problem, figures))
    return shape


def _down(grid: Grid, months: tuple[date, ...]) -> SheetShape | str:
    found = _period_column(grid, months)
    if found is None:
        return "no column of months or days, and no line of months, was found"
    place, first, date_format = found
    lines = _header_lines(grid, first, place)
    if not lines:
        return "no line of headers stands above its first month"
    headers = _joined(grid, lines)
    if not headers[place : place + 1] or not headers[place]:
        return "the column of its months has no header"
    data = [i for i in range(first, len(grid.rows)) if _is_period(grid.value(i, place), months)]
    columns = []
    for at, header in enumerate(headers):
        if header:
            columns.append(_column(grid, at, header, data, months))
    repeated = [name for name, count in Counter(c.header for c in columns).items() if count > 1]
    for name in repeated:
        again = [column for column in columns if column.header == name][1:]
        for number, column in enumerate(again, start=2):
            column.header = f"{name} ({number})"
    period = next(column for column in columns if column.place == place)
    shape = SheetShape(
        [grid.name], "records", [grid.numbers[i] + 1 for i in lines], _title(grid, lines[0]),
        period=period, columns=[column for column in columns if column is not period],
        date_format=date_format,
    )  # fmt: skip
    shape.months = sorted(
        {
            m
            for v in period.values
            if (m := month_of(v, months, bare_month=True, date_format=date_format))
        }  # fmt: skip
    )
    others = (fold(text_of(grid.value(i, place)) or "") for i in range(first, len(grid.rows)))
    shape.total_rows = list(dict.fromkeys(text for text in others if text and says("total", text)))
    if _is_months_down(shape):
        shape.layout = "months_down"
    return shape


def _is_months_down(shape: SheetShape) -> bool:
    """Whether each month has one line, and no column says what the line is about."""
    period = shape.period
    if period is None or period.kind != "month" or len(shape.months) < len(period.values):
        return False
    wordy = [c for c in shape.columns if c.kind == "text" and not _is_aside(c)]
    return not wordy


def _is_aside(column: ColumnSeen) -> bool:
    return any(says(role, column.header) for role in ("note", "person", "index"))


def _period_column(grid: Grid, months: tuple[date, ...]) -> tuple[int, int, str | None] | None:
    """(column, first line, strptime format) of the column that says when."""
    best: tuple[float, int, int, str | None] | None = None
    for place in range(grid.width):
        values = [grid.value(i, place) for i in range(len(grid.rows))]
        filled = [i for i, value in enumerate(values) if not is_blank(value)]
        date_format = _slashes([str(values[i]) for i in filled])
        hits = [i for i in filled if _is_period(values[i], months)]
        if not hits or len(hits) < MOSTLY * len([i for i in filled if i >= hits[0]]) - 3:
            continue
        header = fold(text_of(grid.value(max(hits[0] - 1, 0), place)) or "")
        word = 2.0 if says("period", header) else 1.0 if says("day", header) else 0.0
        if not word and all(_is_bare(values[i]) for i in hits):
            continue  # quantities that could be months, or days as a spreadsheet counts them
        score = word + len(hits) / len(grid.rows) - place / 1000
        if best is None or score > best[0]:
            best = (score, place, hits[0], date_format)
    return best[1:] if best else None


def _is_bare(value: Any) -> bool:
    return type(value) in (float, int) or isinstance(value, str) and value.strip().isdigit()


def _is_period(value: Any, months: tuple[date, ...]) -> bool:
    if month_of(value, months, bare_month=True) is not None:
        return True
    if not isinstance(value, str):
        return False
    text = fold(value)
    return bool(SLASHED.fullmatch(text)) or span_of(text) is not None


def span_of(text: str) -> tuple[date, date] | None:
    """First and last day of a bill that stand in one cell."""
    match = TWO_DAYS.fullmatch(text)
    days = [day_of(part) for part in match.groups()] if match else []
    return (days[0], days[1]) if len(days) == 2 and days[0] and days[1] else None


def _slashes(texts: Sequence[str]) -> str | None:
    """How 10/17/2024 is meant: `TODO` where nothing in the column says."""
    parts = [match.groups() for text in texts if (match := SLASHED.fullmatch(fold(text)))]
    if not parts:
        return None
    if any(int(first) > 12 for first, _, _ in parts):
        return "%d/%m/%Y"
    return "%m/%d/%Y" if any(int(second) > 12 for _, second, _ in parts) else "TODO"


def _header_lines(grid: Grid, first: int, place: int) -> list[int]:
    """Places of the lines that make up the header above the first line of figures."""
    above = [i for i in range(first - 1, -1, -1) if _texts(grid, i)]
    if not above:
        return []
    last = above[0]
    if len(above) > 1 and above[0] - above[1] == 1:
        texts = _texts(grid, last)
        units = [text for text in texts if unit_in(text)[0] and len(text) < 20]
        is_below = is_blank(grid.value(last, place)) and not is_blank(grid.value(above[1], place))
        if is_below and len(units) >= MOSTLY * len(texts):
            return [above[1], last]
        grouped = len(set(texts)) < len(texts) and len(_texts(grid, above[1])) > 1
        if is_below or grouped:
            return [above[1], last]
    return [last]


def _column(
    grid: Grid, place: int, header: str, data: Sequence[int], months: tuple[date, ...]
) -> ColumnSeen:
    values = [grid.value(i, place) for i in data]
    filled = [value for value in values if not is_blank(value)]
    seen = ColumnSeen(place, header, values, _kind(grid, header, filled, months))
    if seen.kind == "number":
        seen.unit, seen.unit_problem = unit_in(header)
        shown = _unit_of_formats(grid, data, place)
        if shown and not seen.unit and not seen.unit_problem:
            seen.unit = shown
        elif shown and seen.unit and parse(shown) != parse(seen.unit):
            seen.unit_problem = f"the header says {seen.unit}, the cells are shown in {shown}"
    return seen


def _kind(
    grid: Grid, header: str, filled: Sequence[Any], months: tuple[date, ...]
) -> Literal["number", "text", "day", "month", "blank"]:
    if not filled:
        return "blank"
    is_period = says("period", header) or says("day", header)
    numbers = [value for value in filled if _number(grid, value) is not None]
    if len(numbers) >= MOSTLY * len(filled) and not is_period:
        return "text" if _are_codes(grid, header, filled) else "number"
    dated = [v for v in filled if _is_period(v, months)]
    if len(dated) < MOSTLY * len(filled):
        return "text"
    full = [v for v in dated if (d := day_of(v)) is not None and (not _is_first(v) or d.day != 1)]
    return "day" if full or any(SLASHED.fullmatch(str(v)) for v in dated) else "month"


def _is_first(value: Any) -> bool:
    """Whether a day stands for its month: the first of it, as programs write months."""
    day = day_of(value)
    return day is None or day.day == 1


def _are_codes(grid: Grid, header: str, filled: Sequence[Any]) -> bool:
    """Whether digits are a name: a plant, a document, a material."""
    if unit_in(header)[0]:
        return False
    if any(says(role, header) for role in ("document", "site", "code", "kind_of_record")):
        return True
    texts = {fold(str(value)) for value in filled}
    is_digits = all(text.isdigit() for text in texts) and len(set(map(len, texts))) == 1
    return grid.is_text and is_digits and len(texts) > 1 and all(t[0] == "0" for t in texts)


def _unit_of_formats(grid: Grid, data: Sequence[int], place: int) -> str | None:
    """The unit that number formats show beside every figure of a column."""
    if grid.appearance is None or not grid.appearance.formats:
        return None
    shown = set()
    for i in data:
        value = grid.value(i, place)
        code = grid.appearance.formats.get((grid.numbers[i], place))
        if type(value) in (float, int):
            shown.add(shown_by(code, value).text.strip() if code else "")
    only = shown.pop() if len(shown) == 1 else ""
    try:
        return only if only and parse(only) else None
    except UnitError:
        return None


def _contradicted(grid: Grid, index: int, places: Sequence[int], unit: str) -> str | None:
    shown = {_unit_of_formats(grid, [index], place) for place in places} - {None}
    for text in shown:
        try:
            if text and parse(text) != parse(unit):
                return f"the line says {unit}, its cells are shown in {text}"
        except UnitError:
            return None
    return None


def _month_header(value: Any, months: tuple[date, ...]) -> date | None:
    if isinstance(value, datetime | date | str) or is_serial(value):
        return month_of(value, months)
    return None


def _texts(grid: Grid, index: int) -> list[str]:
    texts = (text_of(value) for value in grid.rows[index])
    return [fold(text) for text in texts if text and _plain_number(text) is None]


def _joined(grid: Grid, lines: Sequence[int]) -> list[str]:
    width = max(len(grid.rows[i]) for i in lines)
    return [
        fold(" ".join(text for i in lines if (text := text_of(grid.value(i, place)))))
        for place in range(width)
    ]


def _title(grid: Grid, header: int) -> str:
    texts = (text for index in range(header) for text in _texts(grid, index))
    return " ".join(texts)[:200]


def _are_units(texts: Sequence[str]) -> bool:
    filled = {text for text in texts if text}
    return bool(filled) and all(is_unit(text) for text in filled)


def is_unit(text: str) -> bool:
    """Whether a text alone is a unit."""
    try:
        parse(text)
    except UnitError:
        return False
    return True


def _number(grid: Grid, value: Any) -> float | None:
    if isinstance(value, bool | date | timedelta):
        return None
    if isinstance(value, float | int):
        return float(value)
    return grid.number_format.parse(value) if isinstance(value, str) else None


def _plain_number(text: str) -> float | None:
    return POINT.parse(text)


def _writes_commas(grid: Grid) -> bool:
    texts = [text for row in grid.rows for text in row if isinstance(text, str) and text]
    return shows_convention([t for t in texts if COMMA.parse(t) is not None], COMMA)
