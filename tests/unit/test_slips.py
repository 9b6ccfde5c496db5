"""Slips that one cause explains: a row too high, merged months, dates of 1904, a line cut off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.hand_ins import HandIn
from orchestration.spreadsheets.text_export import read_erp_export
from tests.unit.test_appearance import MAP, QUARTER
from tests.unit.test_mapping import ACROSS, DOWN

HEADERS = ["Month", "Electricity", "Unit", "Share"]


def read(folder: Path, rows: list[list], text: str = MAP, change=None) -> list[dict]:
    book = openpyxl.Workbook()
    book.active.title = "Energy"
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    path = folder / "rounds" / "2024-04" / "mill" / "meter.xlsx"
    path.parent.mkdir(parents=True)
    book.save(path)
    (folder / "map.yml").write_text(text, encoding="utf-8")
    source_map = SourceMap.load(folder / "map.yml")
    hand_in = HandIn(QUARTER.round, "mill", "meter")
    return read_hand_in(path, source_map, QUARTER, hand_in, folder).to_pylist()


def test_a_merged_month_holds_for_each_row_it_covers(tmp_path):
    def merge(book):
        book.active.merge_cells("A2:A3")
        book.active.merge_cells("C3:C4")

    rows = [
        HEADERS,
        ["2024-01", 1000, "kWh", 1],
        [None, 500, "MWh", 1],
        ["2024-02", 7, None, 1],
    ]
    found = [row for row in read(tmp_path, rows, change=merge) if row["flow_id"] == "electricity"]
    stated = [(f"{r['period_month']:%Y-%m}", r["quantity"], r["unit_text"]) for r in found]
    assert stated == [("2024-01", 1000, "kWh"), ("2024-01", 500, "MWh"), ("2024-02", 7, "MWh")]


def test_a_merged_figure_is_stated_once(tmp_path):
    rows = [HEADERS, ["2024-01", 1000, "kWh", 1], ["2024-02", None, "kWh", 1]]
    read_rows = read(tmp_path, rows, change=lambda book: book.active.merge_cells("B2:B3"))
    assert [r["quantity"] for r in read_rows if r["flow_id"] == "electricity"] == [1000, None]


def test_a_merged_unit_holds_for_the_items_beside_it(tmp_path):
    rows = [["项目", "单位", *QUARTER.months, "合计"], ["电", "kWh", 1, 2, 3, 6]]
    rows += [["天数", None, 4, 5, 6, 15], ["人数", "人", 1, 1, 1, 3]]
    read_rows = read(tmp_path, rows, ACROSS, change=lambda book: book.active.merge_cells("B2:B3"))
    assert {r["unit_text"] for r in read_rows if r["item_text"] == "天数"} == {"kWh"}


def in_1904(book):
    book.epoch = CALENDAR_MAC_1904


def test_a_plain_number_for_a_date_of_1904_is_asked_back_with_both(tmp_path):
    rows = [HEADERS, [43830, 1000, "kWh", 1], [datetime(2024, 2, 1), 5, "kWh", 1]]
    found = [r for r in read(tmp_path, rows, change=in_1904) if r["flow_id"] == "electricity"]
    assert [row["period_month"] for row in found] == [None, QUARTER.months[1]]
    assert found[0]["period_text"] == "43830, 2024-01 by the workbook's own dates of 1904"


def test_a_plain_number_for_a_date_is_read_elsewhere(tmp_path):
    (row, _) = read(tmp_path, [HEADERS, [45292, 1000, "kWh", 1]])
    assert row["period_month"] == QUARTER.months[0]


TOO_HIGH = [
    (MAP, [["Month", 1000, "kWh", 0.5], ["2024-01", 2000, "kWh", 0.5], ["2024-02"]], "B1, D1"),
    (ACROSS, [["项目", "单位", 1000, 2000, 3000, 6000], ["电", "kWh"]], "C1, D1, E1 and 1 more"),
    (DOWN, [[], [], ["月份 Month", 84.5, 400], ["2024-01", 80, 300]], "B3, C3"),
]


@pytest.mark.parametrize(("text", "rows", "where"), TOO_HIGH)
def test_figures_typed_a_row_too_high_are_one_finding(tmp_path, text, rows, where):
    (row,) = read(tmp_path, rows, text.replace("stage_washing", "stage_meter"))
    assert (row["row_kind"], row["value_text"]) == ("shifted_figures", where)


def test_months_as_numbers_in_a_header_are_no_figures(tmp_path):
    rows = [["项目", "单位", 1, 2, 3, "合计"], ["电", "kWh", 1, 2, 3, 6]]
    kinds = {row["row_kind"] for row in read(tmp_path, rows, ACROSS)}
    assert "shifted_figures" not in kinds


WHOLE = "Day,Site,Net\n2024-01-02,A,5\n2024-01-03,A,7\n"


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        (f"{WHOLE}2024-01-0", True),
        (f"{WHOLE}2024-01-04,A", True),
        (f"{WHOLE}2024-01-04,A\n", False),
        (f"{WHOLE}2024-01-04,A,9", False),
        (f"{WHOLE}2024-01-04\n2024-01-05,A", False),  # lines of this export are of any width
        ("Day,Site,Net\n2024-01-04", False),
    ],
)
def test_a_last_line_that_was_cut_off_is_told(tmp_path, text, is_cut):
    grid = read_erp_export(tmp_path / "x.csv", text.encode())
    assert bool(grid.ragged_lines) is is_cut
    if is_cut:
        assert "Line 4 is cut off" in grid.ragged_lines[3]
        assert not any(grid.rows[-1])
