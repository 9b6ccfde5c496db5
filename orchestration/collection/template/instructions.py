"""The instructions of a template, and the lines of the last period's logs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from xlsxwriter.worksheet import Worksheet

from expectations.stage_workbook import RULES
from orchestration.collection.template.cells import lines_of, width_of
from orchestration.collection.template.entry import shown, span
from orchestration.collection.template.look import DAY, GREY, TemplateFormats
from orchestration.collection.template.plan import Template
from orchestration.company.source_map import FromColumn, Item, Records, Sheet
from orchestration.ingest.sheet import process_of

TITLES = (
    ("工作表\nSheet", 14),
    ("项目\nColumn or row", 26),
    ("是什么\nWhat it is", 23),
    ("工序\nProcess", 22),
    ("单位\nUnit", 10),
    ("数据来源\nRead it from", 28),
    ("用途\nWhy it matters", 28),
    ("占本厂排放\nOf the site's\nCO2e", 12),
    ("会被拒收\nRefused", 17),
)
"""Header and width of each column."""

TOLD = (
    "value_present",
    "value_is_number",
    "not_negative",
    "no_excel_error",
    "month_in_round",
    "header_known",
    "header_present",
    "no_duplicates",
    "file_belongs_here",
)
"""The rules people meet most, told in their own words."""

READ_ONLY = {"format_columns": True, "format_rows": True}
SMALL_LINE, FEWEST_LETTERS, MOST_LETTERS = 12.5, 12, 40
SHOWN_SHARE = 0.0005
A4 = 9


def write_instructions(page: Worksheet, template: Template, look: TemplateFormats) -> None:
    """Line by line: what it is, where it is read, what it is for and what is refused."""
    page.hide_gridlines(2)
    page.write_string(0, 0, "填写说明  Instructions", look.title)
    page.set_row(0, 24)
    if template.emission_shares:
        title = template.last.title
        told = f"占比为 {title} 的数据，按所在地电网计。Shares of {title}, location-based."
        page.write_string(1, 0, told, look.hint)
    for column, (title, width) in enumerate(TITLES):
        page.set_column(column, column, width)
        page.write_string(2, column, title, look.cell_title)
    page.set_row(2, 44)
    row = 3
    for sheet, label, item in template.items:
        texts = _instruction(template, sheet, label, item)
        for column, text in enumerate(texts):
            page.write_string(row, column, text, look.cell)
        lines = [lines_of(text, 1.2 * TITLES[i][1]) for i, text in enumerate(texts)]
        page.set_row(row, SMALL_LINE * max(lines) + 4)
        row += 1
    _refused(page, look, row + 1)
    page.freeze_panes(3, 2)
    _finish(page)
    page.repeat_rows(2)


def _finish(page: Worksheet) -> None:
    page.protect("", READ_ONLY)
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)


def _instruction(template: Template, sheet: Sheet, label: str, item: Item) -> list[str]:
    words = template.words
    unit = template.unit(sheet, label, item)
    if isinstance(item.unit, FromColumn):
        unit = f"见“{item.unit.column}” see there"
    process = process_of(item, template.facility_id)
    share = _share(template, item)
    limits = template.bounds(item, unit)
    refused = ["空白 blank"] if item.required else []
    below = None if limits.minimum is None else f"< {shown(limits.minimum)}"
    above = None if limits.maximum is None else f"> {shown(limits.maximum)}"
    refused.append(", ".join(limit for limit in (below, above) if limit))
    usual = span(limits.usual_minimum, limits.usual_maximum)
    if usual:
        refused.append(f"常见 usual\n{usual}")
    if item.scaled_by:
        scaled = [f"× {name}" for name in item.times] + [f"÷ {name}" for name in item.divided_by]
        unit = f"{' '.join(scaled)}\n= {unit}" if unit else unit
    return [
        sheet.sheet[0] if sheet.sheet else "",
        label,
        words.item(item).joined("\n"),
        words.name("processes", process).joined("\n") if process else "",
        unit or "",
        words.read_from(item).joined("\n"),
        words.why(item).joined("\n"),
        "" if share is None else _percent(share),
        "\n".join(refused),
    ]


def _share(template: Template, item: Item) -> float | None:
    if item.role != "activity" or item.direction == "property":
        return None
    process = process_of(item, template.facility_id)
    flows = item.flow.lookup or {} if isinstance(item.flow, FromColumn) else {"": item.flow}
    found = [
        share
        for flow in set(flows.values())
        if (share := template.emission_shares.get((process or "", flow))) is not None
    ]
    return sum(found) if found else None


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= SHOWN_SHARE else "< 0.1 %"


def _refused(page: Worksheet, look: TemplateFormats, row: int) -> None:
    page.write_string(row, 0, "什么会被拒收  What is refused", look.heading)
    by_id = {rule.rule_id: rule for rule in RULES}
    for rule_id in TOLD:
        rule = by_id[rule_id]
        row += 1
        page.merge_range(row, 0, row, 3, f"{rule.title_zh}\n{rule.title_en}", look.cell)
        page.merge_range(row, 4, row, 8, f"{rule.remedy_zh}\n{rule.remedy_en}", look.cell)
        page.set_row(row, 30)


def write_last_records(page: Worksheet, template: Template, look: TemplateFormats) -> None:
    """The lines of the last period's logs, under the same headers: to look up, or to copy from."""
    page.write_string(0, 0, f"上期 Last period  {template.last.title}", look.title)
    page.write_string(1, 0, "仅供参考，不会被读取。For reference; nothing here is read.", look.hint)
    row = 3
    widths: dict[int, int] = {}
    for sheet in template.layout.sheets:
        name = sheet.sheet[0] if sheet.sheet else ""
        lines = template.last.records.get(name)
        if not isinstance(sheet, Records) or not lines:
            continue
        page.write_string(row, 0, name, look.heading)
        headers = [column.header for column in template.columns(sheet)]
        for column, header in enumerate(headers):
            page.write_string(row + 1, column, header, look.header)
            texts = [header, *(str(line.get(header, "")) for line in lines)]
            longest = min(MOST_LETTERS, max(map(width_of, texts)))
            widths[column] = max(widths.get(column, FEWEST_LETTERS), longest + 2)
        for number, line in enumerate(lines, start=row + 2):
            for column, header in enumerate(headers):
                _write(page, number, column, line.get(header), look)
        row += len(lines) + 4
    for column, width in widths.items():
        page.set_column(column, column, width)
    _finish(page)


def _write(page: Worksheet, row: int, column: int, value: Any, look: TemplateFormats) -> None:
    if isinstance(value, datetime | date):
        page.write_datetime(row, column, value, look.framed(num_format=DAY, font_color=GREY))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        page.write_number(row, column, value, look.framed(font_color=GREY))
    else:
        page.write_string(row, column, str(value or ""), look.framed(font_color=GREY))
