"""solved/product_system: who supplies whom, solved with all loops, between the two halves of dbt.

A period that can't be solved fails a check and nothing else: the factory's figures stand.
"""

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MetadataValue,
    PartitionsDefinition,
    asset,
    asset_check,
)

from orchestration.assets.metadata import shown_as_markdown, shown_as_table
from orchestration.assets.publication import WRITER_POOL
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders
from orchestration.solving import CRITICAL, SolveError, finding_rows, solve_stale_periods

PRODUCT_SYSTEM = AssetKey(["solved", "product_system"])
SYSTEM_EXCHANGES = AssetKey(["intermediate", "int_system_exchanges"])
INVENTORY_MONTHS = AssetKey(["intermediate", "int_inventory_months"])
RULES = AssetKey(["accepted", "company"])

SOLVABLE = "product_system_is_solvable"
FINDING_COLUMNS = {
    "reference_period": "Period",
    "severity": "Severity",
    "rule_id": "Rule",
    "process_id": "Process",
    "flow_id": "Flow",
    "message_en": "What is wrong",
    "remedy_en": "What to do",
}
PERIOD_COLUMNS = ("reference_period", "month_count", "is_solved", "is_stale")
FINDINGS_SHOWN = 50


def product_system_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """What each unit of each flow needs of every process, per month and year."""

    @asset(
        key=PRODUCT_SYSTEM,
        deps=[SYSTEM_EXCHANGES, INVENTORY_MONTHS, RULES],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="solved",
        kinds={"scipy", "parquet"},
        pool=WRITER_POOL,
        description=(
            "The company as one system of linear equations per reference period, loops and all: "
            "what one unit of each flow needs of every process."
        ),
    )
    def product_system(context: AssetExecutionContext, folders: Folders) -> None:
        try:
            with folders.lake.only_writer():
                solved = solve_stale_periods(folders.lake)
                findings = finding_rows(folders.lake)
        except SolveError as error:
            raise Failure(str(error), allow_retries=False) from None
        metadata = {
            "dagster/row_count": len(solved.rows),
            "solved_anew": ", ".join(solved.anew) or "none",
            "removed": ", ".join(solved.removed) or "none",
            "periods": shown_as_table(list(reversed(solved.rows)), PERIOD_COLUMNS),
        }
        if findings:
            text = shown_as_markdown(findings[:FINDINGS_SHOWN], FINDING_COLUMNS)
            metadata["findings"] = MetadataValue.md(text)
        context.add_output_metadata(metadata)

    return product_system


def product_system_check() -> AssetChecksDefinition:
    """Red where a period could not be solved; names the processes of the loop or the rule."""

    @asset_check(
        asset=PRODUCT_SYSTEM,
        name=SOLVABLE,
        description="Every reference period of the accepted data has a solution.",
    )
    def product_system_is_solvable(
        context: AssetCheckExecutionContext, folders: Folders
    ) -> AssetCheckResult:
        critical = [row for row in finding_rows(folders.lake) if row["severity"] == CRITICAL]
        periods = sorted({row["reference_period"] for row in critical})
        metadata = {"periods_not_solved": ", ".join(periods) or "none"}
        if critical:
            text = shown_as_markdown(critical[:FINDINGS_SHOWN], FINDING_COLUMNS)
            metadata["findings"] = MetadataValue.md(text)
        return AssetCheckResult(
            passed=not critical,
            severity=AssetCheckSeverity.ERROR,
            metadata=metadata,
        )

    return product_system_is_solvable
