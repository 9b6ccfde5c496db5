"""What initiatives really brought: measured consumption against a baseline of the months before.

Method R53. The baseline model explains a month's consumption of a process by its output and by what
else the company names as a driver; what it expects after the start, less what was measured, is the
saving, with the interval of a prediction (IPMVP option C).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from orchestration.footprint.exchanges import Floats
from orchestration.reduction.initiatives import Change, Initiative

FEWEST_MONTHS = 9
"""Of a baseline: fewer show neither a range of output nor a season."""

CONFIDENCE = 0.90
"""Two-sided, of the interval that is stated and that decides the status."""

HIGHEST_CV_RMSE = 0.20
"""ASHRAE Guideline 14, whole building, less than twelve months after the start."""

ASHRAE_CONFIDENCE, ASHRAE_UNCERTAINTY = 0.68, 0.50
"""ASHRAE Guideline 14: at this confidence a saving is known to half of itself."""

SIGNIFICANT = 0.05
"""A model whose explanation could as well be chance explains nothing."""

TRACKED = "specific_consumption"
"""The kind of change that a meter can show; others are found in flows of their own."""

BASELINE, REPORTING, TO_DATE = "baseline", "reporting", "to_date"
USED = "used"
FEW_MONTHS, EXPLAINS_NOTHING, NO_DRIVER = "too_few_months", "explains_nothing", "no_driver"
NOT_STARTED = "no_months_after_start"
MEASURED, NOT_PROVABLE, CONTRARY = "measured", "not_yet_provable", "contrary"

_OF = [
    ("initiative_id", pa.string()),
    ("facility_id", pa.string()),
    ("process_id", pa.string()),
    ("flow_id", pa.string()),
]
INITIATIVE_BASELINES = pa.schema(
    [
        *_OF,
        ("baseline_status", pa.string()),
        ("first_month", pa.date32()),
        ("last_month", pa.date32()),
        ("month_count", pa.int32()),
        ("drivers", pa.string()),  # with semicolons between; output first
        ("model", pa.string()),  # the equation in words
        ("r2", pa.float64()),
        ("cv_rmse", pa.float64()),
        ("p_value", pa.float64()),
        ("meets_criteria", pa.bool_()),
        ("tracked_with", pa.string()),  # other initiatives on the same meter
    ]
)
INITIATIVE_SAVINGS = pa.schema(
    [
        *_OF,
        ("period_kind", pa.string()),  # baseline | reporting | to_date
        ("period_month", pa.date32()),  # null: to date
        ("measured_quantity", pa.float64()),
        ("expected_quantity", pa.float64()),
        ("saving", pa.float64()),
        ("saving_low", pa.float64()),
        ("saving_high", pa.float64()),
        ("planned_saving", pa.float64()),
        ("status", pa.string()),
    ]
)
"""Quantities in the unit of the flow, whole processes."""

TRACKING_SCHEMAS = {
    "initiative_baselines": INITIATIVE_BASELINES,
    "initiative_savings": INITIATIVE_SAVINGS,
}


@dataclass(frozen=True)
class Metered:
    """What a process took of a flow, by month, and what drives it.

    `drivers`: by name; the output of the process goes by `OUTPUT` and comes first, if it has one.
    """

    facility_id: str
    process_id: str
    flow_id: str
    quantity: Mapping[date, float]
    drivers: Mapping[str, Mapping[date, float]]

    def known_months(self) -> list[date]:
        """Months with the quantity and every driver, in their order."""
        drivers = self.drivers.values()
        return sorted(
            month for month in self.quantity if all(month in driver for driver in drivers)
        )

    def rows(self, months: Sequence[date]) -> Floats:
        """Regressors of some months: 1, then the drivers."""
        columns = [[driver[month] for month in months] for driver in self.drivers.values()]
        return np.column_stack([np.ones(len(months)), *columns])

    def taken(self, months: Sequence[date]) -> Floats:
        """Quantities of some months."""
        return np.array([self.quantity[month] for month in months], dtype=float)


OUTPUT = "output"
Row = dict[str, Any]
"""A row of one of the tables."""


@dataclass(frozen=True)
class Model:
    """A baseline by ordinary least squares; `spread` is (X'X)^-1, `variance` that of residuals."""

    coefficients: Floats
    spread: Floats
    variance: float
    freedom: int
    r2: float
    cv_rmse: float
    p_value: float

    def expected(self, rows: Floats) -> Floats:
        """What the model expects of some months."""
        return rows @ self.coefficients

    def half_width(self, rows: Floats, confidence: float) -> float:
        """Half the interval of the sum of predictions of some months."""
        from scipy.special import stdtrit

        total = rows.sum(axis=0)
        variance = self.variance * (len(rows) + total @ self.spread @ total)
        return float(stdtrit(self.freedom, 0.5 + confidence / 2) * np.sqrt(variance))


def fit(rows: Floats, taken: Floats) -> Model | None:
    """The baseline over some months; None where the drivers can't be told apart or don't vary."""
    from scipy.special import fdtrc

    count, parameters = rows.shape
    freedom = count - parameters
    # columns of one scale: outputs are millions beside a constant of 1
    scale = np.abs(rows).max(axis=0)
    if freedom < 1 or not scale.all() or np.linalg.matrix_rank(rows / scale) < parameters:
        return None
    scaled, *_ = np.linalg.lstsq(rows / scale, taken, rcond=None)
    coefficients = scaled / scale
    spread = np.linalg.inv((rows / scale).T @ (rows / scale)) / np.outer(scale, scale)
    residuals = taken - rows @ coefficients
    unexplained = float(residuals @ residuals)
    total = float(((taken - taken.mean()) ** 2).sum())
    if total == 0.0 or taken.mean() == 0.0:
        return None
    variance = unexplained / freedom
    explained = max(total - unexplained, 0.0) / (parameters - 1)
    p_value = float(fdtrc(parameters - 1, freedom, explained / variance)) if variance else 0.0
    return Model(
        coefficients,
        spread,
        variance,
        freedom,
        1.0 - unexplained / total,
        float(np.sqrt(variance) / taken.mean()),
        p_value,
    )


def track(
    initiatives: Sequence[Initiative], metered: Mapping[tuple[str, str], Metered]
) -> dict[str, pa.Table]:
    """Tables of `TRACKING_SCHEMAS`: each change of a specific consumption that is in force.

    `metered`: by process and flow; a change of a flow that no process takes has no row.
    """
    tracked = [
        (initiative, change, metered[change.process_id, change.flow_id])
        for initiative in initiatives
        if initiative.is_in_data
        for change in initiative.changes
        if change.kind == TRACKED
        and change.process_id is not None
        and (change.process_id, change.flow_id) in metered
    ]
    baselines, savings = [], []
    for initiative, change, meter in tracked:
        others = sorted(
            other.initiative_id
            for other, same, _ in tracked
            if other is not initiative
            and (same.process_id, same.flow_id) == (change.process_id, change.flow_id)
        )
        baseline, rows = _tracked(initiative, change, meter)
        who: Row = {
            "initiative_id": initiative.initiative_id,
            "facility_id": meter.facility_id,
            "process_id": meter.process_id,
            "flow_id": meter.flow_id,
        }
        baselines.append(who | baseline | {"tracked_with": "; ".join(others) or None})
        savings += [who | row for row in rows]
    return {
        "initiative_baselines": pa.Table.from_pylist(baselines, schema=INITIATIVE_BASELINES),
        "initiative_savings": pa.Table.from_pylist(savings, schema=INITIATIVE_SAVINGS),
    }


def _tracked(initiative: Initiative, change: Change, meter: Metered) -> tuple[Row, list[Row]]:
    """The baseline of one change, and its months before and after the start."""
    start = initiative.starts_on.replace(day=1)
    months = meter.known_months()
    before = [month for month in months if month < start]
    # the month in which it starts within is neither before nor after
    after = [month for month in months if month >= initiative.starts_on]
    baseline: Row = {
        "first_month": before[0] if before else None,
        "last_month": before[-1] if before else None,
        "month_count": len(before),
        "drivers": "; ".join(meter.drivers) or None,
    }
    if not meter.drivers:
        return baseline | {"baseline_status": NO_DRIVER}, []
    if len(before) < FEWEST_MONTHS:
        return baseline | {"baseline_status": FEW_MONTHS}, []
    model = fit(meter.rows(before), meter.taken(before))
    if model is None:
        return baseline | {"baseline_status": EXPLAINS_NOTHING}, []
    baseline |= {
        "model": _in_words(meter, model),
        "r2": model.r2,
        "cv_rmse": model.cv_rmse,
        "p_value": model.p_value,
        "meets_criteria": model.cv_rmse <= HIGHEST_CV_RMSE,
    }
    if model.p_value > SIGNIFICANT:
        return baseline | {"baseline_status": EXPLAINS_NOTHING}, []
    rows = [_month(meter, model, BASELINE, month) for month in before]
    for month in after:
        row = _month(meter, model, REPORTING, month)
        planned = row["expected_quantity"] * (1.0 - change.value) * initiative.level(month)
        rows.append(row | {"planned_saving": planned, "status": _status(row, planned)})
    if after:
        rows.append(_to_date(meter, model, after, rows[len(before) :]))
    return baseline | {"baseline_status": USED if after else NOT_STARTED}, rows


def _month(meter: Metered, model: Model, kind: str, month: date) -> Row:
    rows = meter.rows([month])
    measured, expected = meter.quantity[month], float(model.expected(rows)[0])
    found: Row = {
        "period_kind": kind,
        "period_month": month,
        "measured_quantity": measured,
        "expected_quantity": expected,
        "saving": expected - measured,
    }
    if kind == REPORTING:
        half = model.half_width(rows, CONFIDENCE)
        found |= {"saving_low": expected - measured - half}
        found |= {"saving_high": expected - measured + half}
    return found


def _to_date(meter: Metered, model: Model, after: Sequence[date], months: Sequence[Row]) -> Row:
    rows = meter.rows(after)
    measured, expected = float(meter.taken(after).sum()), float(model.expected(rows).sum())
    half = model.half_width(rows, CONFIDENCE)
    planned = sum(row["planned_saving"] for row in months)
    found: Row = {
        "period_kind": TO_DATE,
        "period_month": None,
        "measured_quantity": measured,
        "expected_quantity": expected,
        "saving": expected - measured,
        "saving_low": expected - measured - half,
        "saving_high": expected - measured + half,
        "planned_saving": planned,
    }
    status = _status(found, planned)
    uncertain = model.half_width(rows, ASHRAE_CONFIDENCE) > ASHRAE_UNCERTAINTY * abs(
        expected - measured
    )
    if status == MEASURED and (uncertain or model.cv_rmse > HIGHEST_CV_RMSE):
        status = NOT_PROVABLE
    return found | {"status": status}


def _status(found: Row, planned: float) -> str:
    """Whether the interval lies wholly on the side that was planned, or on the other."""
    low, high = found["saving_low"], found["saving_high"]
    if planned < 0.0:
        low, high = -high, -low
    if low > 0.0:
        return MEASURED
    return CONTRARY if high < 0.0 else NOT_PROVABLE


def _in_words(meter: Metered, model: Model) -> str:
    base, *slopes = model.coefficients
    terms = [f"{base:.6g}"]
    for name, slope in zip(meter.drivers, slopes, strict=True):
        terms.append(f"{'-' if slope < 0 else '+'} {abs(slope):.6g} × {name}")
    return " ".join(terms)
