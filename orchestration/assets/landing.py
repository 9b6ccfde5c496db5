"""One landed asset a source: the factory behind workbooks and ERP exports."""

from collections.abc import Sequence
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, PartitionsDefinition, asset

from orchestration.assets.metadata import owners, shown_as_table, table_metadata
from orchestration.ingest.landing import Landed
from orchestration.ingest.mapping import SourceMap
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders
from orchestration.steps import land

PREVIEW = ("hand_in", "source_sheet", "source_cell", "item_text", "value_text", "unit_text")


def landed_asset(
    source_map: SourceMap, partitions: PartitionsDefinition, kinds: set[str]
) -> AssetsDefinition:
    """The asset that reads every hand-in of one source."""

    @asset(
        key=["landed", source_map.source],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="landed",
        kinds=kinds,
        owners=owners(source_map.owner),
        description=source_map.description or f"What was handed in for {source_map.source}.",
        metadata={"owner": source_map.owner or "", "map": f"maps/{source_map.source}.yml"},
    )
    def landed(context: AssetExecutionContext, folders: Folders) -> None:
        for name, hand_ins in land(folders.run(context.partition_keys), source_map):
            show_landed(context, name, hand_ins)

    return landed


def show_landed(
    context: AssetExecutionContext,
    partition: str | None,
    hand_ins: Sequence[Landed],
    preview: Sequence[str] = PREVIEW,
) -> None:
    """Files, hashes and first rows as metadata of the materialization."""
    files = [
        {
            "hand_in": one.name,
            "file": one.source_file,
            "sha256": one.source_sha256,
            "rows": one.table.num_rows,
        }
        for one in hand_ins
    ]
    metadata: dict[str, Any] = {
        "files": shown_as_table(files, ("hand_in", "file", "sha256", "rows"))
    }
    if hand_ins:
        count = sum(one.table.num_rows for one in hand_ins)
        some = hand_ins[0].table
        metadata |= table_metadata(some, count, [c for c in preview if c in some.column_names])
    else:
        metadata["dagster/row_count"] = 0
    context.add_asset_metadata(metadata, partition_key=partition)
