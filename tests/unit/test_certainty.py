"""Two releases compared by their causes of error: what both rest on cancels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestration.company.spreads import NORMAL_95
from orchestration.restatement.certainty import Reported, compared_certainty

TOTAL = {
    "figure_kind": "inventory", "subject": "", "reference_period": "2021",
    "basis": "market_based", "unit": "kgCO2e",
}  # fmt: skip


def release(folder: Path, name: str, causes, *, months: int = 12, figure=TOTAL) -> Reported:
    """`causes`: of the one figure, the derivative and the deviation by name."""
    place = folder / name
    place.mkdir()
    value = sum(sensitivity for sensitivity, _ in causes.values())
    rows = [
        figure
        | {"cause_id": cause, "cause_kind": "factor", "figure_value": value,
           "sensitivity": sensitivity, "deviation": deviation}
        for cause, (sensitivity, deviation) in causes.items()
    ]  # fmt: skip
    pd.DataFrame(rows).astype({"deviation": float}).to_parquet(place / "sensitivities.parquet")
    year = {"inventory_year": 2021, "month_count": months}
    pd.DataFrame([year]).to_parquet(place / "facility_inventory.parquet")
    made = {"product_id": "cap", "reference_period": "2021", "month_count": months}
    pd.DataFrame([made]).to_parquet(place / "product_footprints.parquet")
    return Reported(name, place)


def intervals(older: Reported, newer: Reported) -> dict:
    (row,) = compared_certainty(older, newer)["restated_intervals"].to_pylist()
    return row


def improved(older: Reported, newer: Reported) -> dict[str, dict]:
    found = compared_certainty(older, newer)["improved_causes"].to_pylist()
    return {row["cause_id"]: row for row in found}


def test_what_was_released_less_itself_is_nothing_with_no_interval(tmp_path):
    causes = {"grid": (70.0, 0.1), "gas": (30.0, 0.3), "unknown": (5.0, None)}
    older, newer = (release(tmp_path, name, causes) for name in ("r1", "r2"))
    row = intervals(older, newer)
    assert (row["change"], row["standard_deviation"], row["unstated_share"]) == (0.0, 0.0, None)
    assert (row["low_95"], row["high_95"]) == (0.0, 0.0)
    assert row["verdict"] == "within_uncertainty"
    assert improved(older, newer) == {}


def test_a_correction_is_surer_than_each_of_the_figures(tmp_path):
    """What both releases share, the factor, cancels but for the part that was corrected."""
    older = release(tmp_path, "r1", {"grid": (100.0, 0.1), "meter": (0.0, 0.01)})
    newer = release(tmp_path, "r2", {"grid": (90.0, 0.1), "meter": (0.0, 0.01)})
    row = intervals(older, newer)
    assert row["standard_deviation"] == pytest.approx(1.0)
    assert row["older_half_width"] == pytest.approx(NORMAL_95 * 10.0)
    assert row["is_within_older_interval"]  # 10 of ± 19.6
    assert row["verdict"] == "significant"  # and yet really another: 10 ± 1.96


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_of_a_difference_is_that_of_both_less_twice_what_they_share(tmp_path, seed):
    draw = np.random.default_rng(seed)
    deviation = draw.uniform(0.0, 0.5, 6)
    older, newer = draw.normal(0.0, 10.0, (2, 6))
    both = [
        release(
            tmp_path, name, {f"c{n}": (side[n], deviation[n]) for n in range(6) if n not in left}
        )
        for name, side, left in (("r1", older, {5}), ("r2", newer, {0}))
    ]
    older[5] = newer[0] = 0.0
    expected = older @ (deviation**2 * older) + newer @ (deviation**2 * newer)
    expected -= 2.0 * older @ (deviation**2 * newer)
    assert intervals(*both)["standard_deviation"] ** 2 == pytest.approx(expected)


def test_a_cause_counts_with_its_spread_of_today_and_what_became_of_it_is_told(tmp_path):
    before = {"grid": (100.0, 0.1), "gas": (50.0, None), "coal": (9.0, 0.2), "oil": (2.0, 0.1)}
    now = {"grid": (100.0, 0.05), "gas": (50.0, 0.02), "oil": (2.0, None), "wood": (7.0, 0.2)}
    older, newer = release(tmp_path, "r1", before), release(tmp_path, "r2", now)
    found = improved(older, newer)
    assert {cause: row["what_changed"] for cause, row in found.items()} == {
        "grid": "narrower", "gas": "stated", "coal": "no_longer_a_cause", "oil": "withdrawn",
        "wood": "new_cause",
    }  # fmt: skip
    variance = 5.0**2 + 1.0**2 + 1.4**2
    was = NORMAL_95 * (variance - 5.0**2 + 10.0**2) ** 0.5
    assert found["grid"]["narrower_by"] == pytest.approx(was - NORMAL_95 * variance**0.5)
    assert found["gas"]["narrower_by"] is None
    row = intervals(older, newer)
    assert row["standard_deviation"] == pytest.approx((1.8**2 + 1.4**2) ** 0.5)
    # oil is in both, and nobody states a spread for it any more: it moved nothing all the same
    assert row["unstated_share"] == 0.0


def test_more_months_are_growth_and_no_restatement(tmp_path):
    older = release(tmp_path, "r1", {"grid": (100.0, 0.1)}, months=3)
    newer = release(tmp_path, "r2", {"grid": (130.0, 0.1)}, months=4)
    row = intervals(older, newer)
    assert (row["verdict"], row["standard_deviation"]) == ("other_months", None)
    assert row["is_within_older_interval"] is None


def test_a_product_is_compared_by_its_own_months(tmp_path):
    product = TOTAL | {"figure_kind": "product", "subject": "cap", "unit": "kgCO2e/kg"}
    older = release(tmp_path, "r1", {"grid": (1.0, 0.1)}, figure=product)
    newer = release(tmp_path, "r2", {"grid": (1.1, 0.1)}, figure=product)
    assert intervals(older, newer)["standard_deviation"] == pytest.approx(0.01)


def test_nobody_stated_a_spread(tmp_path):
    older = release(tmp_path, "r1", {"grid": (1.0, None)})
    newer = release(tmp_path, "r2", {"grid": (1.1, None)})
    assert intervals(older, newer)["verdict"] == "not_known"


def test_a_release_from_before_there_were_intervals_has_none(tmp_path):
    (tmp_path / "r0").mkdir()
    older = Reported("r0", tmp_path / "r0")
    newer = release(tmp_path, "r1", {"grid": (100.0, 0.1)})
    assert all(table.num_rows == 0 for table in compared_certainty(older, newer).values())


def test_another_unit_and_a_cause_that_nobody_rests_on_change_no_verdict(tmp_path):
    before, now = (
        {"grid": (70.0, 0.1), "gas": (30.0, 0.3)},
        {"grid": (60.0, 0.1), "gas": (9.0, 0.3)},
    )
    plain = intervals(release(tmp_path, "r1", before), release(tmp_path, "r2", now))
    in_grams = [
        release(
            tmp_path,
            name,
            {cause: (1000.0 * part, deviation) for cause, (part, deviation) in causes.items()}
            | {"idle": (0.0, 5.0)},
        )
        for name, causes in (("g1", before), ("g2", now))
    ]
    row = intervals(*in_grams)
    for name in ("change", "standard_deviation", "older_half_width", "newer_half_width", "low_95"):
        assert row[name] == pytest.approx(1000.0 * plain[name])
    assert (row["verdict"], row["unstated_share"]) == (plain["verdict"], plain["unstated_share"])


def test_what_is_shared_in_full_adds_up_and_what_is_not_by_squares(tmp_path):
    """Two corrections: of one factor 6 + 8 = 14, of two factors √(6² + 8²) = 10."""
    older = release(tmp_path, "r1", {"one": (0.0, 1.0), "other": (0.0, 1.0)})
    shared = release(tmp_path, "r2", {"one": (6.0 + 8.0, 1.0), "other": (0.0, 1.0)})
    apart = release(tmp_path, "r3", {"one": (6.0, 1.0), "other": (8.0, 1.0)})
    assert intervals(older, shared)["standard_deviation"] == pytest.approx(14.0)
    assert intervals(older, apart)["standard_deviation"] == pytest.approx(10.0)
