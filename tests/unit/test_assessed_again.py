"""Initiatives are assessed again when something that they rest on is another, and only then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.calculation.planning import FLOW_PRICES, assess_initiatives
from orchestration.company.tables import TABLES
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, Lake, text_schema

ELSEWHERE = pa.Table.from_pylist([{"facility_id": "left as it was"}], schema=FLOW_PRICES)


def month(lake: Lake, fingerprint: str, is_stale: bool = False) -> None:
    row = {"period_month": date(2021, 1, 1), "fingerprint": fingerprint, "is_stale": is_stale}
    lake.write(lake.build_months, pa.Table.from_pylist([row], schema=BUILD_MONTHS_SCHEMA))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """One without initiatives, assessed, where a table shows whether it is written again."""
    lake = Lake(tmp_path)
    month(lake, "a", is_stale=True)
    assess_initiatives(lake)
    lake.write(lake.reduction("flow_prices"), ELSEWHERE)
    return lake


def is_written_again(lake: Lake) -> bool:
    assess_initiatives(lake)
    return lake.read(lake.reduction("flow_prices"), FLOW_PRICES) != ELSEWHERE


def test_what_is_as_it_was_is_left_alone(lake: Lake):
    month(lake, "a")
    assert not is_written_again(lake)


def test_other_inputs_of_a_month_are_assessed(lake: Lake):
    month(lake, "b")
    assert is_written_again(lake)


def test_another_line_of_a_plan_is_assessed(lake: Lake):
    schema = text_schema(TABLES["baseline_drivers"].all_columns)
    line = pa.Table.from_pylist([{"process_id": "spin", "flow_id": "power"}], schema=schema)
    lake.write(lake.company("baseline_drivers"), line)
    assert is_written_again(lake)


def test_a_table_that_is_missing_is_made(lake: Lake):
    lake.reduction("initiative_costs").unlink()
    assert is_written_again(lake)
    assert lake.reduction("initiative_costs").exists()
