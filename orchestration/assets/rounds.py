"""rounds/status: who owes what, and how much of the emissions hangs on it; cheap, so run daily.

It looks at the moment: the log of judgements, the files and the sign-offs as they lie there, and
the weights of the newest calculation. The mart `round_status` is the same as of the last run.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    PartitionsDefinition,
    asset,
    multi_asset_check,
)

from orchestration.assets.gate import SIGN_OFFS, VERDICTS, log_check
from orchestration.assets.metadata import coverage_picture, shown_as_markdown, shown_as_table
from orchestration.assets.releases import PUBLISHED
from orchestration.collection.round_status import RoundStatus, round_status
from orchestration.commands.status_on_screen import (
    at_risk,
    head_of,
    next_step,
    state_of,
    worst_first,
)
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders

STATUS = AssetKey(["rounds", "status"])
OVERDUE = "nothing_is_overdue"
NEAR = "nothing_is_open_near_the_deadline"
COLUMNS = {
    "hand_in": "Hand-in",
    "owner": "Owner",
    "state": "State",
    "days_late": "Days late",
    "return_count": "Returned",
    "at_risk": "tCO2e at risk",
    "next": "Next step",
}


def round_status_asset(partitions: PartitionsDefinition) -> AssetsDefinition:
    """How each round stands, with a picture of what is covered by which day."""

    @asset(
        key=STATUS,
        deps=[VERDICTS, SIGN_OFFS, PUBLISHED],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        group_name="rounds",
        kinds={"python"},
        description=(
            "Who owes what in the round, by when, how often it came back, and the kgCO2e that "
            "hang on it. Looks at the folders as they are now and calculates nothing."
        ),
    )
    def status(context: AssetExecutionContext, folders: Folders) -> None:
        for one in _now(folders, context.partition_keys):
            context.add_asset_metadata(status_metadata(one), STATUS, partition_key=one.round)

    return status


def round_status_checks(partitions: PartitionsDefinition) -> AssetChecksDefinition:
    """Red on the day after the deadline while something is open; a warning three days before it."""
    specs = [
        AssetCheckSpec(name, asset=STATUS, partitions_def=partitions, description=description)
        for name, description in (
            (OVERDUE, "After the deadline nothing that the round expects is missing or refused."),
            (NEAR, "From three days before the deadline on, nothing is missing or refused."),
        )
    ]

    @multi_asset_check(name="deadlines", specs=specs)
    def deadlines(
        context: AssetCheckExecutionContext, folders: Folders
    ) -> Iterator[AssetCheckResult]:
        rounds = context.op_execution_context.partition_keys
        found = _now(folders, rounds)
        for spec in specs:
            results = [checked(spec.name, one) for one in found]
            for one, result in zip(found, results, strict=True):
                if len(rounds) > 1:  # a result of a range would stand for no round at all
                    log_check(context, spec, result, one.round)
            yield AssetCheckResult(
                passed=all(result.passed for result in results),
                asset_key=STATUS,
                check_name=spec.name,
                severity=results[-1].severity,
                metadata=results[-1].metadata if len(results) == 1 else {},
            )

    return deadlines


def status_metadata(status: RoundStatus) -> dict[str, Any]:
    """A round as it is shown beside the asset."""
    rows = _shown(status, status.rows)
    metadata: dict[str, Any] = {
        "dagster/row_count": len(rows),
        "in_words": head_of(status),
        "closes_on": str(status.closes_on),
        "is_complete": status.is_complete,
        "is_approved": status.is_approved,
        "open": shown_as_table(_shown(status, status.open), tuple(COLUMNS)),
        "hand_ins": MetadataValue.md(shown_as_markdown(rows, COLUMNS)),
        "coverage": MetadataValue.md(coverage_picture(status)),
    }
    if status.coverage_share is not None:
        metadata["coverage_share"] = status.coverage_share
    if status.accepted_hand_in_share is not None:
        metadata["accepted_hand_in_share"] = status.accepted_hand_in_share
    return metadata


def checked(name: str, status: RoundStatus) -> AssetCheckResult:
    """One of the two checks on one round."""
    bad = status.is_overdue if name == OVERDUE else status.is_near
    metadata: dict[str, Any] = {"in_words": head_of(status)}
    if bad:
        rows = _shown(status, status.open)
        metadata["open"] = MetadataValue.md(shown_as_markdown(rows, COLUMNS))
    return AssetCheckResult(
        passed=not bad,
        asset_key=STATUS,
        check_name=name,
        severity=AssetCheckSeverity.ERROR if name == OVERDUE else AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _now(folders: Folders, rounds: Any) -> list[RoundStatus]:
    return round_status(folders.data_folder, folders.lake, date.today(), sorted(rounds))


def _shown(status: RoundStatus, rows: Any) -> list[dict[str, Any]]:
    return [
        {**row, "state": state_of(row), "at_risk": at_risk(row), "next": next_step(row, status)}
        for row in sorted(rows, key=worst_first)
    ]
