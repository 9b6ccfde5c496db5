"""How an .xlsx sheet shows its cells: number formats, struck-out figures, what is hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.spreadsheets.grid import Appearance, Position, column_of
from orchestration.spreadsheets.number_formats import BUILT_IN, is_telling
from orchestration.spreadsheets.package import Package

STYLES = "xl/styles.xml"
HIDDEN_ROW = re.compile(rb'<row [^>]*?\b(?:hidden="(?:1|true)"|ht="0(?:\.0*)?")[^>]*>')
ZERO_HEIGHT = re.compile(rb'ht="0(?<=\sht="0)')
"""Of a row, in every sheet that has one; the margins of a page have right="0.7"."""
ROW_NUMBER = re.compile(rb'\br="([0-9]+)"')
COLUMN = re.compile(rb"<col ([^>]*)>")
FIRST_LAST = re.compile(rb'\bmin="([0-9]+)"|\bmax="([0-9]+)"')
IS_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"|\bwidth="0(?:\.0*)?"')
MERGED = re.compile(rb'<mergeCell [^>]*?\bref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')
CELL = rb'<c (?=[^>]*?\bs="(%s)")[^>]*?\br="([A-Z]{1,3})([0-9]+)"'


@dataclass(frozen=True)
class Styles:
    """The cell styles of a workbook that show more than the number, by their place in the list."""

    formats: Mapping[int, str]
    struck: frozenset[int]


def read_styles(package: Package) -> Styles:
    """Cell styles whose number format tells something, or whose font is struck out."""
    if STYLES not in package:
        return Styles({}, frozenset())
    tree = package.tree(STYLES)
    codes = dict(BUILT_IN)
    for one in tree.iterfind("{*}numFmts/{*}numFmt"):
        codes[_number(one.get("numFmtId"))] = str(one.get("formatCode") or "")
    struck_fonts = {
        position
        for position, font in enumerate(tree.iterfind("{*}fonts/{*}font"))
        if any(
            strike.get("val", "1") not in ("0", "false") for strike in font.iterfind("{*}strike")
        )
    }
    formats, struck = {}, set()
    for position, style in enumerate(tree.iterfind("{*}cellXfs/{*}xf")):
        code = codes.get(_number(style.get("numFmtId")), "")
        if code and is_telling(code):
            formats[position] = code
        if _number(style.get("fontId")) in struck_fonts:
            struck.add(position)
    return Styles(formats, frozenset(struck))


def appearance_of(xml: bytes, styles: Styles, is_hidden_sheet: bool) -> Appearance | None:
    """How a sheet looks, where that is not plain; found in its bytes without a parser."""
    formats: dict[Position, str] = {}
    struck: set[Position] = set()
    wanted = styles.formats.keys() | styles.struck
    if wanted:
        pattern = re.compile(CELL % b"|".join(b"%d" % number for number in sorted(wanted)))
        for number, letters, row in pattern.findall(xml):
            position = int(row) - 1, column_of(letters.decode())
            style = int(number)
            if style in styles.formats:
                formats[position] = styles.formats[style]
            if style in styles.struck:
                struck.add(position)
    start = xml.find(b"<sheetData")
    merged = xml.rfind(b"<mergeCells")
    appearance = Appearance(
        formats,
        frozenset(struck),
        _hidden_rows(xml),
        _hidden_columns(xml[: max(start, 0)]),
        _merged(xml[merged:]) if merged >= 0 else (),
        is_hidden_sheet,
    )
    return None if appearance.is_plain else appearance


def _hidden_rows(xml: bytes) -> frozenset[int]:
    if b"hidden=" not in xml and ZERO_HEIGHT.search(xml) is None:
        return frozenset()
    numbers = (ROW_NUMBER.search(row[0]) for row in HIDDEN_ROW.finditer(xml))
    return frozenset(int(number[1]) - 1 for number in numbers if number)


def _hidden_columns(xml: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    for attributes in COLUMN.findall(xml):
        if IS_HIDDEN.search(attributes):
            bounds = [int(low or high) for low, high in FIRST_LAST.findall(attributes)]
            hidden |= set(range(min(bounds) - 1, min(max(bounds), 16_384)))
    return frozenset(hidden)


def _merged(xml: bytes) -> tuple[tuple[Position, Position], ...]:
    return tuple(
        (
            (int(first_row) - 1, column_of(first.decode())),
            (int(last_row) - 1, column_of(last.decode())),
        )
        for first, first_row, last, last_row in MERGED.findall(xml)
    )


def _number(text: str | None) -> int:
    """A number of the list of styles; -1 where none is stated, or nothing that is one."""
    return int(text) if text and text.isdecimal() else -1
