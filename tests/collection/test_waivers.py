"""Waivers: what is waived keeps its severity and is answered for; everything else has no effect."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.lake.paths import Lake
from tests.collection.conftest import BOILER, ROUND, rows_of, write_waivers
from tests.conftest import TinyCompany, write_csv

TODAY = date(2022, 2, 20)


@pytest.fixture
def too_much(tiny_company: TinyCompany) -> TinyCompany:
    """A month whose electricity is beyond the bounds."""
    bound = {"flow_id": "electricity", "per": "month", "unit": "kWh", "usual_max": "500"}
    write_csv(tiny_company.path / "expectations" / "ranges.csv", [bound | {"hard_max": "900"}])
    return tiny_company


def verdict_of(result, hand_in: str = BOILER) -> dict:
    return next(row for row in result.verdicts if row["hand_in"] == hand_in)


def found(result, rule_id: str) -> list[dict]:
    return [row for row in result.findings.to_pylist() if row["rule_id"] == rule_id]


@pytest.mark.parametrize("thing", ["Energy!B3", "energy!$B$3", "*"])
def test_a_waived_finding_keeps_its_severity_and_refuses_nothing(too_much, judged, lake, thing):
    assert verdict_of(judged(TODAY))["state"] == "refused"

    write_waivers(too_much, {"object": thing})
    result = judged(TODAY)

    verdict = verdict_of(result)
    assert (verdict["state"], verdict["revision_in_force"]) == ("accepted_with_warnings", 1)
    assert (verdict["critical_count"], verdict["waived_count"]) == (0, 1)
    assert verdict["note"] == "Accepted; 1 waived."
    (finding,) = found(result, "hard_bounds")
    assert finding["severity"] == "critical"
    assert finding["waiver_reason"] == "Meter was changed，see photo"
    assert (finding["waived_by"], finding["waived_until"]) == ("bob", date(2022, 12, 31))
    (row,) = rows_of(lake.waivers(ROUND))
    assert (row["state"], row["finding_count"], row["source_line"]) == ("in_force", 1, 2)


WITHOUT_EFFECT = [
    ({"object": "Energy!C3"}, "waiver_matches", "hard_bounds / mill/boiler / Energy!C3",
     "unmatched"),
    ({"hand_in": "erp/water"}, "waiver_matches", "hard_bounds / erp/water / Energy!B3",
     "unmatched"),
    ({"valid_until": "2022-02-19"}, "waiver_in_force", "2022-02-19", "expired"),
    ({"rule_id": "value_is_number"}, "waiver_allowed", "value_is_number", "refused"),
    ({"rule_id": "unit_known"}, "waiver_allowed", "unit_known", "refused"),
    ({"approved_by": "ann"}, "four_eyes", "ann requested and approved it", "refused"),
    ({"approved_by": "nobody"}, "waiver_complete", "approved_by nobody", "refused"),
    ({"reason": ""}, "waiver_complete", "no reason", "refused"),
    ({"rule_id": "hard_bound"}, "waiver_complete", "rule_id hard_bound", "refused"),
    ({"hand_in": "../x"}, "waiver_complete", "hand_in ../x", "refused"),
    ({"valid_until": "soon"}, "waiver_complete", "valid_until soon", "refused"),
    ({"approved_on": "2022-02-21"}, "waiver_complete", "approved_on 2022-02-21", "refused"),
    ({"rule_id": "mass_balance"}, "waiver_complete", "hand_in mill/boiler", "refused"),
    ({"rule_id": "mass_balance", "hand_in": "calculation", "object": "*"},
     "waiver_complete", "object *", "refused"),
]  # fmt: skip


def test_waivers_without_effect_are_told_by_line(too_much, judged, lake):
    write_waivers(too_much, *(line for line, *_ in WITHOUT_EFFECT))
    result = judged(TODAY)

    assert verdict_of(result)["state"] == "refused"
    told = {
        row["source_cell"]: row
        for row in result.findings.to_pylist()
        if row["source_file"] == f"rounds/{ROUND}/waivers.csv"
    }
    expected = {
        f"L{number}": (rule_id, observed)
        for number, (_, rule_id, observed, _) in enumerate(WITHOUT_EFFECT, start=2)
    }
    assert {cell: (row["rule_id"], row["observed"]) for cell, row in told.items()} == expected
    assert {row["severity"] for row in told.values()} == {"warning"}
    assert all(row["message_zh"] and row["remedy_zh"] for row in told.values())
    states = [row["state"] for row in rows_of(lake.waivers(ROUND))]
    assert states == [state for *_, state in WITHOUT_EFFECT]


def test_a_waiver_that_ends_lets_the_finding_stand_again(too_much, judged, lake: Lake):
    write_waivers(too_much, {"valid_until": "2022-02-20"})
    assert verdict_of(judged(date(2022, 2, 20)))["state"] == "accepted_with_warnings"

    later = verdict_of(judged(date(2022, 2, 21)))

    assert (later["state"], later["revision_in_force"]) == ("refused", 1)


def test_waivers_that_can_not_be_read_have_no_effect(too_much, judged):
    path = too_much.path / "rounds" / ROUND / "waivers.csv"
    path.write_text("rule,why\nhard_bounds,because\n", encoding="utf-8")
    result = judged(TODAY)
    assert verdict_of(result)["state"] == "refused"
    assert found(result, "paper_readable")[0]["hand_in"] is None


def test_a_waiver_of_the_calculation_waits_for_it(too_much, judged, lake):
    balance = {"rule_id": "mass_balance", "hand_in": "calculation", "object": "mill_boiler/2022-01"}
    write_waivers(too_much, balance)
    result = judged(TODAY)
    assert not found(result, "waiver_matches")
    assert rows_of(lake.waivers(ROUND))[0]["state"] == "calculation"


def test_a_correction_is_counted_and_told(tiny_company, judged):
    correction = {
        "file": "mill/boiler.xlsx", "sheet": "Energy", "cell": "B3", "old_value": "1000",
        "new_value": "1100", "reason": "typo", "decided_by": "ann", "decided_on": "2022-02-11",
    }  # fmt: skip
    write_csv(tiny_company.path / "rounds" / ROUND / "corrections.csv", [correction])
    result = judged(TODAY)
    verdict = verdict_of(result)
    assert (verdict["state"], verdict["correction_count"]) == ("accepted", 1)
    (finding,) = found(result, "correction_applied")
    words = "1100 counts instead of 1000: typo. Decided by ann on 2022-02-11."
    assert (finding["message_en"], finding["source_cell"]) == (words, "B3")
