"""releases/release: what was reported; made on purpose only, never by collecting a round."""

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
from orchestration.releasing import NotReleasableError, release
from orchestration.report.documents.writing import write_documents_of
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
                write_documents_of(folders.lake)
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
                "manifest_sha256": done.manifest_sha256,
                "signed_by": shown_as_table(list(reversed(signatures)), names),
            }
        )

    return released
