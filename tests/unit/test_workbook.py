"""Workbooks as calamine loses them, as people break them, and as nobody should send them."""

from __future__ import annotations

import base64
import gzip
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from orchestration.spreadsheets.grid import Grid
from orchestration.spreadsheets.package import Package
from orchestration.spreadsheets.workbook import UnreadableWorkbookError, read_workbook

# Two sheets an old Excel wrote: 1234.5, #N/A, a boolean and 12 in one, #DIV/0! in D6 of the other
XLS = gzip.decompress(
    base64.b64decode("""
H4sIAAAAAAACA+1YTUhUURT+7p33nBnzZ8a00MBEyMqUdGzRIpuSzJVibYoIyp+BBnWMYTa2qCkbaBMEQVC0EWzRxn4W/VCB
7VoERi2CIHBq6SooaKG+zjnvPRsnAwdSMN433HPPPffce8+959yfee9mwrMTj2qyyMNB+LBoBVGUI1OUgm4hBKq3LGbdPEDJ
8rChEAyQI4tMvCh962cfsr+z0HhovCYKfKF0GufRM5qI1a0jOsSGPsU2tCuDYk/jLqUyVItdFUIHhG4W+kB0Xwo9JJLrQttJ
d1adwky0p3G/E8cndb3UlRFVeCptPomkFVV4w3F86YaydU0cTsb7hjdYRa1RgkmQS7tiiVjSLt/j8hiheWRkFpXk60n8sOqA
7+6mnq7z5OsrVyD5z+Vy/1/kAfJgvvymNoA0rLOKIzmDEuw1uEarhfTWdIbO6+EiOzA65nGAogNu6h5NpM5tAjqHYwOpZHwg
nhqj8Ii0RFqbWyJLXNsSt6+Yj385LkLLjotS2UQlRAdRLnxYtlKIDJ6//+19d39v9IxI0nJF2BfJDjYcFi5zC2pcJjWmUB+l
RmmxR+gV6XWb8DVCK0mT8obeKoc5Oi46V6W2gcZpE3yI7szhdxGfmTv2rDbzNbqb+Kmu7IXKqY/RCdTTQg1Se/6No0k1qTu3
Gc+jbq6cI+ez0Oo/jp+ADontGpZzW5ZjAcXChoXaJV4d5eirPP1XNIaSw+3WY016c9f8VGZNvULPWnpmauqAs+6NirV9K2j7
RNsnPttOuXJKfGXbikEcoelP12qY3IkhjljeiSGdGM6QhjOZi5pr2OAIvxx0BZ6wVXQK/8ZaB4/p9OcT6zZi8PAMjJz15hU2
aT5h+JWsKVZaUw8ePHjw4MGDh0JhP0HtJ7fhPMD5HeV3vussUFr0PpP8tziOUfql6F9lJxKUJzFWUPxsgancvtQq27jfCxkn
aPQkhtAvdgwVHL/0rla581l1w9C/20KFjr9YiJ1rPP4va5YbFQAWAAA=
""")
)


def save(book: openpyxl.Workbook, path: Path) -> Path:
    book.save(path)
    return path


def sheet(path: Path, name: str | None = None) -> Grid:
    workbook = read_workbook(path)
    return workbook.grid(name or workbook.sheet_names[0])


def cells(grid: Grid) -> dict[str, tuple[str | None, str]]:
    """Address to (text, kind) of every cell that isn't blank."""
    found = {}
    for index in range(len(grid.rows)):
        for column in range(len(grid.rows[index])):
            cell = grid.cell(index, column)
            if cell.kind != "blank":
                found[grid.address(index, column)] = (cell.text, cell.kind)
    return found


@pytest.fixture
def book():
    return openpyxl.Workbook()


def rewrite(path: Path, part: str, change) -> Path:
    """Change one part of a workbook's zip."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_each_kind_of_cell_is_kept_as_typed(book, tmp_path):
    row = [12, 1234.5, "约40", "1,234.5", True, date(2021, 1, 1), datetime(2021, 1, 1, 5, 30), " "]
    book.active.append(row)
    assert cells(sheet(save(book, tmp_path / "a.xlsx"))) == {
        "A1": ("12", "number"),
        "B1": ("1234.5", "number"),
        "C1": ("约40", "text"),
        "D1": ("1,234.5", "text_number"),
        "E1": ("TRUE", "boolean"),
        "F1": ("2021-01-01", "date"),
        "G1": ("2021-01-01T05:30:00", "date"),
    }


def test_an_error_value_keeps_its_name(book, tmp_path):
    book.active["C3"] = 1
    for address, error in (("B2", "#N/A"), ("D9", "#DIV/0!")):
        book.active[address] = error
        book.active[address].data_type = "e"
    found = cells(sheet(save(book, tmp_path / "a.xlsx")))
    assert found == {"B2": ("#N/A", "error"), "C3": ("1", "number"), "D9": ("#DIV/0!", "error")}


def test_a_formula_never_calculated_is_no_blank(book, tmp_path):
    book.active["B2"] = "=1+1"
    grid = sheet(save(book, tmp_path / "a.xlsx"))
    assert cells(grid) == {"B2": (None, "formula_without_value")}
    assert grid.formula(0, 1) == "=1+1"


def test_a_calculated_formula_keeps_value_and_text(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_formula("A1", '=B1&"<"', None, "x")
        page.write_formula("A2", "=NA()", None, "#N/A")
        page.write_formula("A3", "=SUM(B1:B2)", None, 42)
        page.write_formula("A4", "=B9", None, "")
    grid = sheet(path)
    assert cells(grid) == {
        "A1": ("x", "text"),
        "A2": ("#N/A", "error"),
        "A3": ("42", "number"),
        "A4": (None, "formula_without_value"),
    }
    assert [grid.formula(i, 0) for i in range(4)] == ['=B1&"<"', "=NA()", "=SUM(B1:B2)", "=B9"]


def test_a_formula_that_gave_an_empty_text_is_blank(book, tmp_path):
    book.active["A1"] = "=1+1"
    book.active["B1"] = 7
    path = rewrite(
        save(book, tmp_path / "a.xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="A1">', b'<c r="A1" t="str">'),
    )
    assert cells(sheet(path)) == {"B1": ("7", "number")}


def test_a_shared_formula_is_translated_for_its_cell(book, tmp_path):
    for row in (1, 2, 3):
        book.active.cell(row, 1, row)
        book.active.cell(row, 2, row)
    shared = b'<c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c>'
    follower = b'<c r="B3"><f t="shared" si="0"/><v>6</v></c>'

    def change(xml: bytes) -> bytes:
        xml = xml.replace(b'<c r="B1" t="n"><v>1</v></c>', shared)
        return xml.replace(b'<c r="B3" t="n"><v>3</v></c>', follower)

    path = rewrite(save(book, tmp_path / "a.xlsx"), "xl/worksheets/sheet1.xml", change)
    grid = sheet(path)
    assert [grid.formula(i, 1) for i in range(3)] == ["=A1*2", None, "=A3*2"]
    assert cells(grid)["B3"] == ("6", "number")


def test_a_value_starting_off_the_corner_keeps_its_address(book, tmp_path):
    book.active["D7"] = 5
    assert cells(sheet(save(book, tmp_path / "a.xlsx"))) == {"D7": ("5", "number")}


def test_a_last_row_formatted_costs_nothing(book, tmp_path):
    book.active["A1"] = 1
    book.active["C1048576"].number_format = "0.00"
    grid = sheet(save(book, tmp_path / "a.xlsx"))
    assert (len(grid.rows), cells(grid)) == (1, {"A1": ("1", "number")})


def test_values_a_million_rows_apart_take_no_room(book, tmp_path):
    book.active["A1"] = "first"
    book.active["XFD1048576"] = 2
    book.active["B7"] = "=1+1"
    book.active["C7"] = "#N/A"
    book.active["C7"].data_type = "e"
    grid = sheet(save(book, tmp_path / "a.xlsx"))
    assert len(grid.rows) == 3
    assert cells(grid) == {
        "A1": ("first", "text"),
        "B7": (None, "formula_without_value"),
        "C7": ("#N/A", "error"),
        "XFD1048576": ("2", "number"),
    }
    assert grid.formula(1, 1) == "=1+1"


def test_a_wrong_dimension_hides_nothing(book, tmp_path):
    for row in range(1, 6):
        book.active.append([row, row * 10])
    path = rewrite(
        save(book, tmp_path / "a.xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:B5"', b'<dimension ref="A1"'),
    )
    assert cells(sheet(path))["B5"] == ("50", "number")


def test_a_merged_value_stays_in_its_first_cell(book, tmp_path):
    book.active["A1"] = 9
    book.active["C1"] = 1
    book.active.merge_cells("A1:B2")
    assert cells(sheet(save(book, tmp_path / "a.xlsx"))) == {
        "A1": ("9", "number"),
        "C1": ("1", "number"),
    }


def test_hidden_sheets_and_rows_are_read(book, tmp_path):
    hidden = book.create_sheet("隐藏")
    hidden.sheet_state = "veryHidden"
    hidden["A1"] = 1
    hidden.row_dimensions[1].hidden = True
    assert cells(sheet(save(book, tmp_path / "a.xlsx"), "隐藏")) == {"A1": ("1", "number")}


def test_cells_without_addresses_get_the_slow_reader(book, tmp_path):
    book.active["A1"] = 1
    book.active["B1"] = "#N/A"
    book.active["B1"].data_type = "e"
    path = rewrite(
        save(book, tmp_path / "a.xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b' r="A1"', b"").replace(b' r="B1"', b""),
    )
    assert cells(sheet(path)) == {"A1": ("1", "number"), "B1": ("#N/A", "error")}


def test_an_xls_keeps_its_errors(tmp_path):
    path = tmp_path / "old.xls"
    path.write_bytes(XLS)
    first = cells(sheet(path))
    assert first["B2"] == ("1234.5", "number")
    assert first["B3"] == ("#N/A", "error")
    assert first["A2"] == ("2021-01-01", "date")
    assert cells(sheet(path, "B")) == {"D6": ("#DIV/0!", "error")}


def test_an_xls_that_claims_room_it_cannot_have_is_refused(tmp_path):
    # calamine asks for as many cells as the record says, and the process dies of it
    dimensions = XLS.index(b"\x00\x02\x0e\x00") + 4
    path = tmp_path / "old.xls"
    path.write_bytes(XLS[:dimensions] + b"\x00\xa8\x00\x00" + XLS[dimensions + 4 :])
    with pytest.raises(UnreadableWorkbookError, match="damaged"):
        read_workbook(path)


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet><table:table table:name="能耗">
<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="2"/>
<table:table-cell office:value-type="float" office:value="12">
<text:p>12,0</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>约40</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2021-03-01">
<text:p>x</text:p></table:table-cell>
<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"
 table:formula="of:=NA()"><text:p>#N/A</text:p></table:table-cell>
<table:table-cell table:formula="of:=[.A1]"/>
<table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row>
<table:table-row table:number-rows-repeated="1048573">
<table:table-cell table:number-columns-repeated="16384"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def write_ods(path: Path, content: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return path


def test_an_ods_keeps_errors_formulas_and_addresses(tmp_path):
    grid = sheet(write_ods(tmp_path / "a.ods", ODS))
    assert cells(grid) == {
        "C3": ("12", "number"),
        "D3": ("约40", "text"),
        "E3": ("2021-03-01", "date"),
        "F3": ("#N/A", "error"),
        "G3": (None, "formula_without_value"),
        "H3": ("TRUE", "boolean"),
    }
    assert grid.formula(0, 5) == "=NA()"


def test_an_ods_that_repeats_a_value_without_end_is_refused(tmp_path):
    cell = '<table:table-cell office:value-type="float" office:value="12">\n'
    bomb = ODS.replace(
        f'<table:table-row><table:table-cell table:number-columns-repeated="2"/>\n{cell}',
        f'<table:table-row table:number-rows-repeated="1048576">{cell[:-2]} '
        'table:number-columns-repeated="16000">',
    )
    assert bomb != ODS
    with pytest.raises(UnreadableWorkbookError, match="filled cells; at most 2,000,000"):
        read_workbook(write_ods(tmp_path / "a.ods", bomb))


def saved_bytes(book: openpyxl.Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"month,kWh\n2021-01,5\n", "not a workbook"),
        (b"<html><p>Session expired</p></html>", "web page without a table"),
        (b"MIME-Version: 1.0\nX-Document-Type: Workbook", "web page or XML"),
        (b"%PDF-1.7", "PDF"),
        (encrypted(), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "damaged"),
        (XLS[:3000], "damaged"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(content, reason, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableWorkbookError, match=reason):
        read_workbook(path)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(kept, book, tmp_path):
    content = saved_bytes(book)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(UnreadableWorkbookError, match="cut off"):
        read_workbook(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableWorkbookError, match="zip archive"):
        read_workbook(path)


def test_a_zip_bomb_is_refused_before_it_unpacks(book, tmp_path):
    path = save(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/bomb.xml", bytes(80 << 20))
    with pytest.raises(UnreadableWorkbookError, match="zip bomb"):
        read_workbook(path)


def test_a_part_larger_than_it_declares_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part.xml", b"<a/>" * 1000)
    content = path.read_bytes().replace((4000).to_bytes(4, "little"), (40).to_bytes(4, "little"))
    with pytest.raises(UnreadableWorkbookError, match="larger than it declares"):
        Package(content).read("part.xml")


def test_xml_entities_are_refused(book, tmp_path):
    path = rewrite(
        save(book, tmp_path / "a.xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml,
    )
    with pytest.raises(UnreadableWorkbookError, match="entities"):
        sheet(path)


def test_a_damaged_sheet_is_refused(book, tmp_path):
    book.active.append([1, 2, 3])
    path = save(book, tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content[start + 80] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableWorkbookError, match="damaged"):
        sheet(path)
