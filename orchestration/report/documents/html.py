"""A document as one HTML file: style inside, no script, nothing fetched; it can be mailed."""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

from orchestration.report.documents.parts import Document, Prose
from orchestration.report.names import Names
from orchestration.report.rendering import html_of_markdown, template

HERE = Path(__file__).parent
HEADING = re.compile(r"<h(2|3)>(.*?)</h\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def html_of(document: Document, names: Names) -> str:
    """The file's text."""
    contents: list[tuple[int, str, str]] = []
    rendered = [
        (
            type(part).__name__,
            _prose(part.markdown, contents) if isinstance(part, Prose) else part,
        )
        for part in document.parts
    ]
    return template(HERE / "document.html.j2").render(
        document=document,
        parts=rendered,
        contents=contents,
        style=Markup((HERE / "document.css").read_text(encoding="utf-8")),
        css=_css_string,
        word=lambda key: names.word(key, document.language),
    )


def _css_string(text: str) -> Markup:
    """A text as a string of CSS, for what stands on each printed page."""
    return Markup('"' + "".join(c if c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"')


def _prose(markdown: str, contents: list[tuple[int, str, str]]) -> Markup:
    """Text with an anchor on each heading, which is added to the contents."""

    def anchored(match: re.Match[str]) -> str:
        key = f"s{len(contents) + 1}"
        contents.append((int(match[1]), key, Markup(TAG.sub("", match[2]))))
        return f'<h{match[1]} id="{key}">{match[2]}</h{match[1]}>'

    return Markup(HEADING.sub(anchored, html_of_markdown(markdown)))
