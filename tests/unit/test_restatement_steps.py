"""What is swapped in which step between two releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from orchestration.calculation.control import FIGURE_TABLES
from orchestration.company.data_folder import TABLES
from orchestration.gate.acceptance import MONTH_SCHEMA
from orchestration.gate.conversions import CONVERSION_SCHEMA
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import HAND_INS_SCHEMA, Lake, text_schema
from orchestration.restatement.released_inputs import (
    CAUSE_OF_TABLE,
    FACTORS,
    GASES,
    STEPS,
    ComparedReadings,
    ReleasedInputs,
    factors_at,
    gwp_set_at,
    read_inputs,
    table_at,
)

JANUARY, FEBRUARY = date(2022, 1, 1), date(2022, 2, 1)
FILE = "rounds/2022-02/mill/boiler.xlsx"


def cell(address: str = "B3", value: float = 1000.0, **more: Any) -> dict[str, Any]:
    """A reading of the boiler house."""
    return {
        "hand_in": "mill/boiler", "source": "stage_boiler", "row_kind": "reading",
        "role": "activity", "facility_id": "mill", "process_id": "boiler", "flow_id": "power",
        "direction": "input", "value_text": f"{value:g}", "value_type": "number",
        "quantity": value, "unit_text": "kWh", "source_file": FILE, "source_sha256": "a",
        "source_sheet": "Energy", "source_cell": address,
    } | more  # fmt: skip


@pytest.fixture
def made(tmp_path: Path):
    """Writes the accepted rows of a release and reads them."""
    from expectations.factor_judgement import FACTOR_SCHEMA, GAS_SCHEMA

    def release(
        number: int,
        months: dict[date, list[dict[str, Any]]],
        factors: Sequence[dict[str, Any]] = (),
        gwp_set: str = "AR6",
        **tables: list[dict[str, Any]],
    ) -> ReleasedInputs:
        lake = Lake(tmp_path / f"r{number}")
        registry = []
        for month, rows in months.items():
            content = "|".join(sorted(repr(row) for row in rows))
            registry.append(
                {
                    "round": "2022-02", "hand_in": "mill/boiler", "source": "stage_boiler",
                    "facility_id": "mill", "period_month": month, "revision": number,
                    "source_file": FILE, "source_sha256": rows[0]["source_sha256"],
                    "content_sha256": content, "row_count": len(rows),
                }
            )  # fmt: skip
            path = lake.accepted_rows(HandIn("2022-02", "mill", "boiler"), number, month)
            lake.write(path, pa.Table.from_pylist(rows, schema=MONTH_SCHEMA))
        lake.write(lake.hand_ins, pa.Table.from_pylist(registry, schema=HAND_INS_SCHEMA))
        ids = [{"process_id": "boiler", "facility_id": "mill"}]
        tables = {"facilities": [{"facility_id": "mill"}], "processes": ids} | tables
        for name, rows in tables.items():
            schema = text_schema(TABLES[name].all_columns)
            lake.write(lake.company(name), pa.Table.from_pylist(rows, schema=schema))
        empty = {"unit_conversions": CONVERSION_SCHEMA, GASES: GAS_SCHEMA}
        for name, schema in empty.items():
            lake.write(lake.accepted(name), schema.empty_table())
        lake.write(lake.accepted(FACTORS), pa.Table.from_pylist(list(factors), FACTOR_SCHEMA))
        head = {"round": "2022-02", "number": number, "gwp_set": gwp_set}
        return read_inputs(lake.path, head, {})

    return release


def values(readings: ComparedReadings) -> list[dict[str, float]]:
    """Quantity of each cell after no step, one, two …"""
    return [
        dict(zip((found := readings.at(step))["source_cell"], found["quantity"], strict=True))
        for step in range(len(STEPS) + 1)
    ]


CORRECTED = {"corrected_from": "1000"}


def test_every_table_of_figures_has_its_cause():
    assert set(CAUSE_OF_TABLE) == set(FIGURE_TABLES)


def test_a_late_correction_is_the_second_step(made):
    older = made(1, {JANUARY: [cell(), cell("C3", 5)]})
    newer = made(2, {JANUARY: [cell(value=1100, **CORRECTED), cell("C3", 5)]})
    readings = ComparedReadings(older, newer)
    assert [found["B3"] for found in values(readings)] == [1000, 1000, *[1100] * 5]
    assert readings.corrected()[["value_was", "value_now"]].values.tolist() == [["1000", "1100"]]
    assert not len(readings.handed_in_again())


def test_a_withdrawn_correction_is_one_too(made):
    older = made(1, {JANUARY: [cell(value=1100, **CORRECTED)]})
    newer = made(2, {JANUARY: [cell()]})
    assert [found["B3"] for found in values(ComparedReadings(older, newer))] == [
        1100,
        1100,
        *[1000] * 5,
    ]


def test_a_file_handed_in_again_and_corrected_is_both(made):
    again = {"source_sha256": "b"}
    older = made(1, {JANUARY: [cell(value=900), cell("C3", 5)]})
    corrected = cell(value=1100, **CORRECTED, **again)
    newer = made(2, {JANUARY: [corrected, cell("C3", 6, **again)]})
    readings = ComparedReadings(older, newer)
    assert [found["B3"] for found in values(readings)] == [900, 1000, *[1100] * 5]
    assert [found["C3"] for found in values(readings)] == [5, *[6] * 6]
    assert sorted(readings.handed_in_again()["value_now"]) == ["1000", "6"]


def test_a_correction_that_stood_before_is_no_new_one(made):
    older = made(1, {JANUARY: [cell(value=1100, **CORRECTED)]})
    newer = made(2, {JANUARY: [cell(value=1100, source_sha256="b", **CORRECTED)]})
    readings = ComparedReadings(older, newer)
    assert [found["B3"] for found in values(readings)] == [1100] * 7
    assert not len(readings.corrected())


def test_cells_of_a_process_that_one_release_knows_alone_are_boundary(made):
    olds = [{"process_id": id_, "facility_id": "mill"} for id_ in ("boiler", "kiln")]
    news = [{"process_id": id_, "facility_id": "mill"} for id_ in ("boiler", "dryer")]
    older = made(1, {JANUARY: [cell(), cell("K3", 7, process_id="kiln")]}, processes=olds)
    newer = made(
        2,
        {
            JANUARY: [
                cell(value=1200, source_sha256="b"),
                cell("D3", 9, process_id="dryer", source_sha256="b"),
            ]
        },
        processes=news,
    )
    found = values(ComparedReadings(older, newer))
    assert found[0] == {"B3": 1000, "K3": 7}
    assert found[1:5] == [{"B3": 1200, "K3": 7}] * 4
    assert found[5:] == [{"B3": 1200, "D3": 9}] * 2
    listed = [sorted(table_at(older, newer, "processes", step)["process_id"]) for step in (1, 5)]
    assert listed == [["boiler", "dryer", "kiln"], ["boiler", "dryer"]]


def test_the_same_file_read_otherwise_is_method(made):
    older = made(1, {JANUARY: [cell()]})
    newer = made(2, {JANUARY: [cell(flow_id="steam")]})
    readings = ComparedReadings(older, newer)
    flows = [readings.at(step)["flow_id"].tolist() for step in range(7)]
    assert flows == [["power"]] * 4 + [["steam"]] * 3
    assert readings.read_otherwise() == [FILE]


def test_new_months_come_last_and_unchanged_files_are_left_alone(made):
    older = made(1, {JANUARY: [cell()]})
    newer = made(1, {JANUARY: [cell()], FEBRUARY: [cell("B4", 800)]})
    readings = ComparedReadings(older, newer)
    assert all(not found for found in values(readings))
    months = [[row["period_month"] for row in readings.files_at(step)] for step in (0, 5, 6)]
    assert months == [[JANUARY], [JANUARY], [JANUARY, FEBRUARY]]


def factor(id_: str, flow: str, unit: str = "kWh") -> dict[str, Any]:
    return {"factor_version_id": id_, "flow_id": flow, "boundary": "direct", "unit": unit}


def test_a_factor_comes_with_the_flow_that_had_none_and_changes_in_its_own_step(made):
    older = made(1, {JANUARY: [cell()]}, [factor("grid@1", "power"), factor("gone@1", "coal")])
    newer = made(2, {JANUARY: [cell()]}, [factor("grid@2", "power"), factor("new@1", "gas")], "AR5")
    found = [
        sorted(factors_at(older, newer, step)[FACTORS]["factor_version_id"]) for step in (1, 3, 5)
    ]
    assert found == [
        ["gone@1", "grid@1", "new@1"], ["gone@1", "grid@2", "new@1"], ["grid@2", "new@1"],
    ]  # fmt: skip
    assert [gwp_set_at(older, newer, step) for step in (2, 3)] == ["AR6", "AR5"]


def test_a_column_may_change_for_another_reason_than_its_table(made):
    old = [{"facility_id": "mill", "grid_region": "CN-EAST", "consolidation_share": "1"}]
    new = [{"facility_id": "mill", "grid_region": "CN-NORTH", "consolidation_share": "0.5"}]
    older = made(1, {JANUARY: [cell()]}, facilities=old)
    newer = made(2, {JANUARY: [cell()]}, facilities=new)
    columns = ["grid_region", "consolidation_share"]
    found = [
        table_at(older, newer, "facilities", step)[columns].values.tolist()[0] for step in (2, 3, 5)
    ]
    assert found == [["CN-EAST", "1"], ["CN-NORTH", "1"], ["CN-NORTH", "0.5"]]
