"""Writes sheets the way people lay them out; the only code here that knows file formats.

Everything is byte-identical from run to run: fixed creation dates, fixed zip timestamps.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from .plant import Month

MADE = datetime(2022, 4, 20, 9, 0)
PERIOD_STYLES: Mapping[str, Callable[[date], Any]] = {
    "serial": lambda d: datetime(d.year, d.month, 1),
    "chinese": lambda d: f"{d.year}年{d.month}月",
    "iso": lambda d: f"{d.year}-{d.month:02d}",
    "english": lambda d: d.strftime("%b-%Y"),
    "month_only": lambda d: f"{d.month}月",
}


@dataclass(frozen=True)
class Item:
    """One measured item: header as typed, where its fact is, canonical units per typed unit."""

    label: str
    process: str
    flow: str
    direction: str = "input"
    per: float = 1.0
    decimals: int = 2
    unit: str = ""
    as_text: bool = False
    from_driver: bool = False

    def typed(self, state: Month, where: str) -> float | str | None:
        """The value as somebody would type it; None where nothing happened."""
        if self.from_driver:
            value: float | None = state.drivers[where, self.flow]
        else:
            value = state.facts.get((where, self.process, self.flow, self.direction))
        if value is None:
            return None
        number = round(value / self.per, self.decimals)
        return f"{number:,.{self.decimals}f}" if self.as_text else number


@dataclass(frozen=True)
class Layout:
    """Everything around the figures of one sheet."""

    sheet: str
    header_row: int  # 1-based row of the (last) header line
    period: str
    style: str
    title: str = ""
    subtitle: str = ""
    two_lines: bool = False
    total: str | None = None
    unit: str | None = None
    note: str | None = None
    notes: Mapping[date | str, str] | None = None
    hidden_months: tuple[date, ...] = ()
    extra: tuple[str, str] | None = None  # an ignored column: header, text in its first cell


def open_book(path: Path) -> Workbook:
    """A workbook whose bytes depend on its content only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"author": "example", "created": MADE, "title": "invented data"})
    return book


class Formats:
    """The few formats the sheets use."""

    def __init__(self, book: Workbook) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
        self.header = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#DDEBF7"})
        self.month = book.add_format({"num_format": "yyyy-mm"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.number = book.add_format({"num_format": "#,##0.00"})


def _title(sheet: Worksheet, layout: Layout, formats: Formats, columns: int) -> None:
    last = max(columns - 1, 1)
    if layout.title:
        sheet.merge_range(0, 0, 0, last, layout.title, formats.title)
    if layout.subtitle:
        sheet.write_string(1, 0, layout.subtitle)


def _period(sheet: Worksheet, row: int, column: int, month: date, style: str, fmt: Formats) -> None:
    value = PERIOD_STYLES[style](month)
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value, fmt.month)
    else:
        sheet.write_string(row, column, value)


def _value(sheet: Worksheet, row: int, column: int, value: Any, formats: Formats) -> None:
    if value is None:
        sheet.write_blank(row, column, None, formats.number)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value, formats.number)


def _as_number(value: Any) -> float:
    return float(value.replace(",", "")) if isinstance(value, str) else float(value or 0)


def months_down(
    book: Workbook, where: str, states: Sequence[Month], layout: Layout, items: Sequence[Item],
    typed_wrong: Mapping[tuple[date, str], float] | None = None,
) -> dict[tuple[date, str], str]:
    """One row a month; returns the cell of each (month, label)."""
    sheet, formats = book.add_worksheet(layout.sheet), Formats(book)
    extras = [h for h in (layout.note, layout.extra and layout.extra[0]) if h]
    _title(sheet, layout, formats, len(items) + 1)
    _header(sheet, layout, [layout.period, *(i.label for i in items), *extras], formats)
    cells: dict[tuple[date, str], str] = {}
    wrong = typed_wrong or {}
    for offset, state in enumerate(states):
        row = layout.header_row + offset
        _period(sheet, row, 0, state.month, layout.style, formats)
        for column, item in enumerate(items, start=1):
            typed = wrong.get((state.month, item.label), item.typed(state, where))
            _value(sheet, row, column, typed, formats)
            cells[state.month, item.label] = xl_rowcol_to_cell(row, column)
        if layout.note and (text := (layout.notes or {}).get(state.month)):
            sheet.write_string(row, len(items) + 1, text)
        if layout.extra and offset == 0:
            sheet.write_string(row, len(items) + len(extras), layout.extra[1])
        if state.month in layout.hidden_months:
            sheet.set_row(row, None, None, {"hidden": True})
    if layout.total and len(states) > 1:
        _total_row(sheet, layout, items, states, where, wrong)
    sheet.set_column(0, len(items) + 2, 16)
    return cells


def _header(sheet: Worksheet, layout: Layout, headers: Sequence[str], formats: Formats) -> None:
    row = layout.header_row - 1
    for column, header in enumerate(headers):
        upper, _, lower = header.rpartition(" ")
        if layout.two_lines and upper:
            sheet.write_string(row - 1, column, upper, formats.header)
            sheet.write_string(row, column, lower, formats.header)
        else:
            sheet.write_string(row - layout.two_lines, column, header, formats.header)


def _total_row(
    sheet: Worksheet, layout: Layout, items: Sequence[Item], states: Sequence[Month],
    where: str, wrong: Mapping[tuple[date, str], float],
) -> None:
    first, row = layout.header_row, layout.header_row + len(states)
    sheet.write_string(row, 0, layout.total or "")
    for column, item in enumerate(items, start=1):
        if item.direction.startswith(("stock", "meter")) or item.as_text:
            continue  # Excel's SUM skips text, and a sum of stocks means nothing
        total = sum(
            _as_number(wrong.get((s.month, item.label), item.typed(s, where))) for s in states
        )
        top, bottom = xl_rowcol_to_cell(first, column), xl_rowcol_to_cell(row - 1, column)
        sheet.write_formula(row, column, f"=SUM({top}:{bottom})", None, round(total, 6))


def months_across(
    book: Workbook, where: str, states: Sequence[Month], layout: Layout, items: Sequence[Item]
) -> None:
    """One row an item, one column a month; `layout.period` heads the label column."""
    sheet, formats = book.add_worksheet(layout.sheet), Formats(book)
    lead = [h for h in (layout.extra and layout.extra[0], layout.period, layout.unit) if h]
    start, row = len(lead), layout.header_row - 1
    _title(sheet, layout, formats, start + len(states))
    for column, header in enumerate(lead):
        sheet.write_string(row, column, header, formats.header)
    for column, state in enumerate(states, start=start):
        _period(sheet, row, column, state.month, layout.style, formats)
    tail = start + len(states)
    has_total = layout.total and len(states) > 1
    for offset, header in enumerate(h for h in (layout.total, layout.note) if h):
        sheet.write_string(row, tail + offset, header, formats.header)
    for index, item in enumerate(items, start=1):
        line = row + index
        if layout.extra:
            sheet.write_number(line, 0, index)
        sheet.write_string(line, start - (2 if layout.unit else 1), item.label)
        if layout.unit:
            sheet.write_string(line, start - 1, item.unit)
        typed = [item.typed(state, where) for state in states]
        for column, value in enumerate(typed, start=start):
            _value(sheet, line, column, value, formats)
        summable = not item.direction.startswith("stock") and item.direction != "ncv"
        if has_total and summable and not item.as_text:
            total = round(sum(_as_number(v) for v in typed), 6)
            first, last = xl_rowcol_to_cell(line, start), xl_rowcol_to_cell(line, tail - 1)
            sheet.write_formula(line, tail, f"=SUM({first}:{last})", None, total)
        if layout.note and (text := (layout.notes or {}).get(item.label)):
            sheet.write_string(line, tail + bool(layout.total), text)
    sheet.set_column(0, start - 1, 22)


def records(
    book: Workbook, layout: Layout, headers: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """One record a row; dates become serials, text stays text."""
    sheet, formats = book.add_worksheet(layout.sheet), Formats(book)
    _title(sheet, layout, formats, len(headers))
    for column, header in enumerate(headers):
        sheet.write_string(layout.header_row - 1, column, header, formats.header)
    for offset, record in enumerate(rows):
        for column, value in enumerate(record):
            if isinstance(value, date):
                moment = datetime(value.year, value.month, value.day)
                sheet.write_datetime(layout.header_row + offset, column, moment, formats.day)
            elif value is not None and value != "":
                _value(sheet, layout.header_row + offset, column, value, formats)
    sheet.set_column(0, len(headers) - 1, 16)


def hidden_list(book: Workbook, name: str, values: Sequence[str]) -> None:
    """A hidden sheet of drop-down values, as forms have them."""
    sheet = book.add_worksheet(name)
    sheet.write_column(0, 0, values)
    sheet.hide()


def delimited(
    path: Path, encoding: str, separator: str, headers: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    """An ERP export; a field with the separator, or a quote, in it is quoted."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def quoted(field: str) -> str:
        if any(c in field for c in (separator, '"', ",")):
            return '"' + field.replace('"', '""') + '"'
        return field

    lines = [separator.join(quoted(str(f)) for f in row) for row in (headers, *rows)]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))


ODS_TYPES = "application/vnd.oasis.opendocument.spreadsheet"
ODS_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)


def open_document(path: Path, sheet: str, rows: Sequence[Sequence[Any]]) -> None:
    """A small .ods file with one sheet of texts, numbers and months."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(
        f"<table:table-row>{''.join(_ods_cell(v) for v in row)}</table:table-row>" for row in rows
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODS_NAMES} '
        'office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="{escape(sheet)}">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest manifest:version="1.2" '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_TYPES}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as package:
        # the type comes first and uncompressed: programs look for it at a fixed place
        for name, text, method in (
            ("mimetype", ODS_TYPES, zipfile.ZIP_STORED),
            ("content.xml", content, zipfile.ZIP_DEFLATED),
            ("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED),
        ):
            info = zipfile.ZipInfo(name, date_time=(2022, 4, 20, 9, 0, 0))
            info.compress_type = method
            package.writestr(info, text)


def _ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        iso = value.strftime("%Y-%m-%d")
        return (
            f'<table:table-cell office:value-type="date" office:date-value="{iso}">'
            f"<text:p>{iso}</text:p></table:table-cell>"
        )
    if isinstance(value, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{escape(value)}</text:p></table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="float" office:value="{value!r}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )
