"""Exports named .xls that are HTML, XML of Excel 2003 or text; and what is too large to read."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from orchestration.company.data_folder import Round
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.hand_ins import HandIn
from orchestration.spreadsheets import files, workbook, xlsx_scan
from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.text_export import UnreadableErpExportError, read_erp_export
from orchestration.spreadsheets.workbook import UnreadableWorkbookError, Workbook
from tests.unit.test_workbook import cells, rewrite, save, sheet

QUARTER = Round(
    "2024-04", date(2024, 4, 1), date(2024, 4, 20), date(2024, 1, 1), date(2024, 3, 1), ()
)
MAP = """
source: {source}
kind: {kind}
layouts:
  - numbers: {{decimal: ".", thousands: "'"}}
    sheets:
      - sheet: {sheet}
        layout: records
        period: 月份
        readings:
          - {{flow: electricity, process: p, direction: input, quantity: 电量, unit: kWh}}
"""
HTML = """<html xmlns:x="urn:schemas-microsoft-com:office:excel">
<head><meta charset="gb2312"></head>
<body><table><tr><td>抄表单 №7</td></tr></table><table>
<tr><th>月份</th><th>电量</th></tr>
<tr><td rowspan=2>2024-01</td><td>1'000.5</td></tr><tr><td x:num="250.25">&nbsp;250</td></tr>
<tr style="display: none"><td>2024-02</td><td>7</td></tr>
<tr><td>2024-03</td><td><s>9</s></td></tr></table></body></html>"""
XML = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="s1"><NumberFormat ss:Format="Percent"/></Style>
<Style ss:ID="s2"><Font ss:StrikeThrough="1"/></Style></Styles>
<Worksheet ss:Name="能耗"><Table><Column ss:Index="4" ss:Hidden="1"/>
<Row ss:Index="2"><Cell><Data ss:Type="String">月份</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="String">电量</Data></Cell></Row>
<Row><Cell><Data ss:Type="DateTime">2024-01-01T00:00:00.000</Data></Cell>
<Cell ss:Index="3" ss:StyleID="s1"><Data ss:Type="Number">0.5</Data></Cell></Row>
<Row ss:Hidden="1"><Cell ss:MergeAcross="1"><Data ss:Type="String">2024-02</Data></Cell>
<Cell ss:StyleID="s2" ss:Formula="=R[-1]C*2"><Data ss:Type="Number">8</Data></Cell></Row>
<Row><Cell><Data ss:Type="Boolean">1</Data></Cell><Cell ss:Formula="=NOW()"/>
<Cell><Data ss:Type="Error">#DIV/0!</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


def read(folder: Path, content: bytes, source: str = "stage_meter", name: str = "meter.xls"):
    kind, owner = ("workbook", "mill") if source.startswith("stage") else ("erp", "erp")
    path = folder / "rounds" / "2024-04" / owner / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    sheet_name = "[能耗]" if kind == "workbook" else "[]"
    (folder / "map.yml").write_text(
        MAP.format(source=source, kind=kind, sheet=sheet_name), encoding="utf-8"
    )
    source_map = SourceMap.load(folder / "map.yml")
    table = read_hand_in(path, source_map, QUARTER, HandIn(QUARTER.round, owner, "meter"), folder)
    names = ("row_kind", "source_cell", "value_text", "value_type", "quantity")
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


@pytest.mark.parametrize("source", ["stage_meter", "erp_meter"])
def test_a_web_page_named_xls_is_read_as_the_table_in_it(tmp_path, source):
    rows = read(tmp_path, HTML.replace(" №7", "").encode("gbk"), source)
    assert rows[0] == ("reading", "B2", "1'000.5", "number", 1000.5)
    assert rows[1] == ("reading", "B3", "250.25", "number", 250.25)
    assert [row[:2] for row in rows[-2:]] == [("hidden_figure", "B4"), ("struck_out", "B5")]


def test_a_web_page_may_declare_another_encoding_than_it_has(tmp_path):
    assert read(tmp_path, HTML.replace("gb2312", "utf-8").encode())[0][4] == 1000.5


def test_a_workbook_in_xml_of_2003_is_read_with_kinds_and_looks(tmp_path):
    grid = Workbook(XML.encode()).grid("能耗")
    assert cells(grid) == {
        "A2": ("月份", "text"),
        "C2": ("电量", "text"),
        "A3": ("2024-01-01", "date"),
        "C3": ("0.5", "number"),
        "A4": ("2024-02", "text"),
        "C4": ("8", "number"),
        "A5": ("TRUE", "boolean"),
        "B5": (None, "formula_without_value"),
        "C5": ("#DIV/0!", "error"),
    }
    assert grid.formula(2, 2) == "=R[-1]C*2"
    looks = grid.appearance
    assert (looks.formats, looks.struck) == ({(2, 2): "0.00%"}, {(3, 2)})
    assert (looks.hidden_rows, looks.hidden_columns) == ({3}, {3})
    assert looks.merged == (((3, 0), (3, 1)),)


@pytest.mark.parametrize("source", ["stage_meter", "erp_meter"])
@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-16", "\t"), ("gb18030", "\t"), ("utf-8", ",")]
)
def test_text_named_xls_is_read_as_an_export(tmp_path, source, encoding, delimiter):
    text = delimiter.join(("月份", "电量")) + "\r\n" + delimiter.join(("2024-01", "1'000"))
    rows = read(tmp_path, text.encode(encoding), source)
    assert rows[0] == ("reading", "L2:电量", "1'000", "number", 1000.0)


@pytest.mark.parametrize("content", [HTML.encode("gbk", "ignore"), XML.encode()])
def test_no_damage_to_markup_breaks_the_reader(content):
    choose = random.Random(7)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(choose.randint(1, 8)):
            damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        try:
            book = Workbook(bytes(damaged))
            [book.grid(name) for name in book.sheet_names]
        except UnreadableFileError as error:
            assert error.reason


@pytest.mark.parametrize(
    ("span", "words"), [('rowspan="65000" colspan="900"', "merged"), ('colspan="99999"', "columns")]
)
def test_spans_without_end_are_refused(span, words):
    with pytest.raises(UnreadableWorkbookError, match=words):
        Workbook(f"<table><tr><td {span}>1</td></tr></table>".encode())


@pytest.fixture
def book():
    return openpyxl.Workbook()


def with_blanks(rows: int, at_the_end: bytes = b""):
    blank = b"".join(
        b'<row r="%d" ht="15"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (n, n, n)
        for n in range(10, 10 + rows)
    )
    return lambda xml: xml.replace(b"</sheetData>", blank + at_the_end + b"</sheetData>")


@pytest.mark.parametrize("last", [b"", b'<row r="900000"><c r="C900000"><f>1+1</f></c></row>'])
def test_formatted_blank_rows_are_left_out_before_they_are_read(book, tmp_path, monkeypatch, last):
    book.active.append(["月份", "电量"])
    book.active.append(["2024-01", 5])
    plain = cells(sheet(save(book, tmp_path / "a.xlsx")))
    path = rewrite(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", with_blanks(200_000, last))
    scanned = []
    monkeypatch.setattr(
        workbook.xlsx_scan, "scan_sheet", lambda xml, scan=xlsx_scan.scan_sheet: (
            scanned.append(len(xml)), scan(xml))[1],
    )  # fmt: skip
    ends = {"C900000": (None, "formula_without_value")} if last else {}
    assert cells(sheet(path)) == plain | ends
    assert scanned[0] < 2_000


def test_a_sheet_of_too_many_filled_cells_is_refused_by_name(book, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_CELLS", 3)
    book.active.append([1, 2, 3, 4])
    with pytest.raises(UnreadableWorkbookError, match="The sheet Sheet: It holds 4 filled cells"):
        sheet(save(book, tmp_path / "a.xlsx"))


def test_an_export_of_too_many_columns_or_cells_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    with pytest.raises(UnreadableErpExportError, match="20,000 columns; at most 16,384"):
        read_erp_export(path, b",".join([b"x"] * 20_000) + b"\n")
    monkeypatch.setattr("orchestration.spreadsheets.text_export.MOST_CELLS", 5)
    with pytest.raises(UnreadableErpExportError, match="6 cells; at most 5"):
        read_erp_export(path, b"a,b\n1,2\n3,4\n")


def test_a_file_of_too_many_bytes_is_never_opened(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.truncate(files.LARGEST_TEXT + 1)
    with pytest.raises(UnreadableFileError, match="64 MiB; at most 64 MiB are read"):
        read_file(path)
