"""reduction/initiatives: what each measure would really bring, the system solved again for it."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MetadataValue,
    asset,
)

from orchestration.assets.metadata import bar_picture, shown_as_markdown, shown_as_table
from orchestration.assets.product_system import PRODUCT_SYSTEM, RULES
from orchestration.assets.publication import WRITER_POOL
from orchestration.calculation.solving import SolveError
from orchestration.lake.paths import Lake
from orchestration.reduction.tables import ALONE, IN_SEQUENCE, REDUCTION_SCHEMAS
from orchestration.resources import Folders
from orchestration.steps import assess

INITIATIVES = AssetKey(["reduction", "initiatives"])
EMISSIONS = AssetKey(["intermediate", "int_emissions"])
FACTOR_CHOICES = AssetKey(["intermediate", "int_factor_choices"])
MARKET_BASED = "market_based"
TONNE = 1000.0
COST_COLUMNS = ("initiative", "tCO2e a year", "in sequence", "cost per tCO2e", "net present value")
FINDING_COLUMNS = {
    "source_line": "Line",
    "severity": "Severity",
    "message_en": "What is wrong",
    "remedy_en": "What to do",
}


def initiatives_asset() -> AssetsDefinition:
    """Effects, order and costs of the company's initiatives on its newest full calendar year."""

    @asset(
        key=INITIATIVES,
        deps=[PRODUCT_SYSTEM, EMISSIONS, FACTOR_CHOICES, RULES],
        group_name="reduction",
        kinds={"scipy", "parquet"},
        pool=WRITER_POOL,
        description=(
            "Each initiative as an overlay on the newest full calendar year, the product system "
            "solved again with final demand kept: alone, in sequence, year by year, and its costs."
        ),
    )
    def initiatives(context: AssetExecutionContext, folders: Folders) -> None:
        try:
            assessed = assess(folders.run())
        except SolveError as error:
            raise Failure(str(error), allow_retries=False) from None
        context.add_output_metadata(
            {
                "dagster/row_count": assessed.initiatives,
                "base_year": assessed.base_year or "no full calendar year",
                "refused": assessed.refused,
                **_shown(folders.lake),
            }
        )

    return initiatives


def _shown(lake: Lake) -> dict[str, Any]:
    """What each saves and costs, market-based, as a table and a picture; what is wrong."""
    costs = _rows(lake, "initiative_costs")
    found: dict[str, Any] = {}
    findings = _rows(lake, "initiative_findings")
    if findings:
        found["findings"] = MetadataValue.md(shown_as_markdown(findings, FINDING_COLUMNS))
    by_measure = {
        measure: {
            row["initiative_id"]: row
            for row in costs
            if (row["measure"], row["basis"]) == (measure, MARKET_BASED)
        }
        for measure in (ALONE, IN_SEQUENCE)
    }
    alone, sequence = by_measure[ALONE], by_measure[IN_SEQUENCE]
    order = sorted(alone, key=lambda name: alone[name]["order_in_sequence"] or len(alone) + 1)
    if not order:
        return found
    saved = {
        "alone": [alone[name]["kgco2e_saved"] / TONNE for name in order],
        "in sequence": [
            sequence[name]["kgco2e_saved"] / TONNE if name in sequence else 0.0 for name in order
        ],
    }
    rows = [
        dict(
            zip(
                COST_COLUMNS,
                (
                    name,
                    saved["alone"][number],
                    saved["in sequence"][number],
                    alone[name]["cost_per_tonne"],
                    alone[name]["net_present_value"],
                ),
                strict=True,
            )
        )
        for number, name in enumerate(order)
    ]
    title = "Saved a year at full effect, market-based tCO2e, the cheapest tonne first"
    overlap = [one - other for one, other in zip(*saved.values(), strict=True)]
    bars = {"in sequence": saved["in sequence"], "overlap with those before": overlap}
    found["costs"] = shown_as_table(rows, COST_COLUMNS, limit=None)
    found["picture"] = MetadataValue.md(bar_picture(title, bars, order))
    return found


def _rows(lake: Lake, table: str) -> list[dict[str, Any]]:
    return lake.read(lake.reduction(table), REDUCTION_SCHEMAS[table]).to_pylist()
