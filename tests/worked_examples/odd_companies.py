"""Two companies that are odd in every way at once, written down here so that each oddity is named.

`write_nameless`: one site, no product, no electricity, exports alone, one month, names in Chinese
alone, and a round that is no date. `write_shouting`: names that hold what means something in HTML,
Markdown, SQL, a spreadsheet or a shell, and some of 200 characters; two sites make one product that
is counted in pieces; workbooks and an export; one month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.conftest import FACTOR_COLUMNS, factor, write_csv

ROUND = {"nameless": "2024年1月", "shouting": "2024-02"}
SIGNS = """<b>"=1+1" & @SUM('x'; `y`) *_[z](javascript:w) | {{ 7 }} {% if %} \\ $1 #2 ~3~ 'q'"""
PEOPLE = ("wang_lei", "zhao_min", "sun_jie", "li_na", "chen_hao", "he_qiang")
"""Who signs in the README's lines."""

LONG = "long " * 10 + "L" * 100 + "长" * 50
assert len(LONG) == 200


@dataclass(frozen=True)
class OddCompany:
    """A data folder, and what comes of it."""

    data: Path
    name: str
    exchanged: tuple[int, str]
    """How the exchange ends, and why there is no record."""
    changed: tuple[str, str]
    """A cell or a factor, as `carbonloom what-if` takes it."""
    correction: Mapping[str, str]
    kgco2e: float
    corrected_kgco2e: float


Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def _write(data: Path, company_yml: str, tables: Tables, maps: Mapping[str, str]) -> None:
    for name, rows in tables.items():
        columns = FACTOR_COLUMNS if name == "emission_factors/round_figures.csv" else ()
        write_csv(data / name, rows, columns)
    (data / "company" / "company.yml").write_text(company_yml, encoding="utf-8")
    (data / "maps").mkdir()
    for name, text in maps.items():
        (data / "maps" / f"{name}.yml").write_text(text, encoding="utf-8")


def _sources(title: str) -> Tables:
    return {
        "emission_factors/sources.csv": [
            {
                "source_id": "invented", "publisher": title, "title": title, "edition": "1",
                "year": "2024", "licence": "none needed", "locator": "none", "confidence": "V",
            }
        ],
        "emission_factors/libraries.csv": [
            {"library": "round_figures", "priority": "1", "description": title}
        ],
    }  # fmt: skip


NAMELESS_MAP = """\
source: erp_bills
kind: erp
file: 账单
owner: 财务部
layouts:
  - sheets:
      - layout: records
        period: 月份
        every_month: true
        facility: {column: 厂区, lookup: {"一": site}}
        document: 单号
        readings:
          - {flow: gas, process: boiler, direction: input,
             quantity: 用量, unit: {column: 单位}, method: invoiced}
"""


def write_nameless(data: Path) -> OddCompany:
    """1,000 Nm3 at 2 kg CO2; corrected to 1,100."""
    round_ = ROUND["nameless"]
    _write(
        data,
        "company_id: nameless\nname_zh: 无英文名的公司\ngwp_set: AR6\n",
        {
            "company/facilities.csv": [{"facility_id": "site", "name_zh": "一厂", "country": "CN"}],
            "company/stages.csv": [{"stage_code": "heat", "name_zh": "供热", "stage_order": 1}],
            "company/processes.csv": [
                {
                    "process_id": "boiler",
                    "facility_id": "site",
                    "stage_code": "heat",
                    "name_zh": "锅炉",
                    "process_type": "production",
                }
            ],
            "company/flows.csv": [
                {
                    "flow_id": "gas",
                    "name_zh": "天然气",
                    "flow_kind": "fuel_stationary",
                    "unit_code": "Nm3",
                    "components": "direct",
                }
            ],
            "company/people.csv": [{"person_id": one, "name_zh": f"人{one}"} for one in PEOPLE],
            "emission_factors/round_figures.csv": [
                factor("gas", "gas", "direct", "Nm3", kg_co2_fossil="2", source_locator="第一页")
            ],
            "rounds.csv": [
                {
                    "round": round_,
                    "opens_on": "2024-02-01",
                    "closes_on": "2024-02-10",
                    "first_month": "2024-01",
                    "last_month": "2024-01",
                    "expected": "erp/bills",
                }
            ],
            f"rounds/{round_}/erp/账单.csv": [
                {"单号": "甲1", "厂区": "一", "月份": "2024年1月", "用量": "1,000", "单位": "标方"}
            ],
            **_sources("整数"),
        },
        {"erp_bills": NAMELESS_MAP},
    )
    correction = {
        "file": "erp/账单.csv",
        "cell": "L2:用量",
        "old_value": "1,000",
        "new_value": "1,100",
    }
    return OddCompany(
        data,
        "无英文名的公司",
        (2, "no footprint of any product"),
        ("--cell", f"rounds/{round_}/erp/账单.csv#L2:用量"),
        correction,
        2000,
        2200,
    )


STAGE_MAP = """\
source: stage_shout
kind: workbook
owner: {signs}
layouts:
  - sheets:
      - sheet: '=Log @"1" & <b>'
        layout: months_across
        item: '=Item'
        unit: '@Unit'
        total: '+Total'
        rows:
          '=Power <kWh>': {{flow: power, process: '{{facility}}_press',
            direction: input, method: metered}}
          '@Made "good"': {{flow: cap, process: '{{facility}}_press',
            direction: output, method: metered}}
"""
EXPORT_MAP = """\
source: erp_bills
kind: erp
owner: {signs}
layouts:
  - sheets:
      - layout: records
        period: '=Month'
        facility: {{column: '@Plant', lookup: {{'=0010': north, '<2>': south}}}}
        document: '-No'
        supplier: {{column: 'From "whom"'}}
        readings:
          - {{flow: granulate, process: '{{facility}}_press', direction: input,
             quantity: '+Mass', unit: kg, method: invoiced}}
"""
SITES = ("north", "south")


def write_shouting(data: Path) -> OddCompany:
    """1,000 and 1,500 kWh at 1 kg, 10 and 20 kg at 3 kg at two sites; 1,000 becomes 1,200."""
    round_ = ROUND["shouting"]
    quoted = "'" + SIGNS.replace("'", "''") + "'"
    names = {"name_en": SIGNS, "name_zh": f"中文{SIGNS}"}
    long = {"name_en": LONG, "name_zh": LONG}
    place = f"rounds/{round_}"
    _write(
        data,
        f"company_id: shouting\nname_en: {quoted}\nname_zh: {quoted}\nnote: {quoted}\n"
        "gwp_set: AR6\ndomain: example.com\n"
        "company_ids: urn:pact:example.com:supplier-id:1\npackaging_flows: none\n",
        {
            "company/facilities.csv": [
                {"facility_id": "north", **names, "country": "CN"},
                {"facility_id": "south", **long, "country": "CN"},
            ],
            "company/stages.csv": [{"stage_code": "shout", **names, "stage_order": 1}],
            "company/processes.csv": [
                {
                    "process_id": f"{site}_press",
                    "facility_id": site,
                    "stage_code": "shout",
                    **(names if site == "north" else long),
                    "process_type": "production",
                }
                for site in SITES
            ],
            "company/flows.csv": [
                {
                    "flow_id": flow,
                    "name_en": f"{SIGNS}{flow}",
                    "name_zh": f"{LONG}{flow}",
                    "flow_kind": kind,
                    "unit_code": unit,
                    "components": components,
                    "life_cycle_stage": stage,
                }
                for flow, kind, unit, components, stage in (
                    ("power", "electricity", "kWh", "generation", "manufacture"),
                    ("granulate", "material", "kg", "upstream", "raw_material_acquisition"),
                    ("cap", "product", "piece", "", "manufacture"),
                )
            ],
            "company/products.csv": [
                {
                    "product_id": "cap",
                    "flow_id": "cap",
                    **long,
                    "declared_unit": "piece",
                    "end_use": SIGNS,
                }
            ],
            "company/suppliers.csv": [{"supplier_id": "=S<1>", "name": SIGNS}],
            "company/people.csv": [
                {"person_id": one, "name_en": f"{SIGNS}{one}"} for one in PEOPLE
            ],
            "company/exclusions.csv": [{"category": "2", "scope": "3", "reason": SIGNS}],
            "emission_factors/round_figures.csv": [
                factor(
                    "grid",
                    "power",
                    "generation",
                    "kWh",
                    kg_co2_fossil="1",
                    source_locator=SIGNS,
                    note=LONG,
                ),
                factor(
                    "pet",
                    "granulate",
                    "upstream",
                    "kg",
                    kg_co2e="3",
                    gwp_set="AR6",
                    source_locator=LONG,
                ),
            ],
            "rounds.csv": [
                {
                    "round": round_,
                    "opens_on": "2024-02-01",
                    "closes_on": "2024-02-10",
                    "first_month": "2024-01",
                    "last_month": "2024-01",
                    "expected": "north/shout; south/shout; erp/bills",
                }
            ],
            f"{place}/erp/bills.csv": [
                {
                    "-No": f"={number}",
                    "@Plant": plant,
                    "=Month": "2024-01",
                    "+Mass": 10 * number,
                    'From "whom"': "=S<1>",
                }
                for number, plant in enumerate(("=0010", "<2>"), start=1)
            ],
            "expectations/tolerances.csv": [
                {"rule_id": "row_total_agrees", "tolerance": "0.001", "reason": SIGNS}
            ],
            **_sources(SIGNS),
        },
        {
            "stage_shout": STAGE_MAP.format(signs=quoted),
            "erp_bills": EXPORT_MAP.format(signs=quoted),
        },
    )
    for site, power, pieces in zip(SITES, (1000, 1500), (100, 300), strict=True):
        path = data / place / site / "shout.xlsx"
        path.parent.mkdir(parents=True)
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            sheet = book.add_worksheet('=Log @"1" & <b>')
            sheet.write_row(0, 0, ("=Item", "@Unit", "2024-01", "+Total"))
            sheet.write_row(1, 0, ("=Power <kWh>", "kWh", power, power))
            sheet.write_row(2, 0, ('@Made "good"', "piece", pieces, pieces))
    correction = {
        "file": "north/shout.xlsx", "sheet": '=Log @"1" & <b>', "cell": "C2",
        "old_value": "1000", "new_value": "1200",
    }  # fmt: skip
    return OddCompany(
        data,
        SIGNS,
        (0, "fewer than 12 months"),
        ("--cell", f'{place}/north/shout.xlsx#=Log @"1" & <b>!C2'),
        correction,
        2500 + 90,
        2700 + 90,
    )
