"""Conventions of the dbt project, read from its manifest and its files."""

import re
from pathlib import Path

import pytest

from orchestration.calculation.dbt import Dbt
from orchestration.company.data_folder import read_csv_as_text
from orchestration.lake.paths import Lake

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "dbt_project" / "models"

UNIT_OF_SUFFIX = {
    "kgco2e_per_declared_unit": "kgco2e/declared unit",
    "_kg_per_declared_unit": "kg/declared unit",
    "_kg_per_kg": "kg/kg",
    "_kgco2e_per_kg": "kgco2e/kg",
    "_kgco2e_per_unit": "kgco2e per unit",
    "_kg_per_unit": "kg per unit",
    "_kgco2e": "kgco2e",
    "_kg": "kg",
    "_share": "share",
    "_count": "count",
    "_percent": "percent",
    "_dqr": "score",
}
MULTIPLIES_BY_A_FACTOR = {
    "int_emissions",
    "lineage",
    "int_scenario_emissions",
    "int_sold_product_emissions",
    "int_opening_stock_emissions",
    "exemptions",
}
"""Measured quantities in int_emissions and lineage, the same line in cells; assumed quantities of
a scenario, behind which no cell stands, for one declared unit and for all that were sold; stock as
the company states what it carries; upper bounds of what has no factor.
"""

RECORDS = {"int_inventory_months", "int_built_periods", "int_built_months"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    return Dbt(Lake(tmp_path_factory.mktemp("warehouse"))).manifest()


def models(manifest: dict, schema: str | None = None) -> list[dict]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and (schema is None or node["schema"] == schema)
    ]


def test_every_model_says_what_a_row_is(manifest):
    silent = [
        model["name"]
        for model in models(manifest)
        if not re.match(r"-- One row( per \w|: )", model["raw_code"]) or not model["description"]
    ]
    assert silent == []


def test_every_mart_column_is_described_and_carries_the_unit_of_its_suffix(manifest):
    problems = []
    for model in models(manifest, "marts"):
        for column in model["columns"].values():
            name, unit = column["name"], column["meta"].get("unit")
            if len(column["description"].split()) < 2:
                problems.append(f"{model['name']}.{name} has no description")
            expected = next((u for s, u in UNIT_OF_SUFFIX.items() if name.endswith(s)), None)
            if expected and unit != expected:
                problems.append(f"{model['name']}.{name}: unit {unit}, its suffix says {expected}")
    assert problems == []


def test_no_mart_says_the_same_of_two_columns(manifest):
    for model in models(manifest, "marts"):
        texts = [column["description"] for column in model["columns"].values()]
        assert len(texts) == len(set(texts)), model["name"]


def test_marts_are_contracts_with_a_tested_grain(manifest):
    for model in models(manifest, "marts"):
        assert model["contract"]["enforced"], model["name"]
        assert model["meta"]["grain"], model["name"]
        assert grain_tested_of(manifest, model) == model["meta"]["grain"], model["name"]


def test_no_mart_stores_what_is_asked_cell_by_cell(manifest):
    """Millions of readings would be written again, several times each, at every build."""
    stored = [
        model["name"]
        for model in models(manifest, "marts")
        if {"source_cell", "multiplier_cell"} <= set(model["meta"]["grain"])
        and model["config"]["materialized"] != "view"
    ]
    assert stored == []


def test_every_model_that_keeps_months_or_periods_is_asked_for_what_is_left_behind(manifest):
    asked = {
        parent.split(".")[-1]
        for test in ("no_month_outlives_its_cells", "no_period_outlives_its_months")
        for parent in manifest["nodes"][f"test.carbonloom.{test}"]["depends_on"]["nodes"]
    }
    kept = {m["name"] for m in models(manifest) if m["config"]["materialized"] == "incremental"}
    assert kept - asked == set()


def grain_tested_of(manifest: dict, model: dict) -> list[str]:
    """Columns that can't stand twice: a dimension's key by its contract, others by their test."""
    keys = [
        name
        for name, column in model["columns"].items()
        if "primary_key" in {constraint["type"] for constraint in column["constraints"]}
    ]
    return keys or promised_of(manifest, model)["grain"]


def promised_of(manifest: dict, model: dict) -> dict:
    """What the one data test of a model holds of its rows."""
    (test,) = (
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node") == model["unique_id"]
    )
    return test["test_metadata"]["kwargs"]


def test_a_model_has_one_data_test_that_says_whose_it_is(manifest):
    """Each is a statement of its own in every build."""
    generic = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node")
    ]
    names = [node["name"] for node in generic]
    assert names == [f"{node['attached_node'].split('.')[-1]}_holds" for node in generic]
    assert len(names) == len(set(names))


def all_before(manifest: dict, name: str) -> set[str]:
    """Ids of everything that a model is built from."""
    found: set[str] = set()
    todo = [f"model.carbonloom.{name}"]
    while todo:
        found.update(parents := manifest["parent_map"][todo.pop()])
        todo += parents
    return found


def test_the_records_of_what_is_built_come_after_everything_they_speak_for(manifest):
    """A run killed before them leaves its months and periods stale; nothing may follow them."""

    def before(name: str) -> set[str]:
        found = all_before(manifest, name)
        return {node.split(".")[-1] for node in found if node.startswith("model.")}

    def reads_the_solve(model: dict) -> bool:
        return any(name.startswith("stg_solved__") for name in before(model["name"]))

    def stored_as(*kinds: str) -> set[str]:
        return {
            model["name"]
            for model in models(manifest)
            if model["config"]["materialized"] in kinds and model["name"] not in RECORDS
        }

    by_period = {model["name"] for model in models(manifest) if reads_the_solve(model)}
    by_month = stored_as("incremental") - by_period
    assert by_month - before("int_inventory_months") == set()
    assert stored_as("incremental") & by_period - before("int_built_periods") == set()
    assert stored_as("incremental", "table") - before("int_built_months") == set()


def test_no_test_is_passed_over_when_a_build_is_recorded(manifest):
    """dbt keeps a model from being built while a test fails only where it comes after all that
    the test reads; a test of anything else would leave its months recorded as built."""
    covered = {"model.carbonloom.int_built_months", *all_before(manifest, "int_built_months")}
    passed_over = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node["config"]["severity"].lower() == "error"
        and not set(node["depends_on"]["nodes"]) <= covered
    }
    assert passed_over == set(), "Let int_built_months depend on what these tests read."


def test_quantities_meet_factors_in_one_model_and_its_lineage(manifest):
    """A second place that multiplies by a factor would be a second truth."""
    multiplying = {
        model["name"]
        for model in models(manifest)
        if re.search(r"(quantity|cell_value)[^,;]*\*[^,;]*kgco2e_per_unit", model["raw_code"])
    }
    assert multiplying == MULTIPLIES_BY_A_FACTOR


def test_marts_read_no_staging_model_but_reference_and_gate(manifest):
    layers = ("gate", "control", "company", "factors", "solved", "reduction", "uncertainty")
    allowed = tuple(f"stg_{layer}__" for layer in layers)
    for model in models(manifest, "marts"):
        for parent in model["depends_on"]["nodes"]:
            name = parent.split(".")[-1]
            assert not name.startswith("stg_") or name.startswith(allowed), (model["name"], name)


def test_variances_of_the_pedigree_are_those_of_its_own_test():
    """Method V13: scores 1 to 5, one indicator each, add 0.1227 to the variance."""
    seed = read_csv_as_text(ROOT / "dbt_project" / "seeds" / "pedigree_variances.csv")
    variances = seed.set_index(["variance_set", "indicator", "score"])["variance"].astype(float)
    indicators = ["reliability", "completeness", "temporal", "geographical", "technological"]
    scored = [variances["original", name, str(score)] for score, name in enumerate(indicators, 1)]
    assert sum(scored) == pytest.approx(0.1227)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_every_path_of_the_where_is_table_exists(page):
    _, _, table = (ROOT / page).read_text(encoding="utf-8").partition("## Where is …?")
    rows = re.findall(r"^\|[^|]+\|(.+)\|$", table, re.MULTILINE)
    paths = [path for row in rows for path in re.findall(r"`([\w./-]+/[\w./-]*)`", row)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
