"""Which lines a verifier's sample holds, and where a cell stands in the page of its file."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.report.audit_trail.sample import drawn
from orchestration.report.audit_trail.sheets import SHOWN_WHOLE, read_handed_in, shown_rows


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
    assert erp.place(None, "L3:Net weight (t)|L3:km") == "c0-2-1"
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
