"""A page of the report as its author writes it: one Markdown file, both languages, its SQL.

    ---
    order: 20
    each: year                     # one page for each year; `$year` in SQL and text
    title: {en: Factory, zh: 工厂}
    ---

    ```sql by_scope
    select ghg_scope, sum(location_based_kgco2e) / 1000 as location_based_tco2e
    from facility_inventory where inventory_year = $year group by ghg_scope
    ```

    ::: en
    ## Scopes
    In {{ year }} the sites emitted {{ by_scope | total("location_based_tco2e") }} tCO2e.
    :::

    ```chart by_scope
    kind: bar
    title: {en: Emissions by scope, zh: 按范围的排放}
    x: ghg_scope
    values: [location_based_tco2e]
    unit: tCO2e
    ```

Fences: `sql` names a query; `chart`, `table` and `tiles` show one; `:::` encloses text of one
language. Anything else outside a fence is refused, so that no text is forgotten in one language.

With `needs: name` in the header, there is no page where that query has no rows.

Tiles and charts of bars may have 95 % intervals: `intervals: name` is the query of half widths as
shares of the figures. A tile says by `interval: {column: value}` which of its rows is its own, with
the column half_width_share; a chart by `whiskers: {value column: share column}`, in the rows of the
same `x`. An older release without that table has its figures all the same.

A chart, table or tiles with `when: name` is left out where that query has no rows, or that
parameter of the page is empty. A table leaves out the columns in `hidden`, and with
`hide_empty: true` those without any value; `split` makes one for each value of a column. Downloads
have all columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("en", "zh")
SHOWN = ("chart", "table", "tiles")
EACH = ("", "year", "round", "product_year")
FENCE = re.compile(r"^```(\w+)\s+(\w+)\s*$")
TEXT = re.compile(r"^:::\s*(\w+)\s*$")


class PageError(Exception):
    """A page can't be read or rendered; the message names the page and the place."""


@dataclass(frozen=True)
class Text:
    """Markdown in one language."""

    language: str
    markdown: str


@dataclass(frozen=True)
class ShownQuery:
    """A chart, a table or tiles over the rows of a query."""

    kind: str
    query: str
    settings: Mapping[str, Any]

    def is_wanted(self, known: Mapping[str, Any]) -> bool:
        """Whether it stands on the page; `known`: rows by query, and the page's parameters.

        Raises:
            PageError: `when` names neither.
        """
        when = self.settings.get("when")
        if when is not None and when not in known:
            raise PageError(f"```{self.kind} {self.query}: when: there is no {when!r}.")
        return when is None or bool(known[when])


@dataclass(frozen=True)
class Page:
    """A page before it meets data."""

    name: str
    order: int
    each: str
    title: Mapping[str, str]
    in_menu: bool
    needs: str
    """Query without whose rows there is no such page; blank: there always is."""

    queries: Mapping[str, str]
    blocks: Sequence[Text | ShownQuery]


def read_pages(folder: Path) -> list[Page]:
    """Every page of a folder in menu order.

    Raises:
        PageError: a page is broken.
    """
    pages = [read_page(path) for path in sorted(folder.glob("*.md"))]
    return sorted(pages, key=lambda page: page.order)


def read_page(path: Path) -> Page:
    """One page.

    Raises:
        PageError: header, fence or setting is not as this module's text says.
    """
    _, _, rest = path.read_text(encoding="utf-8").partition("---\n")
    header, found, body = rest.partition("\n---\n")
    if not found:
        raise PageError(f"{path.name}: starts with a header between two lines `---`.")
    settings = _yaml(path.name, header)
    queries: dict[str, str] = {}
    blocks: list[Text | ShownQuery] = []
    for kind, name, content in _fences(path.name, body):
        if kind == "sql":
            queries[name] = content.strip()
        elif kind == "text":
            blocks.append(Text(name, content))
        else:
            blocks.append(ShownQuery(kind, name, _yaml(f"{path.name}, {kind} {name}", content)))
    page = Page(
        name=path.stem,
        order=settings["order"],
        each=settings.get("each", ""),
        title=settings["title"],
        in_menu=settings.get("in_menu", True),
        needs=settings.get("needs", ""),
        queries=queries,
        blocks=blocks,
    )
    _check(path.name, page)
    return page


def _yaml(where: str, text: str) -> dict[str, Any]:
    try:
        return yaml.load(text, yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        raise PageError(f"{where}: {error}") from error


def _fences(page: str, body: str) -> Iterator[tuple[str, str, str]]:
    """(sql | chart | table | tiles | text, name or language, content) in order."""
    lines = iter(enumerate(body.splitlines(), start=1))
    for number, line in lines:
        fence, text = FENCE.match(line), TEXT.match(line)
        if fence:
            kind, name, end = fence[1], fence[2], "```"
        elif text:
            kind, name, end = "text", text[1], ":::"
        elif line.strip():
            raise PageError(f"{page}, line {number} of the body: {line!r} is outside any fence.")
        else:
            continue
        content = []
        for _, inner in lines:
            if inner.rstrip() == end:
                break
            content.append(inner)
        else:
            raise PageError(f"{page}: the fence of line {number} is never closed by {end}.")
        yield kind, name, "\n".join(content) + "\n"


def _check(name: str, page: Page) -> None:
    if page.each not in EACH:
        raise PageError(f"{name}: each is {page.each!r}; use one of {', '.join(EACH[1:])}.")
    if page.needs and page.needs not in page.queries:
        raise PageError(f"{name}: needs {page.needs}: there is no such query.")
    languages = [block.language for block in page.blocks if isinstance(block, Text)]
    for language in LANGUAGES:
        if language not in page.title:
            raise PageError(f"{name}: no title in {language}.")
    if languages.count("en") != languages.count("zh") or set(languages) - set(LANGUAGES):
        raise PageError(f"{name}: each text stands in {' and '.join(LANGUAGES)}, and only there.")
    for block in page.blocks:
        if isinstance(block, Text):
            continue
        if block.kind not in SHOWN:
            raise PageError(f"{name}: ```{block.kind} is unknown; use sql, {', '.join(SHOWN)}.")
        for query in (block.query, block.settings.get("intervals", block.query)):
            if query not in page.queries:
                raise PageError(f"{name}: ```{block.kind} {query}: there is no such query.")
        for key in ("title", "note", "empty"):
            if key in block.settings and set(block.settings[key]) != set(LANGUAGES):
                raise PageError(
                    f"{name}: ```{block.kind} {block.query}: {key} needs en and zh; "
                    "put a text with a comma or a colon in quotes."
                )
