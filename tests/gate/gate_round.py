"""A clean round of an invented plant, in tables, to be broken in exactly one way by each test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.company.data_folder import Round
from orchestration.ingest.reading import READING_SCHEMA

ROUND = Round(
    "2022-05",
    date(2022, 6, 1),
    date(2022, 6, 10),
    date(2022, 5, 1),
    date(2022, 6, 1),
    ("mill/washing", "mill/boiler", "erp/energy_invoices"),
)
MAY, JUNE = ROUND.months

MASTER = {
    "facilities": (["facility_id", "name_en"], [["mill", "Mill"], ["depot", "Depot"]]),
    "processes": (
        ["process_id", "facility_id", "stage_code", "process_type"],
        [["mill_washing", "mill", "washing", "production"],
         ["mill_boiler", "mill", "boiler", "utility"],
         ["depot_hall", "depot", "hall", "non_product"]],
    ),
    "flows": (
        ["flow_id", "name_en", "name_zh", "flow_kind", "unit_code"],
        [["electricity", "Electricity", "电力", "electricity", "kWh"],
         ["flake", "Washed flake", "洗净片", "intermediate", "kg"],
         ["gas", "Natural gas", "天然气", "fuel_stationary", "Nm3"],
         ["headcount", "Headcount", "人数", "statistic", "person"]],
    ),
    "flow_properties": (["flow_id", "property", "value", "unit", "valid_from", "valid_to"], []),
    "ranges": (
        ["flow_id", "process_id", "direction", "per", "unit", "usual_min", "usual_max",
         "hard_min", "hard_max", "source"],
        [["electricity", "mill_washing", "input", "month", "kWh", "500", "5000", "0", "50000", "x"],
         ["electricity", None, None, "month", "kWh", "1", "2", None, None, "less specific"],
         ["gas", None, "input", "output_kg", "Nm3/kg", "0.001", "0.2", None, "0.5", "x"]],
    ),
    "tolerances": (
        ["rule_id", "source", "flow_id", "tolerance", "reason"],
        [["row_total_agrees", None, None, "0.001", "rounding"],
         ["sheet_agrees_with_erp", None, None, "0", "general"],
         ["sheet_agrees_with_erp", None, "electricity", "0.02", "meter class"]],
    ),
    "unit_conversions": (
        ["flow_id", "property", "unit_text", "unit_code", "multiplier", "problem", "problem_zh"],
        [["electricity", "", "kWh", "kWh", 1.0, None, None],
         ["electricity", "", "万千瓦时", "kWh", 10000.0, None, None],
         ["electricity", "", "kg", "kWh", None, "kg has another dimension than kWh", "量纲不同"],
         ["electricity", "", "furlong", "kWh", None, "furlong: write kWh", "请写 kWh"],
         ["flake", "", "t", "kg", 1000.0, None, None],
         ["gas", "", "Nm3", "Nm3", 1.0, None, None],
         ["gas", "ncv", "Nm3", "TJ/Nm3", None, "Nm3 has another dimension", "量纲不同"],
         ["headcount", "", "人", "person", 1.0, None, None]],
    ),
    "expected_hand_ins": (["hand_in"], [[name] for name in ROUND.expected]),
    "handed_in": (
        ["hand_in", "source", "facility_id", "source_file", "source_sha256"],
        [["mill/washing", "stage_washing", "mill", "rounds/2022-05/mill/washing.xlsx", "a1"],
         ["mill/boiler", "stage_boiler", "mill", "rounds/2022-05/mill/boiler.xlsx", "b2"],
         ["erp/energy_invoices", "erp_energy_invoices", None,
          "rounds/2022-05/erp/energy_invoices.csv", "c3"]],
    ),
    "sheet_layouts": (["source", "source_sheet", "layout"], []),
}  # fmt: skip

WASHING = {
    "hand_in": "mill/washing", "source": "stage_washing", "facility_id": "mill",
    "stage_code": "washing", "process_id": "mill_washing", "source_sheet": "Energy",
    "source_file": "rounds/2022-05/mill/washing.xlsx", "source_sha256": "a1",
}  # fmt: skip
BOILER = WASHING | {
    "hand_in": "mill/boiler", "source": "stage_boiler", "stage_code": "boiler",
    "process_id": "mill_boiler", "source_file": "rounds/2022-05/mill/boiler.xlsx",
    "source_sha256": "b2",
}  # fmt: skip
INVOICE = WASHING | {
    "hand_in": "erp/energy_invoices", "source": "erp_energy_invoices", "role": "check",
    "source_sheet": None, "source_file": "rounds/2022-05/erp/energy_invoices.csv",
    "source_sha256": "c3",
}  # fmt: skip


def reading(base: dict, cell: str, month: date | None, quantity: float | None, **more) -> dict:
    """One reading as ingest lands it."""
    row = {
        "round": "2022-05", "revision": 0, "row_kind": "reading", "role": "activity",
        "direction": "input", "value_type": "number", "sign_multiplier": 1.0,
        "data_method": "metered", "is_required": True, "source_cell": cell,
        "period_month": month, "quantity": quantity,
        "period_text": month and month.strftime("%Y-%m"),
        "value_text": None if quantity is None else str(quantity),
    }  # fmt: skip
    return row | base | more


def clean_readings() -> list[dict]:
    """What a plant with nothing to complain about hands in."""
    power = {"flow_id": "electricity", "unit_text": "kWh", "item_text": "Electricity (kWh)"}
    flake = {"flow_id": "flake", "unit_text": "t", "direction": "output", "item_text": "Flake"}
    gas = {"flow_id": "gas", "unit_text": "Nm3", "item_text": "Gas", "process_id": "mill_washing"}
    meter = power | {"meter_id": "E-1", "item_text": "Meter"}
    rows = []
    for number, month in enumerate((MAY, JUNE)):
        line = 5 + number
        rows += [
            reading(WASHING, f"C{line}", month, 1000.0 + number, **power),
            reading(WASHING, f"D{line}", month, 10.0, **flake),
            reading(BOILER, f"C{line}", month, 200.0, **gas),
            reading(BOILER, f"G{line}", month, 100.0 * number, role="meter_start", **meter),
            reading(BOILER, f"H{line}", month, 100.0 * number + 100, role="meter_end", **meter),
            reading(INVOICE, f"L{line}:quantity", month, 0.1, document_no=f"4711-{number}",
                    **power | {"unit_text": "万千瓦时"}),
        ]  # fmt: skip
    total = {"role": "row_total", "period_text": "合计", "is_required": False}
    return [*rows, reading(WASHING, "C7", None, 2001.0, **power | total)]


Break = Callable[[list[dict], dict[str, pd.DataFrame]], None]


def frames() -> dict[str, pd.DataFrame]:
    """Fresh master tables, which a test may change."""
    return {
        name: pd.DataFrame(rows, columns=columns, dtype=object)
        for name, (columns, rows) in MASTER.items()
    }


def table_of(rows: list[dict]) -> pa.Table:
    """Readings as an Arrow table with every column of the schema."""
    full = [{name: row.get(name) for name in READING_SCHEMA.names} for row in rows]
    return pa.Table.from_pylist(full, schema=READING_SCHEMA)


def cell(rows: list[dict], hand_in: str, source_cell: str) -> dict:
    """The row of one cell, to be changed."""
    return next(
        row for row in rows if (row["hand_in"], row["source_cell"]) == (hand_in, source_cell)
    )


TYPED = {
    ("unit_conversions", "multiplier"): "double",
    ("history", "period_month"): "date",
    ("history", "quantity"): "double",
    ("history", "record_count"): "bigint",
}
"""Columns that are no text."""


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    rows: list[dict],
    tables: dict[str, pd.DataFrame],
    previous: list[dict] | None = None,
) -> None:
    """Everything the gate reads, as tables of one connection."""
    for name, frame in tables.items():
        columns = ", ".join(f'"{c}" {TYPED.get((name, c), "varchar")}' for c in frame.columns)
        connection.execute(f"create table {name} ({columns})")
        values = frame.astype(object).where(frame.notna(), None).values.tolist()
        if values:
            marks = ", ".join("?" for _ in frame.columns)
            connection.executemany(f"insert into {name} values ({marks})", values)
    connection.register("readings", table_of(rows))
    connection.register("previous_readings", table_of(previous or []))


def of_site(site: str, rows: list[dict]) -> list[dict]:
    """The washing hand-in of the mill, as another site would have handed it in."""
    renamed = []
    for row in rows:
        if row["hand_in"] == WASHING["hand_in"]:
            row["hand_in"] = f"{site}/washing"
            row["source_file"] = row["source_file"].replace("/mill/", f"/{site}/")
            if row["facility_id"] == "mill":
                row["facility_id"] = site
            if row["process_id"] == "mill_washing":
                row["process_id"] = f"{site}_washing"
            renamed.append(row)
    return renamed


def add_site(site: str, tables: dict[str, pd.DataFrame]) -> None:
    """Master data of one more site."""
    new = {
        "facilities": [site, site],
        "processes": [f"{site}_washing", site, "washing", "production"],
        "ranges": ["electricity", f"{site}_washing", "input", "month", "kWh", "500", "5000", "0",
                   "50000", "x"],
        "expected_hand_ins": [f"{site}/washing"],
        "handed_in": [f"{site}/washing", "stage_washing", site, f"{site}.xlsx", site],
    }  # fmt: skip
    for name, row in new.items():
        tables[name].loc[len(tables[name])] = row
