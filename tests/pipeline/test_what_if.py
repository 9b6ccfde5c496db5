"""What moves when one cell or factor changes: calculated again, compared with sums by hand.

The company is the textbook's: 2 L of fuel and 1 kg CO2 give 10 kWh, 10 kg CO2 give 100 L of fuel,
so a kilowatt-hour carries (1 + 2 × 0.1) / 10 = 0.12 kg.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.calculation.what_if import Change, WhatIfError, what_if
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.lake.places import REPOSITORY

COMPANY = REPOSITORY / "tests" / "worked_examples" / "heijungs_suh"
LOG = "rounds/2023/erp/process_log.csv"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("what_if") / "warehouse"
    command = ["run", "--data", str(COMPANY), "--warehouse", str(path)]
    built = CliRunner().invoke(app, command)
    assert built.exit_code == 0, built.output
    return path


def cell_of(process: str, flow: str, direction: str) -> str:
    """The cell of the log that holds a quantity, as `lineage` writes it."""
    lines = (COMPANY / LOG).read_text(encoding="utf-8-sig").splitlines()
    wanted = {process, flow, direction}
    (line,) = [number for number, text in enumerate(lines, 1) if wanted <= set(text.split(","))]
    return f"{LOG}#L{line}:Quantity"


def kilowatt_hour(warehouse: Path, change: Change) -> float:
    """kg CO2 per kWh after the change, cradle to gate."""
    frame = what_if(DataFolder(COMPANY), warehouse, change).set_index(["figure", "period"])
    row = frame.loc["electricity, cradle to gate", "2023"]
    assert row["location_based_before"] == pytest.approx(0.12, rel=1e-12)
    return row["location_based_after"]


def test_a_mass_that_is_taken_and_one_that_is_made_move_the_yield(warehouse):
    took = cell_of("electricity_production", "fuel", "in")
    made = cell_of("electricity_production", "electricity_made", "out")

    assert kilowatt_hour(warehouse, Change(50.0, cell=took)) == pytest.approx(0.13, rel=1e-12)
    assert kilowatt_hour(warehouse, Change(25.0, cell=made)) == pytest.approx(0.096, rel=1e-12)


def test_a_factor_moves_all_that_it_is_in_and_the_command_shows_it(warehouse):
    change = ["--factor", "by_definition:co2@1", "--percent", "10"]
    asked = CliRunner().invoke(
        app, ["what-if", "--data", str(COMPANY), "--warehouse", str(warehouse), *change]
    )

    assert asked.exit_code == 0, asked.output
    assert "+10.0000" in asked.output
    assert "0.132" in asked.output


def test_what_nobody_counts_is_named(warehouse):
    for change, words in (
        (Change(1.0, cell=f"{LOG}#L99:Quantity"), "no accepted figure was read from there"),
        (Change(1.0, cell="L2:Quantity"), "write the cell as file#sheet!cell"),
        (Change(1.0, factor_version_id="nobody"), "no such factor version"),
    ):
        with pytest.raises(WhatIfError, match=words):
            what_if(DataFolder(COMPANY), warehouse, change)
