"""What a file of records says of itself: its closing line, and numbers that follow each other.

These are facts beside the readings, for the gate to compare: how many records the closing line
states and how many there are, and which document numbers are missing between two others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from orchestration.company.source_map import Control, Records
from orchestration.ingest.columns import Columns
from orchestration.ingest.sheet import SheetContext, is_blank
from orchestration.spreadsheets.grid import text_of
from orchestration.spreadsheets.numbers import fold

NUMBER_IN_TEXT = re.compile(r"[+-]?[0-9](?:[0-9.,]*[0-9])?-?")
NUMBERED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)
ROW_COUNT, SUM = "row_count", "sum"


def is_closing_line(control: Control | None, row: Sequence[Any]) -> bool:
    """Whether a row is the line in which an export says how much it holds."""
    if control is None:
        return False
    first = next((value for value in row if not is_blank(value)), None)
    text = fold(text_of(first) or "")
    return any(text.startswith(beginning) for beginning in control.line)


class RecordFacts:
    """Adds the facts of one sheet; `records` are the positions of its records, one each."""

    def __init__(
        self, sheet: Records, columns: Columns, context: SheetContext, records: Sequence[int]
    ) -> None:
        self.sheet = sheet
        self.columns = columns
        self.context = context
        self.records = records

    def add(self) -> None:
        """Add what the map declares."""
        if self.sheet.control:
            self._add_control(self.sheet.control)
        if self.sheet.document and self.sheet.document_numbers == "consecutive":
            self._add_missing_numbers(self.sheet.document)

    def _add_control(self, control: Control) -> None:
        grid = self.context.grid
        closing = [
            index for index in range(len(grid.rows)) if is_closing_line(control, grid.rows[index])
        ]
        last = max((self.columns.rows[position] for position in self.records), default=None)
        asked = [(SUM, column, stands_under) for column, stands_under in control.sum.items()]
        if control.rows:
            asked.insert(0, (ROW_COUNT, control.rows, control.rows))
        for kind, header, stands_under in asked:
            column = next(iter(self.columns.places.get(stands_under, [])), None)
            if column is None:
                continue  # the header is missing, which is told
            shared: dict[str, Any] = {"row_kind": "control", "property": kind, "item_text": header}
            self.context.add(
                role="counted",
                quantity=float(len(self.records)) if kind == ROW_COUNT else self._sum(header),
                source_cell=None if last is None else grid.address(last, column, stands_under),
                value_text=" / ".join(control.line),
                is_required=True,
                **shared,
            )
            for index in closing:
                value = grid.value(index, column)
                self.context.add(
                    role="stated",
                    value_text=text_of(value),
                    quantity=self._number(value),
                    source_cell=grid.address(index, column, stands_under),
                    is_required=True,
                    **shared,
                )

    def _sum(self, header: str) -> float:
        numbers = self.columns.typed_of(header).numbers
        return sum(numbers[position] or 0.0 for position in self.records)

    def _number(self, value: Any) -> float | None:
        """The number of a cell, or the only one in its words: 共 120 条记录."""
        grid = self.context.grid
        cell = grid.to_cell(value)
        if cell.number is not None:
            return cell.number
        found = NUMBER_IN_TEXT.findall(fold(cell.text or ""))
        return grid.number_format.parse(found[0]) if len(found) == 1 else None

    def _add_missing_numbers(self, header: str) -> None:
        """Numbers that nobody finds between two that are there, by what stands before them."""
        runs: dict[str, dict[int, tuple[int, int]]] = {}
        texts = self.columns.folded(header)
        for position in self.records:
            match = NUMBERED.fullmatch(texts[position] or "")
            if match:
                prefix, digits = match.groups()
                runs.setdefault(prefix, {})[int(digits)] = (position, len(digits))
        cells = self.columns.addresses_of(header)
        for prefix, run in runs.items():
            numbers = sorted(run)
            for before, after in zip(numbers, numbers[1:], strict=False):
                if after - before == 1:
                    continue
                position, width = run[after]
                first, last = (f"{prefix}{number:0{width}d}" for number in (before + 1, after - 1))
                self.context.add(
                    row_kind="missing_document",
                    item_text=header,
                    value_text=first if first == last else f"{first} – {last}",
                    quantity=float(after - before - 1),
                    document_no=texts[position],
                    source_cell=cells[position],
                    is_required=True,
                )
