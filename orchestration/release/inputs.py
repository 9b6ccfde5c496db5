"""What a release stands on, copied into it: the accepted rows in force, and the papers.

Only what was accepted of the rounds up to the released one: a later round neither adds months nor
replaces any, so the same release can be made again whatever was collected since. What a round of
them stated anew is copied, too: which statement counts can be checked from the release alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.calculation.control import FACTOR_TABLES, FIGURE_TABLES
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import SIGN_OFFS, write_empty_tables, write_sign_offs
from orchestration.gate.factors import NAME as FACTORS
from orchestration.gate.judgement_log import AS_OF_SCHEMA
from orchestration.gate.statements import newest_rows, rows_of
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import HAND_INS_SCHEMA, Lake, sha256_of_file
from orchestration.release.conditions import SignedRound

PAPERS = ("sign_offs.csv", "waivers.csv", "corrections.csv", "withdrawals.csv")
OF_ROUNDS = ("rounds", "expected_hand_ins")
"""Company tables with a column `round`: later rounds are none of the release's business."""


def copy_inputs(lake: Lake, draft: Lake, signed: Sequence[SignedRound]) -> None:
    """Fill accepted/ and quality/ of a draft with what its figures stand on."""
    rounds = [one.round.round for one in signed]
    write_empty_tables(draft)
    _copy_accepted(lake, draft, rounds)
    for name in (*FACTOR_TABLES, "unit_conversions"):
        _copy(lake, draft, lake.accepted(name))
    for path in sorted(lake.company_tables.glob("*.parquet")):
        if path.stem in OF_ROUNDS:
            table = pq.read_table(path)
            kept = pc.is_in(table["round"], pa.array(rounds, pa.string()))
            draft.write(draft.company(path.stem), table.filter(kept))
        else:
            _copy(lake, draft, path)
    for name in (*rounds, FACTORS):
        for path in (
            lake.verdicts(name),
            lake.waivers(name),
            lake.judged_files(name),
            lake.judgements(name),
            *sorted(lake.findings_of(name).glob("*.parquet")),
        ):
            if path.exists() and path.stem != SIGN_OFFS:
                _copy(lake, draft, path)
    draft.write(draft.as_of, lake.read(lake.as_of, AS_OF_SCHEMA))
    for one in signed:
        write_sign_offs(draft, one.round.round, one.sign_offs)


def copy_papers(data: DataFolder, lake: Lake, draft: Lake, rounds: Sequence[str]) -> None:
    """The papers as they were handed in, and the workbooks that went back to their authors."""
    for round_ in rounds:
        for name in PAPERS:
            source = data.path / "rounds" / round_ / name
            if source.exists():
                target = draft.path / "papers" / round_ / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        returned = lake.path / "returned" / round_
        if returned.is_dir():
            shutil.copytree(returned, draft.path / "returned" / round_)


def content_sha256_of(draft: Lake, signed: Sequence[SignedRound], stated: Mapping[str, Any]) -> str:
    """One hash over everything a figure or a verdict of the release depends on.

    `stated`: code and GWP set. People, dates of signing and units of other rounds are left out:
    the same content signed twice is one release.
    """
    files = [draft.hand_ins]
    files += [draft.company(name) for name in FIGURE_TABLES]
    files += [draft.accepted(name) for name in FACTOR_TABLES]
    parts = {path.name: sha256_of_file(path) for path in files}
    parts |= {f"round {one.round.round}": one.content_sha256 for one in signed}
    text = json.dumps(parts | dict(stated), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _copy_accepted(lake: Lake, draft: Lake, rounds: Sequence[str]) -> None:
    rows = [row for row in newest_rows(lake.registry()) if row["round"] in rounds]
    registry = pa.Table.from_pylist(rows, schema=HAND_INS_SCHEMA)
    draft.write(draft.hand_ins, registry)
    for row in rows:
        hand_in = HandIn.of_row(row)
        if row["row_count"] or hand_in.is_instruments:
            _copy(lake, draft, rows_of(lake, row))
        withdrawn = lake.accepted_withdrawals(hand_in, row["revision"])
        if withdrawn.exists():
            _copy(lake, draft, withdrawn)


def _copy(lake: Lake, draft: Lake, path: Path) -> None:
    target = draft.path / path.relative_to(lake.path)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
