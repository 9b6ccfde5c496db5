"""The sheets to fill in: what the map reads, laid out as the map reads it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from orchestration.collection.entry import Lists, choice_rule, day_rule, number_rule, shown
from orchestration.collection.last_period import LAST_VALUE_ROLES
from orchestration.collection.look import Look
from orchestration.collection.plan import Bounds, Column, Template
from orchestration.collection.words import Both
from orchestration.ingest.sheet import process_of
from orchestration.ingest.source_map import Item, MonthsAcross, MonthsDown, Records, Sheet
from orchestration.ingest.template_marks import OPENING, annotated
from orchestration.ingest.units import UnitError, conversion

FAR_OFF_TIMES = 3
"""A figure this many times the last period's, or this part of it, is shown in orange: a hint."""

BLANK_RESULT = " "
"""What a formula shows before anything is filled in; without any it was never calculated."""

LINES_A_MONTH, FEWEST_LINES, SPARE_LINES = 8, 30, 2
NOT_SUMMED = (*LAST_VALUE_ROLES, "property")
PROTECTION = {"format_columns": True, "format_rows": True}
LINES_MAY_CHANGE = {"insert_rows": True, "delete_rows": True, "sort": True, "autofilter": True}
NUMBER_WIDTH, MONTH_WIDTH, NOTE_WIDTH, LABEL_WIDTH = 14, 19, 28, 36
LINE_HEIGHT, PAGE_WIDTH = 14.5, 170


class SheetWriter:
    """Writes the sheets of one workbook."""

    def __init__(
        self, template: Template, book: xlsxwriter.Workbook, look: Look, lists: Lists
    ) -> None:
        self.template, self.book, self.look, self.lists = template, book, look, lists
        self.words = template.words

    def write(self, page: Worksheet, sheet: Sheet) -> None:
        """One sheet, headed, protected and ready to print."""
        self._top(page, sheet)
        if isinstance(sheet, MonthsAcross):
            self._months_across(page, sheet)
        elif isinstance(sheet, MonthsDown):
            self._months_down(page, sheet)
        else:
            self._records(page, sheet)
        page.protect("", PROTECTION | (LINES_MAY_CHANGE if isinstance(sheet, Records) else {}))
        page.set_landscape()
        page.set_paper(9)
        self._pages_wide(page, sheet)
        page.repeat_rows(sheet.header_lines[0] - 1, sheet.header_lines[-1] - 1)
        page.set_footer(f"&L{self.template.hand_in} · {self.template.round.round}&C&A&R&P/&N")

    def _pages_wide(self, page: Worksheet, sheet: Sheet) -> None:
        """A sheet too wide to be read on one page takes more of them."""
        width = 0
        if not isinstance(sheet, MonthsAcross):
            width = sum(map(width_of, self.template.columns(sheet)))
        page.fit_to_pages(max(1, round(width / PAGE_WIDTH)), 0)
        page.repeat_columns(0)

    def _top(self, page: Worksheet, sheet: Sheet) -> None:
        """Title and hint, as far as the map leaves lines above the header."""
        template, room = self.template, sheet.header_lines[0] - 1
        stage = self.words.name("stages", template.stage_code)
        site = self.words.name("facilities", template.facility_id)
        if room:
            page.set_row(0, 24)
            page.write_string(0, 0, f"{stage.joined()}  ·  {site.joined()}", self.look.title)
        if room > 1 and not (room == 2 and isinstance(sheet, MonthsDown)):
            page.write_string(1, 0, self._hint(sheet), self.look.hint)

    def _hint(self, sheet: Sheet) -> str:
        round_ = self.template.round
        months = f"{round_.first_month:%Y-%m}"
        if len(round_.months) > 1:
            months += f" – {round_.last_month:%Y-%m}"
        if isinstance(sheet, Records):
            how = "每笔一行,不留合计。One line each, no totals."
        else:
            how = "填黄色格;未使用填 0。Fill in the yellow cells; 0 if nothing was used."
        return f"{months}   |   截止 Due {round_.closes_on:%Y-%m-%d}   |   {how}"

    def _months_down(self, page: Worksheet, sheet: MonthsDown) -> None:
        columns, months = self.template.columns(sheet), self.template.round.months
        top = sheet.header_lines[-1]
        bottom = top + len(months) - 1
        has_total = bool(sheet.total_rows) and len(months) > 1
        reference = bottom + 1 + has_total if self.template.last.readings else None
        if sheet.header_lines[0] > 2:
            self._bands(page, columns, sheet.header_lines[0] - 2)
        self._headers(page, sheet, columns)
        for number, column in enumerate(columns):
            if column.kind == "period":
                for row, month in enumerate(months, start=top):
                    page.write_datetime(row, number, month, self.look.month)
                continue
            recalled = self._recalled(sheet, column)
            place = None if reference is None or recalled is None else (reference, number)
            formula = self._energy_formula(columns, column)
            if formula:
                self._worked_out(page, range(top, bottom + 1), number, formula)
            else:
                self._inputs(page, sheet, column, (top, bottom), number, recalled, place)
            if place and recalled is not None:
                page.write_number(*place, round(recalled, 6), self.look.reference)
                self._fractions(page, reference, number, reference, number)
        if has_total:
            self._totals(page, sheet, columns, top, bottom)
        if reference is not None:
            title = annotated(self._recalled_title())
            page.write_string(reference, 0, title, self.look.reference_label)
            page.set_row(reference, lines_of(title, None, MONTH_WIDTH) * LINE_HEIGHT)
        page.freeze_panes(top, 1)

    def _totals(
        self, page: Worksheet, sheet: MonthsDown, columns: Sequence[Column], top: int, bottom: int
    ) -> None:
        row = bottom + 1
        page.write_string(row, 0, sheet.total_rows[0], self.look.total_label)
        for number, column in enumerate(columns):
            if column.kind == "number" and column.items and not _is_not_summed(column.items[0]):
                cells = (xl_rowcol_to_cell(line, number) for line in (top, bottom))
                self._sum(page, row, number, ":".join(cells))

    def _sum(self, page: Worksheet, row: int, column: int, cells: str) -> None:
        """A sum that stays blank until something is filled in."""
        page.write_formula(
            row, column, f'=IF(COUNT({cells})=0,"",SUM({cells}))', self.look.total, BLANK_RESULT
        )
        self._fractions(page, row, column, row, column)

    def _months_across(self, page: Worksheet, sheet: MonthsAcross) -> None:
        template, look, months = self.template, self.look, self.template.round.months
        header, row = sheet.header_lines[0] - 1, sheet.header_lines[-1]
        recalls = bool(template.last.readings)
        first = 1 + bool(sheet.unit) + recalls
        last = first + len(months) - 1
        self._across_headers(page, sheet, header, first, last, recalls)
        page.freeze_panes(row, first)
        for process, entries in groupby(
            sheet.rows.items(), key=lambda one: process_of(one[1], template.facility_id)
        ):
            if process and len({str(item.process) for item in sheet.rows.values()}) > 1:
                name = self.words.name("processes", process).joined()
                page.write_string(row, 0, f"▍{name}", look.section)
                page.set_row(row, 20)
                row += 1
            for label, item in entries:
                self._across_row(page, sheet, row, (label, item), first, last, recalls)
                row += 1

    def _across_headers(
        self, page: Worksheet, sheet: MonthsAcross, row: int, first: int, last: int, recalls: bool
    ) -> None:
        look, months = self.look, self.template.round.months
        page.set_column(0, 0, LABEL_WIDTH)
        page.write_string(row, 0, sheet.item, look.header)
        if sheet.unit:
            page.write_string(row, 1, sheet.unit, look.header)
            page.set_column(1, 1, 11)
        if recalls:
            page.set_column(first - 1, first - 1, 16)
            title = annotated(self._recalled_title())
            page.write_string(row, first - 1, title, look.reference_label)
        for number, month in enumerate(months, start=first):
            page.write_datetime(row, number, month, look.month)
        page.set_column(first, last, NUMBER_WIDTH if len(months) > 1 else 16)
        following = last + 1
        for name, width in ((sheet.total, 14), (sheet.note, NOTE_WIDTH)):
            if name:
                page.write_string(row, following, name, look.header)
                page.set_column(following, following, width)
                following += 1
        for line in range(row, sheet.header_lines[-1]):
            page.set_row(line, 2.4 * LINE_HEIGHT)

    def _across_row(
        self,
        page: Worksheet,
        sheet: MonthsAcross,
        row: int,
        entry: tuple[str, Item],
        first: int,
        last: int,
        recalls: bool,
    ) -> None:
        label, item = entry
        look, unit = self.look, self.template.unit(sheet, label, item)
        other = self.words.other_language(label, item)
        if not sheet.unit and unit and unit not in label:
            other = f"{other}, {unit}" if other else unit
        self._explained(page, row, 0, label, other, look.label)
        page.set_row(row, LINE_HEIGHT * lines_of(label, other, LABEL_WIDTH) + 4)
        if sheet.unit:
            self._unit(page, row, item, unit)
        recalled = self.template.last.value(sheet, label, item, unit)
        place = None
        if recalls:
            if recalled is None:
                page.write_blank(row, first - 1, None, look.reference)
            else:
                place = (row, first - 1)
                page.write_number(*place, round(recalled, 6), look.reference)
                self._fractions(page, *place, *place)
        column = Column(label, "number", (item,))
        self._numbers(page, (row, first, row, last), column, unit, recalled, place)
        following = last + 1
        if sheet.total:
            if _is_not_summed(item):
                page.write_blank(row, following, None, look.reference)
            else:
                self._sum(
                    page,
                    row,
                    following,
                    f"{xl_rowcol_to_cell(row, first)}:{xl_rowcol_to_cell(row, last)}",
                )
            following += 1
        if sheet.note:
            page.write_blank(row, following, None, look.optional_text)

    def _unit(self, page: Worksheet, row: int, item: Item, unit: str | None) -> None:
        choices = self.template.units(item)
        if len(choices) < 2:
            page.write_string(row, 1, unit or "", self.look.fixed)
            return
        page.write_string(row, 1, unit or "", self.look.choice)
        page.data_validation(row, 1, row, 1, choice_rule(self.lists.source(choices), "单位 Unit"))

    def _records(self, page: Worksheet, sheet: Records) -> None:
        columns, top = self.template.columns(sheet), sheet.header_lines[-1]
        self._headers(page, sheet, columns)
        bottom = top + self._line_count(sheet) - 1
        for number, column in enumerate(columns):
            self._inputs(page, sheet, column, (top, bottom), number, None, None)
        page.freeze_panes(top, 1)

    def _line_count(self, sheet: Records) -> int:
        """Twice the lines that the last period would make for as many months."""
        last, months = self.template.last, len(self.template.round.months)
        known = len(last.records.get(sheet.sheet[0] if sheet.sheet else "", ()))
        expected = known / max(1, len(last.months)) * months
        return max(FEWEST_LINES, LINES_A_MONTH * months, math.ceil(expected * SPARE_LINES))

    def _bands(self, page: Worksheet, columns: Sequence[Column], row: int) -> None:
        """Which process the columns below belong to."""
        numbered = list(enumerate(columns))
        width = 0
        for process, group in groupby(numbered, key=lambda one: self._process(one[1])):
            places = [number for number, _ in group]
            if not process:
                continue
            name = self.words.name("processes", process).joined("\n")
            width = max(width, lines_of(name, None, NUMBER_WIDTH * len(places)))
            if len(places) > 1:
                page.merge_range(row, places[0], row, places[-1], name, self.look.band)
            else:
                page.write_string(row, places[0], name, self.look.band)
        page.set_row(row, max(2, width) * LINE_HEIGHT)

    def _process(self, column: Column) -> str | None:
        return process_of(column.items[0], self.template.facility_id) if column.items else None

    def _headers(
        self, page: Worksheet, sheet: MonthsDown | Records, columns: Sequence[Column]
    ) -> None:
        lines = [line - 1 for line in sheet.header_lines]
        height = 2
        for number, column in enumerate(columns):
            width = width_of(column) if number else MONTH_WIDTH
            page.set_column(number, number, width)
            name, unit = column.header, ""
            if len(lines) > 1 and name.endswith(")") and " (" in name:
                name, _, unit = name.rpartition(" ")
            other = self._explanation(sheet, column)
            self._explained(page, lines[0], number, name, other, self.look.header)
            for line in lines[1:]:
                page.write_string(line, number, unit if line == lines[-1] else "", self.look.header)
            height = max(height, lines_of(name, other, width))
        page.set_row(lines[0], height * LINE_HEIGHT)

    def _explanation(self, sheet: Sheet, column: Column) -> str | None:
        """The other language, and the unit where the header lacks it."""
        if not column.items:
            return None
        item = column.items[0]
        says_little = len(column.items) > 1 or not item.is_fixed or bool(item.times)
        if isinstance(sheet, Records) and says_little:
            return None
        other = self.words.other_language(column.header, item)
        unit = self.template.unit(sheet, column.header, item)
        if unit and unit not in column.header and not item.times:
            other = f"{other}, {unit}" if other else unit
        return other

    def _explained(
        self, page: Worksheet, row: int, column: int, name: str, other: str | None, format_: Format
    ) -> None:
        """The text the reader looks for, and small beneath it what it means."""
        if other is None:
            page.write_string(row, column, name, format_)
            return
        bold = self.look.of(bold=format_.bold)
        page.write_rich_string(
            row, column, bold, name, self.look.explained, f"\n{annotated(other)}", format_
        )

    def _inputs(
        self,
        page: Worksheet,
        sheet: MonthsDown | Records,
        column: Column,
        rows: tuple[int, int],
        number: int,
        recalled: float | None,
        place: tuple[int, int] | None,
    ) -> None:
        look, area = self.look, (rows[0], number, rows[1], number)
        if column.kind == "number":
            item = column.items[0] if column.items else None
            unit = item and self.template.unit(sheet, column.header, item)
            times = bool(item and item.times)
            self._numbers(page, area, column, None if times else unit, recalled, place)
            return
        format_ = {"choice": look.choice, "period": look.day}.get(column.kind, look.optional_text)
        if isinstance(sheet, Records) and column.kind == "text" and column.header == sheet.document:
            format_ = look.text
        rule: dict[str, Any] | None = None
        months = self.template.round.months
        if column.kind == "period" and isinstance(sheet, Records):
            rule = day_rule(months)
            if sheet.period:
                format_ = look.month_input
                rule = choice_rule(self.lists.source(months), column.header)
        elif column.choices:
            rule = choice_rule(self.lists.source(column.choices), column.header)
        elif column.kind == "choice":
            format_ = look.text
        _fill(page, area, format_)
        if rule:
            page.data_validation(*area, rule)

    def _numbers(
        self,
        page: Worksheet,
        area: tuple[int, int, int, int],
        column: Column,
        unit: str | None,
        recalled: float | None,
        place: tuple[int, int] | None,
    ) -> None:
        item = column.items[0] if column.items else None
        is_required = item is None or item.required
        _fill(page, area, self.look.number if is_required else self.look.optional_number)
        same = item is not None and len(column.items) == 1
        bounds = self.template.bounds(item, unit) if item and same else Bounds(minimum=0)
        source = self.words.read_from(item) if item else None
        what = self.words.item(item) if item and same else Both(None, column.header)
        more = [source.joined(" / ")] if source else []
        if recalled is not None:
            more.append(f"上期 Last period: {shown(round(recalled, 6))}")
        page.data_validation(
            *area, number_rule(what, unit, bounds, is_required=is_required, more=more)
        )
        self._fractions(page, *area)
        if place and recalled and item and not _is_not_summed(item):
            cell, last = xl_rowcol_to_cell(*area[:2]), xl_rowcol_to_cell(*place, True, True)
            page.conditional_format(
                *area,
                {
                    "type": "formula",
                    "criteria": f"=AND(ISNUMBER({cell}),{cell}<>0,"
                    f"OR({cell}>{FAR_OFF_TIMES}*{last},{cell}*{FAR_OFF_TIMES}<{last}))",
                    "format": self.look.far_off,
                },
            )

    def _fractions(self, page: Worksheet, *area: int) -> None:
        cell = xl_rowcol_to_cell(*area[:2])
        page.conditional_format(
            *area,
            {
                "type": "formula",
                "criteria": f"=AND(ISNUMBER({cell}),MOD({cell},1)<>0)",
                "format": self.look.fraction,
            },
        )

    def _recalled(self, sheet: MonthsDown, column: Column) -> float | None:
        if len(column.items) != 1 or not column.items[0].is_fixed:
            return None
        item = column.items[0]
        unit = self.template.unit(sheet, column.header, item)
        return self.template.last.value(sheet, column.header, item, unit)

    def _recalled_title(self) -> str:
        last = self.template.last
        mean = "上期月均 Last period, monthly mean" if len(last.months) > 1 else "上期 Last period"
        return f"{mean} {last.title}"

    def _energy_formula(
        self, columns: Sequence[Column], column: Column
    ) -> Callable[[int], str] | None:
        """A meter's consumption from its two readings, where the sheet states all three."""
        item = column.items[0] if column.items else None
        if item is None or item.role != "check" or not isinstance(item.meter, str):
            return None
        places = {
            other.items[0].role: (number, other.items[0])
            for number, other in enumerate(columns)
            if other.items and other.items[0].meter == item.meter
        }
        multiplier = self.words.multiplier(item.meter)
        if multiplier is None or not {"meter_start", "meter_end"} <= places.keys():
            return None
        try:
            size = conversion(places["meter_end"][1].unit, item.unit)  # type: ignore[arg-type]
        except UnitError:
            return None

        def formula(row: int) -> str:
            start, end = (
                xl_rowcol_to_cell(row, places[role][0]) for role in ("meter_start", "meter_end")
            )
            return f'=IF(COUNT({start},{end})<2,"",({end}-{start})*{multiplier * size!r})'

        return formula

    def _worked_out(
        self, page: Worksheet, rows: range, column: int, formula: Callable[[int], str]
    ) -> None:
        for row in rows:
            page.write_formula(row, column, formula(row), self.look.total, BLANK_RESULT)
        self._fractions(page, rows[0], column, rows[-1], column)


def _fill(page: Worksheet, area: tuple[int, int, int, int], format_: Format) -> None:
    for row in range(area[0], area[2] + 1):
        for column in range(area[1], area[3] + 1):
            page.write_blank(row, column, None, format_)


def _is_not_summed(item: Item) -> bool:
    """Whether adding up the months would mean nothing."""
    return item.role in NOT_SUMMED or item.direction == "property"


def width_of(column: Column) -> int:
    """Width of a column, in letters."""
    if column.kind == "note":
        return NOTE_WIDTH
    longest = max((_columns_of(text) for text in column.choices), default=0)
    return max(NUMBER_WIDTH, min(30, longest + 3))


def _columns_of(text: str) -> int:
    """How many Latin letters wide a text is."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def lines_of(name: str, other: str | None, width: float) -> int:
    """Lines a text takes in a column, with what is beneath it."""
    parts = [*name.split("\n"), *([annotated(other)] if other else [])]
    return sum(_wrapped(part, width) for part in parts)


def _wrapped(text: str, width: float) -> int:
    """Lines of a text; an annotation is written smaller."""
    small = 1.25 if text.startswith(OPENING) else 1.0
    return max(1, math.ceil(1.1 * _columns_of(text) / max(1, small * (width - 1))))
