"""The grid: what a worksheet and an ERP text file look like to the layouts."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

from orchestration.spreadsheets.numbers import (
    PLAIN,
    NumberFormat,
    asked_back,
    number_text,
    shows_convention,
)


class ErrorValue(str):
    """An error a formula gave, such as #N/A."""

    __slots__ = ()


class NeverCalculated:
    """A formula whose value no program ever stored."""

    __slots__ = ()


NEVER_CALCULATED = NeverCalculated()


class UnreadableFileError(Exception):
    """A file that can't be read at all; the message says why and what to do, `line` where."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Cell(NamedTuple):
    """One cell as typed, its kind, and its number when it is one."""

    text: str | None
    kind: str
    number: float | None


BLANK = Cell(None, "blank", None)
ROWS_LOOKED_AT = 2_000
"""So many rows of an export are enough to see how it writes its numbers."""


@cache
def column_letters(column: int) -> str:
    """A for column 0, AA for column 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_of(letters: str) -> int:
    """0 for column A, 26 for AA."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


Position = tuple[int, int]
"""Row and column of a cell, counted from 0."""


@dataclass(frozen=True)
class Appearance:
    """How a worksheet shows its cells, as far as that may differ from what they hold."""

    formats: Mapping[Position, str] = field(default_factory=dict)
    struck: Collection[Position] = frozenset()
    hidden_rows: Collection[int] = frozenset()
    hidden_columns: Collection[int] = frozenset()
    merged: Sequence[tuple[Position, Position]] = ()
    is_hidden_sheet: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether a person sees what is stored, everywhere."""
        return not (
            self.formats
            or self.struck
            or self.hidden_rows
            or self.hidden_columns
            or self.merged
            or self.is_hidden_sheet
        )

    def hidden_because(self, row: int, column: int) -> str | None:
        """Why nobody sees a cell; None when it can be seen."""
        if self.is_hidden_sheet:
            return "the sheet is hidden"
        if row in self.hidden_rows:
            return f"row {row + 1} is hidden"
        if column in self.hidden_columns:
            return f"column {column_letters(column)} is hidden"
        if self.merged and self.corner_over(row, column) not in (None, (row, column)):
            return "a merged cell lies over it"
        return None

    def corner_over(self, row: int, column: int) -> Position | None:
        """The upper left cell of the merged cells that one lies in."""
        for first, last in self.merged:
            if first[0] <= row <= last[0] and first[1] <= column <= last[1]:
                return first
        return None


@dataclass
class Grid:
    """Rows of values; row and column numbers are those of the file, counted from 0.

    `rows` may leave out rows without values; `numbers` gives the number of each. A row may be
    shorter than the widest one. `has_rounded_results`: results of formulas are stored as shown.
    """

    name: str
    rows: Sequence[list[Any]]
    numbers: Sequence[int]
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    number_format: NumberFormat = PLAIN
    is_text: bool = False
    lines: Sequence[int] = ()
    ragged_lines: Mapping[int, str] = field(default_factory=dict)
    appearance: Appearance | None = None
    is_comma_likely_decimal: bool = False
    has_1904_dates: bool = False
    has_rounded_results: bool = False

    @property
    def width(self) -> int:
        """Columns of the widest row."""
        return max(map(len, self.rows), default=0)

    def value(self, index: int, column: int) -> Any:
        """What stands in a column of the row at this index ('' when blank)."""
        row = self.rows[index]
        return row[column] if column < len(row) else ""

    def cell(self, index: int, column: int) -> Cell:
        """The typed cell in a column of the row at this index."""
        return self.to_cell(self.value(index, column))

    def spread_merged(self, columns: Collection[int]) -> None:
        """Write what a cell says that is merged down a column into each row it covers.

        For words only: a figure in a merged cell is stated once.
        """
        for (first, column), (last, last_column) in (
            self.appearance.merged if self.appearance else ()
        ):
            top = self.index_of(first)
            if column != last_column or column not in columns or top is None:
                continue
            for number in range(first + 1, last + 1):
                index = self.index_of(number)
                if index is not None and self.value(index, column) == "":
                    row = self.rows[index]
                    row.extend([""] * (column + 1 - len(row)))
                    row[column] = self.value(top, column)

    @property
    def to_cell(self) -> Callable[[Any], Cell]:
        """What turns a value of this grid into a typed cell."""
        return cell_reader(self.number_format, self.is_text)

    def typed(self, values: Sequence[Any]) -> Typed:
        """Many values at once; a column of plain numbers takes the short way."""
        if set(map(type, values)) == {float} and math.isfinite(sum(values)):
            texts: list[str | None] = [text.removesuffix(".0") for text in map(repr, values)]
            return Typed(texts, "number", list(values))
        columns: list[list[Any]] = [
            list(column) for column in zip(*map(self.to_cell, values), strict=True)
        ]
        if not columns:
            return Typed([], [], [])
        texts, kinds, numbers = columns
        # a number that a worksheet stores as one has no marks that could mean two things
        stored = "" if self.is_text else "number"
        written = [
            None if kind == stored else text for text, kind in zip(texts, kinds, strict=True)
        ]
        is_known = self.number_format.is_declared or self._shows_convention
        form = replace(self.number_format, is_declared=is_known)
        for place in asked_back(written, form, self.is_comma_likely_decimal):
            kinds[place], numbers[place] = "ambiguous_number", None
        return Typed(texts, kinds, numbers)

    @cached_property
    def _shows_convention(self) -> bool:
        """Whether other numbers of an export leave no doubt: a program writes all of them alike."""
        if not self.is_text:
            return False
        rows = self.rows[:ROWS_LOOKED_AT]
        return shows_convention([text for row in rows for text in row], self.number_format)

    def formula(self, index: int, column: int) -> str | None:
        """The formula behind a cell, with its equals sign."""
        return self.formulas.get((self.numbers[index], column)) if self.formulas else None

    def address(self, index: int, column: int, header: str = "") -> str:
        """A1 in a worksheet; L<line>:<header> in a text file."""
        if self.lines:
            return f"L{self.lines[index]}:{header}"
        return f"{column_letters(column)}{self.numbers[index] + 1}"

    def index_of(self, number: int) -> int | None:
        """Where the row of this number stands in `rows`; None when it holds nothing."""
        if isinstance(self.numbers, range):
            position = number - self.numbers.start
            return position if 0 <= position < len(self.numbers) else None
        try:
            return list(self.numbers).index(number)
        except ValueError:
            return None


class Typed(NamedTuple):
    """Cells of one column or row: text, kind and number of each; one kind may hold for all."""

    texts: list[str | None]
    kinds: list[str] | str
    numbers: list[float | None]


def text_of(value: Any) -> str | None:
    """The text of a cell that isn't read as a quantity; None when it is blank."""
    kind = type(value)
    if kind is str:
        return value if value and not value.isspace() else None
    if kind is date:
        return value.isoformat()
    return cell_reader(PLAIN, True)(value).text


def texts_of(values: Sequence[Any]) -> list[str | None]:
    """The texts of many cells; a column of texts or of days takes the short way."""
    kinds = set(map(type, values))
    if kinds == {date}:
        written = {value: value.isoformat() for value in set(values)}
        return [written[value] for value in values]
    if kinds != {str}:
        return [text_of(value) for value in values]
    blank = [text for text in set(values) if not text or text.isspace()]
    return [None if text in blank else text for text in values] if blank else list(values)


@cache
def cell_reader(number_format: NumberFormat, is_text: bool) -> Callable[[Any], Cell]:
    """A function from value to Cell; in a text file a number is text, so no kind of its own."""
    parse = number_format.parse
    text_number = "number" if is_text else "text_number"

    def of_float(value: float) -> Cell:
        is_finite = math.isfinite(value)
        return Cell(number_text(value), *(("number", value) if is_finite else ("text", None)))

    def of_text(value: str) -> Cell:
        if not value or value.isspace():
            return BLANK
        number = parse(value)
        return Cell(value, "text", None) if number is None else Cell(value, text_number, number)

    readers: dict[type, Callable[[Any], Cell]] = {
        float: of_float,
        int: lambda value: Cell(str(value), "number", float(value)),
        str: of_text,
        bool: lambda value: Cell("TRUE" if value else "FALSE", "boolean", None),
        datetime: lambda value: Cell(_moment(value), "date", None),
        date: lambda value: Cell(value.isoformat(), "date", None),
        time: lambda value: Cell(value.isoformat(), "date", None),
        timedelta: lambda value: Cell(_duration(value), "date", None),
        ErrorValue: lambda value: Cell(str(value), "error", None),
        NeverCalculated: lambda value: Cell(None, "formula_without_value", None),
        type(None): lambda value: BLANK,
    }

    def read(value: Any) -> Cell:
        return readers[type(value)](value)

    return read


def _moment(value: datetime) -> str:
    return value.date().isoformat() if value.time() == time() else value.isoformat()


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
