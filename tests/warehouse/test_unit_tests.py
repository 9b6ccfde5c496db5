"""The arithmetic of the dbt models, by the unit tests that stand beside them."""

from orchestration.calculation.dbt import Dbt
from orchestration.lake.paths import Lake
from tests.built import Built


def test_every_unit_test_of_the_models_passes(built_tiny: Built):
    """Their rows stand in the YAML; the built company only lends its column types."""
    dbt = Dbt(Lake(built_tiny.warehouse))

    run = dbt.unit_tests()

    assert run.problems == []
    run_and_passed = {
        event["data"]["name"] for event in run.events if event["data"]["status"] == "pass"
    }
    assert run_and_passed == {test["name"] for test in dbt.manifest()["unit_tests"].values()}
