"""Hashes of what a result was made from: while they are the same, so is the result."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from orchestration.lake.places import REPOSITORY

MADE_BY_CODE = ("__pycache__", "target", "logs")


def fingerprint(*parts: object) -> str:
    """One hash over what the parts say."""
    said = "\n".join(part if isinstance(part, str) else repr(part) for part in parts)
    return hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()


def files_below(folder: Path, without: Collection[str] = ()) -> Iterator[tuple[Path, str]]:
    """What lies below a folder, in one order, and what it is; links to folders aren't followed.

    `without`: names of folders that are left out.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in without)
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        for name in _visible([*names, *linked]):
            path = Path(parent, name)
            with suppress(OSError):
                mode = path.stat().st_mode
                yield path, "file" if stat.S_ISREG(mode) else f"{stat.S_IFMT(mode):o}"
                continue
            yield path, "not there"


def contents_below(folder: Path, without: Collection[str] = ()) -> Iterator[str]:
    """Every file below a folder with what it is and a hash of what it holds."""
    for path, kind in files_below(folder, without):
        content = ""
        if kind == "file":
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        yield f"{path.relative_to(folder)} {kind} {content}"


def code_sha256(folders: Iterable[str], packages: Iterable[str]) -> str:
    """One hash over the files of some folders of this repository, and what they are run with."""
    return _code_sha256(tuple(folders), tuple(packages))


@cache
def _code_sha256(folders: tuple[str, ...], packages: tuple[str, ...]) -> str:
    run_with = [sys.version, *(f"{package} {version(package)}" for package in packages)]
    files = (
        line for folder in folders for line in contents_below(REPOSITORY / folder, MADE_BY_CODE)
    )
    return fingerprint(*run_with, *files)


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith((".", "~$")))
