"""`carbonloom status`: how each round stands, on screen, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.collection.round_status import HANDED_IN, RoundStatus, round_status
from orchestration.commands.restatement_on_screen import improved_lines
from orchestration.commands.table_columns import add_names
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake
from orchestration.progress import shown
from orchestration.publication.files import PRELIMINARY

STYLES = {
    "signed": "green",
    "accepted": "green",
    "accepted_with_warnings": "yellow",
    HANDED_IN: "yellow",
    "refused": "red",
    "missing": "red",
}
WORST_FIRST = ("refused", "missing", HANDED_IN, "accepted_with_warnings", "accepted", "signed")

WIDTH_OF_OWNERS = 28
"""At which an owner goes on in the next line, unless hand-ins are longer."""


def print_status(
    console: Console, data: Path, warehouse: Path, rounds: Sequence[str], today: date
) -> bool:
    """Print every open round, or the rounds named; returns whether all of them are complete."""
    with shown("looking at what was handed in"):
        found = round_status(DataFolder(data), Lake(warehouse), today, rounds)
    if any(row["state"] == "refused" for one in found for row in one.rows):
        _line(console, f"What was refused lies marked in {Lake(warehouse).path / 'returned'}.")
    if not found:
        console.print(f"rounds.csv: no round was opened by {today}.")
    for one in found:
        print_round(console, one)
    for line in improved_lines(Lake(warehouse).preliminary / "parquet", PRELIMINARY):
        _line(console, line)
    return all(one.is_complete for one in found)


def print_round(console: Console, status: RoundStatus) -> None:
    """One round: a line on the whole of it, and a table of who owes what."""
    _line(console, f"Round {status.round}: {head_of(status)}", _colour(status))
    table = Table(box=SIMPLE, pad_edge=False)
    width = add_names(table, "Hand-in, owner", [row["hand_in"] for row in status.rows])
    table.add_column("State, next step", overflow="fold")
    for heading in ("Late", "Back", "tCO2e"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(status.rows, key=worst_first):
        step = next_step(row, status)
        table.add_row(
            _with_line_below(
                escape(row["hand_in"]),
                escape(fill(row["owner"] or "", max(width, WIDTH_OF_OWNERS))),
                "dim",
            ),
            _with_line_below(f"[{STYLES[row['state']]}]{state_of(row)}[/]", escape(step)),
            f"{row['days_late']} d" if row["days_late"] else "",
            str(row["return_count"] or ""),
            at_risk(row),
        )
    console.print(table)
    _line(
        console,
        "Late: days after the deadline. Back: files refused. tCO2e: at risk until accepted.",
        "dim",
    )
    if status.is_complete and not status.is_approved:
        _line(
            console,
            f"Next: carbonloom sign --round {status.round}, hand-ins first, then the round; "
            "then carbonloom release.",
        )


def head_of(status: RoundStatus) -> str:
    """Deadline and coverage of a round in one sentence."""
    left = (status.closes_on - status.as_of).days
    days = f"{abs(left)} day{'s' if abs(left) != 1 else ''}"
    when = {0: "closes today"}.get(left) or (
        f"closes in {days}, on {status.closes_on}"
        if left > 0
        else f"closed on {status.closes_on}, {days} ago"
    )
    expected = status.expected
    done = round((status.accepted_hand_in_share or 0.0) * len(expected))
    by_number = f"{done} of {len(expected)} hand-ins accepted"
    if status.coverage_share is None:
        by_weight = "by weight unknown, for some of them were never accepted before"
    else:
        by_weight = f"{status.coverage_share:.1%} of the kgCO2e"
    return f"{when}; {by_number}, {by_weight}"


def state_of(row: Mapping[str, Any]) -> str:
    """The state with its counts; what came unasked says so."""
    counts = {"critical": "critical_count", "to see": "warning_count", "waived": "waived_count"}
    if row["state"] in ("missing", HANDED_IN):  # that it is missing is itself a finding
        counts = {}
    told = [f"{row[name]} {what}" for what, name in counts.items() if row[name]]
    words = row["state"].replace("_", " ")
    if row["state"] == "accepted_with_warnings":
        words = "accepted"
    unasked = [] if row["is_expected"] else ["not expected"]
    return ", ".join([words, *told, *unasked])


def at_risk(row: Mapping[str, Any]) -> str:
    """Tonnes that hang on what is still to come; unknown is told from nothing."""
    if row["is_accepted"]:
        return ""
    if row["kgco2e_at_risk"] is None:
        return "unknown"
    return f"{row['kgco2e_at_risk'] / 1000:,.1f}"


def next_step(row: Mapping[str, Any], status: RoundStatus) -> str:
    """What somebody has to do about a hand-in; blank when nothing is left."""
    run = f"carbonloom run --round {status.round}"
    if row["state"] == "missing":
        return "hand it in"
    if row["is_changed"]:
        return f"{run}: the file {'is not judged yet' if row['judged_at'] is None else 'changed'}"
    if row["state"] == "refused":
        return "correct it and hand it in again"
    if row["state"] != "signed":
        left = 3 - row["signed_role_count"]
        seen = "look at the warnings; " if row["warning_count"] else ""
        return f"{seen}{left} signatures missing"
    return ""


def worst_first(row: Mapping[str, Any]) -> tuple[int, float, str]:
    """Order of rows: what is open before what is done, the heaviest first."""
    weight = row["kgco2e_carried"]
    return WORST_FIRST.index(row["state"]), -(weight or 0.0), row["hand_in"]


def _with_line_below(text: str, below: str, style: str = "") -> str:
    """Two lines of one cell, which fit where two columns would not; markup is kept."""
    if not below:
        return text
    return f"{text}\n[{style}]{below}[/]" if style else f"{text}\n{below}"


def _colour(status: RoundStatus) -> str:
    if status.is_complete:
        return "bold green"
    return "bold red" if status.is_overdue else "bold yellow"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
