"""Judgements that still stand: while nothing that a judgement rests on changes, it isn't repeated.

A judgement of a round rests on the files of its folder, the company tables and maps, what its
approvals say on that day, what was accepted of other rounds and is compared with it, and the
code of the gate. One hash over all of it is kept beside the verdicts. It is removed before a round
is judged and written when the round is done, so that a round whose judging was cut off is judged
again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.company.data_folder import TABLES, DataFolder, Round, months_between
from orchestration.gate import sign_offs, waivers, withdrawals
from orchestration.gate.approvals import days_against, read_approvals
from orchestration.gate.case import months_compared
from orchestration.gate.statements import newest_rows
from orchestration.ingest.landing import LANDED_INSTRUMENTS_SCHEMA
from orchestration.lake.fingerprints import code_sha256, files_below, fingerprint
from orchestration.lake.hand_ins import INSTRUMENTS, HandIn
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.spreadsheets.files import printable, sha256_of_hand_in, why_no_file

CODE = (
    "expectations",
    "orchestration/collection/returned",
    "orchestration/company",
    "orchestration/gate",
    "orchestration/ingest",
    "orchestration/lake",
    "orchestration/spreadsheets",
)
"""Where it is decided what a hand-in says, whether it passes, and what goes back."""

PACKAGES = (
    "duckdb",
    "great-expectations",
    "lxml",
    "pandas",
    "pint",
    "pyarrow",
    "python-calamine",
    "sqlalchemy",
)
APPROVALS = (
    (waivers.FILE, waivers.COLUMNS, ()),
    (withdrawals.FILE, withdrawals.COLUMNS, ()),
    (sign_offs.FILE, sign_offs.COLUMNS, sign_offs.PROOF),
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ground:
    """What the judgement of a round rests on, but for what was accepted.

    `files`: what lies in the folder of the round, by its place in the data folder. `rest`: one hash
    over everything else.
    """

    round: Round
    files: Mapping[str, str]
    rest: str


def ground_of(data: DataFolder, lake: Lake, round_: Round, today: date) -> Ground:
    """What a judgement of a round would rest on today. It is asked before anything is judged."""
    approvals = [
        days_against(read_approvals(data.path, round_.round, name, columns, came_later), today)
        for name, columns, came_later in APPROVALS
    ]
    earlier = [(one.round, one.first_month) for one in data.rounds if one.round < round_.round]
    company = hashes_of(lake.company(name) for name in (*TABLES, "settings"))
    maps = [data.maps[source].model_dump_json() for source in sorted(data.maps)]
    rest = fingerprint(code_sha256(CODE, PACKAGES), round_, earlier, approvals, *company, *maps)
    return Ground(round_, _files_of(data, round_), rest)


def hashes_of(paths: Iterable[Path]) -> list[str]:
    """Each file with its SHA-256; a file that isn't there has none."""
    return [f"{path.name} {sha256_of_file(path) if path.exists() else ''}" for path in paths]


def _files_of(data: DataFolder, round_: Round) -> dict[str, str]:
    """Of each file of a round its SHA-256, its size, and why it can't be read if it can't."""
    folder = data.path / "rounds" / round_.round
    return {
        printable(path.relative_to(data.path)): " ".join(
            [
                sha256_of_hand_in(path, data.path),
                str(path.lstat().st_size),
                why_no_file(path, data.path) or "",
            ]
        )
        for path, _ in files_below(folder)
    }


def still_stands(lake: Lake, ground: Ground) -> bool:
    """Whether a round was judged on this ground, and what that left is still there."""
    return is_kept(lake, ground.round.round, _rests_on(lake, ground))


def is_kept(lake: Lake, name: str, rests_on: str) -> bool:
    """Whether the judgement of that name rests on the same, and what it left is still there."""
    path = lake.judged_from(name)
    if not path.exists():
        return False
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept["rests_on"] == rests_on and all(
        (lake.path / name).exists() for name in kept["left"]
    )


def invalidate(lake: Lake, name: str) -> None:
    """Before it is judged anew: what was said of a round, or of the libraries, doesn't stand."""
    lake.judged_from(name).unlink(missing_ok=True)


def keep(lake: Lake, name: str, rests_on: str, left: Iterable[Path]) -> None:
    """Keep what a judgement rests on, and the files of the warehouse that it left."""
    kept = {
        "rests_on": rests_on,
        "left": [path.relative_to(lake.path).as_posix() for path in left],
    }
    lake.write_text(lake.judged_from(name), json.dumps(kept, indent=2, ensure_ascii=False))


def let_stand(
    lake: Lake, ground: Ground, verdicts: Sequence[Row], returned: Iterable[Path]
) -> None:
    """After a round was judged and its files are returned: keep what it rests on.

    A file that was replaced while it was read is judged again next time.
    """
    name = ground.round.round
    read = {row["source_file"]: row["source_sha256"] for row in verdicts if row["source_file"]}
    if any(not ground.files.get(file, "").startswith(sha) for file, sha in read.items()):
        return
    left = [
        lake.verdicts(name),
        lake.waivers(name),
        lake.sign_offs(name),
        lake.judged_files(name),
        *sorted(lake.findings_of(name).glob("*.parquet")),
        *returned,
    ]
    keep(lake, name, _rests_on(lake, ground), left)


def _rests_on(lake: Lake, ground: Ground) -> str:
    return fingerprint(ground.rest, sorted(ground.files.items()), *_accepted(lake, ground.round))


def _accepted(lake: Lake, round_: Round) -> list[str]:
    """What was accepted of the round itself, and of others what the round is compared with.

    Of earlier rounds that is everything: their files must not be handed in again. Of later ones it
    is what they state of the round's own months, of the year before it, and of the months that its
    certificates cover; and their certificates, if the round has any.
    """
    registry = lake.registry()
    instruments = lake.read(
        lake.landed(HandIn.named(round_.round, INSTRUMENTS)), LANDED_INSTRUMENTS_SCHEMA
    )
    first = round_.first_month
    months = months_compared(round_, instruments) | set(
        months_between(first.replace(year=first.year - 1), round_.last_month)
    )
    own = [row for row in registry.to_pylist() if row["round"] == round_.round]
    others = [
        row
        for row in newest_rows(registry)
        if row["round"] != round_.round
        and (
            row["round"] < round_.round
            or (row["hand_in"] == INSTRUMENTS and instruments.num_rows)
            or (row["hand_in"] != INSTRUMENTS and row["period_month"] in months)
        )
    ]
    return sorted(repr(sorted(row.items())) for row in (*own, *others))
