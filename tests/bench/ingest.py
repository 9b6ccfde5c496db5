"""Reading hand-ins: ours with addresses and kinds, pandas with openpyxl, and bare calamine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import xlsxwriter
from python_calamine import CalamineWorkbook

from orchestration.company.data_folder import DataFolder, Round
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.hand_ins import HandIn
from tests.bench._company import EXAMPLE
from tests.bench._measure import Row, timed

ITEMS = 400
RECORDS = 20_000
YEAR = Round(
    "2022-04", date(2022, 4, 15), date(2022, 4, 30), date(2021, 1, 1), date(2021, 12, 1), ()
)
Job = tuple[Path, SourceMap, Round, HandIn, Path]


def measure(folder: Path) -> list[Row]:
    """Read every workbook of the example and two large ones."""
    jobs = [*_example(), _wide_sheet(folder), _long_log(folder)]
    sizes = [read_hand_in(*job).num_rows for job in jobs]

    def ours() -> None:
        for job in jobs:
            read_hand_in(*job)

    def pandas() -> None:
        for path, *_ in jobs:
            pd.read_excel(path, engine="openpyxl", sheet_name=None, header=None)

    def calamine() -> None:
        for path, *_ in jobs:
            workbook = CalamineWorkbook.from_path(path)
            for name in workbook.sheet_names:
                workbook.get_sheet_by_name(name).to_python()

    ours()
    calamine()  # warm file cache and patterns for both; pandas needs it least
    taken = timed({"ours": ours, "pandas": pandas, "calamine": calamine})
    note = f"{len(jobs)} .xlsx, {sum(sizes):,} readings with address and kind"
    return [
        Row("ingest_workbooks", taken["ours"], "pandas.read_excel with openpyxl",
            taken["pandas"], note, allowed=0.25),
        Row("ingest_over_calamine", taken["ours"], "bare calamine, values only",
            taken["calamine"], note, allowed=2.5),
    ]  # fmt: skip


def _example() -> Iterator[Job]:
    data = DataFolder(EXAMPLE)
    for round_ in data.rounds:
        for source_map in data.maps.values():
            for hand_in, path in data.hand_ins(source_map, round_):
                if path is not None and path.suffix == ".xlsx":  # openpyxl reads no .ods
                    yield path, source_map, round_, hand_in, data.path


def _wide_sheet(folder: Path) -> Job:
    """Twelve months down, four hundred columns."""
    headers = [f"Line {number:03} electricity (kWh)" for number in range(ITEMS)]
    rows = [["Month", *headers]]
    for month in YEAR.months:
        rows.append([month.strftime("%Y-%m"), *(1000.5 + month.month * i for i in range(ITEMS))])
    columns = {
        header: {"flow": "electricity", "process": "{facility}_line", "direction": "input",
                 "unit": "kWh"}
        for header in headers
    }  # fmt: skip
    sheet = {"sheet": ["Energy"], "layout": "months_down", "header_row": 1, "period": "Month",
             "columns": columns}  # fmt: skip
    return _job(folder, "wide", "Energy", sheet, rows)


def _long_log(folder: Path) -> Job:
    """Twenty thousand weighings."""
    rows = [["Date", "Ticket", "Material", "Net", "Unit", "Distance km", "Remark"]]
    for number in range(RECORDS):
        day = date(2021, number * 12 // RECORDS + 1, number % 28 + 1)
        material = ("bale", "flake", "chip")[number % 3]
        rows.append([day, f"T{number:06}", material, 10.0 + number % 900 / 100, "t", 120, None])
    readings = [
        {"flow": {"column": "Material"}, "process": "{facility}_gate", "direction": "input",
         "quantity": "Net", "unit": {"column": "Unit"}},
        {"flow": "freight_road_inbound", "process": "{facility}_gate", "direction": "input",
         "quantity": "Net", "times": ["Distance km"], "unit": "t*km"},
    ]  # fmt: skip
    sheet = {"sheet": ["Log"], "layout": "records", "header_row": 1, "date": "Date",
             "document": "Ticket", "note": "Remark", "readings": readings}  # fmt: skip
    return _job(folder, "log", "Log", sheet, rows)


def _job(folder: Path, stage: str, name: str, sheet: dict, rows: list[list]) -> Job:
    path = folder / f"{stage}.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        page = workbook.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    source_map = SourceMap.model_validate(
        {"source": f"stage_{stage}", "kind": "workbook", "layouts": [{"sheets": [sheet]}]}
    )
    return path, source_map, YEAR, HandIn("2022-04", "mill", stage), folder
