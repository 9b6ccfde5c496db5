"""landed/stage_<stage>: the workbooks that the stages of each site hand in."""

from collections.abc import Iterable

from dagster import AssetsDefinition, PartitionsDefinition

from orchestration.assets.landing import landed_asset
from orchestration.ingest.mapping import SourceMap


def stage_workbook_assets(
    maps: Iterable[SourceMap], partitions: PartitionsDefinition
) -> list[AssetsDefinition]:
    """One asset a stage that has a map."""
    return [
        landed_asset(source_map, partitions, {"excel", "parquet"})
        for source_map in maps
        if not source_map.is_export
    ]
