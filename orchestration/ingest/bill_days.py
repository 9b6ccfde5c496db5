"""Bills that run from one day to another: their days, and what of them falls in which month."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from orchestration.company.source_map import Span
from orchestration.ingest.periods import day_of
from orchestration.spreadsheets.grid import text_of
from orchestration.spreadsheets.numbers import fold

BETWEEN = re.compile(r" ?(?:–|—|-|~|/|至|到|\bto\b|\bbis\b) ?")
"""What people write between two days; a mark that stands within a day parts none."""

ONE_DAY = timedelta(days=1)

QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}
WHOLE_PERIOD = re.compile(
    r"(?P<year>\d{4}) ?年?(?:"
    r"(?: ?[-/]? ?Q(?P<quarter>[1-4])| ?第?(?P<quarter_zh>[1-4一二三四])季度?)"
    r"|(?: ?[-/]? ?H(?P<half>[12])| ?(?P<half_zh>[上下])半年)"
    r"|(?: ?全年| ?年度)?)"
)
"""A year, half-year or quarter as people write it: 2023, 2023年, 2023-H1, 2023上半年, 2023 Q1."""


class Days(NamedTuple):
    """From the first day to the last, both billed; `last` before `first` is somebody's mistake."""

    first: date
    last: date

    @property
    def day_count(self) -> int:
        """How many days that is."""
        return (self.last - self.first).days + 1


class Part(NamedTuple):
    """What of a line falls in one month: the share of its days, and whether the round has it."""

    month: date | None
    share: float = 1.0
    is_in_round: bool = True


def billed_days(span: Span, start: Any, end: Any, date_format: str | None) -> Days | None:
    """The days of a bill by its two cells, or by the one in which both stand."""
    text = fold(text_of(start) or "")
    if span.column and (period := whole_period(text)) is not None:
        return period
    found = (
        _both(text, date_format)
        if span.column
        else (day_of(start, date_format=date_format), day_of(end, date_format=date_format))
    )
    if found is None or found[0] is None or found[1] is None:
        return None
    return Days(found[0], found[1] if span.to_counts else found[1] - ONE_DAY)


def whole_period(text: str) -> Days | None:
    """The days of a year, half-year or quarter; its last day belongs to it in any case."""
    match = WHOLE_PERIOD.fullmatch(text.upper())
    if match is None:
        return None
    year = int(match["year"])
    if quarter := match["quarter"] or match["quarter_zh"]:
        number = QUARTERS.get(quarter) or int(quarter)
        first, months = date(year, 3 * number - 2, 1), 3
    elif half := match["half"] or match["half_zh"]:
        first, months = date(year, 7 if half in ("2", "下") else 1, 1), 6
    else:
        first, months = date(year, 1, 1), 12
    end = first.month + months
    following = date(year + 1, 1, 1) if end > 12 else date(year, end, 1)
    return Days(first, following - ONE_DAY)


def _both(text: str, date_format: str | None) -> tuple[date, date] | None:
    """The two days of a text such as 2024-01-06 - 2024-02-06, if there is one way to part it."""
    found = set()
    for mark in BETWEEN.finditer(text):
        pair = [
            day_of(part, date_format=date_format)
            for part in (text[: mark.start()], text[mark.end() :])
        ]
        if pair[0] is not None and pair[1] is not None:
            found.add((pair[0], pair[1]))
    return found.pop() if len(found) == 1 else None


def parts_of(days: Days | None, months: Sequence[date]) -> list[Part]:
    """The months a bill touches, each with the share of its days; the one to tell of it first.

    A bill that touches no month of the round is one part: it was handed in with the wrong round.
    """
    if days is None or days.last < days.first:
        return [Part(None)]
    parts = list(_by_month(days, months))
    of_round = [part for part in parts if part.is_in_round]
    if not of_round:
        return [parts[0]._replace(is_in_round=True)]
    return [*of_round, *(part for part in parts if not part.is_in_round)]


def _by_month(days: Days, months: Sequence[date]) -> Iterator[Part]:
    start = days.first
    while start <= days.last:
        month = start.replace(day=1)
        following = (month + timedelta(days=31)).replace(day=1)
        end = min(days.last, following - ONE_DAY)
        yield Part(month, ((end - start).days + 1) / days.day_count, month in months)
        start = following
