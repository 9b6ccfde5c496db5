"""Where a person who looks at a sheet sees another figure than the one that is stored, or none.

What contradicts what is stored (85 % over 0.85 kWh, a figure crossed out) and what merely can't be
seen (a hidden row) become rows of their own beside the readings; the gate judges them. So does the
result of a formula that is another as soon as somebody opens the file and it is worked out anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import isclose
from typing import NamedTuple

from orchestration.ingest.reading import Block, Readings
from orchestration.spreadsheets.formula_results import FormulaResults
from orchestration.spreadsheets.grid import Appearance, Grid, Position, column_of
from orchestration.spreadsheets.number_formats import ShownNumber, shown_by
from orchestration.spreadsheets.numbers import number_text

ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")
MONEY = frozenset("¤¥￥€$£")
POWERS = {"k": 1e3, "K": 1e3, "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8, "M": 1e6, "mn": 1e6}
"""What stands behind a number that is shown smaller than it is."""

NAMED = ("facility_id", "process_id", "flow_id", "period_month", "source_sheet")
SHOWN_OTHERWISE, STRUCK_OUT, HIDDEN = "shown_otherwise", "struck_out", "hidden_figure"
STALE = "stale_result"
KINDS = frozenset((SHOWN_OTHERWISE, STRUCK_OUT, HIDDEN, STALE))
"""Kinds of the rows that this module adds; each is about one cell."""

CELLS = ("source_cell", "multiplier_cell")

PLAIN = Appearance()
SETTLED = "settled_look"
"""What such a row becomes when a correction says what counts in its cell."""


class CellLook(NamedTuple):
    """One thing about the look of a cell: its kind, what is seen, and what is stored or why."""

    kind: str
    seen: str
    stored: str


@dataclass
class Looks:
    """The sheets of a hand-in that don't show plain figures; `add_to` adds what that changes."""

    sheets: dict[str | None, _Sheet] = field(default_factory=dict)

    def note(self, grid: Grid) -> None:
        """Remember a sheet that was read."""
        if grid.appearance is not None or grid.formulas:
            self.sheets[grid.name or None] = _Sheet(grid)

    def add_to(self, readings: Readings) -> None:
        """Add a row for each cell that the readings were taken from and that looks otherwise."""
        if not self.sheets:
            return
        seen: set[tuple[str | None, str, str]] = set()
        for block in readings.blocks():
            name = block.columns.get("source_sheet")
            sheet = self.sheets.get(name)
            if sheet is None:
                continue
            for place, address, look in _looks_of(sheet, block):
                if (name, address, look.kind) not in seen:
                    seen.add((name, address, look.kind))
                    readings.add(
                        row_kind=look.kind,
                        source_cell=address,
                        value_text=look.seen,
                        item_text=look.stored,
                        is_required=False,
                        **{named: block.value(named, place) for named in NAMED},
                    )


def _looks_of(sheet: _Sheet, block: Block) -> Iterator[tuple[int, str, CellLook]]:
    """What is to be told of cells that readings were taken from: row of the block, cell and look.

    Of a product no single cell has a unit.
    """
    columns = zip(*map(block.each, ("row_kind", *CELLS, "unit_text")), strict=True)
    for place, (kind, source_cell, multiplier_cells, unit) in enumerate(columns):
        if kind != "reading" or not source_cell:
            continue
        factors = [cell for cell in (multiplier_cells or "").split("|") if cell]
        for address in (source_cell, *factors):
            for look in sheet.looks(address, None if factors else unit):
                yield place, address, look


class _Sheet:
    """A sheet that shows some cells otherwise than as plain figures, or works them out."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.appearance: Appearance = grid.appearance or PLAIN
        self.results = FormulaResults(grid)

    def looks(self, address: str, unit: str | None) -> Iterable[CellLook]:
        """What is to be told of a cell."""
        place = _place(address)
        if place is None:
            return ()
        appearance = self.appearance
        hidden = appearance.hidden_because(*place)
        code = appearance.formats.get(place)
        if hidden or code or place in appearance.struck or place in self.grid.formulas:
            return _looks(self, place, unit, hidden, code)
        return ()


@lru_cache(maxsize=65_536)
def _place(address: str) -> Position | None:
    match = ADDRESS.fullmatch(address)
    return (int(match[2]) - 1, column_of(match[1])) if match else None


def _looks(
    sheet: _Sheet, place: Position, unit: str | None, hidden: str | None, code: str | None
) -> Iterable[CellLook]:
    row, column = place
    index = sheet.grid.index_of(row)
    if index is None:
        return
    value = sheet.grid.value(index, column)
    text = sheet.grid.cell(index, column).text
    if text is None:
        return
    is_struck = place in sheet.appearance.struck
    worked_out = sheet.results.stale(row, column)
    if worked_out is not None:
        yield CellLook(STALE, text, number_text(worked_out))
    if is_struck:
        yield CellLook(STRUCK_OUT, text, "a figure that counts")
    if code and isinstance(value, (int, float)) and not isinstance(value, bool) and value:
        shown = shown_by(code, value)
        if shown.is_nothing:
            hidden = hidden or f"the number format {code} shows nothing"
        elif contradicts(shown, unit):
            seen = f"{number_text(round(value * shown.factor, 6))} {shown.text}".strip()
            yield CellLook(SHOWN_OTHERWISE, seen, f"{text} {unit or ''}".strip())
    if hidden:
        yield CellLook(HIDDEN, text, hidden)


def contradicts(shown: ShownNumber, unit: str | None) -> bool:
    """Whether what is seen is another quantity than the number in the unit that was stated.

    Without a unit (a multiplier, or one that nobody could read) only the size can contradict; a
    share that is shown in percent is the number it is.
    """
    from orchestration.company.units import UnitError, parse

    try:
        stated = parse(unit) if unit else None
    except UnitError:
        return False  # the unit has its own finding
    if shown.is_percent:
        return stated is not None and bool(stated.dimension)
    text = shown.text.strip(" ()（）")
    if shown.is_money or text[:1] in MONEY or text[-1:] in MONEY:
        return stated is not None and "currency" not in str(stated.dimension)
    try:
        beside = parse(text) if text else None
    except UnitError:
        beside = None
    if beside is not None:
        if stated is None or beside.dimension != stated.dimension:
            return stated is not None
        return not isclose(shown.factor * beside.factor, stated.factor, rel_tol=1e-6)
    return not isclose(shown.factor * _power(text, unit), 1, rel_tol=1e-6)


def _power(text: str, unit: str | None) -> float:
    """What a text beside a number multiplies it with: 万, or 万 and the unit itself."""
    return POWERS.get(text.removesuffix(unit or "").strip(), 1.0)
