"""A monthly round: the same month on a warehouse of sixty rounds and on one of two."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench._carbonloom import run, trace
from tests.bench._company import write_calendar, write_monthly_company
from tests.bench._measure import Row, by_turns

MANY, FEW = 60, 2
INVOCATIONS_ALLOWED = 2


def measure(folder: Path) -> list[Row]:
    """Build all but the newest month once; then run that month on a copy, by turns."""
    long, short = folder / "long", folder / "short"
    names = write_monthly_company(long, MANY)
    shutil.copytree(long, short)
    write_calendar(short, range(MANY - FEW, MANY))
    for name in names[: MANY - FEW]:
        shutil.rmtree(short / "rounds" / name)
    newest = names[-1]
    run(long, folder / "long_before", *names[:-1])
    run(short, folder / "short_before", names[-2])

    def monthly(data: Path) -> float:
        warehouse = _fresh_copy(folder / f"{data.name}_before", folder / data.name)
        return run(data, warehouse, newest)

    taken = by_turns({"many": lambda: monthly(long), "few": lambda: monthly(short)})
    warehouse = _fresh_copy(folder / "long_before", folder / "long")
    seen = trace(long, warehouse, folder / "trace.json", newest)
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(seen.parts.items()))
    return [
        Row("month_60_over_month_2", taken["many"], f"the same month on {FEW} rounds",
            taken["few"], f"fresh process each; seconds of one on {MANY} rounds: {parts}",
            allowed=1.2),
        Row("round_dbt_invocations", float(seen.dbt_invocations), "invocations allowed",
            float(INVOCATIONS_ALLOWED), "a count, not seconds", allowed=1.0),
    ]  # fmt: skip


def _fresh_copy(before: Path, data: Path) -> Path:
    """The same path each time: dbt's parse holds for one warehouse folder."""
    warehouse = data.with_name(f"{data.name}_warehouse")
    shutil.rmtree(warehouse, ignore_errors=True)
    shutil.copytree(before, warehouse, symlinks=True)
    return warehouse
