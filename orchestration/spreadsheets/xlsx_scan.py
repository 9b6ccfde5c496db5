"""What calamine loses of an .xlsx sheet: error values, formulas, and formulas never calculated.

A scan over the bytes of the sheet XML finds them; only sheets whose XML is written in an
unusual way, or whose values lie millions of blank cells apart, get the slow reader.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from orchestration.spreadsheets.grid import NEVER_CALCULATED, Appearance, ErrorValue, Position
from orchestration.spreadsheets.package import Package
from orchestration.spreadsheets.xlsx_looks import Styles

DENSE_CELLS = 5_000_000
SPARSE_FACTOR = 20

MUCH_XML = 2_000_000
MANY_BLANKS = 100_000
BLANK_CELL = re.compile(rb"<c [^>]*/>")
CONTENT = (b"<v", b"<is>", b"<f")
"""How the content of a cell begins: its value, its own text, its formula."""

FORMULA = re.compile(rb"<f[ >/]")
FORMULA_CELL = re.compile(
    rb"<c ([^>]*)>\s*<f([^>]*?)(?:/>|>([^<]*)</f>)\s*(?:<v[^>]*?(?:/>|>([^<]*)</v>))?"
)
REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]+)"')
ROW_NUMBER = re.compile(rb'<row [^>]*?\br="([0-9]+)"')
SHARED_INDEX = re.compile(rb'\bsi="([0-9]+)"')
REFERENCES = re.compile(rb'<c [^>]*?\br="([A-Z]+)([0-9]+)"')
WIDE_OR_LONG = re.compile(rb'r="[A-Z](?:[A-Z]|[0-9]{6})')
"""A cell beyond column Z or row 99,999: without one, a range is never too big to hold."""
FAR_AWAY = re.compile(rb'r="(?:[A-Z]{3,}[0-9]|[A-Z]+[0-9]{6})')
TWO_LETTER_COLUMNS = 702


@dataclass
class Scan:
    """Values calamine gives as blank, by (row, column) from 0, and the formula texts."""

    lost: dict[Position, Any] = field(default_factory=dict)
    formulas: Mapping[Position, str] = field(default_factory=dict)


class Formulas(Mapping[Position, str]):
    """Formula texts by position; one shared by several cells is translated when asked for."""

    def __init__(self) -> None:
        self._texts: dict[Position, bytes | tuple[bytes, bytes]] = {}
        self._masters: dict[bytes, Position] = {}

    def note(self, position: Position, attributes: bytes, text: bytes | None) -> None:
        """Remember the formula of one cell."""
        shared = SHARED_INDEX.search(attributes) if b't="shared"' in attributes else None
        if text:
            self._texts[position] = text
            if shared:
                self._masters.setdefault(shared[1], position)
        elif shared:
            self._texts[position] = (shared[1], b"")

    def get(  # type: ignore[override]  # a default that is no text is never asked for
        self, position: Position, default: str | None = None
    ) -> str | None:
        """The formula of a cell, if it has one; most have none, so no exception is raised."""
        return self[position] if position in self._texts else default

    def __getitem__(self, position: Position) -> str:
        text = self._texts[position]
        if isinstance(text, bytes):
            return "=" + html.unescape(text.decode("utf-8", "replace"))
        master = self._masters.get(text[0])
        if master is None:
            return "="
        from openpyxl.formula.translate import Translator

        return Translator(self[master], _a1(master)).translate_formula(_a1(position))

    def __contains__(self, position: object) -> bool:
        return position in self._texts

    def __iter__(self) -> Iterator[Position]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def without_blanks(xml: bytes, filled: int) -> bytes:
    """A large sheet without its rows and cells that are formatted and blank.

    A sheet is often formatted down to its last row. calamine would read each of a million blanks.
    `filled`: how many of its cells hold a value.
    """
    if len(xml) < MUCH_XML:
        return xml
    rows = xml.count(b"<row ")
    if rows < filled + MANY_BLANKS and xml.count(b"<c ") < 2 * filled + MANY_BLANKS:
        return xml
    if b" r='" in xml or rows != xml.count(b'<row r="'):
        return xml
    start, end = xml.find(b"<row "), xml.rfind(b"</sheetData>")
    if start < 0 or end < start:
        return xml
    kept = (BLANK_CELL.sub(b"", row) for row in _rows_with_content(xml, start, end))
    return b"".join((xml[:start], *kept, xml[end:]))


def _rows_with_content(xml: bytes, start: int, end: int) -> Iterator[bytes]:
    following = dict.fromkeys(CONTENT, start)
    while True:
        for mark, place in following.items():
            if 0 <= place <= start:
                following[mark] = xml.find(mark, start, end)
        found = [place for place in following.values() if place >= 0]
        if not found:
            return
        first = xml.rfind(b"<row ", 0, min(found))
        start = xml.find(b"</row>", min(found)) + len(b"</row>")
        yield xml[first:start]


def filled_cells(xml: bytes) -> int:
    """How many cells of a sheet hold a value."""
    return xml.count(b"</v>") + xml.count(b"</is>")


def scan_sheet(xml: bytes) -> Scan | None:
    """What calamine loses of this sheet; None when it takes the slow reader to know."""
    if b" r='" in xml or (b"<c " not in xml and b":c " in xml) or _is_sparse(xml):
        return None
    scan = Scan()
    if not _find_errors(xml, scan.lost):
        return None
    if not _find_formulas(xml, scan):
        return None
    return scan


def _find_errors(xml: bytes, lost: dict[Position, Any]) -> bool:
    end = 0
    while (found := xml.find(b't="e"', end)) >= 0:
        end = found + 5
        start = xml.rfind(b"<", 0, found)
        if not xml.startswith(b"<c ", start):
            continue
        position = _position(xml[start : xml.find(b">", found)])
        if position is None:
            return False
        close = xml.find(b"</c>", found)
        value = re.search(rb"<v>([^<]*)</v>", xml[found:close])
        lost[position] = ErrorValue(value[1].decode("utf-8", "replace") if value else "#ERROR")
    return True


def _find_formulas(xml: bytes, scan: Scan) -> bool:
    formulas = Formulas()
    for found in FORMULA.finditer(xml):
        cell = FORMULA_CELL.match(xml, xml.rfind(b"<c ", 0, found.start()))
        position = _position(cell[1]) if cell and cell.start(2) == found.start() + 2 else None
        if cell is None or position is None:
            return False
        attributes, formula_attributes, text, value = cell.groups()
        formulas.note(position, formula_attributes, text)
        # an empty text a formula did give is typed as text; it is blank, not uncalculated
        if not value and b't="str"' not in attributes and position not in scan.lost:
            scan.lost[position] = NEVER_CALCULATED
    scan.formulas = formulas
    return True


def _is_sparse(xml: bytes) -> bool:
    """Whether calamine's dense range would be mostly blanks, and too big to hold."""
    if WIDE_OR_LONG.search(xml) is None:
        return False
    if FAR_AWAY.search(xml):
        cells = REFERENCES.findall(xml)
        rows = [int(row) for _, row in cells]
        height, width = max(rows) - min(rows) + 1, _widest({letters for letters, _ in cells})
    else:
        first, last = xml.find(b"<v>"), xml.rfind(b"<v>")
        if first < 0:
            return False
        first_row, last_row = _row_of(xml, first), _row_of(xml, last)
        if first_row is None or last_row is None:
            return True
        height = last_row - first_row + 1
        if height * TWO_LETTER_COLUMNS <= DENSE_CELLS:
            return False
        width = _widest({letters for letters, _ in REFERENCES.findall(xml)})
    return height * width > max(DENSE_CELLS, SPARSE_FACTOR * xml.count(b"<v>"))


def _row_of(xml: bytes, offset: int) -> int | None:
    match = ROW_NUMBER.match(xml, xml.rfind(b"<row ", 0, offset))
    return int(match[1]) if match else None


def _widest(letters: set[bytes]) -> int:
    return max(map(_column, letters), default=0) + 1


def _position(attributes: bytes) -> Position | None:
    match = REFERENCE.search(attributes)
    return (int(match[2]) - 1, _column(match[1])) if match else None


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column - 1


def _a1(position: Position) -> str:
    from orchestration.spreadsheets.grid import column_letters

    return f"{column_letters(position[1])}{position[0] + 1}"


def sheet_parts(package: Package) -> dict[str, str]:
    """Sheet name to the name of its part in the package."""
    office = "xl/workbook.xml"
    for relation in [] if office in package else package.tree("_rels/.rels"):
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            office = str(relation.get("Target")).lstrip("/")
    folder, file_name = posixpath.split(office)
    targets = {
        relation.get("Id"): str(relation.get("Target"))
        for relation in package.tree(f"{folder}/_rels/{file_name}.rels")
    }
    parts = {}
    for sheet in package.tree(office).iterfind(".//{*}sheet"):
        identity = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), None)
        target = targets.get(identity)
        if target is not None:
            path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
            parts[str(sheet.get("name"))] = posixpath.normpath(path)
    return parts


@dataclass
class SlowlyRead:
    """What the slow reader gives: values and formulas by place, and how they look."""

    rows: dict[int, dict[int, Any]] = field(default_factory=dict)
    formulas: dict[Position, str] = field(default_factory=dict)
    styles: dict[Position, int] = field(default_factory=dict)
    appearance: Appearance = field(default_factory=Appearance)


def read_slowly(data: bytes, name: str, styles: Styles) -> SlowlyRead:
    """A sheet through openpyxl's parser; blanks take no room."""
    from openpyxl import load_workbook

    # The parser gives one dict a filled cell. The public interface pads every gap with blanks.
    read = SlowlyRead()
    for data_only in (False, True):
        book = load_workbook(BytesIO(data), read_only=True, data_only=data_only)
        with _parser(book, name) as parser:
            for number, cells in parser.parse():
                for cell in cells:
                    position = (number - 1, cell["column"] - 1)
                    if data_only:
                        _take_value(read, position, cell)
                        read.styles[position] = int(cell["style_id"])
                    elif cell["data_type"] == "f":
                        formula = cell["value"]
                        read.formulas[position] = str(getattr(formula, "text", formula))
            read.appearance = _appearance(read.styles, parser, styles)
        book.close()
    return read


def _take_value(read: SlowlyRead, position: Position, cell: Mapping[str, Any]) -> None:
    value = cell["value"]
    if cell["data_type"] == "e":
        value = ErrorValue(value)
    elif value is None and position in read.formulas:
        value = NEVER_CALCULATED
    if value is not None and value != "":
        read.rows.setdefault(position[0], {})[position[1]] = value


def _appearance(used: Mapping[Position, int], parser: Any, styles: Styles) -> Appearance:
    hidden_columns: set[int] = set()
    for one in parser.column_dimensions.values():
        if one.get("hidden") in ("1", "true"):
            hidden_columns |= set(range(int(one["min"]) - 1, int(one.get("max", one["min"]))))
    merged = parser.merged_cells.mergeCell if parser.merged_cells else ()
    return Appearance(
        {place: styles.formats[n] for place, n in used.items() if n in styles.formats},
        frozenset(place for place, number in used.items() if number in styles.struck),
        frozenset(
            int(number) - 1
            for number, one in parser.row_dimensions.items()
            if one.get("hidden") in ("1", "true")
        ),
        frozenset(hidden_columns),
        tuple(((m.min_row - 1, m.min_col - 1), (m.max_row - 1, m.max_col - 1)) for m in merged),
    )


@contextmanager
def _parser(book: Any, name: str) -> Iterator[Any]:
    from openpyxl.worksheet._reader import WorkSheetParser

    sheet = book[name]
    with sheet._get_source() as source:
        yield WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
