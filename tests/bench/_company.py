"""Companies to measure with: the example's plants, with as many monthly rounds as asked for."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "raw_data"
FIRST_MONTH = date(2022, 4, 1)
FACTORS_OF = "2023-06-01"
"""The day whose factors hold for all months: those of later years aren't published yet."""


def month_after(month: date, count: int = 1) -> date:
    """The first day, so many months later."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def write_monthly_company(folder: Path, count: int) -> list[str]:
    """The example's two plants, simulated for `count` monthly rounds; returns their names."""
    ignored = shutil.ignore_patterns("rounds", "make_example", "__pycache__")
    shutil.copytree(EXAMPLE, folder, ignore=ignored)
    for path in (folder / "emission_factors").glob("*.csv"):
        _hold_forever(path)
    names = write_calendar(folder, range(count))
    subprocess.run(
        [sys.executable, "-m", "raw_data.make_example", "--data", str(folder)],
        cwd=REPOSITORY, check=True, capture_output=True,
    )  # fmt: skip
    return names


def _hold_forever(path: Path) -> None:
    """Keep the factor versions valid on one day, and let them hold from the first to the last."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if "valid_to" not in rows[0]:
        return
    held = [
        row | {"valid_from": "2021-01-01", "valid_to": ""}
        for row in rows
        if row["valid_from"] <= FACTORS_OF and (row["valid_to"] or "9999") > FACTORS_OF
    ]
    _write(path, held)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_calendar(folder: Path, numbers: Sequence[int]) -> list[str]:
    """Write rounds.csv for these months, counted from the first; returns the rounds' names."""
    with (EXAMPLE / "rounds.csv").open(encoding="utf-8", newline="") as file:
        monthly = [row for row in csv.DictReader(file) if row["first_month"] == row["last_month"]]
    expected = [
        part for part in monthly[0]["expected"].split("; ") if part.strip() != "instruments"
    ]
    rows = []
    for number in numbers:
        month = month_after(FIRST_MONTH, number)
        opens = month_after(month)
        rows.append(
            {
                "round": opens.strftime("%Y-%m"),
                "opens_on": opens.replace(day=5).isoformat(),
                "closes_on": opens.replace(day=15).isoformat(),
                "first_month": month.strftime("%Y-%m"),
                "last_month": month.strftime("%Y-%m"),
                "expected": "; ".join(expected),
            }
        )
    _write(folder / "rounds.csv", rows)
    return [row["round"] for row in rows]
