"""The marts as one Excel workbook: a sheet and a real table for each, with units and sources.

Written row by row (constant memory), so that a large mart costs disk and not memory. A mart that is
longer than a sheet goes on in a second one; what a cell can't hold is cut and counted on the
contents sheet. Dates in the file are those of the figures: the same release gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.publication.descriptions import Mart, described_marts
from orchestration.report.documents.sheet_rows import SheetRows
from orchestration.report.formats import PLAIN_NUMBERS
from orchestration.report.marts import Marts, Result
from orchestration.report.names import Names

MOST_ROWS = 1_048_573
"""Rows of a sheet less what stands above the data: a line of text, units, headings."""
MOST_CHARACTERS = 32_767
CUT = " […]"
NAME_LENGTH = 31
CONTENTS, COLUMNS, SOURCES = "Contents 目录", "Columns 字段", "Sources 来源"
TEXT_ROW, UNIT_ROW, HEADING_ROW, FIRST_ROW = 0, 1, 2, 3
ROWS_MEASURED = 200
NARROWEST, WIDEST = 9, 46
LINE_POINTS = 15
CONTENTS_WIDTHS, COLUMNS_WIDTHS = (26, 32, 38, 11, 19, 110), (24, 38, 28, 26, 12, 120)
TABLE_STYLE = "Table Style Light 11"
SOURCES_SQL = """
select
    f.publisher, f.source_title, f.edition, f.licence, f.library, f.status,
    count(distinct f.factor_version_id) as factor_versions,
    count(distinct l.factor_version_id) as behind_a_figure
from emission_factors as f
left join (select distinct factor_version_id from lineage) as l
    on f.factor_version_id = l.factor_version_id
where not f.is_derived
group by all
order by all
"""
SOURCE_TITLES = {
    "publisher": ("Publisher 发布者", 34),
    "source_title": ("Publication 出版物", 60),
    "edition": ("Edition 版本", 14),
    "licence": ("Licence 许可", 30),
    "library": ("Library 因子库", 22),
    "status": ("Mark 标记", 10),
    "factor_versions": ("Factor versions 因子版本数", 28),
    "behind_a_figure": ("Behind a figure 被采用数", 26),
}


@dataclass
class Sheet:
    """A mart on its sheets: what the contents say about it."""

    mart: str
    names: list[str] = field(default_factory=list)
    rows: int = 0
    cut_texts: int = 0


def write_workbook(marts: Marts, names: Names, publication: Mapping[str, Any], path: Path) -> None:
    """Write every mart of a publication or release.

    `publication`: the row of the mart of that name, and `manifest_sha256`.
    """
    made_on = publication["made_on"]
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False})
    book.set_properties(
        {
            "title": names.company("en"),
            "subject": _status(names, publication),
            "created": datetime(made_on.year, made_on.month, made_on.day),
        }
    )
    look = _Look(book)
    contents = _sheet(book, CONTENTS, names, publication)
    columns = _sheet(book, COLUMNS, names, publication)
    sources = _sheet(book, SOURCES, names, publication)
    tables = sorted(marts.tables())
    written = [_write_mart(book, look, marts, names, publication, table) for table in tables]
    _write_contents(contents, look, names, publication, written)
    _write_columns(columns, look, marts, names, tables)
    _write_sources(sources, look, marts)
    book.close()


class _Look:
    """Formats of the whole workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._numbers: dict[str, Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 15, "font_color": "#17624f"})
        self.soft = book.add_format({"font_color": "#56646a"})
        self.warning = book.add_format({"bold": True, "font_color": "#8a5a00"})
        self.unit = book.add_format({"italic": True, "font_color": "#56646a"})
        self.heading = book.add_format(
            {"bold": True, "font_color": "#ffffff", "bg_color": "#17624f", "text_wrap": False}
        )
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.top = book.add_format({"valign": "top"})
        self.count = book.add_format({"num_format": "#,##0", "valign": "top"})
        self.link = book.add_format({"font_color": "#17624f", "underline": 1, "valign": "top"})

    def number(self, pattern: str) -> Format:
        """A number format, made once."""
        if pattern not in self._numbers:
            self._numbers[pattern] = self._book.add_format({"num_format": pattern})
        return self._numbers[pattern]


def number_pattern(column: str, type_: str, unit: str) -> str:
    """How Excel shows a column; the value behind it is whole."""
    if type_ == "DATE":
        return "yyyy-mm" if column == "period_month" else "yyyy-mm-dd"
    if type_.startswith("TIMESTAMP"):
        return "yyyy-mm-dd hh:mm"
    if type_ != "DOUBLE":
        return "0" if column in PLAIN_NUMBERS or column.endswith("_year") else "#,##0"
    if column.endswith("_share") or unit == "share":
        return "0.0%"
    if "_per_" in column or column.startswith("coefficient"):
        return "0.000000"
    if unit.lower() in ("kgco2e", "kg"):
        return "#,##0.0"
    return "#,##0.0##"


# --- a mart -------------------------------------------------------------------------------


def _write_mart(
    book: xlsxwriter.Workbook,
    look: _Look,
    marts: Marts,
    names: Names,
    publication: Mapping[str, Any],
    table: str,
) -> Sheet:
    """A mart on as many sheets as it needs."""
    mart = described_marts().get(table)
    sheet = Sheet(table)
    count = marts.row_count(table)
    columns, types = marts.columns(table)
    units = [mart.columns[name].unit if mart and name in mart.columns else "" for name in columns]
    patterns = [number_pattern(*both) for both in zip(columns, types, units, strict=True)]
    formats = [look.number(pattern) for pattern in patterns]
    rows = marts.stream(table)
    for part in range(max(1, math.ceil(count / MOST_ROWS))):
        here = min(MOST_ROWS, count - part * MOST_ROWS)
        name = _sheet_name(table, part)
        page = _sheet(book, name, names, publication)
        said = f"{table}  {names.mart(table, 'zh')}  {names.mart(table, 'en')}"
        page.write_url(TEXT_ROW, 0, f"internal:'{CONTENTS}'!A1", look.link, "← 目录 Contents")
        page.write_string(TEXT_ROW, 1, f"{said}  ·  {_status(names, publication)}", look.soft)
        for place, unit in enumerate(units):
            if unit:
                page.write_string(UNIT_ROW, place, unit, look.unit)
        _table(page, look, HEADING_ROW, max(here, 1), columns, name)
        sheet.cut_texts += _rows(page, rows, here, columns, formats)
        page.freeze_panes(FIRST_ROW, _frozen(columns, mart))
        sheet.names.append(name)
    sheet.rows = count
    return sheet


def _rows(
    page: Worksheet,
    rows: Iterator[Sequence[Any]],
    count: int,
    columns: Sequence[str],
    formats: Sequence[Format],
) -> int:
    """Write the next rows; returns how many texts didn't fit a cell. Sets the widths at last."""
    cut = 0
    widths = [max(NARROWEST, len(name) + 3) for name in columns]

    def looked_at() -> Iterator[Sequence[Any]]:
        nonlocal cut
        for number, values in enumerate(islice(rows, count), start=FIRST_ROW):
            for place, value in enumerate(values):
                if isinstance(value, str):
                    cut += len(value) > MOST_CHARACTERS
                    if number < ROWS_MEASURED:
                        widths[place] = max(widths[place], min(WIDEST, len(value) + 1))
            yield values

    SheetRows(page, FIRST_ROW, formats, _that_fits).write(looked_at())
    for place, width in enumerate(widths):
        page.set_column(place, place, width)
    return cut


def _that_fits(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(CUT)] + CUT


def _table(
    page: Worksheet, look: _Look, row: int, count: int, columns: Sequence[str], name: str
) -> None:
    """Declare a table of `count` rows below the headings, and write the headings.

    XlsxWriter offers no tables in constant memory, because it writes their headings as shared
    strings. The table is declared as outside that mode; then the headings are written in it.
    """
    page.constant_memory = False
    try:
        page.add_table(
            row,
            0,
            row + count,
            len(columns) - 1,
            {
                "name": f"t_{_table_name(name)}",
                "style": TABLE_STYLE,
                "columns": [{"header": column} for column in columns],
            },
        )
    finally:
        page.constant_memory = True
    for place, column in enumerate(columns):
        page.write_string(row, place, column, look.heading)


def _frozen(columns: Sequence[str], mart: Mart | None) -> int:
    """Columns that stay in sight: the first of those that tell rows apart."""
    return 1 if mart and columns[0] in mart.grain else 0


def _sheet_name(table: str, part: int) -> str:
    end = f"_{part + 1}" if part else ""
    return table[: NAME_LENGTH - len(end)] + end


def _table_name(sheet: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in sheet)


# --- what stands in front -----------------------------------------------------------------


def _write_contents(
    page: Worksheet,
    look: _Look,
    names: Names,
    publication: Mapping[str, Any],
    written: Sequence[Sheet],
) -> None:
    released = publication["status"] == "released"
    company = dict.fromkeys((names.company("zh"), names.company("en")))
    page.write_string(0, 0, "  ".join(company), look.title)
    status = _status(names, publication)
    page.write_string(1, 0, status, look.soft if released else look.warning)
    row = 2
    for key in ("rounds", "made_on", "manifest_sha256"):
        label = {"rounds": "fact_rounds", "made_on": "fact_day", "manifest_sha256": "fact_manifest"}
        told = f"{names.word(label[key], 'zh')} {names.word(label[key], 'en')}: {publication[key]}"
        page.write_string(row, 0, told, look.soft)
        row += 1
    page.write_string(row, 0, names.word("workbook_note", "zh"), look.soft)
    page.write_string(row + 1, 0, names.word("workbook_note", "en"), look.soft)
    row += 3
    headings = [
        "Sheet 工作表", "中文", "English", "Rows 行数", "Texts cut 截断文本", "What it holds",
    ]  # fmt: skip
    count = sum(len(sheet.names) for sheet in written)
    _table(page, look, row, count, headings, CONTENTS)
    for sheet in written:
        mart = described_marts().get(sheet.mart)
        for part, name in enumerate(sheet.names):
            row += 1
            more = f" ({part + 1}/{len(sheet.names)})" if len(sheet.names) > 1 else ""
            told = mart.description if mart else ""
            _make_room(page, row, [told], CONTENTS_WIDTHS[-1:])
            page.write_url(row, 0, f"internal:'{name}'!A1", look.link, name)
            page.write_string(row, 1, names.mart(sheet.mart, "zh") + more, look.wrapped)
            page.write_string(row, 2, names.mart(sheet.mart, "en") + more, look.wrapped)
            page.write_number(row, 3, sheet.rows, look.count)
            page.write_number(row, 4, sheet.cut_texts, look.count)
            page.write_string(row, 5, told, look.wrapped)
    for place, width in enumerate(CONTENTS_WIDTHS):
        page.set_column(place, place, width)


def _write_columns(
    page: Worksheet, look: _Look, marts: Marts, names: Names, tables: Sequence[str]
) -> None:
    headings = ["Mart 表", "Column 字段", "中文", "Unit 单位", "Type 类型", "What it holds"]
    lines = []
    for table in tables:
        mart = described_marts().get(table)
        for name, type_ in zip(*marts.columns(table), strict=True):
            column = mart.columns.get(name) if mart else None
            lines.append(
                (
                    table,
                    name,
                    names.heading_or_blank(name, "zh"),
                    column.unit if column else "",
                    type_.lower(),
                    column.description if column else "",
                )
            )
    _table(page, look, 0, len(lines), headings, COLUMNS)
    for row, line in enumerate(lines, start=1):
        _make_room(page, row, line, COLUMNS_WIDTHS)
        for place, text in enumerate(line):
            page.write_string(row, place, text, look.wrapped if place == 5 else look.top)
    page.freeze_panes(1, 2)
    for place, width in enumerate(COLUMNS_WIDTHS):
        page.set_column(place, place, width)


def _write_sources(page: Worksheet, look: _Look, marts: Marts) -> None:
    result: Result = marts.run("workbook.sources", SOURCES_SQL)
    titles = [SOURCE_TITLES[name][0] for name in result.columns] or ["–"]
    _table(page, look, 0, max(1, len(result.rows)), titles, SOURCES)
    widths = [SOURCE_TITLES[name][1] for name in result.columns]
    for row, values in enumerate(result.rows, start=1):
        _make_room(page, row, ["" if value is None else str(value) for value in values], widths)
        for place, value in enumerate(values):
            if isinstance(value, str):
                page.write_string(row, place, value, look.wrapped)
            elif value is not None:
                page.write_number(row, place, value, look.count)
    for place, width in enumerate(widths):
        page.set_column(place, place, width)
    page.freeze_panes(1, 0)


def _make_room(page: Worksheet, row: int, texts: Sequence[str], widths: Sequence[int]) -> None:
    """Set the height of a row of wrapped texts; not every program finds it by itself."""
    lines = (
        math.ceil(sum(2 if ord(c) > 0x2E7F else 1 for c in text) / (0.95 * width))
        for text, width in zip(texts, widths, strict=True)
    )
    page.set_row(row, LINE_POINTS * max(1, *lines))


def _sheet(
    book: xlsxwriter.Workbook, name: str, names: Names, publication: Mapping[str, Any]
) -> Worksheet:
    """An empty sheet that prints across, with the status on every page."""
    page = book.add_worksheet(name)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    page.set_header(f"&L{_escaped(name)}&R{_escaped(_status(names, publication))}")
    page.set_footer("&L&F&R&P / &N")
    return page


def _status(names: Names, publication: Mapping[str, Any]) -> str:
    """Whether the figures are released, in both languages."""
    if publication["status"] != "released":
        return f"{names.word('preliminary', 'zh')} · {names.word('preliminary', 'en')}"
    told = {"round": publication["round"], "number": publication["release_number"]}
    return " · ".join(names.word("released", one).format(**told) for one in ("zh", "en"))


def _escaped(text: str) -> str:
    return text.replace("&", "&&")
