"""The file formats: workbooks, OpenDocument, delimited text. Nothing else here knows them.

Everything is byte-identical from run to run: fixed creation dates, fixed zip timestamps.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import xlsxwriter

MADE = datetime(2022, 4, 20, 9, 0)


@dataclass(frozen=True)
class Formula:
    """A formula and the value a spreadsheet program would have stored with it."""

    text: str
    value: float


@dataclass(frozen=True)
class Day:
    """A date typed with its day; a bare `date` stands for a month."""

    day: date


Value = str | float | date | Day | Formula | None


@dataclass
class SheetOfValues:
    """A sheet as rows of values, with the little that people add to it."""

    name: str
    rows: list[list[Value]] = field(default_factory=list)
    header_rows: tuple[int, ...] = ()  # from 0
    merged_title: bool = True
    hidden_rows: list[int] = field(default_factory=list)
    hidden: bool = False


def write_workbook(path: Path, sheets: Sequence[SheetOfValues]) -> None:
    """An .xlsx file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"author": "example", "created": MADE, "title": "invented data"})
    title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    header = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#DDEBF7"})
    formats = {
        date: book.add_format({"num_format": "yyyy-mm"}),
        Day: book.add_format({"num_format": "yyyy-mm-dd"}),
        float: book.add_format({"num_format": "#,##0.######"}),
    }
    for values in sheets:
        sheet = book.add_worksheet(values.name)
        sheet.set_column(0, max(map(len, values.rows), default=1), 16)
        for row, line in enumerate(values.rows):
            for column, value in enumerate(line):
                style = header if row in values.header_rows else formats.get(type(value))
                _write_cell(sheet, row, column, value, style)
        if values.merged_title and values.rows and values.rows[0]:
            last = max(len(line) for line in values.rows) - 1
            sheet.merge_range(0, 0, 0, max(last, 1), values.rows[0][0], title)
        for row in values.hidden_rows:
            sheet.set_row(row, None, None, {"hidden": True})
        if values.hidden:
            sheet.hide()
    book.close()


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: Value,
    style: xlsxwriter.format.Format | None,
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        sheet.write_formula(row, column, value.text, style, value.value)
    elif isinstance(value, Day | date):
        day = value.day if isinstance(value, Day) else value
        sheet.write_datetime(row, column, datetime(day.year, day.month, day.day), style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
XML = '<?xml version="1.0" encoding="UTF-8"?>'


def write_open_document(path: Path, sheet: SheetOfValues) -> None:
    """An .ods file with one sheet; formulas are not written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in sheet.rows
    )
    content = (
        f'{XML}<office:document-content {ODS_NAMES} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="{escape(sheet.name)}">{body}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'{XML}<manifest:manifest manifest:version="1.2" '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as package:
        # the type comes first and uncompressed: programs look for it at a fixed place
        for name, text, method in (
            ("mimetype", ODS_TYPE, zipfile.ZIP_STORED),
            ("content.xml", content, zipfile.ZIP_DEFLATED),
            ("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED),
        ):
            info = zipfile.ZipInfo(name, date_time=MADE.timetuple()[:6])
            info.compress_type = method
            package.writestr(info, text)


def _ods_cell(value: Value) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        shown, kind = value.isoformat(), f'date" office:date-value="{value.isoformat()}'
    elif isinstance(value, str):
        shown, kind = escape(value), "string"
    else:
        shown, kind = str(value), f'float" office:value="{value!r}'
    return (
        f'<table:table-cell office:value-type="{kind}"><text:p>{shown}</text:p></table:table-cell>'
    )


def write_delimited(
    path: Path,
    rows: Sequence[Sequence[object]],
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    line_end: str = "\r\n",
) -> None:
    """A text export or table, header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=line_end).writerows(rows)
