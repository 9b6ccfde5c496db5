"""The base year: what restatements did to it so far, against the company's own threshold.

Method R45: a base year is recalculated when changes of structure, method, factors or discovered
errors, singly or together, move it beyond the threshold. Growth is none of them: months reported
for the first time are left out, and a site without readings in the base year has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from orchestration.restatement.figures import INVENTORY

BASE_YEAR = pa.schema(
    [
        ("release", pa.string()),
        ("base_year", pa.int32()),
        ("measure", pa.string()),
        ("base_year_kgco2e", pa.float64()),
        ("scope_1_change_kgco2e", pa.float64()),
        ("scope_2_change_kgco2e", pa.float64()),
        ("scope_3_change_kgco2e", pa.float64()),
        ("cumulative_change_kgco2e", pa.float64()),
        ("cumulative_gross_kgco2e", pa.float64()),
        ("cumulative_percent", pa.float64()),
        ("threshold_percent", pa.float64()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
    ]
)
"""One row per release and measure (location_based_kgco2e, market_based_kgco2e).

`base_year_kgco2e`: the year as this release reports it. `scope_n_change_kgco2e`: what this
release restated. `cumulative_…`: what this and all releases before restated, net and gross (the
sum of the sizes of all changes). `cumulative_percent`: net, in percent of the year as it would be
had nothing been restated. `verdict`: recalculate, below_threshold or not_judged; `reason` says why.
"""

MEASURES = ("location_based_kgco2e", "market_based_kgco2e")
YEAR, THRESHOLD = "base_year", "significance_threshold_percent"
RECALCULATE, BELOW, NOT_JUDGED = "recalculate", "below_threshold", "not_judged"


def base_year_rows(
    release: str, settings: Mapping[str, str], figures: pa.Table, restatements: pa.Table
) -> list[dict[str, Any]]:
    """Rows of `BASE_YEAR` of a release.

    `figures`: its own, in `FIGURES`. `restatements`: of the whole chain of releases up to it.
    """
    year = int(settings[YEAR]) if settings.get(YEAR) else None
    threshold = float(settings[THRESHOLD]) if settings.get(THRESHOLD) else None
    reported = figures.to_pylist() if year else []
    changes = restatements.to_pylist() if year else []
    return [
        {"release": release, "base_year": year, "measure": measure, "threshold_percent": threshold}
        | _judged(release, year, measure, threshold, reported, changes)
        for measure in MEASURES
    ]


def _judged(
    release: str,
    year: int | None,
    measure: str,
    threshold: float | None,
    reported: list[dict[str, Any]],
    changes: list[dict[str, Any]],
) -> dict[str, Any]:
    if year is None:
        return {"verdict": NOT_JUDGED, "reason": f"company.yml states no {YEAR}."}
    mine = [row for row in reported if _is_of(row, year, measure)]
    if not mine:
        return {"verdict": NOT_JUDGED, "reason": f"{year} is not reported."}
    total = sum(row["value"] for row in mine)
    restated = [row for row in changes if _is_of(row, year, measure)]
    scopes = dict.fromkeys((1, 2, 3), 0.0)
    for row in restated:
        if row["newer_release"] == release:
            scopes[row["ghg_scope"]] += row["restated_change"]
    net = sum(row["restated_change"] for row in restated)
    gross = sum(abs(row["restated_change"]) for row in restated)
    percent = net / (total - net) * 100 if total != net else None
    verdict, reason = _verdict(year, percent, threshold)
    return {
        "base_year_kgco2e": total,
        **{f"scope_{scope}_change_kgco2e": value for scope, value in scopes.items()},
        "cumulative_change_kgco2e": net,
        "cumulative_gross_kgco2e": gross,
        "cumulative_percent": percent,
        "verdict": verdict,
        "reason": reason,
    }


def _verdict(year: int, percent: float | None, threshold: float | None) -> tuple[str, str]:
    if threshold is None:
        return NOT_JUDGED, f"company.yml states no {THRESHOLD}."
    if percent is None:
        return NOT_JUDGED, f"Without restatements {year} would be zero."
    if abs(percent) >= threshold:
        return RECALCULATE, f"Restated by {percent:.2f} %, at or above the {threshold:g} % stated."
    return BELOW, f"Restated by {percent:.2f} %, below the {threshold:g} % stated."


def _is_of(row: Mapping[str, Any], year: int, measure: str) -> bool:
    return (
        row["figure_kind"] == INVENTORY
        and row["inventory_year"] == year
        and row["measure"] == measure
    )
