"""Corrections: applied where the old value stands, told of where it doesn't."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from expectations.rules import FINDING_SCHEMA
from orchestration.ingest.corrections import (
    COLUMNS,
    Correction,
    Corrections,
    apply_corrections,
    findings_on_lines,
    read_corrections,
)
from orchestration.ingest.reading import READING_SCHEMA, Readings

APPLIED = ("correction_applied", "info")
SHARED = {
    "round": "2022-04",
    "source": "stage_washing",
    "row_kind": "reading",
    "source_sheet": "Energy",
    "period_month": date(2021, 1, 1),
    "sign_multiplier": 1.0,
}


@pytest.fixture
def table() -> pa.Table:
    readings = Readings(**SHARED)
    for name, cell, text, kind, number in (
        ("suzhou", "B4", "1,008.2", "text_number", 1008.2),
        ("suzhou", "B5", "#N/A", "error", None),
        ("suzhou", "B6", None, "blank", None),
        ("ningbo", "B4", "7", "number", 7.0),
    ):
        readings.add(
            hand_in=f"{name}/washing",
            source_file=f"rounds/2022-04/{name}/washing.xlsx",
            source_cell=cell,
            value_text=text,
            value_type=kind,
            quantity=number,
        )
    readings.add(
        hand_in="suzhou/washing",
        source_file="rounds/2022-04/suzhou/washing.xlsx",
        source_cell="C4",
        value_text="2",
        value_type="number",
        quantity=2.0,
        sign_multiplier=-200.0,
        multiplier_text="20|10|-1",
        multiplier_cell="D4|E4|",
    )
    return readings.table()


def correction(cell: str, old: str, new: str, file: str = "suzhou/washing.xlsx") -> dict[str, str]:
    return {"file": file, "sheet": "Energy", "cell": cell, "old_value": old, "new_value": new}


def row_of(table: pa.Table, cell: str, hand_in: str = "suzhou/washing") -> dict:
    rows = [r for r in table.to_pylist() if (r["source_cell"], r["hand_in"]) == (cell, hand_in)]
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("cell", "old", "new", "expected"),
    [
        ("B4", "1008.20", "100.82", ("100.82", "number", 100.82, "1,008.2")),
        ("$b$4", "1,008.2", "1,000", ("1,000", "number", 1000.0, "1,008.2")),
        ("B5", "#N/A", "12", ("12", "number", 12.0, "#N/A")),
        ("B6", "", "12", ("12", "number", 12.0, "")),
        ("B4", "1008.2", "", (None, "blank", None, "1,008.2")),
    ],
)
def test_a_correction_changes_its_cell(cell, old, new, expected, table):
    corrected, findings = apply_corrections(table, [correction(cell, old, new)])
    row = row_of(corrected, cell.replace("$", "").upper())
    values = (row["value_text"], row["value_type"], row["quantity"], row["corrected_from"])
    assert values == expected
    assert [(row["rule_id"], row["severity"]) for row in findings.to_pylist()] == [APPLIED]
    assert corrected.schema == READING_SCHEMA
    assert row_of(corrected, "B4", "ningbo/washing")["corrected_from"] is None


def test_a_multiplied_cell_moves_the_product(table):
    corrected, findings = apply_corrections(table, [correction("E4", "10", "15")])
    row = row_of(corrected, "C4")
    assert (row["sign_multiplier"], row["multiplier_text"]) == (-300.0, "20|15|-1")
    assert (row["quantity"], row["corrected_from"]) == (2.0, "× 10")
    assert [(row["rule_id"], row["severity"]) for row in findings.to_pylist()] == [APPLIED]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_number_and_what_scales_it_the_number_is_what_was_typed(order, table):
    both = [correction("E4", "10", "15"), correction("C4", "2", "3")][::order]
    row = row_of(apply_corrections(table, both)[0], "C4")
    assert (row["sign_multiplier"], row["value_text"], row["corrected_from"]) == (-300.0, "3", "2")


def test_a_dividing_cell_moves_the_quotient(table):
    columns = {name: table[name].to_pylist() for name in table.column_names}
    columns["multiplier_text"][-1], columns["sign_multiplier"][-1] = "20|/10", 2.0
    columns["multiplier_cell"][-1] = "D4|E4"
    shared = pa.table(columns, schema=table.schema)

    changed, findings = apply_corrections(shared, [correction("E4", "10", "40")])
    row = row_of(changed, "C4")
    assert (row["sign_multiplier"], row["multiplier_text"]) == (0.5, "20|/40")
    assert row["corrected_from"] == "÷ 10"
    assert findings["rule_id"].to_pylist() == ["correction_applied"]


@pytest.mark.parametrize(
    ("cell", "old", "file", "observed", "hand_in"),
    [
        ("B4", "999", "suzhou/washing.xlsx", "1,008.2", "suzhou/washing"),
        ("B6", "1", "suzhou/washing.xlsx", "a blank", "suzhou/washing"),
        ("Z9", "1", "suzhou/washing.xlsx", "no mapped cell", "suzhou/washing"),
        ("E4", "11", "suzhou/washing.xlsx", "10", "suzhou/washing"),
        ("B4", "1", "wuxi/washing.xlsx", "no mapped cell", "wuxi/washing"),
    ],
)
def test_a_stale_correction_is_a_finding(cell, old, file, observed, hand_in, table):
    corrected, findings = apply_corrections(table, [correction(cell, old, "5", file)])
    assert corrected.equals(table)
    assert findings.schema == FINDING_SCHEMA
    finding = findings.to_pylist()[0]
    assert (finding["rule_id"], finding["severity"]) == ("correction_applies", "critical")
    assert (finding["source_cell"], finding["observed"]) == (cell, observed)
    assert (finding["expected"], finding["hand_in"]) == (old, hand_in)


def test_corrections_of_one_cell_follow_each_other(table):
    both = [correction("B4", "1008.2", "5"), correction("B4", "5", "6")]
    corrected, findings = apply_corrections(table, both)
    row = row_of(corrected, "B4")
    assert (row["quantity"], row["corrected_from"]) == (6.0, "1,008.2")
    assert row["quantity_as_typed"] == 1008.2
    told = findings.to_pylist()
    assert [(row["rule_id"], row["severity"]) for row in told] == [APPLIED, APPLIED]
    assert [(row["observed"], row["expected"]) for row in told] == [("1008.2", "5"), ("5", "6")]


def test_no_correction_changes_nothing(table):
    corrected, findings = apply_corrections(table, [])
    assert corrected is table
    assert findings.num_rows == 0
    empty, findings = apply_corrections(READING_SCHEMA.empty_table(), [correction("B4", "1", "2")])
    assert (empty.num_rows, findings.num_rows) == (0, 1)


HEADER = ",".join(COLUMNS)
BROKEN_LINES = [
    ("a/x.xlsx,S,B4,1,2,,Li,2022-04-21", 2, "a/x.xlsx", "no reason"),
    ("a/x.xlsx,S,B4,1,2,typo,Li,", 2, "a/x.xlsx", "no decided_on"),
    ("a/x.xlsx,S,B4,1,2,typo,Li,in April", 2, "a/x.xlsx", "in April is no day"),
    (",S,B4,1,2,typo,Li,2022-04-21", 2, "", "no file"),
    ("a/x.xlsx,S,B4,1,2,typo, or not,Li,2022-04-21", 2, "", "9 fields where the header has 8"),
    ('a/x.xlsx,S,B4,1,2,"typo,Li,2022-04-21', 2, "", "Line 2: unexpected end of data"),
]


def corrections_file(folder, content: bytes | str):
    path = folder / "rounds" / "2022-04" / "corrections.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8-sig"))
    return read_corrections(folder, "2022-04")


def test_a_corrections_file_is_read_as_excel_saved_it(tmp_path):
    assert read_corrections(tmp_path, "2022-04") == Corrections()
    line = "甲/x.xlsx,能耗,B4,1,2,笔误,李,2022-04-21"
    expected = Correction("甲/x.xlsx", "能耗", "B4", "1", "2", "笔误", "李", "2022-04-21")
    text = f"{HEADER}\n{line}\n,,,,,,,\n"
    semicolons = text.replace(",", ";").encode("gb18030")
    for content in (text, semicolons, text.replace(",", "\t").encode("utf-16")):
        assert corrections_file(tmp_path, content) == Corrections((expected,))


@pytest.mark.parametrize(("line", "number", "file", "words"), BROKEN_LINES)
def test_a_line_that_cannot_be_followed_is_a_finding(tmp_path, line, number, file, words):
    read = corrections_file(tmp_path, f"{HEADER}\n{line}\n")
    ((found_line, found_file, problem),) = read.problems
    assert (found_line, found_file, read.lines) == (number, file, ())
    assert words in problem
    hand_ins = {"a/x": "a/x.xlsx", "b/x": "b/x.xlsx"}
    rows = findings_on_lines(read, "2022-04", hand_ins).to_pylist()
    concerned = {"a/x"} if file else {"a/x", "b/x"}
    assert {(r["hand_in"], r["severity"], r["source_cell"]) for r in rows} == {
        (hand_in, "critical", f"L{number}") for hand_in in concerned
    }


def test_a_corrections_file_without_its_header_is_a_finding(tmp_path):
    ((line, file, problem),) = corrections_file(tmp_path, "file,cell\n").problems
    assert (line, file) == (1, "")
    assert "the header must be" in problem
