"""Files as they were handed in, as tables in which every cell has a place that can be linked to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError, column_letters, column_of
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_export import read_erp_export
from orchestration.spreadsheets.workbook import (
    UnreadableWorkbookError,
    is_workbook,
    read_workbook,
)

SHOWN_WHOLE = 2_000
"""Rows of a sheet up to which all are shown; of a longer one those that figures rest on."""
AROUND = 2
"""Rows before and after one that is shown for a figure."""
HEADERS_WITHIN = 20
"""Rows of a text among which its headers stand."""


@dataclass
class HandedIn:
    """One file of a round.

    Attributes:
        name: its path in the data folder, and in a release: `rounds/2022-04/suzhou/washing.xlsx`.
        sheets: its worksheets; a text file is one without a name.
        problem: why it can't be shown; blank when it can.
    """

    name: str
    sheets: list[Grid] = field(default_factory=list)
    problem: str = ""

    @property
    def page(self) -> str:
        """Its page, relative to the release."""
        return f"audit/sheet_{self.name.removeprefix('rounds/').replace('/', '__')}.html"

    def place(self, sheet: str | None, cell: str) -> str | None:
        """The fragment of a cell's address; None where the file has no such cell.

        `cell`: `C5` of a worksheet, `L19:Persons` of a text; of several, the first counts.
        """
        cell = cell.split("|")[0]
        for number, grid in enumerate(self.sheets):
            if grid.lines:
                line, _, header = cell.removeprefix("L").partition(":")
                column = _column_headed(grid, fold(header))
                if line.isdigit() and column is not None:
                    return fragment(number, int(line) - 1, column)
            elif grid.name == sheet:
                letters = cell.rstrip("0123456789")
                if letters.isalpha() and cell != letters:
                    return fragment(number, int(cell[len(letters) :]) - 1, column_of(letters))
        return None

    def text(self, sheet: str | None, cell: str) -> str | None:
        """What stands in a cell, as it is read; None when it is blank or there is no such cell."""
        place = self.place(sheet, cell)
        if place is None:
            return None
        number, row, column = (int(part) for part in place[1:].split("-"))
        grid = self.sheets[number]
        index = grid.lines.index(row + 1) if grid.lines else grid.index_of(row)
        return None if index is None else grid.cell(index, column).text


def _column_headed(grid: Grid, header: str) -> int | None:
    for row in grid.rows[:HEADERS_WITHIN]:
        headers = [fold(str(text)) for text in row]
        if header in headers:
            return headers.index(header)
    return None


def fragment(sheet: int, row: int, column: int) -> str:
    """The id of a cell in its page; all three are counted from 0."""
    return f"c{sheet}-{row}-{column}"


def link(page: str) -> str:
    """A relative path as it stands in `href`."""
    return quote(page)


def read_handed_in(release: Path, name: str) -> HandedIn:
    """A file of a release, read as the gate reads it."""
    path = release / name
    try:
        data = read_file(path)
        if not is_workbook(data):
            return HandedIn(name, [read_erp_export(path, data)])
        book = read_workbook(path, data)
        return HandedIn(name, [book.grid(sheet) for sheet in book.sheet_names])
    except (UnreadableFileError, UnreadableWorkbookError) as error:
        return HandedIn(name, problem=str(error))


@dataclass(frozen=True)
class Row:
    """One row as it is shown.

    Attributes:
        heading: its number, or the line of a text.
        cells: place and text of each.
        skipped: rows left out before it.
    """

    heading: int
    cells: list[tuple[str, str]]
    skipped: int


def shown_rows(number: int, grid: Grid, used: Collection[str]) -> Iterator[Row]:
    """The rows of a sheet. `number`: the sheet's among those of its file; `used`: places."""
    rows = {int(place.split("-")[1]) for place in used if place.startswith(f"c{number}-")}
    near = {row + step for row in rows for step in range(-AROUND, AROUND + 1)}
    is_long = len(grid.rows) > SHOWN_WHOLE
    width, skipped = grid.width, 0
    for index in range(len(grid.rows)):
        row = grid.lines[index] - 1 if grid.lines else grid.numbers[index]
        if is_long and index and row not in near:
            skipped += 1
            continue
        cells = [
            (fragment(number, row, column), grid.cell(index, column).text or "")
            for column in range(width)
        ]
        yield Row(row + 1, cells, skipped)
        skipped = 0


def headings(grid: Grid) -> list[str]:
    """Letters of the columns; a text has none."""
    return [] if grid.lines else [column_letters(column) for column in range(grid.width)]
