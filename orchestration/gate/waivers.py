"""Findings that somebody answers for: `rounds/<round>/waivers.csv`.

A waived finding keeps its severity and its place in every report; it says why, by whom and until
when it does not stand in the way. What can't be read or counted can't be waived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.rules import WAIVER_COLUMNS, Rule
from orchestration.company.data_folder import DataFolder, Round
from orchestration.gate.approvals import (
    HEADER_LINE,
    ApprovalLine,
    ApprovalProblem,
    broken_lines,
    day_of,
    people_of,
    read_approvals,
)
from orchestration.spreadsheets.numbers import fold

FILE = "waivers.csv"
COLUMNS = (
    "rule_id",
    "hand_in",
    "object",
    "reason",
    "requested_by",
    "approved_by",
    "approved_on",
    "valid_until",
)
ANY = "*"
"""As the object: every finding of the rule in that hand-in."""

CALCULATION = "calculation"
"""As the hand-in: a finding of the calculation, whose object is process, flow and month."""

CALCULATION_RULES = frozenset(
    {"mass_balance", "carbon_balance", "electricity_balance", "steam_balance", "stock_balance"}
)
"""Balances that may stand open for a stated reason. Recycled material is never made of nothing."""

IN_FORCE, EXPIRED, REFUSED, UNMATCHED = "in_force", "expired", "refused", "unmatched"

WAIVER_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("rule_id", pa.string()),
        ("hand_in", pa.string()),
        ("object", pa.string()),
        ("reason", pa.string()),
        ("requested_by", pa.string()),
        ("approved_by", pa.string()),
        ("approved_on", pa.date32()),
        ("valid_until", pa.date32()),
        ("source_line", pa.int32()),
        ("state", pa.string()),
        ("finding_count", pa.int64()),
    ]
)


@dataclass
class Waivers:
    """The waivers of one round, as far as they can have an effect today.

    `mark` finds out what they waive, so it comes before `rows` and `problems`.
    """

    round: str
    file: str = ""
    lines: Sequence[ApprovalLine] = ()
    refused: Mapping[int, ApprovalProblem] = field(default_factory=dict)
    unreadable: str = ""
    _counts: dict[int, int] = field(default_factory=dict)

    def mark(self, findings: pa.Table) -> pa.Table:
        """The findings, each waived one with its reason, who approved it and until when."""
        effective = [
            line
            for line in self.lines
            if line.number not in self.refused and line["hand_in"] != CALCULATION
        ]
        self._counts = {line.number: 0 for line in effective}
        if not effective:
            return findings
        names = pa.array({line["rule_id"] for line in effective}, pa.string())
        numbers = pc.indices_nonzero(pc.is_in(findings["rule_id"], names))
        marks: dict[str, list[Any]] = {name: [None] * len(findings) for name in WAIVER_COLUMNS}
        for number, row in zip(
            numbers.to_pylist(), findings.take(numbers).to_pylist(), strict=True
        ):
            matching = [line for line in effective if _matches(line, row)]
            for line in matching:
                self._counts[line.number] += 1
            if matching:
                marks["waiver_reason"][number] = matching[0]["reason"]
                marks["waived_by"][number] = matching[0]["approved_by"]
                marks["waived_until"][number] = day_of(matching[0]["valid_until"])
        for name, values in marks.items():
            index = findings.schema.get_field_index(name)
            column = pa.array(values, findings.schema.field(name).type)
            findings = findings.set_column(index, name, column)
        return findings

    def problems(self) -> list[ApprovalProblem]:
        """Why waivers have no effect, in the order of their lines."""
        if self.unreadable:
            return [
                ApprovalProblem(
                    "paper_readable", None, HEADER_LINE, self.unreadable, ",".join(COLUMNS)
                )
            ]
        unmatched = {
            line.number: ApprovalProblem(
                "waiver_matches", line["hand_in"], line.number, _named(line), ""
            )
            for line in self.lines
            if self._counts.get(line.number) == 0
        }
        found = {**self.refused, **unmatched}
        return [found[number] for number in sorted(found)]

    def rows(self) -> list[dict[str, Any]]:
        """Every line with its state and how many findings it waives (WAIVER_SCHEMA)."""
        return [
            {
                **{name: line[name] for name in COLUMNS},
                "round": self.round,
                "approved_on": day_of(line["approved_on"]),
                "valid_until": day_of(line["valid_until"]),
                "source_line": line.number,
                "state": self._state(line),
                "finding_count": self._counts.get(line.number, 0),
            }
            for line in self.lines
        ]

    def _state(self, line: ApprovalLine) -> str:
        problem = self.refused.get(line.number)
        if problem is not None:
            return EXPIRED if problem.rule_id == "waiver_in_force" else REFUSED
        if line["hand_in"] == CALCULATION:
            return CALCULATION
        return IN_FORCE if self._counts.get(line.number) else UNMATCHED


def read_waivers(
    data: DataFolder, round_: Round, hand_ins: Iterable[str], rules: Iterable[Rule], today: date
) -> Waivers:
    """The waivers of a round, judged as far as that goes before its findings are known.

    `hand_ins`: those that arrived; `rules`: the gate's own.
    """
    approvals = read_approvals(data.path, round_.round, FILE, COLUMNS)
    can = {rule.rule_id: rule.waivable for rule in rules} | dict.fromkeys(CALCULATION_RULES, True)
    known = _Known(people_of(data.company), can, {*round_.expected, *hand_ins, CALCULATION}, today)
    refused = broken_lines(approvals, "waiver_complete")
    for line in approvals.lines:
        problem = (
            _incomplete(line, known)
            or _not_allowed(line, known)
            or _four_eyes(line)
            or _expired(line, today)
        )
        if problem is not None:
            refused[line.number] = problem
    return Waivers(round_.round, approvals.file, approvals.lines, refused, approvals.unreadable)


def object_of(finding: Mapping[str, Any]) -> str:
    """What a waiver names: `sheet!cell`, or process/flow/month where no cell is to blame."""
    if finding["source_cell"]:
        return "!".join(filter(None, (finding["source_sheet"], finding["source_cell"])))
    month = finding["period_month"]
    parts = (finding["process_id"], finding["flow_id"], month and f"{month:%Y-%m}")
    return "/".join(filter(None, parts))


def _key(text: str) -> str:
    """Sheet and cell as they are compared: no $, no quotes around the sheet, one case."""
    return fold(text).replace("$", "").replace("'", "").casefold()


def _matches(line: ApprovalLine, finding: Mapping[str, Any]) -> bool:
    return (
        line["rule_id"] == finding["rule_id"]
        and line["hand_in"] == finding["hand_in"]
        and (line["object"] == ANY or _key(line["object"]) == _key(object_of(finding)))
    )


def _named(line: ApprovalLine) -> str:
    return " / ".join((line["rule_id"], line["hand_in"], line["object"]))


def _owner(line: ApprovalLine) -> str | None:
    return None if line["hand_in"] in ("", CALCULATION) else line["hand_in"]


@dataclass(frozen=True)
class _Known:
    """What the fields of a waiver may name; `can` says of each rule whether it can be waived."""

    people: Mapping[str, str]
    can: Mapping[str, bool]
    hand_ins: Set[str]
    today: date


def _incomplete(line: ApprovalLine, known: _Known) -> ApprovalProblem | None:
    of_calculation = line["rule_id"] in CALCULATION_RULES
    approved_on, valid_until = day_of(line["approved_on"]), day_of(line["valid_until"])
    checks = [
        (
            line["rule_id"] in known.can,
            f"rule_id {line['rule_id'] or '(blank)'}",
            "a rule of the gate",
        ),
        (
            line["hand_in"] in known.hand_ins,
            f"hand_in {line['hand_in'] or '(blank)'}",
            "a hand-in of the round",
        ),
        (
            (line["hand_in"] == CALCULATION) == of_calculation,
            f"hand_in {line['hand_in']}",
            CALCULATION if of_calculation else "a hand-in of the round",
        ),
        (bool(line["object"]), "no object", "sheet!cell, process/flow/month, or *"),
        (
            not (of_calculation and line["object"] == ANY),
            "object *",
            "one object: * is for the findings of one hand-in",
        ),
        (bool(line["reason"]), "no reason", "why the finding may stand"),
        *(
            (line[name] in known.people, f"{name} {line[name] or '(blank)'}", "a person_id")
            for name in ("requested_by", "approved_by")
        ),
        (
            approved_on is not None and approved_on <= known.today,
            f"approved_on {line['approved_on'] or '(blank)'}",
            f"YYYY-MM-DD, not after {known.today}",
        ),
        (
            valid_until is not None,
            f"valid_until {line['valid_until'] or '(blank)'}",
            "YYYY-MM-DD, the last day it holds",
        ),
    ]
    for holds, observed, expected in checks:
        if not holds:
            owner = _owner(line) if line["hand_in"] in known.hand_ins else None
            return ApprovalProblem("waiver_complete", owner, line.number, observed, expected)
    return None


def _not_allowed(line: ApprovalLine, known: _Known) -> ApprovalProblem | None:
    if known.can[line["rule_id"]]:
        return None
    return ApprovalProblem("waiver_allowed", _owner(line), line.number, line["rule_id"], "")


def _four_eyes(line: ApprovalLine) -> ApprovalProblem | None:
    if line["requested_by"] != line["approved_by"]:
        return None
    observed = f"{line['approved_by']} requested and approved it"
    return ApprovalProblem("four_eyes", _owner(line), line.number, observed, "two people")


def _expired(line: ApprovalLine, today: date) -> ApprovalProblem | None:
    until = day_of(line["valid_until"])
    if until is None or until >= today:
        return None
    return ApprovalProblem(
        "waiver_in_force", _owner(line), line.number, line["valid_until"], _named(line)
    )
