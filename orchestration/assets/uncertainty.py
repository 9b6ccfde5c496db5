"""uncertainty/sensitivities: what can be wrong, and how far each figure of a year rests on it.

uncertainty/monte_carlo: the same drawn, when somebody asks for it.
"""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Config, Failure, asset
from pydantic import Field

from orchestration.assets.initiatives import EMISSIONS
from orchestration.assets.metadata import shown_as_table
from orchestration.assets.product_system import PRODUCT_SYSTEM, RULES
from orchestration.assets.publication import WRITER_POOL
from orchestration.calculation.dbt import DbtError
from orchestration.calculation.monte_carlo import MonteCarloError
from orchestration.calculation.solving import SolveError
from orchestration.resources import Folders
from orchestration.steps import derive_sensitivities, draw_uncertainty

SENSITIVITIES = AssetKey(["uncertainty", "sensitivities"])
FACTOR_MIX = AssetKey(["intermediate", "int_factor_mix"])
READINGS = AssetKey(["intermediate", "int_readings"])
INVENTORY = AssetKey(["marts", "facility_inventory"])
MONTE_CARLO = AssetKey(["uncertainty", "monte_carlo"])
FIGURE_UNCERTAINTY = AssetKey(["marts", "figure_uncertainty"])
SHOWN_KINDS = ("inventory", "product")
SHOWN_COLUMNS = (
    "figure_kind", "subject", "reference_period", "basis", "figure_value", "first_order_low",
    "first_order_high", "mean", "low_95", "high_95", "wider_by", "skewed_causes",
)  # fmt: skip


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


class Draws(Config):
    """How often, and from which seed."""

    draws: int = Field(default=10_000, ge=2, description="How often every cause is drawn.")
    seed: int = Field(default=1, ge=0, description="The same one gives the same figures.")


def monte_carlo_asset() -> AssetsDefinition:
    """Intervals by Monte Carlo, beside those of first order; no part of the monthly run."""

    @asset(
        key=MONTE_CARLO,
        deps=[SENSITIVITIES, FIGURE_UNCERTAINTY],
        group_name="uncertainty",
        kinds={"scipy", "parquet"},
        pool=WRITER_POOL,
        description=(
            "Every cause drawn, every figure calculated again: where the intervals of first order "
            "are off, and by which skewed causes. Writes its columns of `figure_uncertainty`."
        ),
    )
    def monte_carlo(context: AssetExecutionContext, folders: Folders, config: Draws) -> None:
        try:
            simulated = draw_uncertainty(folders.run(), config.draws, config.seed)
        except (MonteCarloError, SolveError, DbtError) as error:
            raise Failure(str(error), allow_retries=False) from None
        shown = simulated.figures[simulated.figures["figure_kind"].isin(SHOWN_KINDS)]
        context.add_output_metadata(
            {
                "dagster/row_count": len(simulated.figures),
                "draws": simulated.draws,
                "seed": simulated.seed,
                "causes": simulated.causes,
                "intervals": shown_as_table(shown.to_dict("records"), SHOWN_COLUMNS, limit=None),
            }
        )

    return monte_carlo
