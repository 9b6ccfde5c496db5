"""What the last run read and what it left: a run that would read the same is already done.

Kept as `control/last_run.json`. It is removed before a run writes anything and written when all
is published, so a run that was killed is never taken for one that ended.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from orchestration.lake.engines import DUCKDB
from orchestration.lake.fingerprints import code_sha256, contents_below, files_below, fingerprint

CODE = ("orchestration", "expectations", "dbt_project")
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "scipy", "pandas")
LEFT = ("accepted", "control", "solved", "reduction", "uncertainty", "quality", "returned", "spark")
"""Folders of the warehouse that a run writes; `landed` is read by nothing but a run."""

LINKS = ("preliminary", "published", "report")
WORKING_FILE = "carbonloom.duckdb"


@dataclass(frozen=True)
class LastRun:
    """How the last run ended: its rounds, its exit code, and the hand-ins in each state."""

    inputs: str
    outputs: str
    ended_at: str
    exit_code: int
    rounds: list[str]
    states: Mapping[str, list[str]]


def inputs_of_a_run(
    data: Path,
    rounds: Sequence[str],
    gwp_set: str,
    today: date | None = None,
    engine: str = DUCKDB,
) -> str:
    """One hash over all that decides what a run does.

    The files of the data folder and of the code, packages, the rounds asked for, the GWP set, the
    engine, and the day: on another one a deadline may have passed or a waiver may have ended.
    """
    asked = [*sorted(set(rounds)), gwp_set, engine, str(today or date.today())]
    return fingerprint(asked, code_sha256(CODE, PACKAGES), *contents_below(data))


def outputs_of_a_run(warehouse: Path) -> str:
    """One hash over what lies in a warehouse, by size and time of each file."""
    digest = hashlib.sha256()
    for name in LINKS:
        link = warehouse / name
        digest.update(f"{name} {link.resolve()} {_stamp(link / 'manifest.json')}\n".encode())
    digest.update(_stamp(warehouse / WORKING_FILE).encode())
    for folder in LEFT:
        for path, kind in files_below(warehouse / folder):
            if path != _kept_in(warehouse):
                digest.update(f"{path} {kind} {_stamp(path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def read_last_run(warehouse: Path) -> LastRun | None:
    """The last run of a warehouse that came to its end; None when none did."""
    path = _kept_in(warehouse)
    if not path.exists():
        return None
    return LastRun(**json.loads(path.read_text(encoding="utf-8")))


def forget_last_run(warehouse: Path) -> None:
    """Before anything is written: from here on the warehouse is not what the last run left."""
    _kept_in(warehouse).unlink(missing_ok=True)


def keep_last_run(warehouse: Path, run: LastRun) -> None:
    """After everything is written."""
    path = _kept_in(warehouse)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(asdict(run), indent=2, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def _kept_in(warehouse: Path) -> Path:
    return warehouse / "control" / "last_run.json"


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "not there"
    return f"{found.st_size} {found.st_mtime_ns}"
