"""published/report: the report site over what is published."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    asset,
)

from orchestration.assets.publication import WRITER_POOL
from orchestration.resources import Folders
from orchestration.steps import render_report

PUBLISHED = AssetKey(["published", "marts"])


def report_asset() -> AssetsDefinition:
    """The asset that renders the report site when something new was published."""

    @asset(
        key=["published", "report"],
        deps=[PUBLISHED],
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
        done = render_report(folders.run())
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
