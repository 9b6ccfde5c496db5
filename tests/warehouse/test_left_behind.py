"""Rows of a month or period that is no longer there are taken away; where they stay, a test says
so, as it does of a cell that stands twice."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import PROJECT, Dbt
from orchestration.calculation.halves import INVENTORY_MODELS, build_half
from orchestration.lake.paths import Lake
from tests.built import Built

TESTS = ("no_month_outlives_its_cells", "no_period_outlives_its_months", "lineage_holds")


def test_what_is_left_behind_or_stands_twice_is_named(built_tiny: Built) -> None:
    lake = Lake(built_tiny.warehouse)
    with duckdb.connect(str(lake.working_file)) as connection:
        connection.execute(
            "insert into intermediate.int_emissions (period_month) values (date '1999-01-01')"
        )
        connection.execute(
            "insert into intermediate.int_period_emissions (reference_period) values ('1999')"
        )
    for file in lake.path.glob("accepted/stage_readings/*/*.parquet"):
        cells = pq.read_table(file, partitioning=None)
        pq.write_table(pa.concat_tables([cells, cells]), file)
    write_control(lake, PROJECT, "AR5")  # all months are looked at

    problems = Dbt(lake).build(["--select", *TESTS], "AR6").problems

    assert sorted(problem.partition(": 1 row")[0] for problem in problems if "1999" in problem) == [
        "no_month_outlives_its_cells: no month outlives its cells",
        "no_period_outlives_its_months: no period outlives its months",
    ]
    assert any("lineage_holds: one row per process_id, period_month" in one for one in problems)


def test_a_month_that_emptied_loses_its_rows(built_tiny: Built) -> None:
    lake = Lake(built_tiny.warehouse)
    hand_ins = pq.read_table(lake.hand_ins)
    month: date = pc.max(hand_ins["period_month"]).as_py()
    pq.write_table(hand_ins.filter(pc.not_equal(hand_ins["period_month"], month)), lake.hand_ins)
    _, stale = write_control(lake, PROJECT, "AR6")
    assert month in stale

    assert build_half(lake, INVENTORY_MODELS, "").problems == []

    with duckdb.connect(str(lake.working_file), read_only=True) as connection:
        for table in ("intermediate.int_activity_totals", "marts.emissions_by_process"):
            left = connection.execute(
                f"select count(*) from {table} where period_month = $1", [month]
            ).fetchall()
            assert left == [(0,)], table
