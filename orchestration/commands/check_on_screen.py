"""`carbonloom check` on screen: what was judged, what is wrong, what nobody could judge here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from orchestration.collection.returned.notice import SEVERITY_WORDS, Remark
from orchestration.company.data_folder import CompanyDataError, DataFolder
from orchestration.progress import shown, step

if TYPE_CHECKING:
    from orchestration.collection.check import Checked

PASSED, REFUSED, CANNOT_CHECK = 0, 1, 2
SHOWN = 40
STYLES = {"critical": "red", "warning": "yellow", "waived": "dim", "info": "dim"}


def check_on_screen(
    data: Path, file: Path, round_name: str | None, facility: str | None, stage: str | None
) -> int:
    """Check one file and print what was found; returns the exit code."""
    with shown("正在启动 Starting …"):
        checked = _checked(data, file, round_name, facility, stage)
    if isinstance(checked, str):
        _say(Console(stderr=True), checked, "red")
        return CANNOT_CHECK
    print_checked(Console(), checked)
    return REFUSED if checked.notice.is_refused else PASSED


def _checked(
    data: Path, file: Path, round_name: str | None, facility: str | None, stage: str | None
) -> Checked | str:
    """What the gate says of the file, or why it can't be asked."""
    from expectations.rules import GateError
    from orchestration.collection.check import CannotCheckError, check_file
    from orchestration.ingest.mapping import MapError

    try:
        return check_file(
            DataFolder(data),
            file,
            round_name=round_name,
            facility=facility,
            stage=stage,
            tell=step,
        )
    except (CannotCheckError, CompanyDataError, MapError, GateError) as error:
        return str(error)


def print_checked(console: Console, checked: Checked) -> None:
    """Print what was found in a file."""
    from orchestration.collection.check import NOT_CHECKED

    notice, subject = checked.notice, checked.subject
    count = f"{checked.row_count:,} 个单元格 cells"
    _say(console, f"{subject.path.name}: {notice.hand_in}, {notice.round}, {count}")
    for remark in notice.remarks[:SHOWN]:
        _print_remark(console, remark)
    if len(notice.remarks) > SHOWN:
        _say(console, f"另有 {len(notice.remarks) - SHOWN} 条 more")
    _say(console, "")
    _say(console, *_verdict(checked))
    if checked.returned is not None:
        _say(console, f"  标记的副本 The marked copy: {checked.returned}")
    _say(console, "  此处未核对 Not checked here:", "dim")
    for chinese, english in NOT_CHECKED.values():
        _say(console, f"    {chinese} · {english}", "dim")


def _verdict(checked: Checked) -> tuple[str, str]:
    critical, warnings = checked.notice.count("critical"), checked.notice.count("warning")
    if critical:
        words = f"不会通过：{critical} 处必须更正。 It would be refused: {critical} to be corrected"
        return words + (f", {warnings} to check." if warnings else "."), "bold red"
    if warnings:
        words = f"可以提交，{warnings} 处请核对。 It would be accepted, with {warnings} to check."
        return words, "bold yellow"
    return "可以提交。 It would be accepted.", "bold green"


def _print_remark(console: Console, remark: Remark) -> None:
    _say(console, f"\n{remark.where}  {SEVERITY_WORDS[remark.severity]}", STYLES[remark.severity])
    for words in (remark.message_zh, remark.remedy_zh, remark.message_en, remark.remedy_en):
        _say(console, f"  {words}")


def _say(console: Console, words: str, style: str | None = None) -> None:
    console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)
