"""What reduction costs a run of the example: with its plans, and without any of their tables."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from orchestration.calculation.control import REDUCTION_TABLES
from tests.bench._carbonloom import run
from tests.bench._company import EXAMPLE
from tests.bench._measure import LONG_REPEATS, Row

PLANS = [table for table in REDUCTION_TABLES if table != "uncertainties"]


def measure(folder: Path) -> list[Row]:
    """Both from nothing, by turns."""
    with_plans, without = folder / "with", folder / "without"
    shutil.copytree(EXAMPLE, with_plans, ignore=shutil.ignore_patterns("make_example"))
    shutil.copytree(with_plans, without)
    for table in PLANS:
        (without / "company" / f"{table}.csv").unlink()
    seconds: dict[Path, list[float]] = {with_plans: [], without: []}
    for number in range(LONG_REPEATS):
        for data, measured in seconds.items():
            measured.append(run(data, folder / f"{data.name}-{number}"))
    ours, peer = (statistics.median(measured) for measured in seconds.values())
    note = f"first run of the example; the peer has no {', '.join(PLANS)}"
    return [Row("demo_with_reduction", ours, "the same without plans", peer, note, allowed=1.15)]
