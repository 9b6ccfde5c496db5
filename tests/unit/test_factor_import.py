"""Published factor tables: kept whole, proposed by name, accepted, compared by edition."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expectations.factor_rows import COLUMNS
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.lake.places import REPOSITORY
from orchestration.starting.factor_import import import_table
from orchestration.starting.factor_table import CannotImportError, load_table, read_table

HEADER = (
    "ID,Scope,Level 1,Level 2,Level 3,Level 4,Column Text,UOM,GHG/Unit,GHG Conversion Factor 2025\n"
)
BUTANE = "Scope 1,Fuels,Gaseous fuels,Butane,,,tonnes"
GRID = "Scope 2,UK electricity,Electricity generated,Electricity: UK,,2025,kWh"


def flat_file(folder: Path, grid: str = "0.177") -> Path:
    """The flat file's form, with a few of its rows."""
    path = folder / "flat.csv"
    path.write_text(
        HEADER
        + f"1_1,{BUTANE},kg CO2e,3033.38\n1_2,{BUTANE},kg CO2e of CO2 per unit,3029.26\n"
        + f"1_3,{BUTANE},kg CO2e of CH4 per unit,2.52\n1_4,{BUTANE},kg CO2e of N2O per unit,1.59\n"
        + f"2_1,{GRID},kg CO2e,{grid}\n"
        + "3_1,Scope 1,Passenger vehicles,Cars,Small,,Petrol,km,kg CO2e,0.14\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def cabinet_maker(tmp_path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(REPOSITORY / "tests" / "worked_examples" / "uk_cabinet_maker", folder)
    return folder


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accept(path: Path, flow: str) -> None:
    text = path.read_text(encoding="utf-8").replace(f"\n,{flow},", f"\nyes,{flow},", 1)
    path.write_text(text, encoding="utf-8")


def test_a_long_table_gives_each_factor_its_gases_and_cells(tmp_path):
    read = read_table(flat_file(tmp_path))
    butane = next(one for one in read.factors.values() if "Butane" in one.name)
    assert butane.figures["kg_co2e"] == pytest.approx(3033.38)
    assert butane.figures["kg_co2_fossil"] == pytest.approx(3029.26)
    assert butane.figures["kg_ch4_fossil"] == pytest.approx(2.52 / 28)
    assert butane.figures["kg_n2o"] == pytest.approx(1.59 / 265)
    assert (butane.unit, butane.boundary, butane.geography) == ("t", "direct", "GB")
    assert butane.locators[0] == "L2:GHG Conversion Factor 2025 (ID 1_1)"
    assert (read.library, read.edition) == ("desnz_2025", "2025")
    assert sum(read.left_out.values()) == 1


def test_what_is_accepted_becomes_a_library_that_waits(cabinet_maker, tmp_path):
    table = flat_file(tmp_path)
    command = ["factors", "import", str(table), "--data", str(cabinet_maker)]
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 1, ended.output
    proposals = cabinet_maker / "emission_factors" / "imports" / "desnz_2025_flows.csv"
    assert {(row["flow_id"], row["component"]) for row in lines(proposals)} >= {
        ("grid_power", "generation")
    }
    accept(proposals, "grid_power")
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 0, ended.output
    (factor,) = lines(cabinet_maker / "emission_factors" / "candidates" / "desnz_2025.csv")
    assert set(COLUMNS) <= set(factor)
    assert (factor["kg_co2e"], factor["unit"], factor["gwp_set"]) == ("0.177", "kWh", "AR5")
    assert hashlib.sha256(table.read_bytes()).hexdigest() in factor["source_locator"]
    (source,) = lines(cabinet_maker / "emission_factors" / "candidates" / "sources.csv")
    assert source["licence"] == "Open Government Licence v3.0"
    assert next(row for row in lines(proposals) if row["flow_id"] == "grid_power")["accepted"]


def test_a_new_edition_shows_its_differences(cabinet_maker, tmp_path):
    data = DataFolder(cabinet_maker)
    assert import_table(data, read_table(flat_file(tmp_path))).changes == ()
    (change,) = import_table(data, read_table(flat_file(tmp_path, grid="0.16"))).changes
    assert (change.column, change.before, change.after) == ("kg_co2e", "0.177", "0.16")


def test_any_table_is_read_by_a_small_map(tmp_path):
    published = tmp_path / "grid.csv"
    published.write_text("Region;g/kWh\nNorth;400\nSouth;512,5\n", encoding="utf-8")
    columns = tmp_path / "grid.yml"
    columns.write_text(
        "library: regions\npublisher: Grid\ntitle: Grid factors\nlicence: CC BY 4.0\n"
        "edition: '1'\nyear: '2024'\nunit: kWh\nboundary: generation\n"
        "geography: {column: Region, lookup: {North: XX-N, South: XX-S}}\n"
        "key: [Region]\nname: [Region]\ndecimal: ','\n"
        "values: {g/kWh: {into: kg_co2_fossil, per: 1000}}\n",
        encoding="utf-8",
    )
    read = read_table(published, load_table(columns))
    assert {one.geography: one.figures for one in read.factors.values()} == {
        "XX-N": {"kg_co2_fossil": 0.4},
        "XX-S": {"kg_co2_fossil": 0.5125},
    }


def test_a_key_that_two_figures_have_is_refused(tmp_path):
    table = flat_file(tmp_path)
    table.write_text(table.read_text("utf-8") + f"2_9,{GRID},kg CO2e,0.2\n", encoding="utf-8")
    with pytest.raises(CannotImportError, match="a second time"):
        read_table(table)


def test_headers_of_no_known_table_ask_for_a_map(tmp_path):
    unknown = tmp_path / "unknown.csv"
    unknown.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CannotImportError, match="--table"):
        read_table(unknown)
