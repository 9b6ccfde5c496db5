"""The arithmetic of the dbt models, by the unit tests that stand beside them."""

from typer.testing import CliRunner

from orchestration.calculation.dbt import Dbt
from orchestration.commands.cli import app
from orchestration.lake.paths import Lake


def test_every_unit_test_of_the_models_passes(tiny_company, tmp_path):
    """Their rows stand in the YAML; the built company only lends its column types."""
    warehouse = tmp_path / "warehouse"
    command = ["run", "--data", str(tiny_company.path), "--warehouse", str(warehouse)]
    built = CliRunner().invoke(app, command)
    assert built.exit_code == 0, built.output

    run = Dbt(Lake(warehouse)).unit_tests()

    assert run.problems == []
    passed = [event["data"]["status"] for event in run.events]
    assert len(passed) >= 11
    assert set(passed) == {"pass"}
