"""Published worked examples through the public command, one company's data folder each.

Every folder beside this file is a complete company with stages, processes, flows, units and
factors of its own. `expected.csv` holds the answers, where they are published, and how they come
about; a blank process means the row of `facility_inventory`.
"""

from __future__ import annotations

import csv
import math
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BROKEN = "broken_hand_in"
COMPANIES = sorted(path.parent.name for path in HERE.glob("*/rounds.csv"))
CATEGORY_COLUMN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class Outcome:
    """What the command left behind."""

    exit_code: int
    output: str
    marts: Path


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV's lines."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(company: str, warehouse: Path) -> Outcome:
    """The command a user types, in a process of its own."""
    command = [sys.executable, "-m", "orchestration.cli", "run"]
    command += ["--data", str(HERE / company), "--warehouse", str(warehouse)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600, check=False
    )
    output = done.stdout + done.stderr
    return Outcome(done.returncode, output, warehouse / "published" / "marts.duckdb")


def published(marts: Path, row: dict[str, str]) -> float | None:
    """The figure an expected row asks for."""
    column = row["column"]
    assert CATEGORY_COLUMN.fullmatch(column)
    if row["process_id"] or len(row["period"]) == 7:
        sql = f"""
            select sum({column}) from marts.marts.emissions_by_process
            where facility_id = $1 and ghg_category = $2
                and starts_with(cast(period_month as varchar), $3)
                and ($4 = '' or process_id = $4)
        """
    else:
        sql = f"""
            select {column} from marts.marts.facility_inventory
            where facility_id = $1 and ghg_category = $2
                and cast(inventory_year as varchar) = $3 and $4 = ''
        """
    values = [row[name] for name in ("facility_id", "ghg_category", "period", "process_id")]
    with duckdb.connect(str(marts), read_only=True) as connection:
        found = connection.execute(sql, values).fetchone()
    return None if found is None else found[0]


def differences(marts: Path, expected: list[dict[str, str]]) -> list[str]:
    """One line for every figure that is not the published one."""
    lines = []
    for row in expected:
        figure = published(marts, row)
        if row["expected"] == "none":
            agrees = figure is None
        else:
            wanted, tolerance = float(row["expected"]), float(row["tolerance_relative"])
            agrees = figure is not None and math.isclose(
                figure, wanted, rel_tol=tolerance, abs_tol=1e-12
            )
        if not agrees:
            lines.append(
                f"{row['example']}: {row['column']} of {row['facility_id']} {row['process_id']} "
                f"{row['period']} {row['ghg_category']} is {figure}, expected {row['expected']} "
                f"({row['calculation']}; {row['source']})"
            )
    return lines


@pytest.mark.parametrize("company", [name for name in COMPANIES if name != BROKEN])
def test_published_answer(company: str, tmp_path: Path) -> None:
    outcome = run(company, tmp_path)

    assert outcome.exit_code == 0, outcome.output
    assert differences(outcome.marts, rows(HERE / company / "expected.csv")) == []


def test_a_refused_hand_in_is_named_cell_by_cell(tmp_path: Path) -> None:
    outcome = run(BROKEN, tmp_path)

    assert outcome.exit_code == 1, outcome.output
    file = "rounds/2025-04/hull/washing.xlsx"
    for row in rows(HERE / BROKEN / "refused.csv"):
        place = f"{file} {row['sheet']}!{row['cell']}"
        assert place in outcome.output, f"{place} ({row['what']}) is not named"
    assert differences(outcome.marts, rows(HERE / BROKEN / "expected.csv")) == []


def test_workbooks_are_what_the_script_writes(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "make_workbooks.py"), str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.xlsx")}
    committed = {path.relative_to(HERE): path.read_bytes() for path in HERE.rglob("*.xlsx")}
    assert written == committed


def test_every_answer_says_where_it_is_published() -> None:
    lines = [
        (company, row) for company in COMPANIES for row in rows(HERE / company / "expected.csv")
    ]
    unexplained = [
        (company, row["example"])
        for company, row in lines
        if not (row["example"] and row["calculation"] and row["source"])
    ]

    assert unexplained == []
    assert len({row["example"] for _, row in lines}) >= 12


def test_minimal_company_of_the_documentation_is_a_worked_example() -> None:
    """The copy-paste company of raw_data/README.md is the folder that is run here."""
    text = (REPOSITORY / "raw_data" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^`([^`\n]+)`\n\n```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    folder = HERE / "cn_grid_average"
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "expected.csv"
    }

    assert dict(blocks) == files
