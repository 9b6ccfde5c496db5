"""The signed papers of a round (sign-offs, waivers): rows with their line, dates and people.

A paper is judged line by line: a line that can't be followed has no effect and is a finding.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.company import Company
from orchestration.ingest.numbers import fold

HEADER_LINE = 1
PROSE = ("reason",)
"""Columns that are read by people only and stay as they were typed."""


@dataclass(frozen=True)
class Line:
    """One line of a paper: every field folded but prose, blank where nothing stands."""

    number: int
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


@dataclass(frozen=True)
class Problem:
    """Why a line of a paper has no effect; `rule_id` is one of `expectations.papers`."""

    rule_id: str
    hand_in: str | None
    line: int
    observed: str
    expected: str


@dataclass(frozen=True)
class Paper:
    """A paper as it was read: its lines, or why it can't be read at all."""

    file: str
    lines: tuple[Line, ...] = ()
    unreadable: str = ""


def read_paper(data: Path, round_name: str, name: str, columns: Sequence[str]) -> Paper:
    """A CSV of the round's folder with exactly these columns; without lines when absent."""
    path = data / "rounds" / round_name / name
    file = path.relative_to(data).as_posix()
    if not path.exists():
        return Paper(file)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            unlike = set(columns) ^ set(reader.fieldnames or ())
            if unlike:
                return Paper(file, unreadable=f"columns {', '.join(sorted(unlike))}")
            lines = []
            for row in reader:
                if None in row:
                    return Paper(file, unreadable=f"a field too many in line {reader.line_num}")
                fields = {name: _field(name, row[name] or "") for name in columns}
                if any(fields.values()):
                    lines.append(Line(reader.line_num, fields))
    except (csv.Error, UnicodeDecodeError) as error:
        return Paper(file, unreadable=str(error))
    return Paper(file, tuple(lines))


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
