"""What a release stands on, copied into it: the accepted rows in force, and the approvals.

Only what was accepted of the rounds up to the released one: a later round neither adds months nor
replaces any, so the same release can be made again whatever was collected since. What a round of
them stated anew is copied, too: which statement counts can be checked from the release alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.calculation.control import FACTOR_TABLES, FIGURE_TABLES, REDUCTION_TABLES
from orchestration.gate.acceptance import (
    SIGN_OFFS,
    round_files,
    write_empty_tables,
    write_sign_offs,
)
from orchestration.gate.factors import NAME as FACTORS
from orchestration.gate.judgement_log import AS_OF_SCHEMA
from orchestration.gate.statements import rows_of
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import HAND_INS_SCHEMA, sha256_of_file
from orchestration.release.draft import ReleaseDraft

APPROVALS = ("sign_offs.csv", "waivers.csv", "corrections.csv", "withdrawals.csv")
OF_ROUNDS = ("rounds", "expected_hand_ins")
"""Company tables with a column `round`: later rounds are none of the release's business."""


def copy_inputs(draft: ReleaseDraft) -> None:
    """Fill accepted/, quality/ and rounds/ of a draft with what its figures stand on."""
    lake, rounds = draft.warehouse, draft.rounds
    write_empty_tables(draft.lake)
    _copy_accepted(draft)
    for name in (*FACTOR_TABLES, "unit_conversions"):
        _copy(draft, lake.accepted(name))
    for path in sorted(lake.company_tables.glob("*.parquet")):
        if path.stem in OF_ROUNDS:
            table = pq.read_table(path)
            kept = pc.is_in(table["round"], pa.array(rounds, pa.string()))
            draft.lake.write(draft.lake.company(path.stem), table.filter(kept))
        else:
            _copy(draft, path)
    for name in (*rounds, FACTORS):
        for path in (
            lake.verdicts(name),
            lake.waivers(name),
            lake.judged_files(name),
            lake.judgements(name),
            *sorted(lake.findings_of(name).glob("*.parquet")),
        ):
            if path.exists() and path.stem != SIGN_OFFS:
                _copy(draft, path)
    draft.lake.write(draft.lake.as_of, lake.read(lake.as_of, AS_OF_SCHEMA))
    for one in draft.signed:
        write_sign_offs(draft.lake, one.round.round, one.sign_offs)
    _copy_handed_in(draft)


def copy_approvals(draft: ReleaseDraft) -> None:
    """Approvals as they were handed in, and the workbooks that went back to their authors."""
    for round_ in draft.rounds:
        for name in APPROVALS:
            source = draft.data.path / "rounds" / round_ / name
            if source.exists():
                target = draft.lake.path / "papers" / round_ / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        returned = draft.warehouse.returned(round_)
        if returned.is_dir():
            shutil.copytree(returned, draft.lake.returned(round_))


def content_sha256_of(draft: ReleaseDraft) -> str:
    """One hash over everything a figure or a verdict of the release depends on.

    Code and GWP set are part of it. People, dates of signing and units of other rounds are left
    out: the same content signed twice is one release.
    """
    files = [draft.lake.hand_ins]
    files += [draft.lake.company(name) for name in (*FIGURE_TABLES, *REDUCTION_TABLES)]
    files += [draft.lake.accepted(name) for name in FACTOR_TABLES]
    parts = {path.name: sha256_of_file(path) for path in files}
    parts |= {f"round {one.round.round}": one.content_sha256 for one in draft.signed}
    parts |= {"gwp_set": draft.gwp_set, "code": draft.code_sha256}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _copy_accepted(draft: ReleaseDraft) -> None:
    registry = pa.Table.from_pylist(draft.accepted, schema=HAND_INS_SCHEMA)
    draft.lake.write(draft.lake.hand_ins, registry)
    for row in draft.accepted:
        hand_in = HandIn.of_row(row)
        if row["row_count"] or hand_in.is_instruments:
            _copy(draft, rows_of(draft.warehouse, row))
        withdrawn = draft.warehouse.accepted_withdrawals(hand_in, row["revision"])
        if withdrawn.exists():
            _copy(draft, withdrawn)


def _copy_handed_in(draft: ReleaseDraft) -> None:
    """The files themselves, where lineage names them; approvals are among the papers."""
    for round_ in draft.rounds:
        for file, path in round_files(draft.data, round_).items():
            if path.name not in APPROVALS:
                target = draft.lake.path / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def _copy(draft: ReleaseDraft, path: Path) -> None:
    target = draft.lake.path / path.relative_to(draft.warehouse.path)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
