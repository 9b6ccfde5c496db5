"""The cover of a template, and what the reader knows the workbook by."""

from __future__ import annotations

from datetime import date

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from orchestration.collection.template.cells import LINE_HEIGHT, lines_of, write_banner
from orchestration.collection.template.look import COVER_TITLE, TemplateFormats
from orchestration.collection.template.plan import Template
from orchestration.collection.template.words import Both
from orchestration.ingest.template_marks import INSTRUCTIONS_SHEET

ROLES = (
    ("preparer", Both("填报人", "Prepared by")),
    ("reviewer", Both("复核人", "Reviewed by")),
    ("approver", Both("批准人", "Approved by")),
)
DECLARATIONS = (
    Both(
        "各表已填完整：未使用的填 0，没有空着的必填格。",
        "Every sheet is complete: 0 where nothing was used, no required cell left blank.",
    ),
    Both(
        "数据取自“填写说明”所列的表计、磅单或单据，原件可查。",
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
        "填写各表的黄色格；白色格选填，灰色格由系统计算。",
        "Fill in the yellow cells; white ones are optional, grey ones are worked out.",
    ),
    Both(
        "数字单独填，不带单位；备注写在备注列。",
        "Numbers stand alone, without unit; remarks go to the note column.",
    ),
    Both(
        "橙色表示与上期相差三倍以上：请核对小数点和单位。",
        "Orange: three times the last period's figure or a third of it. Check point and unit.",
    ),
    Both(
        "填好封面，保存为 .xlsx，按上面的“提交位置”提交。",
        "Fill in this cover, save as .xlsx, hand it in as said above.",
    ),
)
DUE, PLACE = "截止日期 Due", "提交位置 Hand in as"
WIDTHS = (3, 24, 22, 22, 22)
ANOTHER_PERSON = {
    "validate": "custom",
    "error_title": "须为不同人员 Another person",
    "error_message": "填报人、复核人、批准人须为不同人员。\n"
    "Preparer, reviewer and approver must be three different people.",
}
A_DAY = {
    "validate": "date",
    "criteria": ">",
    "value": date(2000, 1, 1),
    "error_title": "日期 Date",
    "error_message": "请填日期，如 2022-04-20。\nA date such as 2022-04-20.",
}
YES_OR_NO = {
    "validate": "list",
    "source": ["是 Yes", "否 No"],
    "input_title": "是/否 Yes/No",
    "input_message": "选“否”时请在备注中说明。\nIf no, say why in a note.",
}
READ_ONLY = {"format_columns": True, "format_rows": True}
A4 = 9


def write_cover(
    book: xlsxwriter.Workbook,
    page: Worksheet,
    template: Template,
    look: TemplateFormats,
    sheets: list[str],
) -> None:
    """Whose workbook it is, how it is filled in, and who answers for it."""
    page.hide_gridlines(2)
    for column, width in enumerate(WIDTHS):
        page.set_column(column, column, width)
    stage = template.words.name("stages", template.stage_code)
    write_banner(page, look, (1, 1), stage.joined("  "), COVER_TITLE, WIDTHS[1:])
    page.write_string(2, 1, "碳数据收集表  Carbon data collection", look.hint)
    row = 4
    for name, value in _facts(template):
        page.write_string(row, 1, name, look.label)
        like = look.framed(bold=name == DUE, text_wrap=True)
        page.merge_range(row, 2, row, 4, value, like)
        page.set_row(row, LINE_HEIGHT * lines_of(value, sum(WIDTHS[2:])))
        row += 1
    row = _how(page, look, row + 1)
    row = _sheets(page, look, row + 1, sheets)
    row = _signatures(book, page, look, row + 1)
    _declarations(page, look, row + 1)
    page.protect("", READ_ONLY)
    page.set_paper(A4)
    page.fit_to_pages(1, 1)


def _facts(template: Template) -> list[tuple[str, str]]:
    round_, source_map = template.round, template.source_map
    months = f"{round_.first_month:%Y-%m}"
    if len(round_.months) > 1:
        months += f" 至 to {round_.last_month:%Y-%m}"
    site = template.words.name("facilities", template.facility_id)
    # once where both languages call it alike, or only one is stated
    owner = "  ".join(dict.fromkeys(source_map.owner_in(one) for one in ("zh", "en")))
    return [
        ("公司 Company", _company(template)),
        ("工厂 Site", site.joined("  ")),
        ("轮次 Round", round_.round),
        ("填报月份 Months", months),
        (DUE, f"{round_.closes_on:%Y-%m-%d}"),
        ("负责人 Owner", owner),
        (PLACE, f"rounds/{round_.round}/{template.facility_id}/{source_map.file}.xlsx"),
        ("模板版本 Template", f"{source_map.source}, {template.layout.version}"),
    ]


def _company(template: Template) -> str:
    settings = template.words.company.settings
    return Both(settings.get("name_zh"), settings["name_en"]).joined("  ")


def _how(page: Worksheet, look: TemplateFormats, row: int) -> int:
    page.write_string(row, 1, "怎么填  How to fill it in", look.heading)
    for number, step in enumerate(STEPS, start=1):
        line, text = row + number, f"{number}  {step.zh}\n    {step.en}"
        page.merge_range(line, 1, line, 4, text, look.paragraph)
        page.set_row(line, 30)
    return row + len(STEPS) + 1


def _sheets(page: Worksheet, look: TemplateFormats, row: int, sheets: list[str]) -> int:
    page.write_string(row, 1, "工作表  Sheets", look.heading)
    for name in [*sheets, INSTRUCTIONS_SHEET]:
        row += 1
        quoted = name.replace("'", "''")
        page.write_url(row, 1, f"internal:'{quoted}'!A1", look.link, name)
    return row + 1


def _signatures(book: xlsxwriter.Workbook, page: Worksheet, look: TemplateFormats, row: int) -> int:
    """Three names and dates; each name cell is named itself, so that it is found again."""
    page.write_string(row, 1, "签字  Sign-off", look.heading)
    row += 1
    for column, title in enumerate(("", "姓名 Name", "日期 Date", "联系方式 Contact"), start=1):
        page.write_string(row, column, title, look.header)
    lines = range(row + 1, row + 1 + len(ROLES))
    for line, (role, named) in zip(lines, ROLES, strict=True):
        page.write_string(line, 1, named.joined("  "), look.label)
        page.write_blank(line, 2, None, look.text)
        page.write_blank(line, 3, None, look.day)
        page.write_blank(line, 4, None, look.optional_text)
        page.set_row(line, 22)
        book.define_name(role, f"='{page.name}'!$C${line + 1}")
        others = ",".join(f"C{line + 1}<>$C${other + 1}" for other in lines if other != line)
        page.data_validation(line, 2, line, 2, ANOTHER_PERSON | {"value": f"=AND({others})"})
        page.data_validation(line, 3, line, 3, A_DAY)
    return lines[-1] + 1


def _declarations(page: Worksheet, look: TemplateFormats, row: int) -> None:
    page.write_string(row, 1, "声明  Declarations", look.heading)
    for declaration in DECLARATIONS:
        row += 1
        page.merge_range(row, 1, row, 3, declaration.joined("\n"), look.framed(text_wrap=True))
        page.write_blank(row, 4, None, look.choice)
        page.data_validation(row, 4, row, 4, YES_OR_NO)
        page.set_row(row, 44)


def write_meta(book: xlsxwriter.Workbook, page: Worksheet, template: Template) -> None:
    """What the reader knows the workbook by: on a hidden sheet and in custom properties."""
    for row, (key, value) in enumerate(template.stamp.items()):
        page.write_string(row, 0, key)
        page.write_string(row, 1, value)
        book.set_custom_property(key, value, "text")
    page.very_hidden()
