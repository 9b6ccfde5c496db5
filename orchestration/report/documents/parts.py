"""A document before it is HTML or PDF: its front matter and its parts, in one language.

Tables, tiles and texts are those of the site. A chart is a table of bars: label, bar and figure of
each row, so that it says the same on paper and on a screen, and needs no script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from orchestration.report import charts
from orchestration.report.formats import number
from orchestration.report.instances import FULL_YEAR, Instance
from orchestration.report.marts import Result
from orchestration.report.names import Names
from orchestration.report.page_source import PageError, ShownQuery, Text
from orchestration.report.site import (
    Site,
    filled_text,
    said_when_empty,
    table_of,
    tiles_of,
)

CHART_KIND = "ranking"
MOST_BARS = 30
CJK = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
BROKEN_LINE = re.compile(f"(?<=[{CJK}])\n(?=[{CJK}])")


@dataclass(frozen=True)
class Prose:
    """CommonMark with tables."""

    markdown: str


@dataclass(frozen=True)
class Titled:
    """What has a number, a title and perhaps a note; `empty` says why there is nothing."""

    caption: str
    note: str
    empty: str


@dataclass(frozen=True)
class DocumentTable(Titled):
    """A table: headings with `text` and `width`, rows of cells with `text`."""

    headings: Sequence[Mapping[str, Any]]
    rows: Sequence[Sequence[Mapping[str, str]]]


@dataclass(frozen=True)
class Bar:
    """A row of bars: where each begins and how long it is, in shares of the width."""

    label: str
    segments: Sequence[tuple[int, float, float]]
    figures: str


@dataclass(frozen=True)
class Bars(Titled):
    """A chart; `zero` is where nothing lies, as a share of the width."""

    unit: str
    stacked: bool
    series: Sequence[str]
    bars: Sequence[Bar]
    zero: float


@dataclass(frozen=True)
class Tiles:
    """A few figures, large: `label`, `value`, `unit`."""

    tiles: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Document:
    """One document in one language, ready to be set."""

    stem: str
    language: str
    kind: str
    title: str
    company: str
    status: str
    is_preliminary: bool
    imprint: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Prose | DocumentTable | Bars | Tiles]


def document_of(site: Site, instance: Instance, language: str) -> Document:
    """A page source, for one year or product, in one language.

    Raises:
        PageError: a query, a text or a name is broken; it says where.
    """
    page, names = instance.page, site.names
    results = {
        name: site.marts.run(f"{page.name}.{name}", sql, instance.parameters)
        for name, sql in page.queries.items()
    }
    known = {**{name: result.rows for name, result in results.items()}, **instance.parameters}
    count = {"table": 0, "figure": 0}
    parts: list[Prose | DocumentTable | Bars | Tiles] = []
    for place, block in enumerate(page.blocks):
        try:
            if isinstance(block, ShownQuery) and block.is_wanted(known):
                parts.append(_shown(site, block, results[block.query], language, count))
            elif isinstance(block, Text) and block.language == language:
                filled = filled_text(site, instance, block, results, language)
                parts.append(Prose(BROKEN_LINE.sub("", filled)))
        except (PageError, jinja2.UndefinedError, KeyError, TypeError) as error:
            where = f"block {place + 1} ({getattr(block, 'query', language)})"
            raise PageError(f"{page.name}.md, {where}: {error}") from error
    is_preliminary = site.publication["status"] != "released"
    return Document(
        stem=f"{stem_of(instance)}.{language}",
        language=language,
        kind=page.title[language],
        title=title_of(names, instance, language),
        company=names.company(language),
        status=_status(site, language),
        is_preliminary=is_preliminary,
        imprint=names.word("imprint", language).format(
            day=site.publication["made_on"], sha256=site.publication["manifest_sha256"][:16]
        ),
        facts=_facts(site, instance, language),
        parts=parts,
    )


def stem_of(instance: Instance) -> str:
    """File name without language and suffix."""
    parameters = instance.parameters
    named = (instance.page.name, parameters.get("product_id"), str(parameters["year"]))
    return "-".join(part for part in named if part)


def title_of(names: Names, instance: Instance, language: str) -> str:
    """Kind of document, what it is about, and the year."""
    return instance.title(names, language)


def _status(site: Site, language: str) -> str:
    label = site.publication
    if label["status"] != "released":
        return site.names.word("preliminary", language)
    return site.names.word("released", language).format(
        round=label["round"], number=label["release_number"]
    )


def _facts(site: Site, instance: Instance, language: str) -> list[tuple[str, str]]:
    word, label = site.names.word, site.publication
    months = instance.parameters["months"]
    period = str(instance.parameters["year"])
    if months != FULL_YEAR:
        period = word("part_of_a_year", language).format(year=period, months=months)
    facts = [
        (word("fact_company", language), site.names.company(language)),
        (word("fact_period", language), period),
        (word("fact_status", language), _status(site, language)),
        (word("fact_rounds", language), label["rounds"]),
        (word("fact_day", language), str(label["made_on"])),
        (word("fact_manifest", language), label["manifest_sha256"]),
    ]
    return [(name, value) for name, value in facts if value]


def _shown(
    site: Site, block: ShownQuery, result: Result, language: str, count: dict[str, int]
) -> DocumentTable | Bars | Tiles:
    settings, names = block.settings, site.names
    if block.kind == "tiles":
        return Tiles(tiles_of(result, settings, names, language) if result.rows else [])
    kind = "figure" if block.kind == "chart" and result.rows else "table"
    count[kind] += 1
    titled = {
        "caption": names.word(f"{kind}_number", language).format(
            number=count[kind], title=settings["title"][language]
        ),
        "note": settings.get("note", {}).get(language, ""),
        "empty": "" if result.rows else said_when_empty(result, settings, names, language),
    }
    if kind == "figure":
        return _bars(result, settings, names, language, titled)
    if not result.rows:
        return DocumentTable(**titled, headings=[], rows=[])
    table = table_of(site, result, settings, language)
    return DocumentTable(**titled, headings=table["headings"], rows=table["rows"])


def _bars(
    result: Result,
    settings: Mapping[str, Any],
    names: Names,
    language: str,
    titled: Mapping[str, str],
) -> Bars:
    """The chart of the site's own drawing, as bars.

    Raises:
        PageError: another kind of chart, or more bars than fit a page.
    """
    if settings.get("kind") != CHART_KIND or len(result.rows) > MOST_BARS:
        raise PageError(f"a chart of a document is a {CHART_KIND} of up to {MOST_BARS} rows.")
    drawn = charts.draw(result, settings, names, language)
    series = drawn.option["series"]
    columns = [[float(value or 0.0) for value in one["data"]] for one in series]
    stacked = bool(settings.get("stacked"))
    rows = list(zip(*columns, strict=True))
    ends = [_ends(row, stacked) for row in rows]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    width = (high - low) or 1.0
    bars = []
    for label, row in zip(drawn.option["yAxis"]["data"], rows, strict=True):
        figures = [sum(row)] if stacked else row
        bars.append(
            Bar(
                label=label,
                segments=_segments(row, stacked, low, width),
                figures=" / ".join(number(value, drawn.decimals) for value in figures),
            )
        )
    told = [one["name"] for one in series]
    return Bars(
        **titled, unit=drawn.unit, stacked=stacked, series=told, bars=bars, zero=-low / width
    )


def _ends(row: Sequence[float], stacked: bool) -> tuple[float, float]:
    """Lowest and highest point of a row's bars, zero included."""
    if not stacked:
        return min(0.0, *row), max(0.0, *row)
    return sum(value for value in row if value < 0), sum(value for value in row if value > 0)


def _segments(
    row: Sequence[float], stacked: bool, low: float, width: float
) -> list[tuple[int, float, float]]:
    """(series, begin, length) of each bar; stacked ones go out from zero to both sides."""
    segments = []
    ends = {True: 0.0, False: 0.0}
    for place, value in enumerate(row):
        begin = ends[value > 0] if stacked else 0.0
        left = min(begin, begin + value)
        segments.append((place, (left - low) / width, abs(value) / width))
        ends[value > 0] = begin + value
    return segments
