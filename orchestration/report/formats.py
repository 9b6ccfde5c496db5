"""Numbers, shares and dates as people read them; the same rule for tables, tiles and charts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

MINUS = "\N{MINUS SIGN}"
SIGNIFICANT_DIGITS = 5
PLAIN_NUMBERS = ("inventory_year", "data_year", "ghg_scope", "scope3_category", "release_number")
"""Numbers that are names: no thousands separator."""


def is_share(column: str) -> bool:
    """Whether a column is a share, shown in percent."""
    return column.endswith("_share")


def is_number(value: Any) -> bool:
    """Whether a value is a figure."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def decimals_for(values: Iterable[Any]) -> int:
    """Decimals that suit a column: none from 1000 up, three below 10."""
    numbers = [abs(float(value)) for value in values if is_number(value)]
    if all(number == int(number) for number in numbers):
        return 0
    largest = max(numbers, default=0.0)
    return 0 if largest >= 1000 else 1 if largest >= 100 else 2 if largest >= 10 else 3


def number(value: Any, decimals: int) -> str:
    """A figure with separators; what rounds to zero is zero, not minus zero."""
    text = f"{float(value):,.{decimals}f}"
    if text.startswith("-"):
        digits = text[1:]
        return digits if not digits.strip("0.,") else f"{MINUS}{digits}"
    return text


def significant(value: Any) -> str:
    """A figure of a column that spans magnitudes: five significant digits, no exponent."""
    amount = float(value)
    if amount == 0:
        return "0"
    before = math.floor(math.log10(abs(amount))) + 1
    text = number(amount, max(0, SIGNIFICANT_DIGITS - before))
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Any) -> str:
    """A share in percent, one decimal."""
    return f"{number(100 * float(value), 1)} %"


def cell(column: str, value: Any, decimals: int) -> str:
    """A value of a table; blank when there is none."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()[:7] if column == "period_month" else value.isoformat()[:10]
    if column in PLAIN_NUMBERS or not is_number(value):
        return str(value)
    if column.endswith("_per_unit"):
        return significant(value)
    return percent(value) if is_share(column) else number(value, decimals)
