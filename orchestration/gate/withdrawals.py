"""What is withdrawn on purpose: `rounds/<round>/withdrawals.csv`.

What was stated before and isn't any more may be a line that an export lost. A line of this file
says that it is meant: with the accepted hand-in, the statements it names count no longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from orchestration.company.data_folder import DataFolder, Round
from orchestration.gate.approvals import (
    HEADER_LINE,
    ApprovalLine,
    ApprovalProblem,
    day_of,
    read_approvals,
)

FILE = "withdrawals.csv"
COLUMNS = (
    "hand_in",
    "facility_id",
    "process_id",
    "flow_id",
    "supplier_id",
    "document_no",
    "first_month",
    "last_month",
    "reason",
    "decided_by",
    "decided_on",
)
NAMED = ("facility_id", "process_id", "flow_id", "supplier_id", "document_no")
"""What a line may name; a blank stands for all of them."""

LINE_SCHEMA = pa.schema(
    [
        ("hand_in", pa.string()),
        *((name, pa.string()) for name in NAMED),
        ("first_month", pa.date32()),
        ("last_month", pa.date32()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_on", pa.date32()),
        ("source_line", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Withdrawals:
    """The lines of a round that can be followed (LINE_SCHEMA), and why others can't."""

    file: str = ""
    lines: pa.Table = field(default_factory=LINE_SCHEMA.empty_table)
    problems: tuple[ApprovalProblem, ...] = ()

    def unmatched(self, matched: Collection[int]) -> list[ApprovalProblem]:
        """Problems of lines that name nothing that was stated before."""
        return [
            ApprovalProblem(
                "withdrawal_matches", row["hand_in"], row["source_line"], _named(row), ""
            )
            for row in self.lines.to_pylist()
            if row["source_line"] not in matched
        ]


def read_withdrawals(
    data: DataFolder, round_: Round, hand_ins: Iterable[str], today: date
) -> Withdrawals:
    """The withdrawals of a round; `hand_ins`: those that arrived."""
    approvals = read_approvals(data.path, round_.round, FILE, COLUMNS)
    if approvals.unreadable:
        columns = ",".join(COLUMNS)
        unreadable = ApprovalProblem(
            "paper_readable", None, HEADER_LINE, approvals.unreadable, columns
        )
        return Withdrawals(approvals.file, problems=(unreadable,))
    known = {*round_.expected, *hand_ins}
    problems = {line.number: _incomplete(line, round_, known, today) for line in approvals.lines}
    rows = [_row(line) for line in approvals.lines if problems[line.number] is None]
    return Withdrawals(
        approvals.file,
        pa.Table.from_pylist(rows, schema=LINE_SCHEMA),
        tuple(problem for problem in problems.values() if problem is not None),
    )


def _row(line: ApprovalLine) -> dict[str, object]:
    first, last = _month(line["first_month"]), _month(line["last_month"])
    return {
        "hand_in": line["hand_in"],
        **{name: line[name] or None for name in NAMED},
        "first_month": first,
        "last_month": last or first,
        "reason": line["reason"],
        "decided_by": line["decided_by"],
        "decided_on": day_of(line["decided_on"]),
        "source_line": line.number,
    }


def _incomplete(
    line: ApprovalLine, round_: Round, hand_ins: Collection[str], today: date
) -> ApprovalProblem | None:
    first, last = _month(line["first_month"]), _month(line["last_month"])
    decided_on = day_of(line["decided_on"])
    months = f"YYYY-MM, a month of the round ({round_.months[0]:%Y-%m} – {round_.months[-1]:%Y-%m})"
    checks = [
        (line["hand_in"] in hand_ins, "hand_in", "a hand-in of the round"),
        (first in round_.months, "first_month", months),
        (not line["last_month"] or last in round_.months, "last_month", months),
        (
            last is None or first is None or first <= last,
            "last_month",
            "not before first_month",
        ),
        (bool(line["reason"]), "reason", "why it was withdrawn"),
        (bool(line["decided_by"]), "decided_by", "who decided it"),
        (
            decided_on is not None and decided_on <= today,
            "decided_on",
            f"YYYY-MM-DD, not after {today}",
        ),
    ]
    for holds, name, expected in checks:
        if not holds:
            owner = line["hand_in"] if line["hand_in"] in hand_ins else None
            observed = f"{name} {line[name] or '(blank)'}"
            return ApprovalProblem("withdrawal_complete", owner, line.number, observed, expected)
    return None


def _month(text: str) -> date | None:
    """A month written YYYY-MM; None for anything else."""
    return day_of(f"{text}-01")


def _named(row: dict[str, object]) -> str:
    parts = [row["hand_in"], *(row[name] for name in NAMED)]
    months = f"{row['first_month']:%Y-%m} – {row['last_month']:%Y-%m}"
    return " / ".join([*(str(part) for part in parts if part), months])
