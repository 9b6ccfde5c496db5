"""The cells of a sheet to fill in: inputs and their rules, sums, figures of the last period."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from orchestration.collection.template.entry import Lists, number_rule, shown
from orchestration.collection.template.last_period import LAST_VALUE_ROLES
from orchestration.collection.template.look import Style, TemplateFormats
from orchestration.collection.template.plan import Bounds, Template, TemplateColumn
from orchestration.collection.template.words import Both
from orchestration.company.source_map import Item, Sheet
from orchestration.ingest.template_marks import OPENING, annotated

FAR_OFF_TIMES = 3
"""A figure this many times the last period's, or this part of it, is shown in orange: a hint."""

BLANK_RESULT = " "
"""What a formula shows before anything is filled in; without any it was never calculated."""

NOT_SUMMED = (*LAST_VALUE_ROLES, "property")
LINE_HEIGHT, INPUT_HEIGHT, SMALLER = 14.5, 21, 1.3
USUAL_SIZE = 10
Area = tuple[int, int, int, int]
"""First row and column, last row and column, from 0."""


class Cells:
    """Writes the cells of one sheet."""

    def __init__(
        self, page: Worksheet, sheet: Sheet, template: Template, look: TemplateFormats, lists: Lists
    ) -> None:
        self.page, self.sheet, self.template = page, sheet, template
        self.look, self.lists, self.words = look, lists, template.words

    def explained(self, row: int, column: int, name: str, other: str | None, like: Format) -> None:
        """The text the reader looks for, and small beneath it what it means."""
        if other is None:
            self.page.write_string(row, column, name, like)
            return
        bold = self.look.of(bold=like.bold)
        beneath = f"\n{annotated(other)}"
        self.page.write_rich_string(row, column, bold, name, self.look.explained, beneath, like)

    def explanation(self, label: str, item: Item, *, is_unit_beside: bool = False) -> str | None:
        """An item in the other language, with the unit where nothing else says it."""
        parts = [self.words.other_language(label, item)]
        unit = self.template.unit(self.sheet, label, item)
        if item.role in ("meter_start", "meter_end"):
            parts.append(self.words.register(item).joined())
        elif unit and not is_unit_beside and unit not in label and not item.scaled_by:
            parts.append(unit)
        return ", ".join(part for part in parts if part) or None

    def numbers(
        self,
        area: Area,
        column: TemplateColumn,
        recalled: float | None = None,
        recalled_at: tuple[int, int] | None = None,
    ) -> None:
        """Cells for numbers: what they accept, and a hint where they are far from the last."""
        item = column.items[0] if len(column.items) == 1 else None
        is_required = any(one.required for one in column.items) or not column.items
        self.fill(area, self.look.number if is_required else self.look.optional_number)
        unit = self.template.unit(self.sheet, column.header, item) if item else None
        what, bounds, more = Both(None, column.header), Bounds(minimum=0), []
        if column.items:
            more.append(self.words.read_from(column.items[0]).joined(" / "))
        if item:
            what, bounds = self.words.item(item), self.template.bounds(item, unit)
        if item is None or item.scaled_by or item.role in ("meter_start", "meter_end"):
            unit = None
        if recalled is not None:
            more.append(f"上期 Last period: {shown(recalled)}")
        rule = number_rule(what, unit, bounds, is_required=is_required, more=more)
        self.page.data_validation(*area, rule)
        if recalled and recalled_at and item and not is_not_summed(item):
            self._far_off(area, recalled_at)
        self.fractions(*area)

    def _far_off(self, area: Area, recalled_at: tuple[int, int]) -> None:
        """Orange; LibreOffice shows only the first format that applies, so it has decimals too."""
        cell, last = xl_rowcol_to_cell(*area[:2]), xl_rowcol_to_cell(*recalled_at, True, True)
        far = f"OR({cell}>{FAR_OFF_TIMES}*{last},{cell}*{FAR_OFF_TIMES}<{last})"
        is_far = f"ISNUMBER({cell}),{cell}<>0,{far}"
        self._format_where(f"=AND({is_far},{_has_decimals(cell)})", area, self.look.far_fraction)
        self._format_where(f"=AND({is_far})", area, self.look.far_off)

    def fractions(self, *area: int) -> None:
        """Decimals where there are some, so that 1,200 has no point and 56.3886 all its digits."""
        cell = xl_rowcol_to_cell(*area[:2])
        criteria = f"=AND(ISNUMBER({cell}),{_has_decimals(cell)})"
        self._format_where(criteria, area, self.look.fraction)

    def _format_where(self, criteria: str, area: Sequence[int], format_: Format) -> None:
        self.page.conditional_format(
            *area, {"type": "formula", "criteria": criteria, "format": format_}
        )

    def sum(self, row: int, column: int, first: tuple[int, int], last: tuple[int, int]) -> None:
        """A sum that stays blank until something is filled in."""
        cells = f"{xl_rowcol_to_cell(*first)}:{xl_rowcol_to_cell(*last)}"
        formula = f'=IF(COUNT({cells})=0,"",SUM({cells}))'
        self.page.write_formula(row, column, formula, self.look.total, BLANK_RESULT)
        self.fractions(row, column, row, column)

    def recall(self, row: int, column: int, value: float | None) -> None:
        """A figure of the last period, or nothing where there is none."""
        if value is None:
            self.page.write_blank(row, column, None, self.look.reference)
            return
        self.page.write_number(row, column, value, self.look.reference)
        self.fractions(row, column, row, column)

    def recalled_title(self, has_closings: bool) -> str:
        """What the figures of the last period are; the reader passes over it."""
        last = self.template.last
        mean = (
            "上期月均 Last period, mean of a month" if len(last.months) > 1 else "上期 Last period"
        )
        closing = "\n表底和库存为期末 Meters, stocks: at the end" if has_closings else ""
        return annotated(f"{mean} {last.title}{closing}")

    def fill(self, area: Area, format_: Format) -> None:
        """Blank cells of one format."""
        for row in range(area[0], area[2] + 1):
            for column in range(area[1], area[3] + 1):
                self.page.write_blank(row, column, None, format_)


def _has_decimals(cell: str) -> str:
    """Whether a cell holds more than a whole number and the dust of floating point."""
    return f"ABS({cell}-ROUND({cell},0))>0.0000001"


def is_not_summed(item: Item) -> bool:
    """Whether adding up the months would mean nothing."""
    return item.role in NOT_SUMMED or item.direction == "property"


def is_closing(item: Item) -> bool:
    """Whether it goes on from month to month, so that only its last value matters."""
    return item.role in LAST_VALUE_ROLES


def width_of(text: str) -> int:
    """How many Latin letters wide a text is."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def lines_of(text: str, width: float) -> int:
    """Lines a text takes in a column; an annotation is written smaller."""
    plain, opening, small = text.partition(OPENING)
    lines = sum(_wrapped(part, width) for part in plain.removesuffix("\n").split("\n") if part)
    return lines + sum(_wrapped(part, SMALLER * width) for part in small.split("\n") if opening)


def write_banner(
    page: Worksheet,
    look: TemplateFormats,
    place: tuple[int, int],
    text: str,
    style: Style,
    widths: Sequence[int],
) -> None:
    """A line over several columns; one that is longer than they are goes on below.

    `place`: row and first column. `widths`: of the columns in letters of the usual size.
    """
    row, column = place
    size = float(str(style["font_size"])) / USUAL_SIZE
    lines = lines_of(text, sum(widths) / size)
    page.set_row(row, lines * LINE_HEIGHT * size + 4)
    if lines == 1:
        page.write_string(row, column, text, look.of(**style))
        return
    wrapped = look.of(**style, text_wrap=True)
    if len(widths) > 1:
        page.merge_range(row, column, row, column + len(widths) - 1, text, wrapped)
    else:
        page.write_string(row, column, text, wrapped)


def _wrapped(text: str, width: float) -> int:
    return max(1, math.ceil(1.1 * width_of(text) / max(1.0, width - 1)))
