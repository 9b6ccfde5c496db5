"""quality/returned: hand-ins that go back once more, with what the calculation found in them."""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, asset

from orchestration.assets.gate import FINDINGS, VERDICTS
from orchestration.assets.publication import WRITER_POOL
from orchestration.resources import Folders
from orchestration.steps import return_calculated

RESULTS = AssetKey(["marts", "quality_results"])


def returned_asset() -> AssetsDefinition:
    """The gate returns what it refused; here follows what only the calculation could see."""

    @asset(
        key=["quality", "returned"],
        deps=[RESULTS, FINDINGS, VERDICTS],
        group_name="quality",
        kinds={"xlsx"},
        pool=WRITER_POOL,
        description=(
            "Hand-ins marked with what balances, other months and the product system say of them, "
            "beside what the gate found; in the folder `returned`."
        ),
    )
    def returned(context: AssetExecutionContext, folders: Folders) -> None:
        written = return_calculated(folders.run())
        context.add_output_metadata({"written": [str(path) for path in written]})

    return returned
