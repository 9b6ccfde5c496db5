"""Markdown and HTML templates, read the same way for the site and for documents."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt

COLUMN_HEADING = re.compile(r"<th(?=[ >])")


@cache
def markdown_reader() -> MarkdownIt:
    """CommonMark with tables; HTML in it is shown as text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def html_of_markdown(markdown: str) -> str:
    """Markdown as HTML; a screen reader says the heading of a table's column with its cells."""
    return COLUMN_HEADING.sub('<th scope="col"', markdown_reader().render(markdown))


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
