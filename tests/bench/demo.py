"""`make demo` once dependencies are installed: what is work, and what is framework."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench._carbonloom import Trace, run, trace
from tests.bench._company import EXAMPLE
from tests.bench._measure import REPEATS, Row

WORK = ("ingest", "gate", "solve", "publish", "report", "return", "summary")


def measure(folder: Path) -> list[Row]:
    """Run the example from nothing, several times, and take the median of each part."""
    runs = [trace(EXAMPLE, folder / f"{n}", folder / f"{n}.json") for n in range(REPEATS)]
    unchanged = statistics.median(run(EXAMPLE, folder / f"{n}") for n in range(REPEATS))
    work = statistics.median(_work(one) for one in runs)
    framework = statistics.median(one.seconds - _work(one) for one in runs)
    total = statistics.median(one.seconds for one in runs)
    split = {name: statistics.median(one.parts.get(name, 0.0) for one in runs)
             for name in runs[0].parts}  # fmt: skip
    split["dbt_statements"] = statistics.median(one.statements_s for one in runs)
    split["dbt_build"] -= split["dbt_statements"]
    note = (
        f"of {total:.1f} s; work: {', '.join(WORK)} and the statements dbt executes; the rest "
        "is framework"
    )
    return [
        Row("demo_framework_over_work", framework, "the work itself", work, note, allowed=1.0),
        Row("unchanged_over_demo", unchanged, "the first run", total,
            "the same again, with nothing changed", allowed=0.05),
        *(
            Row(f"demo_{name}", seconds, "whole demo", total,
                "work" if name in (*WORK, "dbt_statements") else "framework")
            for name, seconds in sorted(split.items())
        ),
    ]  # fmt: skip


def _work(one: Trace) -> float:
    return sum(one.parts.get(name, 0.0) for name in WORK) + one.statements_s
