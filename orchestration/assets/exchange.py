"""releases/exchange: product footprints of a release as records for customers; only on purpose."""

from typing import Literal

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    PartitionsDefinition,
    asset,
)
from pydantic import Field

from orchestration.assets.metadata import shown_as_table
from orchestration.assets.publication import WRITER_POOL
from orchestration.assets.releases import RELEASE
from orchestration.publication.folders import release_folders
from orchestration.resources import Folders

EXCHANGE = AssetKey(["releases", "exchange"])
CHECK = "every_record_due_is_there"
COLUMNS = ("product", "year", "kgCO2e per declared unit", "state", "id", "why it changed")


class ExchangeConfig(Config):
    """What the launchpad may narrow or add."""

    basis: Literal["market_based", "location_based"] = Field(
        default="market_based", description="How purchased electricity is counted."
    )
    products: list[str] = Field(default=[], description="Only these; none named: all.")
    years: list[str] = Field(default=[], description="Only these; none named: all whole years.")
    reason: str = Field(
        default="",
        description=(
            "Why figures changed, for the records; needed from 10 % on. Without it: what the "
            "restatements between the two releases say."
        ),
    )


def exchange_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The newest release of a round as PACT records, in the registry of what was given out."""

    @asset(
        key=EXCHANGE,
        deps=[RELEASE],
        partitions_def=partitions,
        group_name="releases",
        kinds={"json"},
        pool=WRITER_POOL,
        check_specs=[
            AssetCheckSpec(
                CHECK,
                asset=EXCHANGE,
                description="No record breaks a rule or lacks data.",
            )
        ],
        description=(
            "One PACT version 3 ProductFootprint for each product and year of the newest release "
            "of the round, in `exchange/` of the warehouse. Records that say the same keep their "
            "id; one that says something else gets a new id and deprecates the one before. "
            "The same as `carbonloom exchange --release`."
        ),
    )
    def exchanged(
        context: AssetExecutionContext, folders: Folders, config: ExchangeConfig
    ) -> MaterializeResult:
        from orchestration.exchange.exchanging import (
            NOT_DUE,
            REFUSED,
            CannotExchangeError,
            exchange,
            release_source,
        )

        lake = folders.lake
        released = release_folders(lake, context.partition_key)
        if not released:
            raise Failure(
                f"{context.partition_key} has no release. Materialize releases/release first.",
                allow_retries=False,
            )
        try:
            with lake.only_writer():
                source = release_source(released[-1], lake.path / "exchange")
                outcomes = exchange(
                    source, config.basis, config.products, config.years, config.reason
                )
        except CannotExchangeError as error:
            raise Failure(str(error), allow_retries=False) from None
        problems = [
            f"{one.product_id} {one.year}, {problem.rule}: {problem.message}"
            for one in outcomes
            for problem in one.problems
        ]
        rows = [
            {
                "product": one.product_id,
                "year": one.year,
                "kgCO2e per declared unit": one.record.get("pcf", {}).get(
                    "pcfExcludingBiogenicUptake"
                ),
                "state": one.state,
                "id": one.record["id"] if one.path else None,
                "why it changed": one.reason,
            }
            for one in outcomes
            if one.state != NOT_DUE
        ]
        return MaterializeResult(
            metadata={
                "release": f"{context.partition_key} {released[-1].name}",
                "records": shown_as_table(rows, COLUMNS, limit=None),
                "folder": MetadataValue.path(str(source.registry)),
                **{
                    state.replace(" ", "_"): sum(one.state == state for one in outcomes)
                    for state in sorted({one.state for one in outcomes})
                },
            },
            check_results=[
                AssetCheckResult(
                    check_name=CHECK,
                    passed=all(one.state != REFUSED for one in outcomes),
                    severity=AssetCheckSeverity.WARN,
                    metadata={"problems": MetadataValue.md("\n".join(f"- {t}" for t in problems))},
                )
            ],
        )

    return exchanged
