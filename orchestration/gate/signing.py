"""Signing without typing hashes: lines of sign_offs.csv for what the gate judged last."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from datetime import date

from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import content_of_round, files_of
from orchestration.gate.approvals import read_approvals
from orchestration.gate.sign_offs import COLUMNS, FILE, ROUND, judge_sign_offs
from orchestration.lake.paths import Lake


class SigningError(Exception):
    """The sign-off would not count; nothing was written."""


def sign(
    data: DataFolder,
    lake: Lake,
    round_name: str,
    role: str,
    person: str,
    hand_ins: Sequence[str],
    today: date,
) -> list[str]:
    """Sign hand-ins (all that arrived when none is named; `round` for the whole) as of today.

    A line replaces the one of the same hand-in and role. Returns what was signed.

    Raises:
        SigningError: unknown round, role, person or hand-in, or no second person.
    """
    round_ = data.round(round_name)
    files = files_of(lake.verdict_rows(round_name))
    content = content_of_round(lake.registry(), round_name, lake.waiver_rows(round_name))
    chosen = list(hand_ins) or sorted(files)
    if not files:
        raise SigningError(f"{round_name} was not judged yet. Run carbonloom run.")
    approvals = read_approvals(data.path, round_name, FILE, COLUMNS)
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
        }
        for hand_in in chosen
    ]
    path = data.path / approvals.file
    before = path.read_bytes() if path.exists() else None
    beside = path.with_name(f".{FILE}.{os.getpid()}")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
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
    return chosen
