"""The year 2021 at a glance, printed when the hand-ins are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .state import NINGBO, SUZHOU, Month

YEAR = 2021
LINES = (
    (SUZHOU, "pet_bottle_bale", "input", 1e3, "t"),
    (SUZHOU, "washed_flake", "output", 1e3, "t"),
    (SUZHOU, "staple_fibre_raw_white", "output", 1e3, "t"),
    (SUZHOU, "staple_fibre_dope_dyed", "output", 1e3, "t"),
    (SUZHOU, "washed_flake_sold", "output", 1e3, "t"),
    (SUZHOU, "electricity", "input", 1e6, "GWh"),
    (SUZHOU, "natural_gas", "input", 1e6, "million Nm3"),
    (SUZHOU, "tap_water", "input", 1e3, "thousand m3"),
    (NINGBO, "washed_flake", "input", 1e3, "t"),
    (NINGBO, "recycled_pet_flake_bought", "input", 1e3, "t"),
    (NINGBO, "dty_yarn", "output", 1e3, "t"),
    (NINGBO, "poy_yarn_sold", "output", 1e3, "t"),
    (NINGBO, "electricity", "input", 1e6, "GWh"),
    (NINGBO, "purchased_steam", "input", 1e3, "TJ"),
    (NINGBO, "wood_pellets", "input", 1e3, "t"),
)


def summarise(history: Sequence[Month], rounds: Path) -> str:
    """Totals of the year and the size of what was written."""
    year = [state for state in history if state.month.year == YEAR]
    lines = [f"{YEAR}, as simulated; masses close in every process and month"]
    for where, flow, direction, size, unit in LINES:
        total = sum(state.total(where, flow, direction) for state in year) / size
        lines.append(f"  {where:16} {flow:26} {direction:7} {total:10,.2f} {unit}")
    files = [path for path in rounds.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    lines.append(f"{len(files)} files, {size:.2f} MB under {rounds.name}/")
    return "\n".join(lines)
