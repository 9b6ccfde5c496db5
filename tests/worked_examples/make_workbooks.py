"""Writes the workbooks of the worked examples, byte for byte the same each time.

Run from the repository: python tests/worked_examples/make_workbooks.py
Hand-ins that are text (ERP exports, certificates) are edited by hand and not written here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

HERE = Path(__file__).parent
LONG_AGO = datetime(2020, 1, 1)
Cell = str | float | date | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]


def write(path: Path, sheets: Sheets) -> None:
    """One workbook; `=formula|cached value` is a formula that was calculated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path))
    workbook.set_properties({"author": "worked example", "created": LONG_AGO})
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, str) and value.startswith("="):
                    formula, cached = value.split("|")
                    sheet.write_formula(number, column, formula, None, _cached(cached))
                elif isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write_number(number, column, value)
    workbook.close()


def _cached(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def month_days(year: int, months: Sequence[int]) -> list[date]:
    """First days, written as Excel dates."""
    return [date(year, month, 1) for month in months]


def meter_sheet(start: float, energies: Sequence[float]) -> Sheets:
    """Register readings of one meter, twelve months and their sum."""
    rows: list[list[Cell]] = [
        ["电表抄录 Meter readings"],
        ["2022 年 Year 2022"],
        [],
        [
            "月份 Month",
            "期初 Start",
            "期末 End",
            "电量 Energy (kWh)",
            "备注 Note",
            "抄表人 Read by",
        ],
    ]
    register = start
    for month, energy in enumerate(energies, start=1):
        end = register + energy
        line = month + 4
        rows.append(
            [f"2022年{month}月", register, end, f"=C{line}-B{line}|{energy}", None, "A. N. Other"]
        )
        register = end
    rows.append(["合计 Total", None, None, f"=SUM(D5:D16)|{sum(energies)}"])
    return {"电表 Meter": rows}


CERTIFICATES = {
    "ningde_knitting": meter_sheet(
        12_000,
        [84_000, 70_000, 85_000, 83_000, 86_000, 85_000]
        + [90_000, 88_000, 84_000, 82_000, 81_000, 82_000],
    ),
    "putian_dyeing": meter_sheet(500, [10_000] * 12),
}

BOILERS = {
    "能源台账": [
        ["北山热力（虚构） 能源台账"],
        ["2023 年一季度"],
        ["项目", "单位", "2023年1月", "2023年2月", "2023年3月", "合计", "备注"],
        ["天然气", "万Nm3", 0.5, 0.3, 0.2, "=SUM(C4:E4)|1", "标况 0 ℃"],
        ["柴油发电机", "kg", "1,200", 0, 800, 2000, "试车"],
        ["食堂液化气", "公斤", 100, 100, 100, 300, None],
        ["外购热力", "GJ", 300, 150, 50, 500, None],
        ["供热量", "GJ", 1900, 1200, 700, 3800, None],
    ]
}
FLEET = {
    "加油记录": [
        ["加油记录（虚构）"],
        ["日期", "车牌", "加油量（升）", "备注"],
        [date(2023, 1, 12), "冀A·00000", 60, None],
        [date(2023, 2, 3), "冀A·00000", 55.5, None],
        [date(2023, 2, 20), "冀A·00001", 24.5, None],
        [date(2023, 3, 28), "冀A·00001", 60, "加油站收据"],
    ]
}

WASTEWATER = {
    "污水台账": [
        ["污水处理台账（虚构）"],
        [],
        ["月份", "水量", "进水 COD", "出水 COD", "火炬 CH4", "记录人"],
        [None, "(m3)", "(mg/L)", "(mg/L)", "(kg)", None],
        ["5月", 4000, 3000, 500, 1500, "A. N. Other"],
        ["6月", 6000, 3000, 500, 2500, "A. N. Other"],
    ]
}


def incineration(*batches: Sequence[Cell]) -> Sheets:
    """Batches burned: date, quantity, unit, note."""
    return {"焚烧记录": [["焚烧记录（虚构）"], ["日期", "PET 量", "单位", "备注"], *batches]}


UTILITIES = {
    "Utilities": [
        ["Dayton Molding (invented)"],
        [],
        [
            "Month",
            "Natural gas, thousand scf",
            "Electricity, kWh",
            "Steam, mmBtu",
            "Wood, lb",
            "Comment",
        ],
        ["Oct-2024", 300, "650,000", 90, 12_000, None],
        ["Nov-2024", 340, "660,000", 100, 13_000, None],
        ["Dec-2024", 360, "690,000", 110, 15_000, "cold month"],
    ],
    "Refrigerant": [
        ["Date", "Equipment", "Gas", "Refilled", "Unit"],
        ["10/17/2024", "RTU 3", "R-410A", 7.5, "kg"],
        ["12/02/2024", "RTU 5", "R-410A", 2500, "g"],
    ],
}
LOGISTICS = {
    "Inbound": [
        ["Hired trucks"],
        ["Month", "Trips", "Miles per trip"],
        ["Oct-2024", 10, 250],
        ["Nov-2024", 12, 250],
        ["Dec-2024", 9, 500],
    ],
    "Outbound": [
        ["Rail cars to customers"],
        ["Month", "Mode", "Short tons", "Miles"],
        ["Oct-2024", "Rail", 60, 500],
        ["Dec-2024", "Rail", 40, 500],
    ],
}
OFFICE = {
    "Flights": [
        ["Month", "Travelers", "Miles"],
        ["Oct-2024", 2, 3000],
        ["Nov-2024", 4, 1500],
    ],
    "Commuting": [
        ["Month", "Cars", "Days", "Miles a day"],
        ["Oct-2024", 40, 22, 20],
        ["Nov-2024", 40, 19, 20],
        ["Dec-2024", 40, 19, 20],
    ],
}

COOLING = {
    "Kältemittel": [
        ["Kältewerk Nord (erfunden)"],
        [],
        [
            "Monat",
            "Anlage",
            "Gas",
            "Anfang kg",
            "Zugang kg",
            "Ende kg",
            "Rückgewonnen kg",
            "Prüfer",
        ],
        ["2025-01", "KM 1", "R410A", 5, 12, 6, 1, "N. N."],
        ["2025-01", "KM 2", "R134a", 10, None, 7, None, "N. N."],
        ["2025-01", "KM 3", "R22", 8, None, 6, None, "N. N."],
        ["2025-01", "Schaltanlage", "SF6", 2, None, 1.5, None, "N. N."],
    ]
}

WORKSHOP = {
    "Workshop": [
        ["Leeds Cabinets (invented)"],
        ["Item", "Unit", *month_days(2025, [1, 2, 3])],
        ["Mains gas", "kWh (Gross CV)", 4500, 3500, 2000],
        ["Electricity", "MWh", 7, 6.5, 6.5],
        ["Wood pellets", "kg", 900, 700, 400],
        ["Water in", "m3", 100, 90, 110],
        ["Water out", "m3", 90, 81, 99],
        ["PET sheet", "kg", 200, 0, 300],
    ]
}
YARD = {
    "Van": [
        ["Month", "Diesel, litres"],
        [date(2025, 1, 1), 150],
        [date(2025, 2, 1), 170],
        [date(2025, 3, 1), 180],
    ],
    "Lorries": [
        ["Date", "Tonnes", "Kilometres"],
        [date(2025, 1, 15), 10, 300],
        [date(2025, 3, 6), 8, 250],
    ],
    "Skips": [
        ["Date", "Route", "Kilograms"],
        [date(2025, 1, 31), "Landfill", 1250],
        [date(2025, 2, 28), "Energy from waste", 2000],
        [date(2025, 3, 31), "Landfill", 750],
    ],
}
STAFF = {
    "Trips": [
        ["Date", "Kind", "From", "To", "Persons", "Kilometres", "Nights"],
        [date(2025, 2, 11), "Flight", "Leeds", "Dublin", 2, 1000, None],
        [date(2025, 2, 13), "Flight", "Dublin", "Leeds", 2, 1000, None],
        [date(2025, 3, 4), "Hotel", None, "London", 2, None, 2],
    ],
    "Commuting": [
        ["Month", "Mode", "Persons", "Days", "Kilometres a day"],
        *(
            row
            for month in ("Jan 2025", "Feb 2025", "Mar 2025")
            for row in ([month, "Car", 8, 20, 16], [month, "Bus", 5, 20, 14])
        ),
    ],
}

KILN_HEADER = ["Month", "Coal (t)", "NCV (MJ/kg)", "Diesel (L)", "Bricks"]

WASHING = ["Month", "Electricity (kWh)", "Water (m3)"]


def monthly_log(title: str, headers: Sequence[str], *months: Sequence[Cell]) -> Sheets:
    """Title, a blank line, headers, a line a month: what the product examples hand in."""
    return {"Log": [[title], [], ["Month", *headers], *months]}


BOTTLES = monthly_log(
    "Bottle of the PACT guide (invented)",
    ["PET (t)", "Electricity (kWh)", "Bottles"],
    ["2023-11", 0.3, 100, 1000],
    ["2023-12", 0.15, 50, 500],
)
FIBRE_LINE = monthly_log(
    "Spinning with regrind (invented)",
    [
        "Flake fed (t)",
        "Regrind fed (kg)",
        "Power of the extruders (kWh)",
        "Melt (t)",
        "Melt spun (t)",
        "Power of the spinning hall (kWh)",
        "Good fibre (t)",
        "Waste to regrind (kg)",
    ],
    ["2023-11", 4.8, 200, 2500, 5, 5, 1200, 4.8, 200],
    ["2023-12", 4.8, 200, 2500, 5, 5, 1200, 4.8, 200],
)
TWO_FIBRES = monthly_log(
    "Two fibres (invented)",
    ["Bottle flake (t)", "Fibre of bottles (t)", "Textile flake (t)", "Fibre of textiles (t)"],
    ["2023-11", 2, 2, 1, 1],
    ["2023-12", 3, 3, 0.5, 0.5],
)

WORKBOOKS: Mapping[str, Sheets] = {
    "cn_grid_certificates/rounds/2023-03/ningde_knitting/metering.xlsx": CERTIFICATES[
        "ningde_knitting"
    ],
    "cn_grid_certificates/rounds/2023-03/putian_dyeing/metering.xlsx": CERTIFICATES[
        "putian_dyeing"
    ],
    "cn_boiler_house/rounds/2023-04/beishan/boilers.xlsx": BOILERS,
    "cn_boiler_house/rounds/2023-04/beishan/fleet.xlsx": FLEET,
    "cn_bottle_washer/rounds/2024-07/haibin/wastewater.xlsx": WASTEWATER,
    "cn_bottle_washer/rounds/2024-07/haibin/incineration.xlsx": incineration(
        [date(2024, 5, 20), 0.6, "吨", None], [date(2024, 6, 18), 400, "公斤", None]
    ),
    "cn_bottle_washer/rounds/2024-07/joint_venture/incineration.xlsx": incineration(
        [date(2024, 6, 3), "1,000", "kg", "one batch"]
    ),
    "us_molding_plant/rounds/2025-01/dayton/utilities.xlsx": UTILITIES,
    "us_molding_plant/rounds/2025-01/dayton/logistics.xlsx": LOGISTICS,
    "us_molding_plant/rounds/2025-01/dayton/office.xlsx": OFFICE,
    "de_cold_store/rounds/2025-02/kiel/cooling.xlsx": COOLING,
    "uk_cabinet_maker/rounds/2025-04/leeds/workshop.xlsx": WORKSHOP,
    "uk_cabinet_maker/rounds/2025-04/leeds/yard.xlsx": YARD,
    "uk_cabinet_maker/rounds/2025-04/leeds/staff.xlsx": STAFF,
    "vn_brick_yard/rounds/2024-03/kiln_site/firing.xlsx": {
        "Kiln": [KILN_HEADER, ["2024-01", 10, 24.0, 1000, 52_000]]
    },
    "vn_brick_yard/rounds/2024-04/kiln_site/firing.xlsx": {
        "Kiln": [KILN_HEADER, ["2024-02", 10, None, 1500, 51_000]]
    },
    "pact_bottle/rounds/2023/blowing/moulding.xlsx": BOTTLES,
    "spinning_with_regrind/rounds/2023/fibre_mill/fibre_line.xlsx": FIBRE_LINE,
    "pet_incineration/rounds/2023/fibre_mill/fibre_line.xlsx": TWO_FIBRES,
    "broken_hand_in/rounds/2025-04/hull/washing.xlsx": {
        "Washing": [
            ["Hull laundry (invented)"],
            WASHING,
            ["2025-01", 4000, -12],
            ["2025-02", "about 3,900", 110],
            ["2025-03", "=1/0|#DIV/0!", None],
        ]
    },
    "broken_hand_in/rounds/2025-04/york/washing.xlsx": {
        "Washing": [
            ["York laundry (invented)"],
            WASHING,
            ["2025-01", 3500, 90],
            ["2025-02", 3200, 85],
            ["2025-03", 3300, 88],
        ]
    },
}


def main(target: Path = HERE) -> None:
    """Write every workbook below `target`."""
    for name, sheets in WORKBOOKS.items():
        write(target / name, sheets)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
