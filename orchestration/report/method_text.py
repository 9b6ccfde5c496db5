"""The text of the method, from the documentation of the models: written once, shown here, too."""

from __future__ import annotations

import re

from markupsafe import Markup

from orchestration.lake.places import REPOSITORY

FOLDER = REPOSITORY / "dbt_project" / "docs" / "method"
TOPICS = (
    "inventory",
    "electricity",
    "fuels",
    "factors",
    "product",
    "by_hand",
    "balances",
    "restatements",
    "reduction",
    "initiatives",
    "uncertainty",
    "vectors",
    "unverified",
    "changes",
)
PAGES = tuple(FOLDER / f"{topic}.md" for topic in TOPICS)
DOCS_TAG = re.compile(r"\{%.*?%\}\n*")


def method_text() -> Markup:
    """The rules of every topic as Markdown, one after the other, without the tags of dbt."""
    return Markup("\n\n".join(DOCS_TAG.sub("", page.read_text(encoding="utf-8")) for page in PAGES))
