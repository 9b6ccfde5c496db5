"""The approvals of a round (sign-offs, waivers): rows with their line, dates and people.

Each file is judged line by line: a line that can't be followed has no effect and is a finding.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.company.data_folder import Company
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_table import read_text_table

HEADER_LINE = 1
PROSE = ("reason",)
"""Columns that are read by people only and stay as they were typed."""


@dataclass(frozen=True)
class ApprovalLine:
    """One line of an approval file: every field folded but prose, blank where nothing stands."""

    number: int
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


@dataclass(frozen=True)
class ApprovalProblem:
    """Why a line has no effect; `rule_id` is one of `expectations.approval_rules`."""

    rule_id: str
    hand_in: str | None
    line: int
    observed: str
    expected: str


@dataclass(frozen=True)
class ApprovalFile:
    """An approval file as it was read: its lines, or why it can't be read at all.

    `broken`: what is wrong with each line that can't be followed.
    """

    file: str
    lines: tuple[ApprovalLine, ...] = ()
    broken: Mapping[int, str] = field(default_factory=dict)
    unreadable: str = ""


def read_approvals(
    data: Path,
    round_name: str,
    name: str,
    columns: Sequence[str],
    came_later: Sequence[str] = (),
) -> ApprovalFile:
    """A CSV of the round's folder with exactly these columns; without lines when absent.

    `came_later`: columns that it may lack, and that are blank then.
    """
    path = data / "rounds" / round_name / name
    file = path.relative_to(data).as_posix()
    if not os.path.lexists(path):
        return ApprovalFile(file)
    try:
        table = read_text_table(path, columns, data)
    except UnreadableFileError as error:
        return ApprovalFile(file, unreadable=error.reason)
    unlike = (set(columns) ^ set(table.header)) - set(came_later)
    if unlike:
        return ApprovalFile(file, unreadable=f"columns {', '.join(sorted(unlike))}")
    lines = tuple(
        ApprovalLine(
            number,
            {name: _field(name, row.get(name) or "") for name in (*columns, *came_later)},
        )
        for number, row in table.records()
    )
    return ApprovalFile(file, lines, table.problems)


def broken_lines(approvals: ApprovalFile, rule_id: str) -> dict[int, ApprovalProblem]:
    """The lines of an approval file that have no effect because they can't be followed."""
    return {
        line: ApprovalProblem(rule_id, None, line, reason, "a field under each header")
        for line, reason in approvals.broken.items()
    }


def days_against(approvals: ApprovalFile, today: date) -> tuple[tuple[int, int], ...]:
    """Of each day that a file names, its line and whether it lies before, on or after today.

    That is all that today decides about it.
    """
    days = (
        (line.number, day) for line in approvals.lines for day in map(day_of, line.fields.values())
    )
    return tuple((number, (day > today) - (day < today)) for number, day in days if day)


def _field(name: str, text: str) -> str:
    return text.strip() if name in PROSE else fold(text)


def people_of(company: Company) -> Mapping[str, str]:
    """Who may sign: English name by person_id."""
    people = company["people"]
    return dict(zip(people["person_id"], people["name_en"], strict=True))


def day_of(text: str) -> date | None:
    """A day written YYYY-MM-DD; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == len("2022-04-30") else None
    except ValueError:
        return None
