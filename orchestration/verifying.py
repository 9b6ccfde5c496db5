"""Is a release what it was? Every byte against the manifest, every figure calculated again.

Nothing but the release is read, and nothing is asked of a network: its accepted rows are built
anew in a folder of their own, and each mart is compared with the released one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.control import code_fingerprint
from orchestration.dbt import PROJECT
from orchestration.lake import Lake, sha256_of_file
from orchestration.publishing import LABEL, MANIFEST, MANIFEST_HASH, described_files, write_parquet
from orchestration.recomputing import RecomputeError, recompute

TOLERANCE = 1e-9
"""Relative difference at which a figure is another one."""

ROUNDING = 1e-14
"""Share of a column's largest figure below which a difference is one of rounding: what is left of
large sums that cancel, such as the residue of a reconciliation, is nothing but that."""

DIFFERENCES_LISTED = 10
INPUTS = ("accepted", "quality")
FLOATING = ("DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Verification:
    """What differs, and what was said about it."""

    files: int
    differences: tuple[str, ...]
    marts: int
    notes: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Nothing differs."""
        return not self.differences


class NotAReleaseError(Exception):
    """The folder has no manifest of a release."""


def verify(folder: Path) -> Verification:
    """Compare a release with its manifest, and its figures with a new calculation.

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
    differences = [*_manifest_differences(folder), *_file_differences(folder, listed)]
    notes = _notes(manifest)
    try:
        with tempfile.TemporaryDirectory(prefix="carbonloom-verify-") as scratch:
            marts, different = _figure_differences(folder, Lake(scratch), head)
    except (RecomputeError, duckdb.Error, OSError) as error:
        marts, different = 0, [f"The figures can't be calculated again: {error}"]
    return Verification(len(listed), (*differences, *different), marts, tuple(notes))


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


def _figure_differences(folder: Path, scratch: Lake, head: dict[str, Any]) -> tuple[int, list[str]]:
    for name in INPUTS:
        shutil.copytree(folder / name, scratch.path / name, copy_function=shutil.copyfile)
    recompute(scratch, head["gwp_set"], head["stated_gwp_set"])
    anew = scratch.path / "parquet"
    anew.mkdir()
    write_parquet(scratch.working_file, anew)
    released = {path.stem: path for path in (folder / "parquet").glob("*.parquet")}
    released.pop(LABEL, None)
    calculated = {path.stem: path for path in anew.glob("*.parquet")}
    differences = [
        f"{name}: calculated now, but not in the release."
        for name in sorted(calculated.keys() - released.keys())
    ]
    differences += [
        f"{name}: in the release, but not calculated now."
        for name in sorted(released.keys() - calculated.keys())
    ]
    both = sorted(released.keys() & calculated.keys())
    tables = {f"parquet/{name}.parquet": (released[name], calculated[name]) for name in both}
    with duckdb.connect() as connection:
        for name, (theirs, ours) in tables.items():
            differences += _readable(name, compared, connection, name, theirs, ours)
        differences += _readable("marts.duckdb", _duckdb_differences, connection, folder, both)
    return len(both), differences


def _readable(name: str, compare: Callable[..., list[str]], *arguments: Any) -> list[str]:
    """A damaged file is a difference, not the end of the comparison."""
    try:
        return compare(*arguments)
    except duckdb.Error as error:
        return [f"{name}: can't be read ({str(error).splitlines()[0]})."]


def _duckdb_differences(
    connection: duckdb.DuckDBPyConnection, folder: Path, names: Iterable[str]
) -> list[str]:
    """marts.duckdb says the same as the Parquet files beside it."""
    place = str(folder / "marts.duckdb").replace("'", "''")
    connection.execute(f"attach '{place}' as released (read_only)")
    differences = []
    for name in names:
        parquet = str(folder / "parquet" / f"{name}.parquet").replace("'", "''")
        query = (
            f'select count(*) from (from released.marts."{name}" except all '
            f"from read_parquet('{parquet}'))"
        )
        other = connection.execute(query).fetchall()[0][0]
        if other:
            differences.append(f"marts.duckdb: {other} rows of {name} are not those of parquet/.")
    connection.execute("detach released")
    return differences


def compared(
    connection: duckdb.DuckDBPyConnection, name: str, released: Path, anew: Path
) -> list[str]:
    """Rows of one mart that differ: by their columns that are no doubles, then in each double.

    Rows of the same other columns are summed, so that their order does not matter.
    """
    read = {"released": released, "anew": anew}
    for alias, path in read.items():
        connection.execute(
            f"create or replace temp view {alias} as select * from read_parquet("
            + "'" + str(path).replace("'", "''") + "')"
        )  # fmt: skip
    columns = {
        alias: dict(
            connection.execute(
                f"select column_name, column_type from (describe {alias})"
            ).fetchall()
        )
        for alias in read
    }
    if columns["released"] != columns["anew"]:
        unlike = sorted(
            column
            for column in columns["released"].keys() | columns["anew"].keys()
            if columns["released"].get(column) != columns["anew"].get(column)
        )
        return [f"{name}: other columns now: {', '.join(unlike)}."]
    return _differing_rows(connection, name, columns["anew"])


def _differing_rows(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str]
) -> list[str]:
    figures = [column for column, kind in columns.items() if kind in FLOATING]
    keys = [column for column in columns if column not in figures]
    grouped = ", ".join(f'"{key}"' for key in keys) or "1"
    sums = "".join(
        f', sum("{column}") as "{column}", count("{column}") as "{column} count"'
        for column in figures
    )
    one = 'select {grouped}, count(*) as "rows"{sums} from {alias} group by all'
    matching = " and ".join(f'r."{key}" is not distinct from a."{key}"' for key in keys) or "true"
    largest = "".join(
        f', max(abs(r."{column}")) over () as "{column} largest"' for column in figures
    )
    unlike = [
        f'("{column} was count" is distinct from "{column} now count" or '
        f'abs("{column} was" - "{column} now") > greatest({TOLERANCE} * '
        f'greatest(abs("{column} was"), abs("{column} now")), {ROUNDING} * "{column} largest"))'
        for column in figures
    ]
    shown = "".join(f', "{column} was", "{column} now"' for column in figures)
    pairs = "".join(
        f', r."{column}" as "{column} was", a."{column}" as "{column} now", '
        f'r."{column} count" as "{column} was count", a."{column} count" as "{column} now count"'
        for column in figures
    )
    places = [f'coalesce(r."{key}", a."{key}")::varchar as "{key}"' for key in keys]
    query = f"""
        select {", ".join(f'"{key}"' for key in keys) or "'all rows'"},
            coalesce("rows was", 0), coalesce("rows now", 0) {shown}
        from (
            select {", ".join([*places, 'r."rows" as "rows was"', 'a."rows" as "rows now"'])}
                {pairs} {largest}
            from ({one.format(grouped=grouped, sums=sums, alias="released")}) r
                full join ({one.format(grouped=grouped, sums=sums, alias="anew")}) a on {matching}
        )
        where {" or ".join(['"rows was" is distinct from "rows now"', *unlike])}
    """
    rows = connection.execute(query).fetchall()
    texts = []
    for row in rows[:DIFFERENCES_LISTED]:
        width = max(len(keys), 1)
        place = " / ".join(part for part in row[:width] if part)
        theirs, ours = row[width : width + 2]
        told = [f"{theirs} rows, calculated {ours}"] if theirs != ours else []
        for number, column in enumerate(figures):
            was, now = row[width + 2 + 2 * number : width + 4 + 2 * number]
            if was != now:
                told.append(f"{column} {was}, calculated {now}")
        texts.append(f"{name}: {place}: {'; '.join(told)}.")
    if len(rows) > DIFFERENCES_LISTED:
        texts.append(f"{name}: {len(rows) - DIFFERENCES_LISTED} more rows differ.")
    return texts
