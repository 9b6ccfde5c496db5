"""A process that hands in all its material itself is balanced at the gate, in dry mass."""

from __future__ import annotations

import pytest

from tests.gate.gate_round import JUNE, MAY, WASHING, cell, reading

WASH = "mill/washing"
BALES = {"flow_id": "bales", "unit_text": "t", "direction": "input", "item_text": "Bales (t)"}
FINES = {"flow_id": "fines", "unit_text": "t", "direction": "output", "item_text": "Fines (t)"}


def with_material(rows, tables, *, bales=10.5, fines=0.2):
    """10 t of flake at 2 % moisture and 0.2 t of dry fines from 10.5 t of bales at 5 %."""
    for flow, kind in (("bales", "material"), ("fines", "waste")):
        tables["flows"].loc[len(tables["flows"])] = [flow, flow, flow, kind, "kg"]
        conversion = [flow, "", "t", "kg", 1000.0, None, None]
        tables["unit_conversions"].loc[len(tables["unit_conversions"])] = conversion
    for flow, moisture in (("bales", "0.05"), ("flake", "0.02"), ("fines", "0")):
        stated = [flow, "moisture", moisture, "kg/kg", None, None]
        tables["flow_properties"].loc[len(tables["flow_properties"])] = stated
    critical = ["mass_balance_critical", None, None, "0.03", "x"]
    tables["tolerances"].loc[len(tables["tolerances"])] = critical
    tables["mass_sources"] = tables["sheet_layouts"].reindex(columns=["source", "process_id"])
    tables["mass_sources"].loc[0] = ["stage_washing", "mill_washing"]
    for line, month in ((5, MAY), (6, JUNE)):
        rows.append(reading(WASHING, f"J{line}", month, bales, **BALES))
        rows.append(reading(WASHING, f"K{line}", month, fines, **FINES))


def balance_findings(judgement) -> list[tuple]:
    return [
        (row["severity"], row["hand_in"], row["source_cell"], row["observed"], row["expected"])
        for row in judgement.findings.to_pylist()
        if row["rule_id"] == "process_mass_balance"
    ]


def states(judgement) -> dict[str, str]:
    return {row["hand_in"]: row["state"] for row in judgement.verdicts.to_pylist()}


def test_a_process_in_balance_passes(judged):
    assert judged(with_material).findings.to_pylist() == []


def test_a_month_out_of_balance_refuses_the_hand_in_at_its_largest_output(judged):
    def change(rows, tables):
        with_material(rows, tables)
        cell(rows, WASH, "J6")["quantity"] = 12.5

    judgement = judged(change)

    assert balance_findings(judgement) == [("critical", WASH, "D6", "10000 kg", "11875 kg")]
    assert states(judgement)[WASH] == "refused"


def nothing_stated(tables):
    tables["tolerances"] = tables["tolerances"][
        tables["tolerances"]["rule_id"] != "mass_balance_critical"
    ]


def of_two_hand_ins(tables):
    tables["mass_sources"].loc[1] = ["erp_waste_movements", "mill_washing"]


def of_any_process(tables):
    tables["mass_sources"].loc[1] = ["erp_goods", None]


def without_moisture(tables):
    properties = tables["flow_properties"]
    tables["flow_properties"] = properties[properties["flow_id"] != "flake"]


def of_the_process(tables):
    own = ["mass_balance_critical", "mill_washing", None, "0.2", "x"]
    tables["tolerances"].loc[len(tables["tolerances"])] = own


@pytest.mark.parametrize(
    "leave",
    [nothing_stated, of_two_hand_ins, of_any_process, without_moisture, of_the_process],
)
def test_what_one_hand_in_does_not_settle_is_left_to_the_balances_of_accepted_data(judged, leave):
    def change(rows, tables):
        with_material(rows, tables, bales=12.5)
        leave(tables)

    assert balance_findings(judged(change)) == []


def test_a_cell_that_cannot_be_read_is_told_once(judged):
    def change(rows, tables):
        with_material(rows, tables, bales=12.5)
        cell(rows, WASH, "K5").update(quantity=None, value_type="text", value_text="some")

    judgement = judged(change)

    assert [row[2] for row in balance_findings(judgement)] == ["D6"]
    assert {row["rule_id"] for row in judgement.findings.to_pylist()} == {
        "value_is_number",
        "process_mass_balance",
    }


def test_moisture_measured_in_the_hand_in_counts_before_the_stated_one(judged):
    def change(rows, tables):
        with_material(rows, tables, bales=12.5)
        properties = {"property": "moisture", "direction": "property", "role": "property"}
        conversion = ["bales", "moisture", "%", "kg/kg", 0.01, None, None]
        tables["unit_conversions"].loc[len(tables["unit_conversions"])] = conversion
        measured = BALES | properties | {"unit_text": "%", "item_text": "Moisture (%)"}
        rows.append(reading(WASHING, "L5", MAY, 20.0, **measured))

    assert [row[2] for row in balance_findings(judged(change))] == ["D6"]
