"""Five million accepted rows to emissions_by_process, against one hand-written query."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lake.paths import Lake
from tests.bench._accepted import ROWS, write_accepted
from tests.bench._company import REPOSITORY
from tests.bench._measure import Row, by_turns
from tests.bench._transform_run import COUNTED

LARGEST_GB = 8.0
GIVEN = {
    "required": "intermediate.int_required_components",
    "choices": "intermediate.int_factor_choices",
    "mass_units": "reference.mass_units",
}
"""What the peer gets ready-made."""


def measure(folder: Path) -> list[Row]:
    """Build by turns, in a fresh process each; the figures must agree."""
    lake = write_accepted(folder / "warehouse")
    ran: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
    _run("ours", lake)
    _give_to_peer(lake)

    def side(name: str) -> float:
        ran[name].append(_run(name, lake))
        return ran[name][-1]["seconds"]

    taken = by_turns({name: lambda n=name: side(n) for name in ran})
    _compare(lake)
    last = ran["ours"][-1]
    models = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in last["models"].items())
    peak = {name: max(run["peak_gb"] for run in runs) for name, runs in ran.items()}
    note = (
        f"{ROWS:,} rows; {models}; counted is what the query does, too ({', '.join(COUNTED)}); "
        "dbt around the statements of all models "
        f"{last['around_s']:.1f} s more; "
        f"peak memory {peak['ours']:.1f} GB (allowed {LARGEST_GB:.0f}), peer {peak['peer']:.1f} GB"
    )
    return [
        Row("transform_5m", taken["ours"], "one hand-written DuckDB query", taken["peer"], note,
            allowed=1.3)
    ]  # fmt: skip


def _run(side: str, lake: Lake) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench._transform_run", side, str(lake.path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _give_to_peer(lake: Lake) -> None:
    folder = lake.path / "peer"
    folder.mkdir()
    with duckdb.connect(str(lake.working_file), read_only=True) as connection:
        for name, table in GIVEN.items():
            connection.execute(f"copy (from {table}) to '{folder / name}.parquet'")


def _compare(lake: Lake) -> None:
    """Both must have the same rows and sums, or the time means nothing."""
    query = (
        "select count(*), sum(location_based_kgco2e), sum(market_based_kgco2e), sum(output_kg), "
        "sum(co2_fossil_kg), sum(n2o_kg), sum(hfcs_kg) from {}"
    )
    sums = []
    for file, table in (
        (lake.working_file, "marts.emissions_by_process"),
        (lake.path / "peer.duckdb", "emissions_by_process"),
    ):
        with duckdb.connect(str(file), read_only=True) as connection:
            sums.append(connection.execute(query.format(table)).fetchall()[0])
    for ours, peer in zip(*sums, strict=True):
        if not math.isclose(ours, peer, rel_tol=1e-9):
            raise AssertionError(f"The figures differ: ours {sums[0]}, peer {sums[1]}")
