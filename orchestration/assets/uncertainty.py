"""uncertainty/sensitivities: what can be wrong, and how far each figure of a year rests on it."""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Failure, asset

from orchestration.assets.initiatives import EMISSIONS
from orchestration.assets.product_system import PRODUCT_SYSTEM, RULES
from orchestration.assets.publication import WRITER_POOL
from orchestration.calculation.solving import SolveError
from orchestration.resources import Folders
from orchestration.steps import derive_sensitivities

SENSITIVITIES = AssetKey(["uncertainty", "sensitivities"])
FACTOR_MIX = AssetKey(["intermediate", "int_factor_mix"])
READINGS = AssetKey(["intermediate", "int_readings"])
INVENTORY = AssetKey(["marts", "facility_inventory"])


def sensitivities_asset() -> AssetsDefinition:
    """Derivatives of inventories and product intensities by every cause of error."""

    @asset(
        key=SENSITIVITIES,
        deps=[PRODUCT_SYSTEM, EMISSIONS, FACTOR_MIX, READINGS, INVENTORY, RULES],
        group_name="uncertainty",
        kinds={"scipy", "parquet"},
        pool=WRITER_POOL,
        description=(
            "What can be wrong, named once and shared by all that rests on it, and how far each "
            "year's emissions and each product move with it: loops, yields and shares included."
        ),
    )
    def sensitivities(context: AssetExecutionContext, folders: Folders) -> None:
        try:
            derived = derive_sensitivities(folders.run())
        except SolveError as error:
            raise Failure(str(error), allow_retries=False) from None
        context.add_output_metadata(
            {"dagster/row_count": derived.causes, "with_a_stated_spread": derived.stated}
        )

    return sensitivities
