"""Published factor tables: kept whole, proposed by name, accepted, compared by edition."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from expectations.factor_rows import COLUMNS
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.company.units import parse
from orchestration.lake.places import REPOSITORY
from orchestration.starting.factor_import import import_table
from orchestration.starting.factor_table import (
    CannotImportError,
    known_tables,
    load_table,
    read_table,
    read_tables,
)
from orchestration.starting.new_folder import wrong_kind

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


def test_another_edition_is_compared_with_the_newest_imported_before(cabinet_maker, tmp_path):
    data = DataFolder(cabinet_maker)
    older = flat_file(tmp_path)
    older.write_text(older.read_text("utf-8").replace("Factor 2025", "Factor 2024"), "utf-8")
    import_table(data, read_table(older))
    newer = import_table(data, read_table(flat_file(tmp_path, grid="0.16")))
    assert newer.compared_with == "desnz_2024"
    assert [(one.before, one.after) for one in newer.changes] == [("0.177", "0.16")]


def book(path: Path, **sheets: list[list]) -> Path:
    written = openpyxl.Workbook()
    written.remove(written.active)
    for name, rows in sheets.items():
        sheet = written.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    written.save(path)
    return path


def test_the_flat_file_as_a_workbook_has_its_headers_below_a_title(tmp_path):
    rows = [line.split(",") for line in flat_file(tmp_path).read_text("utf-8").splitlines()]
    rows[1:] = [[*row[:-1], float(row[-1])] for row in rows[1:]]
    title = [["UK Government GHG Conversion Factors"], [], [None, None, "Category"]]
    path = book(tmp_path / "flat.xlsx", Front_page=[["Version:", "1.1"]], Factors=title + rows)
    read = read_table(path)
    butane = next(one for one in read.factors.values() if "Butane" in one.name)
    assert butane.locators[0] == "Factors!J5 (ID 1_1)"
    assert butane.figures["kg_ch4_fossil"] == pytest.approx(2.52 / 28)


HEADS = ["kg CO2e", "kg CO2e of CO2 per unit", "kg CO2e of CH4 per unit", "kg CO2e of N2O per unit"]


def condensed_set(path: Path) -> Path:
    """The form of the condensed set: a sheet a source, blocks, merged first columns."""
    named = [["Factor set:", "Condensed set"], ["Version:", "1.0", "Year:", 2025], []]
    fuels = [
        ["Activity", "Fuel", "Unit", *HEADS],
        ["Gaseous fuels", "Butane", "tonnes", 3033.38, 3029.26, 2.52, 1.6],
        [None, None, "kWh (Net CV)", 0.24107, 0.24074, 0.0002, 0.00012],
        [None, "CNG", "litres", None, None, None, None],
        [None, None, "kWh (Net CV)", 0.2027, 0.20229, 0.00031, 0.0001],
    ]
    bio = [["Activity", "Fuel", "Unit", *HEADS], ["Biomass", "Logs", "tonnes", 47, None, 40.6, 6.4]]
    waste = [
        [None, None, None, "Open-loop", "Landfill"],
        ["Activity", "Waste type", "Unit", "kg CO2e", "kg CO2e"],
        ["Refuse", "Books", "tonnes", 4.7, 1164.5],
        ["FAQs"], ["Why is landfill 3 and not", "x", "tonnes", 9, 9],
    ]  # fmt: skip
    return book(
        path, Fuels=named + fuels, Bioenergy=named + bio, Waste_disposal=named + waste,
        Homeworking=named + [["Activity", "Unit", "kg CO2e"], ["Office", "kWh", 0.3]],
    )  # fmt: skip


def test_the_condensed_set_gives_each_block_its_merged_names_groups_and_cells(tmp_path):
    read = read_table(condensed_set(tmp_path / "condensed.xlsx"))
    assert (read.library, read.edition) == ("desnz_condensed_2025", "2025")
    found = {(one.name, one.unit): one for one in read.factors.values()}
    cng = found["Fuels | Gaseous fuels | CNG", "kWh (Net CV)"]
    assert cng.figures["kg_co2_fossil"] == 0.20229
    assert cng.locators[0] == "Fuels!D8"
    assert ("Fuels | Gaseous fuels | Butane", "kWh (Net CV)") in found
    logs = found["Bioenergy | Biomass | Logs", "t"]
    assert logs.figures["kg_ch4_biogenic"] == pytest.approx(40.6 / 28)
    assert "kg_ch4_fossil" not in logs.figures
    landfill = found["Waste disposal | Refuse | Books | Landfill", "t"]
    assert (landfill.figures, landfill.boundary) == ({"kg_co2e": 1164.5}, "upstream")
    assert len(found) == 6
    assert sum(read.left_out.values()) == 1  # homeworking, of which the map says no boundary


def epa_hub(path: Path) -> Path:
    """The form of the hub: tables below each other, units below headers, sections, footnotes."""
    per = ["per mmBtu", "per short ton"]
    units = [f"{gas} {one}" for one in per for gas in ("kg CO2", "g CH4", "g N2O")]
    gallon = [one.replace("short ton", "gallon") for one in units]
    three = ["CO2 Factor", "CH4 Factor", "N2O Factor"]
    lb = ["(lb CO2 / MWh)", "(lb CH4 / MWh)", "(lb N2O / MWh)"]
    unit = [
        "CO2 Factor \n(kg CO2 / unit)",
        "CH4 Factor \n(g CH4 / unit)",
        "N2O Factor \n(g N2O / unit)",
    ]
    steam = ["CO2 Factor \n(kg CO2 / mmBtu)", "CH4 Factor \n(g CH4 / mmBtu) ",
             "N2O Factor \n(g N2O / mmBtu) "]  # fmt: skip
    rows = [
        ["Emission Factors for Greenhouse Gas Inventories"],
        [None, "Last Modified: January 15, 2025"],
        ["Table 1", "Stationary Combustion"],
        [None, "Fuel Type", "Heat Content (HHV)", *three, *three],
        [None, None, "mmBtu per short ton", *units],
        [None, "Coal and Coke"], [None, "Anthracite", 25.09, 103.69, 11, 1.6, 2602, 276, 40],
        [None, None, "mmBtu per gallon", *gallon],
        [None, "Biomass Fuels - Liquid"],
        [None, "Ethanol", 0.084, 68.44, 1.1, 0.11, 5.75, 0.125, 0.01],
        [None, "Source:"], [None, "Ethanol", 1, 2, 3, 4, 5, 6, 7],
        ["Table 6", "Electricity"],
        [None, None, None, "Total Output Emission Factors", None, None, "Non-Baseload"],
        [None, "eGRID Subregion Acronym", "eGRID Subregion Name", *three, *three],
        [None, None, None, *lb, *lb],
        [None, "AKGD", "ASCC Alaska Grid", 899.003, 0.086, 0.012, 1077.11, 0.116, 0.016],
        [None, "Notes:"],
        ["Table 7", "Steam and Heat"], [None, None, *steam],
        [None, "Steam and Heat", 66.33, 1.25, 0.125], [None, "Notes:"],
        ["Table 8", "Scope 3 Category 4"], [None, "Vehicle Type", *unit, "Units"],
        [None, "Rail", 0.021, 0.0016, 0.0005, "short ton-mile"], [None, "Source: x"],
        ["Table 9", "Scope 3 Category 5"], [None, None, "Metric Tons CO2e / Short Ton Material"],
        [None, "Material", "RecycledA", "LandfilledB", "Anaerobically Digested (Dry x)F"],
        [None, "PET", 0.23, 0.02, "NA"], [None, "Source: x"],
        ["Table 10", "Scope 3 Category 6"], [None, "Vehicle Type", *unit, "Units"],
        [None, "Bus", 0.066, 0.0046, 0.0019, "passenger-mile"], [None, "Source: x"],
    ]  # fmt: skip
    return book(path, Emission_Factors_Hub=rows)


def test_each_table_of_the_epa_hub_becomes_a_library_of_its_own(tmp_path):
    path = epa_hub(tmp_path / "hub.xlsx")
    with pytest.raises(CannotImportError, match="several tables"):
        read_table(path)
    read = {one.library.removeprefix("epa_hub_2025_"): one for one in read_tables(path)}
    assert set(read) == {"stationary", "electricity", "steam", "freight", "waste", "travel"}
    fuels = {(one.name, one.unit): one.figures for one in read["stationary"].factors.values()}
    assert fuels == {
        ("Coal and Coke | Anthracite", "mmBtu (Gross CV)"): {
            "kg_co2_fossil": 103.69, "kg_ch4_fossil": 0.011, "kg_n2o": 0.0016},
        ("Coal and Coke | Anthracite", "short_ton"): {
            "kg_co2_fossil": 2602, "kg_ch4_fossil": 0.276, "kg_n2o": 0.04},
        ("Biomass Fuels - Liquid | Ethanol", "mmBtu (Gross CV)"): {
            "kg_co2_biogenic": 68.44, "kg_ch4_biogenic": 0.0011, "kg_n2o": 0.00011},
        ("Biomass Fuels - Liquid | Ethanol", "gallon"): {
            "kg_co2_biogenic": 5.75, "kg_ch4_biogenic": 0.000125, "kg_n2o": 0.00001},
    }  # fmt: skip
    (alaska,) = read["electricity"].factors.values()
    assert alaska.figures["kg_co2_fossil"] == pytest.approx(899.003 * 0.45359237)
    assert {one.name: one.figures["kg_co2e"] for one in read["waste"].factors.values()} == {
        "PET | Recycled": 230, "PET | Landfilled": 20,
    }  # fmt: skip
    (rail,) = read["freight"].factors.values()
    assert (rail.unit, rail.figures["kg_n2o"]) == ("short_ton*mile", pytest.approx(5e-7))


BASE_CARBONE = (
    "Type Ligne;Identifiant de l'élément;Type de l'élément;Statut de l'élément;Nom base français;"
    "Nom attribut français;Nom frontière français;Code de la catégorie;Unité français;"
    "Localisation géographique;Date de modification;Type poste;Nom poste français;"
    "Total poste non décomposé;CO2f;CO2b\n"
)
GAZ = "Gaz naturel;;;Combustibles > Fossiles > Gazeux;kgCO2e/kWh PCI;France continentale;03/07/2025"
FE = "Facteur d'émission;Valide générique"


def test_base_carbone_is_read_as_it_is_published_each_part_at_its_boundary(tmp_path):
    published = tmp_path / "Base_Carbone_V23.6.csv"
    lines_of_file = [
        f"Elément;15;{FE};{GAZ};;;0,243;0,2;0",
        f"Poste;15;{FE};{GAZ};Combustion;;0,205;0,2;0",
        f"Poste;15;{FE};{GAZ};Amont;;0,038;0,02;0",
        f"Poste;16;Facteur d'émission;Archivé;{GAZ};Amont;;0,04;0,02;0",
        f"Elément;17;{FE};Blé tendre;;Sortie de ferme;Achats de biens > Produits;kgCO2e/kg;"
        "France continentale;01/02/2020;;;0,4;0;0",
        f"Elément;18;{FE};Blé;;;Achats de biens > Produits;kgCO2e/kg;Europe;01/02/2020;;;0,4;0;0",
    ]
    published.write_bytes((BASE_CARBONE + "\n".join(lines_of_file) + "\n").encode("cp1252"))
    read = read_table(published)
    assert (read.library, read.edition, read.year) == ("base_carbone_2025", "V23.6", "2025")
    assert {(one.name, one.boundary, one.unit): one.figures for one in read.factors.values()} == {
        ("Gaz naturel", "direct", "kWh (Net CV)"): {"kg_co2e": 0.205},
        ("Gaz naturel", "upstream", "kWh (Net CV)"): {"kg_co2e": 0.038},
        ("Blé tendre | Sortie de ferme", "upstream", "kg"): {"kg_co2e": 0.4},
    }
    assert sum(read.left_out.values()) == 3
    renamed = published.rename(tmp_path / "export.csv")
    with pytest.raises(CannotImportError, match="says its edition"):
        read_table(renamed)


@pytest.mark.parametrize(("name", "table"), known_tables().items())
def test_a_known_table_names_units_boundaries_and_kinds_that_exist(name, table):
    if isinstance(table.unit, str):
        units = [table.unit]
    else:
        units = list((table.unit.lookup or {}).values())
    for unit in units:
        parse(unit)
    several = table.boundary if isinstance(table.boundary, list) else [table.boundary]
    stated = [[one] if isinstance(one, str) else (one.lookup or {}).values() for one in several]
    boundaries = {boundary for found in stated for boundary in found}
    assert boundaries <= {"direct", "generation", "upstream", "losses"}
    kinds = {
        kind for found in (table.kinds.lookup if table.kinds else {}).values() for kind in found
    }
    assert [kind for kind in sorted(kinds) if wrong_kind(kind)] == []


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
