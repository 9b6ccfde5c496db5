"""Columns of a grid by header, each read once however many items need it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from orchestration.ingest.sheet import header_texts, is_blank
from orchestration.spreadsheets.grid import Grid, Typed, column_letters, text_of, texts_of
from orchestration.spreadsheets.numbers import fold


class Columns:
    """The columns under a header; every list has one entry for each of `rows`."""

    def __init__(
        self, grid: Grid, header_lines: Sequence[int], known: Collection[str] = ()
    ) -> None:
        self._grid = grid
        self._texts: dict[int, list[str | None]] = {}
        self._folded: dict[int, list[str | None]] = {}
        self._typed: dict[int, Typed] = {}
        self._addresses: dict[int, list[str]] = {}
        self._formula_columns: set[int] | None = None
        self.rows = []
        self.headers = header_texts(grid, header_lines, known)
        self.places: dict[str, list[int]] = {}
        for column, header in enumerate(self.headers):
            if header:
                numbered = f"{header} ({len(self.places.get(header, [])) + 1})"
                name = numbered if numbered in known else header
                self.places.setdefault(name, []).append(column)
        self._header_index = grid.index_of(header_lines[-1] - 1)
        last = max(header_lines) - 1
        self.below_header = [index for index, n in enumerate(grid.numbers) if n > last]

    @property
    def rows(self) -> list[int]:
        """Places in the grid of the rows that are read; nothing may have been read before."""
        return self._rows

    @rows.setter
    def rows(self, indices: list[int]) -> None:
        self._rows = indices
        self._cells = [self._grid.rows[index] for index in indices]
        self._filled_width = min(map(len, self._cells), default=0)

    @property
    def headless(self) -> list[int]:
        """Columns that rows fill though no header stands over them."""
        width = max(map(len, self._cells), default=0)
        if self._grid.lines:
            width = min(width, len(self.headers))  # longer lines are ragged, and told of already
        headed = {column for column, header in enumerate(self.headers) if header}
        return [column for column in range(width) if column not in headed]

    def figures_in_header(self) -> list[str]:
        """Where numbers stand in the last line of the headers of a worksheet."""
        index = self._header_index
        if index is None or self._grid.is_text:
            return []
        row = self._grid.rows[index]
        return [
            self._grid.address(index, column)
            for column, value in enumerate(row)
            if type(value) in (float, int)
        ]

    def settle_repeated(self, header: str, is_quantity: bool) -> list[int]:
        """Choose the column that counts of several with one header; returns them where none can be.

        One that is blank all the way says nothing. Two that say the same are one, but for
        quantities, which would count twice.
        """
        places = self.places[header]
        if len(places) < 2:
            return []
        rows = self._grid.rows
        stated = {
            column: [
                text_of(rows[i][column]) if column < len(rows[i]) else None
                for i in self.below_header
            ]
            for column in places
        }
        filled = [column for column in places if any(stated[column])]
        self.places[header] = (filled or places)[:1]
        is_same = all(stated[column] == stated[filled[0]] for column in filled)
        return filled if len(filled) > 1 and (is_quantity or not is_same) else []

    def header_address(self, column: int) -> str:
        """Where the header of a column stands, or should."""
        header = self.headers[column] if column < len(self.headers) else ""
        return self._grid.address(self._header_index or 0, column, header)

    def place_of(self, header: str) -> str | None:
        """Letters of a column, or its header in a text file: the cells' addresses without rows."""
        column = self._column(header)
        if column < 0:
            return None
        return self.headers[column] if self._grid.is_text else column_letters(column)

    def header_addresses(self, columns: Sequence[int]) -> list[str]:
        """Where several headers stand; in a text file their columns are told apart by number."""
        addresses = [self.header_address(column) for column in columns]
        if not self._grid.lines:
            return addresses
        return [f"{a} ({column + 1})" for a, column in zip(addresses, columns, strict=True)]

    def texts(self, header: str) -> list[str | None]:
        """Texts under a header; None for a blank, and for all when the header is absent."""
        column = self._column(header)
        if column not in self._texts:
            self._texts[column] = texts_of(self._values(column))
        return self._texts[column]

    def folded(self, header: str) -> list[str | None]:
        """Texts under a header as they are compared."""
        column = self._column(header)
        if column not in self._folded:
            folded: dict[str | None, str | None] = {None: None}
            texts = self.texts(header)
            for text in set(texts) - {None}:
                folded[text] = fold(text)
            self._folded[column] = [folded[text] for text in texts]
        return self._folded[column]

    def keys(self, header: str, known: Collection[str]) -> list[str | None]:
        """Texts under a header as they are compared with texts that the map knows.

        A cell that holds the number 10 has lost the zeros it is shown with: it stands for 0010
        when that is the only text the map knows for ten, and for none when there are several.
        """
        folded = self.folded(header)
        column = self._column(header)
        if self._grid.is_text or column < 0:
            return folded
        written: dict[float, list[str]] = {}
        for text in known:
            if text.isascii() and text.isdigit():
                written.setdefault(float(text), []).append(text)
        if all(texts == [str(int(number))] for number, texts in written.items()):
            return folded
        return [
            _only(written[value]) if type(value) in (int, float) and value in written else text
            for value, text in zip(self._values(column), folded, strict=True)
        ]

    def line(self, position: int) -> tuple[Any, ...]:
        """Everything that stands in a row, blanks at its end left out."""
        return _filled(self._cells[position])

    def typed(self, column: int) -> Typed:
        """Texts, kinds and numbers of a column."""
        if column not in self._typed:
            self._typed[column] = self._grid.typed(self._values(column))
        return self._typed[column]

    def typed_of(self, header: str) -> Typed:
        """Texts, kinds and numbers under a header; blanks when it is absent."""
        return self.typed(self._column(header))

    def addresses(self, column: int) -> list[str]:
        """Where the cells of a column stand."""
        if column not in self._addresses:
            self._addresses[column] = self._located(column)
        return self._addresses[column]

    def _located(self, column: int) -> list[str]:
        grid = self._grid
        if grid.lines:
            header = self.headers[column]
            return [f"L{grid.lines[index]}:{header}" for index in self.rows]
        letters, numbers = column_letters(column), grid.numbers
        return [f"{letters}{numbers[index] + 1}" for index in self.rows]

    def addresses_of(self, header: str) -> list[str]:
        """Where the cells under a header stand; '' when it is absent."""
        column = self._column(header)
        return self.addresses(column) if column >= 0 else [""] * len(self.rows)

    def formulas(self, column: int) -> list[str | None] | None:
        """Formulas of a column; None when it has none."""
        grid = self._grid
        if self._formula_columns is None:
            self._formula_columns = {place[1] for place in grid.formulas}
        if column not in self._formula_columns:
            return None
        get, numbers = grid.formulas.get, grid.numbers
        return [get((numbers[index], column)) for index in self.rows]

    def _column(self, header: str) -> int:
        return self.places[header][0] if header in self.places else -1

    def _values(self, column: int) -> list[Any]:
        if column < 0:
            return [""] * len(self.rows)
        if column < self._filled_width:
            return [row[column] for row in self._cells]
        return [row[column] if column < len(row) else "" for row in self._cells]


def _only(texts: Sequence[str]) -> str | None:
    return texts[0] if len(texts) == 1 else None


def _filled(row: Sequence[Any]) -> tuple[Any, ...]:
    end = len(row)
    while end and (row[end - 1] == "" or is_blank(row[end - 1])):
        end -= 1
    return tuple(row[:end])
