"""landed/erp_<table> and landed/energy_instruments: what other systems export for a round."""

from collections.abc import Iterable

from dagster import AssetExecutionContext, AssetsDefinition, PartitionsDefinition, asset

from orchestration.assets.landing import landed_asset, show_landed
from orchestration.ingest.mapping import SourceMap
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders
from orchestration.steps import land_certificates

INSTRUMENT_PREVIEW = ("instrument_id", "instrument_type", "facility_id", "quantity", "unit")


def erp_export_assets(
    maps: Iterable[SourceMap], partitions: PartitionsDefinition
) -> list[AssetsDefinition]:
    """One asset an ERP table that has a map, and one for energy instruments."""

    @asset(
        key=["landed", "energy_instruments"],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="landed",
        kinds={"csv", "parquet"},
        description="Certificates and contracts on electricity or heat, as listed for a round.",
    )
    def energy_instruments(context: AssetExecutionContext, folders: Folders) -> None:
        for name, landed in land_certificates(folders.run(context.partition_keys)):
            show_landed(context, name, landed, INSTRUMENT_PREVIEW)

    exports = [
        landed_asset(source_map, partitions, {"csv", "parquet"})
        for source_map in maps
        if source_map.is_export
    ]
    return [*exports, energy_instruments]
