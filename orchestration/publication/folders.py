"""Where publications and releases lie, and which of them readers are pointed to."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.lake.paths import Lake


def point_published(lake: Lake) -> Path:
    """Let `published` be the newest round's newest release, or what is preliminary."""
    newest = newest_release(lake)
    target = newest or lake.preliminary.resolve()
    if lake.published.resolve() != target:
        point_to(lake.published, target)
    return target


def newest_release(lake: Lake) -> Path | None:
    """The newest release of the newest round that was released."""
    released = all_releases(lake)
    return released[-1] if released else None


def all_releases(lake: Lake) -> list[Path]:
    """Every release of every round, by round and number."""
    rounds = lake.released_rounds()
    return [folder for round_ in rounds for folder in release_folders(lake, round_)]


def release_folders(lake: Lake, round_: str) -> list[Path]:
    """The releases of a round, oldest first."""
    numbered = {
        int(path.name[1:]): path
        for path in lake.releases(round_).glob("r*")
        if path.is_dir() and path.name[1:].isdigit()
    }
    return [numbered[number] for number in sorted(numbered)]


def point_to(link: Path, folder: Path) -> None:
    """Swap a symbolic link: readers find the old folder or the new one."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(folder, link.parent), target_is_directory=True)
    beside.replace(link)


def remove_drafts(lake: Lake, folder: Path) -> None:
    """Drafts belong to killed runs: publishing is in the pool of one writer."""
    for draft in folder.glob(".draft-*"):
        lake.remove_folder(draft)
