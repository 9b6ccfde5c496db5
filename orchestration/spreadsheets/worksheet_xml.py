"""Worksheet XML as spreadsheet programs expect it, and how much room words take in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from orchestration.spreadsheets.sheet_marks import letters

LONGEST_TEXT = 32_000
"""Characters; a cell holds 32,767."""
FIRST_WIDE_CHARACTER = 0x2E80
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE_BELOW = '<border><bottom style="thin"><color rgb="FFBFBFBF"/></bottom></border>'


def text_cell(column: int, line: int, style: int, text: str) -> str:
    """A cell with words; a short whole number stays one."""
    address = f"{letters(column)}{line}"
    if not text:
        return f'<c r="{address}" s="{style}"/>'
    if text.isdecimal() and len(text) < 6:
        return f'<c r="{address}" s="{style}"><v>{text}</v></c>'
    words = escape(UNWRITABLE.sub("\ufffd", text)[:LONGEST_TEXT])
    return (
        f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is>'
        "</c>"
    )


def row(number: int, cells: Sequence[str], height: float | None) -> str:
    """A row; without a height it has the usual one."""
    stated = f' ht="{height:g}" customHeight="1"' if height else ""
    return f'<row r="{number}"{stated}>{"".join(cells)}</row>'


def column(first: int, last: int, width: float, *, is_hidden: bool = False) -> str:
    """Columns of one width in characters."""
    hidden = ' hidden="1"' if is_hidden else ""
    return f'<col min="{first}" max="{last}" width="{width}"{hidden} customWidth="1"/>'


def font(
    size: int, colour: str = "FF000000", *, bold: bool = False, underlined: bool = False
) -> str:
    """A font of styles.xml."""
    weight = "<b/>" * bold + "<u/>" * underlined
    return (
        f'<font>{weight}<sz val="{size}"/><color rgb="{colour}"/><name val="Arial"/>'
        '<family val="2"/></font>'
    )


def solid_fill(colour: str) -> str:
    """A fill of styles.xml."""
    return (
        f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/>'
        '<bgColor indexed="64"/></patternFill></fill>'
    )


def written_lines(text: str, characters: int) -> int:
    """Lines a text takes where so many Latin letters stand in one; a Chinese one takes two."""
    return sum(1 + _width(line) // characters for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(2 if ord(character) >= FIRST_WIDE_CHARACTER else 1 for character in line)
