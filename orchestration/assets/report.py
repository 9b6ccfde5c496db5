"""published/report: the report site over what is published."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    PartitionsDefinition,
    asset,
)

from orchestration.assets.publication import WRITER_POOL
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.report.writing import write_report
from orchestration.resources import Folders

PUBLISHED = AssetKey(["published", "marts"])


def report_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The asset that renders the report site when something new was published."""

    @asset(
        key=["published", "report"],
        deps=[PUBLISHED],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="published",
        kinds={"html"},
        pool=WRITER_POOL,
        description=(
            "Static pages in Chinese and English over what is published: open "
            "report/index.html from any folder, no server and no network needed. Every chart has "
            "its table, its SQL and its CSV."
        ),
    )
    def report(context: AssetExecutionContext, folders: Folders) -> None:
        with folders.lake.only_writer():
            done = write_report(folders.lake)
        entry = folders.lake.path / "report" / "index.html"
        context.add_output_metadata(
            {
                "open": MetadataValue.path(str(entry)),
                "folder": MetadataValue.path(str(done.folder)),
                "pages": done.pages,
                "is_new": done.is_new,
            }
        )

    return report
