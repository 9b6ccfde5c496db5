"""Typst source as PDF: one font, which comes with a package, and no clock.

The same source gives the same bytes on every machine: fonts of the machine are not looked at, and
the day in the file is that of the figures.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

from orchestration.report.page_source import PageError

FONT_PACKAGE, FONT_FILE = "manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc"
FAMILY = "Noto Sans CJK SC"
FACE = 2
"""Place of the family in the collection; the faces share one character map."""
INVISIBLE = frozenset("\n\u200b")
SPECIAL = frozenset('"\\')
"""What would end a literal of the source."""


def pdf_of(source: str, made_on: date) -> bytes:
    """The PDF, with tags for screen readers, as PDF/UA-1 asks.

    Raises:
        PageError: the font lacks a character, or Typst refuses the source.
    """
    source = _in_known_characters(source)
    day = datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC)
    try:
        made = typst.Compiler(font_paths=_fonts()).compile(
            input=source.encode(), format="pdf", timestamp=day, pdf_standards="ua-1"
        )
    except typst.TypstError as error:
        raise PageError(f"a document can't be set: {error.message}") from error
    assert isinstance(made, bytes)
    return made


def _in_known_characters(source: str) -> str:
    """The source with what the font lacks written in its plain form: a subscript 2 is a 2.

    Raises:
        PageError: a character has no plain form in the font either.
    """
    known = _characters()
    lacking = set(source) - INVISIBLE - known
    plain = {character: unicodedata.normalize("NFKC", character) for character in lacking}
    unknown = sorted(
        character for character, form in plain.items() if not set(form) <= known - SPECIAL
    )
    if unknown:
        told = ", ".join(f"{c} (U+{ord(c):04X})" for c in unknown[:8])
        raise PageError(f"the font {FAMILY} has no {told}: write it another way.")
    return source.translate({ord(character): form for character, form in plain.items()})


def _font_file() -> Path:
    return Path(str(files(FONT_PACKAGE))) / FONT_FILE


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(_font_file().parent)],
    )


@cache
def _characters() -> frozenset[str]:
    with TTFont(_font_file(), fontNumber=FACE, lazy=True) as font:
        return frozenset(map(chr, font["cmap"].getBestCmap()))
