"""The reader that follows a map: a hand-in becomes readings.

Nothing is judged here: whatever is odd in a hand-in becomes a row the gate can name. Only a map
that contradicts itself raises.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from orchestration.company.source_map import Layout, MapError, MonthsAcross, Sheet, SourceMap
from orchestration.ingest.appearance import Looks
from orchestration.ingest.months_across import MonthsAcrossReader
from orchestration.ingest.reading import Readings
from orchestration.ingest.row_layouts import RowReader
from orchestration.ingest.sheet import SheetContext, known_headers
from orchestration.ingest.template_marks import (
    MAP_SHA256,
    TEMPLATE_VERSION,
    contradiction,
    read_stamps,
    sheets_handed_in,
    whose,
)
from orchestration.ingest.unread_sheets import add_unread_sheets
from orchestration.lake.hand_ins import HandIn
from orchestration.spreadsheets.files import TEXT_SUFFIXES, printable, read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_export import is_delimited, read_erp_export
from orchestration.spreadsheets.workbook import Workbook, is_workbook, read_workbook

if TYPE_CHECKING:
    from orchestration.company.data_folder import Round

__all__ = ["MapError", "SourceMap", "read_hand_in"]

SAY_NOTHING = {"older_template", "unread_sheet"}
"""Kinds of rows that a file may have and yet state nothing: headers alone were handed in."""


def read_hand_in(
    path: Path | None,
    source_map: SourceMap,
    round: Round,
    hand_in: HandIn,
    relative_to: Path,
) -> pa.Table:
    """Every cell of a hand-in that carries a value or should, in READING_SCHEMA.

    A file that can't be read gives one row that says why; nothing handed in gives no row.
    """
    if path is None:
        return Readings().table()
    data, problem = b"", None
    try:
        data = read_file(path, relative_to)
    except UnreadableFileError as error:
        problem = error.reason
    constants = {
        "round": round.round,
        "revision": 0,
        "hand_in": hand_in.name,
        "source": source_map.source,
        "stage_code": source_map.stage_code,
        "source_file": printable(path.relative_to(relative_to)),
        "source_sha256": hashlib.sha256(data).hexdigest(),
    }
    owner = hand_in.facility_id or None
    layout = source_map.layout_for(round.round)
    readings = Readings(**constants)
    try:
        if problem is not None:
            raise UnreadableFileError(problem)
        is_text = source_map.is_export and path.suffix.lower() in TEXT_SUFFIXES
        is_text = is_text or not is_workbook(data) and is_delimited(data)
        workbook = None if is_text else read_workbook(path, data)
        if workbook is not None:
            expected = {
                "round": round.round,
                "facility_id": hand_in.owner,
                "stage_code": source_map.stage_code or source_map.source,
            }
            stamped = _stamped_layout(workbook, source_map, layout, expected, readings)
            if stamped is None:
                return readings.table()
            layout = stamped
        looks, read = Looks(), set()
        names = workbook.sheet_names if workbook is not None else []
        for sheet in layout.sheets:
            grid = _text_grid(path, data, layout, sheet) if workbook is None else None
            if workbook is not None:
                grid = find_grid(workbook, sheet)
                if grid is not None:
                    _say_how_numbers_are_written(grid, layout)
            if grid is None:
                readings.add(
                    row_kind="missing_sheet",
                    facility_id=owner,
                    value_text=f"The file has: {', '.join(names)}",
                    item_text=" / ".join(sheet.sheet),
                    source_sheet=sheet.sheet[0],
                    is_required=True,
                )
                continue
            _read_sheet(sheet, SheetContext(readings, grid, round.months, owner, grid.name or None))
            looks.note(grid)
            read.add(grid.name)
        looks.add_to(readings)
        if workbook is not None:
            add_unread_sheets(workbook, layout, read, owner, readings)
    except UnreadableFileError as error:
        readings = Readings(**constants)
        readings.add(
            row_kind="unreadable",
            facility_id=owner,
            value_text=error.reason,
            is_required=True,
        )
    table = readings.table()
    if set(table["row_kind"].unique().to_pylist()) <= SAY_NOTHING:
        readings.add(row_kind="no_records", facility_id=owner, is_required=True)
        return readings.table()
    return table


def _stamped_layout(
    workbook: Workbook,
    source_map: SourceMap,
    layout: Layout,
    expected: dict[str, str],
    readings: Readings,
) -> Layout | None:
    """The layout to read by: that of the template somebody filled in, else the round's.

    None when the template is that of another round, site or stage: nothing else in it is read,
    for every cell of it would be reported a second time as wrong.
    """
    stamps = read_stamps(workbook)
    problem = contradiction(stamps, expected)
    if problem is not None:
        readings.add(
            row_kind="wrong_file",
            facility_id=expected["facility_id"],
            value_text=problem,
            item_text=whose(expected),
            is_required=True,
        )
        return None
    for stamp in stamps:
        if stamp.get(MAP_SHA256, layout.sha256) == layout.sha256:
            continue
        version = stamp.get(TEMPLATE_VERSION, "")
        readings.add(
            row_kind="older_template",
            facility_id=expected["facility_id"],
            value_text=f"{version} ({stamp[MAP_SHA256][:8]})",
            item_text=f"{layout.version} ({layout.sha256[:8]})",
            is_required=False,
        )
        return source_map.layout_of_version(version) or layout
    return layout


def _read_sheet(sheet: Sheet, context: SheetContext) -> None:
    for number, problem in context.grid.ragged_lines.items():
        context.add(
            row_kind="unreadable",
            value_text=problem,
            source_cell=f"L{context.grid.lines[number]}",
        )
    if isinstance(sheet, MonthsAcross):
        MonthsAcrossReader(sheet, context).read()
    else:
        RowReader(sheet, context).read()


def _say_how_numbers_are_written(grid: Grid, layout: Layout) -> None:
    if grid.is_text:
        grid.number_format = layout.text_number_format
    elif layout.numbers is not None:
        grid.number_format = layout.numbers.number_format


def _text_grid(path: Path, data: bytes, layout: Layout, sheet: Sheet) -> Grid:
    return read_erp_export(
        path,
        data,
        number_format=layout.text_number_format,
        delimiter=layout.csv.delimiter,
        encoding=layout.csv.encoding,
        header_row=sheet.header_lines[-1],
        headers=known_headers(sheet),
    )


def find_grid(workbook: Workbook, sheet: Sheet) -> Grid | None:
    """The sheet of a workbook that the map means; None when it is not there.

    A web page has one table without a name, which is the one that is meant.
    """
    if not sheet.sheet or workbook.sheet_names == [""]:
        return workbook.grid(sheets_handed_in(workbook.sheet_names)[0])
    names = {fold(name): name for name in reversed(workbook.sheet_names)}
    for wanted in sheet.sheet:
        if fold(wanted) in names:
            return workbook.grid(names[fold(wanted)])
    return None
