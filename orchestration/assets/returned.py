"""quality/returned: hand-ins that go back once more, with what the calculation found in them."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    PartitionsDefinition,
    asset,
)

from orchestration.assets.gate import FINDINGS, VERDICTS
from orchestration.assets.publication import WRITER_POOL
from orchestration.collection.returned.returning import return_what_was_calculated
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders

RESULTS = AssetKey(["marts", "quality_results"])


def returned_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The gate returns what it refused; here follows what only the calculation could see."""

    @asset(
        key=["quality", "returned"],
        deps=[RESULTS, FINDINGS, VERDICTS],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="quality",
        kinds={"xlsx"},
        pool=WRITER_POOL,
        description=(
            "Hand-ins marked with what balances, other months and the product system say of them, "
            "beside what the gate found; in the folder `returned`."
        ),
    )
    def returned(context: AssetExecutionContext, folders: Folders) -> None:
        with folders.lake.only_writer():
            written = return_what_was_calculated(folders.data_folder, folders.lake)
        context.add_output_metadata({"written": [str(path) for path in written]})

    return returned
