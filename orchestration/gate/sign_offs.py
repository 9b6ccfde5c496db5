"""Who prepared, reviewed and approved which file: `rounds/<round>/sign_offs.csv`.

A sign-off is about the bytes of one file, or about everything accepted of the round. It counts
while nothing of that changed. Method R48: preparer, reviewer and approver are three people. Each
signs what is theirs, and proves it where people.csv says by what (`orchestration.gate.signers`).
The names on a workbook's cover are no sign-offs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.fixed_words import ROLES
from orchestration.gate.approvals import (
    HEADER_LINE,
    ApprovalLine,
    ApprovalProblem,
    broken_lines,
    day_of,
    read_approvals,
)
from orchestration.gate.signers import MANDATES, ROUND, Signers, signers_of

FILE = "sign_offs.csv"
COLUMNS = ("hand_in", "role", "person", "signed_on", "source_sha256", "content_sha256")
PROOF = ("os_user", "signature")
"""Columns that a file written before they came lacks."""

SIGN_OFF_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("role", pa.string()),
        ("person_id", pa.string()),
        ("person_name", pa.string()),
        ("signed_on", pa.date32()),
        ("signed_sha256", pa.string()),
        ("source_line", pa.int32()),
        ("is_valid", pa.bool_()),
        ("broken_rule", pa.string()),
        ("proof", pa.string()),
        ("signature", pa.string()),
    ]
)


@dataclass(frozen=True)
class SignOffs:
    """The sign-offs of a round (SIGN_OFF_SCHEMA), and what is wrong with some (FINDING_SCHEMA)."""

    rows: pa.Table
    findings: pa.Table

    def missing(self, hand_ins: Iterable[str]) -> list[tuple[str, str]]:
        """Hand-in and role of every sign-off that a release still needs; the round's own last."""
        valid = {(row["hand_in"], row["role"]) for row in self.rows.to_pylist() if row["is_valid"]}
        needed = [(hand_in, role) for hand_in in hand_ins for role in ROLES]
        return [one for one in [*needed, (ROUND, "approver")] if one not in valid]

    def signatures(self) -> list[dict[str, Any]]:
        """The sign-offs that count, in the order of their lines."""
        names = ("hand_in", "role", "person_id", "person_name", "signed_on")
        return [
            {name: str(row[name]) for name in names} | {"proof": row["proof"]}
            for row in self.rows.to_pylist()
            if row["is_valid"]
        ]


def round_content_sha256(
    in_force: Iterable[Mapping[str, Any]], waivers: Iterable[Mapping[str, Any]]
) -> str:
    """What the round's approver signs: every accepted hand-in as it counts, and every waiver.

    `in_force`: hand_in, source_sha256 and content_sha256 of the newest accepted revisions of the
    round (several rows of one hand-in say the same); corrections are part of the content.
    """
    hand_ins = {
        "|".join((row["hand_in"], row["source_sha256"], row["content_sha256"])) for row in in_force
    }
    waived = {
        "|".join(str(row[name]) for name in sorted(row) if name not in ("state", "finding_count"))
        for row in waivers
        if row["state"] in ("in_force", "calculation")
    }
    text = "\n".join([*sorted(hand_ins), *sorted(waived)])
    return hashlib.sha256(text.encode()).hexdigest()


def judge_sign_offs(
    data: DataFolder,
    round_: Round,
    files: Mapping[str, str],
    content_sha256: str,
    today: date,
) -> SignOffs:
    """Which sign-offs of a round count today.

    `files`: SHA-256 of the file of each hand-in, as the gate last judged it.
    """
    from expectations.approval_rules import approval_findings

    approvals = read_approvals(data.path, round_.round, FILE, COLUMNS, PROOF)
    signers = signers_of(data.company["people"].to_dict("records"))
    problems: list[ApprovalProblem] = []
    if approvals.unreadable:
        problem = ApprovalProblem(
            "paper_readable", None, HEADER_LINE, approvals.unreadable, ",".join(COLUMNS)
        )
        problems.append(problem)
    problems += broken_lines(approvals, "sign_off_complete").values()
    judged: list[tuple[ApprovalLine, ApprovalProblem | None]] = []
    for line in approvals.lines:
        known = {ROUND: content_sha256, **dict.fromkeys(round_.expected, ""), **files}
        broken = (
            _incomplete(line, signers, known, today)
            or _beyond_mandate(line, signers)
            or _outdated(line, known)
            or _unproven(round_.round, line, signers)
        )
        judged.append((line, broken))
    judged = _with_four_eyes(judged)
    problems += [problem for _, problem in judged if problem is not None]
    rows = [_row(round_.round, line, signers, problem) for line, problem in judged]
    return SignOffs(
        pa.Table.from_pylist(rows, schema=SIGN_OFF_SCHEMA),
        approval_findings(problems, approvals.file, round_.round),
    )


def _signed(fields: Mapping[str, str]) -> str:
    return fields["content_sha256" if fields["hand_in"] == ROUND else "source_sha256"].lower()


def _incomplete(
    line: ApprovalLine, signers: Signers, known: Mapping[str, str], today: date
) -> ApprovalProblem | None:
    hand_in = line["hand_in"]
    roles = ("approver",) if hand_in == ROUND else ROLES
    signed_on = day_of(line["signed_on"])
    needed = "content_sha256" if hand_in == ROUND else "source_sha256"
    other = "source_sha256" if hand_in == ROUND else "content_sha256"
    listed = "a person_id of company/people.csv"
    checks = (
        (hand_in in known, f"hand_in {hand_in or '(blank)'}", "a hand-in of the round, or round"),
        (line["role"] in roles, f"role {line['role'] or '(blank)'}", " or ".join(roles)),
        (line["person"] in signers.people, f"person {line['person'] or '(blank)'}", listed),
        (signed_on is not None, f"signed_on {line['signed_on'] or '(blank)'}", "YYYY-MM-DD"),
        (
            signed_on is None or signed_on <= today,
            f"signed_on {line['signed_on']}",
            f"a day not after {today}",
        ),
        (bool(line[needed]), f"no {needed}", f"the {needed} of what was signed"),
        (not line[other], f"{other} {line[other][:12]}…", f"a blank: {needed} says what is signed"),
    )
    return _first_failing("sign_off_complete", line, hand_in if hand_in in known else None, checks)


def _first_failing(
    rule_id: str, line: ApprovalLine, hand_in: str | None, checks: Sequence[tuple[bool, str, str]]
) -> ApprovalProblem | None:
    owner = None if hand_in == ROUND else hand_in
    for holds, observed, expected in checks:
        if not holds:
            return ApprovalProblem(rule_id, owner, line.number, observed, expected)
    return None


def _outdated(line: ApprovalLine, known: Mapping[str, str]) -> ApprovalProblem | None:
    now, signed = known[line["hand_in"]], _signed(line.fields)
    check = (signed == now, signed, now or "no file")
    return _first_failing("sign_off_outdated", line, line["hand_in"], [check])


def _beyond_mandate(line: ApprovalLine, signers: Signers) -> ApprovalProblem | None:
    person, hand_in, role = line["person"], line["hand_in"], line["role"]
    column = MANDATES[role]
    nobody = f"nobody yet; write {hand_in} into {column} of somebody in company/people.csv"
    who = ", ".join(signers.who_may(hand_in, role)) or nobody
    check = (
        signers.may_sign(person, hand_in, role),
        f"{person} signs {hand_in} as {role}",
        f"somebody who may: {who}",
    )
    return _first_failing("sign_off_mandated", line, hand_in, [check])


def _unproven(round_name: str, line: ApprovalLine, signers: Signers) -> ApprovalProblem | None:
    problem = signers.unproven(line["person"], stated(round_name, line.fields))
    check = (problem is None, *(problem or ("", "")))
    return _first_failing("sign_off_proven", line, line["hand_in"], [check])


def stated(round_name: str, fields: Mapping[str, str]) -> dict[str, str]:
    """A line of sign_offs.csv as its signature is about it."""
    return {**fields, "round": round_name, "sha256": _signed(fields)}


def _with_four_eyes(
    judged: Sequence[tuple[ApprovalLine, ApprovalProblem | None]],
) -> list[tuple[ApprovalLine, ApprovalProblem | None]]:
    """Of one person's roles at a hand-in the first line counts; a preparer approves no round."""
    roles: dict[tuple[str, str], str] = {}
    prepared = {
        line["person"]: line["hand_in"]
        for line, problem in judged
        if problem is None and line["role"] == "preparer"
    }
    result: list[tuple[ApprovalLine, ApprovalProblem | None]] = []
    for line, problem in judged:
        if problem is None:
            person, hand_in, role = line["person"], line["hand_in"], line["role"]
            first = roles.setdefault((hand_in, person), role)
            alone = (
                (first == role, f"{person} is {first} and {role}", "two people"),
                (
                    hand_in != ROUND or person not in prepared,
                    f"{person} approves the round and prepared {prepared.get(person)}",
                    "an approver who prepared nothing of it",
                ),
            )
            problem = _first_failing("four_eyes", line, hand_in, alone)
        result.append((line, problem))
    return result


def _row(
    round_name: str, line: ApprovalLine, signers: Signers, problem: ApprovalProblem | None
) -> dict[str, Any]:
    signer = signers.people.get(line["person"])
    return {
        "round": round_name,
        "hand_in": line["hand_in"],
        "role": line["role"],
        "person_id": line["person"],
        "person_name": signer.name if signer else None,
        "signed_on": day_of(line["signed_on"]),
        "signed_sha256": _signed(line.fields),
        "source_line": line.number,
        "is_valid": problem is None,
        "broken_rule": problem.rule_id if problem else None,
        "proof": signers.proof(line["person"]) if signer and not problem else None,
        "signature": line["signature"] or None,
    }
