"""A flow without a factor valid in its month stops the run, and is named; so do the next runs."""

import csv

from dagster import AssetKey, DagsterInstance
from typer.testing import CliRunner

from orchestration.assets.product_system import PRODUCT_SYSTEM
from orchestration.commands.cli import app
from orchestration.definitions import build_definitions
from orchestration.resources import Folders
from orchestration.schedules import round_range
from tests.conftest import FACTOR_COLUMNS, MONTHS, write_csv

STEP_BY_STEP = (
    [AssetKey(["intermediate", "int_inventory_months"])],
    [PRODUCT_SYSTEM],
    [AssetKey(["published", "marts"])],
)
"""What records that the inventory is built, without its tests, and what goes on from there."""


def test_an_expired_factor_is_named_and_nothing_is_published_whatever_is_built(
    tiny_company, tmp_path
):
    path = tiny_company.path / "emission_factors" / "round_figures.csv"
    with path.open(encoding="utf-8", newline="") as file:
        factors = list(csv.DictReader(file))
    for factor in factors:
        if factor["flow_id"] == "diesel_stationary":
            factor["valid_to"] = "2022-02-01"  # the second round is about February
    write_csv(path, factors, FACTOR_COLUMNS)
    warehouse = tmp_path / "warehouse"

    command = ["run", "--data", str(tiny_company.path), "--warehouse", str(warehouse)]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2, result.output
    assert "diesel_stationary: no emission factor for its component direct at mill" in result.output
    assert "is valid on 2022-02-01" in result.output
    assert "boiler.xlsx#Energy!C3" in result.output
    assert "There is: round_figures:diesel@2021 ended on 2022-02-01." in result.output
    assert not (warehouse / "published").exists()

    folders = Folders(data=str(tiny_company.path), warehouse=str(warehouse))
    job = build_definitions(folders).resolve_job_def("collect_round")
    with DagsterInstance.ephemeral() as instance:
        *built, last = [
            job.execute_in_process(
                instance=instance,
                asset_selection=keys,
                tags=round_range(list(MONTHS)),
                raise_on_error=False,
            )
            for keys in STEP_BY_STEP
        ]
    assert all(run.success for run in built)
    (refused,) = last.get_step_failure_events()
    error = refused.event_specific_data.error.to_string()
    assert "Nothing is published until a whole run passes" in error
    assert not (warehouse / "published").exists()

    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2, result.output
    assert not (warehouse / "published").exists()
