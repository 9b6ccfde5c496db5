"""What the last run read and what it left: a run that would read the same is already done.

Kept as `control/last_run.json`. It is removed before a run writes anything and written when all
is published, so a run that was killed is never taken for one that ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from orchestration.lake.places import REPOSITORY

CODE = ("orchestration", "expectations", "dbt_project")
MADE_BY_CODE = ("__pycache__", "target", "logs")
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "scipy", "pandas")
LEFT = ("accepted", "control", "solved", "quality", "returned")
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
    data: Path, rounds: Sequence[str], gwp_set: str, today: date | None = None
) -> str:
    """One hash over all that decides what a run does.

    The files of the data folder and of the code, packages, the rounds asked for, the GWP set, and
    the day: on another one a deadline may have passed or a waiver may have ended.
    """
    digest = hashlib.sha256()
    asked = [*sorted(set(rounds)), gwp_set, str(today or date.today()), sys.version]
    asked += [f"{package} {version(package)}" for package in PACKAGES]
    digest.update(json.dumps(asked).encode())
    for folder in (data, *(REPOSITORY / name for name in CODE)):
        for path, kind in _files(folder):
            digest.update(f"{path.relative_to(folder)} {kind}\n".encode(errors="surrogateescape"))
            if kind == "file":
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def outputs_of_a_run(warehouse: Path) -> str:
    """One hash over what lies in a warehouse, by size and time of each file."""
    digest = hashlib.sha256()
    for name in LINKS:
        link = warehouse / name
        digest.update(f"{name} {link.resolve()} {_stamp(link / 'manifest.json')}\n".encode())
    digest.update(_stamp(warehouse / WORKING_FILE).encode())
    for folder in LEFT:
        for path, kind in _files(warehouse / folder):
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


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """What lies below a folder, in one order, and what it is; links to folders aren't followed."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in MADE_BY_CODE)
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        for name in _visible([*names, *linked]):
            path = Path(parent, name)
            with suppress(OSError):
                mode = path.stat().st_mode
                yield path, "file" if stat.S_ISREG(mode) else f"{stat.S_IFMT(mode):o}"
                continue
            yield path, "not there"


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith((".", "~$")))


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "not there"
    return f"{found.st_size} {found.st_mtime_ns}"
