"""A monthly round on sixty of them: over the same on two, and over dbt alone."""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from orchestration.calculation.dbt import PROJECT, UNIT_TESTS_EXCLUDED
from orchestration.lake.places import WAREHOUSE_VARIABLE
from tests.bench._carbonloom import Trace, process, run, trace
from tests.bench._company import write_calendar, write_monthly_company
from tests.bench._measure import LONG_REPEATS, Row

MANY, FEW = 60, 2
INVOCATIONS_ALLOWED = 2
"""One build for each half around the product system; the parse is that of every warehouse."""


def measure(folder: Path) -> list[Row]:
    """Build all but the newest month once; then, by turns, the newest month on a copy of it.

    The peer `dbt build` starts where a run has landed, judged and solved the newest month and
    built nothing of it: what it builds and tests is what the run builds and tests.
    """
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
    dbt_build(_warehouse(long))  # so that dbt has parsed, and its parse is read from disk
    runs: list[Trace] = []
    few, bare = [], []
    for number in range(LONG_REPEATS):
        out = folder / f"trace_{number}.json"
        runs.append(trace(long, _as_before(long), out, newest))
        few.append(run(short, _as_before(short), newest))
        shutil.copyfile(_before(long) / WORKING, _warehouse(long) / WORKING)
        bare.append(dbt_build(_warehouse(long)))
    many = statistics.median(one.seconds for one in runs)
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(runs[-1].parts.items()))
    return [
        Row("month_60_over_month_2", many, f"the same month on {FEW} rounds",
            statistics.median(few), f"fresh process each; seconds of one on {MANY} rounds: {parts}",
            allowed=1.2),
        Row("month_over_dbt_build", many, "bare `dbt build`", statistics.median(bare),
            f"the newest of {MANY} months, everything from ingest to report, over the command "
            "alone, parsed before, on the same warehouse with the same months stale; without unit "
            "tests", allowed=0.7),
        Row("round_dbt_invocations", float(runs[-1].dbt_invocations), "invocations allowed",
            float(INVOCATIONS_ALLOWED), "a count, not seconds", allowed=1.0),
    ]  # fmt: skip


WORKING = "carbonloom.duckdb"


def dbt_build(warehouse: Path) -> float:
    """Seconds of dbt's own command, in a process of its own."""
    words = ["build", *UNIT_TESTS_EXCLUDED, "--project-dir", str(PROJECT)]
    words += ["--profiles-dir", str(PROJECT), "--target-path", str(warehouse / "bare_dbt")]
    words += ["--log-path", str(warehouse / "bare_dbt" / "logs"), "--quiet"]
    start = "from dbt.cli.main import cli; cli()"
    return process([sys.executable, "-c", start, *words], **{WAREHOUSE_VARIABLE: str(warehouse)})


def _warehouse(data: Path) -> Path:
    return data.with_name(f"{data.name}_warehouse")


def _before(data: Path) -> Path:
    return data.with_name(f"{data.name}_before")


def _as_before(data: Path) -> Path:
    """The warehouse at its own path again, where links and views lead."""
    shutil.rmtree(_warehouse(data))
    shutil.copytree(_before(data), _warehouse(data), symlinks=True)
    return _warehouse(data)
