"""reduction/candidate_factors: what each library that waits for a decision would move."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    asset,
)

from orchestration.assets.emission_factors import FACTORS
from orchestration.assets.metadata import shown_as_table
from orchestration.calculation.factor_comparison import FactorComparisonError, compare_library
from orchestration.resources import Folders

CANDIDATE_FACTORS = AssetKey(["reduction", "candidate_factors"])
CANDIDATES = "candidates"
"""Folder below emission_factors/ whose libraries are compared and never in force."""

FIGURE_COLUMNS = ("figure", "period", "kind", "unit", *(
    f"{basis}_{what}"
    for basis in ("location_based", "market_based")
    for what in ("before", "after", "change_percent")
))  # fmt: skip
VERSION_COLUMNS = (
    "facility_id", "period", "flow_id", "component", "basis", "versions_before", "versions_after",
    "change_kgco2e",
)  # fmt: skip
SHOWN = 50


def factor_comparison_asset() -> AssetsDefinition:
    """The asset that weighs factor libraries before anybody adopts them."""

    @asset(
        key=CANDIDATE_FACTORS,
        deps=[FACTORS, AssetKey(["marts", "lineage"]), AssetKey(["marts", "product_footprints"])],
        group_name="reduction",
        kinds={"csv"},
        description=(
            "What adopting each library in emission_factors/candidates would move: sites by year, "
            "products, the base year, and the factor versions behind it. Nothing is put in force."
        ),
    )
    def candidate_factors(context: AssetExecutionContext, folders: Folders) -> None:
        waiting = sorted((folders.data_folder.path / "emission_factors" / CANDIDATES).glob("*.csv"))
        libraries = [path for path in waiting if path.name != "sources.csv"]
        refused: list[str] = []
        for library in libraries:
            try:
                compared = compare_library(folders.data_folder, folders.lake, library)
            except FactorComparisonError as error:
                refused.append(str(error))
                continue
            figures = compared.figures.head(SHOWN).to_dict("records")
            versions = compared.versions.head(SHOWN).to_dict("records")
            context.add_output_metadata(
                {
                    f"{library.stem}: figures": shown_as_table(figures, FIGURE_COLUMNS),
                    f"{library.stem}: versions": shown_as_table(versions, VERSION_COLUMNS),
                }
            )
        context.add_output_metadata({"libraries": len(libraries)})
        if refused:
            raise Failure("\n\n".join(refused), allow_retries=False)

    return candidate_factors
