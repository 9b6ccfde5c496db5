"""A workbook with everything an author may have put into it, and eight ways to break it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

MONTHS = ("2022-01", "2022-02", "2022-03")
ROUND = "2022-04"
MAP = """\
source: stage_boiler
kind: workbook
layouts:
  - sheets:
      - sheet: "能耗 Energy"
        layout: months_down
        header_row: 2
        period: Month
        columns:
          "Electricity (kWh)": {flow: electricity, process: mill_boiler, direction: input,
            unit: kWh, method: metered}
          "Diesel (kg)": {flow: diesel_stationary, process: mill_boiler, direction: input,
            unit: kg, method: weighed}
          "Fibre out (t)": {flow: fibre, process: mill_boiler, direction: output, unit: t,
            method: weighed}
        note: Note
      - sheet: "It's water"
        layout: months_across
        header_row: 1
        item: Item
        unit: Unit
        total: Total
        rows:
          "Tap water": {flow: tap_water, process: mill_boiler, direction: input}
      - sheet: Meters
        layout: months_down
        period: Month
        columns:
          "Start": {flow: electricity, process: mill_boiler, direction: input, unit: kWh,
            role: meter_start, meter: M1}
"""
BROKEN: dict[tuple[str, str], Any] = {
    ("能耗 Energy", "B3"): "#N/A",
    ("能耗 Energy", "C4"): "约40",
    ("能耗 Energy", "D3"): None,
    ("能耗 Energy", "C5"): -12.5,
    ("能耗 Energy", "F2"): "Gas (GJ)",
    ("It's water", "B2"): "furlong",
}
"""What the broken workbook holds in place of what it should; a copied column and a missing sheet
come on top."""
MARKED = {
    ("能耗 Energy", "B3"): "no_excel_error",
    ("能耗 Energy", "C4"): "value_is_number",
    ("能耗 Energy", "D3"): "value_present",
    ("能耗 Energy", "C5"): "not_negative",
    ("能耗 Energy", "F2"): "header_known",
    ("能耗 Energy", "G2"): "header_stands_once",
    ("It's water", "B2"): "unit_known",
}
"""Cells that must be marked, and for which rule."""
COPIED = {"G2": "Electricity (kWh)", "G3": 999, "G4": 1100, "G5": 1200}


def write_workbook(path: Path, *, broken: bool = False) -> Path:
    """The boiler house's workbook, right or broken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        number = book.add_format({"num_format": "#,##0.00", "locked": False, "bg_color": "#FFFF99"})
        head = book.add_format({"bold": True, "border": 1})
        energy = book.add_worksheet("能耗 Energy")
        water = book.add_worksheet("It's water")
        energy.write(0, 0, "Boiler house")
        headers = ("Month", "Electricity (kWh)", "Diesel (kg)", "Fibre out (t)", "Note")
        energy.write_row(1, 0, headers, head)
        for row, (month, values) in enumerate(
            zip(MONTHS, ((1000, 10, 2), (1100, 40, 3), (1200, 12.5, 4)), strict=True), start=2
        ):
            energy.write(row, 0, month)
            energy.write_row(row, 1, values, number)
        water.write_row(0, 0, ("Item", "Unit", *MONTHS, "Total"), head)
        water.write_row(1, 0, ("Tap water", "m3", 50, 60, 70))
        water.write_formula("F2", "=SUM(C2:E2)", None, 180)
        lists = book.add_worksheet("Lists")
        lists.write_column(0, 0, ("kWh", "MWh"))
        lists.hide()
        _decorate(book, energy, water)
        if broken:
            _break(energy, water, number)
        else:
            meters = book.add_worksheet("Meters")
            meters.write_row(0, 0, ("Month", "Start"))
            for row, month in enumerate(MONTHS, start=1):
                meters.write_row(row, 0, (month, 100 * row))
    return path


def _decorate(book: Any, energy: Any, water: Any) -> None:
    """What must survive the way back: some of it is lost by programs that re-write a workbook."""
    energy.data_validation("B3:B5", {"validate": "decimal", "criteria": ">=", "value": 0})
    energy.data_validation("E3:E5", {"validate": "list", "source": "=Lists!$A$1:$A$2"})
    energy.conditional_format("B3:D5", {"type": "data_bar", "data_bar_2010": True})
    energy.protect("", {"select_locked_cells": True})
    energy.write_comment("C4", "Weighed twice.", {"author": "Wang"})
    energy.write_comment("A1", "Read on the last day.", {"author": "Wang"})
    energy.add_sparkline("H3", {"range": "'能耗 Energy'!B3:B5"})
    energy.insert_textbox("J2", "Ask the shift leader.")
    energy.freeze_panes(2, 1)
    energy.print_area("A1:E5")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='能耗 Energy'!$B$3:$B$5"})
    water.insert_chart("H2", chart)
    book.define_name("months", "='能耗 Energy'!$A$3:$A$5")
    book.set_custom_property("owner", "boiler house")


def _break(energy: Any, water: Any, number: Any) -> None:
    sheets = {"能耗 Energy": energy, "It's water": water}
    for (sheet, cell), value in BROKEN.items():
        if value == "#N/A":
            sheets[sheet].write_formula(cell, "=NA()", number, "#N/A")
        elif value is None:
            sheets[sheet].write_blank(cell, None, number)
        else:
            sheets[sheet].write(cell, value)
    for cell, value in COPIED.items():
        energy.write(cell, value)


def write_rounds(data: Path) -> None:
    """One round of three months."""
    (data / "maps" / "stage_boiler.yml").write_text(MAP, encoding="utf-8")
    (data / "rounds.csv").write_text(
        "round,opens_on,closes_on,first_month,last_month,expected\n"
        f"{ROUND},2022-04-05,2022-04-15,2022-01,2022-03,mill/boiler\n",
        encoding="utf-8",
    )


DUE = date(2022, 4, 15)
