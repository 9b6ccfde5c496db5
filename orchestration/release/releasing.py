"""A release: what was reported, signed, with everything it stands on, and never changed again.

It is calculated from its own copy of the accepted rows, beside the working file, and renamed into
place when it is complete. Its files are read-only, every one of them is named in the manifest with
its SHA-256, and the manifest names that of the release before: a chain.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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
from orchestration.publication.folders import point_published
from orchestration.release.conditions import figures_missing, judged
from orchestration.release.draft import ReleaseDraft
from orchestration.release.inputs import content_sha256_of, copy_approvals, copy_inputs
from orchestration.release.sealing import write_allowed_signers
from orchestration.report.audit_trail.writing import write_audit_trail
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
    draft = judged(data, lake, round_name, gwp_set, today or date.today())
    missing = draft.not_signed
    if draft.to_come:
        raise NotReleasableError(draft.round, [*draft.to_come, *missing], figures_judged=False)
    with draft.folder():
        step("copying what was accepted")
        copy_inputs(draft)
        content = content_sha256_of(draft)
        before = draft.before
        if before and before.content_sha256 == content and not missing:
            return Release(before.folder, before.manifest, False, point_published(lake))
        step("calculating every figure anew")
        try:
            recompute(draft.lake, draft.gwp_set, draft.stated_gwp_set, shaped_like=lake)
        except RecomputeError as error:
            raise NotReleasableError(draft.round, [*missing, *error.problems]) from error
        missing += figures_missing(draft.lake, draft.today)
        if missing:
            raise NotReleasableError(draft.round, missing)
        copy_approvals(draft)
        write_allowed_signers(draft.lake)
        folder, manifest = _put_in_place(draft, draft.head(content))
    return Release(folder, manifest, True, point_published(lake))


def _put_in_place(draft: ReleaseDraft, head: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    step("writing the marts")
    place = draft.lake.path
    (place / "parquet").mkdir()
    tables = write_parquet(draft.lake, place / "parquet")
    made_with = versions(draft.lake, PROJECT, draft.data.path)
    step("comparing with the release before")
    tables |= write_history_of_release(draft.earlier, place, head, made_with)
    label = {"status": RELEASED, "rounds": draft.rounds, "release_number": draft.number}
    write_label(place, label, draft.today)
    write_duckdb(place, [*tables, LABEL], history_macros(tables))
    draft.lake.working_file.unlink()
    draft.lake.remove_folder(place / ".dbt")
    step("writing the way from figures to cells")
    write_audit_trail(place, head)
    step("writing and hashing every file")
    manifest = {
        "release": head,
        "publication": label,
        "tables": tables,
        "versions": made_with,
        "files": described_files(place),
    }
    write_manifest(place, manifest)
    sha256 = sha256_of_file(place / MANIFEST)
    (place / MANIFEST_HASH).write_text(f"{sha256}  {MANIFEST}\n", encoding="utf-8")
    for path in place.rglob("*"):
        if path.is_file():
            path.chmod(READ_ONLY)
    folder = place.with_name(f"r{draft.number}")
    place.replace(folder)
    return folder, manifest
