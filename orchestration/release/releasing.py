"""A release: what was reported, signed, with everything it stands on, and never changed again.

It is calculated from its own copy of the accepted rows, beside the working file, and renamed into
place when it is complete. Its files are read-only, every one of them is named in the manifest with
its SHA-256, and the manifest names that of the release before: a chain.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.calculation.control import code_fingerprint
from orchestration.calculation.dbt import PROJECT
from orchestration.calculation.recomputing import RecomputeError, recompute
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.progress import step
from orchestration.publication.files import (
    LABEL,
    MANIFEST,
    MANIFEST_HASH,
    RELEASED,
    described_files,
    versions,
    write_duckdb,
    write_label,
    write_manifest,
    write_parquet,
)
from orchestration.publication.folders import point_published, release_folders, remove_drafts
from orchestration.release.conditions import (
    SignedRound,
    figures_missing,
    judge_rounds,
    master_data_missing,
)
from orchestration.release.inputs import content_sha256_of, copy_inputs, copy_papers
from orchestration.restatement.figures import history_macros
from orchestration.restatement.history import write_history_of_release

READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


class NotReleasableError(Exception):
    """What is missing for the release, all of it, a line each; nothing was changed.

    Figures of a round that isn't complete would only echo what is missing, so they are not judged.
    """

    def __init__(self, round_: str, missing: Sequence[str], figures_judged: bool = True) -> None:
        super().__init__("\n".join(missing))
        self.round = round_
        self.missing = tuple(missing)
        self.figures_judged = figures_judged


@dataclass(frozen=True)
class Release:
    """A release in its place."""

    folder: Path
    manifest: dict[str, Any]
    is_new: bool
    published: Path
    """What `published` is after it."""

    @property
    def manifest_sha256(self) -> str:
        """To be kept elsewhere: it vouches for every file of the release."""
        return sha256_of_file(self.folder / MANIFEST)


def release(
    data: DataFolder, lake: Lake, round_name: str, gwp_set: str = "", today: date | None = None
) -> Release:
    """Release a round, or return the release that already says the same.

    `gwp_set`: instead of the company's own. The caller holds `lake.only_writer()`.

    Raises:
        NotReleasableError: something expected is missing, refused, open or not signed.
    """
    step("judging what was handed in and signed")
    today = today or date.today()
    round_ = data.round(round_name)
    rounds = [one for one in data.rounds if one.round <= round_.round]
    signed = judge_rounds(data, lake, rounds, today)
    missing = [text for one in signed for text in one.not_signed]
    to_come = [
        *master_data_missing(data, lake),
        *(text for one in signed for text in one.not_accepted),
    ]
    if to_come:
        raise NotReleasableError(round_.round, [*to_come, *missing], figures_judged=False)
    with _draft(lake, round_.round) as draft:
        step("copying what was accepted")
        copy_inputs(lake, draft, signed)
        stated = {
            "gwp_set": gwp_set or data.company.settings["gwp_set"],
            "code": code_fingerprint(PROJECT),
        }
        content = content_sha256_of(draft, signed, stated)
        same = _released_already(lake, round_.round, content)
        if same is not None and not missing:
            return Release(same[0], same[1], False, point_published(lake))
        step("calculating every figure anew")
        try:
            recompute(draft, stated["gwp_set"], gwp_set)
        except RecomputeError as error:
            raise NotReleasableError(round_.round, [*missing, *error.problems]) from error
        missing += figures_missing(draft, today)
        if missing:
            raise NotReleasableError(round_.round, missing)
        copy_papers(data, lake, draft, [one.round.round for one in signed])
        head = _head(
            lake, signed, content, {"gwp_set": stated["gwp_set"], "stated_gwp_set": gwp_set}, today
        )
        folder, manifest = _put_in_place(data, lake, draft, head)
    return Release(folder, manifest, True, point_published(lake))


@contextmanager
def _draft(lake: Lake, round_: str) -> Iterator[Lake]:
    """A folder beside the releases, gone afterwards unless it was renamed into place."""
    remove_drafts(lake, lake.releases(round_))
    draft = Lake(lake.releases(round_) / f".draft-{os.getpid()}")
    draft.path.mkdir(parents=True)
    try:
        yield draft
    finally:
        lake.remove_folder(draft.path)


def _released_already(lake: Lake, round_: str, content: str) -> tuple[Path, dict[str, Any]] | None:
    """The newest release of the round, if its content is this."""
    folders = release_folders(lake, round_)
    if not folders:
        return None
    manifest = json.loads((folders[-1] / MANIFEST).read_text(encoding="utf-8"))
    return (folders[-1], manifest) if manifest["release"]["content_sha256"] == content else None


def _head(
    lake: Lake, signed: Sequence[SignedRound], content: str, stated: dict[str, Any], today: date
) -> dict[str, Any]:
    """What the release is: number, rounds, who signed, and the release it follows."""
    round_ = signed[-1].round.round
    before = release_folders(lake, round_)
    return {
        "round": round_,
        "number": int(before[-1].name[1:]) + 1 if before else 1,
        "rounds": [one.round.round for one in signed],
        "status": RELEASED,
        "released_on": today.isoformat(),
        "content_sha256": content,
        "round_content_sha256": {one.round.round: one.content_sha256 for one in signed},
        "signatures": {one.round.round: one.sign_offs.signatures() for one in signed},
        "follows": {
            "release": before[-1].name,
            "manifest_sha256": sha256_of_file(before[-1] / MANIFEST),
        }
        if before
        else None,
        **stated,
    }


def _put_in_place(
    data: DataFolder, lake: Lake, draft: Lake, head: dict[str, Any]
) -> tuple[Path, dict[str, Any]]:
    step("writing the marts")
    (draft.path / "parquet").mkdir()
    tables = write_parquet(draft.working_file, draft.path / "parquet")
    made_with = versions(draft, PROJECT, data.path)
    step("comparing with the release before")
    tables |= write_history_of_release(lake, draft.path, head, made_with)
    label = {
        "status": RELEASED, "rounds": head["rounds"], "release_number": head["number"],
    }  # fmt: skip
    write_label(draft.path, label, date.fromisoformat(head["released_on"]))
    write_duckdb(draft.path, [*tables, LABEL], history_macros(tables))
    draft.working_file.unlink()
    lake.remove_folder(draft.path / ".dbt")
    step("writing and hashing every file")
    manifest = {
        "release": head,
        "publication": label,
        "tables": tables,
        "versions": made_with,
        "files": described_files(draft.path),
    }
    write_manifest(draft.path, manifest)
    sha256 = sha256_of_file(draft.path / MANIFEST)
    (draft.path / MANIFEST_HASH).write_text(f"{sha256}  {MANIFEST}\n", encoding="utf-8")
    for path in draft.path.rglob("*"):
        if path.is_file():
            path.chmod(READ_ONLY)
    folder = lake.releases(head["round"]) / f"r{head['number']}"
    draft.path.replace(folder)
    return folder, manifest
