"""The sheet of issues in a returned workbook: what to do, every finding, and links to the cells.

Hidden columns keep what marked cells looked like before, for the day the workbook comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import quoteattr

from orchestration.collection.returned.notice import SEVERITY_WORDS, Notice, Remark, expected_words
from orchestration.spreadsheets.cell_styles import FILLS, NO_LOOK, CellStyle, CellStyles
from orchestration.spreadsheets.grid import Grid
from orchestration.spreadsheets.package_editor import MAIN
from orchestration.spreadsheets.sheet_marks import letters
from orchestration.spreadsheets.worksheet_xml import (
    LINE_BELOW,
    column,
    font,
    row,
    solid_fill,
    text_cell,
    written_lines,
)

TITLE = "Carbonloom · 问题清单 Issues"
"""First words of cell A1, by which the sheet is known again."""
COLUMNS = (
    ("序号\nNo.", 6),
    ("级别\nSeverity", 14),
    ("位置（点击跳转）\nWhere (click)", 24),
    ("问题\nWhat is wrong", 52),
    ("应为\nExpected", 24),
    ("怎么办\nWhat to do", 52),
    ("规则\nRule", 20),
)
FIRST_LINE_OF_TABLE = 5
RECORD_COLUMN = 10
"""First of the hidden columns: sheet, cells, fill, border."""
LISTED = 1000
CELLS_A_RECORD = 2000
"""An address has at most ten characters, a cell holds 32,767."""
LINE_HEIGHT = 14.5

Looks = Mapping[tuple[str, str], CellStyle]


class IssuesSheet:
    """Builds the XML of the sheet."""

    def __init__(self, notice: Notice, styles: CellStyles, sheets: Sequence[str]) -> None:
        self._notice = notice
        self._sheets = set(sheets)
        line = CellStyle(NO_LOOK.fill, LINE_BELOW)
        self._title = styles.plain(font(16, bold=True))
        self._state = styles.plain(font(11, bold=True))
        self._how = styles.plain(font(10))
        self._normal = styles.plain(font(10), line)
        self._centre = styles.plain(font(10), line, 'horizontal="center"')
        self._small = styles.plain(font(8, "FF7F7F7F"), line)
        self._link = styles.plain(font(10, "FF0563C1", underlined=True), line)
        self._head = styles.plain(
            font(10, "FFFFFFFF", bold=True), CellStyle(solid_fill("FF44546A"), LINE_BELOW)
        )
        self._severity = {
            severity: styles.plain(font(10, bold=True), CellStyle(solid_fill(colour), LINE_BELOW))
            for severity, colour in FILLS.items()
        }

    def xml(self, before: Looks) -> bytes:
        """The whole part, with the former looks of the marked cells in its hidden columns."""
        rows: dict[int, list[str]] = {}
        heights: dict[int, float] = {}
        for number, (style, text, height) in enumerate(self._heading(), start=1):
            rows[number] = [text_cell(1, number, style, text)]
            heights[number] = height
        table = FIRST_LINE_OF_TABLE
        rows[table] = [
            text_cell(column, table, self._head, self._named(name))
            for column, (name, _) in enumerate(COLUMNS, 1)
        ]
        heights[table] = 2 * LINE_HEIGHT + 2
        links = []
        listed = self._notice.remarks[:LISTED]
        for position, remark in enumerate(listed, start=1):
            line = table + position
            texts = self._texts(position, remark)
            rows[line] = [
                text_cell(column, line, style, text)
                for column, (style, text) in enumerate(texts, start=1)
            ]
            heights[line] = _height([text for _, text in texts])
            if self._has_target(remark):
                links.append((f"C{line}", remark))
        left = len(self._notice.remarks) - len(listed)
        if left:
            line = table + len(listed) + 1
            words = f"另有 {left:,} 条未列出。\nAnd {left:,} more that are not listed."
            rows[line] = [text_cell(4, line, self._state, words)]
            heights[line] = 2 * LINE_HEIGHT
        for line, record in enumerate(_records(before), start=1):
            rows.setdefault(line, []).extend(
                text_cell(RECORD_COLUMN + offset, line, self._small, text)
                for offset, text in enumerate(record)
            )
        return _sheet(rows, heights, links, table + len(listed))

    def _heading(self) -> Iterator[tuple[int, str, float]]:
        notice = self._notice
        critical, warnings = notice.count("critical"), notice.count("warning")
        yield self._title, TITLE, 26
        label = f"{notice.hand_in} · {notice.round} · {notice.file_name}"
        if notice.is_refused:
            zh = f"未通过：{critical} 处必须更正" + (f"，{warnings} 处请核对" if warnings else "")
            en = f"Not accepted: {critical} to be corrected" + (
                f", {warnings} to check" if warnings else ""
            )
            zh += f"。请更正后{'' if notice.is_check else '重新'}提交，"
            zh += f"截止日期 {notice.closes_on}。"
            en += f". Please correct and hand in {'' if notice.is_check else 'again '}by "
            en += f"{notice.closes_on}."
        elif critical:
            zh = f"已接受，但计算后发现 {critical} 处须更正或豁免，否则本轮次不能发布；"
            zh += f"另有 {warnings} 处请核对。"
            en = f"Accepted, but the calculation found {critical} that must be corrected or waived "
            en += f"before the round can be released; {warnings} to check."
        else:
            zh = f"可以接受，但有 {warnings} 处请核对。确认无误则无需重新提交。"
            en = f"Acceptable, with {warnings} to check. If all is right, nothing is left to do."
        if notice.is_check:
            zh, en = f"提交前自检。{zh}", f"Check before handing in. {en}"
        yield self._state, f"{label}\n{zh}\n{en}", 3 * 15.5
        if not self._sheets:
            yield (
                self._how,
                f"怎么做：1 在您提交的文件 {notice.file_name} 中按“位置”找到单元格或行；"
                "2 更正并保存；3 用原文件名提交。\n"
                f"How: 1 find the cell or line named under “Where” in {notice.file_name}, the file "
                "you handed in; 2 correct it and save; 3 hand it in under its old name. This list "
                "is yours to keep and is not handed in.",
                3 * LINE_HEIGHT,
            )
            yield self._how, "", 6
            return
        yield (
            self._how,
            "怎么做：1 点击“位置”跳到标色的单元格，批注里写着原因；2 更正并保存；"
            f"3 用文件名 {notice.file_name} 提交。"
            "红色必须更正，黄色请核对（若无误，在备注栏说明原因即可）。颜色、批注和本页不必删除，系统会忽略。\n"
            "How: 1 click “Where” to go to the coloured cell, its comment says why; 2 correct it "
            f"and save; 3 hand it in as {notice.file_name}. Red must be corrected, yellow "
            "is to be checked (if it is right, say why in the note). Colours, comments and this "
            "sheet need not be removed: they are ignored.",
            4 * LINE_HEIGHT,
        )
        yield self._how, "", 6

    def _texts(self, position: int, remark: Remark) -> list[tuple[int, str]]:
        where = self._link if self._has_target(remark) else self._normal
        return [
            (self._centre, str(position)),
            (
                self._severity.get(remark.severity, self._normal),
                SEVERITY_WORDS[remark.severity].replace(" ", "\n", 1),
            ),
            (where, remark.where),
            (self._normal, f"{remark.message_zh}\n{remark.message_en}"),
            (self._normal, expected_words(remark.expected)),
            (self._normal, f"{remark.remedy_zh}\n{remark.remedy_en}"),
            (self._small, remark.rule_id),
        ]

    def _named(self, heading: str) -> str:
        return (
            heading if self._sheets else heading.replace("（点击跳转）", "").replace(" (click)", "")
        )

    def _has_target(self, remark: Remark) -> bool:
        return remark.sheet in self._sheets


def former_looks(grid: Grid) -> dict[tuple[str, str], CellStyle]:
    """What marked cells looked like before, from the hidden columns of an earlier sheet."""
    looks = {}
    for index in range(len(grid.rows)):
        sheet, cells, fill, border = (
            str(grid.value(index, RECORD_COLUMN - 1 + offset) or "") for offset in range(4)
        )
        if fill.startswith("<") and border.startswith("<"):
            for cell in cells.split():
                looks[sheet, cell] = CellStyle(fill, border)
    return looks


def _records(before: Looks) -> Iterator[tuple[str, str, str, str]]:
    grouped: dict[tuple[str, CellStyle], list[str]] = {}
    for (sheet, cell), look in before.items():
        grouped.setdefault((sheet, look), []).append(cell)
    for (sheet, look), cells in grouped.items():
        for start in range(0, len(cells), CELLS_A_RECORD):
            some = " ".join(cells[start : start + CELLS_A_RECORD])
            yield sheet, some, look.fill, look.border


def _sheet(
    rows: Mapping[int, Sequence[str]],
    heights: Mapping[int, float],
    links: Sequence[tuple[str, Remark]],
    last_line: int,
) -> bytes:
    last = letters(len(COLUMNS))
    table = FIRST_LINE_OF_TABLE
    widths = [column(number, number, width) for number, (_, width) in enumerate(COLUMNS, start=1)]
    widths.append(column(RECORD_COLUMN, RECORD_COLUMN + 3, 10, is_hidden=True))
    lines = [row(number, cells, heights.get(number)) for number, cells in sorted(rows.items())]
    merged = "".join(f'<mergeCell ref="A{n}:{last}{n}"/>' for n in range(1, table))
    linked = "".join(
        f'<hyperlink ref="{ref}" location={quoteattr(_target(remark))} '
        f"display={quoteattr(remark.where)}/>"
        for ref, remark in links
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<worksheet xmlns="{MAIN}"><sheetPr><tabColor rgb="FFC00000"/>'
        '<pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{table}" topLeftCell="A{table + 1}" activePane="bottomLeft" '
        'state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"<cols>{''.join(widths)}</cols><sheetData>{''.join(lines)}</sheetData>"
        f'<autoFilter ref="A{table}:{last}{max(last_line, table)}"/>'
        f'<mergeCells count="{table - 1}">{merged}</mergeCells>'
        + (f"<hyperlinks>{linked}</hyperlinks>" if linked else "")
        + '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()


def _target(remark: Remark) -> str:
    sheet = (remark.sheet or "").replace("'", "''")
    return f"'{sheet}'!{remark.cell if remark.is_on_cell else 'A1'}"


def _height(texts: Sequence[str]) -> float:
    """Room for the fullest cell of a row; programs don't fit rows they didn't write themselves."""
    lines = max(
        written_lines(text, int(width * 1.1))
        for text, (_, width) in zip(texts, COLUMNS, strict=True)
    )
    return min(400, lines * LINE_HEIGHT + 4)
