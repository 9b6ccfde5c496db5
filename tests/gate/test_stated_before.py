"""A later round, or a next file, wipes nothing that it doesn't mention."""

from __future__ import annotations

import pytest

from orchestration.company.data_folder import DataFolder
from orchestration.gate.statements import in_force, newest_rows
from orchestration.gate.withdrawals import read_withdrawals
from tests.gate.buyer import HAND_IN, TODAY, Buyer, found, state

QUARTER = ("1 01 north - coal 10", "2 02 north - coal 10", "3 03 north - coal 10")
APRIL = "4 04 north - coal 10"
STATED = {"01 coal": 10, "02 coal": 10, "03 coal": 10}


@pytest.fixture
def buyer(tmp_path) -> Buyer:
    """A company of which a first round stated January to March."""
    buyer = Buyer(tmp_path)
    assert state(buyer.hand_in("2024-1", "01-03", QUARTER)) == "accepted"
    return buyer


def test_an_export_of_the_newest_month_alone_is_refused_until_the_others_are_stated(buyer):
    result = buyer.hand_in("2024-2", "01-06", [APRIL])

    assert (state(result), found(result)) == ("refused", ["stated_before"])
    (finding,) = result.findings.to_pylist()
    assert finding["source_file"] == "rounds/2024-2/erp/buys.csv"
    for language in ("message_en", "message_zh"):
        assert "2024-01, 2024-02, 2024-03: 30 t, rounds/2024-1/erp/buys.csv" in finding[language]
    assert buyer.counting() == STATED

    result = buyer.hand_in("2024-2", "01-06", [*QUARTER[:2], "3 03 north - coal 12", APRIL])
    assert (state(result), found(result)) == ("accepted", [])
    assert buyer.counting() == STATED | {"03 coal": 12, "04 coal": 10}


def test_what_is_withdrawn_counts_no_more_and_is_told(buyer):
    buyer.hand_in("2024-2", "01-06", [APRIL])
    buyer.withdraw("2024-2", last_month="2024-03", flow_id="coal")
    result = buyer.judge("2024-2")

    assert (state(result), set(found(result))) == ("accepted", {"statement_withdrawn"})
    assert "booked by mistake (ann, 2024-07-01)" in result.findings.to_pylist()[0]["message_en"]
    assert buyer.counting() == {"04 coal": 10}

    assert buyer.judge("2024-2").new_revisions == {}, "judged again, nothing is new"
    third = buyer.hand_in("2024-3", "01-06", [APRIL])
    assert found(third) == [], "what was withdrawn is not asked for again"


def test_what_still_holds_as_stated_before_is_waived_and_counts(buyer):
    buyer.hand_in("2024-2", "01-06", [APRIL])
    buyer.waive("2024-2", "stated_before")

    assert state(buyer.judge("2024-2")) == "accepted_with_warnings"
    assert buyer.counting() == STATED | {"04 coal": 10}


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (["9 01 north a coal 4"], "north/north_ops/oil 2024-01: 3 t"),
        (["9 01 north a coal 4", "9 01 north - oil 3"], "north/north_ops/oil (2) 2024-01: 3 t"),
    ],
)
def test_each_item_and_document_is_missed(tmp_path, lines, missing):
    """A late invoice of a month is no restatement of the invoices before it."""
    buyer = Buyer(tmp_path)
    buyer.hand_in("2024-1", "01", ["1 01 north a coal 4", "2 01 north - oil 3"])
    result = buyer.hand_in("2024-2", "01", lines)

    assert set(found(result)) == {"stated_before"}
    told = [row["observed"] for row in result.findings.to_pylist()]
    assert any(missing in text for text in told), told
    assert buyer.counting() == {"01 coal": 4, "01 oil": 3}


def test_the_next_file_of_a_round_drops_nothing_unsaid(buyer):
    result = buyer.hand_in("2024-1", "01-03", QUARTER[:2])
    assert (state(result), found(result)) == ("refused", ["stated_by_earlier_revision"])
    assert buyer.counting() == STATED

    buyer.withdraw("2024-1", first_month="2024-03")
    assert state(buyer.judge("2024-1")) == "accepted"
    assert buyer.counting() == {"01 coal": 10, "02 coal": 10}
    again = buyer.judge("2024-1")
    assert (state(again), found(again), again.new_revisions) == ("accepted", [], {})

    renumbered = ["7 01 north - coal 10", "2 02 north - coal 10"]
    result = buyer.hand_in("2024-1", "01-03", renumbered)
    assert (state(result), found(result)) == (
        "accepted_with_warnings", ["line_dropped_by_revision"]
    )  # fmt: skip


def test_a_withdrawal_of_what_was_never_stated_is_a_finding(buyer):
    buyer.hand_in("2024-2", "01-06", [APRIL])
    buyer.withdraw("2024-2", last_month="2024-03", document_no="77")
    result = buyer.judge("2024-2")

    assert state(result) == "refused"
    assert sorted(found(result)) == ["stated_before", "withdrawal_matches"]
    assert buyer.counting() == STATED


@pytest.mark.parametrize(
    "line",
    [
        {"reason": ""},
        {"decided_by": ""},
        {"first_month": "2023-01"},
        {"last_month": "soon"},
        {"decided_on": "2030-01-01"},
        {"hand_in": "erp/sales"},
    ],
)
def test_a_withdrawal_that_does_not_say_enough_has_no_effect(buyer, line):
    buyer.withdraw("2024-1", **line)
    data = DataFolder(buyer.path)
    withdrawals = read_withdrawals(data, data.round("2024-1"), [HAND_IN], TODAY)

    assert withdrawals.lines.num_rows == 0
    (problem,) = withdrawals.problems
    assert (problem.rule_id, problem.line) == ("withdrawal_complete", 2)
    assert problem.observed.startswith(next(iter(line)))


def test_a_release_made_when_a_round_replaced_whole_months_says_what_it_said(buyer):
    """It kept the readings of the newest round alone."""
    buyer.waive("2024-2", "stated_before")
    buyer.hand_in("2024-2", "01-06", [APRIL])
    for path in (buyer.lake.path / "accepted" / "erp_records").rglob("2024-1__*.parquet"):
        path.unlink()

    assert buyer.counting() == {"04 coal": 10}


def test_what_a_later_round_replaces_is_named_item_by_item(tmp_path):
    buyer = Buyer(tmp_path)
    buyer.hand_in("2024-1", "01", ["1 01 north a coal 4", "2 01 north - oil 3"])
    buyer.waive("2024-2", "stated_before")
    buyer.hand_in("2024-2", "01", ["1 01 north a coal 5"])

    counting = in_force(buyer.lake, newest_rows(buyer.lake.registry()))
    assert [(row["round"], counting.is_whole(row)) for row in counting.rows] == [
        ("2024-1", False), ("2024-2", True)
    ]  # fmt: skip
    (gone,) = counting.superseded.to_pylist()
    assert (gone["round"], gone["hand_in"], gone["flow_id"], gone["supplier_id"]) == (
        "2024-1", HAND_IN, "coal", "a"
    )  # fmt: skip
