"""What moves when a cell, a factor or a library changes, compared with sums by hand.

The company is the textbook's: 2 L of fuel and 1 kg CO2 give 10 kWh, 10 kg CO2 give 100 L of fuel,
so a kilowatt-hour carries (1 + 2 × 0.1) / 10 = 0.12 kg.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from orchestration.calculation.factor_comparison import FIGURES, compare_library
from orchestration.calculation.what_if import AssumedChange, WhatIfError, what_if
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake
from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import Warehouse
from tests.built import EXAMPLE, Builder

COMPANY = REPOSITORY / "tests" / "worked_examples" / "heijungs_suh"
LOG = "rounds/2023/erp/process_log.csv"
DEARER = (",kg,1,", ",kg,1.1,")
"""A kilogram of CO2 that counts 1.1 kilograms, in the line of the library."""


@pytest.fixture(scope="module")
def warehouse(built: Builder) -> Path:
    return built("heijungs_suh").warehouse


def cell_of(process: str, flow: str, direction: str) -> str:
    """The cell of the log that holds a quantity, as `lineage` writes it."""
    lines = (COMPANY / LOG).read_text(encoding="utf-8-sig").splitlines()
    wanted = {process, flow, direction}
    (line,) = [number for number, text in enumerate(lines, 1) if wanted <= set(text.split(","))]
    return f"{LOG}#L{line}:Quantity"


def kilowatt_hour(warehouse: Path, change: AssumedChange) -> float:
    """kg CO2 per kWh after the change, cradle to gate."""
    frame = what_if(DataFolder(COMPANY), warehouse, change).set_index(["figure", "period"])
    row = frame.loc["electricity, cradle to gate", "2023"]
    assert row["location_based_before"] == pytest.approx(0.12, rel=1e-12)
    return row["location_based_after"]


def test_a_mass_that_is_taken_and_one_that_is_made_move_the_yield(warehouse):
    took = cell_of("electricity_production", "fuel", "in")
    made = cell_of("electricity_production", "electricity_made", "out")

    assert kilowatt_hour(warehouse, AssumedChange(50.0, cell=took)) == pytest.approx(
        0.13, rel=1e-12
    )
    assert kilowatt_hour(warehouse, AssumedChange(25.0, cell=made)) == pytest.approx(
        0.096, rel=1e-12
    )


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
        (AssumedChange(1.0, cell=f"{LOG}#L99:Quantity"), "no accepted figure was read from there"),
        (AssumedChange(1.0, cell="L2:Quantity"), "write the cell as file#sheet!cell"),
        (AssumedChange(1.0, factor_version_id="nobody"), "no such factor version"),
    ):
        with pytest.raises(WhatIfError, match=words):
            what_if(DataFolder(COMPANY), warehouse, change)


def edited(tmp_path: Path, change: tuple[str, str], name: str = "by_definition") -> Path:
    """The company's library with another figure or unit, as a file of its own."""
    text = (COMPANY / "emission_factors" / "by_definition.csv").read_text(encoding="utf-8")
    assert change[0] in text
    library = tmp_path / f"{name}.csv"
    library.write_text(text.replace(*change), encoding="utf-8")
    return library


def compared(warehouse: Path, library: Path, *options: str) -> tuple[int, str]:
    command = ["factors", "compare", library, "--data", COMPANY, "--warehouse", warehouse, *options]
    result = CliRunner().invoke(app, list(map(str, command)))
    return result.exit_code, result.output + result.stderr


def test_a_new_edition_says_what_it_would_move_and_counts_nowhere(warehouse, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in warehouse.rglob("*") if path.is_file()}
    library = edited(tmp_path, DEARER)
    code, told = compared(warehouse, library)
    assert code == 0, told
    assert "+10.000" in told and "0.132" in told
    assert "by_definition:co2@1 → by_definition:co2@1" in told
    assert {path: path.stat().st_mtime_ns for path in warehouse.rglob("*") if path.is_file()} == (
        before
    )


def test_a_library_that_the_gate_refuses_is_refused_here_too(warehouse, tmp_path):
    code, told = compared(warehouse, edited(tmp_path, (",kg,", ",kilo-ish,"), name="other"))
    assert code == 1
    assert "The gate refuses other" in told and "kilo-ish" in told
    code, told = compared(warehouse, tmp_path / "nowhere.csv")
    assert code == 2 and "no such file" in told


def test_an_edition_without_a_factor_that_is_needed_is_no_improvement(warehouse, tmp_path):
    """An edition that ends before the data does: nothing is to be had for what it leaves out."""
    ends = edited(tmp_path, (",2020-01-01,,", ",2020-01-01,2021-01-01,"))
    code, told = compared(warehouse, ends)
    assert code == 1
    assert "With by_definition factors would be missing:" in told
    assert "co2_emitted: no emission factor for its component direct" in told
    assert "2023-" in told and LOG in told


def test_a_new_library_moves_what_it_is_placed_before(warehouse, tmp_path):
    library = edited(tmp_path, DEARER, name="newer")
    first = compare_library(DataFolder(COMPANY), Lake(warehouse), library)
    assert set(first.versions["versions_after"]) == {"newer:co2@1"}
    assert first.figures["location_based_change_percent"].round(9).eq(10.0).all()
    last = compare_library(DataFolder(COMPANY), Lake(warehouse), library, priority="99")
    assert last.figures.empty and last.versions.empty


def test_what_targets_are_ahead_of_or_behind_may_move_too(built):
    lake = Lake(built(EXAMPLE).warehouse)
    with Warehouse(lake).reading() as connection:
        shown = connection.execute(f"from ({FIGURES}) where kind = 'target'").df()
        stated = connection.execute(
            "from marts.target_path where inventory_year = target_year order by target_id"
        ).df()
    gaps = shown[shown["figure"].str.endswith(", gap to the path")].sort_values("figure")
    assert len(gaps) == len(stated) > 2
    assert gaps["location_based"].fillna(gaps["market_based"]).tolist() == stated["gap"].tolist()
    assert (gaps["location_based"].notna().to_numpy() == (
        stated["basis"].eq("location_based").to_numpy()
    )).all()  # fmt: skip


def test_the_answer_is_that_of_a_whole_calculation(warehouse, monkeypatch):
    change = AssumedChange(7.0, cell=cell_of("electricity_production", "fuel", "in"))
    touched = what_if(DataFolder(COMPANY), warehouse, change)
    monkeypatch.setattr("orchestration.calculation.what_if.is_up_to_date", lambda *_: False)
    whole = what_if(DataFolder(COMPANY), warehouse, change)

    assert len(whole)
    pd.testing.assert_frame_equal(touched, whole, rtol=1e-12)
