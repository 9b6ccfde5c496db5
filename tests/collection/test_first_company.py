"""From nothing to a released inventory, as the page of starting/ says it, line by line."""

from __future__ import annotations

import calendar
import csv
import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.lake.places import REPOSITORY

PAGE = REPOSITORY / "orchestration" / "starting" / "README.md"
MONTHS = range(1, 13)
GAS_KWH = {"Mill Lane bakery": 21000, "High Street shop": 1800}
DIESEL_L = 300
METERED_KWH, BILLED_KWH = 5200, 1100


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)


def write_what_the_bakery_has(folder: Path) -> None:
    book = openpyxl.Workbook()
    made = book.active
    made.title = "Production"
    made.append(["Crumb & Co. – production 2024"])
    made.append([])
    made.append(["Month", "Bread (kg)", "Rolls (kg)", "Remarks"])
    for month in MONTHS:
        remark = "oven 2 down for a week" if month == 8 else None
        made.append([date(2024, month, 1), 9000 + 13 * month, 3000 + 7 * month, remark])
    made.append(["Total", sum(9000 + 13 * m for m in MONTHS), sum(3000 + 7 * m for m in MONTHS)])
    came = book.create_sheet("Deliveries")
    came.append(["Delivered on", "Supplier", "What", "Quantity", "Unit", "Delivery note"])
    for month in MONTHS:
        for number, (what, kg) in enumerate(
            (("Wheat flour", 8200), ("Yeast", 160), ("Sunflower oil", 210))
        ):
            day = date(2024, month, 5 + number)
            came.append([day, "Harper Mills", what, kg + 3 * month, "kg", f"DN-{month}-{number}"])
    book.save(folder / "production 2024.xlsx")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for site, gas in GAS_KWH.items():
        sheet = book.create_sheet(site)
        metered = [METERED_KWH] if "Mill" in site else []
        power = ["Electricity (kWh)"] if metered else []
        sheet.append(["Month", "Natural gas (kWh)", *power, "Van diesel (litres)"])
        for month in MONTHS:
            sheet.append([date(2024, month, 1), gas, *metered, DIESEL_L + month])
    book.save(folder / "energy 2024.xlsx")
    bill = folder / "electricity bill High Street.csv"
    with bill.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Invoice", "From", "To", "Electricity (kWh)", "Amount GBP"])
        for month in MONTHS:
            last = date(2024, month, calendar.monthrange(2024, month)[1])
            writer.writerow([f"E-{month:03}", date(2024, month, 1), last, BILLED_KWH, 297])


def type_in(line: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """One line of the page, as a shell would take it."""
    words = shlex.split(line)
    if words[0] == "export":
        for word in words[1:]:
            monkeypatch.setenv(*word.split("=", 1))
        return 0, ""
    if words[0] == "carbonloom":
        ended = CliRunner().invoke(app, words[1:])
        return ended.exit_code, ended.output
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def gases(path: Path, factor: str) -> dict[str, float]:
    with path.open(encoding="utf-8", newline="") as file:
        row = next(one for one in csv.DictReader(file) if one["factor_id"] == factor)
    return {name: float(value) for name, value in row.items() if name.startswith("kg_") and value}


@pytest.mark.slow
def test_a_bakery_is_released_by_typing_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_what_the_bakery_has(tmp_path)
    (tmp_path / "answers.yml").write_text(blocks("yaml")[0], encoding="utf-8")
    left_open = 0
    for line in (one for block in blocks("sh") for one in block.splitlines()):
        code, said = type_in(line, monkeypatch)
        left_open += said.count("left to decide")
        assert code == (1 if "left to decide" in said else 0), f"{line}\n{said}"
    assert left_open == 1  # the gas, which the page says

    release = tmp_path / "crumb-results" / "releases" / "2025-01" / "r1"
    with duckdb.connect(str(release / "marts.duckdb"), read_only=True) as connection:
        rows = connection.sql(
            "select facility_id, ghg_scope, sum(location_based_kgco2e)"
            " from marts.marts.facility_inventory where inventory_year = 2024 group by all"
        ).fetchall()
    found = {(site, scope): kg for site, scope, kg in rows}
    grid = gases(tmp_path / "crumb" / "emission_factors" / "desnz_2025.csv",
                 "electricity_generation_gb")  # fmt: skip
    per_kwh = grid["kg_co2_fossil"] + 29.8 * grid["kg_ch4_fossil"] + 273 * grid["kg_n2o"]
    assert found["high_street", 2] == pytest.approx(12 * BILLED_KWH * per_kwh)
    assert found["mill_lane", 2] == pytest.approx(12 * METERED_KWH * per_kwh)
    assert found["mill_lane", 1] > found["high_street", 1] > 0
