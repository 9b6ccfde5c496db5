"""Signing without typing hashes: lines of sign_offs.csv for what the gate judged last."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import content_of_round, files_of
from orchestration.gate.approvals import read_approvals
from orchestration.gate.detached_signatures import SignatureError, signed
from orchestration.gate.sign_offs import COLUMNS, FILE, PROOF, ROUND, judge_sign_offs, stated
from orchestration.gate.signers import NAMESPACE, signers_of, statement, user_now
from orchestration.lake.paths import Lake


class SigningError(Exception):
    """The sign-off would not count; nothing was written."""


@dataclass(frozen=True)
class Signed:
    """What was signed, and by what it is proven: `os_user`, `ssh_key`, or nothing."""

    hand_ins: tuple[str, ...]
    proof: str | None
    left: tuple[tuple[str, str], ...] = ()
    """Hand-in and role of what the round still has to have signed."""


def sign(
    data: DataFolder,
    lake: Lake,
    round_name: str,
    role: str,
    person: str,
    hand_ins: Sequence[str],
    today: date,
    key: Path | None = None,
) -> Signed:
    """Sign hand-ins as of today; `round` for the whole, `key` for a signature by an ssh key.

    When none is named: all that arrived and are the person's in that role. A line replaces the one
    of the same hand-in and role.

    Raises:
        SigningError: unknown round, role, person or hand-in, no mandate, second person or proof.
    """
    round_ = data.round(round_name)
    files = files_of(lake.verdict_rows(round_name))
    content = content_of_round(lake.registry(), round_name, lake.waiver_rows(round_name))
    if not files:
        raise SigningError(f"{round_name} was not judged yet. Run carbonloom run.")
    signers = signers_of(data.company["people"].to_dict("records"))
    chosen = list(hand_ins) or sorted(files)
    if not hand_ins and person in signers.people:
        chosen = [one for one in chosen if signers.may_sign(person, one, role)]
    if not chosen:
        raise SigningError(
            f"Nothing was signed: people.csv names no hand-in that {person} signs as {role}."
        )
    approvals = read_approvals(data.path, round_name, FILE, COLUMNS, PROOF)
    if approvals.unreadable:
        raise SigningError(f"{approvals.file}: {approvals.unreadable}. Correct the file first.")
    kept = [
        dict(line.fields)
        for line in approvals.lines
        if not (line["hand_in"] in chosen and line["role"] == role)
    ]
    new = [
        {
            "hand_in": hand_in,
            "role": role,
            "person": person,
            "signed_on": today.isoformat(),
            "source_sha256": "" if hand_in == ROUND else files.get(hand_in, ""),
            "content_sha256": content if hand_in == ROUND else "",
            "os_user": user_now(),
            "signature": "",
        }
        for hand_in in chosen
    ]
    if key is not None:
        try:
            signatures = signed(
                key, NAMESPACE, [statement(stated(round_name, line)) for line in new]
            )
        except SignatureError as error:
            raise SigningError(f"Nothing was signed. {error}") from error
        for line, signature in zip(new, signatures, strict=True):
            line["signature"] = signature
    path = data.path / approvals.file
    before = path.read_bytes() if path.exists() else None
    beside = path.with_name(f".{FILE}.{os.getpid()}")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, (*COLUMNS, *PROOF))
        writer.writeheader()
        writer.writerows([*kept, *new])
    beside.replace(path)
    judged = judge_sign_offs(data, round_, files, content, today)
    lines = {f"L{row['source_line']}" for row in judged.rows.to_pylist()[len(kept) :]}
    problems = [row for row in judged.findings.to_pylist() if row["source_cell"] in lines]
    if problems:
        path.unlink() if before is None else path.write_bytes(before)
        texts = dict.fromkeys(f"{row['observed']}; expected: {row['expected']}" for row in problems)
        raise SigningError("Nothing was signed.\n" + "\n".join(texts))
    left = judged.missing(sorted({*round_.expected, *files}))
    return Signed(tuple(chosen), signers.proof(person), tuple(left))
