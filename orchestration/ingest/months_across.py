"""Sheets with one row an item and a column a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from orchestration.company.source_map import Item, MonthsAcross
from orchestration.ingest.periods import month_of
from orchestration.ingest.sheet import (
    MANY_FIGURES,
    SheetContext,
    header_texts,
    is_blank,
    known_headers,
    known_text,
    multiplier_columns,
    process_of,
)
from orchestration.spreadsheets.grid import Typed, column_letters, text_of
from orchestration.spreadsheets.numbers import fold


class MonthsAcrossReader:
    """Reads one such sheet."""

    def __init__(self, sheet: MonthsAcross, context: SheetContext) -> None:
        self.sheet = sheet
        self.context = context
        self.grid = context.grid
        self.headers = header_texts(self.grid, sheet.header_lines, known_headers(sheet))
        self.named: dict[str, int] = {}
        self.month_columns: list[int] = []
        self.months: list[date] = []
        self.rows: dict[str, list[int]] = {}

    def read(self) -> None:
        """Add every reading of the sheet."""
        figures = self._figures_in_header()
        if len(figures) >= MANY_FIGURES:
            self.context.add_shifted(figures)
            return
        self._read_header()
        if self.sheet.unit in self.named:
            self.grid.spread_merged([self.named[self.sheet.unit]])
        if self.sheet.item not in self.named:
            return
        self._find_rows()
        for label, item in self.sheet.rows.items():
            if label not in self.rows:
                self.context.add_absent(label, item)
            for index in self.rows.get(label, []):
                self._add_row(label, item, index)

    def _figures_in_header(self) -> list[str]:
        """Where numbers that are no months stand in the line of the months."""
        index = self.grid.index_of(self.sheet.header_lines[-1] - 1)
        if index is None or self.grid.is_text or len(self.sheet.header_lines) > 1:
            return []
        return [
            self.grid.address(index, column)
            for column, value in enumerate(self.grid.rows[index])
            if type(value) in (float, int)
            and month_of(value, self.context.months, bare_month=True) is None
        ]

    def _read_header(self) -> None:
        sheet, grid = self.sheet, self.grid
        found = (grid.index_of(line - 1) for line in sheet.header_lines)
        lines = [index for index in found if index is not None]
        structural = [h for h in (sheet.item, sheet.unit, sheet.total, sheet.note) if h]
        for column, text in enumerate(self.headers):
            if text in structural:
                self._name(text, column)
            elif text and text not in sheet.ignored:
                value = grid.value(lines[0], column) if len(sheet.header_lines) == 1 else text
                month = month_of(value, self.context.months, date_format=sheet.date_format)
                if month is None:
                    self.context.add_unmapped(text, grid.address(lines[-1], column, text))
                else:
                    self.month_columns.append(column)
                    self.months.append(month)
        # the total of a single month would only repeat it
        needless = sheet.total if len(self.context.months) == 1 else None
        for text in structural:
            if text not in self.named and text != needless:
                self.context.add_absent(text, None, is_required=text != sheet.note)

    def _name(self, header: str, column: int) -> None:
        """Remember where a header stands; a second one with other texts under it is a problem."""
        first = self.named.setdefault(header, column)
        below = [
            index
            for index, number in enumerate(self.grid.numbers)
            if number >= max(self.sheet.header_lines)
            and not is_blank(self.grid.value(index, column))
        ]
        if any(self.grid.value(i, column) != self.grid.value(i, first) for i in below):
            line = self.grid.index_of(max(self.sheet.header_lines) - 1) or 0
            places = [self.grid.address(line, place, header) for place in (first, column)]
            self.context.add_repeated(header, places)

    def _find_rows(self) -> None:
        """Rows of each mapped label; other rows with values are told of."""
        sheet, grid = self.sheet, self.grid
        last_header = max(sheet.header_lines) - 1
        columns = [*self.month_columns]
        if sheet.total in self.named:
            columns.append(self.named[sheet.total])
        for index, number in enumerate(grid.numbers):
            if number <= last_header:
                continue
            label = known_text(self._text(sheet.item, index) or "", sheet.rows)
            if label in sheet.rows:
                self.rows.setdefault(label, []).append(index)
            elif label in sheet.ignored or label in sheet.total_rows:
                continue
            elif all(is_blank(grid.value(index, column)) for column in columns):
                continue  # a section title, a note or a signature
            elif label:
                address = grid.address(index, self.named[sheet.item], sheet.item)
                self.context.add_unmapped(label, address)
            else:
                self._add_nameless(index)

    def _add_nameless(self, index: int) -> None:
        """Values in a row whose label is blank: nobody can tell what they are; they are kept."""
        filled = [c for c in self.month_columns if not is_blank(self.grid.value(index, c))]
        self.context.add(
            len(filled),
            row_kind="reading",
            role="activity",
            sign_multiplier=1.0,
            is_required=True,
            **self._cells(index, filled),
        )

    def _add_row(self, label: str, item: Item, index: int) -> None:
        sheet, grid = self.sheet, self.grid
        typed = self._text(sheet.item, index) or label
        shared = item.fixed | {
            "row_kind": "reading",
            "process_id": process_of(item, self.context.owner),
            "item_text": typed if fold(typed) == label else label,
            "evidence": self._text(sheet.note, index),
        }
        unit = self._text(sheet.unit, index)
        if sheet.unit is not None and unit is not None:
            shared["unit_text"] = unit
            column = self.named[sheet.unit]
            shared["unit_column"] = self.headers[column] if grid.is_text else column_letters(column)
        self.context.add(
            len(self.months),
            period_month=self.months,
            **shared,
            **self._cells(index, self.month_columns),
            **self._multipliers(item),
        )
        if sheet.total in self.named:
            column = self.named[sheet.total]
            if not is_blank(grid.value(index, column)):
                total = shared | {"role": "row_total", "is_required": False}
                total["sign_multiplier"] = float(item.sign)
                self.context.add(1, **total, **self._cells(index, [column]))
        missing = [month for month in self.context.months if month not in self.months]
        if missing:
            self.context.add(
                len(missing),
                period_month=missing,
                value_type="missing",
                sign_multiplier=1.0,
                source_cell=grid.address(index, self.named[sheet.item], sheet.item),
                **shared,
            )

    def _multipliers(self, item: Item) -> dict[str, Any]:
        """What other rows, named by label, multiply or divide by in the same month."""
        found = [self.rows.get(label, [None])[0] for label in item.scaled_by]
        factors = [self._typed(row, self.month_columns) for row in found]
        places = [
            [
                "" if row is None else self.grid.address(row, column, self.headers[column])
                for column in self.month_columns
            ]
            for row in found
        ]
        return multiplier_columns(item, factors, places)

    def _cells(self, index: int, columns: Sequence[int]) -> dict[str, Any]:
        grid = self.grid
        typed = self._typed(index, columns)
        cells: dict[str, Any] = {
            "period_text": [self.headers[column] for column in columns],
            "value_text": typed.texts,
            "value_type": typed.kinds,
            "quantity": typed.numbers,
            "source_cell": [grid.address(index, c, self.headers[c]) for c in columns],
        }
        if grid.formulas:
            cells["formula"] = [grid.formula(index, column) for column in columns]
        return cells

    def _typed(self, index: int | None, columns: Sequence[int]) -> Typed:
        if index is None:
            return self.grid.typed([""] * len(columns))
        return self.grid.typed([self.grid.value(index, column) for column in columns])

    def _text(self, header: str | None, index: int) -> str | None:
        if header not in self.named:
            return None
        return text_of(self.grid.value(index, self.named[header]))
