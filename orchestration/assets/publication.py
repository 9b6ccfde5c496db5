"""published/marts: what analysts and BI tools open."""

from collections.abc import Sequence

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    asset,
)

from orchestration.assets.metadata import shown_as_table
from orchestration.resources import Folders
from orchestration.steps import publish_marts

WRITER_POOL = "warehouse_writer"
BUILT_MONTHS = AssetKey(["intermediate", "int_built_months"])
"""Written when every mart is."""


def publication_asset(marts: Sequence[AssetKey]) -> AssetsDefinition:
    """The asset that swaps in a new publication when every mart was built and tested."""

    @asset(
        key=["published", "marts"],
        deps=[*marts, BUILT_MONTHS],
        group_name="published",
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
        description=(
            "The marts as one DuckDB file (storage v1.0.0), as Parquet, and a manifest with the "
            "SHA-256 of every file; swapped in at once while readers are open."
        ),
    )
    def published(context: AssetExecutionContext, folders: Folders) -> None:
        manifest = publish_marts(folders.run())
        tables = [{"mart": name, "rows": rows} for name, rows in manifest["tables"].items()]
        files = [
            {"file": name, "sha256": entry["sha256"], "bytes": entry["bytes"]}
            for name, entry in manifest["files"].items()
        ]
        context.add_output_metadata(
            {
                "marts": shown_as_table(tables, ("mart", "rows")),
                "files": shown_as_table(files, ("file", "bytes", "sha256")),
                "folder": MetadataValue.path(str(folders.lake.published)),
                "commit": manifest["versions"]["code_commit"] or "",
            }
        )

    return published
