"""When a round is collected: each month, and whenever a hand-in arrives or changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    PartitionsDefinition,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    define_asset_job,
    in_process_executor,
    schedule,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from orchestration.assets.factor_comparison import CANDIDATE_FACTORS
from orchestration.assets.uncertainty import MONTE_CARLO
from orchestration.company.data_folder import DataFolder, Round
from orchestration.lake.paths import sha256_of_file
from orchestration.resources import Folders

THIRD_OF_THE_MONTH = "0 6 3 * *"
EACH_MORNING = "0 7 * * *"
SENSOR_SECONDS = 60
Seen = dict[str, list]
"""By file: time of change, size, SHA-256."""

SHARED_FOLDERS = ("company", "maps", "emission_factors", "expectations")


def collect_round_job(partitions: PartitionsDefinition) -> UnresolvedAssetJobDefinition:
    """Everything from the files handed in to the publication, in one process."""
    return define_asset_job(
        "collect_round",
        # what is reported is released on purpose, by a person; so is what others are sent; draws
        # are made when somebody asks how far first order is off
        selection=AssetSelection.all()
        - AssetSelection.groups("documents", "releases", "servers")
        - AssetSelection.assets(CANDIDATE_FACTORS, MONTE_CARLO),
        partitions_def=partitions,
        executor_def=in_process_executor,
        description="Read, judge, calculate and publish the rounds chosen.",
    )


def follow_rounds_job(partitions: PartitionsDefinition) -> UnresolvedAssetJobDefinition:
    """Only how the rounds stand and the checks on their deadlines; nothing is calculated."""
    return define_asset_job(
        "follow_rounds",
        selection=AssetSelection.groups("rounds"),
        partitions_def=partitions,
        executor_def=in_process_executor,
        description="Look who owes what, and whether a deadline passed.",
    )


def time_zone_of(folders: Folders) -> str:
    """Where a morning begins: the company's time zone; UTC where company.yml names none."""
    return DataFolder(folders.data).settings.get("time_zone", "UTC")


def daily_schedule(job: UnresolvedAssetJobDefinition, folders: Folders) -> ScheduleDefinition:
    """Each morning, every round that is open and not complete."""

    @schedule(
        job=job,
        cron_schedule=EACH_MORNING,
        name="follow_open_rounds",
        default_status=DefaultScheduleStatus.RUNNING,  # it only looks, and calculates nothing
        execution_timezone=time_zone_of(folders),
    )
    def follow_open_rounds(context: ScheduleEvaluationContext) -> list[RunRequest] | SkipReason:
        from orchestration.collection.round_status import round_status

        day = context.scheduled_execution_time.date()
        found = round_status(DataFolder(folders.data), folders.lake, day)
        rounds = [one.round for one in found if not one.is_complete]
        if not rounds:
            return SkipReason(f"No round that was opened by {day} lacks anything.")
        return [RunRequest(partition_key=name, run_key=f"{name}@{day}") for name in rounds]

    return follow_open_rounds


def newest_opened(rounds: tuple[Round, ...], day: date) -> Round | None:
    """The round that was opened last."""
    opened = [round_ for round_ in rounds if round_.opens_on <= day]
    return max(opened, key=lambda round_: round_.opens_on) if opened else None


def monthly_schedule(job: UnresolvedAssetJobDefinition, folders: Folders) -> ScheduleDefinition:
    """On the third of each month, collect the round opened last."""

    @schedule(
        job=job,
        cron_schedule=THIRD_OF_THE_MONTH,
        name="collect_newest_round",
        execution_timezone=time_zone_of(folders),
    )
    def collect_newest_round(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        day = context.scheduled_execution_time.date()
        round_ = newest_opened(DataFolder(folders.data).rounds, day)
        if round_ is None:
            return SkipReason(f"rounds.csv: no round was opened by {day}.")
        return RunRequest(partition_key=round_.round, run_key=f"{round_.round}@{day}")

    return collect_newest_round


def hand_in_sensor(job: UnresolvedAssetJobDefinition, folders: Folders) -> SensorDefinition:
    """Collect a round whose files arrived or changed; all rounds when shared data changed."""

    @sensor(
        job=job,
        name="hand_ins_arrived",
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=DefaultSensorStatus.STOPPED,
    )
    def hand_ins_arrived(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        data = DataFolder(folders.data)
        before: Seen = json.loads(context.cursor) if context.cursor else {}
        now = look(data.path, before)
        changed = changed_rounds(before, now, [round_.round for round_ in data.rounds])
        context.update_cursor(json.dumps(now))
        if not changed:
            return SkipReason("Nothing was handed in or changed.")
        contents = json.dumps(sorted((name, seen[2]) for name, seen in now.items()))
        return RunRequest(
            run_key=hashlib.sha256(contents.encode()).hexdigest(),
            partition_key=changed[0] if len(changed) == 1 else None,
            tags=round_range(changed) if len(changed) > 1 else {},
        )

    return hand_ins_arrived


def round_range(rounds: Sequence[str]) -> dict[str, str]:
    """Tags that make one run of all rounds from the first to the last."""
    return {
        ASSET_PARTITION_RANGE_START_TAG: min(rounds),
        ASSET_PARTITION_RANGE_END_TAG: max(rounds),
    }


def look(data: Path, before: Seen) -> Seen:
    """Time, size and SHA-256 of every file that a run would read; hashes only what moved."""
    paths = [data / "rounds.csv"]
    for folder in ("rounds", *SHARED_FOLDERS):
        paths += (path for path in (data / folder).rglob("*") if path.is_file())
    now: Seen = {}
    for path in sorted(paths):
        if path.name.startswith((".", "~$")) or not path.exists():
            continue
        name, stat = path.relative_to(data).as_posix(), path.stat()
        known = before.get(name)
        if known is not None and known[:2] == [stat.st_mtime_ns, stat.st_size]:
            now[name] = known
        else:
            now[name] = [stat.st_mtime_ns, stat.st_size, sha256_of_file(path)]
    return now


def changed_rounds(before: Seen, now: Seen, rounds: Sequence[str]) -> list[str]:
    """Rounds to collect again; what is shared by all rounds concerns them all."""
    hashes = [{name: seen[2] for name, seen in state.items()} for state in (before, now)]
    names = before.keys() | now.keys()
    changed = {name for name in names if hashes[0].get(name) != hashes[1].get(name)}
    if any(not name.startswith("rounds/") for name in changed):
        return sorted(rounds)
    return sorted({name.split("/")[1] for name in changed} & set(rounds))
