"""dbt's semantic layer sums what may be summed, and MetricFlow gives the marts' figures.

CARBONLOOM_METRICFLOW=/path/to/mf pytest tests/bi/test_metrics.py
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.calculation.dbt import PROJECT
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse
from orchestration.publication.descriptions import described_marts
from tests.built import Builder

METRICFLOW = "CARBONLOOM_METRICFLOW"
"""Names the program of dbt-metricflow; what it brings along is not this project's."""

LAYER = yaml.safe_load((PROJECT / "models" / "metrics" / "metrics.yml").read_text("utf-8"))
MODELS = {
    one["model"].removeprefix("ref('").removesuffix("')"): one for one in LAYER["semantic_models"]
}


def column_of(part: dict[str, Any]) -> str:
    return part.get("expr", part["name"])


@pytest.mark.parametrize("mart", MODELS)
def test_the_semantic_layer_names_columns_that_the_mart_has(mart: str):
    model = MODELS[mart]
    named = {
        column_of(part)
        for kind in ("entities", "dimensions", "measures")
        for part in model.get(kind, ())
    }
    assert named - set(described_marts()[mart].columns) == set()


@pytest.mark.parametrize("mart", MODELS)
def test_a_measure_may_be_summed_over_all_of_its_mart(mart: str):
    """A tool that groups by anything would otherwise add up what has no sum."""
    described = described_marts()[mart]
    for measure in MODELS[mart].get("measures", ()):
        assert measure["agg"] == "sum"
        assert set(described.columns[column_of(measure)].additive or ()) == set(described.grain)


def test_every_measure_is_a_metric():
    measures = {one["name"] for model in MODELS.values() for one in model.get("measures", ())}

    assert {one["type_params"]["measure"] for one in LAYER["metrics"]} == measures


@pytest.mark.slow
def test_metricflow_gives_the_sums_of_the_marts(built: Builder, tmp_path: Path):
    program = os.environ.get(METRICFLOW)
    if program is None:
        pytest.skip(f"{METRICFLOW} names no program")
    company = built("spinning_with_regrind")
    project, answer = tmp_path / "dbt_project", tmp_path / "answer.csv"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    environment = os.environ | {
        "CARBONLOOM_WAREHOUSE": str(company.warehouse),
        "DBT_PROFILES_DIR": str(project),
        "PATH": f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",
    }
    for command in (
        ["dbt", "parse"],
        [program, "query", "--metrics", "location_based_kgco2e,scope_2_market_based_kgco2e",
         "--group-by", "metric_time__month,facility__facility_name_en", "--csv", str(answer)],
    ):  # fmt: skip
        subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)

    with answer.open(encoding="utf-8", newline="") as file:
        rows = [
            (row["metric_time__month"][:10], row["facility__facility_name_en"],
             float(row["location_based_kgco2e"]), float(row["scope_2_market_based_kgco2e"] or 0))
            for row in csv.DictReader(file)
        ]  # fmt: skip
    with Warehouse(Lake(company.warehouse)).reading() as connection:
        expected = connection.execute(
            """
            select
                cast(period_month as varchar),
                facility_name_en,
                sum(location_based_kgco2e),
                sum(case when ghg_scope = 2 then market_based_kgco2e else 0 end)
            from marts.emissions_by_process
            inner join marts.dim_facility using (facility_id)
            group by all
            """
        ).fetchall()
    assert sorted(rows) == [pytest.approx(row) for row in sorted(expected)] and expected
