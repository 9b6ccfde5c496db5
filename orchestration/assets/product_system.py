"""solved/product_system: who supplies whom, solved with all loops, between the two halves of dbt.

A period that can't be solved fails a check and nothing else: the factory's figures stand.
"""

from collections.abc import Sequence
from typing import Any

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
    asset,
    asset_check,
)

from orchestration.assets.metadata import bar_picture, shown_as_markdown, shown_as_table
from orchestration.assets.publication import WRITER_POOL
from orchestration.calculation.product_figures import delivered_by_stage, same_in_other_periods
from orchestration.calculation.solving import CRITICAL, SolveError, finding_rows
from orchestration.lake.paths import Lake
from orchestration.resources import Folders
from orchestration.steps import solve

PRODUCT_SYSTEM = AssetKey(["solved", "product_system"])
SYSTEM_EXCHANGES = AssetKey(["intermediate", "int_system_exchanges"])
INVENTORY_MONTHS = AssetKey(["intermediate", "int_inventory_months"])
RULES = AssetKey(["accepted", "company"])

SOLVABLE = "product_system_is_solvable"
FINDING_COLUMNS = {
    "periods": "Periods",
    "severity": "Severity",
    "message_en": "What is wrong",
    "remedy_en": "What to do",
}
PERIOD_COLUMNS = ("reference_period", "month_count", "is_solved", "is_stale")
FINDINGS_SHOWN = 50


def product_system_asset() -> AssetsDefinition:
    """What each unit of each flow needs of every process, per month and year."""

    @asset(
        key=PRODUCT_SYSTEM,
        deps=[SYSTEM_EXCHANGES, INVENTORY_MONTHS, RULES],
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
            solved = solve(folders.run())
        except SolveError as error:
            raise Failure(str(error), allow_retries=False) from None
        metadata: dict[str, Any] = {
            "dagster/row_count": len(solved.rows),
            "solved_anew": ", ".join(solved.anew) or "none",
            "removed": ", ".join(solved.removed) or "none",
            "periods": shown_as_table(list(reversed(solved.rows)), PERIOD_COLUMNS),
        }
        metadata |= footprint_metadata(folders.lake)
        findings = finding_rows(folders.lake)
        if findings:
            metadata["findings"] = _shown(findings)
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
        metadata: dict[str, Any] = {"periods_not_solved": ", ".join(periods) or "none"}
        if critical:
            metadata["findings"] = _shown(critical)
        return AssetCheckResult(
            passed=not critical,
            severity=AssetCheckSeverity.ERROR,
            metadata=metadata,
        )

    return product_system_is_solvable


def footprint_metadata(lake: Lake) -> dict[str, Any]:
    """What is sold of each flow and site carries to the gate, as a table and a picture."""
    period, carried = delivered_by_stage(lake)
    if not carried:
        return {}
    stages = sorted({stage for by_stage in carried.values() for stage in by_stage})
    title = f"{period}, cradle to gate, location-based kgCO2e per unit of the flow"
    rows = [
        {"flow": market, "to the gate": sum(by_stage.values()), **by_stage}
        for market, by_stage in carried.items()
    ]
    bars = {stage: [one.get(stage, 0.0) for one in carried.values()] for stage in stages}
    return {
        "footprints_are": title,
        "footprints": shown_as_table(rows, ("flow", "to the gate", *stages)),
        "contributions": MetadataValue.md(bar_picture(title, bars, list(carried))),
    }


def _shown(findings: Sequence[dict[str, Any]]) -> MetadataValue:
    """What is wrong, once for all periods it is wrong in."""
    rows = [
        {**row, "periods": ", ".join([row["reference_period"], *row["other_periods"]])}
        for row in same_in_other_periods(findings)[:FINDINGS_SHOWN]
    ]
    return MetadataValue.md(shown_as_markdown(rows, FINDING_COLUMNS))
