"""A result that is stored beside its formula, and is another when it is worked out anew."""

from __future__ import annotations

from datetime import datetime

import openpyxl
import pytest

from orchestration.ingest.corrections import Correction, apply_corrections
from orchestration.spreadsheets.formula_results import FormulaResults
from orchestration.spreadsheets.grid import NEVER_CALCULATED, ErrorValue, Grid
from orchestration.spreadsheets.workbook import Workbook
from tests.unit.test_appearance import beside, read
from tests.unit.test_workbook import rewrite

VALUES = [
    [2.0, 0.1, "12", datetime(2024, 1, 1), "", "stored"],
    [3.0, 0.2, "words", True, ErrorValue("#N/A"), ""],
    [10.0, 0.3, 2.675, 4.0, NEVER_CALCULATED, ""],
]
PLACE = (0, 5)


def stale(formula: str, stored: object = -1.0) -> float | None:
    """What the formula in F1 gives if it isn't what is stored there."""
    values = [list(row) for row in VALUES]
    values[0][5] = stored
    return FormulaResults(Grid("Energy", values, range(3), {PLACE: formula})).stale(*PLACE)


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("=A1+A2*A3", 32),
        ("=(A1+A2)*-A3/4", -12.5),
        ("=SUM($A$1:A3)-1E1", 5),
        ("=SUM(A1:B2,A3; 2*A1)", 19.3),
        ("=SUM(C1:C3)", 2.675),
        ("=A1+E1", 2),
        ("=A1+Z99", 2),
        ("=ROUND(C3,2)", 2.68),
        ("=round(-A3/4, 0)", -3),
        ("=ROUND(1.005*1000,-1)", 1010),
        ("=[.A1]*SUM([.A2:.A3])", 26),
    ],
)
def test_what_simple_formulas_give(formula, result):
    assert stale(formula) == pytest.approx(result, rel=1e-12)
    assert stale(formula, stored=float(result)) is None


@pytest.mark.parametrize(
    "formula",
    [
        "=A1+C1",
        "=A1+C2",
        "=A1+D1",
        "=A1+D2",
        "=A1+E2",
        "=A1+E3",
        "=SUM(D1:D3)",
        "=SUM(A1:F1)",
        "=SUM(A1:Z9999)",
        "=A1/0",
        "=A1^2",
        "=A1*5%",
        "=A1:A3*2",
        "=Other!A1*2",
        "='A b'!A1",
        "=[1]Sheet1!A1",
        "=IF(A1>1,2,3)",
        "=SUMIF(A1:A3,2)",
        "=ROUNDUP(A1,0)",
        "=LOG10(A1)",
        "=ROUND(A1)",
        "=ROUND(A1,0.5)",
        "=1E308*1E308",
        "=A1 A2",
        "=A1+",
        "=(A1",
        "=RC1*2",
        "=R[-1]C*2",
        "=rate*A1",
        "=",
        "=" + "(" * 5_000 + "A1",
    ],
)
def test_everything_else_is_left_alone(formula):
    assert stale(formula) is None


@pytest.mark.parametrize("stored", ["", "words", True, NEVER_CALCULATED, ErrorValue("#N/A")])
def test_what_is_no_stored_number_is_judged_elsewhere(stored):
    assert stale("=A1+A2", stored) is None


def test_noise_of_a_difference_is_no_change():
    assert stale("=B1+B2-B3", 0.0) is None
    assert stale("=B1+B2-A1", -1.7) is None
    assert stale("=B1+B2-A1", -1.71) == pytest.approx(-1.7)


def test_the_empty_text_of_a_formula_is_no_blank():
    values = [["", 1.0]]
    formulas = {(0, 0): '=IF(1,"")', (0, 1): "=A1+2"}
    assert FormulaResults(Grid("Energy", values, range(1), formulas)).stale(0, 1) is None


def stored_beside(formula: bytes):
    """The reading in B3 holds 2000 as the result of a formula."""

    def edit(xml: bytes) -> bytes:
        return xml.replace(b"<v>2000</v>", b"<f>" + formula + b"</f><v>2000</v>")

    return edit


def test_a_stale_result_is_named_with_both_values(tmp_path):
    table = read(tmp_path, edit=stored_beside(b"B2+B4"))
    assert beside(table) == [("stale_result", "B3", "2000", "4000")]


def test_a_result_that_is_current_says_nothing(tmp_path):
    assert beside(read(tmp_path, edit=stored_beside(b"(B2+B4)/2"))) == []


def test_a_correction_settles_which_number_counts(tmp_path):
    table = read(tmp_path, edit=stored_beside(b"B2+B4"))
    decided = Correction("mill/meter.xlsx", "Energy", "B3", "2000", "4000", "worked out anew")
    corrected, findings = apply_corrections(table, [decided])
    assert findings["rule_id"].to_pylist() == ["correction_applied"]
    assert [row[:2] for row in beside(corrected)] == [("settled_look", "B3")]


@pytest.mark.parametrize(("setting", "found"), [(b"", 4.0), (b'fullPrecision="0" ', None)])
def test_results_that_are_stored_as_they_are_shown_are_left_alone(tmp_path, setting, found):
    book = openpyxl.Workbook()
    book.active.append([3.7, 5.0])
    path = tmp_path / "a.xlsx"
    book.save(path)
    rewrite(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<v>5</v>", b"<f>ROUND(A1,0)</f><v>5</v>"),
    )
    rewrite(path, "xl/workbook.xml", lambda xml: xml.replace(b"<calcPr ", b"<calcPr " + setting))
    grid = Workbook(path.read_bytes()).grid("Sheet")
    assert FormulaResults(grid).stale(0, 1) == found
