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


TO_A_TOPIC = re.compile(r"\]\((\w+)\.md(#\w+)?\)")
FIRST_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
HEADING = re.compile(r"<h(2|3)>(.*?)</h\1>")


def method_text() -> Markup:
    """The rules of every topic as Markdown, one after the other, without the tags of dbt.

    Links between topics lead to their headings, which `with_anchors` makes places.
    """
    texts = {page.stem: DOCS_TAG.sub("", page.read_text(encoding="utf-8")) for page in PAGES}

    def within(match: re.Match[str]) -> str:
        heading = FIRST_HEADING.search(texts[match[1]])
        assert heading is not None, f"{match[1]}.md begins with a heading"
        return f"]({match[2] or '#' + _place(heading[1])})"

    return Markup("\n\n".join(TO_A_TOPIC.sub(within, text) for text in texts.values()))


def with_anchors(html: str) -> str:
    """Headings as places that links lead to, called as they are where the Markdown is shown.

    Of two headings with the same words the first is the place.
    """
    taken: set[str] = set()

    def placed(match: re.Match[str]) -> str:
        level, words = match.groups()
        place = _place(words)
        if place in taken:
            return match[0]
        taken.add(place)
        return f'<h{level} id="{place}">{words}</h{level}>'

    return HEADING.sub(placed, html)


def _place(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
