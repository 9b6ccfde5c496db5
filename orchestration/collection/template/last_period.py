"""What was stated the last time: the newest earlier round's file, read through the same reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.source_map import Item, Records, Sheet, SourceMap
from orchestration.company.units import Bridges, UnitError, conversion
from orchestration.ingest.columns import Columns
from orchestration.ingest.corrections import apply_corrections, read_corrections
from orchestration.ingest.mapping import find_grid, read_hand_in
from orchestration.ingest.sheet import known_headers
from orchestration.ingest.template_marks import without_annotation
from orchestration.spreadsheets.grid import ErrorValue, NeverCalculated, UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.workbook import read_workbook

LAST_VALUE_ROLES = ("meter_start", "meter_end", "stock_open", "stock_close")
"""What goes on from month to month: its last value matters, not its mean."""

CLOSES = {"meter_start": "meter_end", "stock_open": "stock_close"}
MOST_RECORDS = 400
MEAN_DIGITS = 5
"""Digits of a mean that are worth reading."""


@dataclass(frozen=True)
class LastPeriod:
    """The figures of one site's stage in the round before; empty when there is none."""

    round: str = ""
    months: tuple[date, ...] = ()
    readings: Sequence[Mapping[str, Any]] = ()
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    bridges: Mapping[str, Bridges] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The months it is about."""
        first, last = self.months[0], self.months[-1]
        return f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} – {last:%Y-%m}"

    def value(self, sheet: Sheet, label: str, item: Item, unit: str | None) -> float | None:
        """Mean of a month in `unit`; for a meter or a stock, what it closed with."""
        role = CLOSES.get(item.role, item.role)
        rows = [
            row
            for row in self.readings
            if row["role"] == ("property" if item.direction == "property" else role)
            and row["flow_id"] == item.flow
            and row["direction"] == item.direction
            and row["property"] == item.property_name
        ]
        labelled = [row for row in rows if without_annotation(row["item_text"] or "") == label]
        if role == item.role and labelled:
            names = {fold(name) for name in sheet.sheet}
            rows = [row for row in labelled if fold(row["source_sheet"] or "") in names] or labelled
        else:
            wanted = _process_end(item)
            rows = [row for row in rows if _ends_with(row["process_id"], wanted)]
            if isinstance(item.meter, str):
                rows = [row for row in rows if row["meter_id"] == item.meter]
        by_month: dict[date, float] = {}
        for row in rows:
            converted = self._converted(row, unit)
            if converted is None or row["period_month"] in by_month:
                return None  # two columns of one meaning: neither can be told from the other
            by_month[row["period_month"]] = converted
        if not by_month:
            return None
        if role in LAST_VALUE_ROLES:
            return by_month[max(by_month)]
        if len(by_month) == 1:
            return by_month.popitem()[1]
        mean = sum(by_month.values()) / len(by_month)
        return float(f"{mean:.{MEAN_DIGITS}g}")

    def last_unit(self, label: str) -> str | None:
        """The unit somebody wrote beside a label."""
        for row in self.readings:
            if without_annotation(row["item_text"] or "") == label and row["unit_text"]:
                return row["unit_text"]
        return None

    def _converted(self, row: Mapping[str, Any], unit: str | None) -> float | None:
        if unit is None or row["unit_text"] is None or fold(row["unit_text"]) == fold(unit):
            return row["quantity"]
        bridge = self.bridges.get(row["flow_id"], Bridges())
        try:
            return row["quantity"] * conversion(row["unit_text"], unit, **bridge._asdict())
        except UnitError:
            return None


def read_last_period(
    data: DataFolder, source_map: SourceMap, facility: str, round_: Round
) -> LastPeriod:
    """The newest earlier round this site handed the stage in for, with its corrections."""
    earlier = [one for one in data.rounds if one.round < round_.round]
    for candidate in reversed(earlier):
        hand_in = source_map.hand_in(candidate.round, facility)
        path = dict(data.hand_ins(source_map, candidate)).get(hand_in)
        if path is None:
            continue
        table = read_hand_in(path, source_map, candidate, hand_in, data.path)
        mine = f"{facility}/{path.name}"
        corrections = read_corrections(data.path, candidate.round).of_file(mine)
        rows = apply_corrections(table, corrections)[0].to_pylist()
        readings = [
            row
            for row in rows
            if row["row_kind"] == "reading"
            and row["period_month"] in candidate.months
            and row["quantity"] is not None
        ]
        if readings:
            records = _records(path, source_map.layout_for(candidate.round).sheets)
            return LastPeriod(
                candidate.round, candidate.months, readings, records, data.company.bridges
            )
    return LastPeriod()


def _records(path: Path, sheets: Sequence[Sheet]) -> dict[str, list[dict[str, Any]]]:
    """The lines of each sheet of records as they stood, by header."""
    found: dict[str, list[dict[str, Any]]] = {}
    try:
        workbook = read_workbook(path)
        for sheet in sheets:
            grid = find_grid(workbook, sheet) if isinstance(sheet, Records) else None
            if grid is None:
                continue
            columns = Columns(grid, sheet.header_lines, known_headers(sheet))
            lines = []
            for index in columns.below_header[:MOST_RECORDS]:
                values = {
                    header: grid.value(index, places[0])
                    for header, places in columns.places.items()
                }
                shown = {k: v for k, v in values.items() if _is_shown(v)}
                if len(shown) > 1:
                    lines.append(shown)
            found[sheet.sheet[0] if sheet.sheet else ""] = lines
    except UnreadableFileError:
        return {}
    return found


def _is_shown(value: Any) -> bool:
    return value not in (None, "") and not isinstance(value, ErrorValue | NeverCalculated)


def _process_end(item: Item) -> str | None:
    return item.process.removeprefix("{facility}") if isinstance(item.process, str) else None


def _ends_with(process_id: str | None, end: str | None) -> bool:
    return end is None or (process_id or "").endswith(end)
