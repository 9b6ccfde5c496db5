"""What the author of a hand-in is told: findings in the order to work through, in two languages.

People at the plant read Chinese first; the words of the rules come from `expectations`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from expectations.folding import name_of
from orchestration.spreadsheets.sheet_marks import place_of

SEVERITIES = ("critical", "warning", "waived", "info")
"""Worst first; a finding that somebody answers for asks nothing of the author."""
TO_LOOK_AT = ("critical", "warning")
SEVERITY_WORDS: Mapping[str, str] = {
    "critical": "必须更正 Must be corrected",
    "warning": "请核对 Please check",
    "waived": "已豁免 Waived",
    "info": "提示 Note",
}
EXPECTED_ZH: Mapping[str, str] = {
    "a number": "数字",
    "a month": "月份",
    "a value for the month": "该月的数值",
    "a calculated value": "已计算的数值",
    "0 or more": "0 或以上",
    "a header of the map": "模板中的表头",
    "a file that opens": "可以打开的文件",
    "a flow of company/flows.csv": "公司清单中的物料或能源",
    "a process of company/processes.csv": "公司清单中的工序",
    "a facility of company/facilities.csv": "公司清单中的工厂",
    "a hand-in of rounds.csv": "本轮次要求提交的文件",
    "no other hand-in states it": "没有其他提交包含该数据",
    "another hand-in is missing, or has cells that can't be read": (
        "另一份提交缺失或有无法读取的单元格"
    ),
}
PHRASES_ZH = (
    (re.compile(r"\(sum of (\d+) cells\)"), r"（\1 个单元格之和）"),
    (re.compile(r" and (\d+) more"), r" 及另外 \1 处"),
    (re.compile("“blank”"), "“空白”"),
    (re.compile(r"(?<=\d) or (?=\d)"), " 或 "),
    (re.compile(r"at most (?=\d)"), "最多 "),
    (
        re.compile(r"(\d{4}-\d{2}) by the workbook's own dates of 1904"),
        r"按该工作簿的 1904 日期系统为 \1",
    ),
    (re.compile(r"row (\d+) is hidden"), r"第 \1 行已隐藏"),
    (re.compile(r"column ([A-Z]+) is hidden"), r"\1 列已隐藏"),
    (re.compile("the sheet is hidden"), "该工作表已隐藏"),
    (re.compile("a merged cell lies over it"), "被合并单元格遮盖"),
    (re.compile(r"the number format (.+) shows nothing"), r"数字格式 \1 不显示任何内容"),
)
"""What rules put into observed and expected, which stand in messages of both languages."""
FOLLOWERS_NAMED = 8
"""Places that a finding names of those where it was found again."""
FINDINGS_A_COMMENT = 4
"""A cell that breaks more rules than this has its other findings on the sheet of issues only."""


@dataclass(frozen=True)
class Remark:
    """One finding as its author reads it."""

    severity: str
    rule_id: str
    sheet: str | None
    cell: str | None
    message_zh: str
    message_en: str
    remedy_zh: str
    remedy_en: str
    expected: str
    other_cells: tuple[tuple[str | None, str], ...] = ()
    followed_by: tuple[Remark, ...] = ()

    @property
    def where(self) -> str:
        """Sheet and cell, or what else the finding is about."""
        if self.sheet and self.cell:
            return f"{self.sheet}!{self.cell}"
        if self.cell:
            return self.cell
        return f"工作表 Sheet “{self.sheet}”" if self.sheet else "整个文件 Whole file"

    @property
    def is_on_cell(self) -> bool:
        """Whether a cell of a worksheet can be marked for it."""
        return place_of(self.cell) is not None

    @property
    def on_other_cells(self) -> Iterator[Remark]:
        """The same at the other cells of this file that the finding is made of: to be checked."""
        for sheet, cell in self.other_cells:
            yield replace(
                self,
                severity="warning",
                sheet=sheet,
                cell=cell,
                message_zh=f"与 {self.where} 一并核对：{self.message_zh}",
                message_en=f"Part of the finding at {self.where}: {self.message_en}",
                other_cells=(),
            )


@dataclass(frozen=True)
class Notice:
    """Everything the author of one hand-in is told; `remarks` are in the order to work through."""

    hand_in: str
    round: str
    file_name: str
    closes_on: date
    is_refused: bool
    is_check: bool
    remarks: tuple[Remark, ...]

    def count(self, severity: str) -> int:
        """How many remarks of a severity there are."""
        return sum(remark.severity == severity for remark in self.remarks)

    def ordered(self, sheets: Sequence[str]) -> Notice:
        """Worst first; what concerns the whole file before its sheets, and those by their tabs."""

        def to_work_through(remark: Remark) -> tuple[Any, ...]:
            row, column = place_of(remark.cell) or (0, 0)
            tab = sheets.index(remark.sheet) if remark.sheet in sheets else -1
            severity = SEVERITIES.index(remark.severity)
            return (severity, tab, remark.sheet or "", row, column, remark.cell or "")

        return replace(self, remarks=tuple(sorted(self.remarks, key=to_work_through)))

    @property
    def has_something_to_look_at(self) -> bool:
        """Whether the author is to do anything about it."""
        return any(remark.severity in TO_LOOK_AT for remark in self.remarks)

    @property
    def by_cell(self) -> dict[tuple[str | None, str], list[Remark]]:
        """What is said on each cell; (sheet, address), worst first."""
        cells: dict[tuple[str | None, str], list[Remark]] = {}
        told = [remark for remark in self.remarks if remark.severity in TO_LOOK_AT]
        told += [
            again
            for remark in told
            for again in remark.followed_by
            if again.rule_id == remark.rule_id
        ]
        others = [other for remark in told for other in remark.on_other_cells]
        for remark in sorted([*told, *others], key=lambda one: TO_LOOK_AT.index(one.severity)):
            if remark.is_on_cell:
                cells.setdefault((remark.sheet, str(remark.cell)), []).append(remark)
        return cells


def notice_of(
    findings: Sequence[Mapping[str, Any]],
    *,
    hand_in: str,
    round_name: str,
    source_file: str | None,
    file_name: str,
    closes_on: date,
    is_refused: bool,
    is_check: bool = False,
) -> Notice:
    """The findings of one hand-in (FINDING_SCHEMA) as a notice to its author."""
    followers: dict[str, list[Remark]] = {}
    for finding in findings:
        if finding.get("caused_by"):
            remark = _remark(finding, source_file, file_name)
            followers.setdefault(finding["caused_by"], []).append(remark)
    remarks = [
        _with_followers(
            _remark(finding, source_file, file_name), followers.pop(name_of(finding), ())
        )
        for finding in findings
        if not finding.get("caused_by")
    ]
    return Notice(
        hand_in,
        round_name,
        file_name,
        closes_on,
        is_refused,
        is_check,
        tuple(remarks),
    ).ordered(())


def _with_followers(remark: Remark, followers: Sequence[Remark]) -> Remark:
    """A cause with what follows from it: as often the same, and what goes with it."""
    if not followers:
        return remark
    same = [one.where for one in followers if one.rule_id == remark.rule_id]
    same = list(dict.fromkeys(place for place in same if place != remark.where))
    other = [one for one in followers if one.rule_id != remark.rule_id]
    zh, en = remark.message_zh, remark.message_en
    again = len(followers) - len(other)
    if again:
        places = ", ".join(same[:FOLLOWERS_NAMED]) + (" …" if len(same) > FOLLOWERS_NAMED else "")
        zh += f"同样的问题另有 {again} 项" + (f"：{places}。" if places else "。")
        en += f" The same {again} more times" + (f": {places}." if places else ".")
    if other:
        zh += f"由此引起的问题另有 {len(other)} 项，更正后随之消失。"
        en += f" {len(other)} more findings follow from it and are gone with it."
    return replace(remark, message_zh=zh, message_en=en, followed_by=tuple(followers))


def comment_on_cell(remarks: Sequence[Remark], opening: str) -> str:
    """What a comment on a cell says; `opening` is the line by which it is known again."""
    parts = [f"{opening} · {SEVERITY_WORDS[remarks[0].severity]}"]
    for remark in remarks[:FINDINGS_A_COMMENT]:
        parts.append(
            f"问题：{remark.message_zh}\n处理：{remark.remedy_zh}\n"
            f"{remark.message_en}\nTo do: {remark.remedy_en}"
        )
    if len(remarks) > FINDINGS_A_COMMENT:
        parts.append("其余见问题清单。 The rest stands on the sheet of issues.")
    return "\n\n".join([f"{parts[0]}\n{parts[1]}", *parts[2:]])


def expected_words(expected: str) -> str:
    """What was expected, in both languages where it is a phrase and not a figure."""
    chinese = _in_chinese(expected, expected)
    return f"{chinese}\n{expected}" if chinese != expected else expected


def _in_chinese(text: str, expected: str) -> str:
    """Chinese words with the phrases of the rules in Chinese, too."""
    if expected in EXPECTED_ZH:
        text = text.replace(expected, EXPECTED_ZH[expected])
    for phrase, chinese in PHRASES_ZH:
        text = phrase.sub(chinese, text)
    return text


def _remark(finding: Mapping[str, Any], source_file: str | None, file_name: str) -> Remark:
    sheet, cell = finding["source_sheet"], finding["source_cell"]
    if finding["source_file"] not in (None, source_file):  # a line of another file, such as a bound
        sheet, cell = None, None
    address = "!".join(part for part in (sheet, cell) if part)
    here, elsewhere = _other_cells(finding.get("other_cells"), source_file)
    named = ["!".join(filter(None, place)) for place in here] + elsewhere

    def told(words: str | None) -> str:
        text = _without_address(words or "", address)
        return text.replace(source_file, file_name) if source_file else text

    severity = finding["severity"]
    remedy_zh, remedy_en = finding["remedy_zh"] or "", finding["remedy_en"] or ""
    if finding["waived_by"]:
        severity, by, until = "waived", finding["waived_by"], finding["waived_until"]
        remedy_zh = f"无需处理：已由 {by} 豁免，有效期至 {until}：{finding['waiver_reason']}"
        remedy_en = f"Nothing: waived by {by} until {until}: {finding['waiver_reason']}"
    return Remark(
        severity=severity,
        rule_id=finding["rule_id"],
        sheet=sheet,
        cell=cell,
        message_zh=_in_chinese(told(finding["message_zh"]), finding["expected"] or "")
        + (f"请一并核对：{'、'.join(named)}。" if named else ""),
        message_en=told(finding["message_en"])
        + (f" Look at these cells, too: {', '.join(named)}." if named else ""),
        remedy_zh=remedy_zh,
        remedy_en=remedy_en,
        expected=finding["expected"] or "",
        other_cells=tuple(here),
    )


def _other_cells(
    listed: str | None, source_file: str | None
) -> tuple[list[tuple[str | None, str]], list[str]]:
    """(sheet, cell) of those in this file, and the addresses of the others."""
    here: list[tuple[str | None, str]] = []
    elsewhere = []
    for address in (listed or "").splitlines():
        if source_file is not None and address.startswith(f"{source_file}!"):
            sheet, _, cell = address[len(source_file) + 1 :].rpartition("!")
            here.append((sheet or None, cell))
        else:
            elsewhere.append(address)
    return here, elsewhere


def _without_address(text: str, address: str) -> str:
    """The message without the cell it starts with, which stands beside it anyway."""
    for colon in (": ", "："):
        if address and text.startswith(f"{address}{colon}"):
            text = text[len(address) + len(colon) :]
            return text[:1].upper() + text[1:]
    return text
