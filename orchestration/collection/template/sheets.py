"""The sheets to fill in: what the map reads, laid out as the map reads it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from orchestration.collection.template.cells import (
    INPUT_HEIGHT,
    LINE_HEIGHT,
    Cells,
    is_closing,
    is_not_summed,
    lines_of,
    write_banner,
)
from orchestration.collection.template.entry import choice_rule
from orchestration.collection.template.look import HINT, TITLE
from orchestration.collection.template.plan import TemplateColumn
from orchestration.collection.template.rows import RowPage
from orchestration.company.source_map import Item, MonthsAcross, MonthsDown, Records
from orchestration.ingest.sheet import process_of
from orchestration.ingest.template_marks import annotated

PROTECTION = {"format_columns": True, "format_rows": True}
LINES_MAY_CHANGE = {"insert_rows": True, "delete_rows": True, "sort": True, "autofilter": True}
LABEL_WIDTH, UNIT_WIDTH, RECALLED_WIDTH, NOTE_WIDTH = 36, 11, 19, 28
ONE_MONTH_WIDTH, MONTH_WIDTH, TOTAL_WIDTH = 16, 12, 14
PAGE_WIDTH = 170
A4 = 9


def write_sheet(cells: Cells) -> None:
    """One sheet, headed, protected and ready to print."""
    sheet, page, template = cells.sheet, cells.page, cells.template
    rows = (
        _MonthsAcrossPage(cells, sheet)
        if isinstance(sheet, MonthsAcross)
        else RowPage(cells, sheet)
    )
    rows.write()
    _top(cells, rows.widths)
    pages = 1
    if not isinstance(sheet, MonthsAcross):
        pages = max(1, round(sum(rows.widths) / PAGE_WIDTH))
    page.protect("", PROTECTION | (LINES_MAY_CHANGE if isinstance(sheet, Records) else {}))
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(pages, 0)
    page.repeat_columns(0)
    page.repeat_rows(sheet.header_lines[0] - 1, sheet.header_lines[-1] - 1)
    page.set_footer(f"&L{template.hand_in} · {template.round.round}&C&A&R&P/&N")


def _top(cells: Cells, widths: Sequence[int]) -> None:
    """Title and hint, as far as the map leaves lines above the header."""
    sheet, template, page = cells.sheet, cells.template, cells.page
    room = sheet.header_lines[0] - 1
    if not room:
        return
    stage = cells.words.name("stages", template.stage_code)
    site = cells.words.name("facilities", template.facility_id)
    title = f"{stage.joined()}  ·  {site.joined()}"
    write_banner(page, cells.look, (0, 0), title, TITLE, widths)
    is_band = room == 2 and isinstance(sheet, MonthsDown)
    if room > 1 and not is_band:
        write_banner(page, cells.look, (1, 0), _hint(cells), HINT, widths)


def _hint(cells: Cells) -> str:
    round_ = cells.template.round
    months = f"{round_.first_month:%Y-%m}"
    if len(round_.months) > 1:
        months += f" – {round_.last_month:%Y-%m}"
    how = "填黄色格；未使用填 0。Fill in the yellow cells; 0 if nothing was used."
    if isinstance(cells.sheet, Records):
        how = "每笔一行，不留合计。One line each, no totals."
    return f"月份 Months {months}   |   截止 Due {round_.closes_on:%Y-%m-%d}   |   {how}"


class _MonthsAcrossPage:
    """A row an item, a column a month."""

    def __init__(self, cells: Cells, sheet: MonthsAcross) -> None:
        self.cells, self.sheet = cells, sheet
        self.page, self.template, self.look = cells.page, cells.template, cells.look
        self.recalls = bool(self.template.last.readings)
        self.first = 1 + bool(sheet.unit) + self.recalls
        self.last = self.first + len(self.template.round.months) - 1
        # of a single month it would only repeat it
        self.total = sheet.total if self.first < self.last else None

    @property
    def widths(self) -> list[int]:
        """Letters in each column."""
        month = ONE_MONTH_WIDTH if self.first == self.last else MONTH_WIDTH
        return [
            LABEL_WIDTH,
            *[UNIT_WIDTH for _ in [self.sheet.unit] if self.sheet.unit],
            *[RECALLED_WIDTH for _ in [self.recalls] if self.recalls],
            *[month] * (self.last - self.first + 1),
            *[TOTAL_WIDTH for _ in [self.total] if self.total],
            *[NOTE_WIDTH for _ in [self.sheet.note] if self.sheet.note],
        ]

    def write(self) -> None:
        """Headers, then the items under the name of their process."""
        self._headers()
        row = self.sheet.header_lines[-1]
        self.page.freeze_panes(row, 1 + bool(self.sheet.unit))
        site = self.template.facility_id
        several = len({process_of(item, site) for item in self.sheet.rows.values()}) > 1
        groups = groupby(self.sheet.rows.items(), key=lambda one: process_of(one[1], site))
        for process, entries in groups:
            if process and several:
                name = self.cells.words.name("processes", process).joined()
                # a label the map can't know, so that the reader takes it for a section's title
                self.page.write_string(row, 0, f"▍{name}", self.look.section)
                self.page.set_row(row, INPUT_HEIGHT)
                row += 1
            for label, item in entries:
                self._row(row, label, item)
                row += 1

    def _headers(self) -> None:
        page, look, sheet = self.page, self.look, self.sheet
        row, height = sheet.header_lines[0] - 1, 2
        page.set_column(0, 0, LABEL_WIDTH)
        self._header(row, 0, sheet.item, "item")
        if sheet.unit:
            self._header(row, 1, sheet.unit, "unit")
            page.set_column(1, 1, UNIT_WIDTH)
        if self.recalls:
            title = self.cells.recalled_title(any(map(is_closing, sheet.rows.values())))
            page.set_column(self.first - 1, self.first - 1, RECALLED_WIDTH)
            page.write_string(row, self.first - 1, title, look.reference_label)
            height = lines_of(title, RECALLED_WIDTH)
        for number, month in enumerate(self.template.round.months, start=self.first):
            page.write_datetime(row, number, month, look.month)
        width = ONE_MONTH_WIDTH if self.first == self.last else MONTH_WIDTH
        page.set_column(self.first, self.last, width)
        following = self.last + 1
        tail = ((self.total, "total", TOTAL_WIDTH), (sheet.note, "note", NOTE_WIDTH))
        for name, kind, width in tail:
            if name:
                self._header(row, following, name, kind)
                page.set_column(following, following, width)
                following += 1
        page.set_row(row, max(2, height) * LINE_HEIGHT)

    def _header(self, row: int, column: int, name: str, kind: str) -> None:
        self.cells.explained(
            row, column, name, self.cells.words.structure(kind, name), self.look.header
        )

    def _row(self, row: int, label: str, item: Item) -> None:
        page, look = self.page, self.look
        unit = self.template.unit(self.sheet, label, item)
        other = self.cells.explanation(label, item, is_unit_beside=bool(self.sheet.unit))
        self.cells.explained(row, 0, label, other, look.label)
        whole = f"{label}\n{annotated(other)}" if other else label
        page.set_row(row, max(INPUT_HEIGHT, LINE_HEIGHT * lines_of(whole, LABEL_WIDTH) + 2))
        if self.sheet.unit:
            self._unit(row, item, unit)
        recalled, place = None, None
        if self.recalls:
            recalled = self.template.last.value(self.sheet, label, item, unit)
            place = (row, self.first - 1)
            self.cells.recall(*place, recalled)
        area = (row, self.first, row, self.last)
        self.cells.numbers(area, TemplateColumn(label, "number", (item,)), recalled, place)
        following = self.last + 1
        if self.total:
            if is_not_summed(item):
                page.write_blank(row, following, None, look.total)
            else:
                self.cells.sum(row, following, (row, self.first), (row, self.last))
            following += 1
        if self.sheet.note:
            page.write_blank(row, following, None, look.optional_text)

    def _unit(self, row: int, item: Item, unit: str | None) -> None:
        """The unit beside the label; to be chosen only where the map leaves it open."""
        choices = self.template.units(item)
        if len(choices) < 2:
            self.page.write_string(row, 1, unit or "", self.look.fixed)
            return
        self.page.write_string(row, 1, unit or "", self.look.choice)
        rule = choice_rule(self.cells.lists.source(choices), "单位 Unit")
        self.page.data_validation(row, 1, row, 1, rule)
