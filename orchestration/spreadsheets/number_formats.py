"""What a number format makes of the number behind it: another size, or a unit beside it.

ECMA-376, 18.8.31: sections for positive, negative, zero and text; `%` shows a hundredfold, each
comma behind the last digit a thousandth. A point that is written as a text between digits
(`0!.0,"万"`, usual in Chinese workbooks) moves the decimal point without the program's knowing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

BUILT_IN = {
    5: '"¤"#,##0', 6: '"¤"#,##0', 7: '"¤"#,##0.00', 8: '"¤"#,##0.00', 9: "0%", 10: "0.00%",
    42: '"¤"#,##0', 44: '"¤"#,##0.00',
}  # fmt: skip
"""Formats that a workbook names by number alone; ¤ is the currency of whoever opens it."""

TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
    | [\\!](?P<escaped>.)
    | [_*].                                   # room for a character, or one that fills the cell
    | \[\$(?P<currency>[^\]-]*)[^\]]*\]
    | \[(?P<bracket>[^\]]*)\]
    | (?P<digit>[0\#?])
    | (?P<comma>,) | (?P<point>\.) | (?P<percent>%)
    | (?P<general>General)
    | (?P<exponent>E[+-])
    | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)")
MEANINGLESS = " ()-+:/¤'"


@dataclass(frozen=True)
class ShownNumber:
    """How a number appears: multiplied by `factor`, with a text beside it, or not at all."""

    factor: float = 1.0
    text: str = ""
    is_percent: bool = False
    is_nothing: bool = False
    is_money: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether what is seen is the number and nothing else."""
        return self.factor == 1 and not (self.text or self.is_nothing or self.is_money)


PLAIN = ShownNumber()


@cache
def is_telling(code: str) -> bool:
    """Whether a format may show anything but the number itself."""
    return any(not _shown(section).is_plain for section in _sections(code))


def shown_by(code: str, value: float) -> ShownNumber:
    """How a format shows a number."""
    return _shown(_section_of(code, value))


@cache
def _sections(code: str) -> tuple[str, ...]:
    """The sections for numbers; the fourth is for texts."""
    parts, start, end = [], 0, 0
    for token in TOKEN.finditer(code):
        if token["other"] == ";":
            parts.append(code[start : token.start()])
            start = token.end()
        end = token.end()
    return (*parts, code[start:end])[:3]


def _section_of(code: str, value: float) -> str:
    sections = _sections(code)
    conditions = [_condition(section) for section in sections]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=True):
            if condition is None or _holds(condition, value):
                return section
        return sections[-1]
    position = 0 if value > 0 or len(sections) == 1 else 1 if value < 0 else 2
    return sections[position] if position < len(sections) else sections[0]


def _condition(section: str) -> tuple[str, float] | None:
    for token in TOKEN.finditer(section):
        match = CONDITION.fullmatch(token["bracket"] or "")
        if match:
            return match[1], float(match[2])
    return None


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound,
        "=": value == bound, "<>": value != bound,
    }[sign]  # fmt: skip


@cache
def _shown(section: str) -> ShownNumber:
    if not section:
        return ShownNumber(is_nothing=True)
    factor, texts, is_money, has_number = 1.0, [], False, False
    commas = 0  # since the last digit
    is_after_typed_point = is_percent = False
    typed_point = False
    for token in TOKEN.finditer(section):
        kind, part = token.lastgroup, token[0]
        if kind == "digit":
            has_number, commas = True, 0
            is_after_typed_point |= typed_point
            if is_after_typed_point:
                factor /= 10
        elif kind == "comma":
            commas += has_number
        elif kind == "percent":
            factor, is_percent = factor * 100, True
            texts.append("%")
        elif kind == "general":
            has_number = True
        elif kind == "currency":
            is_money |= bool(token["currency"].strip())
            texts.append(token["currency"])
        elif kind in ("quoted", "escaped"):
            text = token[kind]
            typed_point = text == "." and has_number
            is_money |= "¤" in text
            texts.append("" if typed_point else text)
        elif kind == "other" and part.lower() in "ymdhsaegb上午下":
            return PLAIN  # a date or a time of day
        elif kind == "other" and part == "@":
            has_number = True
        elif kind == "other" and not part.isspace():
            texts.append(part)
    text = "".join(texts)
    text = text if text.strip(MEANINGLESS) else ""
    return ShownNumber(
        factor=factor / 1000**commas,
        text=text.strip(),
        is_percent=is_percent,
        is_nothing=not has_number and not text,
        is_money=is_money,
    )
