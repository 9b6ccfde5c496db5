"""The data folder: every contradiction is named with file, line and remedy."""

import csv
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from orchestration.company.data_folder import TABLES, CompanyDataError, DataFolder, months_between
from orchestration.gate.conversions import conversion_rows

REPOSITORY = Path(__file__).parents[2]


def test_months_between_holds_both_ends():
    assert months_between(date(2021, 11, 1), date(2022, 2, 1)) == (
        date(2021, 11, 1),
        date(2021, 12, 1),
        date(2022, 1, 1),
        date(2022, 2, 1),
    )


def test_a_process_of_an_unknown_site_names_its_line(tiny_company):
    path = tiny_company.path / "company" / "processes.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    columns = header.split(",")
    cells = rows[0].split(",")
    cells[columns.index("facility_id")] = "moon"
    path.write_text("\n".join([header, ",".join(cells)]) + "\n", encoding="utf-8")

    with pytest.raises(CompanyDataError, match=r"processes.csv line 2: facility_id moon"):
        _ = DataFolder(tiny_company.path).company


def test_a_misspelt_column_is_refused_rather_than_ignored(tiny_company):
    path = tiny_company.path / "company" / "facilities.csv"
    path.write_text("facility_id,name_en,country,subdivison\nmill,Mill,CN,CN-JS\n")

    with pytest.raises(CompanyDataError, match="column subdivison is not known"):
        _ = DataFolder(tiny_company.path).company


def test_what_has_a_chinese_name_alone_goes_by_it(tiny_company):
    folder = tiny_company.path / "company"
    (folder / "facilities.csv").write_text(
        "facility_id,country,name_zh\nmill,CN,一厂\n", encoding="utf-8"
    )
    stages = "stage_code,name_en,name_zh,stage_order\nboiler,,锅炉,1\n"
    (folder / "stages.csv").write_text(stages, encoding="utf-8")
    settings = "company_id: mill\nname_zh: 某厂\ngwp_set: AR6\n"
    (folder / "company.yml").write_text(settings, encoding="utf-8")

    company = DataFolder(tiny_company.path).company

    assert company.settings["name_en"] == "某厂"
    assert list(company["facilities"]["name_en"]) == ["一厂"]
    assert list(company["stages"]["name_en"]) == ["锅炉"]


def test_na_is_a_text_and_a_blank_is_none(tmp_path):
    from orchestration.company.data_folder import read_csv_as_text

    (tmp_path / "t.csv").write_text("code,name\n00123,NA\n,x\n", encoding="utf-8")

    assert read_csv_as_text(tmp_path / "t.csv").values.tolist() == [["00123", "NA"], [None, "x"]]


def test_a_suffix_in_capitals_is_found(tiny_company):
    data = DataFolder(tiny_company.path)
    round_ = data.rounds[0]
    found = {
        hand_in: path for m in data.maps.values() for hand_in, path in data.hand_ins(m, round_)
    }
    hand_in, path = next((h, p) for h, p in found.items() if p and p.suffix == ".xlsx")
    path.rename(path.with_suffix(".XLSX"))

    again = {h: p for m in data.maps.values() for h, p in data.hand_ins(m, round_)}

    assert again[hand_in] is not None
    assert data.unclaimed_files(round_) == []


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("components", "dirct", "a flow of kind fuel_stationary has no component dirct"),
        ("flow_kind", "fuel", "flow_kind fuel is not known"),
    ],
)
def test_a_flow_without_a_place_in_the_inventory_is_refused(tiny_company, column, value, words):
    """A misspelt component would otherwise emit nothing, and nobody would hear of it."""
    path = tiny_company.path / "company" / "flows.csv"
    flows = pd.read_csv(path, dtype=str)
    flows.loc[flows["flow_id"] == "diesel_stationary", column] = value
    flows.to_csv(path, index=False)

    with pytest.raises(CompanyDataError, match=f"diesel_stationary: {words}"):
        _ = DataFolder(tiny_company.path).company


@pytest.mark.parametrize(
    ("table", "column", "id_", "words"),
    [
        ("facilities", "facility_id", "mill/../x", "holds /"),
        ("flows", "flow_id", "wat'er", "holds '"),
        ("flows", "flow_id", "..", "starts with a point"),
        ("flows", "flow_id", "x" * 200, "longer than 120 bytes"),
        ("processes", "process_id", "press ", "a blank at its end"),
        ("stages", "stage_code", "a\u200bb", "a character that nobody sees"),
    ],
)
def test_an_id_that_is_no_name_of_a_file_is_refused(tiny_company, table, column, id_, words):
    path = tiny_company.path / "company" / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.loc[0, column] = id_
    frame.to_csv(path, index=False)
    with pytest.raises(CompanyDataError, match=rf"{table}.csv line 2: {column} .*{words}"):
        _ = DataFolder(tiny_company.path).company


def test_ids_in_chinese_and_meters_with_a_slash_are_none_of_those(tiny_company):
    for file, change in (("flows", ("diesel_stationary", "柴油 0号")),):
        path = tiny_company.path / "company" / f"{file}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    meters = "meter_id,facility_id,process_id,flow_id\nE-1/2,mill,mill_boiler,electricity\n"
    (tiny_company.path / "company" / "meters.csv").write_text(meters)
    assert "柴油 0号" in set(DataFolder(tiny_company.path).company["flows"]["flow_id"])


def test_a_round_that_is_no_name_of_a_folder_is_refused(tiny_company):
    path = tiny_company.path / "rounds.csv"
    path.write_text(path.read_text().replace("2022-02,", "2022/02,", 1))
    with pytest.raises(CompanyDataError, match="round '2022/02' holds /"):
        _ = DataFolder(tiny_company.path).rounds


def test_a_round_that_closes_before_it_opens_is_refused(tiny_company):
    path = tiny_company.path / "rounds.csv"
    header, first, *others = path.read_text().splitlines()
    name, opens, closes, *rest = first.split(",")
    path.write_text("\n".join([header, ",".join([name, closes, opens, *rest]), *others]))
    with pytest.raises(CompanyDataError, match="line 2: closes_on lies before opens_on"):
        _ = DataFolder(tiny_company.path).rounds


@pytest.mark.parametrize("share", ["40", "40%", "-0.1"])
def test_a_share_is_a_number_from_0_to_1(tiny_company, share):
    path = tiny_company.path / "company" / "facilities.csv"
    path.write_text(f"facility_id,name_en,country,consolidation_share\nmill,Mill,CN,{share}\n")

    with pytest.raises(CompanyDataError, match=f"line 2: consolidation_share {share} is no share"):
        _ = DataFolder(tiny_company.path).company


PRODUCT_TABLES = {
    "company/processes.csv": (
        "process_id,facility_id,stage_code,name_en,process_type\n"
        "mill_boiler,mill,boiler,Boiler,production\n"
        "mill_air,mill,boiler,Air,utility\n"
    ),
    "company/flows.csv": (
        "flow_id,name_en,flow_kind,unit_code,components,life_cycle_stage,is_aircraft\n"
        "electricity,Electricity,electricity,kWh,generation,manufacture,\n"
        "diesel_stationary,Diesel,fuel_stationary,kg,direct,manufacture,false\n"
        "tap_water,Water,water,m3,upstream,raw_material_acquisition,\n"
        "virgin_chip,Virgin chip,material,kg,upstream,raw_material_acquisition,\n"
        "flake,Flake,material,kg,upstream,raw_material_acquisition,\n"
        "fibre,Fibre,product,kg,,manufacture,\n"
        "fluff,Fluff,product,kg,,manufacture,\n"
        "burned_fibre,Fibre burned,end_of_life,kg,direct,disposal,\n"
        "heat_credit,Heat displaced,end_of_life,MJ,upstream,disposal,\n"
    ),
    "company/products.csv": (
        "product_id,flow_id,name_en,facility_id,declared_unit,regain\n"
        "staple,fibre,Staple,mill,kg,0.004\n"
    ),
    "company/allocation_rules.csv": (
        "process_id,flow_id,basis,share,unit_price,currency,price_source,justification,"
        "valid_from,valid_to\n"
        "mill_boiler,fibre,mass,,8,CNY,invented,same material,,\n"
        "mill_boiler,fluff,mass,,2,CNY,invented,same material,,\n"
    ),
    "company/service_keys.csv": (
        "process_id,consumer_process_id,basis,flow_id,share,justification,valid_from,valid_to\n"
        "mill_air,,output_mass,,,no meter,,\n"
    ),
    "company/scenarios.csv": (
        "product_id,market,market_share,life_cycle_stage,treatment,flow_id,"
        "quantity_per_declared_unit,unit,source_id,source_locator,valid_from,valid_to\n"
        "staple,CN,0.75,disposal,energy_recovery,burned_fibre,600,g,invented,table 1,,\n"
        "staple,CN,0.75,disposal,energy_credit,heat_credit,-3,MJ,invented,table 1,,\n"
        "staple,GLO,0.25,disposal,energy_recovery,burned_fibre,0.4,kg,invented,table 1,,\n"
    ),
    "company/recycling_methods.csv": (
        "method,recycled_flow_id,virgin_flow_id,recycling_eol_flow_id,allocation_factor_a,"
        "quality_in,quality_out,energy_credit_share,source_id,source_locator,valid_from,valid_to\n"
        "cff,flake,virgin_chip,,0.5,0.7,0.7,1,invented,table 1,,\n"
    ),
    "company/flow_properties.csv": (
        "flow_id,property,value,unit,valid_from,valid_to\nfibre,moisture,0.004,kg/kg,,\n"
    ),
}


@pytest.fixture
def product_company(tiny_company):
    """The tiny company with every table of the product aspect filled without a fault."""
    for name, text in PRODUCT_TABLES.items():
        (tiny_company.path / name).write_text(text, encoding="utf-8")
    return tiny_company


def test_the_tables_of_the_product_aspect_may_all_be_absent(tiny_company):
    company = DataFolder(tiny_company.path).company

    for name in ("allocation_rules", "service_keys", "scenarios", "recycling_methods"):
        assert company[name].empty
        assert tuple(company[name].columns) == TABLES[name].all_columns


def test_tables_without_a_fault_are_taken_as_they_stand(product_company):
    company = DataFolder(product_company.path).company

    assert len(company["scenarios"]) == 3
    assert company["allocation_rules"]["unit_price"].tolist() == ["8", "2"]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            "allocation_rules",
            "fluff,mass",
            "fluff,carbon",
            "line 3: basis carbon needs carbon_content of fluff",
        ),
        ("allocation_rules", "fluff,mass", "fluff,unit_price", "has mass and unit_price as basis"),
        ("allocation_rules", "fluff,mass,,2", "fluff,mass,,2 CNY", "unit_price 2 CNY is not"),
        ("allocation_rules", "fluff,mass", "fluff,weight", "basis weight is not known"),
        ("allocation_rules", "fluff,mass", "flluff,mass", "line 3: flow_id flluff is not in"),
        ("allocation_rules", "fluff,mass", "tap_water,mass", "tap_water is of kind water"),
        ("allocation_rules", "same material,,\n", ",,\n", "line 2: justification is blank"),
        ("allocation_rules", "mass,,8,CNY", "mass,,8,EUR", "has CNY and EUR as currency"),
        (
            "allocation_rules",
            "mass,,8,CNY",
            "revenue,,,",
            "line 2: basis revenue needs a unit_price",
        ),
        ("allocation_rules", "fibre,mass,", "fibre,share,0.5", "line 2: mill_boiler has mass and"),
        ("service_keys", "mill_air,,", "mill_boiler,,", "mill_boiler is of type production"),
        ("service_keys", "mill_air,,", "mill_air,mill_air,", "can't be its own consumer"),
        ("service_keys", "output_mass,,", "input_of_flow,,", "that basis needs it"),
        ("service_keys", "output_mass,,", "share,,1", "needs a consumer_process_id a line"),
        ("service_keys", ",,output_mass,,,", ",mill_boiler,share,,0.9,", "add up to 0.9"),
        ("scenarios", "GLO,0.25", "GLO,0.35", "(CN, GLO) add up to 1.1"),
        ("scenarios", "heat_credit,-3", "heat_credit,3", "line 3: quantity_per_declared_unit 3"),
        ("scenarios", "600,g", "600,m3", "line 2: "),
        ("scenarios", "energy_recovery,burned_fibre,0.4", "use,burned_fibre,0.4", "Use goes with"),
        ("scenarios", "burned_fibre,0.4", "fibre,0.4", "fibre has no components, so it would"),
        ("scenarios", "invented,table 1", "nobody,table 1", "line 2: source_id nobody is not in"),
        ("recycling_methods", "cff,", "cutoff,", "method cutoff is not known"),
        ("recycling_methods", "cff,", "cut_off,", "cut_off knows no credit"),
        ("recycling_methods", "0.5,0.7", "50,0.7", "allocation_factor_a 50 is not a number from"),
        (
            "recycling_methods",
            "cff,flake,virgin_chip,,0.5",
            "50_50,flake,virgin_chip,,0.3",
            "allocation_factor_a 0.3 is not that of 50_50, which is 0.5",
        ),
        (
            "recycling_methods",
            "cff,flake,virgin_chip,,0.5",
            "eol_recycling_100_0,flake,virgin_chip,,0.7",
            "allocation_factor_a 0.7 is not that of eol_recycling_100_0, which is 0",
        ),
        (
            "recycling_methods",
            "cff,flake,virgin_chip,,0.5",
            "cff,flake,virgin_chip,,0.1",
            "allocation_factor_a 0.1 is not that of cff, which is 0.2 to 1",
        ),
        ("recycling_methods", "virgin_chip,", "fibre,", "virgin production would count as 0"),
        ("products", "0.004", "0.4 %", "regain 0.4 % is not a number from 0 to 1"),
        ("products", "kg,0.004", "kg,", "line 2: regain is blank, but fibre is weighed with its"),
        ("products", "mill,kg", "mill,m3", "declared_unit m3 is not the unit of fibre. Write kg"),
        ("recycling_methods", "cff,flake,virgin_chip", "cff,flake,tap_water", "tap_water is kept"),
        (
            "flows",
            "m3,upstream,raw_material_acquisition",
            "m3,upstream,",
            "tap_water has no life_cy",
        ),
        ("flows", "direct,manufacture,f", "direct,production,f", "life_cycle_stage production is"),
        ("flows", "manufacture,false", "manufacture,no", "line 3: is_aircraft no is not known"),
        ("flow_properties", "moisture", "moistur", "property moistur is not known"),
        ("flow_properties", "0.004,kg/kg", "0.4,%", "moisture of fibre is in %. Write it in kg/kg"),
        ("flow_properties", "0.004,kg/kg", "85,kg/kg", "85 kg/kg is impossible as moisture"),
        ("flow_properties", "moisture,0.004,kg/kg", "ncv,8640,MJ/kg", "from 1 to 142 MJ/kg"),
        ("flow_properties", "moisture,0.004,kg/kg", "ncv,36,MJ", "is no energy per mass or volume"),
        ("flow_properties", "moisture,0.004", "density,840", "Write it in kg/L"),
        ("flow_properties", "0.004", "wet", "value wet is not a number"),
        ("processes", "Air,utility", "Air,service", "process_type service is not known"),
        ("flows", "tap_water,Water,water,m3", "tap_water,Water,water,ML", "a million litres or a"),
        ("facilities", ",CN", ",cn", "country cn of mill is no country code"),
    ],
)
def test_a_fault_of_the_product_aspect_names_line_and_remedy(
    product_company, file, old, new, words
):
    path = product_company.path / "company" / f"{file}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(CompanyDataError, match=re.escape(words)) as refused:
        _ = DataFolder(product_company.path).company

    assert f"company/{file}.csv line " in str(refused.value)


def test_a_measured_calorific_value_is_net_unless_its_unit_says_gross(product_company):
    """1 MJ gross of a fuel is 0.9 MJ net; the property is net by its name."""
    path = product_company.path / "company" / "flow_properties.csv"
    path.write_text(path.read_text() + "diesel_stationary,net_per_gross,0.9,MJ/MJ,,\n")
    units = ("MJ/kg", "MJ/kg (Net CV)", "MJ/kg (Gross CV)")
    pairs = [
        {"flow_id": "diesel_stationary", "property": "ncv", "unit_text": unit} for unit in units
    ]
    rows = conversion_rows(DataFolder(product_company.path).company, pairs)
    found = {row["unit_text"]: row["multiplier"] for row in rows}
    assert [found[unit] for unit in units] == pytest.approx([1e-6, 1e-6, 0.9e-6])


def test_a_tolerance_that_no_rule_asks_for_is_named(product_company):
    path = product_company.path / "expectations" / "tolerances.csv"
    path.write_text(path.read_text() + "mass_balanec,,,0.02,\n", encoding="utf-8")

    with pytest.raises(CompanyDataError, match="no rule mass_balanec asks for a tolerance"):
        _ = DataFolder(product_company.path).company


@pytest.mark.parametrize(
    ("components", "bound", "source", "words"),
    [
        ("", "3", "a supplier's word", None),
        ("", "3 kg", "a supplier's word", "exempted_upper_bound_kgco2e_per_unit 3 kg is not"),
        ("", "3", "", "exempted_upper_bound_source of soap go together"),
        ("upstream", "3", "a supplier's word", "soap has components, so it has a factor"),
    ],
)
def test_an_upper_bound_belongs_to_a_flow_without_a_factor_and_has_a_source(
    tiny_company, components, bound, source, words
):
    path = tiny_company.path / "company" / "flows.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    added_columns = "exempted_upper_bound_kgco2e_per_unit,exempted_upper_bound_source"
    names = f"{head},{added_columns}".split(",")
    soap = {"flow_id": "soap", "name_en": "Soap", "flow_kind": "material", "unit_code": "kg"}
    soap |= {"components": components, names[-2]: bound, names[-1]: source}
    added = ",".join(soap.get(name, "") for name in names)
    path.write_text("\n".join([",".join(names), *(f"{line},," for line in lines), added]))
    if words is None:
        assert DataFolder(tiny_company.path).company["flows"].iloc[-1]["flow_id"] == "soap"
        return
    with pytest.raises(CompanyDataError, match=words):
        _ = DataFolder(tiny_company.path).company


def test_two_rules_in_force_on_one_day_are_refused(product_company):
    path = product_company.path / "company" / "recycling_methods.csv"
    older, newer = "cff,flake,virgin_chip,,0.8,1,1,0,invented,t,,{}\n", ",0.5,0.7,0.7,1,invented,t,"
    later = f"cff,flake,virgin_chip,{newer}2023-01-01,\n"
    header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"

    path.write_text(header + older.format("2023-01-01") + later, encoding="utf-8")
    assert len(DataFolder(product_company.path).company["recycling_methods"]) == 2

    path.write_text(header + older.format("2023-06-01") + later, encoding="utf-8")
    with pytest.raises(CompanyDataError, match="line 3: counts on the same days as line 2"):
        _ = DataFolder(product_company.path).company


def test_shares_add_up_on_every_day_on_which_they_change(product_company):
    path = product_company.path / "company" / "allocation_rules.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
    row = "mill_boiler,{},share,{},,,,stated,{},{}\n".format
    path.write_text(
        header
        + row("fibre", "0.9", "", "2023-01-01")
        + row("fibre", "0.8", "2023-01-01", "")
        + row("fluff", "0.1", "", ""),
        encoding="utf-8",
    )

    with pytest.raises(CompanyDataError, match=r"mill_boiler from 2023-01-01 add up to 0\.9"):
        _ = DataFolder(product_company.path).company


@pytest.mark.parametrize(
    "name", ["allocation_rules", "service_keys", "scenarios", "recycling_methods"]
)
def test_the_guide_shows_a_table_that_would_be_read(name):
    """Heading, columns and lines of the copy-paste tables of raw_data/README.md are right."""
    guide = (REPOSITORY / "raw_data" / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^#### [^\n]*{name}\.csv\n(.*?)^#", guide, re.MULTILINE | re.DOTALL)
    shown = re.search(r"^```text\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)[1]
    header, *lines = list(csv.reader(shown.splitlines()))
    table = TABLES[name]

    assert set(table.columns) <= set(header) <= set(table.all_columns)
    assert {len(line) for line in lines} == {len(header)}
    for column in table.all_columns:
        assert re.search(rf"^\|[^|]*\b{column}\b", section[1], re.MULTILINE), column
