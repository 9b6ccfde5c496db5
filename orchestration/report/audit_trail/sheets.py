"""Files as they were handed in, as tables in which every cell has a place that can be linked to."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from orchestration.lake.hand_ins import slug_of
from orchestration.spreadsheets.files import TEXT_SUFFIXES, read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError, column_letters, column_of
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_export import headers_in, is_delimited, read_by_headers
from orchestration.spreadsheets.workbook import is_workbook, read_workbook

SHOWN_WHOLE = 2_000
"""Rows of a sheet up to which all are shown; of a longer one those that figures rest on."""
AROUND = 2
"""Rows before and after one that is shown for a figure."""
PADDED = 50
"""Columns up to which a short row is filled up with blanks, so that a sheet looks like one."""
LONGEST_NAME = 200
"""Bytes of a page's name: file systems take 255."""
CELL_OF_A_TEXT = re.compile(r"L(\d+):(.*)", re.DOTALL)
"""`L19:Persons`: line and header."""


@dataclass
class HandedIn:
    """One file of a round.

    Attributes:
        name: its path in the data folder, and in a release: `rounds/2022-04/suzhou/washing.xlsx`.
        sheets: its worksheets; a text file is one without a name.
        problem: why it can't be shown; blank when it can, and for what is no table.
        not_shown: its sheets that can't be read; no figure rests on them.
    """

    name: str
    sheets: list[Grid] = field(default_factory=list)
    problem: str = ""
    not_shown: list[str] = field(default_factory=list)

    @property
    def page(self) -> str:
        """Its page, relative to the release; no two files have the same."""
        place = self.name.removeprefix("rounds/")
        slug = slug_of(place)
        if slug.split("__") != place.split("/") or len(slug.encode()) > LONGEST_NAME:
            slug = f"{slug[: LONGEST_NAME // 5]}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
        return f"audit/sheet_{slug}.html"

    def place(self, sheet: str | None, cell: str) -> str | None:
        """The fragment of a cell's address; None where the file has no such cell.

        `cell`: `C5` of a worksheet, `L19:Persons` of a text.
        """
        for number, grid in enumerate(self.sheets):
            if grid.lines:
                match = CELL_OF_A_TEXT.fullmatch(cell)
                column = _column_headed(grid, fold(match[2])) if match else None
                if match and column is not None and _row_of(grid, int(match[1])) is not None:
                    return fragment(number, int(match[1]) - 1, column)
            elif (grid.name or None) == sheet:
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
        index = _row_of(grid, row + 1) if grid.lines else grid.index_of(row)
        return None if index is None else grid.cell(index, column).text


def _row_of(grid: Grid, line: int) -> int | None:
    """Which row of a text begins in a line; None where none does."""
    row = bisect_left(grid.lines, line)
    return row if row < len(grid.lines) and grid.lines[row] == line else None


def _column_headed(grid: Grid, header: str) -> int | None:
    headed = (headers for _, headers in headers_in(grid.rows) if header in headers)
    return next((headers.index(header) for headers in headed), None)


def fragment(sheet: int, row: int, column: int) -> str:
    """The id of a cell in its page; all three are counted from 0."""
    return f"c{sheet}-{row}-{column}"


def link(page: str) -> str:
    """A relative path as it stands in `href`."""
    return quote(page)


def read_handed_in(folder: Path, name: str, headers: Collection[str] = ()) -> HandedIn:
    """A file of a release, or of a data folder, read as the gate reads it.

    `headers`: some that it has if it is a text, by which it is told how the text is written.
    """
    path = folder / name
    try:
        data = read_file(path)
        if not is_workbook(data):
            is_table = path.suffix.lower() in TEXT_SUFFIXES or is_delimited(data)
            return HandedIn(name, [read_by_headers(path, data, headers)] if is_table else [])
        book = read_workbook(path, data)
    except UnreadableFileError as error:
        return HandedIn(name, problem=str(error))
    read = HandedIn(name)
    for sheet in book.sheet_names:
        try:
            read.sheets.append(book.grid(sheet))
        except UnreadableFileError:
            read.not_shown.append(sheet)
    return read


def headers_of(cells: Iterable[str]) -> set[str]:
    """The headers that addresses of cells of a text name."""
    return {match[2] for match in map(CELL_OF_A_TEXT.fullmatch, cells) if match}


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
    places = [place[1:].split("-") for place in used if place.startswith(f"c{number}-")]
    columns: dict[int, int] = {}
    for _, row, column in (map(int, place) for place in places):
        columns[row] = max(column, columns.get(row, 0))
    near = {row + step for row in columns for step in range(-AROUND, AROUND + 1)}
    is_long = len(grid.rows) > SHOWN_WHOLE
    skipped, padded = 0, min(grid.width, PADDED)
    for index, values in enumerate(grid.rows):
        row = grid.lines[index] - 1 if grid.lines else grid.numbers[index]
        if is_long and index and row not in near:
            skipped += 1
            continue
        texts = [grid.cell(index, column).text or "" for column in range(len(values))]
        filled = max((column for column, text in enumerate(texts) if text), default=0)
        width = max(filled + 1, columns.get(row, 0) + 1, padded)
        cells = [
            (fragment(number, row, column), texts[column] if column < len(texts) else "")
            for column in range(width)
        ]
        yield Row(row + 1, cells, skipped)
        skipped = 0


def headings(grid: Grid, rows: Iterable[Row]) -> list[str]:
    """Letters of the columns that are shown; a text has none."""
    width = 0 if grid.lines else max((len(row.cells) for row in rows), default=0)
    return [column_letters(column) for column in range(width)]
