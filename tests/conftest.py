"""Builders: a tiny company's data folder, its workbooks and exports, and a run over it."""

from __future__ import annotations

import csv
import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.built import Builder, Built, built_once

FAST = ("unit", "test_conventions.py")
"""Folders and files of tests that need no warehouse, browser or server."""

MONTHS = {"2022-02": date(2022, 1, 1), "2022-03": date(2022, 2, 1)}
FACTOR_COLUMNS = (
    "factor_id,edition,flow_id,boundary,basis,geography,supplier_id,technology,data_year,"
    "valid_from,valid_to,unit,kg_co2_fossil,kg_co2_biogenic,kg_co2_luc,kg_ch4_fossil,"
    "kg_ch4_biogenic,kg_n2o,kg_co2e,other_gases,gwp_set,ncv,ncv_unit,carbon_content_tc_per_tj,"
    "oxidation_fraction,source_id,source_locator,status,note"
).split(",")

COMPANY_YML = """\
company_id: mill
name_en: A mill of two meters
gwp_set: AR6
consolidation_approach: operational control
"""

STAGE_MAP = """\
source: stage_boiler
kind: workbook
description: Energy of the boiler house.
owner: boiler shift lead
file: boiler
layouts:
  - from_round: "2022-01"
    sheets:
      - sheet: Energy
        layout: months_down
        header_row: 2
        period: Month
        columns:
          "Electricity (kWh)": {flow: electricity, process: mill_boiler,
            direction: input, unit: kWh, method: metered}
          "Diesel (kg)": {flow: diesel_stationary, process: mill_boiler,
            direction: input, unit: kg, method: weighed}
          "Fibre out (t)": {flow: fibre, process: mill_boiler,
            direction: output, unit: t, method: weighed}
"""

ERP_MAP = """\
source: erp_water
kind: erp
description: Water invoices.
owner: accounts payable
file: water
layouts:
  - from_round: "2022-01"
    sheets:
      - layout: records
        header_row: 1
        period: Month
        every_month: true
        facility: {column: Plant, lookup: {"1000": mill}}
        document: Invoice
        readings:
          - {flow: tap_water, process: mill_boiler, direction: input,
             quantity: Quantity, unit: {column: Unit}, method: invoiced}
"""


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Iterable[str] = ()) -> None:
    """Rows as a UTF-8 CSV; the first row names the columns unless they are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns) or list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)


LONGEST = "worked_examples"
"""The folder of the tests that take longest, each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make quick` leaves out; the longest first, the shortest last.

    So the workers of a whole run are busy to its end: what they take from each other is short.
    """
    for item in items:
        if item.path.parent.name not in FAST and item.path.name not in FAST:
            item.add_marker(pytest.mark.slow)
    items.sort(key=_place_in_a_run)


def _place_in_a_run(item: pytest.Item) -> int:
    if item.path.parent.name == LONGEST:
        return 0
    return 1 if item.get_closest_marker("slow") else 2


@dataclass(frozen=True)
class TinyCompany:
    """A data folder with one site, one workbook and one export a round."""

    path: Path

    def hand_in_workbook(
        self, round_: str, electricity: object = 1000, diesel: object = 10, fibre: object = 2
    ) -> Path:
        """The boiler house's workbook of a round."""
        path = self.path / "rounds" / round_ / "mill" / "boiler.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        headers = ("Month", "Electricity (kWh)", "Diesel (kg)", "Fibre out (t)")
        row = (f"{MONTHS[round_]:%Y-%m}", electricity, diesel, fibre)
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("Energy")
            sheet.write(0, 0, "Boiler house")
            sheet.write_row(1, 0, headers)
            sheet.write_row(2, 0, row)
        return path

    def hand_in_water(self, round_: str, quantity: object = 50) -> Path:
        """The water invoices of a round."""
        path = self.path / "rounds" / round_ / "erp" / "water.csv"
        row = {
            "Plant": "1000",
            "Month": f"{MONTHS[round_]:%Y-%m}",
            "Invoice": f"W-{round_}",
            "Quantity": quantity,
            "Unit": "m3",
        }
        write_csv(path, [row])
        return path


def factor(factor_id: str, flow_id: str, boundary: str, unit: str, **values: Any) -> dict[str, Any]:
    """One factor version, valid for the world and long enough."""
    return {
        "factor_id": factor_id,
        "edition": "2021",
        "flow_id": flow_id,
        "boundary": boundary,
        "basis": "both",
        "geography": "GLO",
        "data_year": "2021",
        "valid_from": "2021-01-01",
        "unit": unit,
        "source_id": "invented",
        "source_locator": "tests/conftest.py",
        "status": "V",
        **values,
    }


def write_company(path: Path) -> TinyCompany:
    """Master data, maps and factors: figures chosen so that sums are done in the head."""
    flow = {"name_en": "", "flow_kind": "", "unit_code": "", "components": ""}
    tables: dict[str, list[dict[str, Any]]] = {
        "company/facilities.csv": [{"facility_id": "mill", "name_en": "Mill", "country": "CN"}],
        "company/stages.csv": [{"stage_code": "boiler", "name_en": "Boiler", "stage_order": 1}],
        "company/processes.csv": [
            {
                "process_id": "mill_boiler",
                "facility_id": "mill",
                "stage_code": "boiler",
                "name_en": "Boiler",
                "process_type": "production",
            }
        ],
        "company/people.csv": [
            {"person_id": person, "name_en": person.title()}
            for person in ("ann", "bob", "cai", "dora")
        ],
        "company/flows.csv": [
            {"flow_id": flow_id, **dict(zip(flow, values, strict=True))}
            for flow_id, values in {
                "electricity": ("Electricity", "electricity", "kWh", "generation"),
                "diesel_stationary": ("Diesel", "fuel_stationary", "kg", "direct"),
                "tap_water": ("Tap water", "water", "m3", "upstream"),
                "fibre": ("Fibre", "product", "kg", ""),
            }.items()
        ],
        "expectations/tolerances.csv": [
            {"rule_id": rule, "source": "", "flow_id": "", "tolerance": "0.01", "reason": "test"}
            for rule in ("row_total_agrees", "sheet_agrees_with_erp")
        ],
        "emission_factors/sources.csv": [
            {
                "source_id": "invented",
                "publisher": "nobody",
                "title": "Round figures",
                "edition": "1",
                "year": "2021",
                "licence": "none needed",
                "locator": "tests/conftest.py",
                "confidence": "V",
            }
        ],
        "emission_factors/libraries.csv": [
            {"library": "round_figures", "priority": "1", "description": "Round figures."}
        ],
        "rounds.csv": [
            {
                "round": name,
                "opens_on": f"{name}-05",
                "closes_on": f"{name}-15",
                "first_month": f"{month:%Y-%m}",
                "last_month": f"{month:%Y-%m}",
                "expected": "mill/boiler; erp/water",
            }
            for name, month in MONTHS.items()
        ],
    }
    for name, rows in tables.items():
        write_csv(path / name, rows)
    factors = [
        factor("grid", "electricity", "generation", "kWh", kg_co2_fossil="0.5"),
        factor("diesel", "diesel_stationary", "direct", "kg", kg_co2_fossil="3"),
        factor("water", "tap_water", "upstream", "m3", kg_co2e="0.2", gwp_set="AR6"),
    ]
    write_csv(path / "emission_factors" / "round_figures.csv", factors, FACTOR_COLUMNS)
    (path / "company" / "company.yml").write_text(COMPANY_YML, encoding="utf-8")
    (path / "maps").mkdir()
    (path / "maps" / "stage_boiler.yml").write_text(STAGE_MAP, encoding="utf-8")
    (path / "maps" / "erp_water.yml").write_text(ERP_MAP, encoding="utf-8")
    return TinyCompany(path)


def write_complete_company(path: Path) -> TinyCompany:
    """A company whose two rounds are handed in complete."""
    company = write_company(path)
    for round_ in MONTHS:
        company.hand_in_workbook(round_)
        company.hand_in_water(round_)
    return company


@pytest.fixture
def tiny_company(tmp_path: Path) -> TinyCompany:
    """A company whose two rounds are handed in complete."""
    return write_complete_company(tmp_path / "data")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Warehouses that are built once a session, for every test and worker; nobody writes there."""
    folder = tmp_path_factory.getbasetemp()
    session = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return partial(built_once, session)


@pytest.fixture
def built_tiny(built: Builder, tmp_path: Path) -> Built:
    """A copy of the tiny company after a run over its two rounds, to go on with."""
    return built("tiny", write_complete_company).copy(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def _garbage_is_collected_seldom() -> Iterator[None]:
    """A process that runs many companies holds much, and looking through it all takes long."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    yield
    gc.set_threshold(*usual)


USERS_OWN = (
    "DAGSTER_HOME",
    "CARBONLOOM_DATA",
    "CARBONLOOM_WAREHOUSE",
    "CARBONLOOM_ENGINE",
    "CARBONLOOM_ENGINE_ADDRESS",
)
"""Settings that name what a test must leave alone."""


@pytest.fixture(autouse=True, scope="session")
def _no_instance_of_the_user() -> Iterator[None]:
    """Tests leave nothing in somebody's Dagster instance or warehouse."""
    with pytest.MonkeyPatch.context() as patch:
        for name in USERS_OWN:
            patch.delenv(name, raising=False)
        yield
