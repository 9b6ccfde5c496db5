"""What a simple formula gives: sums, differences, products, quotients and ROUND over one sheet.

A workbook stores the result of a formula beside it. Where calculation is manual, or another
program changed a cell, the stored result is that of an earlier state. Only formulas are judged
whose arithmetic is beyond doubt; of everything else nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from math import isclose, isfinite
from typing import Any

from orchestration.spreadsheets.grid import Grid, Position, column_of

CELL = r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})"
TOKEN = re.compile(
    rf"\s*(?:(?P<number>[0-9]+\.?[0-9]*(?:E[+-]?[0-9]+)?|\.[0-9]+)(?![\w.:!])"
    rf"|(?P<cells>{CELL}(?::{CELL})?)(?![\w.:!(])"
    r"|(?P<function>SUM|ROUND)\(|(?P<mark>[-+*/(),;]))\s*"
)
ROW_AND_COLUMN = re.compile(r"\bR[0-9]*C[0-9]+\b")
"""A place as workbooks in XML of 2003 write it; RC1 would be a cell of another kind."""
ODS_CELLS = re.compile(r"\[\.([A-Z$0-9]+)(?::\.([A-Z$0-9]+))?\]")

MOST_CELLS = 4_096
"""A formula over more cells is left alone: a column of running sums would be read squared."""
MOST_NESTED = 20
MOST_DECIMALS = 12
BEYOND_DECIMALS = 1e15
"""From here on a double has no decimals to round."""
RELATIVE_NOISE, NOISE_OF_TERMS = 1e-9, 1e-12
"""What programs that calculate alike may differ by: of the result, and of its largest term."""


class NotSimpleError(Exception):
    """A formula, or a cell that it reads, of another kind than those that are worked out here."""


class FormulaResults:
    """The formulas of one sheet, worked out from the values that are stored in it."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._index = {number: index for index, number in enumerate(grid.numbers)}

    def stale(self, row: int, column: int) -> float | None:
        """What the formula of a cell gives where another number is stored; otherwise None."""
        if row not in self._index or self._grid.has_rounded_results:
            return None
        index = self._index[row]
        stored, formula = self._grid.value(index, column), self._grid.formula(index, column)
        if formula is None or type(stored) not in (int, float):
            return None
        try:
            worked_out = _Calculation(self, formula, (row, column))
        except NotSimpleError:
            return None
        result, noise = worked_out.result, NOISE_OF_TERMS * worked_out.largest
        if not isfinite(result) or isclose(stored, result, rel_tol=RELATIVE_NOISE, abs_tol=noise):
            return None
        return result

    def value(self, row: int, column: int) -> Any:
        """What is stored in a cell, '' for a blank one.

        Raises `NotSimpleError` for the empty text that a formula gave: it is no blank.
        """
        index = self._index.get(row)
        stored = "" if index is None else self._grid.value(index, column)
        if stored == "" and (row, column) in self._grid.formulas:
            raise NotSimpleError
        return stored


class _Calculation:
    """One formula on its way from left to right; `largest` is its largest term."""

    def __init__(self, sheet: FormulaResults, formula: str, place: Position) -> None:
        self._sheet, self._place = sheet, place
        self._tokens = list(_tokens(formula))
        self._next = self._depth = self._cells = 0
        self.largest = 0.0
        self.result = self._sum()
        if self._next < len(self._tokens):
            raise NotSimpleError

    def _take(self, *texts: str) -> str | None:
        """The next token if it is one of these."""
        if self._next < len(self._tokens) and self._tokens[self._next][1] in texts:
            self._next += 1
            return self._tokens[self._next - 1][1]
        return None

    def _noted(self, number: float) -> float:
        self.largest = max(self.largest, abs(number))
        return number

    def _sum(self) -> float:
        total = self._product()
        while sign := self._take("+", "-"):
            part = self._product()
            total = self._noted(total + part if sign == "+" else total - part)
        return total

    def _product(self) -> float:
        product = self._signed()
        while mark := self._take("*", "/"):
            part = self._signed()
            if mark == "/" and not part:
                raise NotSimpleError
            product = self._noted(product * part if mark == "*" else product / part)
        return product

    def _signed(self) -> float:
        sign = 1
        while mark := self._take("+", "-"):
            sign = -sign if mark == "-" else sign
        return sign * self._noted(self._single())

    def _single(self) -> float:
        if self._next == len(self._tokens) or self._depth == MOST_NESTED:
            raise NotSimpleError
        kind, text = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return float(text)
        if kind == "cells":
            return self._number_in(text)
        if text not in ("(", "SUM", "ROUND"):
            raise NotSimpleError
        self._depth += 1
        number = {"(": self._sum, "SUM": self._sum_of, "ROUND": self._rounded}[text]()
        if self._take(")") is None:
            raise NotSimpleError
        self._depth -= 1
        return number

    def _sum_of(self) -> float:
        total = 0.0
        while True:
            kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
            following = self._tokens[self._next + 1 : self._next + 2]
            if kind == "cells" and following and following[0][1] in (",", ";", ")"):
                self._next += 1
                for value in self._values(text):
                    # a sum passes over words; a date would count in it
                    if type(value) in (int, float):
                        total += self._noted(float(value))
                    elif type(value) is not str:
                        raise NotSimpleError
            else:
                total += self._sum()
            if self._take(",", ";") is None:
                return self._noted(total)

    def _rounded(self) -> float:
        number = self._sum()
        if self._take(",", ";") is None:
            raise NotSimpleError
        decimals = self._sum()
        if not decimals.is_integer() or abs(decimals) > MOST_DECIMALS:
            raise NotSimpleError
        if abs(number) >= BEYOND_DECIMALS or not isfinite(number):
            return number
        # programs round the fifteen digits that they show, halves away from zero
        shown = Decimal(f"{number:.15g}")
        return float(shown.quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_UP))

    def _number_in(self, cell: str) -> float:
        """The number in one cell, 0 in a blank one; words and dates are left alone."""
        value, *others = self._values(cell)
        if others or (value != "" and type(value) not in (int, float)):
            raise NotSimpleError
        return float(value or 0)

    def _values(self, cells: str) -> Iterator[Any]:
        """What is stored in the cells of a range, the formula's own cell not among them."""
        corners = [(int(row) - 1, column_of(letters)) for letters, row in re.findall(CELL, cells)]
        (top, left), (bottom, right) = corners[0], corners[-1]
        if bottom < top or right < left:
            raise NotSimpleError
        self._cells += (bottom - top + 1) * (right - left + 1)
        if self._cells > MOST_CELLS:
            raise NotSimpleError
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) == self._place:
                    raise NotSimpleError
                yield self._sheet.value(row, column)


def _tokens(formula: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each part of a formula."""
    text = formula
    if "[." in text:
        text = ODS_CELLS.sub(lambda cells: ":".join(filter(None, cells.groups())), text)
    text = text.removeprefix("=").upper()
    if ROW_AND_COLUMN.search(text):
        raise NotSimpleError
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise NotSimpleError
        kind = str(match.lastgroup)  # the corners of a range are no kinds of their own
        yield kind, match[kind]
        place = match.end()
