"""`python -m tests.bench._transform_run ours|peer WAREHOUSE`: one build; prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt import Dbt, DbtError
from orchestration.lake import Lake

PEER = Path(__file__).with_name("transform_peer.sql")
SELECTION = ["--select", "+emissions_by_process", "--exclude-resource-type", "test", "unit_test"]


def main() -> None:
    """Build once from nothing, and say how long the statements took."""
    side, warehouse = sys.argv[1], Path(sys.argv[2])
    result = (ours if side == "ours" else peer)(Lake(warehouse))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({**result, "peak_gb": peak}))


def ours(lake: Lake) -> dict[str, Any]:
    """The dbt models up to emissions_by_process: what those that store rows took."""
    for path in lake.path.glob(f"{lake.working_file.name}*"):
        path.unlink()
    dbt = Dbt(lake)
    manifest = dbt.manifest()
    run = dbt.build(SELECTION, "AR6")
    if run.problems:
        raise DbtError("\n".join(run.problems))
    results = json.loads((dbt.target / "run_results.json").read_text(encoding="utf-8"))
    stored: dict[str, float] = {}
    views = 0.0
    for result in results["results"]:
        node = manifest["nodes"][result["unique_id"]]
        if node["resource_type"] != "model":
            continue
        if node["config"]["materialized"] == "view":
            views += result["execution_time"]
        else:
            stored[node["name"]] = result["execution_time"]
    return {"seconds": sum(stored.values()), "views_s": views, "models": stored}


def peer(lake: Lake) -> dict[str, Any]:
    """One query over the same Parquet files, into a table of a file of its own."""
    target = lake.path / "peer.duckdb"
    target.unlink(missing_ok=True)
    query = PEER.read_text(encoding="utf-8").replace("$warehouse", str(lake.path))
    with duckdb.connect(str(target)) as connection:
        started = time.perf_counter()
        connection.execute(f"create table emissions_by_process as {query}")
        connection.execute("checkpoint")
        return {"seconds": time.perf_counter() - started}


if __name__ == "__main__":
    main()
