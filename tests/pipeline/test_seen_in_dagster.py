"""What Dagster's web page shows of a run from the command line, and that it misses no step."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus

from orchestration.commands.running import CODE_LOCATION, INSTANCE_VARIABLE, run_rounds
from orchestration.company.data_folder import DataFolder
from orchestration.resources import REPOSITORY
from tests.built import Built
from tests.conftest import TinyCompany

pytestmark = pytest.mark.slow

ROUND = "2022-03"
CHECKED = DagsterEventType.ASSET_CHECK_EVALUATION
PLANNED = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """An instance as `DAGSTER_HOME` names one."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv(INSTANCE_VARIABLE, str(home))
    with DagsterInstance.get() as found:
        yield found


def test_a_run_in_which_one_cell_changed_takes_every_step_and_says_how_every_check_stands(
    built_tiny: Built, instance: DagsterInstance
):
    """Most of the tables read nothing new: what waits for them is not passed over for that."""
    TinyCompany(built_tiny.data).hand_in_workbook(ROUND, electricity=4000)

    outcome = run_rounds(DataFolder(built_tiny.data), built_tiny.warehouse, [ROUND])

    assert outcome.problems == []
    (run,) = instance.get_runs()
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
    kinds = [event.event_type for event in events if event is not None]
    passed_over = [
        event.step_key
        for event in events
        if event is not None and event.event_type == DagsterEventType.STEP_SKIPPED
    ]
    assert run.status == DagsterRunStatus.SUCCESS
    assert passed_over == []
    assert kinds.count(PLANNED) > 0
    assert kinds.count(CHECKED) >= kinds.count(PLANNED)
    published = duckdb.execute(
        "select sum(location_based_kgco2e) from read_parquet(?) "
        "where period_month = date '2022-02-01'",
        [str(built_tiny.published / "parquet" / "emissions_by_process.parquet")],
    ).fetchall()
    assert published == [(pytest.approx(4000 * 0.5 + 10 * 3 + 50 * 0.2),)]
    # without where it comes from, the timeline of the home page leaves a run out
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["tool"]["dg"]["project"]["code_location_name"]
    assert named == CODE_LOCATION
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == named
    assert run.remote_job_origin.job_name == "collect_round"
