"""Rules over accepted data in a whole run: history warns, balances block, a waiver carries on."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import xlsxwriter

from orchestration.lake.paths import Lake
from orchestration.release.conditions import figures_missing
from tests.conftest import STAGE_MAP, TinyCompany, write_company, write_csv
from tests.pipeline.test_release import judge
from tests.pipeline.test_round import collect

MONTHS = [f"{2021 + number // 12}-{number % 12 + 1:02}" for number in range(14)]
LAST = MONTHS[-1]
CHIP = """\
          "Chip in (t)": {flow: chip, process: mill_boiler,
            direction: input, unit: t, method: weighed}
"""
CHIP_OF_THE_ERP = """\
source: erp_issues
kind: erp
description: Chip issued from the store; not collected in this round.
owner: store
file: issues
layouts:
  - from_round: "2022-01"
    sheets:
      - layout: records
        header_row: 1
        period: Month
        document: Issue
        readings:
          - {flow: chip, process: mill_boiler, direction: input, quantity: Quantity, unit: t}
"""
TODAY = date(2022, 3, 20)


def appended(path: Path, rows: list[dict[str, Any]]) -> None:
    """Further rows of a CSV that is there."""
    with path.open(encoding="utf-8", newline="") as file:
        present = list(csv.DictReader(file))
    write_csv(path, [*present, *rows])


def company_of_fourteen_months(path: Path) -> TinyCompany:
    """2 t of fibre from 2 t of chip and some 1,000 kWh a month; the last takes 2,000 and 2.5 t."""
    company = write_company(path)
    chip = {"flow_id": "chip", "name_en": "Chip", "flow_kind": "material", "unit_code": "kg"}
    appended(path / "company" / "flows.csv", [chip])
    dry = {"property": "moisture", "value": "0", "unit": "kg/kg"}
    write_csv(
        path / "company" / "flow_properties.csv",
        [{"flow_id": flow, **dry} for flow in ("chip", "fibre")],
    )
    tolerances = {
        "mass_balance": "0.015",
        "mass_balance_critical": "0.03",
        "specific_consumption": "0.05",
        "year_on_year": "0.5",
        "missing_evidence_share": "0",
        "estimated_share": "0",
    }
    appended(
        path / "expectations" / "tolerances.csv",
        [{"rule_id": rule, "tolerance": share} for rule, share in tolerances.items()],
    )
    (path / "maps" / "erp_water.yml").unlink()
    (path / "maps" / "stage_boiler.yml").write_text(STAGE_MAP + CHIP, encoding="utf-8")
    one = {"round": "2022-03", "opens_on": "2022-03-05", "closes_on": "2022-03-15"}
    covers = {"first_month": MONTHS[0], "last_month": LAST, "expected": "mill/boiler"}
    write_csv(path / "rounds.csv", [one | covers])
    workbook = path / "rounds" / "2022-03" / "mill" / "boiler.xlsx"
    workbook.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(workbook) as book:
        sheet = book.add_worksheet("Energy")
        headers = ("Month", "Electricity (kWh)", "Diesel (kg)", "Fibre out (t)", "Chip in (t)")
        sheet.write_row(1, 0, headers)
        for line, month in enumerate(MONTHS):
            is_last = month == LAST
            power = 2000 if is_last else 1000 + 10 * (line % 3)
            sheet.write_row(2 + line, 0, (month, power, 10, 2, 2.5 if is_last else 2))
    return company


def results(warehouse: Path) -> dict[str, dict[str, Any]]:
    """What quality_results says beside chip being carried without a factor, by rule and flow."""
    with duckdb.connect(str(Lake(warehouse).working_file), read_only=True) as connection:
        rows = connection.sql(
            "select concat_ws(' ', rule_id, flow_id) as key, severity, period_month, observed, "
            "affected_kgco2e, waived_by, round(tolerance, 3) as tolerance, hand_in, "
            "concat_ws('!', source_sheet, source_cell) as cell, "
            "replace(other_cells, source_file || '!', '') as others, message_en, message_zh "
            "from marts.quality_results where rule_id <> 'flow_exempted'"
        ).to_arrow_table()
    return {row["key"]: row for row in rows.to_pylist()}


def marked(workbook: Path) -> dict[str, str]:
    """The comment of each marked cell of the sheet Energy."""
    sheet = openpyxl.load_workbook(workbook)["Energy"]
    return {
        cell.coordinate: cell.comment.text
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None
    }


def test_a_month_unlike_its_history_warns_and_an_open_balance_blocks_the_release(tmp_path: Path):
    company = company_of_fourteen_months(tmp_path / "data")
    (company.path / "maps" / "erp_issues.yml").write_text(CHIP_OF_THE_ERP, encoding="utf-8")

    code, output = collect(company, tmp_path / "warehouse")

    assert code == 0, output
    found = results(tmp_path / "warehouse")
    assert found.keys() == {
        "unlike_other_months electricity",
        "specific_consumption electricity",
        "specific_consumption chip",
        "year_on_year electricity",
        "mass_balance",
    }
    assert {row["period_month"] for row in found.values()} == {date(2022, 2, 1)}
    power = found["specific_consumption electricity"]
    assert (power["severity"], power["observed"]) == ("warning", "1.000000 kWh/kg")
    assert power["affected_kgco2e"] == pytest.approx(2000 * 0.5)
    # chip emits nothing here: what its process emits is what the figure bears on
    balance = found["mass_balance"]
    assert (balance["severity"], balance["tolerance"]) == ("critical", 0.03)
    for row in (balance, found["specific_consumption chip"]):
        assert row["affected_kgco2e"] == pytest.approx(2000 * 0.5 + 10 * 3)
    assert [
        line for line in figures_missing(Lake(tmp_path / "warehouse"), TODAY) if "balance" in line
    ] == [
        "mass_balance: The mass balance of mill_boiler in 2022-02 is out by 20.00 %; "
        "allowed are 3.00 %."
    ]
    # each finding is at the cell most unlike its other months, with the rest of its ratio
    assert {(row["hand_in"], row["cell"], row["others"]) for row in found.values()} == {
        ("mill/boiler", "Energy!E16", "Energy!D16"),
        ("mill/boiler", "Energy!B16", "Energy!D16"),
        ("mill/boiler", "Energy!B16", None),
    }
    # and whoever runs it, or handed it in, is told
    for row in found.values():
        assert row["message_en"] in output
    assert "blocks the release: mill/boiler in round 2022-03" in output
    comments = marked(tmp_path / "warehouse" / "returned" / "2022-03" / "mill" / "boiler.xlsx")
    assert comments.keys() == {"B16", "D16", "E16"}
    assert balance["message_zh"] in comments["E16"]
    assert found["year_on_year electricity"]["message_zh"] in comments["B16"]


def test_what_is_waived_at_the_gate_is_not_asked_again_of_the_balance(tmp_path: Path):
    company = company_of_fourteen_months(tmp_path / "data")
    warehouse = tmp_path / "warehouse"

    judge(company, Lake(warehouse), "2022-03")
    (row,) = [
        row for row in Lake(warehouse).finding_rows("2022-03") if row["severity"] == "critical"
    ]
    assert (row["rule_id"], row["source_cell"]) == ("process_mass_balance", "D16")

    waiver = {
        "rule_id": "process_mass_balance",
        "hand_in": "mill/boiler",
        "object": "Energy!D16",
        "reason": "line 2 was filled anew",
        "requested_by": "ann",
        "approved_by": "bob",
        "approved_on": "2022-03-10",
        "valid_until": "2099-12-31",
    }
    of_nothing = waiver | {
        "rule_id": "stock_balance",
        "hand_in": "calculation",
        "object": "mill/chip/2022-02",
    }
    write_csv(company.path / "rounds" / "2022-03" / "waivers.csv", [waiver, of_nothing])
    code, output = collect(company, warehouse)

    assert code == 0, output
    found = results(warehouse)
    unmatched = found["waiver_matches"]
    assert (unmatched["severity"], unmatched["observed"]) == (
        "warning",
        "stock_balance mill/chip/2022-02",
    )
    for key in ("process_mass_balance fibre", "mass_balance"):
        assert (found[key]["severity"], found[key]["waived_by"]) == ("critical", "bob")
    assert not any("balance" in line for line in figures_missing(Lake(warehouse), TODAY))
