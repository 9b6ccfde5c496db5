"""How a template looks: a few formats, the same on every sheet. Yellow is for filling in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import xlsxwriter
from xlsxwriter.format import Format

Style = Mapping[str, object]
FONT = "Microsoft YaHei"
INK, GREY, LINE = "#1F2D3D", "#6B7785", "#B8C2CC"
BAND, HEADER, INPUT, REFERENCE, PAPER = "#2F5D62", "#DDE8E8", "#FFF8D6", "#EEF0F2", "#FFFFFF"
FAR_OFF = "#FFD8A8"
MONTH = "yyyy-mm"
DAY = "yyyy-mm-dd"
TITLE: Style = {"bold": True, "font_size": 14}
COVER_TITLE: Style = {"bold": True, "font_size": 18, "font_color": BAND}
HINT: Style = {"font_color": GREY, "font_size": 9}
WHOLE, FRACTION = "#,##0", "#,##0.0#####"


class TemplateFormats:
    """Formats of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, **properties: object) -> Format:
        """A format; equal ones are made once."""
        base = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
        wanted = base | properties
        key = tuple(sorted(wanted.items(), key=lambda one: one[0]))
        if key not in self._made:
            self._made[key] = self._book.add_format(wanted)
        return self._made[key]

    def framed(self, **properties: object) -> Format:
        """A format with a thin border."""
        return self.of(**{"border": 1, "border_color": LINE} | properties)

    @cached_property
    def title(self) -> Format:
        """The first line of a sheet."""
        return self.of(**TITLE)

    @cached_property
    def link(self) -> Format:
        """A link to a sheet."""
        return self.of(font_color=BAND, underline=1)

    @cached_property
    def hint(self) -> Format:
        """What is said under the title."""
        return self.of(**HINT)

    @cached_property
    def paragraph(self) -> Format:
        """Text over several lines."""
        return self.of(text_wrap=True, valign="top")

    @cached_property
    def heading(self) -> Format:
        """A heading within a sheet."""
        return self.of(bold=True, font_size=11, font_color=BAND)

    @cached_property
    def band(self) -> Format:
        """The name of a process over its columns."""
        return self.framed(
            bold=True, font_color=PAPER, bg_color=BAND, align="center", text_wrap=True, font_size=9
        )

    @cached_property
    def section(self) -> Format:
        """The name of a process over its rows."""
        return self.of(bold=True, font_color=BAND, bottom=1, bottom_color=BAND)

    @cached_property
    def header(self) -> Format:
        """The header the reader looks for."""
        return self.framed(bold=True, bg_color=HEADER, align="center", text_wrap=True)

    @cached_property
    def explained(self) -> Format:
        """What a header means in the other language, within its cell."""
        return self.of(font_color=GREY, font_size=8)

    @cached_property
    def label(self) -> Format:
        """The label of a row."""
        return self.framed(bg_color=HEADER, text_wrap=True)

    @cached_property
    def month(self) -> Format:
        """A month that is written already."""
        return self.framed(bg_color=HEADER, align="center", num_format=MONTH, bold=True)

    @cached_property
    def fixed(self) -> Format:
        """A text that is written already."""
        return self.framed(bg_color=HEADER, align="center")

    @cached_property
    def number(self) -> Format:
        """A cell for a number."""
        return self.framed(bg_color=INPUT, locked=False, num_format=WHOLE)

    @cached_property
    def text(self) -> Format:
        """A cell for a text."""
        return self.framed(bg_color=INPUT, locked=False, num_format="@", text_wrap=True)

    @cached_property
    def optional_number(self) -> Format:
        """A cell for a number that may stay blank."""
        return self.framed(locked=False, num_format=WHOLE)

    @cached_property
    def optional_text(self) -> Format:
        """A cell for a note."""
        return self.framed(locked=False, num_format="@", text_wrap=True)

    @cached_property
    def choice(self) -> Format:
        """A cell for one text of a list."""
        return self.framed(bg_color=INPUT, locked=False, align="center")

    @cached_property
    def day(self) -> Format:
        """A cell for a day."""
        return self.framed(bg_color=INPUT, locked=False, align="center", num_format=DAY)

    @cached_property
    def month_input(self) -> Format:
        """A cell for a month."""
        return self.framed(bg_color=INPUT, locked=False, align="center", num_format=MONTH)

    @cached_property
    def total(self) -> Format:
        """A sum, worked out by the workbook."""
        return self.framed(bg_color=REFERENCE, bold=True, num_format=WHOLE)

    @cached_property
    def total_label(self) -> Format:
        """The label of a sum."""
        return self.framed(bg_color=REFERENCE, bold=True, align="center")

    @cached_property
    def reference(self) -> Format:
        """A figure of the last period."""
        return self.framed(bg_color=REFERENCE, font_color=GREY, italic=True, num_format=WHOLE)

    @cached_property
    def reference_label(self) -> Format:
        """The label of figures of the last period."""
        return self.framed(
            bg_color=REFERENCE,
            font_color=GREY,
            italic=True,
            text_wrap=True,
            align="center",
            font_size=9,
        )

    @cached_property
    def cell(self) -> Format:
        """A cell of a table for reading."""
        return self.framed(text_wrap=True, valign="top", font_size=9)

    @cached_property
    def cell_title(self) -> Format:
        """The header of a table for reading."""
        return self.framed(bold=True, font_color=PAPER, bg_color=BAND, text_wrap=True)

    @cached_property
    def fraction(self) -> Format:
        """Decimals where there are some: conditional, so that whole numbers have no point."""
        return self._book.add_format({"num_format": FRACTION})

    @cached_property
    def far_off(self) -> Format:
        """A figure far from that of the last period."""
        return self._book.add_format({"bg_color": FAR_OFF})

    @cached_property
    def far_fraction(self) -> Format:
        """The same where there are decimals."""
        return self._book.add_format({"bg_color": FAR_OFF, "num_format": FRACTION})
