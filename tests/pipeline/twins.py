"""A generated company: two sites that sell to each other and, through it, form a loop.

Co-products; stocks that grow and shrink; steam that offices take and that gets lost; a site that is
owned to a part; freight that belongs to products; a process that stands still for a month.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from tests.conftest import FACTOR_COLUMNS, factor, write_csv

MONTHS = ("2022-01", "2022-02")
ROUND = "2022-03"
SEED = 7
BOUND, SOURCE = "exempted_upper_bound_kgco2e_per_unit", "exempted_upper_bound_source"

PROCESSES = {  # process: site, type
    "washing": ("beta", "production"),
    "moulding": ("beta", "production"),
    "beta_dispatch": ("beta", "non_product"),
    "melting": ("alpha", "production"),
    "spinning": ("alpha", "production"),
    "boiler": ("alpha", "utility"),
    "workshop": ("alpha", "utility"),
    "offices": ("alpha", "non_product"),
    "alpha_dispatch": ("alpha", "non_product"),
}
FLOWS = {  # flow: kind, unit, components, life cycle stage
    "electricity": ("electricity", "kWh", "generation", "manufacture"),
    "diesel": ("fuel_stationary", "kg", "direct", "manufacture"),
    "bottles": ("material", "kg", "upstream", "raw_material_acquisition"),
    "train": ("business_travel", "person*km", "direct", ""),
    "truck": ("freight_outbound", "t*km", "direct", "distribution"),
    "soap": ("material", "kg", "", "raw_material_acquisition"),
    "flake": ("intermediate", "kg", "", "manufacture"),
    "chip": ("intermediate", "kg", "", "manufacture"),
    "scrap": ("intermediate", "kg", "", "manufacture"),
    "steam": ("utility", "GJ", "", "manufacture"),
    "fibre": ("product", "kg", "", "manufacture"),
    "cups": ("product", "kg", "", "manufacture"),
}
USUAL = {  # process, flow, direction: what a month is about
    ("washing", "bottles", "input"): 12000.0,
    ("washing", "scrap", "input"): 900.0,
    ("washing", "electricity", "input"): 3000.0,
    ("washing", "soap", "input"): 40.0,
    ("washing", "flake", "output"): 11500.0,
    ("melting", "flake", "input"): 11000.0,
    ("melting", "electricity", "input"): 5000.0,
    ("melting", "chip", "output"): 10500.0,
    ("melting", "scrap", "output"): 450.0,
    ("spinning", "chip", "input"): 8000.0,
    ("spinning", "steam", "input"): 500.0,
    ("spinning", "electricity", "input"): 4000.0,
    ("spinning", "fibre", "output"): 7500.0,
    ("spinning", "scrap", "output"): 480.0,
    ("moulding", "chip", "input"): 2400.0,
    ("moulding", "electricity", "input"): 900.0,
    ("moulding", "cups", "output"): 2350.0,
    ("boiler", "diesel", "input"): 2000.0,
    ("boiler", "steam", "output"): 700.0,
    ("workshop", "electricity", "input"): 300.0,
    ("offices", "steam", "input"): 120.0,
    ("offices", "electricity", "input"): 600.0,
    ("offices", "train", "input"): 5000.0,
    ("alpha_dispatch", "fibre", "input"): 7300.0,
    ("alpha_dispatch", "truck", "input"): 2100.0,
    ("beta_dispatch", "cups", "input"): 2500.0,
    ("beta_dispatch", "truck", "input"): 700.0,
}
FACTORS = {  # flow, boundary: gases per unit
    ("electricity", "generation"): {"kg_co2_fossil": "0.5", "kg_ch4_fossil": "0.001"},
    ("diesel", "direct"): {"kg_co2_fossil": "3", "kg_n2o": "0.0002"},
    ("bottles", "upstream"): {"kg_co2e": "0.3", "gwp_set": "AR6"},
    ("train", "direct"): {"kg_co2_fossil": "0.03"},
    ("truck", "direct"): {"kg_co2_fossil": "0.1", "kg_co2_biogenic": "0.01"},
}


@dataclass(frozen=True)
class Cell:
    """One number of a site's workbook."""

    process: str
    flow: str
    direction: str
    month: str
    quantity: float

    @property
    def header(self) -> str:
        return f"{self.process} {self.flow} {self.direction}"


def generated_cells(seed: int) -> list[Cell]:
    """Every quantity of a month within 10 % of the usual; moulding stands still in February."""
    numbers = random.Random(seed)
    cells = []
    for month in MONTHS:
        for (process, flow, direction), usual in USUAL.items():
            quantity = round(usual * numbers.uniform(0.9, 1.1), 1)
            if process == "moulding" and month == MONTHS[1]:
                quantity = 0.0 if flow != "electricity" else 25.0
            cells.append(Cell(process, flow, direction, month, quantity))
    return cells


def source_map(site: str) -> str:
    """One sheet, months down, a column for each quantity of the site."""
    columns = "\n".join(
        f'          "{process} {flow} {direction}": {{flow: {flow}, process: {process}, '
        f'direction: {direction}, unit: "{FLOWS[flow][1]}", method: metered}}'
        for process, flow, direction in USUAL
        if PROCESSES[process][0] == site
    )
    return f"""\
source: stage_{site}
kind: workbook
description: All meters and scales of {site}.
owner: {site}
file: {site}
layouts:
  - from_round: "2022-01"
    sheets:
      - sheet: Readings
        layout: months_down
        header_row: 1
        period: Month
        columns:
{columns}
"""


def write_workbook(path: Path, cells: list[Cell]) -> None:
    """Months down, quantities across."""
    path.parent.mkdir(parents=True, exist_ok=True)
    headers = list(dict.fromkeys(cell.header for cell in cells))
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Readings")
        sheet.write_row(0, 0, ["Month", *headers])
        for row, month in enumerate(MONTHS, start=1):
            sheet.write(row, 0, month)
        for cell in cells:
            sheet.write(MONTHS.index(cell.month) + 1, headers.index(cell.header) + 1, cell.quantity)


def write_twins(path: Path) -> None:
    """The data folder of the company."""
    rules = [
        {"process_id": process, "flow_id": flow, "basis": "mass", "justification": "same polymer"}
        for process, flow in (
            ("melting", "chip"),
            ("melting", "scrap"),
            ("spinning", "fibre"),
            ("spinning", "scrap"),
        )
    ]
    tables = {
        "company/facilities.csv": [
            {"facility_id": "alpha", "name_en": "Alpha", "country": "CN"},
            {"facility_id": "beta", "name_en": "B", "country": "CN", "consolidation_share": "0.6"},
        ],
        "company/stages.csv": [
            {"stage_code": site, "name_en": site, "stage_order": order}
            for order, site in enumerate(("alpha", "beta"))
        ],
        "company/processes.csv": [
            {
                "process_id": process,
                "facility_id": site,
                "stage_code": site,
                "name_en": process,
                "process_type": process_type,
            }
            for process, (site, process_type) in PROCESSES.items()
        ],
        "company/flows.csv": [
            {
                "flow_id": flow,
                "name_en": flow,
                "flow_kind": kind,
                "unit_code": unit,
                "components": components,
                "life_cycle_stage": stage,
                "exempted_because": "no factor" if flow == "soap" else "",
            }
            for flow, (kind, unit, components, stage) in FLOWS.items()
        ],
        "company/products.csv": [
            {
                "product_id": product,
                "flow_id": product,
                "name_en": product,
                "declared_unit": "kg",
                "regain": "0",
            }
            for product in ("fibre", "cups")
        ],
        "company/allocation_rules.csv": rules,
        "emission_factors/sources.csv": [
            {
                "source_id": "invented",
                "publisher": "nobody",
                "title": "Round figures",
                "edition": "1",
                "year": "2021",
                "licence": "none needed",
                "locator": "tests/pipeline/twins.py",
                "confidence": "V",
            }
        ],
        "emission_factors/libraries.csv": [
            {"library": "round_figures", "priority": "1", "description": "Round figures."}
        ],
        "rounds.csv": [
            {
                "round": ROUND,
                "opens_on": f"{ROUND}-05",
                "closes_on": f"{ROUND}-15",
                "first_month": MONTHS[0],
                "last_month": MONTHS[1],
                "expected": "alpha/alpha; beta/beta",
            }
        ],
    }
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        write_csv(path / name, rows, columns)
    factors = [
        factor(flow, flow, boundary, FLOWS[flow][1], **gases)
        for (flow, boundary), gases in FACTORS.items()
    ]
    write_csv(path / "emission_factors" / "round_figures.csv", factors, FACTOR_COLUMNS)
    (path / "company" / "company.yml").write_text(
        "company_id: twins\nname_en: Twins\ngwp_set: AR6\n"
        "consolidation_approach: operational control\n",
        encoding="utf-8",
    )
    (path / "maps").mkdir()
    cells = generated_cells(SEED)
    for site in ("alpha", "beta"):
        (path / "maps" / f"stage_{site}.yml").write_text(source_map(site), encoding="utf-8")
        of_site = [cell for cell in cells if PROCESSES[cell.process][0] == site]
        write_workbook(path / "rounds" / ROUND / site / f"{site}.xlsx", of_site)
    describe_more(path)


def describe_more(company: Path) -> None:
    """What exchange needs beyond a footprint; of cups the carbon content stays unknown."""
    path = company / "company" / "flows.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        is_soap = row["flow_id"] == "soap"
        row |= {BOUND: "3" if is_soap else "", SOURCE: "a guess" if is_soap else ""}
    write_csv(path, rows, list(rows[0]))
    properties = [
        {"flow_id": flow, "property": name, "value": value, "unit": unit}
        for flow, name, value, unit in (
            ("fibre", "carbon_content", "0.625", "kgC/kg"),
            ("fibre", "biogenic_carbon_content", "0", "kgC/kg"),
            ("bottles", "recycled_content", "1", "kg/kg"),
            ("soap", "recycled_content", "0", "kg/kg"),
        )
    ]
    write_csv(company / "company" / "flow_properties.csv", properties, list(properties[0]))
    with (company / "company" / "company.yml").open("a", encoding="utf-8") as file:
        file.write(
            "domain: twins.example\ncompany_ids: [urn:lei:1, urn:lei:2]\npackaging_flows: none\n"
        )
