"""Opening a round: its line in the calendar, its templates, and what goes to whom.

Months follow those of the round before, as many again; its days and its name move with them. What
is expected is what the round before expected and a map still reads, and what a map reads that no
round has asked for yet.
"""

from __future__ import annotations

import csv
import io
import os
import re
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from rich.console import Console

from orchestration.collection.template.issuing import issue_templates
from orchestration.company.data_folder import DataFolder, Round, months_between
from orchestration.company.source_map import Layout, MapError, MonthsAcross
from orchestration.ingest.sheet import wanted_headers
from orchestration.lake.hand_ins import INSTRUMENTS, HandIn
from orchestration.progress import shown

CALENDAR = "rounds.csv"
COLUMNS = ("round", "opens_on", "closes_on", "first_month", "last_month", "expected")
NAMED_BY_MONTH = re.compile(r"(\d{4})-(\d{2})")
NAMED_BY_YEAR = re.compile(r"(\d{4})")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class OpeningError(Exception):
    """The round can't be opened; nothing was written."""


@dataclass(frozen=True)
class RoundRequest:
    """What whoever opens the round says of it; None follows from the round before."""

    name: str | None = None
    months: str | None = None
    opens_on: date | None = None
    closes_on: date | None = None


@dataclass(frozen=True)
class Opening:
    """A round to be opened, and how what it expects differs from the round before."""

    round: Round
    before: Round | None
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def open_round(
    console: Console,
    data: DataFolder,
    asked: RoundRequest,
    templates: Path,
    warehouse: Path,
) -> Round:
    """Write templates and the line of the calendar, and say what goes to whom.

    `templates`: a folder for the rounds' own folders.

    Raises:
        OpeningError: something has to be said, or contradicts the calendar.
        CompanyDataError, MapError, TemplateError: the data folder is broken.
    """
    opening = planned(data, asked)
    round_, issued = opening.round, []
    with _added_to_calendar(data.path / CALENDAR, round_) as line:
        opened = DataFolder(data.path)
        if any(one.is_workbook for one in round_.expected_hand_ins):
            out = (templates / round_.round).resolve()
            with shown(f"templates of round {round_.round}"):
                issued = issue_templates(opened, round_, out, warehouse=warehouse)
    _print(console, opened, opening, {one.hand_in: one.path for one in issued}, line)
    return round_


def planned(data: DataFolder, asked: RoundRequest) -> Opening:
    """The round as it would be opened; nothing is written.

    Raises:
        OpeningError: something has to be said, or contradicts the calendar.
    """
    rounds = data.rounds if _lists_rounds(data.path / CALENDAR) else ()
    before = rounds[-1] if rounds else None
    months = _months(asked.months) if asked.months else _following(before)
    shift = _months_apart(before.last_month, months[-1]) if before else 0
    name = asked.name or (_moved_name(before.round, shift) if before else None)
    opens_on = asked.opens_on or (_moved_day(before.opens_on, shift) if before else None)
    closes_on = asked.closes_on or (_moved_day(before.closes_on, shift) if before else None)
    if name is None or opens_on is None or closes_on is None:
        known = f"the name of round {before.round} is no month" if before else "no round is there"
        raise OpeningError(
            f"{known}, from which that could follow. Say the name of the round, --months, "
            "--opens-on and --closes-on."
        )
    if closes_on < opens_on:
        raise OpeningError(f"closes on {closes_on}, before it opens on {opens_on}.")
    if before and name <= before.round:
        raise OpeningError(
            f"{name} does not come after {before.round}: rounds follow each other in the order of "
            "their names. Say another name, or correct rounds.csv."
        )
    round_ = Round(name, opens_on, closes_on, months[0], months[-1], ())
    offered = [one.name for one in _offered(data, round_)]
    asked_before = {hand_in for one in rounds for hand_in in one.expected}
    kept = [one for one in (before.expected if before else ()) if one in {*offered, INSTRUMENTS}]
    added = tuple(one for one in offered if one not in asked_before)
    dropped = tuple(one for one in (before.expected if before else ()) if one not in kept)
    if not (kept or added):
        raise OpeningError("no map reads anything of any site: there is nothing to ask for.")
    return Opening(replace(round_, expected=(*kept, *added)), before, added, dropped)


def _lists_rounds(calendar: Path) -> bool:
    """Whether there is a line in it; the first round of a company finds none."""
    lines = calendar.read_text(encoding="utf-8-sig").splitlines() if calendar.exists() else []
    return any(line.strip() for line in lines[1:])


def _following(before: Round | None) -> tuple[date, ...]:
    if before is None:
        raise OpeningError(
            "no round is there yet. Say --months, such as 2022-01 or 2021-01:2021-12."
        )
    first = _moved_day(before.last_month, 1)
    return months_between(first, _moved_day(first, len(before.months) - 1))


def _months(text: str) -> tuple[date, ...]:
    """`2022-01`, or `2021-01:2021-12`."""
    first, _, last = text.partition(":")
    if not all(MONTH.fullmatch(part) for part in (first, last or first)) or (last or first) < first:
        raise OpeningError(f"--months {text}: write 2022-01, or 2021-01:2021-12.")
    return months_between(*(date.fromisoformat(f"{part}-01") for part in (first, last or first)))


def _months_apart(first: date, last: date) -> int:
    return 12 * (last.year - first.year) + last.month - first.month


def _moved_day(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _moved_name(name: str, months: int) -> str | None:
    """`2022-07` or `2022`, moved on; None where the name is no date or would stay the same."""
    if found := NAMED_BY_MONTH.fullmatch(name):
        return f"{_moved_day(date(int(found[1]), int(found[2]), 1), months):%Y-%m}"
    if NAMED_BY_YEAR.fullmatch(name) and months and months % 12 == 0:
        return str(int(name) + months // 12)
    return None


def _offered(data: DataFolder, round_: Round) -> list[HandIn]:
    """What maps read in a round: workbooks of each site that has the stage, then exports."""
    processes = data.company["processes"]
    found = []
    for source_map in data.maps.values():
        try:
            source_map.layout_for(round_.round)
        except MapError:
            continue
        sites = [""]
        if not source_map.is_export:
            at_stage = processes["stage_code"] == (source_map.stage_code or source_map.subject)
            sites = list(dict.fromkeys(processes[at_stage]["facility_id"]))
        found += [source_map.hand_in(round_.round, site) for site in sites]
    return sorted(found, key=lambda one: (one.is_export, one.name))


@contextmanager
def _added_to_calendar(calendar: Path, round_: Round) -> Iterator[int]:
    """The calendar with the round's line, whose number it gives; without it when this fails."""
    before = calendar.read_bytes() if calendar.exists() else None
    whole = with_line(before or b"", round_)
    _write(calendar, whole)
    try:
        yield whole.count(b"\n")
    except BaseException:
        if before is None:
            calendar.unlink()
        else:
            _write(calendar, before)
        raise


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def with_line(before: bytes, round_: Round) -> bytes:
    """A calendar with the round's line added; the others stay as they are typed."""
    text = before.decode("utf-8-sig") or f"{','.join(COLUMNS)}\n"
    newline = "\r\n" if "\r\n" in text else "\n"
    header = next(csv.reader(io.StringIO(text)))
    row = {
        "round": round_.round,
        "opens_on": f"{round_.opens_on}",
        "closes_on": f"{round_.closes_on}",
        "first_month": f"{round_.first_month:%Y-%m}",
        "last_month": f"{round_.last_month:%Y-%m}",
        "expected": "; ".join(round_.expected),
    }
    line = io.StringIO()
    csv.DictWriter(line, header, restval="", lineterminator=newline).writerow(row)
    whole = (text if text.endswith("\n") else text + newline) + line.getvalue()
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    return mark + whole.encode("utf-8")


# --- on screen ----------------------------------------------------------------------------


def _print(
    console: Console, data: DataFolder, opening: Opening, issued: dict[HandIn, Path], line: int
) -> None:
    round_ = opening.round
    span = f"{round_.first_month:%Y-%m}"
    if len(round_.months) > 1:
        span += f" to {round_.last_month:%Y-%m}"

    def say(text: str = "", style: str = "") -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    say(f"Round {round_.round} is open: months {span}, from {round_.opens_on}", "bold")
    say(f"to {round_.closes_on}. It is line {line} of {CALENDAR}, where you can still change it.")
    for hand_in in opening.added:
        say(f"  {hand_in}: asked for the first time; a map reads it")
    before = opening.before.round if opening.before else ""
    for hand_in in opening.dropped:
        say(f"  {hand_in}: asked for by round {before}, and no map reads it any more")
    for owner, texts in _by_owner(data, round_, issued, span):
        say()
        say(f"To {owner}" if owner else "To whom? Nobody is named as owner in the map", "bold")
        for text in texts:
            say(f"  {text}")
    say()
    say(f"Then: carbonloom run --round {round_.round}, and carbonloom status.")


def _by_owner(
    data: DataFolder, round_: Round, issued: dict[HandIn, Path], span: str
) -> Iterator[tuple[str, list[str]]]:
    """Owner, and what to send or ask for, hand-in by hand-in."""
    asked = []
    for hand_in in round_.expected_hand_ins:
        owner, texts = _asked_for(data, round_, hand_in, issued, span)
        asked.append((owner, texts))
    for owner, group in groupby(
        sorted(asked, key=lambda one: (not one[0], one[0])), lambda o: o[0]
    ):
        yield owner, [text for _, texts in group for text in texts]


def _asked_for(
    data: DataFolder, round_: Round, hand_in: HandIn, issued: dict[HandIn, Path], span: str
) -> tuple[str, list[str]]:
    """Whom to ask for a hand-in, and in which words."""
    place = f"rounds/{round_.round}"
    due = f"due {round_.closes_on}"
    if hand_in.is_instruments:
        told = [
            f"{hand_in.name}: certificates and contracts for electricity or heat of {span}, {due}",
            f"  comes as  {place}/{data.instruments_file(round_.round).name}",
        ]
        return "whoever keeps the certificates", told
    source_map = data.maps[hand_in.source]
    if hand_in in issued:
        told = [
            f"{hand_in.name}: the template to fill in, {due}",
            f"  send      {issued[hand_in]}",
            f"  comes as  {place}/{hand_in.owner}/{source_map.file}.xlsx",
        ]
    else:
        headers = ", ".join(_headers(source_map.layout_for(round_.round)))
        told = [
            f"{hand_in.name}: an export of {span}, {due}",
            f"  columns   {headers}",
            f"  comes as  {place}/{hand_in.owner}/{source_map.file}.csv",
        ]
    return source_map.owner or "", told


def _headers(layout: Layout) -> list[str]:
    """Columns that an export must have, in the order of the map."""
    found: dict[str, None] = {}
    for sheet in layout.sheets:
        headers = (
            (sheet.item, sheet.unit)
            if isinstance(sheet, MonthsAcross)
            else [header for header, _ in wanted_headers(sheet)]
        )
        found |= dict.fromkeys(header for header in headers if header)
    return list(found)
