"""Writes rounds/ of the example company: `python -m raw_data.make_example [--data DIR]`.

Reads rounds.csv and the maps, so a round added or a header changed there is in the next run's
files. The result depends on nothing but the data folder: two runs write the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from .erp import EXPORTS
from .files import SheetOfValues, write_delimited, write_open_document, write_workbook
from .forms import TypedWrong, months_across, months_down, records
from .logs import LOGS
from .simulation import simulate
from .state import HERE, NINGBO, SUZHOU, Month, read_table
from .summary import summarise

CORRECTION = (
    "file",
    "sheet",
    "cell",
    "old_value",
    "new_value",
    "reason",
    "decided_by",
    "decided_on",
)
WHY = "小数点多打一位 decimal point one place too far right; photo of the meter"
DECIDED = ("王班长 / 李能源", "2022-04-21")


def main() -> None:
    """Simulate, write every hand-in of every round, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent)
    data = parser.parse_args().data
    rounds = read_table(str((data / "rounds.csv").resolve()))
    history = simulate(max(_month(row["last_month"]) for row in rounds))
    maps = {path.stem: _read_yaml(path) for path in sorted((data / "maps").glob("stage_*.yml"))}
    looks = _read_yaml(HERE / "forms.yml")
    for row in rounds:
        first, last = _month(row["first_month"]), _month(row["last_month"])
        states = [state for state in history if first <= state.month <= last]
        folder = data / "rounds" / row["round"]
        # sign-offs and waivers of a round are not ours to delete
        for name in (SUZHOU, NINGBO, "erp"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for source, look in looks.items():
            for where in look["sites"]:
                _write_stage(folder, source, maps[source], look, where, states)
        for name, write in EXPORTS.items():
            write(folder / "erp" / name, states)
        _write_instruments(folder, row["round"])
    print(summarise(history, data / "rounds"))


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


def _read_yaml(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def _write_stage(
    folder: Path,
    source: str,
    stage_map: Mapping[str, Any],
    look: Mapping[str, Any],
    where: str,
    states: Sequence[Month],
) -> None:
    sheets: list[SheetOfValues] = []
    stem = folder / where / stage_map["file"]
    for sheet in stage_map["layouts"][-1]["sheets"]:
        name = sheet["sheet"][0]
        dressed = look["sheets"][name]
        if sheet["layout"] == "months_down":
            values, wrong = months_down(sheet, dressed, where, states)
            if wrong:
                _write_correction(folder, f"{where}/{stem.name}.xlsx", wrong)
        elif sheet["layout"] == "months_across":
            values = months_across(sheet, dressed, where, states)
        else:
            rows = LOGS[source, name](where, states, dressed.get("notes", {}))
            values = records(sheet, dressed, rows)
        sheets.append(values)
    if hidden := look.get("hidden_sheet"):
        lines = [[value] for value in hidden["values"]]
        sheets.append(SheetOfValues(hidden["name"], lines, merged_title=False, hidden=True))
    if look.get("open_document"):
        write_open_document(stem.with_suffix(".ods"), sheets[0])
    else:
        write_workbook(stem.with_suffix(".xlsx"), sheets)


def _write_correction(folder: Path, file: str, wrong: TypedWrong) -> None:
    """The shift lead's slip, and the total that carries it."""
    follows = f"合计随 {wrong.cell} 更正 the total follows from {wrong.cell}"
    rows = (
        (file, wrong.sheet, wrong.cell, wrong.typed, wrong.right, WHY, *DECIDED),
        (file, wrong.sheet, wrong.total_cell, wrong.total_typed, wrong.total_right, follows)
        + DECIDED,
    )
    write_delimited(folder / "corrections.csv", (CORRECTION, *rows), line_end="\n")


def _write_instruments(folder: Path, name: str) -> None:
    rows = [row for row in read_table("instruments.csv") if row.pop("round") == name]
    if rows:
        table = [list(rows[0]), *(list(row.values()) for row in rows)]
        write_delimited(folder / "energy_instruments.csv", table, line_end="\n")


if __name__ == "__main__":
    main()
