"""Maps drafted from the files of companies whose maps exist: how many cells come out wrong."""

from __future__ import annotations

from pathlib import Path

from orchestration.company.data_folder import DataFolder
from tests.bench._map_accuracy import Accuracy, accuracy_of
from tests.bench._measure import Row

REPOSITORY = Path(__file__).resolve().parents[2]
ALLOWED = 0.1


def companies() -> list[Path]:
    """The example and every worked company that hands something in."""
    worked = sorted((REPOSITORY / "tests" / "worked_examples").glob("*/maps"))
    return [REPOSITORY / "raw_data", *(maps.parent for maps in worked)]


def accuracies() -> list[Accuracy]:
    """What drafts make of every source of these companies."""
    return [one for folder in companies() for one in accuracy_of(DataFolder(folder))]


def measure(folder: Path) -> list[Row]:
    """Counts of cells in the place of seconds: what is wrong of what the drafts decide."""
    found = accuracies()
    cells = sum(one.cells for one in found)
    rows = []
    for name, parts in (
        ("map_draft_accuracy", [one.whole for one in found]),
        ("map_draft_accuracy, process left open", [one.but_process for one in found]),
    ):
        decided, right = sum(one.decided for one in parts), sum(one.right for one in parts)
        units = sum(one.wrong_unit for one in parts)
        note = (
            f"Cells, not seconds: of {cells:,} that the maps of {len(found)} sources read, drafts "
            f"decide {decided:,} and read {right:,} as the maps do ({right / decided:.1%}); "
            f"{units} with a wrong unit. The others are TODO."
        )
        rows.append(Row(name, decided - right, "the cells decided", decided, note, ALLOWED))
    return rows
