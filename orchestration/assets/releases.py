"""releases/release: what was reported; made on purpose only, never by collecting a round."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MetadataValue,
    PartitionsDefinition,
    asset,
)

from orchestration.assets.metadata import shown_as_table
from orchestration.assets.publication import WRITER_POOL
from orchestration.lake.paths import Lake
from orchestration.release.releasing import NotReleasableError, release
from orchestration.report.documents.writing import write_documents_of
from orchestration.report.page_source import PageError
from orchestration.report.writing import write_report
from orchestration.resources import Folders

RELEASE = AssetKey(["releases", "release"])
PUBLISHED = AssetKey(["published", "marts"])


def release_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The round, signed and complete, calculated from its own copy of the accepted rows."""

    @asset(
        key=RELEASE,
        deps=[PUBLISHED],
        partitions_def=partitions,
        group_name="releases",
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
        description=(
            "An immutable folder: marts, the accepted rows and factor versions behind them, "
            "verdicts, sign-offs, and a manifest with the SHA-256 of every file. Refused, with "
            "everything that is missing, unless the round is complete, closed and signed."
        ),
    )
    def released(context: AssetExecutionContext, folders: Folders) -> None:
        try:
            with folders.lake.only_writer():
                done = release(
                    folders.data_folder, folders.lake, context.partition_key, folders.gwp_set
                )
                write_report(folders.lake)
                documents = _documents(folders.lake)
        except NotReleasableError as error:
            missing = MetadataValue.md("\n".join(f"- {text}" for text in error.missing))
            raise Failure(
                f"{context.partition_key} is not released: {len(error.missing)} things missing.",
                metadata={"missing": missing},
                allow_retries=False,
            ) from None
        head = done.manifest["release"]
        signatures = [
            {"round": round_, **row} for round_, rows in head["signatures"].items() for row in rows
        ]
        names = ("round", "hand_in", "role", "person_name", "signed_on")
        context.add_output_metadata(
            {
                "release": f"{head['round']} r{head['number']}",
                "is_new": done.is_new,
                "released_on": head["released_on"],
                "folder": MetadataValue.path(str(done.folder)),
                "documents": MetadataValue.path(str(documents)),
                "manifest_sha256": done.manifest_sha256,
                "signed_by": shown_as_table(list(reversed(signatures)), names),
                **restatement_metadata(
                    done.folder / "parquet", f"{head['round']} r{head['number']}"
                ),
            }
        )

    return released


def restatement_metadata(parquet: Path, release_name: str) -> dict[str, Any]:
    """What a release changed of the one before, by cause; nothing for the first release."""
    from orchestration.commands.restatement_on_screen import (
        TITLES,
        footprint_changes,
        inventory_totals,
        lines_about,
    )

    path = parquet / "restatements.parquet"
    if not path.exists():
        return {}  # released before restatements were kept
    rows = [row for row in pq.read_table(path).to_pylist() if row["newer_release"] == release_name]
    if not rows:
        return {}
    shown = {"changed_since": rows[0]["older_release"], "figures_changed": len(rows)}
    for name, keys, found in (
        ("inventory_changes_tco2e", ("year", "scope", "basis"), inventory_totals(rows)),
        ("footprint_changes_kgco2e", ("product", "year", "basis"), footprint_changes(rows)),
    ):
        columns = (*keys, *TITLES)
        table = [
            {
                column: f"{value:+,.4f}" if isinstance(value, float) else value
                for column, value in zip(columns, line, strict=True)
            }
            for line in found
        ]
        if table:
            shown[name] = shown_as_table(table, columns, limit=None)
    told = "\n".join(f"- {text}" for text in lines_about(parquet, release_name))
    return {**shown, "restatements": MetadataValue.md(told)}


def _documents(lake: Lake) -> Path:
    """Where they lie.

    Raises:
        Failure: one of them can't be set; the release stands, and doing it again writes them.
    """
    try:
        return write_documents_of(lake).folder
    except PageError as error:
        raise Failure(
            f"The release stands without its documents: {error}", allow_retries=False
        ) from error
