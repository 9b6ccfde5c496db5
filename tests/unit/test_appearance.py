"""What a person sees of a sheet where it isn't what the sheet holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from orchestration.company.data_folder import Round
from orchestration.ingest.corrections import Correction, apply_corrections
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.hand_ins import HandIn
from orchestration.spreadsheets.number_formats import is_telling, shown_by
from tests.unit.test_workbook import rewrite

QUARTER = Round(
    "2024-04", date(2024, 4, 1), date(2024, 4, 20), date(2024, 1, 1), date(2024, 3, 1), ()
)
MAP = """
source: stage_meter
kind: workbook
layouts:
  - ignored_sheets: [Ideas]
    sheets:
      - sheet: Energy
        layout: records
        period: Month
        readings:
          - {flow: electricity, process: "{facility}_p", direction: input,
             quantity: Electricity, unit: {column: Unit}, method: metered}
          - {flow: loss, process: "{facility}_p", direction: output, quantity: Electricity,
             times: [Share], unit: kWh}
"""
HEADERS = ["Month", "Electricity", "Unit", "Share"]


@pytest.mark.parametrize(
    ("code", "value", "factor", "text"),
    [
        ("General", 7, 1, ""),
        ("0", 1186.6, 1, ""),
        ("0%", 0.85, 100, "%"),
        ("#,##0,", 1e6, 0.001, ""),
        ('0.0,,"M"', 5e6, 1e-6, "M"),
        ('0.0" MWh"', 1, 1, "MWh"),
        ("#,##0\\ t", 1, 1, "t"),
        ('0!.0,"万"', 123_456, 1e-4, "万"),
        ('[>=10000]0!.0,"万";0', 123_456, 1e-4, "万"),
        ('[>=10000]0!.0,"万";0', 12, 1, ""),
        ("[$¥-804]#,##0.00", 5, 1, "¥"),
        ("#,##0.00_);[Red]\\(#,##0.00\\)", -3, 1, ""),
        ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', 0, 1, ""),
        ("yyyy-mm-dd", 45_000, 1, ""),
        ('[DBNum1]yyyy"年"m"月"', 45_000, 1, ""),
        ("0.00E+00", 3, 1, ""),
        ("# ?/?", 0.5, 1, ""),
    ],
)
def test_what_a_number_format_shows(code, value, factor, text):
    shown = shown_by(code, value)
    assert shown.factor == pytest.approx(factor, rel=1e-12)
    assert shown.text == text
    assert not shown.is_nothing
    assert is_telling(code) or (factor, text) == (1, "")


@pytest.mark.parametrize(("code", "value"), [(";;;", 4), ("0;;0", -4)])
def test_a_number_format_that_shows_nothing(code, value):
    assert shown_by(code, value).is_nothing


def read(folder: Path, change=None, edit=None, text: str = MAP):
    """Readings of a small workbook that `change` was done to, and `edit` to the sheet's XML."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Energy"
    sheet.append(HEADERS)
    for month in QUARTER.months:
        sheet.append([month, 1000.0 * month.month, "kWh", 0.5])
    if change:
        change(book, sheet)
    path = folder / "rounds" / "2024-04" / "mill" / "meter.xlsx"
    path.parent.mkdir(parents=True)
    book.save(path)
    if edit:
        rewrite(path, "xl/worksheets/sheet1.xml", edit)
    (folder / "map.yml").write_text(text, encoding="utf-8")
    source_map = SourceMap.load(folder / "map.yml")
    return read_hand_in(path, source_map, QUARTER, HandIn(QUARTER.round, "mill", "meter"), folder)


def beside(table) -> list[tuple]:
    """What is said beside the readings: kind, cell, what is seen, what is stored or why."""
    names = ("row_kind", "source_cell", "value_text", "item_text")
    rows = table.select(names).to_pylist()
    return [tuple(row.values()) for row in rows if row["row_kind"] != "reading"]


def formatted(code: str, unit: str = "kWh", cell: str = "B3", value: float | None = None):
    def change(book, sheet):
        sheet[cell].number_format = code
        sheet["C3"] = unit
        if value is not None:
            sheet[cell] = value

    return change


def test_a_plain_sheet_has_nothing_beside_its_readings(tmp_path):
    assert beside(read(tmp_path)) == []


@pytest.mark.parametrize(
    ("code", "unit", "seen"),
    [
        ("0%", "kWh", "200000 %"),
        ("#,##0,", "kWh", "2"),
        ('0" MWh"', "kWh", "2000 MWh"),
        ('#,##0.0,"t"', "t", "2 t"),
        ('0.0,"万"', "kWh", "2 万"),
        ('"¥"#,##0', "kWh", "2000 ¥"),
        ("0.00%", "t", "200000 %"),
        ('0" kg"', "kWh", "2000 kg"),
    ],
)
def test_another_quantity_that_is_seen_is_a_contradiction(tmp_path, code, unit, seen):
    table = read(tmp_path, formatted(code, unit))
    assert beside(table) == [("shown_otherwise", "B3", seen, f"2000 {unit}")]


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ('0" kWh"', "kWh"),
        ('#,##0.0," MWh"', "kWh"),
        ('0!.0,"万"', "kWh"),
        ('0!.0,"万kWh"', "kWh"),
        ('0.0,"k"', "kWh"),
        ("0%", "kg/kg"),
        ("#,##0", "kWh"),
        ('"约"0', "kWh"),
        ('"¥"#,##0', "CNY"),
    ],
)
def test_the_same_quantity_in_other_words_is_none(tmp_path, code, unit):
    def change(book, sheet):
        formatted(code, unit)(book, sheet)
        for row in (2, 3, 4):
            sheet.cell(row, 4).number_format = "0%"  # a share in percent is the number it is

    assert beside(read(tmp_path, change)) == []


def hide_row(book, sheet):
    sheet.row_dimensions[4].hidden = True


def hide_column(book, sheet):
    sheet.column_dimensions["B"].hidden = True


def strike(book, sheet):
    sheet["B4"].font = Font(strike=True)


def show_nothing(book, sheet):
    sheet["B4"].number_format = ";;;"


def hide_sheet(book, sheet):
    book.create_sheet("Cover")
    sheet.sheet_state = "hidden"


HIDDEN = [
    (hide_row, ["B4", "D4"], "hidden_figure", "row 4 is hidden"),
    (hide_column, ["B2", "B3", "B4"], "hidden_figure", "column B is hidden"),
    (show_nothing, ["B4"], "hidden_figure", "the number format ;;; shows nothing"),
    (hide_sheet, ["B2", "D2", "B3", "D3", "B4", "D4"], "hidden_figure", "the sheet is hidden"),
    (strike, ["B4"], "struck_out", "a figure that counts"),
]


@pytest.mark.parametrize(("change", "cells", "kind", "why"), HIDDEN)
def test_figures_nobody_sees_are_named(tmp_path, change, cells, kind, why):
    found = beside(read(tmp_path, change))
    assert {(row[0], row[3]) for row in found} == {(kind, why)}
    assert sorted(row[1] for row in found) == sorted(cells)


def test_a_row_without_height_is_hidden(tmp_path):
    table = read(tmp_path, edit=lambda xml: xml.replace(b'<row r="4"', b'<row r="4" ht="0"'))
    assert [row[:2] for row in beside(table)] == [("hidden_figure", "B4"), ("hidden_figure", "D4")]


def test_a_figure_under_a_merged_cell_is_hidden(tmp_path):
    merged = b'<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>'
    table = read(tmp_path, edit=lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + merged))
    assert beside(table) == [("hidden_figure", "B3", "2000", "a merged cell lies over it")]


def test_the_slow_reader_sees_it_too(tmp_path):
    def change(book, sheet):
        hide_row(book, sheet)
        formatted("0%")(book, sheet)
        sheet["B2"].font = Font(strike=True)
        sheet.column_dimensions["D"].hidden = True

    def quoted(xml: bytes) -> bytes:
        return xml.replace(b'<c r="B2"', b"<c r='B2'")

    cells = [(row[0], row[1]) for row in beside(read(tmp_path, change, quoted))]
    assert sorted(set(cells)) == [
        ("hidden_figure", "B4"),
        ("hidden_figure", "D2"),
        ("hidden_figure", "D3"),
        ("hidden_figure", "D4"),
        ("shown_otherwise", "B3"),
        ("struck_out", "B2"),
    ]


def test_a_correction_settles_how_a_cell_looks(tmp_path):
    table = read(tmp_path, formatted("0%", value=0.85))
    decided = Correction("mill/meter.xlsx", "Energy", "b3", "0.85", "2000", "typed as a share")
    corrected, findings = apply_corrections(table, [decided])
    assert findings["rule_id"].to_pylist() == ["correction_applied"]
    assert [row[:2] for row in beside(corrected)] == [("settled_look", "B3")]
    assert corrected.num_rows == table.num_rows


def test_figures_in_a_sheet_no_map_names(tmp_path):
    def change(book, sheet):
        twin = book.copy_worksheet(sheet)
        twin.title = "Energy (2)"
        notes = book.create_sheet("Notes")
        notes["B7"] = 3
        book.create_sheet("Ideas")["A1"] = 5
        book.create_sheet("Words")["A1"] = "no figures here"

    rows = read(tmp_path, change).to_pylist()
    names = ("source_sheet", "source_cell", "value_text", "is_required")
    unread = [tuple(r[n] for n in names) for r in rows if r["row_kind"] == "unread_sheet"]
    assert unread == [("Energy (2)", "B2", "6", True), ("Notes", "B7", "1", False)]


def with_second_electricity(values):
    def change(book, sheet):
        for row, value in enumerate(["Electricity", *values], start=1):
            sheet.cell(row, 5, value)

    return change


def test_two_filled_columns_of_one_header_are_asked_back(tmp_path):
    table = read(tmp_path, with_second_electricity([1, 2, 3]))
    assert beside(table) == [("repeated_header", "E1", "B1 / E1", "Electricity")]
    counted = [r["quantity"] for r in table.to_pylist() if r["flow_id"] == "electricity"]
    assert counted == [1000, 2000, 3000]


def test_a_blank_column_of_the_same_header_is_none(tmp_path):
    assert beside(read(tmp_path, with_second_electricity([None, None, None]))) == []


def test_a_second_column_of_a_header_can_be_named(tmp_path):
    text = MAP.replace("times: [Share]", 'times: ["Electricity (2)"]')
    text = text.replace("ignored_sheets: [Ideas]\n", "ignored_sheets: [Ideas]\n", 1)
    table = read(
        tmp_path,
        with_second_electricity([1, 2, 3]),
        text=text.replace("period: Month", "period: Month\n        ignored: [Share]"),
    )
    assert beside(table) == []
    shares = [r["sign_multiplier"] for r in table.to_pylist() if r["flow_id"] == "loss"]
    assert shares == [1, 2, 3]
