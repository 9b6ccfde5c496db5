"""The dashboard for Superset, by the marts it asks; by Superset itself, where that is installed.

CARBONLOOM_SUPERSET=/path/to/superset/bin/python pytest tests/bi/test_superset.py
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from sqlglot import exp, parse_one
from typer.testing import CliRunner

from orchestration.bi import superset
from orchestration.bi.asking import open_marts
from orchestration.bi.postgres import copy_to_postgres
from orchestration.commands.cli import app
from orchestration.lake.warehouse import Connection
from orchestration.publication.descriptions import described_marts
from tests.built import EXAMPLE, Builder

SUPERSET = "CARBONLOOM_SUPERSET"
"""Names a Python that has Superset; what it costs and brings along is not this project's."""

TYPES = {
    "VARCHAR": "VARCHAR", "DOUBLE": "DOUBLE PRECISION", "INTEGER": "INTEGER", "DATE": "DATE",
    "BOOLEAN": "BOOLEAN",
}  # fmt: skip


class Chart(NamedTuple):
    """What a chart asks, of the SQL of its dataset."""

    name: str
    sql: str
    columns: list[str]
    metrics: dict[str, str]
    where: str
    order: str
    limit: int

    @property
    def query(self) -> str:
        """The chart's rows."""
        selected = [f'{sql} as "{name}"' for name, sql in self.metrics.items()]
        return (
            f"select {', '.join([*self.columns, *selected])} from ({self.sql}) where {self.where} "
            f"group by all order by {self.order} limit {self.limit}"
        )


def files_in(folder: str) -> dict[str, dict[str, Any]]:
    files = superset.files_for("duckdb:///carbonloom.duckdb", superset.DUCKDB_SCHEMA)
    return {Path(path).stem: file for path, file in files.items() if path.startswith(folder)}


DATASETS, CHARTS = files_in("datasets/"), files_in("charts/")


def chart_of(file: dict[str, Any]) -> Chart:
    """A chart as its saved query says it; Superset's own words are only these."""
    (dataset,) = (one for one in DATASETS.values() if one["uuid"] == file["dataset_uuid"])
    known = {one["metric_name"]: one["expression"] for one in dataset["metrics"]}
    (query,) = json.loads(file["query_context"])["queries"]
    names = [
        column["sqlExpression"] if isinstance(column, dict) else column
        for column in query["columns"]
    ]
    assert {one["op"] for one in query.get("filters", ())} <= {"=="}
    conditions = [f"{one['col']} = '{one['val']}'" for one in query.get("filters", ())]
    ((by, ascending),) = query["orderby"]
    return Chart(
        file["slice_name"], dataset["sql"], names, {name: known[name] for name in query["metrics"]},
        " and ".join(conditions) or "true", f'"{by}" {"asc" if ascending else "desc"}',
        query["row_limit"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def marts(built: Builder) -> Iterator[Connection]:
    """Of the example, which has targets."""
    with open_marts(built(EXAMPLE).published) as connection:
        connection.execute("use carbonloom.marts")
        yield connection


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_the_columns_that_its_sql_gives(marts, name):
    described = marts.execute(f"describe {DATASETS[name]['sql']}").fetchall()
    columns = DATASETS[name]["columns"]
    assert [(one["column_name"], one["type"]) for one in columns] == [
        (column, TYPES[kind]) for column, kind, *_ in described
    ]
    dates = [one["column_name"] for one in columns if one["is_dttm"]]
    assert dates == [column for column, kind, *_ in described if kind == "DATE"]


def test_files_name_one_another_and_the_dashboard_shows_every_chart():
    (dashboard,) = files_in("dashboards/").values()
    (database,) = files_in("databases/").values()
    shown = [one["meta"] for one in dashboard["position"].values()
             if isinstance(one, dict) and one["type"] == "CHART"]  # fmt: skip
    assert {one["uuid"]: one["sliceName"] for one in shown} == {
        one["uuid"]: one["slice_name"] for one in CHARTS.values()
    }
    assert {one["database_uuid"] for one in DATASETS.values()} == {database["uuid"]}
    for name, file in CHARTS.items():
        chart, params = chart_of(file), file["params"]
        asked = [*filter(None, [params.get("x_axis")]), *params["groupby"]]
        assert asked == chart.columns, "what is drawn and what is saved to be asked"
        assert params["metrics"] == list(chart.metrics), name
        drawn = [f"{one['subject']} = '{one['comparator']}'" for one in params["adhoc_filters"]]
        assert (" and ".join(drawn) or "true") == chart.where


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_sums_only_what_may_be_summed(marts, name):
    """One value in each bar of every column of the grain over which the measure isn't additive."""
    chart = chart_of(CHARTS[name])
    fact = described_marts()[parse_one(chart.sql, dialect="duckdb").find(exp.From).this.name]
    for metric in chart.metrics.values():
        (summed,) = (one.this.name for one in parse_one(metric).find_all(exp.Sum))
        over = fact.columns[summed].additive
        assert over is not None, summed
        for column in set(fact.grain) - set(over):
            mixed = marts.execute(
                f"select {', '.join(chart.columns)} from ({chart.sql}) where {chart.where} "
                f"group by all having count(distinct {column}) > 1"
            ).fetchall()
            assert mixed == [], column


OF_MARTS = {
    "scopes_by_month": (
        "select period_month, 'Scope ' || ghg_scope, sum(location_based_kgco2e) / 1000 "
        "from emissions_by_stage group by all"
    ),
    "products": (
        "select product_name_en || ', ' || reference_period, life_cycle_stage, "
        "kgco2e_per_declared_unit from emissions_by_product join dim_product using (product_id) "
        "where method = 'cut_off' and basis = 'location_based' and length(reference_period) = 4"
    ),
    "plan_against_target": (
        "select inventory_year, name_en, value / 1000, path_value / 1000 from target_path "
        "where unit = 'kgCO2e'"
    ),
    "hotspots": (
        "select *, 100 * t / sum(t) over (partition by y) from ("
        "select year(period_month) as y, facility_name_en, process_name_en, flow_name_en, "
        "sum(location_based_kgco2e) / 1000 as t from emission_lines "
        "join dim_facility using (facility_id) join dim_process using (process_id) "
        "join dim_flow using (flow_id) group by all) order by t desc limit 20"
    ),
}
"""The same figures from other marts than the chart asks, where there are others."""


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_shows_the_figures_of_the_marts(marts, name):
    chart = chart_of(CHARTS[name])
    shown = sorted(marts.execute(chart.query).fetchall(), key=repr)
    published = sorted(marts.execute(OF_MARTS[name]).fetchall(), key=repr)
    keys = len(chart.columns)
    assert len(shown) > 1
    assert [row[:keys] for row in shown] == [row[:keys] for row in published]
    for here, there in zip(shown, published, strict=True):
        assert numbers(here[keys:]) == pytest.approx(numbers(there[keys:]), nan_ok=True)


def numbers(row: tuple) -> list[float]:
    """Figures of a row; what is missing is missing on both sides."""
    return [float("nan") if value is None else value for value in row]


def test_the_command_writes_what_superset_imports_and_says_how(warehouse, tmp_path):
    out = tmp_path / "for BI"

    def ask(*options: str) -> Any:
        command = ["superset", "--warehouse", str(warehouse), "--out", str(out), *options]
        return CliRunner().invoke(app, command)

    done = ask()
    assert done.exit_code == 0, done.output
    for said in ("pip install", "superset db upgrade", "import-dashboards", "duckdb-engine"):
        assert said in done.output
    assert f"--path '{out / 'dashboard.zip'}'" in done.output  # a blank for the shell to keep
    with zipfile.ZipFile(out / "dashboard.zip") as archive:
        files = {name: yaml.safe_load(archive.read(name)) for name in archive.namelist()}
    assert files["carbonloom/metadata.yaml"]["type"] == "Dashboard"
    copy = files["carbonloom/databases/carbonloom.yaml"]["sqlalchemy_uri"]
    assert copy == f"duckdb:///{out / 'carbonloom.duckdb'}"
    assert (out / "carbonloom.duckdb").exists()

    url = "postgresql+psycopg2://reader:secret@db.example/bi"
    done = ask("--url", url)
    assert "secret" not in done.output
    assert "psycopg2-binary" in done.output
    assert (out / "dashboard.zip").stat().st_mode & 0o077 == 0
    here, there = (superset.files_for(place, "carbonloom") for place in (url, copy))
    assert {file["uuid"] for path, file in here.items() if path != "metadata.yaml"}.isdisjoint(
        {file["uuid"] for path, file in there.items() if path != "metadata.yaml"}
    )
    assert ask("--schema", 'a"b').exit_code == 2
    assert ask("--release", str(tmp_path / "nowhere")).exit_code == 2


def test_with_another_password_it_is_the_same_dashboard():
    first, second = (
        superset.files_for(f"postgresql+psycopg2://reader:{word}@db.example/bi", "carbonloom")
        for word in ("old", "new")
    )
    assert {path: file.get("uuid") for path, file in first.items()} == {
        path: file.get("uuid") for path, file in second.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("place", ["duckdb", "postgresql"])
def test_superset_itself_shows_the_figures_of_the_marts(built, marts, tmp_path, request, place):
    python = os.environ.get(SUPERSET)
    if not python:
        pytest.skip(f"{SUPERSET} names no Python with Superset: see `carbonloom superset`")
    published, schema = built(EXAMPLE).published, superset.DUCKDB_SCHEMA
    if place == "duckdb":
        url = superset.copy_for_superset(published, tmp_path)
    else:
        schema = superset.SCHEMA
        copy_to_postgres(published, request.getfixturevalue("url"), schema, 0)
        folder = request.getfixturevalue("socket_folder")
        url = f"postgresql+psycopg2://writer@/marts?host={folder}"
    (tmp_path / "dashboard.zip").write_bytes(superset.as_zip(superset.files_for(url, schema)))
    config = tmp_path / "superset_config.py"
    config.write_text(f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{tmp_path}/superset.db'\n")
    script = Path(__file__).with_name("asked_by_superset.py")
    environment = {
        **os.environ, "SUPERSET_CONFIG_PATH": str(config), "SUPERSET_HOME": str(tmp_path),
        "SUPERSET_SECRET_KEY": "of the tests only, and long enough", "PYTHONPATH": "",
    }  # fmt: skip
    done = subprocess.run(
        [python, script, tmp_path / "dashboard.zip", tmp_path / "held.json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
    held = json.loads((tmp_path / "held.json").read_text(encoding="utf-8"))
    charts = [chart_of(file) for file in CHARTS.values()]
    assert set(held) == {chart.name for chart in charts}
    for chart in charts:
        names = [*chart.columns, *chart.metrics]
        rows = [tuple(day_of(name, row[name]) for name in names) for row in held[chart.name]]
        expected_rows = marts.execute(chart.query).fetchall()
        assert len(rows) == len(expected_rows)
        pairs = zip(sorted(rows, key=repr), sorted(expected_rows, key=repr), strict=True)
        for here, there in pairs:
            assert here[: len(chart.columns)] == there[: len(chart.columns)]
            shown, expected = (numbers(row[len(chart.columns) :]) for row in (here, there))
            assert shown == pytest.approx(expected, nan_ok=True)


def day_of(name: str, value: Any) -> Any:
    """Superset writes a day as milliseconds."""
    if name != "period_month":
        return value
    day = datetime.fromtimestamp(value / 1000, UTC)
    return date(day.year, day.month, day.day)
