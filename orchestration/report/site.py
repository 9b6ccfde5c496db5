"""Renders the report: pages over one folder of marts into a folder that opens from a file share.

Nothing is fetched when it is read: style and script are files beside the pages, figures are in
the pages as JSON, downloads as data addresses.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from orchestration.lake.paths import sha256_of_file
from orchestration.progress import doing
from orchestration.report import charts, formats
from orchestration.report.instances import (
    Instance,
    chosen_year,
    first_choice,
    instances_of,
    product_file,
)
from orchestration.report.marts import Marts, Result
from orchestration.report.method_text import method_text, with_anchors
from orchestration.report.names import Names
from orchestration.report.page_source import (
    LANGUAGES,
    Page,
    PageError,
    ShownQuery,
    Text,
    read_pages,
)
from orchestration.report.rendering import as_plain_text, html_of_markdown, template

HERE = Path(__file__).parent
PAGES, STATIC, TEMPLATES = HERE / "pages", HERE / "static", HERE / "templates"
BYTE_ORDER_MARK = "\ufeff"
"""Tells Excel that a CSV is UTF-8."""

ROWS_BEFORE_FILTER = 25
COLUMNS_OF_PAPER = 11
"""Columns that paper held upright has room for."""

SHORT, LONG = 14, 60
"""Characters of a column that is never broken, and of one that needs room."""

LINE_WITHIN_CHINESE = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])"
)
"""A line that was broken in the source between two Chinese characters, where no space belongs."""

NO_BREAK = "\N{NO-BREAK SPACE}"
BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")

PATH = re.compile(r"[\w.-]+(/[\w.-]+)+(#|$)")
PART_OF_PATH = re.compile(r"[^/#]*[/#]|[^/#]+")
"""`rounds/2022-04/site/stage.xlsx#Sheet!C7` and its parts."""


@dataclass(frozen=True)
class Beside:
    """Another site of the same company: what was released, or what is running since.

    Attributes:
        word: what words.yml calls it.
        at: where it lies, as seen from this site.
        label: what its figures say of themselves, as in the table `publication`.
    """

    word: str
    at: str
    label: Mapping[str, Any]


@dataclass(frozen=True)
class Site:
    """What every page of one rendering shares."""

    marts: Marts
    names: Names
    instances: Mapping[str, Sequence[Instance]]
    publication: Mapping[str, Any]
    year: int | None
    beside: Beside | None = None


def render_site(
    marts_folder: Path, company: Path, out: Path, beside: Beside | None = None
) -> list[Path]:
    """Write the site into `out`, which must not hold another; returns its pages.

    `marts_folder`: a publication or release with marts.duckdb. `company`: accepted/company.
    `beside`: a site that every page leads to.

    Raises:
        PageError: a page, a query or a name is broken; the message says which.
    """
    pages = read_pages(PAGES)
    written: list[Path] = []
    with Marts(marts_folder) as marts:
        site = Site(
            marts=marts,
            names=Names(company),
            instances={page.name: instances_of(page, marts) for page in pages},
            publication=marts.run("publication", "select * from publication").records()[0]
            # ties a page that was printed or passed on to what it shows
            | {"manifest_sha256": sha256_of_file(marts_folder / "manifest.json")},
            year=chosen_year(marts),
            beside=beside,
        )
        shutil.copytree(STATIC, out / "static", dirs_exist_ok=True)
        count = len(LANGUAGES) * sum(map(len, site.instances.values()))
        for language in LANGUAGES:
            (out / language).mkdir(parents=True, exist_ok=True)
            for page in pages:
                for instance in site.instances[page.name]:
                    doing(f"{language}/{instance.file}", len(written), count)
                    target = out / language / instance.file
                    target.write_text(_render(site, instance, language), encoding="utf-8")
                    written.append(target)
        entry = template(TEMPLATES / "entry.html.j2").render(site=site, languages=LANGUAGES)
        (out / "index.html").write_text(entry, encoding="utf-8")
    return written


def _render(site: Site, instance: Instance, language: str) -> str:
    """One page in one language."""
    page = instance.page
    results = {
        name: site.marts.run(f"{page.name}.{name}", sql, instance.parameters)
        for name, sql in page.queries.items()
    }
    parts = []
    known = {**{name: result.rows for name, result in results.items()}, **instance.parameters}
    for number, block in enumerate(page.blocks):
        try:
            if isinstance(block, Text):
                if block.language == language:
                    parts.append(_text(site, instance, block, results, language))
            elif block.is_wanted(known):
                result = results[block.query]
                beside = results.get(block.settings.get("intervals", ""))
                parts.append(_shown(site, block, result, f"b{number}", language, beside))
        except (PageError, jinja2.UndefinedError, KeyError) as error:
            where = f"block {number + 1} ({getattr(block, 'query', language)})"
            raise PageError(f"{page.name}.md, {where}: {error}") from error
    siblings = [
        one
        for one in site.instances[page.name]
        if one.parameters.get("product_id") == instance.parameters.get("product_id")
    ]
    return template(TEMPLATES / "page.html.j2").render(
        site=site,
        page=page,
        instance=instance,
        siblings=siblings if len(siblings) > 1 else [],
        menu=_menu(site, page, language),
        language=language,
        word=lambda key: site.names.word(key, language),
        body=Markup("\n").join(parts),
    )


def _menu(site: Site, current: Page, language: str) -> list[dict[str, Any]]:
    """Entries of the menu; a product's page belongs to the entry of the products."""
    mine = "products" if current.name == "product" else current.name
    entries = []
    for instances in site.instances.values():
        if instances and instances[0].page.in_menu:
            page = instances[0].page
            target = first_choice(instances, site.marts)
            entries.append(
                {
                    "title": page.title[language],
                    "file": target.file,
                    "is_current": page.name == mine,
                }
            )
    return entries


# --- blocks -------------------------------------------------------------------------------


def _text(
    site: Site, instance: Instance, block: Text, results: Mapping[str, Result], language: str
) -> Markup:
    """A text as HTML."""
    filled = filled_text(site, instance, block, results, language)
    html = html_of_markdown(filled)
    is_method = "method_text()" in block.markdown
    if is_method:
        html = with_anchors(html)
    in_english = language != "en" and is_method
    return Markup(f'<div class="text" lang="en">{html}</div>' if in_english else html)


def filled_text(
    site: Site, instance: Instance, block: Text, results: Mapping[str, Result], language: str
) -> str:
    """Markdown with figures of the queries written in."""
    text = _text_template(block.markdown).render(
        names=site.names,
        language=language,
        **{name: result.records() for name, result in results.items()},
        **instance.parameters,
        site=site,
        publication=site.publication,
        method_text=method_text,
    )
    return BEFORE_PERCENT.sub(NO_BREAK, LINE_WITHIN_CHINESE.sub("", text))


@cache
def _text_template(markdown: str) -> jinja2.Template:
    """The text of a page, which stands for several pages, ready to be filled."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, finalize=as_plain_text
    )
    environment.filters |= {
        "total": _total,
        "total_share": _total_share,
        "figure": _figure,
        "percent": _percent,
        "months": _months,
    }
    return environment.from_string(markdown)


def _total(rows: Sequence[Mapping[str, Any]], column: str, decimals: int = 0) -> str:
    return formats.number(sum(row[column] or 0 for row in rows), decimals)


def _total_share(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    return formats.percent(sum(row[column] or 0 for row in rows))


@jinja2.pass_context
def _figure(context: jinja2.runtime.Context, value: Any, decimals: int = 0) -> str:
    if value is None:
        return context["names"].word("no_figure", context["language"])
    return formats.number(value, decimals)


@jinja2.pass_context
def _percent(context: jinja2.runtime.Context, value: Any) -> str:
    if value is None:
        return context["names"].word("no_figure", context["language"])
    return formats.percent(value)


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"


def _shown(
    site: Site,
    block: ShownQuery,
    result: Result,
    place: str,
    language: str,
    intervals: Result | None,
) -> Markup:
    """A chart, table or tiles; a chart with `split` is one for each value of that column."""
    split = block.settings.get("split")
    if split is None or not result.rows:
        return _one_shown(site, block, result, place, language, "", intervals)
    parts = []
    at = list(result.columns).index(split)
    for number, key in enumerate(dict.fromkeys(result.column(split))):
        rows = [row for row in result.rows if row[at] == key]
        part = Result(f"{result.name}_{key}", result.sql, result.columns, rows)
        about = site.names.shown(split, key, language)
        parts.append(_one_shown(site, block, part, f"{place}_{number}", language, about, intervals))
    return Markup("\n").join(parts)


def _one_shown(
    site: Site,
    block: ShownQuery,
    result: Result,
    place: str,
    language: str,
    about: str,
    intervals: Result | None,
) -> Markup:
    settings, names = block.settings, site.names
    title = settings["title"][language] if "title" in settings else ""
    table = None if block.kind == "tiles" else table_of(site, result, settings, language)
    shared = {
        "place": place,
        "title": f"{title}{names.word('colon', language)}{about}" if about else title,
        "note": settings.get("note", {}).get(language, ""),
        "empty": said_when_empty(result, settings, names, language),
        "result": result,
        "is_empty": not result.rows,
        "csv": _csv_address(result),
        "csv_name": f"{result.name.replace('.', '_')}.csv",
        "table": table,
        "body": _body(table) if table else "",
        "word": lambda key: names.word(key, language),
        "language": language,
    }
    if block.kind == "tiles":
        tiles = tiles_of(result, settings, names, language, intervals) if result.rows else []
        return Markup(template(TEMPLATES / "tiles.html.j2").render(tiles=tiles, **shared))
    if block.kind == "table":
        return Markup(template(TEMPLATES / "table.html.j2").render(**shared))
    drawn = charts.draw(result, settings, names, language, intervals) if result.rows else None
    option = _json(drawn.option) if drawn else ""
    chart = template(TEMPLATES / "chart.html.j2")
    return Markup(chart.render(drawn=drawn, option=option, **shared))


def said_when_empty(
    result: Result, settings: Mapping[str, Any], names: Names, language: str
) -> str:
    """What stands in place of no rows."""
    if not result.is_published:
        return names.word("not_published", language)
    return settings.get("empty", {}).get(language) or names.word("no_rows", language)


def tiles_of(
    result: Result,
    settings: Mapping[str, Any],
    names: Names,
    language: str,
    intervals: Result | None = None,
) -> list[dict[str, str]]:
    """Label, figure, unit and interval of each tile, from the first row.

    `intervals`: half widths as shares of the figures.
    """
    row = result.records()[0]
    tiles = []
    for tile in settings["tiles"]:
        value = row[tile["value"]]
        unit = tile.get("unit", "")
        if "per" in tile:
            unit = f"{unit}/{row[tile['per']]}"
        decimals = tile.get("decimals", formats.decimals_for([value]))
        half = _half_width(tile.get("interval"), intervals)
        tiles.append(
            {
                "label": tile["label"][language],
                "value": "–" if value is None else formats.cell(tile["value"], value, decimals),
                "unit": unit[language] if isinstance(unit, Mapping) else unit,
                "interval": ""
                if value is None or half is None
                else names.word("interval", language).format(
                    low=formats.number(value * (1.0 - half), decimals),
                    high=formats.number(value * (1.0 + half), decimals),
                    share=formats.percent(half).replace(" ", NO_BREAK),
                ),
            }
        )
    return tiles


def _half_width(about: Mapping[str, Any] | None, intervals: Result | None) -> float | None:
    """Half of the interval as a share of the figure; None where it isn't known."""
    if about is None or intervals is None:
        return None
    for row in intervals.records():
        if all(str(row[column]) == str(value) for column, value in about.items()):
            return row["half_width_share"]
    return None


def table_of(
    site: Site, result: Result, settings: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """Headings and cells in one language: `x_en` and `x_zh` are one column `x`."""
    names = site.names
    columns = [
        (place, column)
        for place, column in enumerate(result.columns)
        if not _is_other_language(column, result.columns, language)
        and column not in settings.get("hidden", ())
        and not (settings.get("hide_empty") and all(row[place] is None for row in result.rows))
    ]
    decimals = formats.decimals_of_columns(
        {column: [row[place] for row in result.rows] for place, column in columns}
    )
    headings, shown = [], []
    for place, column in columns:
        values = [row[place] for row in result.rows]
        base = column.removesuffix(f"_{language}") if _is_paired(column, result.columns) else column
        numeric = all(value is None or formats.is_number(value) for value in values)
        is_figure = numeric and column not in formats.PLAIN_NUMBERS
        texts = [_written(names, column, value, decimals[column], language) for value in values]
        longest = max(map(len, texts), default=0)
        width = (
            "figure" if is_figure else "short" if longest <= SHORT
            else "long" if longest >= LONG else ""
        )  # fmt: skip
        headings.append(
            {"text": names.heading(base, language), "is_figure": is_figure, "width": width}
        )
        links = (
            [LINKS[column](site, record) for record in result.records()]
            if column in LINKS
            else [""] * len(texts)
        )
        shown.append(
            [{"text": text, "link": link} for text, link in zip(texts, links, strict=True)]
        )
    rows = [list(cells) for cells in zip(*shown, strict=True)]
    return {
        "headings": headings,
        "rows": rows,
        "filter": len(rows) > ROWS_BEFORE_FILTER,
        "wide": len(headings) > COLUMNS_OF_PAPER,
    }


def _written(names: Names, column: str, value: Any, decimals: int, language: str) -> str:
    """A value of a table as its reader knows it."""
    if formats.is_number(value):
        return formats.cell(column, value, decimals)
    return names.shown(column, formats.cell(column, value, 0), language)


def _product_link(site: Site, row: Mapping[str, Any]) -> str:
    """Where a product's name leads; blank where that year has no page."""
    period = str(row.get("reference_period") or site.year or "")
    file = product_file(row["product_id"], int(period)) if len(period) == 4 else ""
    known = {one.file for one in site.instances.get("product", ())}
    return file if file in known else ""


def _round_link(site: Site, row: Mapping[str, Any]) -> str:
    """Where a round's name leads; blank for what belongs to none."""
    known = {one.parameters["round"]: one.file for one in site.instances.get("round", ())}
    return known.get(row["round"], "")


LINKS = {"product_id": _product_link, "round": _round_link}
"""Columns whose values lead to a page."""


def _body(table: Mapping[str, Any]) -> Markup:
    """The rows of a table as HTML. A template would take a third of all rendering for them."""
    opening = [
        f'<td class="{heading["width"]}">' if heading["width"] else "<td>"
        for heading in table["headings"]
    ]
    lines = []
    for row in table["rows"]:
        cells = (
            f'{tag}<a href="{escape(cell["link"])}">{escape(cell["text"])}</a></td>'
            if cell["link"]
            else f"{tag}{_breakable(cell['text'])}</td>"
            for tag, cell in zip(opening, row, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return Markup("\n".join(lines))


def _breakable(text: str) -> str:
    """A text as HTML; a path may break behind its slashes only, not within a name."""
    if "/" not in text or not PATH.match(text):
        return escape(text)
    parts = (f'<span class="unbroken">{escape(part)}</span>' for part in PART_OF_PATH.findall(text))
    return "<wbr>".join(parts)


def _is_paired(column: str, columns: Sequence[str]) -> bool:
    base = column[:-3]
    return column[-3:] in ("_en", "_zh") and {f"{base}_en", f"{base}_zh"} <= set(columns)


def _is_other_language(column: str, columns: Sequence[str], language: str) -> bool:
    return _is_paired(column, columns) and not column.endswith(f"_{language}")


def _csv_address(result: Result) -> str:
    """The rows as a CSV that a browser saves without asking a server."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(result.columns)
    for row in result.rows:
        writer.writerow([_harmless(value) for value in row])
    data = base64.b64encode((BYTE_ORDER_MARK + buffer.getvalue()).encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{data}"


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept a text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Markup(text.replace("<", "\\u003c"))
