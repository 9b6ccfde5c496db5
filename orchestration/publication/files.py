"""The files of a publication or release: the marts for SQL and as Parquet, and a manifest."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.calculation.control import code_fingerprint, dbt_fingerprint
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.lake.warehouse import MARTS_FILE, Warehouse, engine, quoted, tables_in
from orchestration.publication.descriptions import comments_on
from orchestration.publication.macros import macros_over
from orchestration.spreadsheets.files import sha256_of_hand_in

STORAGE_VERSION = "v1.0.0"
"""Readable by every client that embeds DuckDB 1.0 or newer."""

MANIFEST, MANIFEST_HASH = "manifest.json", "manifest.sha256"
SIGNATURES = "signatures"
"""Folder of what is signed of a manifest, which therefore can't name it."""

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


def write_parquet(lake: Lake, folder: Path) -> dict[str, int]:
    """The marts of a warehouse, a file each in one fixed order; returns their rows."""
    rows = {}
    with Warehouse(lake).reading() as connection:
        names = sorted(tables_in(connection, "marts"))
        if not names:
            raise PublishError(f"{lake.path} has no schema `marts`: build the warehouse first.")
        for name in names:
            target = quoted(folder / f"{name}.parquet")
            written = connection.execute(
                f'copy (select * from marts."{name}" order by all) to {target} '
                "(format parquet, compression zstd)"
            ).fetchall()
            rows[name] = written[0][0]
    return rows


def write_duckdb(draft: Path, names: Sequence[str], macros: Sequence[str] = ()) -> None:
    """The Parquet files of a folder as one file for SQL, beside them.

    `macros`: statements that make table macros, beside those of macros.sql.
    """
    target = quoted(draft / MARTS_FILE)
    with engine() as connection:
        connection.execute(f"attach {target} as target (storage_version '{STORAGE_VERSION}')")
        connection.execute("begin")  # one: each statement alone would be written to the disk
        connection.execute("create schema target.marts")
        for name in names:
            source = quoted(draft / "parquet" / f"{name}.parquet")
            connection.execute(
                f'create table target.marts."{name}" as select * from read_parquet({source})'
            )
        connection.execute("use target.marts")
        for name in names:
            for statement in comments_on(name):
                connection.execute(statement)
        for statement in (*macros, *(macro.statement for macro in macros_over(names))):
            connection.execute(statement)
        connection.execute("commit")
        connection.execute("use memory")
        connection.execute("detach target")


def described_files(folder: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file but the manifest and its signatures."""
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": sha256_of_file(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in (MANIFEST, MANIFEST_HASH, SIGNATURES)
    }


def versions(lake: Lake, dbt_project: Path, data: Path) -> dict[str, Any]:
    """What the figures were made with: code, packages, factor libraries, accepted hand-ins."""
    libraries = sorted((data / "emission_factors").glob("*.csv"))
    return {
        "packages": package_versions(),
        "code_commit": _commit(dbt_project),
        "dbt_project_sha256": dbt_fingerprint(dbt_project),
        "figures_code_sha256": code_fingerprint(dbt_project),
        "storage": STORAGE_VERSION,
        "emission_factors_sha256": {path.name: sha256_of_hand_in(path) for path in libraries},
        "accepted_hand_ins_sha256": sha256_of_file(lake.hand_ins),
    }


def package_versions() -> dict[str, str]:
    """Versions of the packages that figures are made with, as they are installed."""
    return {package: version(package) for package in PACKAGES}


def _commit(folder: Path) -> str | None:
    """Commit of the code, where it runs from a git checkout and git is there."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
