"""What initiatives really brought: baseline models, intervals and statuses (method R53)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.stats import linregress, t

from orchestration.reduction.initiatives import Change, Initiative
from orchestration.reduction.tracking import (
    ASHRAE_CONFIDENCE,
    CONFIDENCE,
    OUTPUT,
    Metered,
    fit,
    track,
)

START = date(2022, 1, 1)
BEFORE = [date(2021, month, 1) for month in range(1, 13)]
AFTER = [date(2022, month, 1) for month in range(1, 7)]
OUTPUTS = [100, 60, 102, 98, 105, 99, 97, 96, 103, 95, 104, 101]
NOISE = [1, -1, 2, -2, 0, 1, -1, 0, 2, -2, 1, -1]


def metered(saving: float, months: list[date] = AFTER, outputs: list[int] = OUTPUTS) -> Metered:
    """A process that takes 50 and 3 per unit of output, and less by `saving` from the start on."""
    made = dict(zip([*BEFORE, *months], [*outputs, *outputs], strict=False))
    noise = dict(zip(BEFORE, NOISE, strict=True))
    taken = {
        month: (50 + 3 * output) * (1 - (saving if month >= START else 0)) + noise.get(month, 0)
        for month, output in made.items()
    }
    return Metered("mill", "spin", "power", taken, {OUTPUT: made})


def tracked(meter: Metered, value: float = 0.9, **changes: object) -> tuple[dict, list[dict]]:
    """The baseline and the rows of savings of one initiative on the meter."""
    change = Change(
        2, "specific_consumption", "mill", "spin", "power", None, value, 1.0, None, None
    )
    told = {"status": "done", "starts_on": START, "ramp_months": 0} | changes
    initiative = Initiative(
        "drives", told["status"], told["starts_on"], told["ramp_months"], 10, None, None, None,
        (change,), 2,
    )  # fmt: skip
    tables = track([initiative], {("spin", "power"): meter})
    baselines = tables["initiative_baselines"].to_pylist()
    return (baselines[0] if baselines else {}), tables["initiative_savings"].to_pylist()


def to_date(rows: list[dict]) -> dict:
    (row,) = (row for row in rows if row["period_kind"] == "to_date")
    return row


def test_a_baseline_is_the_line_that_scipy_finds():
    meter = metered(0)
    model = fit(meter.rows(BEFORE), meter.taken(BEFORE))
    line = linregress(OUTPUTS, meter.taken(BEFORE))
    assert model.coefficients == pytest.approx([line.intercept, line.slope], rel=1e-9)
    assert model.r2 == pytest.approx(line.rvalue**2, rel=1e-12)
    assert model.p_value == pytest.approx(line.pvalue, rel=1e-6)


def test_the_interval_is_that_of_a_prediction():
    """Of one month by the textbook: s² (1 + 1/n + (x - mean)²/Σ(x - mean)²); of two, their sum."""
    meter = metered(0)
    model = fit(meter.rows(BEFORE), meter.taken(BEFORE))
    x = np.array(OUTPUTS, dtype=float)
    squares = ((x - x.mean()) ** 2).sum()
    one = np.array([[1.0, 90.0]])
    expected = model.variance * (1 + 1 / 12 + (90 - x.mean()) ** 2 / squares)
    assert model.half_width(one, CONFIDENCE) == pytest.approx(
        t.ppf(0.95, 10) * np.sqrt(expected), rel=1e-9
    )
    two = np.array([[1.0, 90.0], [1.0, 110.0]])
    shared = 4 * (1 / 12 + (100 - x.mean()) ** 2 / squares)
    assert model.half_width(two, ASHRAE_CONFIDENCE) == pytest.approx(
        t.ppf(0.84, 10) * np.sqrt(model.variance * (2 + shared)), rel=1e-9
    )


@pytest.mark.parametrize(
    ("saving", "value", "status"),
    [
        (0.10, 0.90, "measured"),
        (0.0, 0.90, "not_yet_provable"),
        (-0.10, 0.90, "contrary"),
        (-0.10, 1.10, "measured"),
        (0.10, 1.10, "contrary"),
    ],
)
def test_a_status_says_on_which_side_of_the_plan_the_interval_lies(saving, value, status):
    baseline, rows = tracked(metered(saving), value)
    assert baseline["baseline_status"] == "used"
    assert baseline["meets_criteria"]
    row = to_date(rows)
    assert row["status"] == status
    assert row["saving"] == pytest.approx(saving * sum(50 + 3 * x for x in OUTPUTS[:6]), abs=10)
    assert row["planned_saving"] == pytest.approx((1 - value) * row["expected_quantity"])
    assert row["saving"] == pytest.approx(
        sum(one["saving"] for one in rows if one["period_kind"] == "reporting")
    )


def test_residuals_of_the_baseline_are_shown_and_add_up_to_nothing():
    _, rows = tracked(metered(0.1))
    residuals = [row["saving"] for row in rows if row["period_kind"] == "baseline"]
    assert len(residuals) == 12
    assert sum(residuals) == pytest.approx(0, abs=1e-9)


def test_a_planned_saving_grows_over_its_ramp():
    _, rows = tracked(metered(0.1), ramp_months=6)
    shares = [
        row["planned_saving"] / row["expected_quantity"]
        for row in rows
        if row["period_kind"] == "reporting"
    ]
    assert shares == pytest.approx([0.1 * month / 6 for month in range(1, 7)])


def test_the_month_of_the_start_counts_on_neither_side():
    _, rows = tracked(metered(0.1), starts_on=date(2022, 1, 15))
    months = [row["period_month"] for row in rows if row["period_month"]]
    assert date(2022, 1, 1) not in months


@pytest.mark.parametrize(
    ("meter", "status"),
    [
        (metered(0.1, outputs=[100] * 12), "explains_nothing"),
        (
            Metered("mill", "spin", "power", dict.fromkeys([*BEFORE, *AFTER], 5.0), {}),
            "no_driver",
        ),
        (metered(0.1, months=[]), "no_months_after_start"),
    ],
)
def test_a_baseline_that_explains_nothing_is_refused(meter, status):
    baseline, rows = tracked(meter)
    assert baseline["baseline_status"] == status
    assert not [row for row in rows if row["period_kind"] != "baseline"]


def test_eight_months_are_no_baseline():
    meter = metered(0.1)
    few = {month: taken for month, taken in meter.quantity.items() if month >= date(2021, 5, 1)}
    baseline, rows = tracked(Metered("mill", "spin", "power", few, meter.drivers))
    assert (baseline["baseline_status"], baseline["month_count"], rows) == ("too_few_months", 8, [])


def test_what_has_no_effect_on_the_consumption_is_no_model():
    rng = np.random.default_rng(7)
    noise = dict(zip(BEFORE, rng.normal(100, 10, 12), strict=True))
    meter = metered(0)
    baseline, _ = tracked(
        Metered("mill", "spin", "power", {**noise, AFTER[0]: 100.0}, meter.drivers)
    )
    assert baseline["p_value"] > 0.05
    assert baseline["baseline_status"] == "explains_nothing"


def test_only_what_is_in_force_is_tracked():
    for status in ("planned", "approved", "rejected"):
        assert tracked(metered(0.1), status=status) == ({}, [])


def test_two_initiatives_on_one_meter_name_each_other():
    change = Change(2, "specific_consumption", "mill", "spin", "power", None, 0.9, 1.0, None, None)
    both = [
        Initiative(name, "done", START, 0, 10, None, None, None, (change,), line)
        for line, name in enumerate(("a", "b"), start=2)
    ]
    rows = track(both, {("spin", "power"): metered(0.1)})["initiative_baselines"].to_pylist()
    assert [row["tracked_with"] for row in rows] == ["b", "a"]


def test_nine_of_ten_intervals_hold_the_saving():
    """The coverage of the interval to date, over companies drawn at random."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        made = dict(zip([*BEFORE, *AFTER], rng.uniform(60, 110, 18), strict=True))
        taken = {month: 50 + 3 * x + rng.normal(0, 6) for month, x in made.items()}
        for month in AFTER:
            taken[month] -= 20
        row = to_date(tracked(Metered("mill", "spin", "power", taken, {OUTPUT: made}))[1])
        held += row["saving_low"] <= 120 <= row["saving_high"]
    assert 0.86 <= held / 400 <= 0.94
