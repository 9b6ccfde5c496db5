"""Maps drafted from real files: what is understood, what is left to a person, what is refused."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.company.source_map import MapError, SourceMap
from orchestration.lake.places import REPOSITORY
from orchestration.spreadsheets.workbook import read_workbook
from orchestration.starting.map_differences import differences
from orchestration.starting.map_draft import CannotDraftError, draft_map
from orchestration.starting.new_folder import Answers, from_answers
from orchestration.starting.sheet_shape import SheetShape, shape_of
from tests.bench.drafts import ALLOWED, accuracies

WORKED = REPOSITORY / "tests" / "worked_examples"


def shape(tmp_path: Path, rows, *, formats=(), merge: str | None = None) -> SheetShape | str:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cell, code in formats:
        sheet[cell].number_format = code
    if merge:
        sheet.merge_cells(merge)
    path = tmp_path / "sheet.xlsx"
    book.save(path)
    workbook = read_workbook(path)
    return shape_of(workbook.grid(workbook.sheet_names[0]))


def test_months_down_below_a_title_with_the_unit_in_a_second_line(tmp_path):
    found = shape(
        tmp_path,
        [["能耗月报"], [], ["月份", "用电", "蒸汽", "备注"], [None, "(万千瓦时)", "(GJ)"],
         [date(2021, 1, 1), 96.2, 6223, None], [date(2021, 2, 1), 64.1, 4073, "停机"],
         ["合计", 160.3, 10296]],
        merge="A1:D1",
    )  # fmt: skip
    assert found.layout == "months_down"
    assert found.header_rows == [3, 4]
    assert found.total_rows == ["合计"]
    assert [(c.header, c.unit) for c in found.columns[:2]] == [
        ("用电 (万千瓦时)", "万千瓦时"), ("蒸汽 (GJ)", "GJ"),
    ]  # fmt: skip
    assert found.months == [date(2021, 1, 1), date(2021, 2, 1)]


def test_months_across_with_a_unit_column_and_a_total(tmp_path):
    found = shape(
        tmp_path,
        [["项目", "单位", "1月", "2月", "合计", "备注"], ["天然气", "万Nm3", 1, 2, 3, None],
         ["合计", None, 1, 2, 3, None]],
    )  # fmt: skip
    assert (found.layout, found.item, found.unit, found.total) == (
        "months_across", "项目", "单位", "合计",
    )  # fmt: skip
    assert [(row.label, row.unit) for row in found.rows] == [("天然气", "万Nm3")]


def test_a_date_in_a_title_block_is_no_line_of_months(tmp_path):
    rows = [
        ["Next publication date:", date(2026, 6, 1)],
        [],
        ["Fuel", "kg CO2e"],
        ["Butane", 3033.4],
    ]
    assert shape(tmp_path, rows) == "no line of headers stands above its first month"


def test_records_of_days_written_the_american_way(tmp_path):
    found = shape(
        tmp_path, [["Date", "Gas", "kg"], ["10/17/2024", "R32", 1], ["1/2/2024", "R32", 2]]
    )
    assert (found.layout, found.date_format) == ("records", "%m/%d/%Y")


def test_days_that_could_be_read_two_ways_are_asked(tmp_path):
    found = shape(tmp_path, [["Date", "Gas", "kg"], ["3/4/2024", "R32", 1], ["1/2/2024", "R32", 2]])
    assert found.date_format == "TODO"


def test_the_unit_of_a_number_format_is_taken_where_the_header_has_none(tmp_path):
    rows = [["Month", "Gas"], [date(2021, 1, 1), 5], [date(2021, 2, 1), 6]]
    code = '0.0" MWh"'
    found = shape(tmp_path, rows, formats=[("B2", code), ("B3", code)])
    assert found.columns[0].unit == "MWh"


def test_a_format_that_contradicts_its_header_leaves_the_unit_open(tmp_path):
    rows = [["Month", "Gas (kWh)"], [date(2021, 1, 1), 5], [date(2021, 2, 1), 6]]
    code = '0.0" MWh"'
    found = shape(tmp_path, rows, formats=[("B2", code), ("B3", code)])
    assert "MWh" in found.columns[0].unit_problem


def test_a_unit_that_means_two_things_is_left_open(tmp_path):
    found = shape(tmp_path, [["Month", "Waste (ton)"], ["2021-01", 5], ["2021-02", 6]])
    assert found.columns[0].unit is None
    assert "ton" in found.columns[0].unit_problem


@pytest.fixture
def waterworks(tmp_path) -> Path:
    """The smallest company, without its map."""
    folder = tmp_path / "waterworks"
    shutil.copytree(WORKED / "cn_grid_average", folder)
    (folder / "maps" / "erp_electricity_bills.yml").unlink()
    return folder


BILLS = Path("rounds/2024-01/erp/electricity_bills.csv")


def test_a_draft_of_bills_reads_what_the_map_in_force_read(waterworks):
    draft = draft_map(DataFolder(waterworks), [waterworks / BILLS])
    assert draft.open_count == 0
    (sheet,) = draft.sheets
    assert sheet.keys["facility"] == {"column": "Site", "lookup": {"PS-1": "pump_station"}}
    assert [(i.keys["flow"], i.keys["direction"], i.keys["unit"]) for i in sheet.items] == [
        ("electricity", "input", {"column": "Unit"}),
        ("lifted_water", "output", "m3"),
    ]
    path = waterworks / "maps" / "erp_electricity_bills.yml"
    path.write_text(draft.text, encoding="utf-8")
    assert SourceMap.load(path).source == "erp_electricity_bills"


def test_the_command_writes_a_draft_and_judges_the_file_by_it(waterworks):
    ended = CliRunner().invoke(app, ["map", str(waterworks / BILLS), "--data", str(waterworks)])
    assert ended.exit_code == 0, ended.output
    assert "It would be accepted." in ended.output
    draft = waterworks / "maps" / "drafts" / "erp_electricity_bills.yml"
    assert yaml.safe_load(draft.read_text(encoding="utf-8"))["source"] == "erp_electricity_bills"
    assert DataFolder(waterworks).maps == {}


def test_a_map_with_a_todo_is_refused_by_line(waterworks):
    path = waterworks / "maps" / "erp_bills.yml"
    path.write_text(
        "source: erp_bills\nkind: erp\nlayouts:\n  - sheets:\n      - layout: records\n"
        "        period: Month\n        readings:\n"
        "          # candidates: electricity 0.40\n"
        "          - {flow: TODO, process: p, direction: input, quantity: Energy, unit: kWh}\n",
        encoding="utf-8",
    )
    with pytest.raises(MapError, match=r"maps/erp_bills.yml line 9: flow is TODO"):
        SourceMap.load(path)


def test_what_no_name_of_the_company_fits_is_left_open_with_candidates(waterworks):
    export = waterworks / "steam.csv"
    export.write_text("Site,Month,Steam (GJ)\nPS-1,2023-01,5\nPS-1,2023-02,6\n", encoding="utf-8")
    draft = draft_map(DataFolder(waterworks), [export])
    assert draft.sheets[0].items[0].keys["flow"] == "TODO"
    assert draft.decided() is None


def test_records_of_several_kinds_ask_which_of_them_take_others_back():
    folder = WORKED / "cn_boiler_house"
    data = DataFolder(folder)
    draft = draft_map(data, [folder / "rounds/2023-04/erp/coal_receipts.csv"])
    assert draft.sheets[0].keys["reversals"] == {"when": {"移动类型": ["TODO"]}}


def test_a_bill_in_two_columns_of_days_is_split_and_its_money_is_passed_over(waterworks):
    export = waterworks / "bills.csv"
    rows = ["Invoice no.,From,To,Electricity (kWh),Amount GBP"]
    rows += ["1,2023-01-06,2023-02-05,310,80", "2,2023-02-06,2023-03-05,280,75"]
    export.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (sheet,) = draft_map(DataFolder(waterworks), [export]).sheets
    assert sheet.keys["span"] == {"from": "From", "to": "To", "to_counts": "true"}
    assert sheet.keys["ignored"] == ["Amount GBP"]
    assert [item.keys["flow"] for item in sheet.items] == ["electricity"]
    assert any("Amount GBP" in comment for comment in sheet.comments)


def test_of_two_columns_of_figures_beside_one_of_units_a_person_chooses(waterworks):
    export = waterworks / "log.csv"
    rows = ["Month,What,Paid,Used,Unit", "2023-01,Purchased electricity,80,310,kWh"]
    rows += ["2023-02,Purchased electricity,75,280,kWh"]
    export.write_text("\n".join(rows) + "\n", encoding="utf-8")
    draft = draft_map(DataFolder(waterworks), [export])
    assert draft.sheets[0].items[0].keys["quantity"] == "TODO"
    export.write_text(export.read_text("utf-8").replace("Used", "Quantity"), encoding="utf-8")
    draft = draft_map(DataFolder(waterworks), [export])
    assert draft.sheets[0].items[0].keys["quantity"] == "Quantity"


def test_an_amount_beside_a_quantity_is_not_drafted_as_one_too(waterworks):
    export = waterworks / "electricity.csv"
    rows = ["Month,Quantity,Unit,Paid", "2023-01,310,kWh,80", "2023-02,280,kWh,75"]
    export.write_text("\n".join(rows) + "\n", encoding="utf-8")
    quantity, paid = draft_map(DataFolder(waterworks), [export]).sheets[0].items
    assert quantity.open_keys == []
    assert {"flow", "unit"} <= set(paid.open_keys)


def test_twelve_files_of_one_kind_make_one_map(waterworks):
    text = (waterworks / BILLS).read_text(encoding="utf-8")
    one, other = waterworks / "a.csv", waterworks / "b.csv"
    one.write_text(text, encoding="utf-8")
    other.write_text(text.replace("PS-1", "PS-2"), encoding="utf-8")
    draft = draft_map(DataFolder(waterworks), [one, other], source="erp_electricity_bills")
    assert set(draft.sheets[0].keys["facility"]["lookup"]) == {"PS-1", "PS-2"}


def test_update_names_what_differs_from_the_map_in_force(tmp_path):
    folder = WORKED / "cn_grid_average"
    changed = tmp_path / "electricity_bills.csv"
    text = (folder / BILLS).read_text(encoding="utf-8")
    changed.write_text(
        text.replace("Bill no.", "Bill number").replace("PS-1", "PS-9"), encoding="utf-8"
    )
    data = DataFolder(folder)
    draft = draft_map(data, [changed])
    said = {one.what for one in differences(draft, data.maps["erp_electricity_bills"])}
    assert said == {
        "Bill number: the map doesn't know it",
        "Bill no.: the map names it, the files lack it",
        "Site: the map doesn't know PS-9",
    }
    same = draft_map(data, [folder / BILLS])
    assert differences(same, data.maps["erp_electricity_bills"]) == []


@pytest.fixture
def two_sites(tmp_path) -> Path:
    """A company of two sites that buys gas by gross calorific value."""
    gas = {"name": "Natural gas", "unit": "kWh (Gross CV)", "kind": "fuel_stationary"}
    power = {"name": "Electricity", "unit": "kWh", "kind": "electricity"}
    bread = [{"name": "Bread", "unit": "kg"}]
    sites = [
        {"name": "Mill Lane", "stages": [{"name": "Bakery", "buys": [gas, power], "makes": bread}]},
        {"name": "High Street", "stages": [{"name": "Shop", "buys": [gas, power]}]},
    ]
    answers = {"name": "Crumb", "country": "GB", "year": 2024, "sites": sites}
    return from_answers(tmp_path / "crumb", Answers.model_validate(answers)).folder


def save(path: Path, sheets: dict[str, list[list]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def months(*headers: str) -> list[list]:
    return [["Month", *headers], *([date(2024, m, 1), *[7 * m] * len(headers)] for m in (1, 2, 3))]


def test_a_workbook_with_a_sheet_a_site_is_drafted_as_an_export_without_its_year(
    two_sites, tmp_path
):
    sheets = {"Mill Lane bakery": months("Electricity (kWh)"),
              "High Street shop": months("Electricity (kWh)")}  # fmt: skip
    draft = draft_map(DataFolder(two_sites), [save(tmp_path / "energy 2024.xlsx", sheets)])
    assert draft.source == "erp_energy"
    assert [sheet.keys["facility"] for sheet in draft.sheets] == ["mill_lane", "high_street"]
    processes = [item.keys["process"] for sheet in draft.sheets for item in sheet.items]
    assert processes == ["{facility}_bakery", "{facility}_shop"]
    assert draft.open_count == 0


def test_a_bill_says_its_site_in_its_name(two_sites, tmp_path):
    bill = tmp_path / "electricity bill High Street 2024-03.csv"
    bill.write_text("Month,Electricity (kWh)\n2024-01,310\n2024-02,280\n", encoding="utf-8")
    draft = draft_map(DataFolder(two_sites), [bill])
    assert draft.source == "erp_electricity_bill"
    assert draft.sheets[0].keys["facility"] == "high_street"
    assert draft.open_count == 0


def test_a_workbook_of_no_stage_is_the_site_s_where_its_flows_are_read(two_sites, tmp_path):
    path = save(tmp_path / "production 2024.xlsx", {"Production": months("Bread (kg)")})
    draft = draft_map(DataFolder(two_sites), [path])
    assert (draft.source, draft.subject.facility) == ("stage_production", "mill_lane")
    assert draft.sheets[0].items[0].keys["process"] == "{facility}_bakery"


def test_energy_of_a_fuel_without_a_calorific_basis_is_asked(two_sites, tmp_path):
    path = save(tmp_path / "gas.xlsx", {"Gas": months("Natural gas (kWh)")})
    (item,) = draft_map(DataFolder(two_sites), [path], facility="mill_lane").sheets[0].items
    assert item.keys["flow"] == "natural_gas"
    assert item.open_keys == ["unit"]
    assert any("kWh (Gross CV) or kWh (Net CV)?" in comment for comment in item.comments)


def test_update_knows_a_header_under_a_new_name_by_the_map_in_force(tmp_path):
    folder = REPOSITORY / "raw_data"
    path = tmp_path / "sorting_washing.xlsx"
    template = openpyxl.load_workbook(folder / "rounds/2022-04/suzhou_staple/sorting_washing.xlsx")
    material, energy = template["物料 Material"], template["能耗 Energy"]
    material.insert_rows(3)
    material["E6"] = "铁丝 Metal (kg)"
    material["Z6"] = "瓶盖 Caps (t)"
    for line in range(7, 19):
        material[f"Z{line}"] = 1.5
    energy["B4"] = "(万千瓦时)"
    template.save(path)
    data = DataFolder(folder)
    draft = draft_map(data, [path], source="stage_sorting_washing", facility="suzhou_staple")
    found = {one.what: one.lines for one in differences(draft, data.maps[draft.source])}
    assert set(found) == {
        "its headers stand in line 6, the map says 5",
        "瓶盖 Caps (t): the map doesn't know it",
        "铁丝 Metal (kg): most likely 铁丝 Metal (t), which the files lack",
        "分拣用电 (万千瓦时): most likely 分拣用电 (kWh), which the files lack",
    }
    metal = found["铁丝 Metal (kg): most likely 铁丝 Metal (t), which the files lack"][-1]
    assert 'process: "{facility}_sorting"' in metal
    assert "unit: kg" in metal


def test_a_file_without_months_says_what_is_missing(waterworks):
    export = waterworks / "list.csv"
    export.write_text("Name,Number\na,1\nb,2\n", encoding="utf-8")
    with pytest.raises(CannotDraftError, match="no column of months or days"):
        draft_map(DataFolder(waterworks), [export])


def test_nine_in_ten_drafted_cells_are_right_and_no_unit_is_wrong():
    found = accuracies()
    for parts in ([one.whole for one in found], [one.but_process for one in found]):
        decided, right = sum(one.decided for one in parts), sum(one.right for one in parts)
        assert decided > 700
        assert right / decided >= 1 - ALLOWED
        assert sum(one.wrong_unit for one in parts) == 0
