"""A thousand hand-ins in one round against a quarter of them: the gate and `carbonloom status`."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date
from pathlib import Path

import pyarrow as pa
import xlsxwriter

from orchestration.collection.returned.returning import return_hand_ins
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company, judge_and_accept
from orchestration.gate.judgement_log import JUDGEMENT_SCHEMA
from orchestration.ingest.landing import land_source
from orchestration.lake.paths import Lake
from tests.bench._measure import Row, seconds, timed
from tests.conftest import MONTHS, write_company, write_csv

MANY, FEW = 1000, 250
ROUND = next(iter(MONTHS))
ONE_IN_TEN_IS_REFUSED = 10
LINEAR = MANY / FEW
"""What four times the hand-ins may cost; the allowed ratio leaves no room for their square (16)."""

ALLOWED = LINEAR * 1.15
DAYS_BEFORE = 5


def write_sites(folder: Path, count: int) -> DataFolder:
    """The tests' mill, so many times: each site hands in a workbook, one in ten a wrong one."""
    write_company(folder)
    sites = [f"mill_{number:04}" for number in range(count)]
    write_csv(
        folder / "company" / "facilities.csv",
        [{"facility_id": site, "name_en": site, "country": "CN"} for site in sites],
    )
    write_csv(
        folder / "company" / "processes.csv",
        [
            {"process_id": f"{site}_boiler", "facility_id": site, "stage_code": "boiler",
             "name_en": site, "process_type": "production"}
            for site in sites
        ],
    )  # fmt: skip
    stage = folder / "maps" / "stage_boiler.yml"
    text = stage.read_text(encoding="utf-8").replace("mill_boiler", '"{facility}_boiler"')
    stage.write_text(text, encoding="utf-8")
    (folder / "maps" / "erp_water.yml").unlink()
    month = MONTHS[ROUND]
    write_csv(
        folder / "rounds.csv",
        [
            {"round": ROUND, "opens_on": f"{ROUND}-05", "closes_on": f"{ROUND}-15",
             "first_month": f"{month:%Y-%m}", "last_month": f"{month:%Y-%m}",
             "expected": "; ".join(f"{site}/boiler" for site in sites)}
        ],
    )  # fmt: skip
    for number, site in enumerate(sites):
        _write_workbook(folder / "rounds" / ROUND / site / "boiler.xlsx", month, number)
    return DataFolder(folder)


def _write_workbook(path: Path, month: date, number: int) -> None:
    path.parent.mkdir(parents=True)
    electricity = "a lot" if number % ONE_IN_TEN_IS_REFUSED == 0 else 1000 + number
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Energy")
        sheet.write(0, 0, "Boiler house")
        sheet.write_row(1, 0, ("Month", "Electricity (kWh)", "Diesel (kg)", "Fibre out (t)"))
        sheet.write_row(2, 0, (f"{month:%Y-%m}", electricity, 10, 2))


def measure(folder: Path) -> list[Row]:
    """Gate and status of both sizes by turns, on the same warehouses."""
    import great_expectations  # noqa: F401 - its import is not what is measured

    warnings.filterwarnings("ignore")
    cases = {}
    for name, count in (("many", MANY), ("few", FEW)):
        data, lake = write_sites(folder / name, count), Lake(folder / f"{name}_warehouse")
        accept_company(data, lake)
        for source_map in data.maps.values():
            land_source(data, lake, source_map, data.round(ROUND))
        cases[name] = (data, lake)

    def gate(name: str) -> None:
        data, lake = cases[name]
        result = judge_and_accept(data, lake, data.round(ROUND))
        refused = sum(row["state"] == "refused" for row in result.verdicts)
        if refused * ONE_IN_TEN_IS_REFUSED != len(result.verdicts):
            raise AssertionError(f"{refused} of {len(result.verdicts)} hand-ins were refused")
        findings = result.findings.to_pylist()
        return_hand_ins(data, lake, data.round(ROUND), result.verdicts, findings)

    def status(name: str) -> None:
        data, lake = cases[name]
        command = [sys.executable, "-m", "orchestration.commands.cli", "status", "--round", ROUND]
        done = subprocess.run(
            [*command, "--data", str(data.path), "--warehouse", str(lake.path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 1 or "hand-ins accepted" not in done.stdout:
            raise AssertionError(done.stdout[-2000:] + done.stderr)

    first = {name: seconds(lambda name=name: gate(name)) for name in cases}
    for _, lake in cases.values():
        _live_through(lake)
    gated = timed({name: lambda name=name: gate(name) for name in cases})
    shown = timed({name: lambda name=name: status(name) for name in cases})
    peer = f"{FEW} hand-ins in the round"
    return [
        Row("gate_1000_hand_ins", gated["many"], peer, gated["few"],
            f"judge and return {MANY} workbooks, one in ten refused; import excluded; "
            f"the first time {first['many']:.1f} s against {first['few']:.1f} s",
            allowed=ALLOWED),
        Row("status_1000_hand_ins", shown["many"], peer, shown["few"],
            f"carbonloom status in a process of its own, {DAYS_BEFORE} judgements of each; "
            "start-up included",
            allowed=ALLOWED),
    ]  # fmt: skip


def _live_through(lake: Lake) -> None:
    """Let every hand-in have come and gone back some times, as in a long round."""
    log = lake.read(lake.judgements(ROUND), JUDGEMENT_SCHEMA).to_pylist()
    entries = [
        row | {"entry_number": number, "source_sha256": f"{number}{row['source_sha256'][1:]}",
               "state": "refused"}
        for row in log
        for number in range(1, DAYS_BEFORE)
    ]  # fmt: skip
    entries += [row | {"entry_number": DAYS_BEFORE} for row in log]
    entries.sort(key=lambda row: (row["hand_in"], row["entry_number"]))
    lake.write(lake.judgements(ROUND), pa.Table.from_pylist(entries, schema=JUDGEMENT_SCHEMA))
