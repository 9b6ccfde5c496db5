"""Folders for calculations apart from the warehouse, removed however the calculation ends."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_in_use: set[Path] = set()


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """An empty folder with the purpose in its name."""
    path = Path(tempfile.mkdtemp(prefix=f"carbonloom-{purpose}-"))
    _in_use.add(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _in_use.discard(path)


def remove_scratch_folders() -> None:
    """Remove what is in use: this process is about to end without leaving any `with`."""
    for path in list(_in_use):
        shutil.rmtree(path, ignore_errors=True)
