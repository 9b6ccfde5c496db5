"""What analysts open: the marts as one DuckDB file of the old format, as Parquet, and a manifest.

A publication is a folder that is written whole, under a name made of its content, and then
becomes `preliminary` by swapping one symbolic link. Who has a file open keeps the file; who opens
one finds old or new, never half of each. The publication before stays for readers under way.

`published` is the newest release; before the first release it is `preliminary`, too. In both, the
table `publication` says which of the two the figures are.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.bi.descriptions import comments_on
from orchestration.bi.macros import macros_over
from orchestration.control import (
    BUILT_PERIODS,
    built_months,
    code_fingerprint,
    dbt_fingerprint,
    recorded,
)
from orchestration.footprint.system_tables import PERIODS
from orchestration.ingest.files import sha256_of_hand_in
from orchestration.lake import BUILD_MONTHS_SCHEMA, Lake, sha256_of_file
from orchestration.restatement.figures import CHANGES_BETWEEN

STORAGE_VERSION = "v1.0.0"
"""Readable by every client that embeds DuckDB 1.0 or newer."""

KEPT_PUBLICATIONS = 2
MANIFEST, MANIFEST_HASH = "manifest.json", "manifest.sha256"
PRELIMINARY, RELEASED = "preliminary", "released"
LABEL = "publication"
LABEL_SCHEMA = pa.schema(
    [
        ("status", pa.string()),
        ("round", pa.string()),
        ("release_number", pa.int32()),
        ("rounds", pa.string()),
        ("made_on", pa.date32()),
    ]
)
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations", "scipy")


class PublishError(Exception):
    """The marts cannot be published as they are; what was published stays."""


def publish(lake: Lake, dbt_project: Path, data: Path, today: date | None = None) -> dict[str, Any]:
    """Publish the schema `marts` of the working file as preliminary; returns the manifest."""
    from orchestration.restatement.history import write_history_of_publication

    _refuse_what_is_not_built(lake)
    shelf = lake.path / "publications"
    draft = shelf / f".draft-{os.getpid()}"
    remove_drafts(lake, shelf)
    (draft / "parquet").mkdir(parents=True)
    tables = write_parquet(lake.working_file, draft / "parquet")
    tables |= write_history_of_publication(lake, draft)
    rounds = sorted(set(lake.registry()["round"].to_pylist()))
    label = {"status": PRELIMINARY, "rounds": rounds, "release_number": None}
    manifest = {
        "tables": tables,
        "publication": label,
        "versions": versions(lake, dbt_project, data),
        "files": described_files(draft),
    }
    current = _current_manifest(lake)
    if current is not None and _same_content(current, manifest) and _is_intact(lake, current):
        lake.remove_folder(draft)
        point_published(lake)
        return current
    write_label(draft, label, today or date.today())
    write_duckdb(draft, [*tables, LABEL])
    manifest["files"] = described_files(draft)
    write_manifest(draft, manifest)
    name = f"p{sha256_of_file(draft / MANIFEST)[:16]}"
    lake.remove_folder(shelf / name)  # only left there by a run killed before the swap
    draft.replace(shelf / name)
    _point_to(lake.preliminary, shelf / name)
    point_published(lake)
    _remove_old(lake, shelf)
    return manifest


def point_published(lake: Lake) -> Path:
    """Let `published` be the newest round's newest release, or what is preliminary."""
    newest = newest_release(lake)
    target = newest or lake.preliminary.resolve()
    if lake.published.resolve() != target:
        _point_to(lake.published, target)
    return target


def newest_release(lake: Lake) -> Path | None:
    """The newest release of the newest round that was released."""
    rounds = sorted(path.name for path in lake.releases("x").parent.glob("*") if path.is_dir())
    released = [folders[-1] for round_ in rounds if (folders := release_folders(lake, round_))]
    return released[-1] if released else None


def release_folders(lake: Lake, round_: str) -> list[Path]:
    """The releases of a round, oldest first."""
    numbered = {
        int(path.name[1:]): path
        for path in lake.releases(round_).glob("r*")
        if path.is_dir() and path.name[1:].isdigit()
    }
    return [numbered[number] for number in sorted(numbered)]


def write_label(folder: Path, label: Mapping[str, Any], made_on: date) -> None:
    """The one row of the table `publication`: whether these figures were released, and what of."""
    row = {
        "status": label["status"],
        "round": label["rounds"][-1] if label["rounds"] else None,
        "release_number": label["release_number"],
        "rounds": "; ".join(label["rounds"]),
        "made_on": made_on,
    }
    pq.write_table(
        pa.Table.from_pylist([row], schema=LABEL_SCHEMA), folder / "parquet" / f"{LABEL}.parquet"
    )


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """The manifest of a folder that is complete."""
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _refuse_what_is_not_built(lake: Lake) -> None:
    """A build that failed half-way leaves months behind their inputs; those aren't published."""
    if not lake.working_file.exists():
        raise PublishError(f"{lake.working_file} is missing: build the warehouse first.")
    built = built_months(lake)
    wanted = lake.read(lake.build_months, BUILD_MONTHS_SCHEMA).to_pylist()
    behind = [
        row["period_month"]
        for row in wanted
        if built.get(row["period_month"]) != row["fingerprint"]
    ]
    if behind:
        months = ", ".join(f"{month:%Y-%m}" for month in behind)
        raise PublishError(
            f"{months}: not built with today's inputs. Run dbt without errors first."
        )
    built_products = recorded(lake, BUILT_PERIODS)
    half_built = [
        row["reference_period"]
        for row in lake.read(lake.solved_periods, PERIODS).to_pylist()
        if built_products.get(row["reference_period"]) != row["fingerprint"]
    ]
    if half_built:
        raise PublishError(
            f"{', '.join(half_built)}: products not built from what was solved last. "
            "Run the second half of dbt without errors first."
        )


def write_parquet(working_file: Path, folder: Path) -> dict[str, int]:
    """The marts of a working file, a file each in one fixed order; returns their rows."""
    rows = {}
    with duckdb.connect(str(working_file), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables "
            "where table_schema = 'marts' order by table_name"
        ).fetchall()
        if not names:
            raise PublishError(f"{working_file} has no schema `marts`: build the warehouse first.")
        for (name,) in names:
            target = str(folder / f"{name}.parquet").replace("'", "''")
            written = connection.execute(
                f"copy (select * from marts.\"{name}\" order by all) to '{target}' "
                "(format parquet, compression zstd)"
            ).fetchall()
            rows[name] = written[0][0]
    return rows


def write_duckdb(draft: Path, names: Sequence[str]) -> None:
    """The Parquet files of a folder as one file for SQL, beside them."""
    target = str(draft / "marts.duckdb").replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{target}' as target (storage_version '{STORAGE_VERSION}')")
        connection.execute("create schema target.marts")
        for name in names:
            source = str(draft / "parquet" / f"{name}.parquet").replace("'", "''")
            connection.execute(
                f"create table target.marts.\"{name}\" as select * from read_parquet('{source}')"
            )
        connection.execute("use target.marts")
        for name in names:
            for statement in comments_on(name):
                connection.execute(statement)
        if "as_reported" in names:
            connection.execute(CHANGES_BETWEEN)
        for macro in macros_over(names):
            connection.execute(macro.statement)
        connection.execute("use memory")
        connection.execute("detach target")


def described_files(folder: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file but the manifest."""
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": sha256_of_file(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in (MANIFEST, MANIFEST_HASH)
    }


def versions(lake: Lake, dbt_project: Path, data: Path) -> dict[str, Any]:
    """What the figures were made with: code, packages, factor libraries, accepted hand-ins."""
    libraries = sorted((data / "emission_factors").glob("*.csv"))
    return {
        "packages": {package: version(package) for package in PACKAGES},
        "code_commit": _commit(dbt_project),
        "dbt_project_sha256": dbt_fingerprint(dbt_project),
        "figures_code_sha256": code_fingerprint(dbt_project),
        "storage": STORAGE_VERSION,
        "emission_factors_sha256": {path.name: sha256_of_hand_in(path) for path in libraries},
        "accepted_hand_ins_sha256": sha256_of_file(lake.hand_ins),
    }


def _commit(folder: Path) -> str | None:
    """Commit of the code, where it runs from a git checkout and git is there."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _current_manifest(lake: Lake) -> dict[str, Any] | None:
    path = lake.preliminary / MANIFEST
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _same_content(current: dict[str, Any], draft: dict[str, Any]) -> bool:
    """Same tables from the same versions; the DuckDB file itself is never byte-stable."""
    label = f"parquet/{LABEL}.parquet"
    parquet = {
        name: entry for name, entry in current["files"].items() if "/" in name and name != label
    }
    return parquet == draft["files"] and all(
        current.get(part) == draft[part] for part in ("tables", "publication", "versions")
    )


def _is_intact(lake: Lake, manifest: dict[str, Any]) -> bool:
    return described_files(lake.preliminary.resolve()) == manifest["files"]


def _point_to(link: Path, folder: Path) -> None:
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(folder, link.parent), target_is_directory=True)
    beside.replace(link)


def remove_drafts(lake: Lake, shelf: Path) -> None:
    """Drafts belong to killed runs: publishing is in the pool of one writer."""
    for draft in shelf.glob(".draft-*"):
        lake.remove_folder(draft)


def _remove_old(lake: Lake, shelf: Path) -> None:
    current = lake.preliminary.resolve()
    others = [path for path in shelf.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT_PUBLICATIONS - 1 :]:
        lake.remove_folder(path)
