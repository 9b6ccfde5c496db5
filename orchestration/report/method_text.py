"""The text of the method, from the documentation of the models: written once, shown here, too."""

from __future__ import annotations

import re

from markupsafe import Markup

from orchestration.lake.places import REPOSITORY

METHOD = REPOSITORY / "dbt_project" / "docs" / "method.md"
DOCS_TAG = re.compile(r"\{%.*?%\}\n*")
FIRST_HEADING = re.compile(r"^# .*\n", re.MULTILINE)


def method_text() -> Markup:
    """The rules as Markdown, without the tags of dbt and without the title."""
    text = DOCS_TAG.sub("", METHOD.read_text(encoding="utf-8"))
    return Markup(FIRST_HEADING.sub("", text, count=1))
