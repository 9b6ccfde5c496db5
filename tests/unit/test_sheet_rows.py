"""Rows that are written at once are, to the byte, what XlsxWriter writes cell by cell."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.report.documents.sheet_rows import SheetRows

ROWS: list[tuple[Any, ...]] = [
    ("a & b < c", 1, 0.1 + 0.2, date(2022, 4, 1), True),
    (" blanks ", None, -1e-17, None, False),
    (None,) * 5,
    ("", 12345678901234567890, 1e300, datetime(2022, 4, 1, 12, 30), None),
    ("=1+1", 0, Decimal("2.50"), None, None),
    ("_x0041_ \x01 \ufffe 能耗", float("nan"), float("-inf"), None, None),
    ("a & b < c", 2, 3.0, date(1999, 12, 31), True),
    (None, None, None, None, True),
]
HEADING = 2


def by_row(page: Worksheet, formats: list[Format]) -> None:
    SheetRows(page, HEADING + 1, formats).write(iter(ROWS))


def by_cell(page: Worksheet, formats: list[Format]) -> None:
    for row, values in enumerate(ROWS, start=HEADING + 1):
        for place, value in enumerate(values):
            if isinstance(value, bool):
                page.write_boolean(row, place, value)
            elif isinstance(value, date):
                page.write_datetime(row, place, value, formats[place])
            elif isinstance(value, str) or (value is not None and value - value != 0):
                page.write_string(row, place, str(value))
            elif value is not None:
                page.write_number(row, place, value, formats[place])


def written(path: Path, write: Callable[[Worksheet, list[Format]], None]) -> dict[str, bytes]:
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False})
    book.set_properties({"created": datetime(2022, 4, 1)})
    formats = [book.add_format({"num_format": pattern}) for pattern in ("0", "0.0", "0.00", "yyyy")]
    for name in ("one", "two"):
        page = book.add_worksheet(name)
        page.write_string(0, 0, "above")
        page.write_string(HEADING, 4, "heading")
        write(page, [*formats, formats[0]])
        page.set_column(0, 0, 20)
    book.close()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_file_is_what_the_library_writes_cell_by_cell(tmp_path: Path):
    assert written(tmp_path / "row.xlsx", by_row) == written(tmp_path / "cell.xlsx", by_cell)


def test_what_is_written_is_read_again(tmp_path: Path):
    written(tmp_path / "row.xlsx", by_row)
    (first, *_, last) = openpyxl.load_workbook(tmp_path / "row.xlsx")["two"].iter_rows(
        min_row=HEADING + 2, values_only=True
    )
    assert first == ("a & b < c", 1, 0.3, datetime(2022, 4, 1), True)
    assert last == (None, None, None, None, True)


def test_a_text_that_is_shortened_and_one_like_markup_stay_texts(tmp_path: Path):
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    page = book.add_worksheet("one")
    SheetRows(page, 0, [book.add_format()], lambda text: text[:8]).write(
        iter([("a longer text",), ("<r></r>",)])
    )
    book.close()
    texts = [row[0] for row in openpyxl.load_workbook(path)["one"].iter_rows(values_only=True)]
    assert texts == ["a longer", "<r></r>"]
