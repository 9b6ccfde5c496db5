"""A quantity is held against its own other months, from the first round on and without a range."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.gate.gate_round import BOILER, MAY, WASHING, cell, reading

WASH, BOIL = "mill/washing", "mill/boiler"
BEFORE = [date(2021, month, 1) for month in range(7, 13)]
COLUMNS = (
    "source", "role", "facility_id", "process_id", "flow_id", "direction", "unit_text",
    "period_month", "quantity", "record_count",
)  # fmt: skip
HEADS = {
    "flow_id": "headcount", "unit_text": "人", "item_text": "人数", "process_id": "mill_boiler",
}  # fmt: skip


def heads_before(*quantities: float, counts: tuple[int, ...] = ()) -> pd.DataFrame:
    """What the boiler house's workbooks of earlier rounds said of its headcount."""
    lines = [
        ["stage_boiler", "activity", "mill", "mill_boiler", "headcount", "input", "人", month,
         quantity, counts[number] if counts else 1]
        for number, (month, quantity) in enumerate(zip(BEFORE, quantities, strict=False))
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=list(COLUMNS))


def heads_in_may(quantity: float, history: pd.DataFrame | None = None, **more):
    """A headcount in May, which no range bounds, and those of earlier months."""

    def change(rows, tables):
        rows.append(reading(BOILER, "K5", MAY, quantity, **HEADS | more))
        if history is not None:
            tables["history"] = history

    return change


def told(found: list[dict]) -> list[tuple[str, str]]:
    return [(row["rule_id"], row["source_cell"]) for row in found]


STEADY = (41.0, 40.0, 40.0, 42.0, 39.0, 40.0)
TRIPS = (3.0, 40.0, 11.0, 90.0, 7.0, 22.0)


@pytest.mark.parametrize(
    ("quantity", "before", "counts", "rule_id"),
    [
        pytest.param(43.0, STEADY, (), None, id="a month like the others"),
        pytest.param(24.0, STEADY, (), None, id="a holiday month"),
        pytest.param(20.0, STEADY, (), "unlike_other_months", id="half"),
        pytest.param(85.0, STEADY, (), "unlike_other_months", id="double"),
        pytest.param(400.0, STEADY, (), "far_from_other_months", id="a digit too many"),
        pytest.param(1e5, STEADY[:1], (), "far_from_other_months", id="one other month is enough"),
        pytest.param(120.0, STEADY[:1], (), None, id="one other month says little"),
        pytest.param(4.0, STEADY, (), "unlike_other_months", id="a tenth may be standby"),
        pytest.param(0.04, STEADY, (), "far_from_other_months", id="kg for t"),
        pytest.param(0.0, STEADY, (), "unlike_other_months", id="nothing, where always something"),
        pytest.param(0.0, (*STEADY[:5], 0.0), (), None, id="nothing, as in another month"),
        pytest.param(150.0, TRIPS, (), None, id="what comes as it comes"),
        pytest.param(50000.0, TRIPS, (), "unlike_other_months", id="not even for that"),
        pytest.param(19.0, STEADY, (1, 2, 1, 2, 1, 2), None, id="one record of two is missing"),
        pytest.param(1e5, (), (), None, id="nothing to compare with"),
    ],
)
def test_a_month_beside_its_others(findings, quantity, before, counts, rule_id):
    found = findings(heads_in_may(quantity, heads_before(*before, counts=counts)))

    assert told(found) == ([(rule_id, "K5")] if rule_id else [])


def test_other_months_of_the_same_round_count(findings):
    def change(rows, tables):
        heads_in_may(40.0)(rows, tables)
        june = cell(rows, BOIL, "K5") | {"source_cell": "K6", "period_month": date(2022, 6, 1)}
        rows.append(june | {"quantity": 4e16})

    assert ("far_from_other_months", "K6") in told(findings(change))


def test_the_finding_says_what_is_usual_and_what_the_factor_gives_away(findings):
    (finding,) = findings(heads_in_may(0.004, heads_before(*STEADY)))

    assert "usual in other months is 40 person: 1/10000 (6 other months)" in finding["message_en"]
    assert "万" in finding["message_en"]
    assert "（对比 6 个月）" in finding["message_zh"]


def test_a_company_says_how_far_is_too_far(findings):
    def change(rows, tables):
        heads_in_may(85.0, heads_before(*STEADY))(rows, tables)
        line = ["unlike_other_months", None, "headcount", "3", "seasonal workers"]
        tables["tolerances"].loc[len(tables["tolerances"])] = line

    assert told(findings(change)) == []


def test_another_unit_is_the_same_quantity(findings):
    """10 t of flake in May and June; 9,000 to 11,000 kg in the months before."""

    def change(rows, tables):
        flake = ["stage_washing", "activity", "mill", "mill_washing", "flake", "output", "kg"]
        lines = [[*flake, month, 9000 + 400 * n, 1] for n, month in enumerate(BEFORE)]
        tables["history"] = pd.DataFrame(lines, columns=list(COLUMNS))
        conversion = ["flake", "", "kg", "kg", 1.0, None, None]
        tables["unit_conversions"].loc[len(tables["unit_conversions"])] = conversion
        cell(rows, WASH, "D5")["quantity"] = 100.0

    assert ("far_from_other_months", "D5") in told(findings(change))


def test_a_process_that_stands_still_is_told_by_its_output(findings):
    def change(rows, tables):
        power = ["stage_washing", "activity", "mill", "mill_washing"]
        tables["history"] = pd.DataFrame(
            [
                [*power, flow, direction, unit, month, quantity, 1]
                for month in BEFORE
                for flow, direction, unit, quantity in (
                    ("electricity", "input", "kWh", 1000.0),
                    ("flake", "output", "t", 10.0),
                )
            ],
            columns=list(COLUMNS),
        )
        cell(rows, WASH, "D5")["quantity"] = 0.0
        cell(rows, WASH, "C5")["quantity"] = 5.0
        cell(rows, WASH, "C7")["quantity"] = 1006.0
        tables["ranges"] = tables["ranges"].iloc[2:]
        cell(rows, "erp/energy_invoices", "L5:quantity")["quantity"] = 0.0005

    assert told(findings(change)) == [
        ("standstill_asked_otherwise", "C5"),
        ("unlike_other_months", "D5"),
    ]


def test_what_breaks_a_declared_range_is_told_once(findings):
    def change(rows, tables):
        cell(rows, WASH, "C6")["quantity"] = 60000.0
        cell(rows, WASH, "C7")["quantity"] = 61000.0
        cell(rows, "erp/energy_invoices", "L6:quantity")["quantity"] = 6.0

    assert told(findings(change)) == [("hard_bounds", "C6")]


@pytest.mark.parametrize("quantity", [40.0, 400.0])
def test_checks_are_compared_with_what_they_check_not_with_their_months(findings, quantity):
    """A figure that is only compared changes no result."""

    def change(rows, tables):
        more = {"role": "check", **HEADS}
        rows.append(reading(WASHING, "K5", MAY, quantity, **more | {"process_id": "mill_washing"}))
        history = heads_before(*STEADY)
        tables["history"] = history.assign(
            role="check", source="stage_washing", process_id="mill_washing"
        )

    assert [rule for rule, _ in told(findings(change))] == ["check_compared"]
