"""What a cell accepts, and what it tells whoever stands in it, in both languages."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from orchestration.collection.template.plan import Bounds
from orchestration.collection.template.words import Both

LONGEST_TITLE, LONGEST_MESSAGE = 32, 255
WIDEST = 1e15


class Lists:
    """The hidden sheet with the texts of every dropdown: a comma in a text does no harm there."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._month = book.add_format({"num_format": "yyyy-mm"})
        self._ranges: dict[tuple[Any, ...], str] = {}

    def source(self, choices: Sequence[str | date]) -> str:
        """The range that holds these choices; equal lists share one."""
        key = tuple(choices)
        if key not in self._ranges:
            column = len(self._ranges)
            for row, choice in enumerate(choices):
                if isinstance(choice, date):
                    self._sheet.write_datetime(row, column, choice, self._month)
                else:
                    self._sheet.write_string(row, column, choice)
            first, last = (
                xlsxwriter.utility.xl_rowcol_to_cell(row, column, True, True)
                for row in (0, len(key) - 1)
            )
            self._ranges[key] = f"={self._sheet.name}!{first}:{last}"
        return self._ranges[key]


def shown(number: float) -> str:
    """A number as it is told in a message."""
    return f"{number:,.6f}".rstrip("0").rstrip(".") if abs(number) < 1e12 else f"{number:g}"


def span(low: float | None, high: float | None) -> str | None:
    """Bounds as they are told in a message."""
    if low is None and high is None:
        return None
    return f"{'…' if low is None else shown(low)} – {'…' if high is None else shown(high)}"


def number_rule(
    what: Both,
    unit: str | None,
    bounds: Bounds,
    *,
    is_required: bool = True,
    more: Sequence[str] = (),
) -> dict[str, Any]:
    """Only numbers between the bounds; everything else is stopped while it is typed."""
    low = -WIDEST if bounds.minimum is None else bounds.minimum
    high = WIDEST if bounds.maximum is None else bounds.maximum
    blank = (
        "未使用填 0；空白表示未抄录。0 if nothing was used; a blank means nobody looked."
        if is_required
        else "没有可留空。May stay blank."
    )
    usual = span(bounds.usual_minimum, bounds.usual_maximum)
    lines = [what.joined(" / "), *more, f"常见 Usual: {usual}" if usual else "", blank]
    limits = span(bounds.minimum, bounds.maximum)
    suffix = f" {unit}" if unit else ""
    range_zh = f"范围 {limits}{suffix}。" if bounds.maximum is not None else "不得为负。"
    range_en = f" between {limits}{suffix}." if bounds.maximum is not None else ", not negative."
    if bounds.minimum is None:
        range_zh, range_en = "", "."
    return {
        "validate": "decimal",
        "criteria": "between",
        "minimum": low,
        "maximum": high,
        "input_title": _cut(f"单位 Unit: {unit}" if unit else "数字 Number", LONGEST_TITLE),
        "input_message": _fit(lines),
        "error_title": "不能这样填 Not accepted",
        "error_message": _fit(
            [
                f"只填数字，不带单位和文字。{range_zh}请核对小数点和单位。",
                f"Enter a number alone, without unit or words{range_en} "
                "Check the decimal point and the unit.",
            ]
        ),
        "error_type": "stop",
    }


def choice_rule(source: str, what: str) -> dict[str, Any]:
    """Only what the list offers."""
    return {
        "validate": "list",
        "source": source,
        "input_title": "从列表选择 Choose",
        "input_message": _fit([f"{what}：点右侧箭头选择。", "Click the arrow at the right."]),
        "error_title": "不在列表中 Not in the list",
        "error_message": _fit(
            [
                "请从列表中选择；若缺少选项，请联系碳数据负责人，勿自行填写。",
                "Choose from the list. If something is missing, ask whoever keeps the map.",
            ]
        ),
    }


def day_rule(months: Sequence[date]) -> dict[str, Any]:
    """Only days of the round's months."""
    last = months[-1]
    first, end = months[0], last.replace(day=monthrange(last.year, last.month)[1])
    return {
        "validate": "date",
        "criteria": "between",
        "minimum": first,
        "maximum": end,
        "input_title": "日期 Date",
        "input_message": f"写成 {first:%Y-%m-%d}；每笔一行。\n"
        f"Write it as {first:%Y-%m-%d}; one line each.",
        "error_title": "日期不在本轮次 Not in the round",
        "error_message": _fit(
            [
                f"日期须在 {first:%Y-%m-%d} 至 {end:%Y-%m-%d} 之间；其他月份请在所属轮次填报。",
                f"A day from {first:%Y-%m-%d} to {end:%Y-%m-%d}; "
                "other months belong to their round.",
            ]
        ),
    }


def _fit(lines: Sequence[str]) -> str:
    """The lines that have room; the last one always has."""
    kept = [line for line in lines if line]
    while len(kept) > 2 and len("\n".join(kept)) > LONGEST_MESSAGE:
        del kept[-2]
    return _cut("\n".join(kept), LONGEST_MESSAGE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
