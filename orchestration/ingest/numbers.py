"""Numbers written as text: a strict pattern after NFKC, and never a guess."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

DIGIT = re.compile(r"\d")
MINUS_SIGNS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-"})


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Text as it is compared: NFKC, runs of white space as one blank, none at the ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes its numbers; `parse` returns None for everything else."""

    decimal: str = "."
    thousands: str = ","
    trailing_minus: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; they must differ")
        point = re.escape(self.decimal)
        whole = "[0-9]+"
        if self.thousands:
            whole = rf"(?:[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+)"
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


PLAIN = NumberFormat()


def number_text(number: float) -> str:
    """The shortest text that is this number: 12 rather than 12.0."""
    text = repr(number)
    return text.removesuffix(".0")
