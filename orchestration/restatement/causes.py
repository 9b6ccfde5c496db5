"""The change of every reported figure between two releases, split into causes that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from orchestration.lake.scratch import scratch_folder
from orchestration.restatement.figures import INVENTORY, KEYS, PRODUCT
from orchestration.restatement.reasons import REASONS, reasons_of
from orchestration.restatement.released_inputs import (
    CAUSES,
    DATA,
    METHOD,
    NEW_MONTHS,
    ReleasedInputs,
)
from orchestration.restatement.states import CALCULATION, RestatementState, states

PAIR = (("older_release", pa.string()), ("newer_release", pa.string()))
RESTATEMENTS = pa.schema(
    [
        *PAIR,
        *KEYS,
        ("older_value", pa.float64()),
        ("newer_value", pa.float64()),
        ("change", pa.float64()),
        *((f"{cause}_change", pa.float64()) for cause in CAUSES),
        ("new_months_change", pa.float64()),
        ("restated_change", pa.float64()),
        ("change_percent", pa.float64()),
        ("restated_percent", pa.float64()),
        ("is_first_reported", pa.bool_()),
        ("moved_10_percent", pa.bool_()),
        ("joint_causes", pa.string()),
    ]
)
"""One row per pair of releases and figure that changed.

`change` is the sum of the five causes. `new_months_change` is the part of `data_change` that
months reported for the first time brought; `restated_change` is the change without it.
`moved_10_percent`: footprints alone. `joint_causes`: causes that could not be told apart, the
first of which carries what all of them changed.
"""

MOVED = 0.1
"""Share of its older value beyond which a product's footprint has moved (PACT)."""

ROUNDING = 1e-12
"""Share of a figure below which a difference is one of the order of addition."""

TOLERANCE = 1e-9
"""Share of a figure that its causes may miss of its change."""

CAUSE_OF_STEP = {NEW_MONTHS: DATA, CALCULATION: METHOD}


class SplitError(Exception):
    """Causes that don't add up to the change: an error of this code, never of the data."""


@dataclass(frozen=True)
class ReleaseComparison:
    """Two releases compared."""

    older: str
    newer: str
    restatements: pa.Table
    reasons: pa.Table


def compare(older: ReleasedInputs, newer: ReleasedInputs) -> ReleaseComparison:
    """Calculate the states between two releases and split every change by its causes."""
    with scratch_folder("compare") as scratch:
        sequence = list(states(older, newer, scratch))
    pair = {"older_release": older.name, "newer_release": newer.name}
    rows = [pair | row for row in split(sequence)]
    reasons = [pair | row for row in reasons_of(older, newer, sequence)]
    return ReleaseComparison(
        older.name,
        newer.name,
        pa.Table.from_pylist(rows, schema=RESTATEMENTS),
        pa.Table.from_pylist(reasons, schema=REASONS),
    )


def split(sequence: Sequence[RestatementState]) -> list[dict[str, Any]]:
    """Rows of `RESTATEMENTS` without the pair: what each state changed of each figure.

    The first and the last state are what was released, and have all their figures.

    Raises:
        SplitError: the causes of a figure don't add up to its change.
    """
    values = [None if state.figures is None else _by_key(state.figures) for state in sequence]
    first, last = values[0] or {}, values[-1] or {}
    found = []
    for key in sorted(first.keys() | last.keys(), key=repr):
        row = _split_figure(key, sequence, values, first.get(key), last.get(key))
        if row is not None:
            found.append(row)
    return found


def _by_key(figures: pa.Table) -> dict[tuple, float]:
    columns = [figures[name].to_pylist() for name in KEYS.names]
    return dict(zip(zip(*columns, strict=True), figures["value"].to_pylist(), strict=True))


def _split_figure(
    key: tuple,
    sequence: Sequence[RestatementState],
    values: Sequence[Mapping[tuple, float] | None],
    older: float | None,
    newer: float | None,
) -> dict[str, Any] | None:
    figure = dict(zip(KEYS.names, key, strict=True))
    reported_twice = older is not None and newer is not None
    at, steps, waiting, joint = older or 0.0, dict.fromkeys((*CAUSES, NEW_MONTHS), 0.0), [], []
    for state, known in zip(sequence[1:], values[1:], strict=True):
        value = None if known is None else known.get(key)
        if value is None and known is not None:
            # nothing emitted is zero; a product system that isn't solved is not
            is_gap = figure["figure_kind"] == PRODUCT and reported_twice
            value = None if is_gap else 0.0
        cause = CAUSE_OF_STEP.get(state.step, state.step)
        if value is None:
            waiting.append(cause)
            continue
        change = _told(value - at, at, value)
        if change:
            steps[cause] += change
            if state.step == NEW_MONTHS:
                steps[NEW_MONTHS] += change
            joint += [[cause, *waiting]] if set(waiting) - {cause} else []
            at = value
        waiting = []
    change = _told((newer or 0.0) - (older or 0.0), older or 0.0, newer or 0.0)
    causes = {cause: steps[cause] for cause in CAUSES}
    if not change and not any(causes.values()) and (older is None) == (newer is None):
        return None
    largest = max(abs(older or 0.0), abs(newer or 0.0), *map(abs, causes.values()))
    if abs(sum(causes.values()) - change) > TOLERANCE * largest:
        raise SplitError(f"{key}: {causes} don't add up to {change}.")
    restated = change - steps[NEW_MONTHS]
    percent = change / abs(older) * 100 if older else None
    return {
        **figure,
        "older_value": older,
        "newer_value": newer,
        "change": change,
        **{f"{cause}_change": value for cause, value in causes.items()},
        "new_months_change": steps[NEW_MONTHS],
        "restated_change": restated,
        "change_percent": percent,
        "restated_percent": restated / abs(older) * 100 if older else None,
        "is_first_reported": older is None,
        "moved_10_percent": abs(percent) >= MOVED * 100
        if figure["figure_kind"] != INVENTORY and percent is not None
        else None,
        "joint_causes": "; ".join(" + ".join(dict.fromkeys(one)) for one in joint) or None,
    }


def _told(change: float, before: float, after: float) -> float:
    """A change, or nothing where it is one of rounding."""
    return change if abs(change) > ROUNDING * max(abs(before), abs(after)) else 0.0
