"""Where a person who looks at a sheet sees another figure than the one that is stored, or none.

What contradicts what is stored (85 % over 0.85 kWh, a figure crossed out) and what merely can't be
seen (a hidden row) become rows of their own beside the readings; the gate judges them. So does the
result of a formula that is another as soon as somebody opens the file and it is worked out anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose
from typing import Any, NamedTuple

from orchestration.ingest.reading import Readings
from orchestration.spreadsheets.formula_results import FormulaResults
from orchestration.spreadsheets.grid import Appearance, Grid, column_of
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

    grids: dict[str | None, tuple[Grid, FormulaResults]] = field(default_factory=dict)

    def note(self, grid: Grid) -> None:
        """Remember a sheet that was read."""
        if grid.appearance is not None or grid.formulas:
            self.grids[grid.name or None] = grid, FormulaResults(grid)

    def add_to(self, readings: Readings) -> None:
        """Add a row for each cell that the readings were taken from and that looks otherwise."""
        if not self.grids:
            return
        seen: set[tuple[str | None, str, str]] = set()
        for row in _cells(readings):
            if row["source_sheet"] not in self.grids:
                continue
            grid, results = self.grids[row["source_sheet"]]
            for address, unit in _addresses(row):
                for look in _looks(grid, results, address, unit):
                    key = (row["source_sheet"], address, look.kind)
                    if key not in seen:
                        seen.add(key)
                        readings.add(
                            row_kind=look.kind,
                            source_cell=address,
                            value_text=look.seen,
                            item_text=look.stored,
                            is_required=False,
                            **{name: row[name] for name in NAMED},
                        )


def _cells(readings: Readings) -> Iterator[dict[str, Any]]:
    """The readings that carry a value, with what of them is looked at."""
    columns = [*NAMED, "row_kind", "source_cell", "multiplier_cell", "unit_text", "role"]
    for row in readings.columns(columns).to_pylist():
        if row["row_kind"] == "reading" and row["source_cell"]:
            yield row


def _addresses(row: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The cells of a reading, each with its unit; of a product no single cell has one."""
    factors = [cell for cell in (row["multiplier_cell"] or "").split("|") if cell]
    yield row["source_cell"], None if factors else row["unit_text"]
    for cell in factors:
        yield cell, None


def _looks(
    grid: Grid, results: FormulaResults, address: str, unit: str | None
) -> Iterable[CellLook]:
    match = ADDRESS.fullmatch(address)
    index = grid.index_of(int(match[2]) - 1) if match else None
    if match is None or index is None:
        return
    row, column = place = int(match[2]) - 1, column_of(match[1])
    appearance: Appearance = grid.appearance or PLAIN
    is_struck = place in appearance.struck
    hidden = appearance.hidden_because(row, column)
    code = appearance.formats.get(place)
    if not (is_struck or hidden or code or place in grid.formulas):
        return
    value = grid.value(index, column)
    text = grid.cell(index, column).text
    if text is None:
        return
    worked_out = results.stale(row, column)
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
