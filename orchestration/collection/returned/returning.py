"""Hand-ins on their way back to their authors: `warehouse/returned/<round>/…`, named as handed in.

What was refused or has a warning, of the gate or of the last calculation, comes back; what is clean
takes its earlier return away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.collection.returned.calculated import calculated_findings, keep_calculated
from orchestration.collection.returned.marked_workbook import list_of_issues, mark_workbook
from orchestration.collection.returned.notice import Notice, notice_of
from orchestration.company.data_folder import DataFolder, Round
from orchestration.lake.paths import Lake, sha256_of_bytes
from orchestration.spreadsheets.files import why_no_file
from orchestration.spreadsheets.package_editor import NotEditableError, is_untouched

MARKED_SUFFIXES = (".xlsx", ".xlsm")
LIST_SUFFIX = ".issues.xlsx"


def return_hand_ins(
    data: DataFolder,
    lake: Lake,
    round_: Round,
    verdicts: Sequence[Mapping[str, Any]],
    findings: Iterable[Mapping[str, Any]],
) -> list[Path]:
    """Write back every hand-in that has something to look at; returns where they lie.

    `findings`: the gate's; those of the last calculation on the same files are added.
    """
    folder = lake.returned(round_.round)
    by_hand_in: dict[str, list[Mapping[str, Any]]] = {}
    for finding in (*findings, *calculated_findings(lake, round_.round, verdicts)):
        by_hand_in.setdefault(finding["hand_in"], []).append(finding)
    written = []
    for verdict in verdicts:
        if verdict["source_file"] is None:
            continue
        handed_in = data.path / verdict["source_file"]
        notice = notice_of(
            by_hand_in.get(verdict["hand_in"], []),
            hand_in=verdict["hand_in"],
            round_name=round_.round,
            source_file=verdict["source_file"],
            file_name=handed_in.name,
            closes_on=round_.closes_on,
            is_refused=verdict["state"] == "refused",
        )
        if not notice.has_something_to_look_at:
            continue
        place = PurePosixPath(verdict["source_file"]).relative_to("rounds", round_.round)
        content, suffix = give_back(handed_in, verdict["source_sha256"], notice)
        target = folder / place.with_name(place.stem + suffix)
        write_copy(target, content)
        written.append(target)
    _keep_only(folder, written)
    return written


def return_what_was_calculated(data: DataFolder, lake: Lake) -> list[Path]:
    """Write back again the rounds in which the newest calculation found something else."""
    known = {one.round: one for one in data.rounds if lake.verdicts(one.round).exists()}
    return [
        path
        for name in keep_calculated(lake, known)
        for path in return_hand_ins(
            data, lake, known[name], lake.verdict_rows(name), lake.finding_rows(name)
        )
    ]


def give_back(handed_in: Path, sha256: str, notice: Notice) -> tuple[bytes, str]:
    """What the author gets, and how its name ends: the workbook marked, or a list of issues.

    A list is all there is for text, .xls, .ods, for a file no program opens, and for one that was
    replaced since it was judged.
    """
    if handed_in.suffix.lower() in MARKED_SUFFIXES and why_no_file(handed_in) is None:
        data = handed_in.read_bytes()
        if sha256_of_bytes(data) == sha256:
            with suppress(NotEditableError):
                return mark_workbook(data, notice), handed_in.suffix
    return list_of_issues(notice), LIST_SUFFIX


def write_copy(path: Path, content: bytes) -> None:
    """Write a returned workbook whole or not at all; a copy somebody worked in is set aside."""
    if path.exists():
        if path.read_bytes() == content:
            return
        if not is_untouched(path):
            path.rename(_aside(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_copy(path: Path) -> None:
    """Remove a returned workbook, unless somebody worked in it."""
    if path.exists() and is_untouched(path):
        path.unlink()


def _aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.edited-{number}{path.suffix}")).exists():
        number += 1
    return aside


def _keep_only(folder: Path, written: Sequence[Path]) -> None:
    """Remove what is returned no longer, and folders left empty; nobody's own work."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
        elif path not in written:
            remove_copy(path)
    with suppress(OSError):
        folder.rmdir()
