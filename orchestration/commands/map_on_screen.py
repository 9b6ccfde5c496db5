"""`carbonloom map` on screen: sheets as they were understood, what is left, what the gate says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestration.company.data_folder import DataFolder, Round
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import write_whole
from orchestration.starting.map_draft import CannotDraftError, MapDraft, draft_map

if TYPE_CHECKING:
    from orchestration.starting.drafting import DraftSheet

DRAFTS = Path("maps") / "drafts"
OPEN_STYLE = "yellow"
WIDE = 120
"""A terminal of as many columns has room for why each line is as it is; others for what is open."""


def draft_on_screen(
    console: Console, data: DataFolder, files: Sequence[Path], source: str | None,
    facility: str | None,
) -> bool:  # fmt: skip
    """Draft, write and judge; returns whether nothing is left to do but to move the draft."""
    draft = _draft(data, files, source, facility)
    target = data.path / DRAFTS / f"{draft.source}.yml"
    _print_sheets(console, draft)
    write_whole(target, draft.text)
    passes = _judge(console, data, draft, files)
    line = f"\nDraft: {target.relative_to(data.path)} of the data folder, read by no run."
    _say(console, line)
    if draft.open_count:
        _say(console, f"{draft.open_count} left to decide, each TODO with candidates.", OPEN_STYLE)
    _say(console, "When it is right, it comes into force with:")
    _say(console, f"  mv {quote(str(target))} {quote(str(data.path / 'maps' / target.name))}")
    _say_where_it_goes(console, data, draft, files)
    return passes and not draft.open_count


def _say_where_it_goes(
    console: Console, data: DataFolder, draft: MapDraft, files: Sequence[Path]
) -> None:
    """Where files of the new map are handed in, and that a round has to expect them."""
    subject = draft.source.partition("_")[2]
    owner = "erp" if draft.subject.is_export else draft.subject.facility or "SITE"
    for round_ in draft.rounds_of(data)[:1]:
        folder = f"{data.path}/rounds/{round_.round}/{owner}"
        file = quote(str(files[0])) if len(files) == 1 else "FILE"
        suffix = Path(draft.files[0]).suffix
        _say(console, f"  mkdir -p {quote(folder)}")
        _say(console, f"  cp {file} {quote(f'{folder}/{subject}{suffix}')}")
        if f"{owner}/{subject}" in round_.expected:
            continue
        _say(console, f"and {owner}/{subject} to the column expected of {round_.round} "
                      "in rounds.csv, with ; between.", OPEN_STYLE)  # fmt: skip
        absent = [one.name for one, path in _expected(data, round_) if path is None]
        if absent:
            _say(console, "What stands there and is handed in another way, or not at all, goes "
                          f"out: {'; '.join(absent)}", OPEN_STYLE)  # fmt: skip


def _expected(data: DataFolder, round_: Round) -> Iterator[tuple[HandIn, Path | None]]:
    """Hand-ins that a round expects by maps in force, and their files."""
    for one in round_.expected_hand_ins:
        if one.source in data.maps:
            yield one, dict(data.hand_ins(data.maps[one.source], round_)).get(one)


def update_on_screen(
    console: Console, data: DataFolder, files: Sequence[Path], source: str | None,
    facility: str | None,
) -> bool:  # fmt: skip
    """Say what differs from the map in force; returns whether nothing does."""
    from orchestration.starting.map_differences import differences

    named = source or _source_in_force(data, files[0])
    if named not in data.maps:
        known = ", ".join(data.maps)
        raise CannotDraftError(f"No map of {named} is in force. Name one with --source ({known}).")
    found = differences(_draft(data, files, named, facility), data.maps[named])
    for one in found:
        _say(console, f"{one.sheet}: {one.what}", OPEN_STYLE)
        for line in one.lines:
            _say(console, line)
    if not found:
        _say(console, f"Nothing differs from maps/{named}.yml.", "green")
    else:
        _say(console, f"{len(found)} differences from the newest layout of {named}.")
        _say(console, "Of a changed template, add a layout with its own from_round.")
    return not found


def _source_in_force(data: DataFolder, path: Path) -> str:
    """The map that reads files of that name."""
    for one in data.maps.values():
        if path.stem in (one.file, one.subject, one.source):
            return one.source
    return path.stem


def _draft(
    data: DataFolder, files: Sequence[Path], source: str | None, facility: str | None
) -> MapDraft:
    for path in files:
        if not path.is_file():
            raise CannotDraftError(f"{path}: no such file.")
    return draft_map(data, files, source=source, facility=facility)


def _print_sheets(console: Console, draft: MapDraft) -> None:
    for sheet in draft.sheets:
        shape = sheet.shape
        name = " / ".join(shape.names) or ", ".join(draft.files)
        lines = ", ".join(map(str, shape.header_rows))
        laid = sheet.keys["layout"].replace("_", " ")
        when = f"{_month(shape.months[0])} to {_month(shape.months[-1])}" if shape.months else ""
        _say(console, f"\n{name}: {laid}, headers in line {lines}, {when}", "bold")
        if sheet.keys.get("ignored"):
            _say(console, f"  passed over: {', '.join(sheet.keys['ignored'])}", "dim")
        for comment in sheet.comments:
            _say(console, f"  {comment}", OPEN_STYLE)
        console.print(_items(sheet, console.width >= WIDE))
        if console.width < WIDE:
            for item in (one for one in sheet.items if one.open_keys):
                header = item.keys.get("quantity", item.header)
                _say(console, f"  {header}: {'; '.join(item.comments)}", OPEN_STYLE)
    for name, why in draft.passed_over.items():
        _say(console, f"{name}: not read, {why}", "dim")


def _items(sheet: DraftSheet, is_wide: bool) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in (
        "Header",
        "Flow",
        "Process",
        "Direction",
        "Unit",
        *(["Why"] if is_wide else []),
    ):
        table.add_column(heading, overflow="fold")
    units = {row.label: row.unit for row in sheet.shape.rows}
    for item in sheet.items:
        keys = item.keys
        header = str(keys.get("quantity", item.header))
        unit = keys.get("unit", units.get(item.header, ""))
        cells = [keys.get("flow"), keys.get("process"), keys.get("direction"), unit]
        style = OPEN_STYLE if item.open_keys else None
        why = ["; ".join(item.comments)] if is_wide else []
        table.add_row(header, *map(_cell, cells), *why, style=style)
    return table


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "lookup" in value:
        return "\n".join(f"{text} → {one}" for text, one in value["lookup"].items())
    return f"column {value['column']}" if isinstance(value, dict) else str(value or "")


def _judge(console: Console, data: DataFolder, draft: MapDraft, files: Sequence[Path]) -> bool:
    """What the gate says of the first file by what is decided; whether it would be accepted."""
    from orchestration.collection.check import Subject, check_subject
    from orchestration.commands.check_on_screen import print_checked

    decided = draft.decided()
    if decided is None:
        _say(console, "\nToo little is decided to judge the file by it.", OPEN_STYLE)
        return False
    rounds = draft.rounds_of(data)
    round_ = rounds[0] if rounds else _made_up(draft)
    if draft.open_count:
        _say(console, "\nJudged by what is decided; what isn't is passed over:", "dim")
    owner = "" if decided.is_export else draft.subject.facility
    subject = Subject(files[0].resolve(), round_, decided, decided.hand_in(round_.round, owner))
    if not owner and not decided.is_export:
        _say(console, "\nName the site with --facility to have it judged.", OPEN_STYLE)
        return False
    checked = check_subject(data, subject)
    print_checked(console, checked)
    return not checked.notice.is_refused


def _made_up(draft: MapDraft) -> Round:
    """A round of the files' own months, where the calendar has none for them."""
    first, last, today = draft.months[0], draft.months[-1], date.today()
    return Round(draft.from_round or "draft", today, today, first, last, ())


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


def _say(console: Console, words: str, style: str | None = None) -> None:
    console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)
