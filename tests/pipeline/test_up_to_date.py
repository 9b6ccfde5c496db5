"""What reads nothing new is not built, nor its test; what didn't come to its end is built again."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import PROJECT, Dbt, DbtRun
from orchestration.calculation.halves import (
    INVENTORY_MODELS,
    PRODUCT_MODELS,
    build_half,
    refresh_half,
)
from orchestration.calculation.solving import solve_stale_periods
from orchestration.calculation.unpassed import unpassed
from orchestration.lake.paths import Lake
from tests.built import Built
from tests.pipeline.test_round import KilledError, die

OWNED = {
    "stg_company__sources_holds",
    "round_status",
    "round_status_holds",
    "int_built_months",
    "int_built_months_holds",
}
"""All that is made of who answers for a source."""


@pytest.fixture
def lake(built_tiny: Built) -> Lake:
    """A copy of a warehouse in which all is built, to change."""
    return Lake(built_tiny.warehouse)


def calculated(lake: Lake, gwp_set: str = "") -> tuple[set[str], set[str]]:
    """What each half builds when the calculation is asked for."""
    write_control(lake, PROJECT, gwp_set or "AR6")
    first = build_half(lake, INVENTORY_MODELS, gwp_set)
    solve_stale_periods(lake)
    second = build_half(lake, PRODUCT_MODELS, gwp_set)
    assert first.problems + second.problems == []
    return names(first), names(second)


def names(run: DbtRun) -> set[str]:
    return {event["data"]["node_info"]["node_name"] for event in run.events}


def let_answer(lake: Lake, owner: str) -> None:
    """Who answers for every source."""
    path = lake.company("sources")
    table = pq.read_table(path)
    index = table.column_names.index("owner")
    lake.write(path, table.set_column(index, "owner", pa.array([owner] * len(table))))


def owners(lake: Lake) -> set[str]:
    with duckdb.connect(str(lake.working_file), read_only=True) as connection:
        rows = connection.sql("select distinct owner from marts.round_status").fetchall()
    return {owner for (owner,) in rows}


def test_only_what_reads_something_new_is_built(lake: Lake) -> None:
    assert calculated(lake) == (set(), set())

    let_answer(lake, "ann")
    first, second = calculated(lake)

    assert first | second == OWNED
    assert owners(lake) == {"ann"}
    assert calculated(lake) == (set(), set())


def test_another_gwp_set_is_read_by_every_figure(lake: Lake) -> None:
    first, second = calculated(lake, "AR5")

    assert {"gwp", "int_emissions", "emissions_by_process", "lineage_holds"} <= first
    assert {"product_contributions", "product_contributions_holds", "int_built_months"} <= second
    assert calculated(lake, "AR5") == (set(), set())


def test_a_build_that_failed_is_done_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    let_answer(lake, "ann")
    with monkeypatch.context() as patch:
        patch.setattr(Dbt, "_build", lambda *_: DbtRun(problems=["round_status: broken"]))
        assert build_half(lake, INVENTORY_MODELS, "").problems == ["round_status: broken"]
    assert unpassed(lake)

    first, second = calculated(lake)

    assert first | second == OWNED
    assert not unpassed(lake)


def test_a_build_that_was_killed_is_done_again_when_the_inputs_go_back(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_answer(lake, "ann")
    calculated(lake)
    let_answer(lake, "bob")
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.calculation.dbt.write_down", die)
        with pytest.raises(KilledError):
            build_half(lake, INVENTORY_MODELS, "")
    assert owners(lake) == {"bob"}

    let_answer(lake, "ann")
    calculated(lake)

    assert owners(lake) == {"ann"}


def test_what_is_asked_for_by_name_leaves_the_rest_to_be_built(lake: Lake) -> None:
    """Built out of turn, a table may be made of tables that are not up to date."""
    selection = ["--select", "round_status"]
    assert names(build_half(lake, INVENTORY_MODELS, "", selection)) >= {"round_status"}

    first, second = calculated(lake)

    assert {"gases", "int_emissions", "round_status"} <= first
    assert {"product_contributions", "int_built_months"} <= second
    assert calculated(lake) == (set(), set())


def rows_of_every_table(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(lake.working_file), read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('intermediate', 'marts') and table_type = 'BASE TABLE'"
        ).fetchall()
        return {
            name: connection.execute(f'from {schema}."{name}" order by all').fetchall()
            for schema, name in names
        }


def raise_the_factors(lake: Lake) -> None:
    """By a third: whatever is multiplied with one, and is made of the product, is another."""
    path, name = lake.accepted("emission_factor_gases"), "kg_per_factor_unit"
    table = pq.read_table(path)
    index = table.column_names.index(name)
    lake.write(path, table.set_column(index, name, pc.multiply(table[name], 4 / 3)))


def test_statements_give_the_rows_that_dbt_gives(lake: Lake, tmp_path: Path) -> None:
    raise_the_factors(lake)
    write_control(lake, PROJECT, "AR6")
    copy = Lake(shutil.copytree(lake.path, tmp_path / "by dbt", symlinks=True))
    before = rows_of_every_table(lake)

    for half in (INVENTORY_MODELS, PRODUCT_MODELS):
        assert refresh_half(lake, half, "").events == [], "dbt was started"
        assert names(build_half(copy, half, ""))
        solve_stale_periods(lake)
        solve_stale_periods(copy)

    assert rows_of_every_table(lake) == rows_of_every_table(copy) != before
    assert calculated(lake) == (set(), set())


def test_a_broken_rule_leaves_the_tables_and_is_said_by_dbt(lake: Lake) -> None:
    path = lake.company("flows")
    table = pq.read_table(path)
    lake.write(path, pa.concat_tables([table, table]))
    write_control(lake, PROJECT, "AR6")

    run = refresh_half(lake, INVENTORY_MODELS, "")

    assert any("stg_company__flows" in problem for problem in run.problems), run.problems
    assert unpassed(lake)


def test_statements_that_are_cut_off_change_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of_every_table(lake)
    let_answer(lake, "ann")
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.calculation.compiled_models.write_down", die)
        with pytest.raises(KilledError):
            refresh_half(lake, INVENTORY_MODELS, "")
    assert rows_of_every_table(lake) == before
    assert unpassed(lake)

    assert refresh_half(lake, INVENTORY_MODELS, "").events == []
    assert owners(lake) == {"ann"}
    assert not unpassed(lake)


def test_tables_of_other_code_are_built_by_dbt(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.calculation.dbt._code", lambda engine: "other code")

    assert {"int_emissions", "gases"} <= names(refresh_half(lake, INVENTORY_MODELS, ""))
    assert refresh_half(lake, INVENTORY_MODELS, "").events == []
