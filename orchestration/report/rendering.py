"""Markdown and HTML templates, read the same way for the site and for documents."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

MARKDOWN_SIGN = re.compile(r"[\\`*_\[\]<>|#~&]")
"""A sign that means something in CommonMark or its tables, wherever in a line it stands."""

COLUMN_HEADING = re.compile(r"<th(?=[ >])")


@cache
def markdown_reader() -> MarkdownIt:
    """CommonMark with tables; HTML in it is shown as text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def html_of_markdown(markdown: str) -> str:
    """Markdown as HTML; a screen reader says the heading of a table's column with its cells."""
    return COLUMN_HEADING.sub('<th scope="col"', markdown_reader().render(markdown))


def as_plain_text(value: Any) -> Markup:
    """What is filled into Markdown, so that nothing in a name is taken for Markdown or HTML."""
    if isinstance(value, Markup):
        return value
    return Markup(MARKDOWN_SIGN.sub(r"\\\g<0>", " ".join(str(value).split())))


@cache
def template(path: Path) -> jinja2.Template:
    """A template, which may include others of its folder. A name it does not know is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path.name)
