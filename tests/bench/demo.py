"""`make demo` once dependencies are installed: what is work, and what is framework."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench._carbonloom import Trace, trace
from tests.bench._company import EXAMPLE
from tests.bench._measure import REPEATS, Row

WORK = ("ingest", "gate", "solve", "publish", "summary")


def measure(folder: Path) -> list[Row]:
    """Run the example from nothing, several times, and take the median of each part."""
    runs = [trace(EXAMPLE, folder / f"{n}", folder / f"{n}.json") for n in range(REPEATS)]
    work = statistics.median(_work(run) for run in runs)
    framework = statistics.median(run.seconds - _work(run) for run in runs)
    total = statistics.median(run.seconds for run in runs)
    split = {name: statistics.median(run.parts.get(name, 0.0) for run in runs)
             for name in runs[0].parts}  # fmt: skip
    split["dbt_statements"] = statistics.median(run.statements_s for run in runs)
    split["dbt_build"] -= split["dbt_statements"]
    note = (
        f"of {total:.1f} s; work: {', '.join(WORK)} and the statements dbt executes; the rest "
        "is framework"
    )
    return [
        Row("demo_framework_over_work", framework, "the work itself", work, note, allowed=1.0),
        *(
            Row(f"demo_{name}", seconds, "whole demo", total,
                "work" if name in (*WORK, "dbt_statements") else "framework")
            for name, seconds in sorted(split.items())
        ),
    ]  # fmt: skip


def _work(run: Trace) -> float:
    return sum(run.parts.get(name, 0.0) for name in WORK) + run.statements_s
