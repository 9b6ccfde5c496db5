"""Initiatives, their changes and prices: what a data folder must not say, by file and line."""

from __future__ import annotations

import re
from datetime import date

import pytest

from orchestration.company.data_folder import CompanyDataError, DataFolder
from orchestration.company.initiative_checks import conversion_of
from orchestration.reduction.costs import read_prices
from orchestration.reduction.initiatives import read_initiatives
from tests.unit.test_company import PRODUCT_TABLES

TABLES = {
    "initiatives": (
        "initiative_id,name_en,status,starts_on,ramp_months,life_years,capex,discount_rate,"
        "currency,source_id,source_locator\n"
        "sun,Roof,planned,2023-01-01,3,25,1000,0.08,CNY,invented,offer\n"
        "heat,Heat,done,2022-01-01,,,,,,invented,test run\n"
    ),
    "initiative_changes": (
        "initiative_id,change,facility_id,process_id,flow_id,other_flow_id,value,unit,share,"
        "component,supplier_id\n"
        "sun,own_generation,mill,,electricity,,2,MWh,,,\n"
        "sun,contract,mill,,electricity,,100,gCO2e/kWh,0.4,,\n"
        "heat,specific_consumption,mill,mill_boiler,diesel_stationary,,0.9,,,,\n"
        "heat,yield,mill,mill_boiler,fibre,fluff,1.02,,,,\n"
        "heat,substitution,mill,,diesel_stationary,tap_water,0.5,,0.2,,\n"
    ),
    "prices": (
        "flow_id,facility_id,price,currency,unit,valid_from,valid_to,source_id,source_locator\n"
        "electricity,,700,CNY,MWh,2020-01-01,2021-01-01,invented,bill\n"
        "electricity,,800,CNY,MWh,2021-01-01,,invented,bill\n"
        "electricity,mill,0.6,CNY,kWh,,,invented,bill\n"
    ),
}


@pytest.fixture
def planning_company(tiny_company):
    """The tiny company with products and a plan without a fault."""
    for name, text in PRODUCT_TABLES.items():
        (tiny_company.path / name).write_text(text, encoding="utf-8")
    for name, text in TABLES.items():
        (tiny_company.path / "company" / f"{name}.csv").write_text(text, encoding="utf-8")
    return tiny_company


def test_a_plan_is_read_in_canonical_units(planning_company):
    company = DataFolder(planning_company.path).company
    heat, sun = read_initiatives(company.tables)

    assert [change.value for change in sun.changes] == pytest.approx([2000.0, 0.1])
    assert [change.share for change in heat.changes] == [1.0, 1.0, 0.2]
    assert heat.is_in_data and not sun.is_in_data
    prices = read_prices(company.tables, date(2022, 12, 31))
    assert prices.of(("mill", "electricity")) == pytest.approx(0.6)
    assert prices.of(("elsewhere", "electricity")) == pytest.approx(0.8)
    assert prices.of(("mill", "diesel_stationary")) is None
    assert conversion_of("MWh", "kWh", company.tables, "electricity") == 1000.0


@pytest.mark.parametrize(
    ("day", "mill", "elsewhere"),
    [
        pytest.param(date(2019, 6, 30), 0.6, 0.7, id="before any holds, the first to come"),
        pytest.param(date(2020, 12, 31), 0.6, 0.7, id="the last day of the older one"),
        pytest.param(date(2021, 1, 1), 0.8, 0.8, id="the site's own is over, the company's counts"),
        pytest.param(date(2022, 12, 31), 0.8, 0.8, id="one to come in 2030 is not the newest"),
        pytest.param(date(2031, 1, 1), None, None, id="all are over"),
    ],
)
def test_a_price_counts_in_its_time(planning_company, day, mill, elsewhere):
    path = planning_company.path / "company" / "prices.csv"
    text = path.read_text(encoding="utf-8").replace("800,CNY,MWh,2021-01-01,,", "800,CNY,MWh,"
        "2021-01-01,2030-01-01,").replace("kWh,,,", "kWh,,2021-01-01,")  # fmt: skip
    text += "electricity,,900,CNY,MWh,2030-01-01,2031-01-01,invented,offer\n"
    path.write_text(text, encoding="utf-8")
    prices = read_prices(DataFolder(planning_company.path).company.tables, day)
    assert prices.of(("mill", "electricity")) == (mill and pytest.approx(mill))
    assert prices.of(("elsewhere", "electricity")) == (elsewhere and pytest.approx(elsewhere))


def test_a_plan_may_be_absent(tiny_company):
    assert read_initiatives(DataFolder(tiny_company.path).company.tables) == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("initiatives", "planned", "maybe", "status maybe is not known"),
        ("initiatives", "2023-01-01", "2023", "starts_on 2023 is no date"),
        ("initiatives", "25,1000", ",1000", "can't be spread over the years without life_years"),
        ("initiatives", "0.08", "8", "discount_rate 8 is not a rate from 0 to 1"),
        ("initiatives", "1000,0.08,CNY", "1000,0.08,", "costs without a currency"),
        ("initiatives", "invented,offer", "nobody,offer", "source_id nobody is not in"),
        ("initiatives", "heat,Heat", "cold,Heat", "cold changes nothing"),
        ("initiatives", "0.08,CNY", "0.08,EUR", "currency CNY, but company/initiatives.csv line 2"),
        ("initiative_changes", "own_generation", "magic", "change magic is not known"),
        ("initiative_changes", "heat,specific", "hat,specific", "initiative_id hat is not in"),
        ("initiative_changes", "mill_boiler,diesel", "boiler,diesel", "process_id boiler is not"),
        ("initiative_changes", "mill,,electricity", "mill,,electric", "flow_id electric is not in"),
        ("initiative_changes", ",0.9,,,,", ",,,,,", "line 4: value is blank"),
        ("initiative_changes", ",0.9,,,,", ",0.9,kg,,,", "a specific_consumption has no unit"),
        ("initiative_changes", ",0.9,,,,", ",-1,,,,", "value -1 is not a number of 0 or more"),
        ("initiative_changes", "2,MWh", "2,kg", "unit kg of electricity"),
        ("initiative_changes", "gCO2e/kWh,0.4", "gCO2e/kWh,40", "share 40 is not a share from 0"),
        ("initiative_changes", "fibre,fluff", "tap_water,fluff", "tap_water is of kind water"),
        ("initiative_changes", "fibre,fluff", "fibre,fibre", "other_flow_id are the same"),
        ("initiative_changes", "1.02", "0", "value 0 is no yield"),
        ("initiative_changes", "substitution", "transport_mode", "about two flows of freight"),
        ("initiative_changes", "contract,mill,,electricity", "contract,mill,,fibre", "made by the"),
        ("prices", "700,CNY", "dear,CNY", "price dear is not an amount of money"),
        ("prices", "700,CNY,MWh", "700,CNY,t", "unit t of electricity"),
        ("prices", "2020-01-01", "soon", "valid_from or valid_to is no date"),
        ("prices", "electricity,mill,0.6", "electricity,hill,0.6", "facility_id hill is not in"),
    ],
)
def test_a_fault_of_a_plan_names_line_and_remedy(planning_company, file, old, new, words):
    path = planning_company.path / "company" / f"{file}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(CompanyDataError, match=re.escape(words)) as refused:
        _ = DataFolder(planning_company.path).company

    assert re.search(r"company/\w+\.csv line \d", str(refused.value))
