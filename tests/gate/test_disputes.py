"""Where two figures disagree the likelier wrong is refused; without evidence neither counts."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.gate.gate_round import BOILER, JUNE, MAY, WASHING, cell, reading
from tests.gate.test_meter_registers import COLUMNS as METER_COLUMNS
from tests.gate.test_own_history import COLUMNS

WASH, BOIL, ERP = "mill/washing", "mill/boiler", "erp/energy_invoices"
POWER = {"flow_id": "electricity", "unit_text": "kWh", "item_text": "Electricity (kWh)"}
BEFORE = [date(2021, month, 1) for month in range(7, 13)]


def disputed(found: list[dict]) -> dict[tuple[str, str], str]:
    """Severity of each side of a dispute, by hand-in and cell."""
    return {
        (row["hand_in"], row["source_cell"]): row["severity"]
        for row in found
        if row["rule_id"] == "sheet_agrees_with_erp"
    }


def words(found: list[dict], hand_in: str) -> str:
    (row,) = [
        row
        for row in found
        if row["rule_id"] == "sheet_agrees_with_erp" and row["hand_in"] == hand_in
    ]
    return row["message_en"]


def invoiced(rows, quantity: float) -> None:
    cell(rows, ERP, "L6:quantity")["quantity"] = quantity


def washed(rows, quantity: float) -> None:
    """The washing's power of June, and the total beside it."""
    cell(rows, WASH, "C6")["quantity"] = quantity
    cell(rows, WASH, "C7")["quantity"] = 1000.0 + quantity


def main_meter(rows, quantity: float) -> None:
    """A third figure: the boiler house reads the site's meter."""
    main = {"role": "check", "item_text": "Main meter", "meter_id": "M-1"}
    for line, month, stated in ((5, MAY, 1000.0), (6, JUNE, quantity)):
        rows.append(reading(BOILER, f"M{line}", month, stated, **POWER | main))


def history(tables, of_washing: float | None = None, of_invoices: float | None = None) -> None:
    washing = ["stage_washing", "activity", "mill", "mill_washing", "electricity", "input"]
    invoices = ["erp_energy_invoices", "check", "mill", "mill_washing", "electricity", "input"]
    tables["history"] = pd.DataFrame(
        [
            [*series, "kWh", month, usual + number, 1]
            for series, usual in ((washing, of_washing), (invoices, of_invoices))
            if usual is not None
            for number, month in enumerate(BEFORE)
        ],
        columns=list(COLUMNS),
    )


def no_evidence(rows, tables):
    invoiced(rows, 0.11)


def sheet_unlike_its_months(rows, tables):
    washed(rows, 4000.0)
    history(tables, of_washing=1000, of_invoices=1000)


def invoice_unlike_its_months(rows, tables):
    invoiced(rows, 0.04)
    history(tables, of_washing=1000, of_invoices=1000)


def sheet_like_its_months(rows, tables):
    """Nothing is known of earlier invoices."""
    invoiced(rows, 0.3)
    history(tables, of_washing=1000)


def both_unlike_their_months(rows, tables):
    washed(rows, 4000.0)
    invoiced(rows, 0.03)
    history(tables, of_washing=1000, of_invoices=1000)


def meter_and_invoice_agree(rows, tables):
    washed(rows, 1300.0)
    main_meter(rows, 1001.0)


def meter_and_sheet_agree(rows, tables):
    invoiced(rows, 0.13)
    main_meter(rows, 1001.0)


def meter_differs_from_its_register(rows, tables):
    main_meter(rows, 1301.0)
    registers = {"meter_id": "M-1", "item_text": "Register"}
    for name, column, number in (("meter_start", "K6", 0.0), ("meter_end", "L6", 1001.0)):
        rows.append(reading(BOILER, column, JUNE, number, role=name, **POWER | registers))
    line = {"meter_id": "M-1", "facility_id": "mill"}
    tables["meters"] = pd.DataFrame([line], columns=METER_COLUMNS, dtype=object)


def slip_of_one_among_several(rows, tables):
    """The dryer's 200 kWh of June were typed as 2,000; the washing's 1,001 are right."""
    drying = {"hand_in": "mill/drying", "source": "stage_drying", "process_id": "mill_drying"}
    tables["processes"].loc[9] = ["mill_drying", "mill", "drying", "production"]
    tables["expected_hand_ins"].loc[9] = ["mill/drying"]
    tables["handed_in"].loc[9] = ["mill/drying", "stage_drying", "mill", "drying.xlsx", "e5"]
    tables["ranges"] = tables["ranges"].iloc[[0, 2]]
    rows.append(reading(WASHING | drying, "B5", MAY, 200.0, **POWER))
    rows.append(reading(WASHING | drying, "B6", JUNE, 2000.0, **POWER))
    cell(rows, ERP, "L5:quantity")["quantity"] = 0.12
    invoiced(rows, 0.1201)


@pytest.mark.parametrize(
    ("change", "sides"),
    [
        (no_evidence, {(ERP, "L6:quantity"): "critical", (WASH, "C6"): "critical"}),
        (sheet_unlike_its_months, {(ERP, "L6:quantity"): "warning", (WASH, "C6"): "critical"}),
        (invoice_unlike_its_months, {(ERP, "L6:quantity"): "critical"}),
        (sheet_like_its_months, {(ERP, "L6:quantity"): "critical"}),
        (both_unlike_their_months, {(ERP, "L6:quantity"): "critical", (WASH, "C6"): "critical"}),
        (
            meter_and_invoice_agree,
            {
                (ERP, "L6:quantity"): "warning",
                (BOIL, "M6"): "warning",
                (WASH, "C6"): "critical",
            },
        ),
        (meter_and_sheet_agree, {(ERP, "L6:quantity"): "critical"}),
        (meter_differs_from_its_register, {(BOIL, "M6"): "critical"}),
        (
            slip_of_one_among_several,
            {(ERP, "L6:quantity"): "warning", ("mill/drying", "B6"): "critical"},
        ),
    ],
)
def test_the_likelier_wrong_is_refused(findings, change, sides):
    assert disputed(findings(change)) == sides


def test_each_side_names_the_other_and_says_who_must_look(findings):
    found = findings(no_evidence)

    assert "rounds/2022-05/mill/washing.xlsx!Energy!C6" in words(found, ERP)
    assert "energy_invoices.csv L6:quantity" in words(found, WASH)
    for hand_in in (ERP, WASH):
        assert ERP in words(found, hand_in) and WASH in words(found, hand_in)
        assert "settled" in words(found, hand_in)


def test_the_one_that_is_right_is_told_that_it_has_nothing_to_do(findings):
    found = findings(sheet_unlike_its_months)

    assert "refused, is mill/washing; nothing to do here" in words(found, ERP)
    assert "in other months it is about 1000 kWh" in words(found, WASH)


def test_of_many_without_evidence_the_check_is_refused_and_the_others_are_told(findings):
    def change(rows, tables):
        slip_of_one_among_several(rows, tables)
        cell(rows, "mill/drying", "B6")["quantity"] = 300.0

    assert disputed(findings(change)) == {
        (ERP, "L6:quantity"): "critical",
        (WASH, "C6"): "warning",
        ("mill/drying", "B6"): "warning",
    }
