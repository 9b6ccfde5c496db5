"""Splitting a change into causes, and the base year, on figures in the head."""

from __future__ import annotations

import pyarrow as pa
import pytest

from orchestration.company.checks import settings_problems
from orchestration.restatement.base_year import base_year_rows
from orchestration.restatement.causes import RESTATEMENTS, split
from orchestration.restatement.figures import FIGURES
from orchestration.restatement.states import CALCULATION, RestatementState

KG = "location_based_kgco2e"


def inventory(value: float, category: str = "diesel", year: int = 2022) -> dict:
    """A row of the inventory."""
    return {
        "figure_kind": "inventory", "facility_id": "mill", "inventory_year": year, "ghg_scope": 1,
        "ghg_category": category, "measure": KG, "unit": "kgCO2e", "value": value,
    }  # fmt: skip


def footprint(value: float) -> dict:
    """A product's total."""
    return {
        "figure_kind": "product", "product_id": "staple", "reference_period": "2022",
        "method": "cut_off", "basis": "location_based", "measure": "kgco2e_per_declared_unit",
        "unit": "kgCO2e per kg", "value": value,
    }  # fmt: skip


def figures(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=FIGURES)


def chain(*steps: tuple[str, pa.Table | None]) -> list[RestatementState]:
    return [RestatementState(step, found) for step, found in steps]


def causes(row: dict) -> list[float]:
    """Data, correction, factor, method, boundary."""
    names = ("data", "correction", "factor", "method", "boundary")
    return [row[f"{name}_change"] for name in names]


def test_each_step_is_the_part_of_its_cause_and_all_of_them_the_change():
    values = {
        "": 100, CALCULATION: 101, "data": 110, "correction": 108, "factor": 120, "method": 119,
        "boundary": 60, "new_months": 160,
    }  # fmt: skip
    states = [*values.items(), (CALCULATION, 162)]
    row = split(chain(*((step, figures(inventory(value))) for step, value in states)))[0]
    assert causes(row) == [9 + 100, -2, 12, 1 - 1 + 2, -59]
    assert (row["change"], sum(causes(row))) == (62, 62)
    assert (row["new_months_change"], row["restated_change"]) == (100, -38)
    assert (row["change_percent"], row["restated_percent"]) == (62, -38)
    assert row["moved_10_percent"] is None  # a word about footprints


def test_what_cannot_be_calculated_alone_is_told_with_the_next_cause():
    unsolved = figures(inventory(2))
    states = chain(
        ("", figures(inventory(1), footprint(1.0))),
        ("data", unsolved),
        ("correction", None),
        ("factor", figures(inventory(2), footprint(1.2))),
        ("boundary", figures(inventory(2), footprint(1.2))),
    )
    by_kind = {row["figure_kind"]: row for row in split(states)}
    product, site = by_kind["product"], by_kind["inventory"]
    assert causes(product) == pytest.approx([0, 0, 0.2, 0, 0])
    assert product["joint_causes"] == "factor + data + correction"
    assert product["moved_10_percent"]
    assert (causes(site), site["joint_causes"]) == ([1, 0, 0, 0, 0], None)


def test_nothing_emitted_is_zero_and_rounding_is_no_change():
    states = chain(
        ("", figures(inventory(5), inventory(7, "gas"))),
        ("data", figures(inventory(7 * (1 + 1e-15), "gas"))),
        ("correction", figures(inventory(5), inventory(7, "gas"), inventory(3, "coal"))),
    )
    found = {row["ghg_category"]: row for row in split(states)}
    assert set(found) == {"diesel", "coal"}
    assert causes(found["diesel"])[:2] == [-5, 5]
    assert (found["coal"]["older_value"], found["coal"]["is_first_reported"]) == (None, True)
    assert found["coal"]["change_percent"] is None


def test_a_figure_that_is_reported_no_more_went_with_its_cause():
    states = chain(("", figures(footprint(2))), ("method", figures()), ("boundary", figures()))
    row = split(states)[0]
    assert (causes(row)[3], row["newer_value"], row["change"]) == (-2, None, -2)


SETTINGS = {"base_year": "2022", "significance_threshold_percent": "5"}


def restated(*changes: tuple[str, float], year: int = 2022) -> pa.Table:
    rows = [
        inventory(0, year=year)
        | {"newer_release": release, "restated_change": change, "change": change + 1000}
        for release, change in changes
    ]
    return pa.Table.from_pylist(rows, schema=RESTATEMENTS)


def judged(settings: dict, changes: pa.Table, value: float = 1049, year: int = 2022) -> dict:
    return base_year_rows("b", settings, figures(inventory(value, year=year)), changes)[0]


def test_small_restatements_of_the_base_year_add_up():
    one = judged(SETTINGS, restated(("b", 49.0)))
    assert (one["verdict"], one["cumulative_percent"]) == ("below_threshold", 4.9)
    two = judged(SETTINGS, restated(("a", 30.0), ("b", 20.0)), value=1050)
    assert (two["verdict"], two["cumulative_percent"]) == ("recalculate", 5)
    assert (two["scope_1_change_kgco2e"], two["cumulative_change_kgco2e"]) == (20, 50)
    three = judged(SETTINGS, restated(("a", 60.0), ("b", -60.0)), value=1000)
    assert (three["verdict"], three["cumulative_gross_kgco2e"]) == ("below_threshold", 120)
    other = judged(SETTINGS, restated(("b", 500.0), year=2023))
    assert other["cumulative_change_kgco2e"] == 0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "company.yml states no base_year."),
        ({"base_year": "2022"}, "company.yml states no significance_threshold_percent."),
        (SETTINGS | {"base_year": "2019"}, "2019 is not reported."),
    ],
)
def test_what_is_not_stated_is_not_judged(settings: dict, reason: str):
    row = judged(settings, restated(("b", 49.0)))
    assert (row["verdict"], row["reason"]) == ("not_judged", reason)


def test_a_base_year_or_threshold_that_is_none_is_told():
    assert settings_problems({}) == []
    assert settings_problems({"base_year": 2022, "significance_threshold_percent": 5}) == []
    assert settings_problems({"time_zone": "Asia/Shanghai"}) == []
    (zone,) = settings_problems({"time_zone": "Shanghai"})
    assert "time_zone Shanghai is not known" in zone
    wrong = settings_problems({"base_year": "last", "significance_threshold_percent": 0})
    assert len(wrong) == 2 and all("company.yml" in text for text in wrong)
