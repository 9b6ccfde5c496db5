"""Numbers, shares and dates as people read them; the same rule for tables, tiles and charts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

MINUS = "\N{MINUS SIGN}"
SIGNIFICANT_DIGITS = 5
PLAIN_NUMBERS = (
    "inventory_year", "data_year", "base_year", "target_year", "ghg_scope", "scope3_category",
    "release_number",
)  # fmt: skip
"""Numbers that are names: no thousands separator."""
SIGNIFICANT = ("gwp100",)
"""Columns that span magnitudes, beside those per unit."""

DECIMALS = ((1000, 0), (100, 1), (10, 2), (0.1, 3), (0.01, 4), (0.001, 5), (1e-6, 6))
"""From which size on a column has how many decimals."""

ROUGH = 3
"""Decimals of what is smaller still: left over by the order of addition."""


def is_share(column: str) -> bool:
    """Whether a column is a share, shown in percent."""
    return column.endswith("_share")


def is_change(column: str) -> bool:
    """Whether a column is a difference, shown with its sign."""
    return "change" in column


def is_number(value: Any) -> bool:
    """Whether a value is a figure."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def decimals_for(values: Iterable[Any]) -> int:
    """Decimals that suit a column: none from 1000 up, three below 10, more below 0.1."""
    numbers = [abs(float(value)) for value in values if is_number(value)]
    if all(number == int(number) for number in numbers):
        return 0
    largest = max(numbers, default=0.0)
    return next((decimals for bound, decimals in DECIMALS if largest >= bound), ROUGH)


def decimals_of_columns(columns: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """Decimals of each column of a table; changes of one unit are written alike, to be compared."""
    alike: dict[str, list[Any]] = {}
    for column, values in columns.items():
        alike.setdefault(_family(column), []).extend(values)
    return {column: decimals_for(alike[_family(column)]) for column in columns}


def _family(column: str) -> str:
    """Columns of one family are written with the same decimals."""
    _, change, unit = column.rpartition("change_")
    return change + unit if change else column


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


def percent(value: Any, decimals: int = 1) -> str:
    """A share in percent."""
    return f"{number(100 * float(value), decimals)} %"


def signed(text: str) -> str:
    """A figure that was written, with a plus where it is above zero."""
    return f"+{text}" if text[:1] != MINUS and text.strip("0.,% ") else text


def cell(column: str, value: Any, decimals: int) -> str:
    """A value of a table; blank when there is none."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()[:7] if column == "period_month" else value.isoformat()[:10]
    if column in PLAIN_NUMBERS or not is_number(value):
        return str(value)
    if column.endswith("_per_unit") or column in SIGNIFICANT:
        return significant(value)
    if is_change(column):
        if not value:
            return "0"
        return signed(percent(value, 2) if is_share(column) else number(value, decimals))
    return percent(value) if is_share(column) else number(value, decimals)
