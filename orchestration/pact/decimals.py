"""Decimal numbers as PACT writes them: text without exponent, made from decimals, never floats."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

PLACES = 10
"""Decimal places of a figure: the mart to 1e-9, and not the last bits of its floats, which may
differ from one calculation of the same cells to the next."""

SCORE_PLACES = 4
"""Of percentages and ratings."""

PATTERN = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_CONTEXT = Context(prec=330, rounding=ROUND_HALF_EVEN)
"""The largest double has 309 digits before the point."""


def rounded(value: Decimal, places: int = PLACES) -> Decimal:
    """The value at that many decimal places."""
    return value.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)


def as_text(value: Decimal) -> str:
    """`0.5`, `120`, never `5E-1` or `0.500`.

    Raises:
        TypeError: the value is no Decimal; a float would write down its binary noise.
        ValueError: the value is no finite number.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is {type(value).__name__}, not Decimal")
    if not value.is_finite():
        raise ValueError(f"{value} is not finite")
    text = format(rounded(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def is_decimal(text: object) -> bool:
    """Whether the whole text is a decimal number of the data model."""
    return isinstance(text, str) and PATTERN.fullmatch(text) is not None
