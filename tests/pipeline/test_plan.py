"""`carbonloom plan` and `carbonloom scenario` over the example, as a manager asks them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.commands.cli import app
from tests.built import Builder, Built
from tests.conftest import write_csv

CHOSEN = "sz_spinning_air_drives"


@pytest.fixture
def example(built: Builder) -> Built:
    """The example company after its rounds, to be read only."""
    return built("example")


def asked(example: Built, *words: str | Path) -> tuple[int, str]:
    places = ["--warehouse", example.warehouse]
    if words[0] == "scenario":
        places += ["--data", example.data]
    result = CliRunner().invoke(app, [*map(str, words), *map(str, places)])
    return result.exit_code, " ".join((result.output + result.stderr).split())


def lines(example: Built, table: str) -> list[dict[str, str]]:
    """The lines of one initiative in a table of the company."""
    with (example.data / "company" / f"{table}.csv").open(encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["initiative_id"] == CHOSEN]


def scenario(example: Built, folder: Path, **changed: str) -> Path:
    """One initiative of the company as a folder of its own, with other values in its changes."""
    initiatives = lines(example, "initiatives")
    changes = [row | changed for row in lines(example, "initiative_changes")]
    assert initiatives and changes
    folder.mkdir()
    write_csv(folder / "initiatives.csv", initiatives, initiatives[0])
    write_csv(folder / "initiative_changes.csv", changes, changes[0])
    return folder


def test_a_plan_reaches_what_can_be_reached_and_says_so_where_it_can_not(example: Built):
    code, told = asked(example, "plan", "--reach", "8000")
    assert code == 0, told
    assert "Rooftop" in told or "nb_rooftop_pv" in told
    code, told = asked(example, "plan", "--reach", "99999999")
    assert code == 1, told


def test_a_scenario_is_calculated_and_leaves_the_warehouse_as_it_was(
    example: Built, tmp_path: Path
):
    before = {
        path: path.stat().st_mtime_ns for path in example.warehouse.rglob("*") if path.is_file()
    }
    code, told = asked(example, "scenario", scenario(example, tmp_path / "alone"))
    assert code == 0, told
    assert CHOSEN in told or "Variable speed drives" in told
    after = {
        path: path.stat().st_mtime_ns for path in example.warehouse.rglob("*") if path.is_file()
    }
    assert after == before


def test_a_scenario_that_contradicts_the_company_is_refused_by_line(example: Built, tmp_path: Path):
    folder = scenario(example, tmp_path / "wrong", process_id="nowhere")
    code, told = asked(example, "scenario", folder)
    assert code == 1, told
    assert "initiative_changes.csv line 2" in told and "nowhere" in told
