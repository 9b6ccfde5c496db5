"""Which lines a verifier's sample holds, and where a cell stands in the page of its file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import duckdb
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from orchestration.report.audit_trail.sample import drawn
from orchestration.report.audit_trail.sheets import (
    SHOWN_WHOLE,
    HandedIn,
    headers_of,
    headings,
    read_handed_in,
    shown_rows,
)
from orchestration.report.audit_trail.trail import ASSUMED, coefficient_beside
from orchestration.report.marts import with_literals


def test_a_line_is_drawn_at_every_interval():
    # 10 lines of 100 kgCO2e, five of them: one every 200, from a start below 200
    sample = drawn([100.0] * 10, "seed", size=5)
    assert sample.interval == 200
    assert 0 <= sample.start < 200
    first = int(sample.start // 100)
    assert sample.chosen == tuple(range(first, 10, 2))
    assert sample.certain == frozenset()


def test_a_credit_counts_by_its_size_and_a_large_line_is_certain():
    sample = drawn([5.0, -900.0, 5.0, 90.0], "seed", size=4)
    assert sample.interval == 250
    assert 1 in sample.chosen
    assert sample.certain == {1}


def test_nothing_emits_nothing_is_drawn():
    assert drawn([], "seed").chosen == drawn([0.0, 0.0], "seed").chosen == ()
    with pytest.raises(ValueError, match="without a figure"):
        drawn([float("nan")], "seed")


@given(
    st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=80),
    st.text(max_size=8),
    st.integers(min_value=1, max_value=30),
)
def test_a_sample_is_never_larger_and_holds_every_line_of_an_interval(lines, seed, size):
    sample = drawn(lines, seed, size)
    assert sample == drawn(lines, seed, size)
    assert len(sample.chosen) <= size + 1  # rounding of the sum may leave room for one
    assert sample.certain <= set(sample.chosen)
    assert all(lines[place] for place in sample.chosen)


def test_every_kgco2e_has_the_same_chance():
    lines = [1.0, 3.0, 6.0]
    counts = [0, 0, 0]
    for seed in range(4000):
        for place in drawn(lines, str(seed), size=1).chosen:
            counts[place] += 1
    assert counts == pytest.approx([400, 1200, 2400], rel=0.1)


def test_a_cell_of_a_worksheet_and_of_a_text_has_its_place(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "能耗"
    book.active["C5"] = 12.5
    book.save(tmp_path / "stage.xlsx")
    (tmp_path / "erp.csv").write_text("Voucher;Net  weight (t)\n\n7;1,5\n", encoding="utf-8")
    stage, erp = read_handed_in(tmp_path, "stage.xlsx"), read_handed_in(tmp_path, "erp.csv")
    assert stage.place("能耗", "C5") == "c0-4-2"
    assert stage.text("能耗", "C5") == "12.5"
    assert stage.place("another", "C5") is None
    assert stage.text("能耗", "C9") is None
    assert erp.place(None, "L3:Net weight (t)") == "c0-2-1"
    assert erp.place(None, "L9:Net weight (t)") is None
    assert erp.text(None, "L3:Net weight (t)") == "1,5"
    assert erp.place(None, "L3:Gross") is None
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04nothing")
    assert "zip" in read_handed_in(tmp_path, "broken.xlsx").problem.lower()


def test_of_a_long_file_the_rows_around_its_figures_are_shown(tmp_path: Path):
    lines = [f"{line},{line}" for line in range(SHOWN_WHOLE + 50)]
    (tmp_path / "erp.csv").write_text("id,kg\n" + "\n".join(lines) + "\n", encoding="utf-8")
    file = read_handed_in(tmp_path, "erp.csv")
    rows = list(shown_rows(0, file.sheets[0], {file.place(None, "L1000:kg")}))
    assert [row.heading for row in rows] == [1, 998, 999, 1000, 1001, 1002]
    assert [row.skipped for row in rows] == [0, 996, 0, 0, 0, 0]
    short = list(shown_rows(0, file.sheets[0], set()))
    assert [row.heading for row in short] == [1]


@pytest.mark.parametrize(
    ("text", "cell", "typed"),
    [
        ("Consumption, plant A\n\nVoucher;kWh\n7;1,5\n", "L4:kWh", "1,5"),
        ("Voucher;Gas;Gas\n;used;(kWh)\n7;1;2\n", "L3:Gas (kWh)", "2"),
        ("Voucher^kWh\n7^1,500\n", "L2:kWh", "1,500"),
        ("sep=;\nVoucher;kWh | total\n7;1\n", "L3:kWh | total", "1"),
        ("Größe;kWh é\n7;1\n".encode("cp1252"), "L2:kWh é", "1"),
        ("單號,用量\n7,1\n".encode("big5"), "L2:用量", "1"),
    ],
    ids=["title", "two lines", "delimiter", "bar in a header", "latin", "big5"],
)
def test_a_text_is_read_by_its_headers_as_its_map_reads_it(
    text: str | bytes, cell: str, typed: str, tmp_path: Path
):
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "erp.csv").write_bytes(data)
    assert read_handed_in(tmp_path, "erp.csv", headers_of([cell])).text(None, cell) == typed


def test_no_two_files_have_one_page_and_none_has_a_name_too_long():
    names = [
        "a/b.csv", "a__b.csv", "a_/b.csv", "a/_b.csv", "a/__b.csv", "a__/b.csv",
        f"{'发票' * 20}/{'电费' * 30}.pdf", f"{'发票' * 20}/{'电费' * 31}.pdf",
    ]  # fmt: skip
    pages = [HandedIn(f"rounds/{name}").page for name in names]
    assert pages[0] == "audit/sheet_a__b.csv.html"
    assert len(set(pages)) == len(pages)
    assert all(len(page.removeprefix("audit/").encode()) <= 255 for page in pages)


def test_a_damaged_sheet_hides_no_other_and_what_is_no_table_is_no_mistake(tmp_path: Path):
    with xlsxwriter.Workbook(tmp_path / "whole.xlsx") as book:
        book.add_worksheet("Energy").write("C5", 12.5)
        book.add_worksheet("Old").write("A1", 1)
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "stage.xlsx", "w") as damaged,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, content[:300] if name.endswith("sheet2.xml") else content)
    stage = read_handed_in(tmp_path, "stage.xlsx")
    assert stage.text("Energy", "C5") == "12.5"
    assert (stage.problem, stage.not_shown) == ("", ["Old"])
    (tmp_path / "bill.pdf").write_bytes(b"%PDF-1.7\n\xff\xd8")
    bill = read_handed_in(tmp_path, "bill.pdf")
    assert (bill.sheets, bill.problem) == ([], "")


def test_a_web_page_under_the_name_of_a_workbook_has_one_nameless_sheet(tmp_path: Path):
    page = "<html><table><tr><td>kWh</td></tr><tr><td>12</td></tr></table></html>"
    (tmp_path / "bill.xls").write_text(page, encoding="utf-8")
    assert read_handed_in(tmp_path, "bill.xls").text(None, "A2") == "12"


def test_one_cell_far_to_the_right_makes_no_other_row_wide(tmp_path: Path):
    with xlsxwriter.Workbook(tmp_path / "stage.xlsx") as book:
        sheet = book.add_worksheet("Energy")
        sheet.write("A1", "kWh")
        sheet.write("XFD3", "x")
        sheet.write("B4", 7)
    (grid,) = read_handed_in(tmp_path, "stage.xlsx").sheets
    rows = list(shown_rows(0, grid, {"c0-0-60"}))  # a blank that a correction filled
    widths = {row.heading: len(row.cells) for row in rows}
    assert (widths[1], widths[3], widths[4]) == (61, 16_384, 50)
    assert headings(grid, rows)[-1] == "XFD"


def test_a_footprint_adds_up_with_what_no_cell_says():
    query = with_literals("assumed", ASSUMED, {"product": "yarn", "period": "2022"})
    with duckdb.connect() as connection:
        connection.execute(
            "create table product_contributions as select 'yarn' as product_id, "
            "'2022' as reference_period, 'cut_off' as method, origin, 'use' as life_cycle_stage, "
            "'f' as flow_id, 'direct' as component, '' as factor_version_id, "
            "value as location_based_kgco2e_per_declared_unit, "
            "value as market_based_kgco2e_per_declared_unit "
            "from (values ('inventory', 4.0), ('opening_stock', 2.0), ('scenario', 1.0)) "
            "as parts (origin, value)"
        )
        rows = connection.execute(f"select origin, location_based_kgco2e {query}").fetchall()
    assert rows == [("scenario", 1.0), ("opening_stock", 2.0)]


def test_what_a_unit_as_typed_counts_is_said_where_the_factor_does_not_say_it():
    line = {"coefficient_kgco2e_per_cell_unit": 0.6 * 0.3, "mix_share": 0.3}
    assert coefficient_beside(line, 0.6) is None
    assert coefficient_beside(line | {"mix_share": 1.0}, 0.6) == pytest.approx(0.18)  # a share
    assert coefficient_beside({**line, "coefficient_kgco2e_per_cell_unit": 180.0}, 0.6) == 180.0
