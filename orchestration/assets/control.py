"""Between the gate and dbt: unit conversions, what is in force, and which months are stale."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    PartitionsDefinition,
    asset,
    multi_asset,
)

from orchestration.assets.emission_factors import FACTORS
from orchestration.assets.gate import CERTIFICATES, COMPANY, ERP, GATE_POOL, READINGS
from orchestration.assets.metadata import table_metadata
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders
from orchestration.steps import convert_units, find_what_is_stale

CONVERSIONS = AssetKey(["accepted", "unit_conversions"])
IN_FORCE = AssetKey(["control", "in_force"])
SUPERSEDED = AssetKey(["control", "superseded"])
BUILD_MONTHS = AssetKey(["control", "build_months"])
REPORTED = AssetKey(["control", "reported_figures"])
ACCEPTED = (READINGS, ERP, CERTIFICATES, FACTORS, COMPANY)


def control_assets(partitions: PartitionsDefinition) -> list[AssetsDefinition]:
    """What dbt needs to know beside what was accepted."""

    @asset(
        key=CONVERSIONS,
        deps=ACCEPTED,
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="accepted",
        kinds={"parquet"},
        pool=GATE_POOL,
        description="Canonical units in one unit text, for every flow and text that occurs.",
    )
    def unit_conversions(context: AssetExecutionContext, folders: Folders) -> None:
        table = convert_units(folders.run(context.partition_keys))
        preview = ("flow_id", "unit_text", "unit_code", "multiplier")
        context.add_output_metadata(table_metadata(table, preview=preview))

    @multi_asset(
        name="control",
        specs=[
            AssetSpec(
                IN_FORCE,
                deps=[*ACCEPTED, CONVERSIONS],
                group_name="control",
                kinds={"parquet"},
                description="The hand-in revisions that count for each source, site and month.",
            ),
            AssetSpec(
                SUPERSEDED,
                deps=[*ACCEPTED, CONVERSIONS],
                group_name="control",
                kinds={"parquet"},
                description="Items of them that a later round stated anew, or that were withdrawn.",
            ),
            AssetSpec(
                BUILD_MONTHS,
                deps=[*ACCEPTED, CONVERSIONS],
                group_name="control",
                kinds={"parquet"},
                description="Fingerprint of each month's inputs, and whether it must be built.",
            ),
            AssetSpec(
                REPORTED,
                deps=ACCEPTED,
                group_name="control",
                kinds={"parquet"},
                description="What the newest release reported of each year.",
            ),
        ],
        pool=GATE_POOL,
    )
    # an annotation would be taken for that of one output
    def control(context: AssetExecutionContext, folders: Folders):  # type: ignore[no-untyped-def]
        places, stale = find_what_is_stale(folders.run())
        months = ", ".join(f"{month:%Y-%m}" for month in stale)
        context.add_asset_metadata({"dagster/row_count": places}, IN_FORCE)
        context.add_asset_metadata({"stale_months": months or "none"}, BUILD_MONTHS)

    return [unit_conversions, control]
