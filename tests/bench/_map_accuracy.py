"""How well drafts would have done: the same files read by the map in force and by its draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.source_map import SourceMap
from orchestration.company.units import UnitError, parse
from orchestration.ingest.mapping import read_hand_in
from orchestration.lake.hand_ins import HandIn
from orchestration.starting.map_draft import CannotDraftError, draft_map

PARTS = ("flow_id", "direction", "role", "period_month")
PROCESS = "process_id"


@dataclass(frozen=True)
class Compared:
    """Cells that a draft decides, and how many it reads as the map in force does."""

    decided: int = 0
    right: int = 0
    wrong_unit: int = 0
    wrong: Mapping[str, int] = field(default_factory=dict)
    """By part (flow_id, process_id, unit …), how many of the decided are wrong in it."""


@dataclass(frozen=True)
class Accuracy:
    """Cells that the map of a source reads, and what its draft made of them."""

    source: str
    cells: int
    whole: Compared
    but_process: Compared
    """The same where the process may be left open, and isn't compared."""


def accuracy_of(data: DataFolder, sources: Iterable[str] | None = None) -> list[Accuracy]:
    """Draft each source of a data folder as if it had no map, and compare with the map it has."""
    found = (_accuracy(data, data.maps[source]) for source in sources or data.maps)
    return [one for one in found if one is not None]


def _accuracy(data: DataFolder, source_map: SourceMap) -> Accuracy | None:
    round_ = data.rounds[0]
    truth: Cells = {}
    whole: Cells = {}
    but_process: Cells = {}
    for hand_in, path in data.hand_ins(source_map, round_):
        if path is None:
            continue
        truth |= _cells(data, path, source_map, round_, hand_in)
        facility = None if source_map.is_export else hand_in.owner
        try:
            draft = draft_map(data, [path], source=source_map.source, facility=facility)
        except CannotDraftError:
            continue  # nothing of it is decided
        for cells, open_keys in ((whole, ()), (but_process, ("process",))):
            if (drafted := draft.decided(open_keys)) is not None:
                cells |= _cells(data, path, drafted, round_, hand_in)
    if not truth:
        return None
    return Accuracy(
        source_map.source,
        len(truth),
        _compared(truth, whole, (*PARTS, PROCESS)),
        _compared(truth, but_process, PARTS),
    )


Cells = dict[tuple[str, str, str], list[dict[str, Any]]]
"""Readings of each cell; one may be read for several things, such as mass and transport."""


def _cells(
    data: DataFolder, path: Path, source_map: SourceMap, round_: Round, hand_in: HandIn
) -> Cells:
    rows = read_hand_in(path, source_map, round_, hand_in, data.path).to_pylist()
    cells: Cells = {}
    for row in rows:
        if row["quantity"] is not None and row["flow_id"] and row["source_cell"]:
            key = (row["source_file"], row["source_sheet"] or "", row["source_cell"])
            cells.setdefault(key, []).append(row)
    return cells


def _compared(truth: Cells, draft: Cells, parts: Sequence[str]) -> Compared:
    wrong: Counter[str] = Counter()
    decided = [key for key in truth if key in draft]
    right = 0
    for key in decided:
        differing = [
            [_unlike(row, other, parts) for row in truth[key]] for other in draft[key]
        ]  # fmt: skip
        unlike = {part for ways in differing for part in min(ways, key=len)}
        wrong.update(unlike)
        right += not unlike
    return Compared(len(decided), right, wrong["unit"], dict(wrong))


def _unlike(row: Mapping[str, Any], other: Mapping[str, Any], parts: Sequence[str]) -> list[str]:
    found = [name for name in parts if _part(name, row) != _part(name, other)]
    return [*found, "unit"] if _meaning(row) != _meaning(other) else found


def _part(name: str, row: Mapping[str, Any]) -> Any:
    """A part as it counts: whether a cell is a check or counts itself no sheet says."""
    value = row[name]
    return "activity" if name == "role" and value == "check" else value


def _meaning(row: Mapping[str, Any]) -> Any:
    """The unit with what the quantity is multiplied with: what the number stands for."""
    try:
        unit = parse(row["unit_text"])
    except UnitError:
        return row["unit_text"]
    multiplier = row["sign_multiplier"]
    return unit, None if multiplier is None else abs(multiplier)
