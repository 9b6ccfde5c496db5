"""A monthly round: the same month on a warehouse of sixty rounds and on one of two."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench._carbonloom import run, trace
from tests.bench._company import write_calendar, write_monthly_company
from tests.bench._measure import Row, by_turns

MANY, FEW = 60, 2
INVOCATIONS_ALLOWED = 3
"""A parse, and one build for each half around the product system."""


def measure(folder: Path) -> list[Row]:
    """Build all but the newest month once; then run that month on a copy, by turns."""
    long, short = folder / "long", folder / "short"
    names = write_monthly_company(long, MANY)
    shutil.copytree(long, short)
    write_calendar(short, range(MANY - FEW, MANY))
    for name in names[: MANY - FEW]:
        shutil.rmtree(short / "rounds" / name)
    newest = names[-1]
    for data, earlier in ((long, names[:-1]), (short, names[-2:-1])):
        run(data, _warehouse(data), *earlier)
        shutil.copytree(_warehouse(data), _before(data), symlinks=True)

    def monthly(data: Path) -> float:
        return run(data, _as_before(data), newest)

    taken = by_turns({"many": lambda: monthly(long), "few": lambda: monthly(short)})
    seen = trace(long, _as_before(long), folder / "trace.json", newest)
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(seen.parts.items()))
    return [
        Row("month_60_over_month_2", taken["many"], f"the same month on {FEW} rounds",
            taken["few"], f"fresh process each; seconds of one on {MANY} rounds: {parts}",
            allowed=1.2),
        Row("round_dbt_invocations", float(seen.dbt_invocations), "invocations allowed",
            float(INVOCATIONS_ALLOWED), "a count, not seconds", allowed=1.0),
    ]  # fmt: skip


def _warehouse(data: Path) -> Path:
    return data.with_name(f"{data.name}_warehouse")


def _before(data: Path) -> Path:
    return data.with_name(f"{data.name}_before")


def _as_before(data: Path) -> Path:
    """The warehouse at its own path again: dbt's parse holds for one folder."""
    shutil.rmtree(_warehouse(data))
    shutil.copytree(_before(data), _warehouse(data), symlinks=True)
    return _warehouse(data)
