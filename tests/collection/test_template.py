"""What a template offers whoever fills it in, and what the reader knows it by."""

from __future__ import annotations

import shutil
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from orchestration.collection.template.cells import width_of
from orchestration.collection.template.issuing import (
    TemplateError,
    emission_shares,
    expected_workbooks,
    issue_templates,
    plan_template,
)
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.ingest.mapping import read_hand_in
from orchestration.ingest.template_marks import LAST_PERIOD_SHEET, LISTS_SHEET, META_SHEET

EXAMPLE = Path(__file__).parents[2] / "raw_data"


@pytest.fixture(scope="module")
def example() -> DataFolder:
    return DataFolder(EXAMPLE)


@pytest.fixture(scope="module")
def book_of(example, tmp_path_factory):
    """A template of the monthly round 2022-05, opened."""
    out = tmp_path_factory.mktemp("templates")

    def opened(facility: str, stage: str, round_name: str = "2022-05"):
        folder = out / round_name
        issue_templates(example, example.round(round_name), folder, facility=facility, stage=stage)
        return load_workbook(folder / facility / f"{stage}.xlsx")

    return opened


def validation(page, cell: str):
    return next(one for one in page.data_validations.dataValidation if cell in one.sqref)


def choices(book, page, cell: str) -> list:
    source = validation(page, cell).formula1
    sheet, _, area = source.partition("!")
    assert sheet == LISTS_SHEET
    return [row[0].value for row in book[sheet][area.replace("$", "")]]


def find(page, text: str) -> str:
    """The cell whose text begins so."""
    for row in page.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.startswith(text):
                return cell.coordinate
    raise AssertionError(f"{page.title} has no {text}")


def cut_texts(page) -> list[str]:
    """Texts on one line that need more room than the columns from theirs on have."""
    widths = {
        column: dimension.width
        for dimension in page.column_dimensions.values()
        for column in range(dimension.min, dimension.max + 1)
    }
    merged = {area.coord.split(":")[0] for area in page.merged_cells.ranges}
    return [
        cell.value
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "s"
        and not cell.alignment.wrap_text
        and cell.coordinate not in merged
        and width_of(cell.value) * cell.font.size / 10
        > sum(widths.get(column, 8) for column in range(cell.column, page.max_column + 1))
    ]


def test_only_what_is_to_be_filled_in_is_unlocked(book_of):
    book = book_of("suzhou_staple", "energy_utilities")
    for page in book:
        if page.title not in (LISTS_SHEET, META_SHEET):
            assert page.protection.sheet, page.title
            assert page.protection.password is None
    page = book["锅炉房 Boiler house"]
    unlocked = [c.coordinate for row in page.iter_rows() for c in row if not c.protection.locked]
    assert unlocked == [f"{column}{row}" for row in range(4, 9) for column in "DE"]  # month, note


def test_headers_say_the_unit_and_the_other_language(book_of):
    page = book_of("suzhou_staple", "extrusion_spinning")["能耗"]
    assert page["A5"].value == "干燥用电\n〔Purchased electricity〕"
    assert page["B5"].value == "kWh"
    page = book_of("ningbo_filament", "purchased_energy")["电表"]
    assert page["B3"].value == "起数\n〔Purchased electricity, reading at the start, " + (
        "表盘读数 as on the dial × 3000〕"
    )


def test_a_template_of_one_month_has_no_column_for_the_whole_year(book_of):
    def first_words(round_name: str) -> list[str]:
        page = book_of("suzhou_staple", "sorting_washing", round_name)["化学品 Chemicals"]
        return [str(cell.value).split("\n")[0] for row in page["A1:Z3"] for cell in row]

    assert "全年 Year" in first_words("2022-04")
    assert "全年 Year" not in first_words("2022-05")


def test_nothing_is_printed_beyond_the_last_column(example, book_of):
    """A text that is wider than what is left of its sheet is wrapped, not cut by the paper."""
    for source_map, facility in expected_workbooks(example, example.round("2022-05")):
        for page in book_of(facility, source_map.file):
            if page.sheet_state == "visible":
                assert cut_texts(page) == [], (facility, source_map.file, page.title)


def test_a_month_is_written_already_and_can_not_be_changed(book_of):
    page = book_of("suzhou_staple", "energy_utilities")["空压站 Compressed air"]
    assert page["A3"].value.date() == date(2022, 4, 1)
    assert page["A3"].protection.locked


def test_hard_bounds_stop_what_can_not_be(book_of):
    page = book_of("suzhou_staple", "energy_utilities")["锅炉房 Boiler house"]
    gas = validation(page, "D4")  # 万Nm3; ranges.csv: 0 to 60
    assert gas.type == "decimal"
    assert (float(gas.formula1), float(gas.formula2)) == (0.0, 60.0)
    assert gas.errorStyle in (None, "stop")
    assert "只填数字" in gas.error
    assert "Enter a number alone" in gas.error
    assert "天然气 / Natural gas" in gas.prompt


def test_what_is_said_in_a_cell_fits_the_box_of_a_spreadsheet(example, book_of):
    for source_map, facility in expected_workbooks(example, example.round("2022-04")):
        for page in book_of(facility, source_map.file, "2022-04"):
            for one in page.data_validations.dataValidation:
                assert len(one.promptTitle or "") <= 32
                assert len(one.errorTitle or "") <= 32
                assert len(one.prompt or "") <= 255
                assert len(one.error or "") <= 255


def test_choices_come_from_lookups_and_from_the_round(book_of):
    book = book_of("suzhou_staple", "people")
    page = book["通勤 Commuting"]
    assert choices(book, page, "B4") == ["小汽车", "摩托车", "班车", "公交", "地铁"]
    assert [one.date() for one in choices(book, page, "A4")] == [date(2022, 4, 1)]
    book = book_of("suzhou_staple", "site_services")
    page = book["加油记录 Fuel log"]
    assert choices(book, page, "B3") == ["柴油", "0#柴油", "汽油", "92#汽油"]
    day = validation(page, "A3")
    assert (day.type, day.formula1, day.formula2) == ("date", "44652", "44681")  # April 2022


def test_choices_without_a_lookup_are_the_ids_of_master_data(tiny_company, tmp_path):
    (tiny_company.path / "maps" / "stage_boiler.yml").write_text(
        """
source: stage_boiler
kind: workbook
layouts:
  - sheets:
      - sheet: Receipts
        layout: records
        date: Day
        document: Ticket
        supplier: {column: Supplier}
        readings:
          - {flow: {column: Fuel}, process: {column: Process}, direction: input,
             quantity: Amount, unit: {column: Unit}, method: weighed}
""",
        encoding="utf-8",
    )
    (tiny_company.path / "company" / "suppliers.csv").write_text(
        'supplier_id,name\nS1,"Oil, Ltd"\n', encoding="utf-8"
    )
    data = DataFolder(tiny_company.path)
    issue_templates(data, data.round("2022-03"), tmp_path / "out")
    book = load_workbook(tmp_path / "out" / "mill" / "boiler.xlsx")
    page = book["Receipts"]
    column = {str(cell.value).split("\n")[0]: cell.column_letter for cell in page[1]}
    offered = {
        name: choices(book, page, f"{column[name]}2")
        for name in ("Supplier", "Fuel", "Process", "Unit")
    }
    assert offered["Supplier"] == ["S1"]
    assert offered["Fuel"] == ["electricity", "diesel_stationary", "tap_water", "fibre"]
    assert offered["Process"] == ["mill_boiler"]
    assert {"kWh", "kg", "m3"} <= set(offered["Unit"])
    assert "km" not in offered["Unit"]


def test_a_unit_the_map_leaves_open_has_to_be_chosen(tmp_path):
    data = DataFolder(EXAMPLE.parent / "tests" / "worked_examples" / "cn_boiler_house")
    issued = issue_templates(data, data.round("2023-04"), tmp_path, stage="boilers")[0]
    book = load_workbook(issued.path)
    page = book["能源台账"]
    assert page["A5"].value.startswith("天然气")
    assert page["B5"].value in (None, "")
    assert not page["B5"].protection.locked
    assert choices(book, page, "B5") == ["Nm3", "万Nm3"]


def test_the_last_period_is_recalled_with_its_corrections(example, book_of):
    template = plan_template(
        example, example.maps["stage_sorting_washing"], "suzhou_staple", example.round("2022-05")
    )
    items = {label: (sheet, item) for sheet, label, item in template.items}
    sheet, item = items["洗涤用电 (万千瓦时)"]
    # corrections.csv: 991.13 of June 2021 is 99.113, so the year is 1151.5234
    mean = template.last.value(sheet, "洗涤用电 (万千瓦时)", item, "万千瓦时")
    assert mean == pytest.approx(1151.5234 / 12, rel=1e-4)
    page = book_of("suzhou_staple", "sorting_washing")["能耗 Energy"]
    label = page["A6"].value
    assert label.startswith("〔上期月均 Last period, mean of a month 2021-01 – 2021-12")
    assert page["C6"].value == pytest.approx(mean)
    assert page["C6"].protection.locked


def test_a_figure_far_from_the_last_one_is_shown(book_of):
    page = book_of("suzhou_staple", "sorting_washing")["化学品 Chemicals"]
    rules = {
        rule.formula[0]: rule.dxf.fill is not None
        for area, rules in page.conditional_formatting._cf_rules.items()
        if "D4" in area.sqref
        for rule in sorted(rules, key=lambda one: one.priority)
    }
    far = "ISNUMBER(D4),D4<>0,OR(D4>3*$C$4,D4*3<$C$4)"
    decimals = "ABS(D4-ROUND(D4,0))>0.0000001"
    assert list(rules.items()) == [
        (f"AND({far},{decimals})", True),
        (f"AND({far})", True),
        (f"AND(ISNUMBER(D4),{decimals})", False),
    ]


def test_a_meter_goes_on_from_its_last_reading(example):
    template = plan_template(
        example, example.maps["stage_energy_utilities"], "suzhou_staple", example.round("2022-06")
    )
    items = {label: (sheet, item) for sheet, label, item in template.items}
    values = [
        template.last.value(items[label][0], label, items[label][1], "kWh")
        for label in ("上月示数 Start", "本月示数 End")
    ]
    assert values[0] == values[1] is not None


def test_lines_of_the_last_period_are_there_to_look_up(book_of):
    page = book_of("suzhou_staple", "site_services", "2022-06")[LAST_PERIOD_SHEET]
    assert find(page, "加油记录 Fuel log")
    assert find(page, "叉车")


def test_the_instructions_name_source_use_and_bounds(book_of):
    page = book_of("suzhou_staple", "energy_utilities")["填写说明 Instructions"]
    row = [cell.value for cell in page[int(find(page, "天然气 Natural gas")[1:])]]
    assert row[4] == "万Nm3"
    assert "计量表" in row[5]
    assert "Scope 1 stationary combustion" in row[6]
    assert "> 60" in row[8]
    row = [cell.value for cell in page[int(find(page, "上月示数 Start")[1:])]]
    assert "SZ-E-001 × 4000" in row[5]
    assert "必填单元格不得为空" in page[find(page, "必填单元格")].value


def test_shares_are_those_of_the_published_figures(example, tmp_path):
    import duckdb

    parquet = tmp_path / "published" / "parquet"
    parquet.mkdir(parents=True)
    duckdb.execute(
        f"""copy (
            select * from (values
                ('suzhou_staple_washing/2021-03/purchased_electricity', 'electricity',
                 'location_based', date '2021-03-01', 75.0),
                ('suzhou_staple_washing/2021-03/purchased_electricity', 'electricity',
                 'market_based', date '2021-03-01', 999.0),
                ('suzhou_staple_sorting/2021-04/purchased_electricity', 'electricity',
                 'location_based', date '2021-04-01', 25.0),
                ('suzhou_staple_sorting/2022-04/purchased_electricity', 'electricity',
                 'location_based', date '2022-04-01', 999.0),
                ('ningbo_filament_drying/2021-04/purchased_electricity', 'electricity',
                 'location_based', date '2021-04-01', 999.0)
            ) as lineage (result_id, flow_id, basis, period_month, part_kgco2e)
        ) to '{parquet / "lineage.parquet"}' (format parquet)"""
    )
    template = plan_template(
        example, example.maps["stage_sorting_washing"], "suzhou_staple", example.round("2022-05")
    )
    assert emission_shares(tmp_path, example, "suzhou_staple", template.last) == {
        ("suzhou_staple_washing", "electricity"): 0.75,
        ("suzhou_staple_sorting", "electricity"): 0.25,
    }
    assert emission_shares(tmp_path / "nothing", example, "suzhou_staple", template.last) == {}


def test_the_same_input_gives_the_same_bytes(example, tmp_path):
    paths = []
    for folder in ("one", "two"):
        issued = issue_templates(
            example, example.round("2022-05"), tmp_path / folder, stage="regranulation"
        )
        paths.append(issued[0].path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_template_somebody_may_have_filled_in_is_not_written_over(example, tmp_path):
    round_ = example.round("2022-05")
    first = issue_templates(example, round_, tmp_path, stage="regranulation")
    first[0].path.write_bytes(b"hours of work")
    again = issue_templates(example, round_, tmp_path, stage="regranulation")
    assert not again[0].is_new
    assert again[0].path.read_bytes() == b"hours of work"
    anew = issue_templates(example, round_, tmp_path, stage="regranulation", overwrite=True)
    assert zipfile.is_zipfile(anew[0].path)


def test_templates_never_go_where_hand_ins_lie(example):
    with pytest.raises(TemplateError, match="hand-ins lie there"):
        issue_templates(example, example.round("2022-05"), EXAMPLE / "rounds" / "2022-05")


def test_exports_have_no_template(example):
    pairs = expected_workbooks(example, example.round("2022-05"))
    assert len(pairs) == 13
    assert not [one for one, _ in pairs if one.source.startswith("erp_")]
    with pytest.raises(TemplateError, match="expects no workbook of any site/goods_receipts"):
        expected_workbooks(example, example.round("2022-05"), stage="goods_receipts")


def test_pages_around_the_sheets_are_not_read(tiny_company, tmp_path):
    """A map that names no sheet reads the first that is the author's, not the cover."""
    path = tiny_company.path / "maps" / "stage_boiler.yml"
    text = path.read_text(encoding="utf-8").replace(
        "      - sheet: Energy\n        layout", "      - layout"
    )
    path.write_text(text, encoding="utf-8")
    data = DataFolder(tiny_company.path)
    source_map, round_ = data.maps["stage_boiler"], data.round("2022-03")
    issued = issue_templates(data, round_, tmp_path / "out")[0]
    rows = read_hand_in(issued.path, source_map, round_, issued.hand_in, tmp_path).to_pylist()
    assert {row["source_sheet"] for row in rows} == {"boiler"}
    assert {(row["row_kind"], row["value_type"]) for row in rows} == {("reading", "blank")}


def test_the_company_folder_is_left_alone(example, tmp_path):
    before = sorted(path.stat().st_mtime_ns for path in EXAMPLE.rglob("*") if path.is_file())
    issue_templates(example, example.round("2022-06"), tmp_path, stage="people")
    after = sorted(path.stat().st_mtime_ns for path in EXAMPLE.rglob("*") if path.is_file())
    assert before == after
    shutil.rmtree(tmp_path)


def test_the_command_says_where_the_templates_are(tiny_company, tmp_path):
    options = ["--data", str(tiny_company.path), "--warehouse", str(tmp_path / "warehouse")]
    result = CliRunner().invoke(app, ["template", "--round", "2022-03", *options])
    assert result.exit_code == 0, result.output
    path = tmp_path / "warehouse" / "templates" / "2022-03" / "mill" / "boiler.xlsx"
    assert path.exists()
    assert "mill/boiler" in result.output
    assert CliRunner().invoke(app, ["template", "--round", "1999-01", *options]).exit_code == 2
    again = CliRunner().invoke(app, ["template", "--round", "2022-03", *options])
    assert "left as it is" in again.output
