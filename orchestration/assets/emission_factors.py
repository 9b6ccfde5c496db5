"""landed/emission_factors and accepted/emission_factors: the libraries of published factors."""

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    asset,
    asset_check,
)

from orchestration.assets.gate import COMPANY, FINDING_COLUMNS, FINDINGS_SHOWN, VERDICT_COLUMNS
from orchestration.assets.landing import show_landed
from orchestration.assets.metadata import shown_as_markdown, table_metadata
from orchestration.gate.factors import NAME
from orchestration.resources import Folders
from orchestration.steps import judge_libraries, land_libraries

LANDED_FACTORS = AssetKey(["landed", "emission_factors"])
FACTORS = AssetKey(["accepted", "emission_factors"])
PREVIEW = ("factor_id", "edition", "flow_id", "boundary", "geography", "unit", "source_id")


def factor_assets() -> list[AssetsDefinition]:
    """The libraries as read, and the factor versions that passed their gate."""

    @asset(
        key=LANDED_FACTORS,
        group_name="landed",
        kinds={"csv", "parquet"},
        description="Factor libraries as they stand in the data folder, every cell as text.",
    )
    def landed(context: AssetExecutionContext, folders: Folders) -> None:
        show_landed(context, None, land_libraries(folders.run()), PREVIEW)

    @asset(
        key=FACTORS,
        deps=[LANDED_FACTORS, COMPANY],
        group_name="accepted",
        kinds={"greatexpectations", "parquet"},
        description="One row a factor version that passed the gate, and its gases beside it.",
    )
    def accepted(context: AssetExecutionContext, folders: Folders) -> None:
        result = judge_libraries(folders.run())
        listed = [row for row in result.findings.to_pylist() if row["severity"] != "info"]
        context.add_output_metadata(
            {
                **table_metadata(result.factors, preview=("factor_version_id", *PREVIEW[2:])),
                "refused_libraries": ", ".join(result.refused) or "none",
                "findings": MetadataValue.md(
                    shown_as_markdown(listed[:FINDINGS_SHOWN], FINDING_COLUMNS)
                ),
            }
        )

    return [landed, accepted]


def factor_check() -> AssetChecksDefinition:
    """Red where a library was refused; what was accepted of it before stays in force."""

    @asset_check(asset=FACTORS, name="libraries_pass_the_gate")
    def libraries_pass_the_gate(folders: Folders) -> AssetCheckResult:
        verdicts = folders.lake.verdict_rows(NAME)
        refused = [row for row in verdicts if row["state"] == "refused"]
        text = shown_as_markdown(verdicts, VERDICT_COLUMNS)
        return AssetCheckResult(
            passed=not refused,
            metadata={"libraries": len(verdicts), "verdicts": MetadataValue.md(text)},
        )

    return libraries_pass_the_gate
