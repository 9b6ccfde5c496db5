"""documents/published: what is sent as a file; made on purpose, and by every release."""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MetadataValue, asset

from orchestration.assets.metadata import shown_as_table
from orchestration.assets.publication import WRITER_POOL
from orchestration.report.documents.writing import write_documents_of
from orchestration.resources import Folders

PUBLISHED = AssetKey(["published", "marts"])


def documents_asset() -> AssetsDefinition:
    """The asset that writes reports, studies and the workbook over what is published."""

    @asset(
        key=["documents", "published"],
        deps=[PUBLISHED],
        group_name="documents",
        kinds={"pdf", "excel"},
        pool=WRITER_POOL,
        description=(
            "Greenhouse gas inventory report and product footprint studies as HTML and PDF in "
            "Chinese and English, and all marts as an Excel workbook. The same publication gives "
            "the same bytes; figures that nobody signed are marked on every page. A release "
            "writes them, too."
        ),
    )
    def documents(context: AssetExecutionContext, folders: Folders) -> None:
        with folders.lake.only_writer():
            done = write_documents_of(folders.lake)
        files = [{"file": name, "sha256": sha256} for name, sha256 in done.files.items()]
        context.add_output_metadata(
            {
                "folder": MetadataValue.path(str(done.folder)),
                "files": shown_as_table(files, ("file", "sha256")),
                "file_count": len(files),
                "is_new": done.is_new,
            }
        )

    return documents
