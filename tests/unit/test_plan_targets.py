"""What a target asks of a plan: from the base value that is published of it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.calculation.plan_targets import UnknownTargetError, asked_by
from orchestration.company.tables import TABLES
from orchestration.lake.paths import Lake, text_schema
from orchestration.lake.warehouse import Warehouse
from tests.unit.test_initiatives import mill

TARGET = {
    "target_id": "less",
    "kind": "absolute",
    "basis": "location_based",
    "base_year": "2019",
    "target_year": "2030",
    "reduction_share": "0.4",
    "scopes": "3",
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A target of 2019, of which 5000 kg were released, and another whose base year is unknown."""
    lake = Lake(tmp_path)
    targets = [TARGET, TARGET | {"target_id": "early", "base_year": "1990"}]
    targets.append(TARGET | {"target_id": "per_kg", "kind": "intensity"})
    schema = text_schema(TABLES["targets"].all_columns)
    lake.write(lake.company("targets"), pa.Table.from_pylist(targets, schema=schema))
    return lake


def release(lake: Lake) -> None:
    with Warehouse(lake).writing() as connection:
        connection.execute(
            "create schema marts; create table marts.target_path as "
            "select 'less' as target_id, 2019 as inventory_year, 5000.0::double as base_value "
            "union all select 'early', 2021, null"
        )


def test_what_was_released_of_the_base_year_is_what_is_reduced(lake: Lake):
    release(lake)
    base = mill()
    asked = asked_by(lake, base, "less")

    assert (asked.basis, asked.year) == ("location_based", 2030)
    assert asked.level == pytest.approx(0.6 * 5000.0)
    assert asked.emitted == pytest.approx(base.lines["location_based"].sum())


@pytest.mark.parametrize(
    ("target", "words"),
    [("early", "base year 1990 has no figure"), ("per_kg", "kind intensity"), ("no", "no target")],
)
def test_a_target_that_asks_for_no_amount_is_named(lake: Lake, target: str, words: str):
    release(lake)
    with pytest.raises(UnknownTargetError, match=words):
        asked_by(lake, mill(), target)


def test_before_a_run_there_is_no_base_value(lake: Lake):
    Warehouse(lake).writing().close()
    with pytest.raises(UnknownTargetError, match="base year 2019 has no figure"):
        asked_by(lake, mill(), "less")
