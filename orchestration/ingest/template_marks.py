"""What a workbook that was written here says of itself, and which parts of it are not its author's.

A template names its round, site and stage twice: on a hidden sheet and in custom properties,
because programs drop one or the other. Its own sheets hold no hand-in, and text between 〔 and 〕
explains a header or recalls the last period; the reader passes over both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestration.spreadsheets.grid import text_of
from orchestration.spreadsheets.numbers import fold

if TYPE_CHECKING:
    from orchestration.spreadsheets.workbook import Workbook

META_SHEET = "_meta"
COVER_SHEET = "封面 Cover"
INSTRUCTIONS_SHEET = "填写说明 Instructions"
LAST_PERIOD_SHEET = "上期 Last period"
LISTS_SHEET = "_lists"
ISSUES_SHEET = "问题 Issues"
OWN_SHEETS = frozenset(
    (COVER_SHEET, INSTRUCTIONS_SHEET, LAST_PERIOD_SHEET, LISTS_SHEET, META_SHEET, ISSUES_SHEET)
)

TEMPLATE_CODE = "template_code"
TEMPLATE_VERSION = "template_version"
MAP_SHA256 = "map_sha256"
IDENTITY = ("round", "facility_id", "stage_code")
STAMP_KEYS = (TEMPLATE_CODE, TEMPLATE_VERSION, *IDENTITY, MAP_SHA256)

OPENING, CLOSING = "〔", "〕"
ANNOTATION = re.compile(f"{OPENING}[^{CLOSING}]*{CLOSING}")


def annotated(text: str) -> str:
    """Text that the reader passes over."""
    return f"{OPENING}{text.replace(OPENING, '(').replace(CLOSING, ')')}{CLOSING}"


def without_annotation(text: str) -> str:
    """Folded text without what stands between 〔 and 〕."""
    return fold(ANNOTATION.sub(" ", text)) if OPENING in text else fold(text)


def is_annotation(value: object) -> bool:
    """Whether a cell holds nothing but an annotation."""
    return (
        isinstance(value, str)
        and OPENING in value
        and value.lstrip()[:1] == OPENING
        and not without_annotation(value)
    )


def sheets_handed_in(names: Sequence[str]) -> list[str]:
    """The sheets of a workbook that are its author's; all of them when none else is left."""
    own = {fold(name) for name in OWN_SHEETS}
    return [name for name in names if fold(name) not in own] or list(names)


def read_stamps(workbook: Workbook) -> list[dict[str, str]]:
    """What each stamp of a workbook says, by STAMP_KEYS; none when no template wrote it."""
    stamps = [dict(_meta_rows(workbook)), dict(workbook.custom_properties)]
    return [
        {key: stamp[key] for key in STAMP_KEYS if stamp.get(key)}
        for stamp in stamps
        if stamp.get(TEMPLATE_CODE)
    ]


def contradiction(stamps: Sequence[Mapping[str, str]], expected: Mapping[str, str]) -> str | None:
    """Whose workbook it is, when a stamp names another round, site or stage than expected."""
    for stamp in stamps:
        if any(stamp.get(key, expected[key]) != expected[key] for key in IDENTITY):
            return whose({key: stamp.get(key, expected[key]) for key in IDENTITY})
    return None


def whose(identity: Mapping[str, str]) -> str:
    """Stage, site and round as a person reads them."""
    return f"{identity['facility_id']}/{identity['stage_code']}, {identity['round']}"


def _meta_rows(workbook: Workbook) -> Iterator[tuple[str, str]]:
    if META_SHEET not in workbook.sheet_names:
        return
    for row in workbook.grid(META_SHEET).rows:
        texts = [text_of(value) for value in row[:2]]
        if len(texts) == 2 and texts[0] and texts[1]:
            yield texts[0].strip(), texts[1].strip()
