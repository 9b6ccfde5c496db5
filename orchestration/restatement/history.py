"""What every release keeps of those before it: figures as reported, restatements, the base year."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.lake.paths import Lake, read_parquet
from orchestration.publication.files import MANIFEST, PRELIMINARY
from orchestration.publication.folders import all_releases, newest_release
from orchestration.restatement.base_year import BASE_YEAR, base_year_rows
from orchestration.restatement.causes import RESTATEMENTS, compare
from orchestration.restatement.certainty import CERTAINTY, Reported, compared_certainty
from orchestration.restatement.figures import FIGURES, figures_of
from orchestration.restatement.reasons import REASONS
from orchestration.restatement.released_inputs import read_inputs, read_release

AS_REPORTED = pa.schema(
    [
        ("release", pa.string()),
        ("round", pa.string()),
        ("release_number", pa.int32()),
        ("released_on", pa.date32()),
        *FIGURES,
    ]
)
"""One row per release and figure; `release` is `preliminary` for a newest calculation."""

RELEASES = pa.schema(
    [
        ("release", pa.string()),
        ("release_name_en", pa.string()),
        ("release_name_zh", pa.string()),
        ("round", pa.string()),
        ("release_number", pa.int32()),
        ("released_on", pa.date32()),
    ]
)
"""One row per release that the other tables name."""

HISTORY: Mapping[str, pa.Schema] = {
    "dim_release": RELEASES,
    "as_reported": AS_REPORTED,
    "restatements": RESTATEMENTS,
    "restatement_reasons": REASONS,
    "base_year_changes": BASE_YEAR,
    **CERTAINTY,
}


def write_history_of_release(
    earlier: Sequence[Path], draft: Path, head: Mapping[str, Any], versions: Mapping[str, Any]
) -> dict[str, int]:
    """Compare a release that is about to be made with the one before; returns rows by table.

    `earlier`: every release there is. `draft` holds its accepted rows, approvals and Parquet
    marts. The tables carry those of the release before on, so that the newest release tells the
    whole chain.
    """
    before = [one for one in earlier if _order(one) < (head["round"], head["number"])]
    tables = _carried_on(before[-1] if before else None)
    own = _reported(draft, head)
    tables["as_reported"] = pa.concat_tables([*map(_reported_by, earlier), own])
    newer = read_inputs(draft, head, versions)
    if before:
        found = compare(read_release(before[-1]), newer)
        for name, table in (
            ("restatements", found.restatements), ("restatement_reasons", found.reasons),
            *_certainty(before[-1], Reported(newer.name, draft / "parquet")).items(),
        ):  # fmt: skip
            tables[name] = pa.concat_tables([tables[name], table])
    settings = newer.tables["settings"]
    rows = base_year_rows(
        newer.name,
        dict(zip(settings["key"], settings["value"], strict=True)),
        own,
        tables["restatements"],
    )
    added = pa.Table.from_pylist(rows, schema=BASE_YEAR)
    tables["base_year_changes"] = pa.concat_tables([tables["base_year_changes"], added])
    return _write(draft, tables)


def write_history_of_publication(lake: Lake, draft: Path) -> dict[str, int]:
    """What was reported by release, beside the newest calculation; returns rows by table."""
    newest = newest_release(lake)
    tables = _carried_on(newest)
    head = {"round": None, "number": None, "released_on": None}
    if newest is not None:
        compared = _certainty(newest, Reported(PRELIMINARY, draft / "parquet"))
        tables |= {
            name: pa.concat_tables([tables[name], table]) for name, table in compared.items()
        }
    tables["as_reported"] = pa.concat_tables(
        [*map(_reported_by, all_releases(lake)), _reported(draft, head)]
    )
    return _write(draft, tables)


def _order(folder: Path) -> tuple[str, int]:
    return folder.parent.name, int(folder.name[1:])


def _carried_on(release: Path | None) -> dict[str, pa.Table]:
    """Tables of a release; empty where it has none."""
    tables = {}
    for name, schema in HISTORY.items():
        path = release / "parquet" / f"{name}.parquet" if release else None
        if path is not None and path.exists():
            tables[name] = read_parquet(path).cast(schema)
        else:
            tables[name] = schema.empty_table()
    return tables


def _certainty(release: Path, newer: Reported) -> dict[str, pa.Table]:
    older = Reported(_name(_head(release)), release / "parquet")
    return compared_certainty(older, newer)


def _head(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))["release"]
    return found


def _name(head: Mapping[str, Any]) -> str:
    return f"{head['round']} r{head['number']}" if head["round"] else PRELIMINARY


def _reported_by(folder: Path) -> pa.Table:
    return _reported(folder, _head(folder))


def _reported(folder: Path, head: Mapping[str, Any]) -> pa.Table:
    figures, name = figures_of(folder / "parquet"), _name(head)
    day = head["released_on"]
    values = {
        "release": name,
        "round": head["round"],
        "release_number": head["number"],
        "released_on": date.fromisoformat(day) if day else None,
    }
    columns = [
        pa.repeat(pa.scalar(values[field.name], field.type), figures.num_rows)
        if field.name in values
        else figures[field.name]
        for field in AS_REPORTED
    ]
    return pa.table(columns, schema=AS_REPORTED)


def _releases(reported: pa.Table) -> pa.Table:
    """Each release that reported something, with its names."""
    known = reported.select(["release", "round", "release_number", "released_on"])
    rows = known.group_by(known.column_names).aggregate([]).sort_by("release").to_pylist()
    for row in rows:
        number = row["release_number"]
        row["release_name_en"] = (
            f"Round {row['round']}, release {number}" if number else "Newest calculation"
        )
        row["release_name_zh"] = f"{row['round']} 轮次第 {number} 版" if number else "最新计算"
    return pa.Table.from_pylist(rows, schema=RELEASES)


def _write(draft: Path, tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """The tables as files, and the dimension of what they tell of; returns rows by table."""
    tables = {**tables, "dim_release": _releases(tables["as_reported"])}
    for name, table in tables.items():
        pq.write_table(table, draft / "parquet" / f"{name}.parquet", compression="zstd")
    return {name: table.num_rows for name, table in tables.items()}


def moved_products(restatements: pa.Table) -> Iterable[dict[str, Any]]:
    """Totals of products whose footprint moved by 10 % or more."""
    moved = restatements.filter(
        pc.and_(
            pc.fill_null(restatements["moved_10_percent"], False),
            pc.equal(restatements["measure"], "kgco2e_per_declared_unit"),
        )
    )
    return moved.to_pylist()
