"""The pages around the sheets: cover, instructions, last period's lines, and what identifies it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from expectations.stage_workbook import RULES
from orchestration.collection.entry import shown, span
from orchestration.collection.look import Look
from orchestration.collection.plan import Template
from orchestration.collection.words import Both
from orchestration.ingest.sheet import process_of
from orchestration.ingest.source_map import FromColumn, Item, Records, Sheet
from orchestration.ingest.template_marks import INSTRUCTIONS_SHEET, META_SHEET

ROLES = (
    ("preparer", Both("填报人", "Prepared by")),
    ("reviewer", Both("复核人", "Reviewed by")),
    ("approver", Both("批准人", "Approved by")),
)
DECLARATIONS = (
    Both(
        "各表已填完整:未使用的填 0,没有空着的必填格。",
        "Every sheet is complete: 0 where nothing was used, no required cell left blank.",
    ),
    Both(
        "数据取自“填写说明”所列的表计、磅单或单据,原件可查。",
        "The figures come from the meters, scales and documents named in the instructions; "
        "the originals are kept.",
    ),
    Both(
        "估算的数据已在备注中写明原因和依据。",
        "Where a figure is estimated, the note says why and on what basis.",
    ),
    Both(
        "填报人、复核人、批准人不是同一人。",
        "Preparer, reviewer and approver are three different people.",
    ),
)
STEPS = (
    Both(
        "填写各表的黄色格;白色格选填,灰色格由系统计算。",
        "Fill in the yellow cells; white ones are optional, grey ones are worked out.",
    ),
    Both(
        "数字单独填,不带单位;备注写在备注列。",
        "Numbers stand alone, without unit; remarks go to the note column.",
    ),
    Both(
        "橙色表示与上期相差三倍以上:请核对小数点和单位。",
        "Orange: three times the last period's figure or a third of it. Check point and unit.",
    ),
    Both(
        "填好封面,保存为 .xlsx,按上面的“提交位置”提交。",
        "Fill in this cover, save as .xlsx, hand it in as said above.",
    ),
)
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


def write_cover(page: Worksheet, template: Template, look: Look, sheets: list[str]) -> None:
    """Whose workbook it is, who answers for it, and how it is filled in."""
    words, round_ = template.words, template.round
    page.hide_gridlines(2)
    page.set_column(0, 0, 3)
    page.set_column(1, 1, 24)
    page.set_column(2, 4, 22)
    page.set_row(1, 30)
    stage, site = (
        words.name("stages", template.stage_code),
        words.name("facilities", template.facility_id),
    )
    page.write_string(
        1, 1, stage.joined("  "), look.of(bold=True, font_size=18, font_color="#2F5D62")
    )
    page.write_string(2, 1, "碳数据收集表  Carbon data collection", look.hint)
    months = f"{round_.first_month:%Y-%m}"
    if len(round_.months) > 1:
        months += f" 至 to {round_.last_month:%Y-%m}"
    facts = [
        ("公司 Company", _company(template)),
        ("工厂 Site", site.joined("  ")),
        ("轮次 Round", round_.round),
        ("填报月份 Months", months),
        ("截止日期 Due", f"{round_.closes_on:%Y-%m-%d}"),
        ("负责人 Owner", template.source_map.owner or ""),
        (
            "提交位置 Hand in as",
            f"rounds/{round_.round}/{template.facility_id}/{template.source_map.file}.xlsx",
        ),
        ("模板版本 Template", f"{template.source_map.source}, {template.layout.version}"),
    ]
    row = 4
    for name, value in facts:
        page.write_string(row, 1, name, look.label)
        page.merge_range(row, 2, row, 4, value, look.framed(bold=name.startswith("截止")))
        row += 1
    row = _how(page, look, row + 1)
    row = _sheets(page, look, row + 1, sheets)
    row = _signatures(page, look, row + 1)
    _declarations(page, look, row + 1)
    page.protect("", {"format_columns": True, "format_rows": True})
    page.set_paper(9)
    page.fit_to_pages(1, 1)


def _company(template: Template) -> str:
    settings = template.words.company.settings
    return Both(settings.get("name_zh"), settings["name_en"]).joined("  ")


def _how(page: Worksheet, look: Look, row: int) -> int:
    page.write_string(row, 1, "怎么填  How to fill it in", look.heading)
    for number, step in enumerate(STEPS, start=1):
        page.merge_range(
            row + number, 1, row + number, 4, f"{number}  {step.zh}\n    {step.en}", look.paragraph
        )
        page.set_row(row + number, 30)
    return row + len(STEPS) + 1


def _sheets(page: Worksheet, look: Look, row: int, sheets: list[str]) -> int:
    page.write_string(row, 1, "工作表  Sheets", look.heading)
    link = look.of(font_color="#1B6E78", underline=1)
    for name in [*sheets, INSTRUCTIONS_SHEET]:
        row += 1
        quoted = name.replace("'", "''")
        page.write_url(row, 1, f"internal:'{quoted}'!A1", link, name)
    return row + 1


def _signatures(page: Worksheet, look: Look, row: int) -> int:
    page.write_string(row, 1, "签字  Sign-off", look.heading)
    row += 1
    for column, name in enumerate(("", "姓名 Name", "日期 Date", "联系方式 Contact"), start=1):
        page.write_string(row, column, name, look.header)
    first = row + 1
    for number, (_, name) in enumerate(ROLES):
        line = first + number
        page.write_string(line, 1, name.joined("  "), look.label)
        page.write_blank(line, 2, None, look.text)
        page.write_blank(line, 3, None, look.day)
        page.write_blank(line, 4, None, look.optional_text)
        page.set_row(line, 22)
        others = ",".join(
            f"C{line + 1}<>$C${first + other + 1}" for other in range(len(ROLES)) if other != number
        )
        page.data_validation(
            line, 2, line, 2,
            {
                "validate": "custom",
                "value": f"=AND({others})",
                "error_title": "须为不同人员 Another person",
                "error_message": "填报人、复核人、批准人须为不同人员。\n"
                "Preparer, reviewer and approver must be three different people.",
            },
        )  # fmt: skip
        page.data_validation(
            line, 3, line, 3,
            {"validate": "date", "criteria": ">", "value": date(2000, 1, 1),
             "error_title": "日期 Date",
             "error_message": "请填日期,如 2022-04-20。\nA date such as 2022-04-20."},
        )  # fmt: skip
    return first + len(ROLES)


def _declarations(page: Worksheet, look: Look, row: int) -> None:
    page.write_string(row, 1, "声明  Declarations", look.heading)
    for declaration in DECLARATIONS:
        row += 1
        page.merge_range(row, 1, row, 3, declaration.joined("\n"), look.framed(text_wrap=True))
        page.write_blank(row, 4, None, look.choice)
        page.data_validation(
            row, 4, row, 4,
            {"validate": "list", "source": ["是 Yes", "否 No"],
             "input_title": "是/否 Yes/No",
             "input_message": "选“否”时请在备注中说明。\nIf no, say why in a note."},
        )  # fmt: skip
        page.set_row(row, 44)


def name_signatures(book: xlsxwriter.Workbook, page: Worksheet, names: dict[str, str]) -> None:
    """Names for the cells somebody signs in, so that they are found wherever they stand."""
    for name, cell in names.items():
        book.define_name(name, f"='{page.name}'!{cell}")


def write_instructions(page: Worksheet, template: Template, look: Look) -> None:
    """Line by line: what it is, where it is read, what it is for and what is refused."""
    page.hide_gridlines(2)
    page.write_string(0, 0, "填写说明  Instructions", look.title)
    page.set_row(0, 24)
    titles = [
        ("工作表\nSheet", 15), ("项目\nColumn or row", 27), ("是什么\nWhat it is", 24),
        ("工序\nProcess", 24), ("单位\nUnit", 10), ("数据来源\nRead it from", 34),
        ("用途\nWhy it matters", 32), ("占本厂排放\nOf the site's CO2e", 12),
        ("会被拒收\nRefused", 20),
    ]  # fmt: skip
    has_shares = bool(template.emission_shares)
    for column, (title, width) in enumerate(titles):
        page.set_column(column, column, width)
        page.write_string(2, column, title, look.cell_title)
    if has_shares:
        page.write_string(
            1,
            0,
            f"占比为上期 {template.last.title} 的数据  Shares of {template.last.title}",
            look.hint,
        )
    page.set_row(2, 32)
    row = 3
    for sheet, label, item in template.items:
        texts = _instruction(template, sheet, label, item)
        for column, text in enumerate(texts):
            page.write_string(row, column, text, look.cell)
        page.set_row(row, 13 * max(_height(text, titles[i][1]) for i, text in enumerate(texts)) + 3)
        row += 1
    row = _refused(page, look, row + 1)
    page.freeze_panes(3, 2)
    page.protect("", {"format_columns": True, "format_rows": True})
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)


def _instruction(template: Template, sheet: Sheet, label: str, item: Item) -> list[str]:
    words = template.words
    unit = template.unit(sheet, label, item)
    if isinstance(item.unit, FromColumn):
        unit = f"见“{item.unit.column}” see there"
    process = process_of(item, template.facility_id)
    share = _share(template, item)
    limits = template.bounds(item, unit)
    refused = [Both("空白", "blank").joined(" ")] if item.required else []
    if limits.minimum is not None:
        refused.append(f"小于 below {shown(limits.minimum)}")
    if limits.maximum is not None:
        refused.append(f"大于 above {shown(limits.maximum)}")
    usual = span(limits.usual_minimum, limits.usual_maximum)
    if usual:
        refused.append(f"(常见 usual {usual})")
    if item.times:
        unit = f"{unit} = × {' × '.join(item.times)}" if unit else unit
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
    return f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"


def _refused(page: Worksheet, look: Look, row: int) -> int:
    page.write_string(row, 0, "什么会被拒收  What is refused", look.heading)
    by_id = {rule.rule_id: rule for rule in RULES}
    for rule_id in TOLD:
        rule = by_id[rule_id]
        row += 1
        page.merge_range(row, 0, row, 3, f"{rule.title_zh}\n{rule.title_en}", look.cell)
        page.merge_range(row, 4, row, 8, f"{rule.remedy_zh}\n{rule.remedy_en}", look.cell)
        page.set_row(row, 30)
    return row


def _height(text: str, width: int) -> int:
    from orchestration.collection.sheets import lines_of

    return lines_of(text, None, width * 1.1)


def write_last_records(page: Worksheet, template: Template, look: Look) -> None:
    """The lines of the last period's logs, under the same headers: to look up, or to copy from."""
    page.write_string(0, 0, f"上期 Last period  {template.last.title}", look.title)
    page.write_string(1, 0, "仅供参考,不会被读取。For reference; nothing here is read.", look.hint)
    row, width = 3, 0
    for sheet in template.layout.sheets:
        name = sheet.sheet[0] if sheet.sheet else ""
        lines = template.last.records.get(name, ()) if isinstance(sheet, Records) else ()
        if not lines:
            continue
        page.write_string(row, 0, name, look.heading)
        headers = [column.header for column in template.columns(sheet)]
        width = max(width, len(headers))
        for column, header in enumerate(headers):
            page.write_string(row + 1, column, header, look.header)
        for number, line in enumerate(lines, start=row + 2):
            for column, header in enumerate(headers):
                _write(page, number, column, line.get(header), look)
        row += len(lines) + 4
    page.set_column(0, max(0, width - 1), 18)
    page.protect("", {"format_columns": True, "format_rows": True})


def _write(page: Worksheet, row: int, column: int, value: Any, look: Look) -> None:
    if isinstance(value, datetime | date):
        page.write_datetime(
            row, column, value, look.framed(num_format="yyyy-mm-dd", font_color="#6B7785")
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        page.write_number(row, column, value, look.framed(font_color="#6B7785"))
    else:
        page.write_string(row, column, str(value or ""), look.framed(font_color="#6B7785"))


def write_meta(book: xlsxwriter.Workbook, page: Worksheet, template: Template) -> None:
    """What the reader knows the workbook by: on a hidden sheet and in custom properties."""
    for row, (key, value) in enumerate(template.stamp.items()):
        page.write_string(row, 0, key)
        page.write_string(row, 1, value)
        book.set_custom_property(key, value, "text")
    page.very_hidden()
    assert page.name == META_SHEET
