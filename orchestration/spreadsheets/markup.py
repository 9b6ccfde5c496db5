"""Exports under a workbook's name that are none: HTML tables, and XML of Excel 2003.

Many ERP programs write these and call them .xls, because Excel opens them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from orchestration.spreadsheets.files import MOST_CELLS, MOST_COLUMNS, too_many
from orchestration.spreadsheets.grid import NEVER_CALCULATED, Appearance, ErrorValue, Grid, Position
from orchestration.spreadsheets.number_formats import is_telling
from orchestration.spreadsheets.package import RESAVE, UnreadableWorkbookError
from orchestration.spreadsheets.text_export import decode

HEAD = 4_096
MOST_SPANNED = 1_000_000
SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
SS = f"{{{SPREADSHEET}}}"
CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
GB = ("gb2312", "gbk", "gb_2312-80", "x-gbk")
TABLE = re.compile(r"<(?:html|table|!doctype\s+html)\b", re.IGNORECASE)
DECLARATION = re.compile(r"^<\?xml[^>]*\?>")
ROWS = "./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr"
NUMBER_ATTRIBUTE = "x:num"
NAMED_FORMATS = {"Percent": "0.00%", "Currency": '"¤"#,##0.00', "Euro Currency": "[$€]#,##0.00"}


def is_markup(data: bytes) -> bool:
    """Whether a file is a web page with tables, or a workbook in XML of Excel 2003."""
    head = _text(data[:HEAD], is_whole=False).lstrip("\ufeff \r\n\t")
    return head.startswith("<") and (SPREADSHEET in head or TABLE.search(head) is not None)


def read_markup(data: bytes) -> list[Grid]:
    """The sheets of such a file; a web page has one, without a name.

    Raises:
        UnreadableWorkbookError: it can't be followed, or there is no table in it.
    """
    text = _text(data, is_whole=True).lstrip("\ufeff \r\n\t")
    count = max(text.count("<td"), text.count("<TD"), text.count("<Cell"))
    if count > MOST_CELLS:
        raise UnreadableWorkbookError(too_many(count, MOST_CELLS))
    if SPREADSHEET in text[:HEAD]:
        return list(_sheets(text))
    return [_largest_table(text)]


def _text(data: bytes, is_whole: bool) -> str:
    declared = CHARSET.search(data[:HEAD])
    encoding = declared[1].decode().lower() if declared else "auto"
    encoding = "gb18030" if encoding in GB else encoding
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        encoding = "auto"
    if not is_whole:
        known = {"auto": "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"}
        return data.decode(known.get(encoding, "utf-8"), errors="replace")
    return decode(data, encoding)


@dataclass
class _Table:
    """Cells as they are placed, one row after the other."""

    rows: dict[int, list[Any]] = field(default_factory=dict)
    formats: dict[Position, str] = field(default_factory=dict)
    struck: set[Position] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[Position, Position]] = field(default_factory=list)
    formulas: dict[Position, str] = field(default_factory=dict)
    taken: set[Position] = field(default_factory=set)
    count: int = 0

    def put(self, row: int, column: int, value: Any, across: int = 1, down: int = 1) -> None:
        """Place a value; what it spans stays blank."""
        self.count += 1
        if self.count > MOST_CELLS:
            raise UnreadableWorkbookError(too_many(self.count, MOST_CELLS))
        if column + across > MOST_COLUMNS:
            raise UnreadableWorkbookError(too_many(column + across, MOST_COLUMNS, "columns"))
        values = self.rows.setdefault(row, [])
        values += [""] * (column + 1 - len(values))
        values[column] = value
        if across * down > MOST_SPANNED:
            raise UnreadableWorkbookError(f"A merged cell covers {across * down:,} cells. {RESAVE}")
        if across > 1 or down > 1:
            self.merged.append(((row, column), (row + down - 1, column + across - 1)))
        if down > 1:
            columns = range(column, column + across)
            self.taken |= {(r, c) for r in range(row + 1, row + down) for c in columns}

    def grid(self, name: str, is_text: bool) -> Grid:
        """All of it as a grid."""
        appearance = Appearance(
            self.formats,
            frozenset(self.struck),
            frozenset(self.hidden_rows),
            frozenset(self.hidden_columns),
            tuple(self.merged),
        )
        numbers = sorted(self.rows)
        return Grid(
            name,
            [self.rows[number] for number in numbers],
            numbers,
            self.formulas,
            is_text=is_text,
            appearance=None if appearance.is_plain else appearance,
        )


def _largest_table(text: str) -> Grid:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    try:
        page = etree.fromstring(DECLARATION.sub("", text).encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableWorkbookError(f"The web page is damaged ({error}). {RESAVE}") from error
    tables = [] if page is None else [_html_table(table) for table in page.iter("table")]
    if not tables:
        raise UnreadableWorkbookError(f"The file is a web page without a table. {RESAVE}")
    return max(tables, key=lambda table: table.count).grid("", is_text=True)


def _html_table(element: etree._Element) -> _Table:
    table = _Table()
    for row, line in enumerate(element.xpath(ROWS)):
        column = 0
        if "display:none" in (line.get("style") or "").replace(" ", ""):
            table.hidden_rows.add(row)
        for cell in line.iterchildren("td", "th"):
            while (row, column) in table.taken:
                column += 1
            across, down = (_span(cell.get(name)) for name in ("colspan", "rowspan"))
            table.put(row, column, _html_value(cell), across, down)
            if cell.find(".//s") is not None or cell.find(".//strike") is not None:
                table.struck.add((row, column))
            column += across
    return table


def _html_value(cell: etree._Element) -> Any:
    text = " ".join("".join(cell.itertext()).split())
    number = cell.get(NUMBER_ATTRIBUTE) or (text if NUMBER_ATTRIBUTE in cell.attrib else "")
    try:
        return float(number) if number else text
    except ValueError:
        return text


def _span(text: str | None) -> int:
    """Cells that one spans; HTML allows 65,534 at most."""
    return max(1, int(text)) if text and re.fullmatch("[0-9]{1,5}", text) else 1


def _sheets(text: str) -> Iterator[Grid]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableWorkbookError(f"The file declares XML entities. {RESAVE}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        book = etree.fromstring(DECLARATION.sub("", text).encode(), parser)
        styles = dict(map(_style, book.iterfind(f"{SS}Styles/{SS}Style")))
        for sheet in book.iterfind(f"{SS}Worksheet"):
            yield _xml_sheet(sheet, styles)
    except (etree.XMLSyntaxError, ValueError, TypeError, OverflowError) as error:
        raise UnreadableWorkbookError(f"The XML is damaged ({error}). {RESAVE}") from error


def _style(element: etree._Element) -> tuple[str, tuple[str, bool]]:
    form, font = element.find(f"{SS}NumberFormat"), element.find(f"{SS}Font")
    code = "" if form is None else form.get(f"{SS}Format", "")
    is_struck = font is not None and font.get(f"{SS}StrikeThrough") == "1"
    return element.get(f"{SS}ID", ""), (NAMED_FORMATS.get(code, code), is_struck)


def _xml_sheet(sheet: etree._Element, styles: dict[str, tuple[str, bool]]) -> Grid:
    table, row, column = _Table(), -1, -1
    for one in sheet.iterfind(f"{SS}Table/{SS}Column"):
        column = _place(one, column)
        last = column + int(one.get(f"{SS}Span", 0))
        if one.get(f"{SS}Hidden") == "1":
            table.hidden_columns |= set(range(column, min(last + 1, MOST_COLUMNS)))
        column = last
    for line in sheet.iterfind(f"{SS}Table/{SS}Row"):
        row = _place(line, row)
        if line.get(f"{SS}Hidden") == "1":
            table.hidden_rows.add(row)
        column = -1
        for cell in line.iterfind(f"{SS}Cell"):
            column = _place(cell, column)
            across = 1 + int(cell.get(f"{SS}MergeAcross", 0))
            value = _xml_value(cell)
            if value != "":
                table.put(row, column, value, across, 1 + int(cell.get(f"{SS}MergeDown", 0)))
            if formula := cell.get(f"{SS}Formula"):
                table.formulas[row, column] = formula
            code, is_struck = styles.get(cell.get(f"{SS}StyleID", ""), ("", False))
            if code and is_telling(code):
                table.formats[row, column] = code
            if is_struck:
                table.struck.add((row, column))
            column += across - 1
        row += int(line.get(f"{SS}Span", 0))
    return table.grid(sheet.get(f"{SS}Name", ""), is_text=False)


def _place(element: etree._Element, before: int) -> int:
    """Place of a row, column or cell: as it says, else behind the one before."""
    return int(element.get(f"{SS}Index", before + 2)) - 1


def _xml_value(cell: etree._Element) -> Any:
    data = cell.find(f"{SS}Data")
    if data is None:
        return NEVER_CALCULATED if cell.get(f"{SS}Formula") else ""
    text = "".join(data.itertext())
    kind = data.get(f"{SS}Type")
    if kind == "Number":
        return float(text)
    if kind == "DateTime":
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.time() == datetime.min.time() else moment
    if kind == "Boolean":
        return text == "1"
    return ErrorValue(text) if kind == "Error" else text
