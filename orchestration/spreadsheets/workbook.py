"""The only code that opens a spreadsheet: .xlsx, .xlsm, .xls and .ods become grids of values.

A web page or XML of Excel 2003 under such a name is read as what it is.

calamine reads the values; what it loses (errors, formulas) comes from the sheet's own bytes.
Macros never run: nothing here executes, or even reads, a part that isn't a worksheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from orchestration.spreadsheets import xls_records, xlsx_looks, xlsx_scan
from orchestration.spreadsheets.files import MOST_CELLS, read_file, too_many
from orchestration.spreadsheets.grid import Grid, Position, UnreadableFileError
from orchestration.spreadsheets.markup import is_markup, read_markup
from orchestration.spreadsheets.ods_content import read_ods
from orchestration.spreadsheets.package import (
    RESAVE,
    Package,
    UnreadableWorkbookError,
)

__all__ = ["UnreadableWorkbookError", "Workbook", "read_workbook"]

DAMAGED = (
    CalamineError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,  # what XML parsers raise
)
"""What calamine, and openpyxl as the slow reader, raise on a file that isn't what it says."""

CUSTOM_PROPERTIES = "docprops/custom.xml"
OFFICE = "xl/workbook.xml"
OPENED_BY_CALAMINE = (OFFICE, "xl/sharedstrings.xml", "xl/styles.xml")


class Workbook:
    """Sheets by name; each is read when it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._grids: dict[str, Grid] = {}
        self._package: Package | None = None
        self._parts: Mapping[str, str] = {}
        self._xls_lost: list[xls_records.Lost] = []
        if data.startswith(xls_records.OLE_MAGIC):
            self._open_xls()
        elif data.startswith(b"PK\x03\x04"):
            self._open_zip()
        elif is_markup(data):
            self._take(read_markup(data))
        else:
            raise UnreadableWorkbookError(_not_a_workbook(data))

    def grid(self, name: str) -> Grid:
        """One sheet. Raises `UnreadableWorkbookError` when its part of the file is damaged."""
        if name not in self._grids:
            package = self._package
            self._grids[name] = self._xlsx_grid(package, name) if package else self._xls_grid(name)
        return self._grids[name]

    @cached_property
    def custom_properties(self) -> dict[str, str]:
        """Custom document properties by name; none in formats other than .xlsx and .xlsm."""
        if self._package is None or CUSTOM_PROPERTIES not in self._package:
            return {}
        return {
            str(one.get("name")): "".join(one.itertext()).strip()
            for one in self._package.tree(CUSTOM_PROPERTIES).iterfind("{*}property")
        }

    def _open_xls(self) -> None:
        if xls_records.is_encrypted_package(self._data):
            raise UnreadableWorkbookError(
                "The file is protected by a password. Save it without one and hand it in again."
            )
        self._xls_lost = xls_records.lost_cells(self._data)
        self._open_calamine()

    def _open_zip(self) -> None:
        package = Package(self._data)
        if "content.xml" in package and "xl/workbook.xml" not in package:
            self._take(read_ods(package))
            return
        if "[content_types].xml" not in package:
            raise UnreadableWorkbookError(
                f"The file is a zip archive, not a workbook. Unpack it first. {RESAVE}"
            )
        if "xl/workbook.bin" in package:
            raise UnreadableWorkbookError(f"The file is a binary workbook (.xlsb). {RESAVE}")
        for part in OPENED_BY_CALAMINE:
            if part in package:
                package.read_xml(part)
        self._parts = xlsx_scan.sheet_parts(package)
        self._package = package
        self._open_calamine()

    def _take(self, grids: Sequence[Grid]) -> None:
        self.sheet_names = [grid.name for grid in grids]
        self._grids = {grid.name: grid for grid in grids}

    def _open_calamine(self) -> None:
        with _calamine_errors():
            self._calamine = CalamineWorkbook.from_filelike(BytesIO(self._data))
            self.sheet_names = list(self._calamine.sheet_names)

    def _xlsx_grid(self, package: Package, name: str) -> Grid:
        if name not in self._parts:
            raise UnreadableWorkbookError(f"The sheet {name} has no content. {RESAVE}")
        whole = package.read_xml(self._parts[name])
        count = xlsx_scan.filled_cells(whole)
        if count > MOST_CELLS:
            raise UnreadableWorkbookError(f"The sheet {name}: {too_many(count, MOST_CELLS)}")
        xml = xlsx_scan.without_blanks(whole, count)
        is_thinned = len(xml) < len(whole)
        del whole
        scan = xlsx_scan.scan_sheet(xml)
        if scan is None:
            del xml
            with _calamine_errors():
                slow = xlsx_scan.read_slowly(self._data, name, self._styles)
            grid = _sparse_grid(name, slow.rows, slow.formulas)
            seen = replace(slow.appearance, is_hidden_sheet=name in self._hidden_sheets)
            grid.appearance = None if seen.is_plain else seen
            grid.has_1904_dates = self._has_1904_dates
            grid.has_rounded_results = self._has_rounded_results
            return grid
        looks = xlsx_looks.appearance_of(xml, self._styles, name in self._hidden_sheets)
        book = self._calamine
        if is_thinned:
            thinned = package.with_sheet(self._parts[name], xml)
            with _calamine_errors():
                book = CalamineWorkbook.from_filelike(BytesIO(thinned))
        del xml
        grid = _calamine_grid(book, name, scan.lost, scan.formulas)
        grid.appearance = looks
        grid.has_1904_dates = self._has_1904_dates
        grid.has_rounded_results = self._has_rounded_results
        return grid

    @cached_property
    def _has_1904_dates(self) -> bool:
        return self._setting("workbookPr", "date1904") in ("1", "true")

    @cached_property
    def _has_rounded_results(self) -> bool:
        return self._setting("calcPr", "fullPrecision") in ("0", "false")

    def _setting(self, element: str, name: str) -> str | None:
        """A setting of the whole .xlsx workbook; None where it isn't made."""
        if self._package is None or OFFICE not in self._package:
            return None
        found = self._package.tree(OFFICE).find(f"{{*}}{element}")
        return None if found is None else found.get(name)

    @cached_property
    def _styles(self) -> xlsx_looks.Styles:
        assert self._package is not None, "styles are looked up for .xlsx alone"
        return xlsx_looks.read_styles(self._package)

    @cached_property
    def _hidden_sheets(self) -> frozenset[str]:
        with _calamine_errors():
            kinds = self._calamine.sheets_metadata
        return frozenset(one.name for one in kinds if one.visible != SheetVisibleEnum.Visible)

    def _xls_grid(self, name: str) -> Grid:
        position = self.sheet_names.index(name)
        lost = self._xls_lost[position] if position < len(self._xls_lost) else {}
        return _calamine_grid(self._calamine, name, lost, {})


def _calamine_grid(
    book: CalamineWorkbook,
    name: str,
    lost: Mapping[Position, Any],
    formulas: Mapping[Position, str],
) -> Grid:
    with _calamine_errors():
        sheet = book.get_sheet_by_name(name)
        first_row, first_column = sheet.start or (0, 0)
        rows = sheet.to_python()
    if first_column:
        padding = [""] * first_column
        rows = [padding + row for row in rows]
    last_row = first_row + len(rows) - 1
    if any(not first_row <= row <= last_row for row, _ in lost):
        by_number = dict(enumerate(rows, start=first_row))
        for row, _ in lost:
            by_number.setdefault(row, [])
        numbers: Any = sorted(by_number)
        rows = [by_number[number] for number in numbers]
        index = {number: i for i, number in enumerate(numbers)}
    else:
        numbers = range(first_row, last_row + 1)
        index = {row: row - first_row for row, _ in lost}
    for (row, column), value in lost.items():
        _put(rows[index[row]], column, value)
    return Grid(name, rows, numbers, formulas)


def is_workbook(data: bytes) -> bool:
    """Whether a file is something that `read_workbook` may open."""
    return data.startswith((xls_records.OLE_MAGIC, b"PK\x03\x04")) or is_markup(data)


def read_workbook(path: Path, data: bytes | None = None) -> Workbook:
    """Open a workbook. Raises `UnreadableWorkbookError` with the reason and the remedy."""
    if data is None:
        try:
            data = read_file(path)
        except UnreadableFileError as error:
            raise UnreadableWorkbookError(error.reason) from error
    return Workbook(data)


def _put(row: list[Any], column: int, value: Any) -> None:
    if column >= len(row):
        row.extend([""] * (column + 1 - len(row)))
    row[column] = value


def _sparse_grid(
    name: str,
    rows: Mapping[int, Mapping[int, Any]],
    formulas: Mapping[tuple[int, int], str],
) -> Grid:
    numbers = sorted(rows)
    lists = []
    for number in numbers:
        values: list[Any] = [""] * (max(rows[number]) + 1)
        for column, value in rows[number].items():
            values[column] = value
        lists.append(values)
    return Grid(name, lists, numbers, formulas)


def _not_a_workbook(data: bytes) -> str:
    if not data:
        return "The file is empty. Export or copy it again."
    start = data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<", b"mime-version")):
        return f"The file is a web page or XML without a table. {RESAVE}"
    if start.startswith(b"%pdf"):
        return "The file is a PDF, not a workbook. Hand in the workbook it was printed from."
    return f"The file is not a workbook, whatever its name says. {RESAVE}"


@contextmanager
def _calamine_errors() -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise UnreadableWorkbookError(
            "The file is protected by a password. Save it without one and hand it in again."
        ) from error
    except DAMAGED as error:
        raise UnreadableWorkbookError(f"The file is damaged ({error}). {RESAVE}") from error
    except BaseException as error:
        # a panic inside calamine derives from BaseException; anything else isn't ours to catch
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableWorkbookError(f"The file is damaged ({error}). {RESAVE}") from error
