"""Rows of a sheet as XlsxWriter writes them in constant memory, a row and not a cell at a time.

XlsxWriter takes each of a million cells through half a dozen calls. Here the XML of a row is made
at once and put where XlsxWriter keeps rows that are finished. This is its format and its place, not
its interface: a test holds that what it writes cell by cell is the same to the byte.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

TEXTS_KEPT = 100_000
"""Names recur in row after row: so many texts are kept as they stand in the file."""


class SheetRows:
    """Writes rows below all that a sheet in constant memory holds yet.

    A number or date is shown in the format of its column. `shortened` gives each text as it fits.
    """

    def __init__(
        self,
        page: Worksheet,
        first_row: int,
        formats: Sequence[Format],
        shortened: Callable[[str], str] = str,
    ) -> None:
        self._page, self._row = page, first_row
        self._formats, self._shortened = formats, shortened
        self._openings = [f'<c r="{xl_col_to_name(place)}' for place in range(len(formats))]
        self._styles = [""] * len(formats)
        self._texts: dict[str, str] = {}
        page._write_single_row(first_row)  # what is still open above

    def write(self, rows: Iterator[Sequence[Any]]) -> None:
        """Write rows of texts, numbers, booleans, dates and blanks, each into the next row."""
        last, width = None, 0
        put = self._page.fh.write
        for values in rows:
            number = self._row + 1
            cells = [
                self._cell(place, number, value)
                for place, value in enumerate(values)
                if value is not None
            ]
            if cells:
                put(f'<row r="{number}">{"".join(cells)}</row>')
                last, width = self._row, max(width, len(values))
            self._row += 1
        if last is not None:
            self._page._check_dimensions(last, width - 1)
        self._page.previous_row = self._row

    def _cell(self, place: int, number: int, value: Any) -> str:
        opening = f'{self._openings[place]}{number}"'
        if isinstance(value, str):
            text = self._texts.get(value) or self._text(value)
            return f'{opening} t="inlineStr"><is>{text}</is></c>'
        if isinstance(value, bool):
            return f'{opening} t="b"><v>{value:d}</v></c>'
        if isinstance(value, date):
            value = self._page._convert_date_time(value)
        elif not math.isfinite(value):
            return f'{opening} t="inlineStr"><is><t>{value}</t></is></c>'
        style = self._styles[place] or self._style(place)
        return f"{opening}{style}><v>{value:.16G}</v></c>"

    def _text(self, value: str) -> str:
        """A text as it stands in the file; blanks at its ends are kept, nothing is a formula."""
        text = self._page._escape_control_characters(self._shortened(value))
        space = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
        if len(self._texts) >= TEXTS_KEPT:
            self._texts.clear()
        written = f"<t{space}>{self._page._escape_data(text)}</t>"
        self._texts[value] = written
        return written

    def _style(self, place: int) -> str:
        """A format has a number in the file from when it is first used."""
        index = self._formats[place]._get_xf_index()
        self._styles[place] = f' s="{index}"' if index else ""
        return self._styles[place]
