"""Months as people write them: serial dates, 2021-01, 2021年1月, Jan-2021, Januar 2021, 1月."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from orchestration.spreadsheets.numbers import fold

FIRST_SERIAL, LAST_SERIAL = 36_526, 73_050  # 2000-01-01 to 2099-12-31
SERIAL_ZERO = date(1899, 12, 30)
SERIAL_ZERO_1904 = date(1904, 1, 1)
MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar",
            "feb february februar",
            "mar march mär mrz märz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december dez dezember",
        ),
        start=1,
    )
    for name in names.split()
}
CHINESE_MONTHS = {
    name: number
    for number, name in enumerate(
        ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"],
        start=1,
    )
}
NAME = "|".join(sorted(MONTH_NAMES, key=len, reverse=True))
TIME_OF_DAY = (
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
YEAR = r"(?P<year>20[0-9]{2})"
MONTH = r"(?P<month>0?[1-9]|1[0-2])"
DAY = r"(?P<day>0?[1-9]|[12][0-9]|3[01])"
PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{YEAR}(?P<s>[-/.]){MONTH}(?:(?P=s){DAY}{TIME_OF_DAY})?",
        rf"{YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])?",
        rf"{YEAR} ?年 ?{MONTH} ?月(?:份| ?{DAY} ?[日号])?",
        rf"(?P<short>[0-9]{{2}}) ?年 ?{MONTH} ?月(?:份| ?{DAY} ?[日号])?",
        rf"{MONTH} ?月(?:份| ?{DAY} ?[日号])?",
        r"(?P<chinese>十[一二]?|[一二三四五六七八九])月份?",
        rf"{MONTH}[-/.]{YEAR}",
        rf"{DAY}\.{MONTH}\.{YEAR}{TIME_OF_DAY}",
        rf"(?P<name>{NAME})\.?[-/ ,]*{YEAR}",
        rf"{YEAR}[-/ ]*(?P<name>{NAME})\.?",
        rf"(?P<name>{NAME})\.?[-'](?P<short>[0-9]{{2}})",
        rf"{DAY}\.?[-/ ](?P<name>{NAME})\.?[-/ ,]*{YEAR}",
        rf"(?P<name>{NAME}) {DAY}, ?{YEAR}",
        rf"(?P<name>{NAME})\.?",
    )
]
BARE_MONTH = re.compile(MONTH)


def month_of(
    value: Any,
    months: Sequence[date],
    *,
    bare_month: bool = False,
    date_format: str | None = None,
) -> date | None:
    """First day of the month a cell names, or None.

    Args:
        value: what stands in the cell.
        months: months of the round; give a month without a year its year, if only one fits.
        bare_month: whether 1 to 12 alone is a month (in a column that holds months).
        date_format: strptime format of texts that would be ambiguous, such as 03/04/2021.
    """
    if isinstance(value, date):  # a datetime is a date as well
        return date(value.year, value.month, 1)
    if type(value) in (float, int):
        return _month_of_number(value, tuple(months), bare_month)
    if type(value) is not str or not value:
        return None
    return _month_of_text(value, tuple(months), bare_month, date_format)


def months_of(
    values: Sequence[Any],
    months: Sequence[date],
    *,
    bare_month: bool = False,
    date_format: str | None = None,
) -> list[date | None]:
    """The same of a whole column, which names a month many times."""
    if len(set(map(type, values))) > 1:  # 1, 1.0 and True would be the same key
        return [month_of(v, months, bare_month=bare_month, date_format=date_format) for v in values]
    known = {
        value: month_of(value, months, bare_month=bare_month, date_format=date_format)
        for value in set(values)
    }
    return [known[value] for value in values]


def day_of(value: Any, *, date_format: str | None = None) -> date | None:
    """The day a cell names in full, or None: a month or a day without its year is no day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if type(value) in (float, int):
        if FIRST_SERIAL <= value < LAST_SERIAL + 1:
            return SERIAL_ZERO + timedelta(days=int(value))
        value = str(int(value)) if value == int(value) else ""
    text = fold(value) if isinstance(value, str) else ""
    if date_format:
        try:
            return datetime.strptime(text, date_format).date()
        except ValueError:
            return None
    matches = (pattern.fullmatch(text) for pattern in PATTERNS)
    found = next((match.groupdict() for match in matches if match), {})
    if not found.get("day") or not (found.get("year") or found.get("short")):
        return None
    year = int(found.get("year") or f"20{found['short']}")
    try:
        return date(year, _month_number(found), int(str(found["day"])))
    except ValueError:
        return None  # 30 February


def is_serial(value: Any) -> bool:
    """Whether a number is a day as spreadsheets count them."""
    return type(value) in (float, int) and FIRST_SERIAL <= value < LAST_SERIAL + 1


def serial_month(value: float, by_1904: bool = False) -> date:
    """The month of a day's number; programs of Apple once counted from 1904."""
    zero = SERIAL_ZERO_1904 if by_1904 else SERIAL_ZERO
    return (zero + timedelta(days=int(value))).replace(day=1)


def _month_of_number(value: float, months: tuple[date, ...], bare_month: bool) -> date | None:
    if is_serial(value):
        return serial_month(value)
    if value != int(value):
        return None  # 2021.1 may be January or October
    whole = int(value)
    if bare_month and 1 <= whole <= 12:
        return _in_round(whole, months)
    if 200_001 <= whole <= 209_912 or 20_000_101 <= whole <= 20_991_231:
        return _month_of_text(str(whole), months, False, None)
    return None


@lru_cache(maxsize=65_536)
def _month_of_text(
    text: str, months: tuple[date, ...], bare_month: bool, date_format: str | None
) -> date | None:
    text = fold(text)
    if date_format:
        try:
            return datetime.strptime(text, date_format).date().replace(day=1)
        except ValueError:
            return None
    if bare_month and BARE_MONTH.fullmatch(text):
        return _in_round(int(text), months)
    for pattern in PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            return _from_match(match.groupdict(), months)
    return None


def _from_match(found: dict[str, str | None], months: tuple[date, ...]) -> date | None:
    month = _month_number(found)
    short = found.get("short")
    year = found.get("year") or (f"20{short}" if short else None)
    if year is None:
        return _in_round(month, months)
    try:
        date(int(year), month, int(found.get("day") or 1))
    except ValueError:
        return None  # 30 February
    return date(int(year), month, 1)


def _month_number(found: Mapping[str, Any]) -> int:
    if found.get("month"):
        return int(found["month"])
    if found.get("chinese"):
        return CHINESE_MONTHS[found["chinese"]]
    return MONTH_NAMES[found["name"].lower()]


def _in_round(month: int, months: tuple[date, ...]) -> date | None:
    fitting = [candidate for candidate in months if candidate.month == month]
    return fitting[0] if len(fitting) == 1 else None
