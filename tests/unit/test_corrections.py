"""Corrections: applied where the old value stands, told of where it doesn't."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from expectations.rules import FINDING_SCHEMA
from orchestration.ingest.corrections import (
    COLUMNS,
    CorrectionsError,
    apply_corrections,
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
    told = findings.to_pylist()
    assert [(row["rule_id"], row["severity"]) for row in told] == [APPLIED, APPLIED]
    assert [(row["observed"], row["expected"]) for row in told] == [("1008.2", "5"), ("5", "6")]


def test_no_correction_changes_nothing(table):
    corrected, findings = apply_corrections(table, [])
    assert corrected is table
    assert findings.num_rows == 0
    empty, findings = apply_corrections(READING_SCHEMA.empty_table(), [correction("B4", "1", "2")])
    assert (empty.num_rows, findings.num_rows) == (0, 1)


def test_a_corrections_file_is_read(tmp_path):
    assert read_corrections(tmp_path, "2022-04") == ()
    path = tmp_path / "rounds" / "2022-04" / "corrections.csv"
    path.parent.mkdir(parents=True)
    header = ",".join(COLUMNS)
    path.write_text(f"{header}\na.xlsx,S,B4,1,2,typo,Li,2022-04-21\n", encoding="utf-8-sig")
    assert read_corrections(tmp_path, "2022-04")[0].new_value == "2"
    path.write_text(f"{header}\na.xlsx,S,B4,1,2,,Li,2022-04-21\n")
    with pytest.raises(CorrectionsError, match="line 2: reason"):
        read_corrections(tmp_path, "2022-04")
    path.write_text(f"{header}\na.xlsx,S,B4,1,2,typo,Li,\n")
    with pytest.raises(CorrectionsError, match="line 2: decided_on"):
        read_corrections(tmp_path, "2022-04")
    path.write_text(f"{header}\na.xlsx,S,B4,1,2,typo,Li,in April\n")
    with pytest.raises(CorrectionsError, match="in April is no day"):
        read_corrections(tmp_path, "2022-04")
    path.write_text("file,cell\n")
    with pytest.raises(CorrectionsError, match="header"):
        read_corrections(tmp_path, "2022-04")
