"""Targets, plans, paths, benchmarks and drivers: every fault names file, line and remedy."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pandas as pd
import pytest

from orchestration.company.tables import TABLES
from orchestration.company.target_checks import target_contradictions

MASTER = {
    "flows": (
        "flow_id,flow_kind,unit_code,components\n"
        "power,electricity,kWh,generation;upstream\nfibre,product,kg,\nsteam,utility,GJ,\n"
    ),
    "products": "product_id,flow_id\nstaple,fibre\n",
    "processes": "process_id,facility_id\nspin,mill\n",
    "facilities": "facility_id\nmill\n",
    "flow_properties": "flow_id,property,value,unit\n",
}
STATED = {
    "benchmarks": (
        "process_id,flow_id,value,unit,source_id,source_locator,valid_from,valid_to\n"
        "spin,power,481,kWh/t,db,table 1,,\n"
    ),
    "targets": (
        "target_id,name_en,kind,basis,base_year,target_year,reduction_share,path,scopes,"
        "categories,facility_id,product_id,neutralised_by,source_id,source_locator\n"
        "near,Near,absolute,market_based,2021,2030,0.42,linear,1;2,,,,,db,p. 1\n"
        "per_kg,Per kg,intensity,market_based,2021,2030,0.3,,,,,staple,,db,p. 1\n"
        "peak,Peak,peak,location_based,,2028,,,,,mill,,,db,p. 1\n"
        "zero,Zero,neutrality,market_based,2021,2060,0.9,,,,,,removals,db,p. 1\n"
    ),
    "production_plan": (
        "product_id,year,quantity,unit,source_id,source_locator\nstaple,2025,17.5,t,db,p. 2\n"
    ),
    "factor_paths": (
        "flow_id,component,facility_id,basis,year,value,unit,source_id,source_locator\n"
        "power,generation,,,2021,0.55,kg/kWh,db,p. 3\npower,generation,,,2030,0.4,kg/kWh,db,p. 3\n"
    ),
    "baseline_drivers": (
        "process_id,flow_id,driver_process_id,driver_flow_id,source_id\nspin,power,spin,fibre,db\n"
    ),
}


def problems_of(changed: Mapping[str, str]) -> list[str]:
    """What is wrong with these tables; blanks are None, columns that a text lacks are blank."""
    tables = {}
    for name, text in {**MASTER, **STATED, **changed}.items():
        rows = list(csv.DictReader(io.StringIO(text)))
        filled = [
            {column: row.get(column) or None for column in TABLES[name].all_columns} for row in rows
        ]
        tables[name] = pd.DataFrame(filled, columns=list(TABLES[name].all_columns), dtype=object)
    return target_contradictions(tables, {"db"})


def test_tables_without_a_fault_have_no_problem():
    assert problems_of({}) == []


def test_a_company_without_these_tables_has_no_problem():
    assert problems_of({name: text.splitlines()[0] + "\n" for name, text in STATED.items()}) == []


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("benchmarks", "kWh/t", "MWh/t", "line 2: unit MWh/t of power. Write it per unit of what"),
        ("benchmarks", "kWh/t", "kWh", "such as kWh/kg"),
        ("benchmarks", "481", "a lot", "value a lot is not a number of 0 or more"),
        ("benchmarks", "db", "nobody", "source_id nobody is not in"),
        ("benchmarks", "table 1", "", "source_locator is blank"),
        ("targets", "absolute", "relative", "kind relative is not known"),
        ("targets", "market_based", "market", "basis market is not known"),
        ("targets", "0.42", "42", "reduction_share 42 is not a share from 0 to 1"),
        ("targets", "2030,0.42", "2020,0.42", "target_year 2020 does not lie after base_year"),
        ("targets", "2030,0.42", "30,0.42", "target_year 30 is no year"),
        ("targets", "2021,2030,0.42", ",2030,0.42", "base_year is blank. A target of kind abs"),
        ("targets", "2030,0.42,linear", "2030,0.42,steep", "path steep is not known"),
        ("targets", "1;2,", "1;4,", "scopes 4 is not known. Use 1, 2, 3"),
        ("targets", "1;2,,", ",heat,", "categories heat is not known"),
        ("targets", "1;2,,", "1,purchased_heat,", "scopes and categories both say"),
        ("targets", "0.3,,,,,staple", "0.3,,1,,,staple", "a product has no scopes"),
        ("targets", "based,,2028", "based,2021,2028", "kind peak has no base_year. Leave it"),
        ("targets", "removals", "", "neutralised_by is blank. A target of kind neutrality"),
        ("targets", "0.9,", "0,", "reduction_share 0 would neutralise everything"),
        ("production_plan", "17.5,t", "17.5,m", "line 2: unit m of staple, whose flow"),
        ("production_plan", "17.5", "-1", "quantity -1 is not a quantity of 0 or more"),
        ("production_plan", "2025", "next", "year next is no year"),
        ("factor_paths", "2030,0.4,kg/kWh", "2030,400,g/kWh", "has the units g/kWh and kg/kWh"),
        ("factor_paths", "power,generation,,,2030", "power,upstream,,,2030", "has one year"),
        ("factor_paths", "power,generation,,,2021", "power,direct,,,2021", "no component direct"),
        ("baseline_drivers", "spin,fibre", "spin,power", "can't be explained by itself"),
    ],
)
def test_a_fault_names_line_and_remedy(table, old, new, words):
    assert old in STATED[table]
    problems = problems_of({table: STATED[table].replace(old, new, 1)})
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith(f"company/{table}.csv line ") for problem in problems)
