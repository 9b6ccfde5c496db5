"""Sheets with a line a month, and sheets with a line a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from orchestration.collection.template.cells import (
    BLANK_RESULT,
    INPUT_HEIGHT,
    LINE_HEIGHT,
    Cells,
    is_closing,
    is_not_summed,
    lines_of,
    width_of,
)
from orchestration.collection.template.entry import choice_rule, day_rule
from orchestration.collection.template.plan import TemplateColumn
from orchestration.company.source_map import MonthsDown, Records
from orchestration.company.units import UnitError, conversion
from orchestration.ingest.sheet import process_of
from orchestration.ingest.template_marks import annotated

FIRST_LINES, LINES_A_MONTH, FEWEST_LINES, SPARE_LINES = 30, 8, 10, 2
FIRST_WIDTH, NUMBER_WIDTH, NOTE_WIDTH, WIDEST_CHOICE = 19, 14, 28, 30


class RowPage:
    """Writes one such sheet."""

    def __init__(self, cells: Cells, sheet: MonthsDown | Records) -> None:
        self.cells, self.sheet = cells, sheet
        self.page, self.template, self.look = cells.page, cells.template, cells.look
        self.columns = self.template.columns(sheet)
        self.top = sheet.header_lines[-1]

    @property
    def widths(self) -> list[int]:
        """Letters in each column."""
        return [self._width(number) for number in range(len(self.columns))]

    def write(self) -> None:
        """Headers, and the lines to fill in."""
        self._headers()
        self.page.freeze_panes(self.top, 1)
        if isinstance(self.sheet, MonthsDown):
            self._months(self.sheet)
        else:
            self._records(self.sheet)

    def _records(self, sheet: Records) -> None:
        bottom = self.top + self._line_count(sheet) - 1
        for number, column in enumerate(self.columns):
            area = (self.top, number, bottom, number)
            if column.kind == "number":
                self.cells.numbers(area, column)
            else:
                self._texts(area, column)

    def _line_count(self, sheet: Records) -> int:
        """Twice the lines of the last period for as many months; many when none is known."""
        last, months = self.template.last, len(self.template.round.months)
        known = len(last.records.get(sheet.sheet[0] if sheet.sheet else "", ()))
        if not known:
            return max(FIRST_LINES, LINES_A_MONTH * months)
        return max(FEWEST_LINES, math.ceil(SPARE_LINES * known / len(last.months) * months))

    def _months(self, sheet: MonthsDown) -> None:
        months, top = self.template.round.months, self.top
        bottom = top + len(months) - 1
        has_total = bool(sheet.total_rows) and len(months) > 1
        if sheet.header_lines[0] > 2:
            self._bands(sheet.header_lines[0] - 2)
        for row, month in enumerate(months, start=top):
            self.page.write_datetime(row, 0, month, self.look.month)
            self.page.set_row(row, INPUT_HEIGHT)
        recalls = bottom + 1 + has_total if self.template.last.readings else None
        for number, column in enumerate(self.columns[1:], start=1):
            self._month_column(column, (top, number, bottom, number), recalls)
        if has_total:
            self._totals(sheet, bottom)
        if recalls is not None:
            self._recalled_label(recalls)

    def _month_column(
        self, column: TemplateColumn, area: tuple[int, int, int, int], recalls: int | None
    ) -> None:
        if column.kind != "number":
            self._texts(area, column)
            return
        item = column.items[0] if len(column.items) == 1 else None
        value = None
        if item is not None and item.is_fixed and recalls is not None:
            unit = self.template.unit(self.sheet, column.header, item)
            value = self.template.last.value(self.sheet, column.header, item, unit)
        if recalls is not None:
            self.cells.recall(recalls, area[1], value)
        formula = self._consumption(column)
        if formula is None:
            place = None if recalls is None else (recalls, area[1])
            self.cells.numbers(area, column, value, place)
            return
        for row in range(area[0], area[2] + 1):
            self.page.write_formula(row, area[1], formula(row), self.look.total, BLANK_RESULT)
        self.cells.fractions(*area)

    def _recalled_label(self, row: int) -> None:
        items = [item for column in self.columns for item in column.items]
        title = self.cells.recalled_title(any(map(is_closing, items)))
        self.page.write_string(row, 0, title, self.look.reference_label)
        self.page.set_row(row, max(2, lines_of(title, FIRST_WIDTH)) * LINE_HEIGHT)

    def _totals(self, sheet: MonthsDown, bottom: int) -> None:
        row = bottom + 1
        self.page.write_string(row, 0, sheet.total_rows[0], self.look.total_label)
        self.page.set_row(row, INPUT_HEIGHT)
        for number, column in enumerate(self.columns):
            if column.kind != "number":
                continue
            if column.items and not is_not_summed(column.items[0]):
                self.cells.sum(row, number, (self.top, number), (bottom, number))
            else:
                self.page.write_blank(row, number, None, self.look.total)

    def _consumption(self, column: TemplateColumn) -> Callable[[int], str] | None:
        """What went through a meter, where the sheet states both its readings as well."""
        item = column.items[0] if column.items else None
        if item is None or item.role != "check" or not isinstance(item.meter, str):
            return None
        places = {
            other.items[0].role: (number, other.items[0].unit)
            for number, other in enumerate(self.columns)
            if other.items and other.items[0].meter == item.meter
        }
        multiplier = self.cells.words.multiplier(item.meter)
        if multiplier is None or not {"meter_start", "meter_end"} <= places.keys():
            return None
        (start, _), (end, unit) = places["meter_start"], places["meter_end"]
        try:
            size = multiplier * conversion(str(unit), str(item.unit))
        except UnitError:
            return None

        def formula(row: int) -> str:
            first, last = (xl_rowcol_to_cell(row, place) for place in (start, end))
            return f'=IF(COUNT({first},{last})<2,"",({last}-{first})*{size!r})'

        return formula

    def _texts(self, area: tuple[int, int, int, int], column: TemplateColumn) -> None:
        """Cells for days, months, choices, documents and notes."""
        look, lists, months = self.look, self.cells.lists, self.template.round.months
        format_: Format = look.optional_text
        rule: dict[str, Any] | None = None
        if column.kind == "period" and isinstance(self.sheet, Records):
            if self.sheet.span:  # a bill may begin or end outside the round
                format_ = look.text if self.sheet.span.column else look.day
            elif self.sheet.period:
                format_, rule = look.month_input, choice_rule(lists.source(months), column.header)
            else:
                format_, rule = look.day, day_rule(months)
        elif column.choices:
            format_, rule = look.choice, choice_rule(lists.source(column.choices), column.header)
        elif column.kind == "choice" or column.header == getattr(self.sheet, "document", None):
            format_ = look.text
        self.cells.fill(area, format_)
        if rule:
            self.page.data_validation(*area, rule)

    def _bands(self, row: int) -> None:
        """Which process the columns below belong to."""
        height = 2
        numbers = range(len(self.columns))
        for process, group in groupby(numbers, key=lambda one: self._process(self.columns[one])):
            places = list(group)
            if not process:
                continue
            name = self.cells.words.name("processes", process).joined("\n")
            height = max(height, lines_of(name, NUMBER_WIDTH * len(places)))
            if len(places) > 1:
                self.page.merge_range(row, places[0], row, places[-1], name, self.look.band)
            else:
                self.page.write_string(row, places[0], name, self.look.band)
        self.page.set_row(row, height * LINE_HEIGHT)

    def _process(self, column: TemplateColumn) -> str | None:
        return process_of(column.items[0], self.template.facility_id) if column.items else None

    def _headers(self) -> None:
        """Header texts as the map has them; where it has two lines, name above and unit below."""
        first, *others = [line - 1 for line in self.sheet.header_lines]
        height = 2
        for number, column in enumerate(self.columns):
            width = self._width(number)
            self.page.set_column(number, number, width)
            name, unit = column.header, ""
            if others and name.endswith(")") and " (" in name:
                name, _, unit = name.rpartition(" ")
            other = self._explanation(column)
            self.cells.explained(first, number, name, other, self.look.header)
            for line in others:
                text = unit if line == others[-1] else ""
                self.page.write_string(line, number, text, self.look.header)
            whole = f"{name}\n{annotated(other)}" if other else name
            height = max(height, lines_of(whole, width))
        self.page.set_row(first, height * LINE_HEIGHT + 4)

    def _explanation(self, column: TemplateColumn) -> str | None:
        if not column.items:
            has_days = getattr(self.sheet, "date", None) or getattr(self.sheet, "span", None)
            known = "date" if has_days else column.kind
            kind = known if column.kind == "period" else column.kind
            if column.header == getattr(self.sheet, "document", None):
                kind = "document"
            return self.cells.words.structure(kind, column.header)
        item = column.items[0]
        says_little = len(column.items) > 1 or not item.is_fixed or bool(item.scaled_by)
        if isinstance(self.sheet, Records) and says_little:
            return None
        return self.cells.explanation(column.header, item)

    def _width(self, number: int) -> int:
        column = self.columns[number]
        if number == 0:
            return FIRST_WIDTH
        if column.kind == "note":
            return NOTE_WIDTH
        longest = max(map(width_of, column.choices), default=0)
        return max(NUMBER_WIDTH, min(WIDEST_CHOICE, longest + 3))
