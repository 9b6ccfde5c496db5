"""Is a release what it was? Every byte against the manifest, every figure calculated again.

Nothing but the release is read, and nothing is asked of a network: its accepted rows are built
anew in a folder of their own, and each mart is compared with the released one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.calculation.control import code_fingerprint
from orchestration.calculation.dbt import PROJECT
from orchestration.calculation.recomputing import RecomputeError, recompute
from orchestration.company.data_folder import TABLES
from orchestration.gate.acceptance import write_empty_tables
from orchestration.lake.paths import Lake, sha256_of_file, text_schema
from orchestration.lake.scratch import scratch_folder
from orchestration.lake.warehouse import MARTS_FILE, Connection, attach_marts, engine, quoted
from orchestration.progress import doing, step
from orchestration.publication.files import (
    LABEL,
    MANIFEST,
    MANIFEST_HASH,
    described_files,
    package_versions,
    write_parquet,
)
from orchestration.release.comparing import added_columns, compared
from orchestration.release.sealing import Signatures, check_signatures
from orchestration.restatement.history import HISTORY

INPUTS = ("accepted", "quality")
RULES = "quality_rules"
"""The mart that says which rules the code has, and in which words: no figure depends on it."""
INTERVALS = (
    "difference_significance",
    "figure_uncertainty",
    "improvement_list",
    "sensitivities",
    "uncertainty_shares",
)
"""Marts of what can be wrong: later code may know of more causes, and no emission depends on it."""


@dataclass(frozen=True)
class Verification:
    """What differs, and what was said about it."""

    files: int
    differences: tuple[str, ...]
    marts: int
    notes: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Nothing differs."""
        return not self.differences


class NotAReleaseError(Exception):
    """The folder has no manifest of a release."""


def verify(folder: Path, allowed_signers: Path | None = None) -> Verification:
    """Compare a release with its manifest, and its figures with a new calculation.

    `allowed_signers`: a list of keys from elsewhere, to check its signatures by.

    Raises:
        NotAReleaseError: there is no manifest to compare with.
    """
    folder = folder.resolve()
    path = folder / MANIFEST
    if not path.exists():
        raise NotAReleaseError(f"{folder} has no {MANIFEST}: name a folder such as releases/R/r1.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        head, listed = manifest["release"], manifest["files"]
    except (ValueError, KeyError) as error:
        return Verification(0, (f"{MANIFEST}: can't be read ({error}).",), 0)
    step("hashing every file")
    differences = [*_manifest_differences(folder), *_file_differences(folder, listed)]
    try:
        signatures = check_signatures(folder, allowed_signers)
    except (OSError, ValueError) as error:  # a damaged file, which is named among the differences
        signatures = Signatures(notes=(f"The signatures can't be checked: {error}",))
    differences += signatures.differences
    notes, by_others = _notes(manifest), _other_packages(manifest)
    try:
        with scratch_folder("verify") as scratch:
            marts, different, added = _figure_differences(folder, Lake(scratch), head)
            if notes:  # later code may calculate more; by the same code it's a difference
                notes += added
            else:
                different += added
    except (RecomputeError, duckdb.Error, OSError) as error:
        marts, different = 0, [f"The figures can't be calculated again: {error}"]
    return Verification(
        len(listed),
        (*differences, *different),
        marts,
        (*notes, *by_others, *signatures.notes),
        signatures.signed_by,
    )


def _manifest_differences(folder: Path) -> list[str]:
    path = folder / MANIFEST_HASH
    if not path.exists():
        return [f"{MANIFEST_HASH}: missing."]
    stated = path.read_text(encoding="utf-8", errors="replace").split()
    if stated[:1] == [sha256_of_file(folder / MANIFEST)]:
        return []
    return [f"{MANIFEST}: its SHA-256 is not the one in {MANIFEST_HASH}."]


def _file_differences(folder: Path, listed: dict[str, dict[str, Any]]) -> list[str]:
    found = described_files(folder)
    differences = [f"{name}: missing." for name in sorted(listed.keys() - found.keys())]
    differences += [
        f"{name}: not part of the release." for name in sorted(found.keys() - listed.keys())
    ]
    for name in sorted(listed.keys() & found.keys()):
        stated, is_now = listed[name], found[name]
        if stated != is_now:
            differences.append(
                f"{name}: SHA-256 {is_now['sha256'][:16]}…, {is_now['bytes']} bytes; released "
                f"with {stated['sha256'][:16]}…, {stated['bytes']} bytes."
            )
    return differences


def _notes(manifest: dict[str, Any]) -> list[str]:
    stated = manifest["versions"]["figures_code_sha256"]
    if stated == code_fingerprint(PROJECT):
        return []
    commit = manifest["versions"]["code_commit"] or "unknown"
    return [
        f"Released by other code (commit {commit}); the figures are compared with those of "
        "the code that runs now."
    ]


def _other_packages(manifest: dict[str, Any]) -> list[str]:
    """A last digit may come from these, and nothing more."""
    here = package_versions()
    others = [
        f"{package} {stated}, here {here.get(package, 'not installed')}"
        for package, stated in sorted(manifest["versions"]["packages"].items())
        if here.get(package) != stated
    ]
    return [f"Released with {'; '.join(others)}."] if others else []


def _figure_differences(
    folder: Path, scratch: Lake, head: dict[str, Any]
) -> tuple[int, list[str], list[str]]:
    """How many marts were compared, what differs, and what is calculated beyond the release."""
    step("calculating every figure again")
    for name in INPUTS:
        shutil.copytree(folder / name, scratch.path / name, copy_function=shutil.copyfile)
    write_empty_tables(scratch)
    for name, table in TABLES.items():  # a table that the company of then did not know
        if not scratch.company(name).exists():
            scratch.write(scratch.company(name), text_schema(table.all_columns).empty_table())
    recompute(scratch, head["gwp_set"], head["stated_gwp_set"], tested=False)
    anew = scratch.path / "parquet"
    anew.mkdir()
    write_parquet(scratch, anew)
    released = {path.stem: path for path in (folder / "parquet").glob("*.parquet")}
    for name in (LABEL, *HISTORY):  # they tell of other releases, too
        released.pop(name, None)
    calculated = {path.stem: path for path in anew.glob("*.parquet")}
    added = [
        f"{name}: calculated now, but not in the release."
        for name in sorted(calculated.keys() - released.keys())
    ]
    differences = [
        f"{name}: in the release, but not calculated now."
        for name in sorted(released.keys() - calculated.keys())
    ]
    both = sorted(released.keys() & calculated.keys())
    tables = {f"parquet/{name}.parquet": (released[name], calculated[name]) for name in both}
    with engine() as connection:
        step("comparing every row")
        for number, (name, (theirs, ours)) in enumerate(tables.items()):
            doing(name, number, len(tables))
            added += _readable(name, added_columns, connection, name, theirs, ours)
            found = _readable(name, compared, connection, name, theirs, ours)
            if found and theirs.stem == RULES:
                added.append(f"{name}: not the rules, or the words, of the code that runs now.")
            elif found and theirs.stem in INTERVALS:
                added.append(f"{name}: other causes of error than the code that runs now knows of.")
            else:
                differences += found
        differences += _readable(MARTS_FILE, _duckdb_differences, connection, folder, both)
    return len(both), differences, added


def _readable(name: str, compare: Callable[..., list[str]], *arguments: Any) -> list[str]:
    """A damaged file is a difference, not the end of the comparison."""
    try:
        return compare(*arguments)
    except duckdb.Error as error:
        return [f"{name}: can't be read ({str(error).splitlines()[0]})."]


def _duckdb_differences(connection: Connection, folder: Path, names: Iterable[str]) -> list[str]:
    """marts.duckdb says the same as the Parquet files beside it."""
    attach_marts(connection, folder / MARTS_FILE, "released")
    differences = []
    for name in names:
        parquet = quoted(folder / "parquet" / f"{name}.parquet")
        query = (
            f'select count(*) from (from released.marts."{name}" except all '
            f"from read_parquet({parquet}))"
        )
        other = connection.execute(query).fetchall()[0][0]
        if other:
            differences.append(f"{MARTS_FILE}: {other} rows of {name} are not those of parquet/.")
    connection.execute("detach released")
    return differences
