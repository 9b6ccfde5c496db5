"""Sheets of a workbook that no map names, though figures stand in them.

Most are somebody's notes or sums. One that has the headers of a sheet that is read is more likely
a hand-in under another name, which would be lost without a word.
"""

from __future__ import annotations

from collections.abc import Collection

from orchestration.company.source_map import Layout, Sheet
from orchestration.ingest.reading import Readings
from orchestration.ingest.sheet import header_texts, known_headers
from orchestration.ingest.template_marks import sheets_handed_in
from orchestration.spreadsheets.grid import Grid, UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.workbook import Workbook

UNREAD = "unread_sheet"
HEADERS_ALIKE = 2
"""So many headers of a mapped sheet in their line make another sheet one of its kind."""


def add_unread_sheets(
    workbook: Workbook,
    layout: Layout,
    read: Collection[str],
    owner: str | None,
    readings: Readings,
) -> None:
    """Add a row for each sheet with figures that is none of those that were read.

    Its `is_required` says whether it looks like one of them.
    """
    passed_over = {fold(name) for name in layout.ignored_sheets}
    for name in sheets_handed_in(workbook.sheet_names):
        if name in read or fold(name) in passed_over:
            continue
        try:
            grid = workbook.grid(name)
        except UnreadableFileError:
            continue  # a chart, or damaged where nobody reads
        figures = _figures(grid)
        if figures:
            readings.add(
                row_kind=UNREAD,
                facility_id=owner,
                source_sheet=name,
                source_cell=figures[0],
                value_text=str(len(figures)),
                is_required=any(_is_alike(grid, sheet) for sheet in layout.sheets),
            )


def _figures(grid: Grid) -> list[str]:
    """Where numbers stand, from the top."""
    return [
        grid.address(index, column)
        for index, row in enumerate(grid.rows)
        for column, value in enumerate(row)
        if type(value) in (float, int)
    ]


def _is_alike(grid: Grid, sheet: Sheet) -> bool:
    known = known_headers(sheet) - set(sheet.ignored)
    found = {text for text in header_texts(grid, sheet.header_lines, known) if text}
    return len(found & known) >= min(HEADERS_ALIKE, len(known))
