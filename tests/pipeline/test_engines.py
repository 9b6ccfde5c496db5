"""The engine is a setting: on a Spark cluster the same marts come out, month by month.

A standalone master with two workers and a Thrift server is started here; skipped, with the reason,
where pyspark or Java is missing.
"""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.calculation.dbt import Dbt
from orchestration.commands.cli import app
from orchestration.lake.engines import SPARK, engine_named
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, Lake
from orchestration.lake.warehouse import Warehouse
from tests.built import Builder, Built
from tests.conftest import MONTHS
from tests.spark_cluster import PATIENCE, WORKERS, SparkCluster, running_cluster, why_there_is_none

CLOSE = 1e-9
"""Relative: sums are added up in another order."""

BEGUN = "START sql"
"""What dbt's log says of each model that is begun."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def run(data: Path, warehouse: Path, cluster: SparkCluster | None = None) -> str:
    """A run over all rounds; returns what it says."""
    command = ["run", "--data", str(data), "--warehouse", str(warehouse)]
    if cluster is not None:
        command += ["--engine", SPARK, "--engine-address", cluster.address]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return result.output


def table(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[list[Any], list[Any]]:
    """Columns with their types, and rows in an order that rounding can't change."""
    found = connection.sql(f"from read_parquet('{file}')")
    kinds = [(name, str(kind)) for name, kind in zip(found.columns, found.types, strict=True)]
    exact = [f'"{name}"' for name, kind in kinds if kind != "DOUBLE"]
    rounded = [f'round("{name}", 6)' for name, kind in kinds if kind == "DOUBLE"]
    return kinds, found.order(", ".join([*exact, *rounded])).fetchall()


def differences(one: Path, other: Path) -> list[str]:
    """What of the published marts is not the same; sums to rounding, everything else exactly."""
    names = {path.name for path in one.glob("parquet/*.parquet")}
    assert names == {path.name for path in other.glob("parquet/*.parquet")}
    found = []
    with duckdb.connect() as connection:
        for name in sorted(names):
            kinds, rows = table(connection, one / "parquet" / name)
            other_kinds, other_rows = table(connection, other / "parquet" / name)
            if kinds != other_kinds:
                found.append(f"{name}: columns {set(kinds) ^ set(other_kinds)}")
            elif len(rows) != len(other_rows):
                found.append(f"{name}: {len(rows)} and {len(other_rows)} rows")
            else:
                found += [
                    f"{name}: {column} {value!r} and {its!r} in {row}"
                    for row, its_row in zip(rows, other_rows, strict=True)
                    for (column, _), value, its in zip(kinds, row, its_row, strict=True)
                    if not _same(value, its)
                ]
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)
    return bool(one == other)


@pytest.mark.parametrize("company", os.environ.get("CARBONLOOM_PARITY", "").split())
def test_engines_by_turns_in_one_folder_publish_the_same(
    built: Builder, cluster: SparkCluster, tmp_path: Path, company: str
) -> None:
    """Of companies that CARBONLOOM_PARITY names, with blanks between them: minutes each.

    Each engine builds anew what the other built last; all data tests pass on both.
    """
    copy = built(company).copy(tmp_path)  # with its judgements, which happened at their time
    data, warehouse = copy.data, copy.warehouse
    before = shutil.copytree(copy.published, tmp_path / "before")

    run(data, warehouse, cluster)
    assert differences(before, warehouse / "published") == []
    assert "Nothing changed" in run(data, warehouse, cluster)

    run(data, warehouse)
    assert files_of(warehouse / "published") == files_of(before)


def files_of(publication: Path) -> dict[str, bytes]:
    """Its marts as Parquet, byte by byte."""
    return {path.name: path.read_bytes() for path in publication.glob("parquet/*.parquet")}


TO_THE_TOTALS = ["--select", "+int_activity_totals", "--exclude-resource-type", "test"]


def activity_totals(lake: Lake) -> dict[date, list[Any]]:
    """Rows by month, as whoever reads the warehouse finds them."""
    with Warehouse(lake).reading() as connection:
        found = connection.sql("from intermediate.int_activity_totals order by all")
        place = found.columns.index("period_month")
        by_month: dict[date, list[Any]] = {}
        for row in found.fetchall():
            by_month.setdefault(row[place], []).append(row)
        return by_month


def test_an_emptied_month_loses_its_rows_though_a_worker_dies(
    built_tiny: Built, cluster: SparkCluster
) -> None:
    """Spark overwrites the months that new rows are in: one without any would stay as it was."""
    lake = Lake(built_tiny.warehouse, engine_named(SPARK, cluster.address, {}))
    assert Dbt(lake).build(TO_THE_TOTALS, "").problems == []
    before = activity_totals(lake)
    emptied = max(before)
    assert len(before) == len(MONTHS)

    in_force = pq.read_table(lake.in_force)
    lake.write(lake.in_force, in_force.filter(pc.field("period_month") != emptied))
    months = pq.read_table(lake.build_months).to_pylist()
    for row in months:
        row["is_stale"] = row["period_month"] == emptied
    lake.write(lake.build_months, pa.Table.from_pylist(months, schema=BUILD_MONTHS_SCHEMA))
    watching = threading.Thread(target=kill_in_the_middle, args=(lake, cluster))
    watching.start()
    problems = Dbt(lake).build(TO_THE_TOTALS, "").problems
    watching.join()

    assert problems == []
    assert activity_totals(lake) == {month: before[month] for month in before if month < emptied}


def kill_in_the_middle(lake: Lake, cluster: SparkCluster) -> None:
    """A worker dies as soon as dbt has begun with a model of the build under way."""
    log = lake.path / ".dbt" / "logs" / "dbt.log"
    begun, end = log.read_text(encoding="utf-8").count(BEGUN), time.monotonic() + PATIENCE
    while log.read_text(encoding="utf-8").count(BEGUN) <= begun + 3:
        if time.monotonic() > end:
            return  # the build has failed before, and says so
        time.sleep(0.05)
    cluster.kill(WORKERS[0])


def test_what_a_cluster_refuses_is_said_and_nothing_is_shown(built_tiny: Built) -> None:
    """A cluster that nobody runs: the run fails, and what was published stays."""
    if reason := why_there_is_none():
        pytest.skip(reason)
    before = (built_tiny.published / "manifest.json").read_bytes()
    command = ["run", "--data", str(built_tiny.data), "--warehouse", str(built_tiny.warehouse)]
    command += ["--engine", SPARK, "--engine-address", "thrift://localhost:9"]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert "The Thrift server at localhost:9 can't be reached" in result.stderr
    assert (built_tiny.published / "manifest.json").read_bytes() == before
