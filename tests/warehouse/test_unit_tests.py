"""The arithmetic of the dbt models, by the unit tests that stand beside them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from sqlglot import expressions as exp

from orchestration.calculation.dbt import Dbt
from orchestration.lake.paths import Lake
from tests.built import Builder
from tests.conftest import write_complete_company

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Sum, exp.Avg, exp.Median, exp.Exp, exp.Ln)
NO_FIGURE: dict[str, str] = {}
"""Models of which what they add or multiply is no figure, and why."""


@pytest.fixture(scope="module")
def dbt(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Of a copy of the tiny company, which lends the types of its columns and the compiled SQL."""
    copy = built("tiny", write_complete_company).copy(tmp_path_factory.mktemp("tiny"))
    return Dbt(Lake(copy.warehouse))


def arithmetic_of(sql: str) -> list[str]:
    """What a statement adds up, multiplies or divides."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    return [node.sql("duckdb") for node in tree.find_all(*ARITHMETIC)]


def compiled(dbt: Dbt, model: dict[str, Any]) -> str:
    """The SQL of a model as the engine gets it."""
    folder = dbt.target / "compiled" / model["package_name"]
    return (folder / model["original_file_path"]).read_text(encoding="utf-8")


def test_every_unit_test_of_the_models_passes(dbt: Dbt):
    run = dbt.unit_tests()

    assert run.problems == []
    passed = {event["data"]["name"] for event in run.events if event["data"]["status"] == "pass"}
    unit_tests = dbt.manifest()["unit_tests"].values()
    assert passed == {f"{test['model']}::{test['name']}" for test in unit_tests}


def test_each_arithmetic_model_has_a_unit_test(dbt: Dbt):
    """Read out of the SQL: whoever multiplies in a new model is asked for what comes of it."""
    manifest = dbt.manifest()
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    found = {model["name"]: arithmetic_of(compiled(dbt, model)) for model in models}
    calculating = {name for name, terms in found.items() if terms}
    tested = {test["model"] for test in manifest["unit_tests"].values()}

    assert {name: found[name][:3] for name in calculating - tested - NO_FIGURE.keys()} == {}
    assert NO_FIGURE.keys() <= calculating - tested, "no exception is needed any more"


@pytest.mark.parametrize(
    ("sql", "terms"),
    [
        ("select a * b as c from t", 1),
        ("select sum(a) / 2 from t group by b", 2),
        ("select a, count(*), max(b), a || '/' || b, row_number() over (order by a) from t", 0),
        ("with x as (select a - b as d from t) select avg(d) from x", 2),
    ],
)
def test_arithmetic_is_seen_in_the_sql(sql: str, terms: int):
    assert len(arithmetic_of(sql)) == terms
