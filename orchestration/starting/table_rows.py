"""Rows of a published file, whatever its layout: one table, or several blocks of a sheet.

A file is one table below a line of headers, or, as agencies like to publish them, many small tables
below and beside each other, with merged first columns, groups above their headers and units below
them. Either way a row states texts by column and figures with the cell they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from orchestration.spreadsheets.grid import Grid, text_of
from orchestration.spreadsheets.numbers import fold

FIGURE, GROUP, SECTION, SHEET, ITEM = "Figure", "Group", "Section", "Sheet", "Item"
"""Columns that a row of a block has beside those of its headers."""
NAME = "Name"
"""What a column of names is called that has no header."""
UNIT_HEADERS = ("Unit", "Units")
"""Headers that say no part of what a row is."""


class Blocks(BaseModel):
    """How tables stand in a sheet.

    `headers`: texts that a line of headers has. `figure`: a pattern of the headers of figures, or
    with `units_below` of the line below them; its named groups are columns. `after`: a text in the
    line that names the table. `ends`: how the first text behind a table begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: list[str] = Field(min_length=1)
    figure: str
    after: str = ""
    groups_above: bool = False
    units_below: bool = False
    ends: list[str] = Field(default_factory=lambda: ["Source", "Notes", "FAQ"])


@dataclass(frozen=True)
class PublishedRow:
    """What a row of a published file states.

    `figures`: by column, the number and the cell that it stands in.
    """

    texts: Mapping[str, str]
    figures: Mapping[str, tuple[float, str]]


def rows_of_table(
    grid: Grid, first: int, headers: Sequence[str], figures: Sequence[str]
) -> Iterator[PublishedRow]:
    """Each filled row below a line of headers; numbers of the columns that hold figures alone."""
    places = {header: place for place, header in reversed(list(enumerate(headers))) if header}
    for index in range(first, len(grid.rows)):
        texts = {header: _text(grid, index, place) for header, place in places.items()}
        if any(texts.values()):
            found = {c: one for c in figures if (one := _number(grid, index, places[c], c))}
            yield PublishedRow(texts, found)


def rows_of_blocks(grid: Grid, blocks: Blocks) -> Iterator[PublishedRow]:
    """Each figure of each table of a sheet as a row of its own."""
    lines = [[_text(grid, i, p) for p in range(grid.width)] for i in range(len(grid.rows))]
    start = 0
    if blocks.after:
        named = [i for i, line in enumerate(lines) if blocks.after in line]
        if not named:
            return
        start = named[0] + 1
    block: _Block | None = None
    for index in range(start, len(lines)):
        line = lines[index]
        if set(blocks.headers) <= set(line):
            block = _Block(grid, blocks, lines, index)
        elif block is not None and _ends(line, blocks.ends):
            block = None
            if blocks.after:
                return
        elif block is not None:
            yield from block.read(index)


def _ends(line: Sequence[str], ends: Sequence[str]) -> bool:
    first = next((text for text in line if text), "")
    return any(first.startswith(end) for end in ends)


class _Block:
    """One table of a sheet, line by line."""

    def __init__(
        self, grid: Grid, blocks: Blocks, lines: Sequence[Sequence[str]], header: int
    ) -> None:
        self._grid, self._lines = grid, lines
        self._pattern = re.compile(blocks.figure)
        self._has_units = blocks.units_below
        self._headers = lines[header]
        self._figures: dict[int, dict[str, str]] = {}
        if not self._has_units:
            self._take_figures(self._headers)
        above = lines[header - 1] if blocks.groups_above and header else []
        self._groups = _filled_to_the_right(above)
        self._section = ""
        self._above: list[str] = []

    def _take_figures(self, line: Sequence[str]) -> bool:
        """Which columns hold figures, by what a line says of them."""
        found = {}
        for place, text in enumerate(line):
            if (match := self._pattern.fullmatch(text)) is not None:
                found[place] = {FIGURE: text, **{k: v or "" for k, v in match.groupdict().items()}}
        self._figures = found or self._figures
        return bool(found)

    def read(self, index: int) -> Iterator[PublishedRow]:
        """The figures of one line; a line of units or of a section's name has none."""
        line = self._lines[index]
        if self._has_units and self._take_figures(line) or not self._figures:
            return
        numbers = {
            place: one
            for place in self._figures
            if (one := _number(self._grid, index, place, self._headers[place]))
        }
        filled = [text for text in line if text]
        if not numbers and len(filled) == 1:
            self._section = filled[0]
            return
        stated = self._stated(line)
        named = [text for head, text in stated.items() if text and head not in UNIT_HEADERS]
        for place, one in numbers.items():
            group = self._groups[place] if place < len(self._groups) else ""
            yield PublishedRow(
                stated
                | {SHEET: self._grid.name, SECTION: self._section, GROUP: group,
                   ITEM: " | ".join(named)}
                | self._figures[place],
                {FIGURE: one},
            )  # fmt: skip

    def _stated(self, line: Sequence[str]) -> dict[str, str]:
        """Texts beside the figures; a blank below a merged cell is that of the line above."""
        first = min(self._figures)
        texts, is_new = list(line), False
        stated: dict[str, str] = {}
        for place, header in enumerate(self._headers):
            if place in self._figures or not header and place > first:
                continue
            if texts[place]:
                is_new = True
            elif not is_new and self._above:
                texts[place] = self._above[place]
            if texts[place] or header:
                stated.setdefault(header or NAME, texts[place])
        self._above = texts
        return stated


def _filled_to_the_right(line: Sequence[str]) -> list[str]:
    found, last = [], ""
    for text in line:
        last = text or last
        found.append(last)
    return found


def _text(grid: Grid, index: int, place: int) -> str:
    return fold(text_of(grid.value(index, place)) or "")


def _number(grid: Grid, index: int, place: int, header: str) -> tuple[float, str] | None:
    cell = grid.cell(index, place)
    if cell.number is None:
        return None
    address = grid.address(index, place, header)
    return cell.number, f"{grid.name}!{address}" if grid.name else address
