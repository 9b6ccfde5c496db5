"""Numbers written as text: a strict pattern after NFKC, and never a guess.

A column has one convention. `1.234` fits two, and means a thousand times as much in one as in the
other: it is a number only where the map or the column's other texts say which.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

DIGIT = re.compile(r"\d")
FITS_TWO = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}-?")
APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
MINUS_SIGNS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-"})


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Text as it is compared: NFKC, runs of white space as one blank, none at the ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes its numbers; `parse` returns None for everything else.

    `is_declared`: the map says so, it is no default.
    """

    decimal: str = "."
    thousands: str = ","
    trailing_minus: bool = False
    is_declared: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; they must differ")
        point = re.escape(self.decimal)
        whole = "[0-9]+"
        if self.thousands:
            whole = rf"(?:[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
        pattern = rf"([+-]?)((?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?)"
        pattern += "(-?)" if self.trailing_minus else "()"
        object.__setattr__(self, "_pattern", re.compile(pattern))

    def parse(self, text: str) -> float | None:
        """The number this text is, or None when it is anything but one clean number."""
        if DIGIT.search(text) is None:
            return None
        if not text.isascii():
            # NFKC would turn 10² into 102 and ½ into 1/2
            if any(unicodedata.category(character) == "No" for character in text):
                return None
            text = unicodedata.normalize("NFKC", text).translate(MINUS_SIGNS)
        if self.thousands == "'":
            text = text.translate(APOSTROPHES)
        match = self._pattern.fullmatch(text.strip())
        if match is None:
            return None
        sign, digits, trailing = match.groups()
        if sign and trailing:
            return None
        if self.thousands:
            digits = digits.replace(self.thousands, "")
        number = float(digits.replace(self.decimal, "."))
        if not math.isfinite(number):
            return None
        return -number if sign == "-" or trailing else number

    @property
    def swapped(self) -> NumberFormat:
        """The convention in which point and comma change places."""
        decimal = "," if self.decimal == "." else "."
        return NumberFormat(decimal, "." if decimal == "," else ",", self.trailing_minus)


PLAIN = NumberFormat()


def asked_back(
    texts: Sequence[str | None], number_format: NumberFormat, is_comma_likely_decimal: bool = False
) -> set[int]:
    """Places of the texts that are a number in two conventions, and nothing says in which.

    `is_comma_likely_decimal`: the file parts its fields by semicolons, as programs do that write
    decimals with a comma.
    """
    matches = [(place, FITS_TWO.fullmatch(fold(text))) for place, text in enumerate(texts) if text]
    doubtful = {place: match[1] for place, match in matches if match}
    if not doubtful or number_format.decimal not in ".,":
        return set()
    others = [text for place, text in enumerate(texts) if text and place not in doubtful]
    speaking = [text for text in others if "." in text or "," in text or not text.isascii()]
    swapped = number_format.swapped
    if any(number_format.parse(t) is None and swapped.parse(t) is not None for t in speaking):
        return set(doubtful)
    as_decimal = {place for place, mark in doubtful.items() if mark == number_format.decimal}
    speaking = [text for text in speaking if number_format.parse(text) is not None]
    if number_format.is_declared or any("." in t or "," in t for t in map(fold, speaking)):
        return as_decimal if _is_unlike(texts, as_decimal, speaking, number_format) else set()
    if is_comma_likely_decimal or len(set(doubtful.values())) == 2:
        return set(doubtful)
    return as_decimal


def shows_convention(texts: Iterable[str], number_format: NumberFormat) -> bool:
    """Whether some text is a number with a decimal mark in this convention only, and none another.

    What fits both says nothing.
    """
    is_shown = False
    swapped = number_format.swapped
    for text in {fold(text) for text in texts if "." in text or "," in text}:
        if FITS_TWO.fullmatch(text):
            continue
        mine, others = number_format.parse(text), swapped.parse(text)
        if mine is None and others is not None:
            return False
        is_shown |= mine is not None and others is None
    return is_shown


def _is_unlike(
    texts: Sequence[str | None], places: set[int], others: Sequence[str], form: NumberFormat
) -> bool:
    """Whether three decimals are out of place: others have fewer, and are padded with zeros."""
    folded = [fold(text).removesuffix("-") for text in others]
    decimals = [text.rpartition(form.decimal)[2] for text in folded if form.decimal in text]
    own = [fold(texts[place] or "").removesuffix("-") for place in places]
    is_padded = any(text.endswith("0") for text in (*decimals, *own))
    return bool(decimals) and is_padded and all(len(part) < 3 for part in decimals)


def number_text(number: float) -> str:
    """The shortest text that is this number: 12 rather than 12.0."""
    text = repr(number)
    return text.removesuffix(".0")
