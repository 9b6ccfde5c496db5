"""Publishing the newest calculation, signed by nobody, as `preliminary`.

A publication is a folder that is written whole, under a name made of its content, and then
becomes `preliminary` by swapping one symbolic link. Who has a file open keeps the file; who opens
one finds old or new, never half of each. The publication before stays for readers under way.

`published` is the newest release; before the first release it is `preliminary`, too. In both, the
table `publication` says which of the two the figures are.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.calculation.control import BUILT_PERIODS, built_months, recorded
from orchestration.calculation.unpassed import unpassed
from orchestration.footprint.system_tables import PERIODS
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, Lake, sha256_of_file
from orchestration.lake.warehouse import Warehouse
from orchestration.publication.files import (
    LABEL,
    MANIFEST,
    PRELIMINARY,
    PublishError,
    described_files,
    versions,
    write_duckdb,
    write_label,
    write_manifest,
    write_parquet,
)
from orchestration.publication.folders import point_published, point_to, remove_drafts
from orchestration.restatement.figures import history_macros

KEPT_PUBLICATIONS = 2


def publish(lake: Lake, dbt_project: Path, data: Path, today: date | None = None) -> dict[str, Any]:
    """Publish the schema `marts` of the working file as preliminary; returns the manifest."""
    from orchestration.restatement.history import write_history_of_publication

    _refuse_what_is_not_built(lake)
    publications = lake.path / "publications"
    draft = publications / f".draft-{os.getpid()}"
    remove_drafts(lake, publications)
    (draft / "parquet").mkdir(parents=True)
    tables = write_parquet(lake, draft / "parquet")
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
    write_duckdb(draft, [*tables, LABEL], history_macros(tables))
    manifest["files"] = described_files(draft)
    write_manifest(draft, manifest)
    name = f"p{sha256_of_file(draft / MANIFEST)[:16]}"
    lake.remove_folder(publications / name)  # only left there by a run killed before the swap
    draft.replace(publications / name)
    point_to(lake.preliminary, publications / name)
    point_published(lake)
    _remove_old(lake, publications)
    return manifest


def _refuse_what_is_not_built(lake: Lake) -> None:
    """A build that failed half-way leaves months behind their inputs; those aren't published."""
    if not Warehouse(lake).is_built:
        raise PublishError(f"{lake.working_file} is missing: build the warehouse first.")
    if problems := unpassed(lake):
        raise PublishError(f"{'; '.join(problems)}. Nothing is published until a whole run passes.")
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


def _remove_old(lake: Lake, publications: Path) -> None:
    current = lake.preliminary.resolve()
    others = [path for path in publications.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT_PUBLICATIONS - 1 :]:
        lake.remove_folder(path)
