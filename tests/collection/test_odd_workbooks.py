"""Workbooks of other programs come back marked, too; what can't be marked is never half marked."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from orchestration.collection.returned.marked_workbook import list_of_issues, mark_workbook
from orchestration.collection.returned.notice import Notice, Remark
from orchestration.ingest.template_marks import ISSUES_SHEET
from orchestration.spreadsheets.package_editor import NotEditableError
from orchestration.spreadsheets.workbook import Workbook
from tests.collection.broken_workbook import DUE, ROUND, write_workbook
from tests.collection.test_returned import ENERGY, WATER, marks
from tests.system_programs import system_program

REMARKS = tuple(
    Remark("critical", "x", sheet, cell, "错", "Wrong", "改", "Mend", "a number")
    for sheet, cell in ((ENERGY, "B3"), (ENERGY, "C4"), (ENERGY, "H9"), (WATER, "C2"))
)
NOTICE = Notice("mill/boiler", ROUND, "boiler.xlsx", DUE, True, False, REMARKS)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def edited(data: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    """The workbook with the parts of a pattern changed."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, edit(content) if re.fullmatch(part, name) else content)
    return buffer.getvalue()


def without(pattern: bytes) -> Callable[[bytes], bytes]:
    """Remove what matches."""
    return lambda content: re.sub(pattern, b"", content)


def prefixed(content: bytes) -> bytes:
    """The same XML as a program writes it that prefixes every name."""
    content = content.replace(f'xmlns="{MAIN}"'.encode(), f'xmlns:x="{MAIN}"'.encode())
    return re.sub(rb"<(/?)(?=[a-zA-Z]+[ />])(?!x:)", rb"<\1x:", content)


STILL_MARKED = {
    "no addresses of cells and rows": ("xl/worksheets/sheet[12].xml", without(rb'(?<=<c) r="\w+"')),
    "no rows numbered": ("xl/worksheets/sheet2.xml", without(rb'(?<=<row) r="\d+"')),
    "names with a prefix": ("xl/worksheets/sheet2.xml|xl/styles.xml", prefixed),
    "no view of the book": ("xl/workbook.xml", without(rb"<bookViews>.*</bookViews>")),
    "no list of cell styles": ("xl/styles.xml", without(rb"<cellStyles.*</cellStyles>")),
    "absolute places of parts": (
        "xl/_rels/workbook.xml.rels",
        lambda content: content.replace(b'Target="', b'Target="/xl/'),
    ),
}


@pytest.mark.parametrize("name", STILL_MARKED)
def test_odd_workbooks_are_marked(tmp_path: Path, name: str) -> None:
    part, edit = STILL_MARKED[name]
    odd = edited(write_workbook(tmp_path / "boiler.xlsx").read_bytes(), part, edit)
    path = tmp_path / "marked.xlsx"
    path.write_bytes(mark_workbook(odd, NOTICE))
    assert marks(path) == {(remark.sheet, remark.cell) for remark in REMARKS}
    workbook = Workbook(path.read_bytes())
    assert workbook.grid(WATER).value(1, 2) == 50
    assert workbook.sheet_names[-1] == ISSUES_SHEET


NOT_MARKED = {
    "strict form": ("xl/workbook.xml", lambda c: c.replace(MAIN.encode(), b"http://purl.oclc.org")),
    "style that is no number": (
        "xl/worksheets/sheet1.xml",
        lambda content: re.sub(rb' s="[0-9]+"', b' s="a"', content),
    ),
    "sheet cut off": ("xl/worksheets/sheet1.xml", lambda content: content[:-200]),
    "entities": ("xl/styles.xml", lambda content: content.replace(b"<styl", b"<!DOCTYPE x><styl")),
    "no workbook": ("_rels/.rels", without(rb"<Relationship [^>]*officeDocument[^>]*/>")),
    "a sheet number that is none": (
        "xl/workbook.xml",
        lambda content: content.replace(b'sheetId="1"', b'sheetId="one"'),
    ),
}


@pytest.mark.parametrize("name", NOT_MARKED)
def test_what_cannot_be_marked_is_said_so(tmp_path: Path, name: str) -> None:
    part, edit = NOT_MARKED[name]
    odd = edited(write_workbook(tmp_path / "boiler.xlsx").read_bytes(), part, edit)
    with pytest.raises(NotEditableError):
        mark_workbook(odd, NOTICE)


def test_a_workbook_with_macros_keeps_them(tmp_path: Path) -> None:
    data = write_workbook(tmp_path / "boiler.xlsx").read_bytes()
    buffer = BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 macros")
    with zipfile.ZipFile(BytesIO(mark_workbook(buffer.getvalue(), NOTICE))) as archive:
        assert archive.read("xl/vbaProject.bin") == b"\xd0\xcf\x11\xe0 macros"


def test_an_authors_sheet_of_our_name_stays(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "boiler.xlsx")
    book = openpyxl.load_workbook(path)
    book.create_sheet(ISSUES_SHEET)["A1"] = "My own list"
    book.save(path)
    for _ in range(2):
        path.write_bytes(mark_workbook(path.read_bytes(), NOTICE))
    names = openpyxl.load_workbook(path).sheetnames
    assert names[-2:] == [ISSUES_SHEET, f"{ISSUES_SHEET} 2"]


def test_libreoffice_keeps_the_marks_and_they_are_taken_out_again(tmp_path: Path) -> None:
    office = system_program("soffice")
    path = write_workbook(tmp_path / "boiler.xlsx")
    path.write_bytes(mark_workbook(path.read_bytes(), NOTICE))
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    saved = tmp_path / "saved" / "boiler.xlsx"
    expected = {(remark.sheet, remark.cell) for remark in REMARKS}
    assert marks(saved) == expected
    only = Notice("mill/boiler", ROUND, "boiler.xlsx", DUE, True, False, REMARKS[:1])
    saved.write_bytes(mark_workbook(saved.read_bytes(), only))
    assert marks(saved) == {(ENERGY, "B3")}
    book = openpyxl.load_workbook(saved)
    assert [name for name in book.sheetnames if name.startswith(ISSUES_SHEET)] == [ISSUES_SHEET]
    comment = book[ENERGY]["C4"].comment.text
    assert "Weighed twice." in comment
    assert "Mend" not in comment
    assert book[ENERGY]["C4"].fill.fgColor.rgb == "FFFFFF99"


def test_a_thousand_findings_stay_readable(tmp_path: Path) -> None:
    remarks = tuple(
        Remark("critical", "x", ENERGY, f"B{row}", "错", "Wrong", "改", "Mend", "a number")
        for row in range(3, 3003)
    )
    notice = Notice("mill/boiler", ROUND, "boiler.xlsx", DUE, True, False, remarks)
    path = write_workbook(tmp_path / "boiler.xlsx")
    path.write_bytes(mark_workbook(path.read_bytes(), notice))
    assert len(marks(path)) == 3000
    issues = openpyxl.load_workbook(path)[ISSUES_SHEET]
    assert issues["A1005"].value == 1000
    assert "2,000" in issues["D1006"].value


def test_a_list_alone_is_a_workbook() -> None:
    book = openpyxl.load_workbook(BytesIO(list_of_issues(NOTICE)))
    assert book.sheetnames == [ISSUES_SHEET]
    assert [row[2].value for row in book.active.iter_rows(min_row=6)] == [r.where for r in REMARKS]
