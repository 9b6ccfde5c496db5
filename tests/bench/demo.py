"""The example's life on the command line, over its first run: again, one cell, what-if, release.

Of the first run it is said what is work and what is framework.
"""

from __future__ import annotations

import re
import shutil
import statistics
import zipfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake
from tests.bench._carbonloom import Trace, command, run, trace, with_folders
from tests.bench._company import EXAMPLE
from tests.bench._measure import LONG_REPEATS, REPEATS, Row

WORK = ("ingest", "gate", "solve", "return", "publish", "report", "summary")
SIGNERS = (
    ("preparer", "wang_lei"),
    ("preparer", "zhao_min"),
    ("preparer", "sun_jie"),
    ("preparer", "zhou_yun"),
    ("reviewer", "li_na"),
    ("approver", "chen_hao"),
    ("approver", "he_qiang", "--hand-in", "round"),
)
"""Role and person, as the page on releases says."""

A_LITTLE = 1.001
"""What the changed cell is multiplied with: no rule of the gate may notice."""


def measure(folder: Path) -> list[Row]:
    """Run the example from nothing, twice; then do with it what people do."""
    data = folder / "data"
    shutil.copytree(EXAMPLE, data, ignore=shutil.ignore_patterns("make_example"))
    warehouses = [folder / f"{number}" for number in range(LONG_REPEATS)]
    runs = [trace(data, one, folder / f"{one.name}.json") for one in warehouses]
    total = statistics.median(one.seconds for one in runs)
    changed, untouched = warehouses
    unchanged = statistics.median(run(data, one) for one in warehouses)
    rounds = [one.round for one in DataFolder(data).rounds]
    cell = _cell_of(changed, rounds[-1])
    asked = with_folders(data, changed, "what-if", "--cell", cell.name)
    what_if = statistics.median(command(*asked) for _ in range(REPEATS))
    one_cell = statistics.median(_change(data, changed, cell) for _ in range(LONG_REPEATS))
    release = _first_release(data, untouched, rounds[0])
    first = "the first run"
    return [
        *_split(runs, total),
        Row("unchanged_over_demo", unchanged, first, total,
            "the same again, with nothing changed", allowed=0.05),
        Row("one_cell_over_demo", one_cell, first, total,
            f"one cell of the newest month changed: {cell.name}", allowed=0.25),
        Row("what_if_over_demo", what_if, first, total,
            f"carbonloom what-if of the same cell, by 1 %: {cell.name}", allowed=0.2),
        Row("release_over_demo", release, first, total,
            f"first release of the first round, {rounds[0]}, with its report", allowed=0.6),
    ]  # fmt: skip


def _split(runs: list[Trace], total: float) -> list[Row]:
    """Framework over work, and every part of the run for itself."""
    work = statistics.median(_work(one) for one in runs)
    framework = statistics.median(one.seconds - _work(one) for one in runs)
    names = {name for one in runs for name in one.parts}
    split = {name: statistics.median(one.parts.get(name, 0.0) for one in runs) for name in names}
    split["dbt_statements"] = statistics.median(one.statements_s for one in runs)
    split["dbt_build"] -= split["dbt_statements"]
    note = (
        f"of {total:.1f} s; work: {', '.join(WORK)} and the statements dbt executes; the rest "
        "is framework"
    )
    return [
        Row("demo_framework_over_work", framework, "the work itself", work, note, allowed=0.5),
        *(
            Row(f"demo_{name}", seconds, "whole demo", total,
                "work" if name in (*WORK, "dbt_statements") else "framework")
            for name, seconds in sorted(split.items())
        ),
    ]  # fmt: skip


def _work(one: Trace) -> float:
    return sum(one.parts.get(name, 0.0) for name in WORK) + one.statements_s


@dataclass(frozen=True)
class Cell:
    """A cell of a workbook that holds a figure."""

    file: str
    sheet: str
    address: str

    @property
    def name(self) -> str:
        """As what-if is asked for it."""
        return f"{self.file}#{self.sheet}!{self.address}"


def _cell_of(warehouse: Path, round_: str) -> Cell:
    """The reading of electricity that counts most in the newest month of a round."""
    with duckdb.connect(str(warehouse / "published" / "marts.duckdb"), read_only=True) as marts:
        found = marts.execute(
            """
            select source_file, source_sheet, source_cell
            from marts.marts.lineage
            where source_file like $1
            order by period_month desc, flow_id <> 'electricity', abs(part_kgco2e) desc,
                source_file, source_sheet, source_cell
            limit 1
            """,
            [f"rounds/{round_}/%.xlsx"],
        ).fetchone()
    return Cell(*found)


def _change(data: Path, warehouse: Path, cell: Cell) -> float:
    """Seconds of the run after the cell was typed anew; its hand-in must be accepted again."""
    _type_anew(data / cell.file, cell)
    seconds = run(data, warehouse)
    round_ = cell.file.split("/")[1]
    (state,) = (
        row["state"]
        for row in Lake(warehouse).verdict_rows(round_)
        if row["source_file"] == cell.file
    )
    if not state.startswith("accepted"):
        raise AssertionError(f"{cell.file} is {state} after {cell.address} was typed anew.")
    return seconds


def _type_anew(path: Path, cell: Cell) -> None:
    """Another number in the one cell of its address whose sheet holds it, all else as it was."""
    pattern = re.compile(rb'(<c r="%s"[^>]*><v>)([0-9.eE+-]+)(</v>)' % cell.address.encode())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    names = re.findall(rb'<sheet name="([^"]*)"', parts["xl/workbook.xml"])
    part = f"xl/worksheets/sheet{names.index(cell.sheet.encode()) + 1}.xml"
    parts[part], count = pattern.subn(
        lambda found: found[1] + repr(float(found[2]) * A_LITTLE).encode() + found[3], parts[part]
    )
    if count != 1:
        raise AssertionError(f"{cell.name} holds no number.")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _first_release(data: Path, warehouse: Path, round_: str) -> float:
    """Seconds of the release, once everybody has signed."""
    for role, person, *which in SIGNERS:
        words = ["sign", "--round", round_, "--role", role, "--person", person, *which]
        command(*with_folders(data, warehouse, *words))
    seconds = command(*with_folders(data, warehouse, "release", "--round", round_))
    if not (warehouse / "releases" / round_ / "r1").is_dir():
        raise AssertionError(f"{round_} was not released.")
    return seconds
