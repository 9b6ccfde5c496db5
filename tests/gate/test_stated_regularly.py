"""What was stated month after month is asked for again: each site, item and supplier."""

from __future__ import annotations

import pytest

from tests.gate.buyer import Buyer, found, state

SPRING = tuple(f"{month:02}" for month in range(1, 7))


def lines(months, *items: str) -> list[str]:
    """A record of each item in each month, under numbers of their own."""
    return [f"{m}{number} {m} {item}" for m in months for number, item in enumerate(items)]


def told(result, rule_id: str) -> list[str]:
    return [row["observed"] for row in result.findings.to_pylist() if row["rule_id"] == rule_id]


@pytest.fixture
def buyer(tmp_path) -> Buyer:
    """Two sites that reported six months; the map asks for every month."""
    buyer = Buyer(tmp_path, every_month=True)
    half = lines(SPRING, "north a coal 5", "north - oil 2", "south - coal 3")
    assert found(buyer.hand_in("2024-1", "01-06", half)) == []
    return buyer


def test_a_site_that_has_records_needs_one_in_each_month(tmp_path):
    buyer = Buyer(tmp_path, every_month=True)
    most = [*lines(("01", "02", "03"), "north - coal 5"), "77 02 south - coal 3"]
    result = buyer.hand_in("2024-1", "01-03", most)

    assert state(result) == "refused"
    missing = [row for row in result.findings.to_pylist() if row["rule_id"] == "month_reported"]
    assert [(f"{row['period_month']:%m}", row["message_en"][:12]) for row in missing] == [
        ("01", "Month, south"), ("03", "Month, south")
    ]  # fmt: skip


def test_a_site_of_which_nothing_is_said_is_refused(buyer):
    result = buyer.hand_in("2024-2", "07", ["9 07 north a coal 5", "8 07 north - oil 2"])

    assert (state(result), found(result)) == ("refused", ["every_site_reported"])
    assert told(result, "every_site_reported") == ["south 2024-07"]

    buyer.withdraw("2024-2", facility_id="south", first_month="2024-07")
    result = buyer.judge("2024-2")
    assert (state(result), found(result)) == ("accepted", [])


def test_an_item_that_was_always_stated_is_asked_for_again_and_may_be_nought(buyer):
    two = ["9 07 north a coal 5", "8 07 south - coal 3"]
    result = buyer.hand_in("2024-2", "07", two)

    assert (state(result), found(result)) == ("accepted_with_warnings", ["item_stated_again"])
    assert told(result, "item_stated_again") == ["north/north_ops/oil 2024-07"]
    result = buyer.hand_in("2024-2", "07", [*two, "7 07 north - oil 0"])
    assert "item_stated_again" not in found(result)


def test_a_supplier_that_always_delivered_is_asked_for_again(buyer):
    rest = ["8 07 north - oil 2", "7 07 south - coal 3"]
    result = buyer.hand_in("2024-2", "07", ["9 07 north b coal 5", *rest])

    assert found(result) == ["supplier_stated_again"]
    assert told(result, "supplier_stated_again") == ["north/north_ops/coal/a 2024-07"]


def test_what_comes_now_and_then_is_missed_when_it_stays_away_longer_than_ever(tmp_path):
    buyer = Buyer(tmp_path)
    coal = lines(SPRING, "north - coal 5")
    oil = lines(("01", "03", "05"), "north - oil 2")
    assert found(buyer.hand_in("2024-1", "01-06", [*coal, *oil])) == []

    later = lines(("07", "08"), "north - coal 5")
    assert found(buyer.hand_in("2024-2", "07", later[:1])) == ["item_stated_again"]
    assert found(buyer.hand_in("2024-2", "07", [later[0], "x 07 north - oil 2"])) == []
    assert found(buyer.hand_in("2024-3", "08", later[1:])) == []
