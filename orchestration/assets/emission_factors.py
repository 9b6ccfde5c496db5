"""landed/emission_factors and accepted/emission_factors: the libraries of published factors."""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Failure, MetadataValue, asset

from orchestration.assets.gate import COMPANY, FINDING_COLUMNS, FINDINGS_SHOWN
from orchestration.assets.landing import show_landed
from orchestration.assets.metadata import shown_as_markdown, table_metadata
from orchestration.factors import accept_factors
from orchestration.landing import land_factor_libraries
from orchestration.resources import Folders

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
        libraries = land_factor_libraries(folders.data_folder, folders.lake)
        show_landed(context, None, libraries, PREVIEW)

    @asset(
        key=FACTORS,
        deps=[LANDED_FACTORS, COMPANY],
        group_name="accepted",
        kinds={"greatexpectations", "parquet"},
        description="One row a factor version that passed the gate, and its gases beside it.",
    )
    def accepted(context: AssetExecutionContext, folders: Folders) -> None:
        result = accept_factors(folders.data_folder, folders.lake)
        listed = [row for row in result.findings.to_pylist() if row["severity"] != "info"]
        context.add_output_metadata(
            {
                **table_metadata(result.factors, preview=("factor_version_id", *PREVIEW[2:])),
                "refused": result.refused,
                "findings": MetadataValue.md(
                    shown_as_markdown(listed[:FINDINGS_SHOWN], FINDING_COLUMNS)
                ),
            }
        )
        if result.refused and not result.in_force:
            raise Failure(
                "No factor library was accepted, so nothing can be calculated:\n"
                + "\n".join(f"{row['source_cell']}: {row['message_en']}" for row in listed),
                allow_retries=False,
            )

    return [landed, accepted]
