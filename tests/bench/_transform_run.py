"""`python -m tests.bench._transform_run ours|peer WAREHOUSE`: one build; prints JSON."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from orchestration.calculation.dbt import Dbt, DbtError
from orchestration.lake.paths import Lake

PEER = Path(__file__).with_name("transform_peer.sql")
COUNTED = ("int_activity_totals", "int_emissions", "emissions_by_process")
"""What the query of the peer does; which factor holds where is given to it, ready-made."""

SELECTION = ["--select", "+emissions_by_process", "--exclude-resource-type", "test", "unit_test"]


def main() -> None:
    """Build once from nothing, and say how long the statements took."""
    side, warehouse = sys.argv[1], Path(sys.argv[2])
    result = (ours if side == "ours" else peer)(Lake(warehouse))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({**result, "peak_gb": peak}))


def ours(lake: Lake) -> dict[str, Any]:
    """The dbt models up to emissions_by_process: what the engine took for their statements.

    What dbt does around a statement is the same for one row and for five million; it is given
    apart, and is part of `demo_dbt_build`.
    """
    statements = _timed_statements()
    for path in lake.path.glob(f"{lake.working_file.name}*"):
        path.unlink()
    dbt = Dbt(lake)
    manifest = dbt.manifest()
    run = dbt.build(SELECTION, "AR6")
    if run.problems:
        raise DbtError("\n".join(run.problems))
    stored: dict[str, float] = {}
    around = 0.0
    for event in run.events:
        node = manifest["nodes"][event["data"]["node_info"]["unique_id"]]
        if node["resource_type"] != "model":
            continue
        in_engine = statements.get(node["unique_id"], 0.0)
        around += event["data"]["execution_time"] - in_engine
        if node["config"]["materialized"] != "view":
            stored[node["name"]] = in_engine
    return {
        "seconds": sum(stored[name] for name in COUNTED),
        "around_s": around,
        "models": stored,
    }


def _timed_statements() -> dict[str, float]:
    """Seconds of DuckDB per node; dbt names the node in the comment of each statement."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    spent: dict[str, float] = defaultdict(float)
    execute = DuckDBCursorWrapper.execute

    def timed(self: Any, sql: str, bindings: Any = None) -> Any:
        node = re.search(r'"node_id": "([^"]+)"', sql)
        started = time.perf_counter()
        try:
            return execute(self, sql, bindings)
        finally:
            if node:
                spent[node[1]] += time.perf_counter() - started

    DuckDBCursorWrapper.execute = timed
    return spent


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
