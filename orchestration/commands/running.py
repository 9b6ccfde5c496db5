"""A run from the command line, in this process.

With a Dagster instance, which `DAGSTER_HOME` names, it is a run of the UI's job and is seen there.
Without one nobody could look at it: the same steps are taken without Dagster, which costs seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exception_only
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestration import progress
from orchestration.company.data_folder import DataFolder
from orchestration.lake.engines import EMBEDDED, Engine
from orchestration.lake.paths import Lake
from orchestration.steps import GATE, Run, shown_name, steps_of

if TYPE_CHECKING:
    from dagster import DagsterInstance, EventLogEntry
    from dagster._core.execution.job_execution_result import JobExecutionResult
    from dagster._core.remote_origin import RemoteJobOrigin

INSTANCE_VARIABLE = "DAGSTER_HOME"
PROCESS_TAG = "carbonloom/process"
CODE_LOCATION = "carbonloom"
"""As pyproject.toml names it to `dg`."""

Judged = Callable[[Sequence[str]], None]
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
    engine: Engine = EMBEDDED,
) -> RunOutcome:
    """Read, judge, calculate and publish the rounds named, or every round when none is.

    `gwp_set`: instead of the company's own. `judged`: hears of rounds as soon as the gate has
    spoken, before anything is calculated. `engine`: what the models are built with.

    Raises:
        CompanyDataError: the data folder contradicts itself; nothing was started.
    """
    data.validate()
    known = [round_.round for round_ in data.rounds]
    chosen = [data.round(name).round for name in sorted(set(names))] or known
    started = time.perf_counter()
    if os.environ.get(INSTANCE_VARIABLE):
        problems = _seen_in_dagster(
            data.path, warehouse, unbroken_rows(chosen, known), gwp_set, judged, engine
        )
    else:
        lake = Lake(warehouse, engine)
        problems = _step_by_step(Run(data, lake, tuple(chosen), gwp_set), judged)
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


def _step_by_step(run: Run, judged: Judged) -> list[str]:
    """Take each step of the run; returns why one failed, behind which nothing is done."""
    from orchestration.calculation.dbt import DbtError
    from orchestration.calculation.solving import SolveError

    steps = steps_of(run.data)
    for number, step in enumerate(steps):
        progress.step(step.words, number, len(steps))
        try:
            step.take(run)
        except (DbtError, SolveError) as error:
            return [f"{step.name}: {error}"]
        except Exception as error:  # whatever it is, the run has failed and says at which step
            return [f"{step.name}: {_innermost(error)}"]
        if step.name == GATE:
            judged(run.rounds)
    return []


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return "".join(format_exception_only(error)).strip()


def _seen_in_dagster(
    data: Path,
    warehouse: Path,
    groups: list[list[str]],
    gwp_set: str,
    judged: Judged,
    engine: Engine,
) -> list[str]:
    """Run the job over each group of rounds; returns the problems of the first that fails."""
    from dagster import DagsterInstance
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    from orchestration.calculation.dbt import DbtError
    from orchestration.definitions import build_definitions
    from orchestration.resources import Folders
    from orchestration.schedules import round_range

    progress.step("reading the project")
    folders = Folders(
        data=str(data),
        warehouse=str(warehouse),
        gwp_set=gwp_set,
        engine=engine.name,
        engine_address=engine.address,
    )
    try:
        job = build_definitions(folders).resolve_job_def("collect_round")
    except DbtError as error:
        return [str(error)]
    with DagsterInstance.get() as instance:
        _end_runs_of_the_dead(instance)
        heard = Steps(len(job.nodes) * len(groups), judged)
        for group in groups:
            heard.rounds = group
            run_id = str(uuid4())
            instance.add_event_listener(run_id, heard)
            run = instance.create_run_for_job(
                job,
                run_id=run_id,
                tags={**round_range(group), PROCESS_TAG: str(os.getpid())},
                run_config=QUIET,
                remote_job_origin=shown_beside(job.name),
            )
            result = execute_run(InMemoryJob(job), run, instance)
            if not result.success:
                return _problems(result)
    return []


def shown_beside(job: str) -> RemoteJobOrigin:
    """Of which job of the web page a run is: it leaves out of its timeline what is of none."""
    from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
    from dagster._core.remote_origin import (
        RegisteredCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )

    location = RegisteredCodeLocationOrigin(CODE_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)


class Steps:
    """Passes on, as progress, which step Dagster reports to have begun, and when the gate spoke."""

    def __init__(self, total: int, judged: Judged) -> None:
        self.total, self.begun = total, 0
        self.judged = judged
        self.rounds: list[str] = []

    def __call__(self, entry: EventLogEntry) -> None:
        """Hear one event of the run."""
        if entry.dagster_event is not None and entry.dagster_event.is_step_start:
            progress.step(shown_name(entry.dagster_event.step_key or ""), self.begun, self.total)
            self.begun += 1
        if (
            entry.dagster_event is not None
            and entry.dagster_event.is_step_success
            and entry.dagster_event.step_key == GATE
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


def _problems(result: JobExecutionResult) -> list[str]:
    """Why steps failed, in the words of the innermost error."""
    from dagster._core.execution.plan.objects import StepFailureData

    problems = []
    for event in result.all_events:
        failed = event.event_specific_data
        if isinstance(failed, StepFailureData):
            error = failed.error
            while error is not None and error.cause is not None:
                error = error.cause
            words = error.message.strip() if error is not None else "no reason given"
            description = getattr(failed.user_failure_data, "description", None)
            problems.append(f"{event.step_key}: {description or words}")
    return problems or ["The run stopped before its first step."]
