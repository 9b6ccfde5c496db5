"""A document as Typst source. Every text is a string literal, so that none of it is markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it.token import Token

from orchestration.report.documents.parts import Bars, Document, DocumentTable, Prose, Tiles
from orchestration.report.names import Names
from orchestration.report.page_source import PageError
from orchestration.report.rendering import markdown_reader

TEMPLATE = Path(__file__).with_name("document.typ")
LONG_WORD = re.compile(r"[\x21-\x7e]{14,}")
LATIN = re.compile(r"[\x21-\x7e]+")
BREAKS_AFTER = re.compile(r"(?<=[_/:.;=@-])(?=[A-Za-z0-9_])")
ZERO_WIDTH_SPACE = "\u200b"
ENDLESS = re.compile(rf"[^{ZERO_WIDTH_SPACE}]{{24}}(?=[^{ZERO_WIDTH_SPACE}]{{7}})")
"""A part of a word that is wider than `WIDEST_WORD`."""
LINE_UNITS = 110.0
"""Latin letters of a table's size that fit a line of A4."""
SMALLEST, USUAL = 6.2, 8.0
"""Sizes of table text in points."""
WIDEST_WORD = 30.0
SHORT_CHINESE = 4
"""Characters of a word, such as a unit, that stays on one line; longer text may break anywhere."""
LEAST_WIDTH = 4.0
STEP = 1.5
LINES_OF_HEADING = 0.5
"""A heading may take two lines."""
ROWS_LOOKED_AT = 80
KEPT_TOGETHER = 14
"""Rows of a table that is not broken over two pages."""
CELL_PADDING = 1.9
"""Room between columns, in Latin letters."""
OPENS = {"strong_open": "strong", "em_open": "emph"}
LISTS = {"bullet_list_open": "list", "ordered_list_open": "enum"}


def typst_source(document: Document, names: Names) -> str:
    """The whole source, template included.

    Raises:
        PageError: a text uses Markdown that documents don't know.
    """

    def word(key: str) -> str:
        return names.word(key, document.language)

    shared = {
        "title": document.title,
        "kind": document.kind,
        "company": document.company,
        "status": document.status,
        "preliminary": document.is_preliminary,
    }
    set_up = shared | {
        "language": document.language,
        "stamp": word("stamp_preliminary"),
        "imprint": document.imprint,
        "pages": word("page_of"),
    }
    front = shared | {"facts": document.facts, "contents": word("contents")}
    lines = [
        TEMPLATE.read_text(encoding="utf-8"),
        f"#show: body => conf(date: auto, {_named(set_up)}, body)",
        f"#front({_named(front)})",
        *(_part(part) for part in document.parts),
    ]
    return "\n".join(lines) + "\n"


def _part(part: Prose | DocumentTable | Bars | Tiles) -> str:
    if isinstance(part, Prose):
        return _prose(part.markdown)
    if isinstance(part, Tiles):
        items = [(tile["label"], tile["value"], tile["unit"]) for tile in part.tiles]
        return f"#tiles({_literal(items)})" if items else ""
    titled = {"caption": part.caption, "note": part.note}
    if part.empty:
        return f"#nothing({_literal(part.caption)}, {_literal(part.note)}, {_literal(part.empty)})"
    if isinstance(part, Bars):
        rows = [(bar.label, bar.segments, bar.figures, part.stacked) for bar in part.bars]
        told = titled | {
            "unit": part.unit, "series": part.series, "zero": part.zero, "rows": rows,
        }  # fmt: skip
        return f"#bars({_named(told)})"
    return _grid(part, titled)


# --- tables -------------------------------------------------------------------------------


def _grid(part: DocumentTable, titled: Mapping[str, Any]) -> str:
    figures = [heading["width"] == "figure" for heading in part.headings]
    columns, size = _columns(part, figures)
    texts = [[_breakable(cell["text"]) for cell in row] for row in part.rows]
    told = dict(titled) | {
        "right": figures,
        "whole": len(part.rows) <= KEPT_TOGETHER,
        "size": Raw(f"{size}pt"),
        "columns": Raw(columns),
        "header": [heading["text"] for heading in part.headings],
        "rows": [text for row in texts for text in row],
    }
    return f"#data-table({_named(told)})"


def _columns(part: DocumentTable, figures: Sequence[bool]) -> tuple[str, float]:
    """Column widths that make the table short, and the size of text at which no word breaks."""
    lengths = [[_units(cell["text"]) for cell in row] for row in part.rows[:ROWS_LOOKED_AT]]
    headings = [_units(heading["text"]) * LINES_OF_HEADING for heading in part.headings]
    widths = []
    for place, heading in enumerate(part.headings):
        words = [word for row in part.rows for word in _words(row[place]["text"])]
        cells = [_units(row[place]["text"]) for row in part.rows] if figures[place] else []
        least = [_units(word) for word in [*words, *_words(heading["text"].replace("-", "- "))]]
        widths.append(max([LEAST_WIDTH, *cells, *(min(one, WIDEST_WORD) for one in least)]))
    room = LINE_UNITS - CELL_PADDING * len(widths)
    size = max(SMALLEST, min(USUAL, USUAL * room / sum(widths)))
    spare = room * USUAL / size - sum(widths)
    while spare > 0:  # the next letters of width go where they make the rows shortest
        best = _neediest([headings, *lengths], widths)
        widths[best] += STEP
        spare -= STEP
    return f"({', '.join(f'{width + CELL_PADDING:.2f}fr' for width in widths)},)", round(size, 2)


def _neediest(lengths: Sequence[Sequence[float]], widths: Sequence[float]) -> int:
    """The column whose widening takes most lines off the rows."""
    gains = [0.0] * len(widths)
    for row in lengths:
        lines = [length / width for length, width in zip(row, widths, strict=True)]
        place = max(range(len(lines)), key=lines.__getitem__)
        if lines[place] > 1:
            gains[place] += lines[place] - row[place] / (widths[place] + STEP)
    if not any(gains):  # everything stands on one line: share the rest evenly
        return min(range(len(widths)), key=widths.__getitem__)
    return max(range(len(gains)), key=gains.__getitem__)


def _units(text: str) -> float:
    """Width of a text in Latin letters: a Chinese character is two, capitals and % a bit more."""
    return sum(1.9 if ord(c) > 0x2E7F else 1.25 if c.isupper() or c in "%@" else 1.08 for c in text)


def _words(text: str) -> list[str]:
    """What must stay on one line: Latin words, and Chinese ones that are short."""
    return [
        word
        for token in _breakable(text).replace(ZERO_WIDTH_SPACE, " ").split()
        for word in ([token] if len(token) <= SHORT_CHINESE else LATIN.findall(token))
    ]


def _breakable(text: str) -> str:
    """Long ids may break after a sign, what is longer than a column anywhere; the rest is whole."""

    def broken(match: re.Match[str]) -> str:
        parts = BREAKS_AFTER.sub(ZERO_WIDTH_SPACE, match[0])
        return ENDLESS.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", parts)

    return LONG_WORD.sub(broken, text)


# --- Markdown -----------------------------------------------------------------------------


def _prose(markdown: str) -> str:
    tokens = markdown_reader().parse(markdown)
    text, place = _blocks(tokens, 0, "")
    assert place == len(tokens)
    return text


def _blocks(tokens: Sequence[Token], place: int, until: str) -> tuple[str, int]:
    """Markup of the blocks up to a closing token, and the place behind it."""
    parts: list[str] = []
    while place < len(tokens):
        token = tokens[place]
        if token.type == until:
            return "\n".join(parts), place + 1
        if token.type == "heading_open":
            level = max(1, int(token.tag[1]) - 1)
            parts.append(f"#heading(level: {level})[{_inline(tokens[place + 1])}]")
            place += 3
        elif token.type == "paragraph_open":
            content = _inline(tokens[place + 1])
            parts.append(content if token.hidden else f"#par[{content}]")
            place += 3
        elif token.type in LISTS:
            text, place = _list(tokens, place)
            parts.append(text)
        elif token.type == "table_open":
            text, place = _table(tokens, place)
            parts.append(text)
        elif token.type in ("fence", "code_block"):
            parts.append(f"#raw({_literal(token.content.rstrip())}, block: true)")
            place += 1
        else:
            raise PageError(f"documents don't know the Markdown of {token.type}.")
    return "\n".join(parts), place


def _list(tokens: Sequence[Token], place: int) -> tuple[str, int]:
    """A list with its items."""
    kind = tokens[place].type
    end = kind.replace("open", "close")
    place += 1
    items = []
    while tokens[place].type != end:
        text, place = _blocks(tokens, place + 1, "list_item_close")
        items.append(f"[{text}]")
    return f"#{LISTS[kind]}({', '.join(items)})", place + 1


def _table(tokens: Sequence[Token], place: int) -> tuple[str, int]:
    """A table of Markdown: the heading row, then the others."""
    end = next(at for at in range(place, len(tokens)) if tokens[at].type == "table_close")
    cells = [
        (before.type == "th_open", "right" in str(before.attrs.get("style", "")), _inline(token))
        for before, token in pairwise(tokens[place:end])
        if token.type == "inline"
    ]
    header = [f"[{text}]" for is_heading, _, text in cells if is_heading]
    rows = [f"[{text}]" for is_heading, _, text in cells if not is_heading]
    right = [to_right for is_heading, to_right, _ in cells if is_heading]
    columns = f"({'auto, ' * (len(header) - 1)}1fr,)" if len(header) > 1 else "1"
    told = {
        "columns": Raw(columns),
        "right": right,
        "header": Raw(f"({', '.join(header)},)"),
        "rows": Raw(f"({', '.join(rows)},)"),
    }
    return f"#mdtable({_named(told)})", end + 1


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type == "text":
            parts.append(f"#{_literal(_breakable(child.content))};" if child.content else "")
        elif child.type == "code_inline":
            parts.append(f"#raw({_literal(child.content)});")
        elif child.type in OPENS:
            parts.append(f"#{OPENS[child.type]}[")
        elif child.type == "link_open":
            parts.append(f"#link({_literal(str(child.attrs['href']))})[")
        elif child.type in ("strong_close", "em_close", "link_close"):
            parts.append("];")
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak":
            parts.append("#linebreak();")
        else:
            raise PageError(f"documents don't know the Markdown of {child.type}.")
    return "".join(parts)


# --- literals -----------------------------------------------------------------------------


class Raw(str):
    """Typst code that is already one."""


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_literal(value)}" for name, value in values.items())


def _literal(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6f}"
    return "(" + "".join(f"{_literal(item)}, " for item in value) + ")"
