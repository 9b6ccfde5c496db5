"""A run from the command line: the job of the UI over the rounds named, in this process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestration import progress
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake

if TYPE_CHECKING:
    from dagster import DagsterInstance, EventLogEntry, ExecuteInProcessResult

PROCESS_TAG = "carbonloom/process"
Judged = Callable[[Sequence[str]], None]
GATE_STEP = "gate"
"""Dagster's name of the step that judges a round's hand-ins."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class RunOutcome:
    """What was run, how long it took, and why it stopped, if it did."""

    rounds: list[str]
    problems: list[str]
    seconds: float
    states: dict[str, list[str]]
    """Hand-ins of the rounds, as `hand-in (round)`, by state."""


def run_rounds(
    data: DataFolder,
    warehouse: Path,
    names: Sequence[str],
    gwp_set: str = "",
    judged: Judged = lambda _: None,
) -> RunOutcome:
    """Read, judge, calculate and publish the rounds named, or every round when none is.

    `gwp_set`: instead of the company's own. `judged`: hears of rounds as soon as the gate has
    spoken, before anything is calculated.

    Raises:
        CompanyDataError: the data folder contradicts itself; nothing was started.
    """
    data.validate()
    known = [round_.round for round_ in data.rounds]
    chosen = [data.round(name).round for name in sorted(set(names))] or known
    from orchestration.calculation.dbt import DbtError

    started = time.perf_counter()
    try:
        problems = _execute(data.path, warehouse, unbroken_rows(chosen, known), gwp_set, judged)
    except DbtError as error:
        problems = [str(error)]
    return RunOutcome(chosen, problems, time.perf_counter() - started, _states(warehouse, chosen))


def _states(warehouse: Path, rounds: Sequence[str]) -> dict[str, list[str]]:
    states: dict[str, list[str]] = {}
    for name in rounds:
        for row in Lake(warehouse).verdict_rows(name):
            states.setdefault(row["state"], []).append(f"{row['hand_in']} ({name})")
    return dict(sorted(states.items()))


def unbroken_rows(chosen: Sequence[str], known: Sequence[str]) -> list[list[str]]:
    """Neighbouring rounds together: one run each, dbt is called once for all of them."""
    groups: list[list[str]] = []
    for name in known:
        if name not in chosen:
            groups.append([])
        elif groups and groups[-1]:
            groups[-1].append(name)
        else:
            groups.append([name])
    return [group for group in groups if group]


def _execute(
    data: Path, warehouse: Path, groups: list[list[str]], gwp_set: str, judged: Judged
) -> list[str]:
    """Run the job over each group of rounds; returns the problems of the first that fails."""
    from dagster import DagsterInstance

    from orchestration.definitions import build_definitions
    from orchestration.resources import Folders
    from orchestration.schedules import round_range

    progress.step("reading the project")
    folders = Folders(data=str(data), warehouse=str(warehouse), gwp_set=gwp_set)
    job = build_definitions(folders).resolve_job_def("collect_round")
    shown = bool(os.environ.get("DAGSTER_HOME"))
    with DagsterInstance.get() if shown else DagsterInstance.ephemeral() as instance:
        _end_runs_of_the_dead(instance)
        heard = Steps(len(job.nodes) * len(groups), judged)
        for group in groups:
            heard.rounds = group
            run_id = str(uuid4())
            instance.add_event_listener(run_id, heard)
            result = job.execute_in_process(
                instance=instance,
                run_id=run_id,
                tags={**round_range(group), PROCESS_TAG: str(os.getpid())},
                run_config=QUIET,
                raise_on_error=False,
            )
            if not result.success:
                return _problems(result)
    return []


class Steps:
    """Passes on, as progress, which step Dagster reports to have begun, and when the gate spoke."""

    def __init__(self, total: int, judged: Judged) -> None:
        self.total, self.begun = total, 0
        self.judged = judged
        self.rounds: list[str] = []

    def __call__(self, entry: EventLogEntry) -> None:
        """Hear one event of the run."""
        if entry.dagster_event is not None and entry.dagster_event.is_step_start:
            words = entry.dagster_event.step_key.replace("__", "/").replace("_", " ")
            progress.step(words, self.begun, self.total)
            self.begun += 1
        if (
            entry.dagster_event is not None
            and entry.dagster_event.is_step_success
            and entry.dagster_event.step_key == GATE_STEP
        ):
            self.judged(self.rounds)


def _end_runs_of_the_dead(instance: DagsterInstance) -> None:
    """A killed run would keep its place in the writer's pool and block every later one."""
    from dagster import DagsterRunStatus, RunsFilter

    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
        process = run.tags.get(PROCESS_TAG)
        if process is not None and not Path(f"/proc/{process}").exists():
            instance.report_run_failed(run, "The process of this run is gone.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _problems(result: ExecuteInProcessResult) -> list[str]:
    """Why steps failed, in the words of the innermost error."""
    problems = []
    for event in result.all_events:
        if event.is_step_failure:
            error = event.event_specific_data.error
            while error.cause is not None:
                error = error.cause
            description = getattr(event.event_specific_data.user_failure_data, "description", None)
            problems.append(f"{event.step_key}: {description or error.message.strip()}")
    return problems or ["The run stopped before its first step."]
