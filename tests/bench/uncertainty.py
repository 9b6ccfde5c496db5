"""Intervals in a run of the example: derivatives, causes and their marts, of the whole run."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

from orchestration.calculation.dbt import Dbt
from orchestration.calculation.uncertainty import derive_uncertainty
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse
from tests.bench import _measure
from tests.bench._carbonloom import run
from tests.bench._company import EXAMPLE
from tests.bench._measure import REPEATS, Row

FOLDERS = ("models/marts/uncertainty/", "models/staging/stg_uncertainty")


def measure(folder: Path) -> list[Row]:
    """A first run, start of the interpreter included; then the parts that intervals need, anew."""
    data, lake = folder / "data", Lake(folder / "warehouse")
    shutil.copytree(EXAMPLE, data, ignore=shutil.ignore_patterns("make_example"))
    whole = run(data, lake.path)
    derived = _seconds(lambda: derive_uncertainty(lake))
    manifest, statements = Dbt(lake).compiled("")
    marts = {
        manifest.nodes[one].name: statement
        for one, statement in statements.items()
        if manifest.nodes[one].original_file_path.startswith(FOLDERS)
    }
    if "sensitivities" not in marts:
        raise AssertionError(f"No mart of uncertainty among {sorted(marts)}.")
    built = _seconds(lambda: _build(lake, marts))
    return [
        Row(
            "uncertainty_share_of_run",
            derived + built,
            "the whole first run of the example",
            whole,
            f"causes and derivatives {derived:.2f} s, {len(marts)} marts {built:.2f} s",
            allowed=0.1,
        )
    ]


def _seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        started = _measure.now()
        work()
        taken.append(_measure.now() - started)
    return statistics.median(taken)


def _build(lake: Lake, statements: dict[str, str]) -> None:
    """Each statement as a table of its own; the marts stay what they are."""
    with Warehouse(lake).writing() as connection:
        for name, statement in statements.items():
            connection.execute(f'create or replace temp table "bench_{name}" as {statement}')
