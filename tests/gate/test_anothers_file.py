"""Another site's file and last month's are found, with and without a change of a cell or two."""

from __future__ import annotations

from datetime import date

import pytest

from tests.gate.buyer import Buyer, found, state
from tests.gate.gate_round import (
    MAY,
    WASHING,
    Break,
    add_site,
    clean_readings,
    of_site,
    reading,
)

APRIL = ("1 04 north a coal 4.11", "2 04 north b coal 3.27", "3 04 north - oil 2.05",
         "4 04 south a coal 5.63", "5 04 south b coal 1.94", "6 04 south - oil 7.18",
         "7 04 south c coal 6.66")  # fmt: skip


def as_of(month: str, lines=APRIL) -> list[str]:
    return [line.replace(" 04 ", f" {month} ") for line in lines]


@pytest.fixture
def buyer(tmp_path) -> Buyer:
    buyer = Buyer(tmp_path)
    assert found(buyer.hand_in("2024-1", "04", APRIL)) == []
    return buyer


def test_last_months_export_under_this_months_name(buyer):
    result = buyer.hand_in("2024-2", "05", as_of("05"))
    assert (state(result), found(result)) == ("refused", ["same_figures_twice"])
    (finding,) = result.findings.to_pylist()
    assert finding["observed"] == "erp/buys 2024-1"

    other = [f"{line[:-3]}{number}.3{number}" for number, line in enumerate(as_of("05"), 3)]
    assert "same_figures_twice" not in found(buyer.hand_in("2024-2", "05", other))


def test_what_is_the_same_in_every_month_is_no_copy(buyer):
    """Two months alike are asked about; once somebody answered, a third is known to be usual."""
    buyer.hand_in("2024-2", "05", as_of("05"))
    buyer.waive("2024-2", "same_figures_twice")
    assert state(buyer.judge("2024-2")) == "accepted_with_warnings"

    assert found(buyer.hand_in("2024-3", "06", as_of("06"))) == []


def two_sites(change: Break | None = None) -> Break:
    """A second site whose sheet repeats the seven figures of the first."""

    def copied(rows, tables):
        more = [
            reading(WASHING, f"C{line}", month, 1234.5 + line, flow_id="electricity",
                    unit_text="kWh", item_text=f"Meter {line}")
            for month in (MAY, date(2022, 6, 1)) for line in range(20, 24)
        ]  # fmt: skip
        rows.extend(more)
        add_site("depot2", tables)
        rows.extend(of_site("depot2", [*clean_readings(), *(dict(row) for row in more)]))
        if change:
            change(rows, tables)

    return copied


def rules(judgement) -> dict[str, set[str]]:
    """Hand-ins by rule."""
    told: dict[str, set[str]] = {}
    for row in judgement.findings.to_pylist():
        told.setdefault(row["rule_id"], set()).add(row["hand_in"])
    return told


def test_the_same_file_for_two_sites_is_refused_once_at_each(judged):
    def same_bytes(rows, tables):
        tables["handed_in"].loc[tables["handed_in"]["source_sha256"] == "depot2",
                                "source_sha256"] = "a1"  # fmt: skip

    told = rules(judged(two_sites(same_bytes)))
    assert told["same_file_twice"] == {"mill/washing", "depot2/washing"}
    assert "same_figures_twice" not in told


def one_mended(rows, tables):
    """A cell that whoever copied the sheet changed."""
    next(row for row in rows if row["hand_in"] == "depot2/washing"
         and row["source_cell"] == "C21")["quantity"] = 2000.75  # fmt: skip


def all_its_own(rows, tables):
    """Figures that depot2 read itself."""
    for row in rows:
        if row["hand_in"] == "depot2/washing" and row["quantity"] is not None:
            row["quantity"] *= 1.037


@pytest.mark.parametrize("change", [None, one_mended])
def test_the_figures_of_another_site_are_refused_at_both(judged, change):
    judgement = judged(two_sites(change))
    assert rules(judgement)["same_figures_twice"] == {"mill/washing", "depot2/washing"}
    assert not {"mill/washing", "depot2/washing"} & set(judgement.accepted_hand_ins)


def test_two_sites_with_figures_of_their_own(judged):
    assert "same_figures_twice" not in rules(judged(two_sites(all_its_own)))
