"""What a run does, step by step: Dagster's assets and the command line do the same, in one order.

Where somebody looks at runs, each step is an operation of Dagster's job `collect_round`. Where
nobody can look, the command line takes the steps one after the other without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import PROJECT, DbtError, DbtRun
from orchestration.calculation.halves import (
    INVENTORY_MODELS,
    PRODUCT_MODELS,
    Half,
    build_half,
    refresh_half,
)
from orchestration.calculation.monte_carlo import MonteCarloError, Simulated, draw_figures
from orchestration.calculation.planning import Assessed, assess_initiatives
from orchestration.calculation.recomputing import is_up_to_date
from orchestration.calculation.reported import write_reported
from orchestration.calculation.solving import Solved, solve_stale_periods
from orchestration.calculation.uncertainty import DerivedUncertainty, derive_uncertainty
from orchestration.collection.returned.returning import (
    return_hand_ins,
    return_what_was_calculated,
)
from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.source_map import SourceMap
from orchestration.gate.acceptance import RoundResult, accept_company, judge_and_accept
from orchestration.gate.conversions import rebuild_conversions
from orchestration.gate.factors import FactorResult, accept_factors
from orchestration.gate.judgement_log import write_as_of
from orchestration.gate.standing import ground_of, invalidate, let_stand, still_stands
from orchestration.ingest.landing import (
    Landed,
    land_factor_libraries,
    land_instruments,
    land_source,
)
from orchestration.lake.paths import Lake
from orchestration.progress import doing
from orchestration.publication.folders import newest_release
from orchestration.release.publishing import publish
from orchestration.report.writing import Report, write_report

GATE = "gate"
"""The step that judges the hand-ins of the rounds."""


@dataclass(frozen=True)
class Run:
    """The rounds of a company that are collected, and the warehouse they are collected into.

    `gwp_set`: instead of the company's own. `today`: approvals end and begin on a day.
    """

    data: DataFolder
    lake: Lake
    rounds: tuple[str, ...]
    gwp_set: str = ""
    today: date = field(default_factory=date.today)


@dataclass(frozen=True)
class Step:
    """One step, named as its operation in Dagster."""

    name: str
    take: Callable[[Run], object]

    @property
    def words(self) -> str:
        """What is shown while it is taken."""
        return shown_name(self.name)


def shown_name(operation: str) -> str:
    """An operation of Dagster as a person reads it."""
    return operation.replace("__", "/").replace("_", " ")


def steps_of(data: DataFolder) -> tuple[Step, ...]:
    """Every step of a run over a company, each behind all that it needs."""
    return (
        Step("accepted__company", accept_master_data),
        Step("landed__emission_factors", land_libraries),
        Step("accepted__emission_factors", judge_libraries),
        *(
            Step(f"landed__{source}", partial(_land_whole, source_map=source_map))
            for source, source_map in sorted(data.maps.items())
        ),
        Step("landed__energy_instruments", _land_all_certificates),
        Step(GATE, _judge_whole),
        Step("accepted__unit_conversions", convert_units),
        Step("control", find_what_is_stale),
        Step(INVENTORY_MODELS.name, partial(_build_whole, half=INVENTORY_MODELS)),
        Step("solved__product_system", solve),
        Step("reduction__initiatives", assess),
        Step("uncertainty__sensitivities", derive_sensitivities),
        Step(PRODUCT_MODELS.name, partial(_build_whole, half=PRODUCT_MODELS)),
        Step("quality__returned", return_calculated),
        Step("published__marts", publish_marts),
        Step("published__report", render_report),
    )


def accept_master_data(run: Run) -> dict[str, pa.Table]:
    """Write the master data that passed validation; returns it by table."""
    return accept_company(run.data, run.lake)


def land_libraries(run: Run) -> list[Landed]:
    """Read the factor libraries."""
    return land_factor_libraries(run.data, run.lake)


def judge_libraries(run: Run) -> FactorResult:
    """Judge the factor libraries, and put in force those that passed."""
    with run.lake.only_writer():
        return accept_factors(run.lake)


def land(run: Run, source_map: SourceMap) -> Iterator[tuple[str, list[Landed]]]:
    """Read what was handed in for a source, round by round."""
    for name in run.rounds:
        yield name, land_source(run.data, run.lake, source_map, run.data.round(name))


def land_certificates(run: Run) -> Iterator[tuple[str, list[Landed]]]:
    """Read the certificates and contracts on electricity and heat, round by round."""
    for name in run.rounds:
        landed = land_instruments(run.data, run.lake, run.data.round(name))
        yield name, [landed] if landed else []


def judge_rounds(run: Run) -> Iterator[tuple[str, RoundResult | None]]:
    """Judge the rounds in their order, and return their files; each with what the gate said.

    Nothing is said anew of a round whose judgement still stands.
    """
    rounds = sorted(run.rounds)
    for number, name in enumerate(rounds):
        doing(f"judging round {name}", number, len(rounds))
        with run.lake.only_writer():
            result = _judged(run, run.data.round(name))
        yield name, result


def _judged(run: Run, round_: Round) -> RoundResult | None:
    data, lake, today = run.data, run.lake, run.today
    ground = ground_of(data, lake, round_, today)
    if still_stands(lake, ground):
        write_as_of(lake, today)
        return None
    invalidate(lake, round_.round)
    result = judge_and_accept(data, lake, round_, today)
    findings = result.findings.to_pylist()
    returned = return_hand_ins(data, lake, round_, result.verdicts, findings)
    let_stand(lake, ground, result.verdicts, returned)
    return result


def convert_units(run: Run) -> pa.Table:
    """Canonical units in every unit text that was accepted."""
    with run.lake.only_writer():
        return rebuild_conversions(run.data.company, run.lake, run.rounds)


def find_what_is_stale(run: Run) -> tuple[int, list[date]]:
    """Write what counts, was reported and must be built; returns how many places, stale months."""
    gwp_set = run.gwp_set or run.data.company.settings["gwp_set"]
    with run.lake.only_writer():
        write_reported(run.lake, newest_release(run.lake))
        return write_control(run.lake, PROJECT, gwp_set)


def build(run: Run, half: Half, selection: Sequence[str] | None = None) -> DbtRun:
    """Build a half of the dbt project, or what is selected of it.

    Raises:
        SolveError: products are asked for, and the product system isn't solved from today's inputs.
    """
    with run.lake.only_writer():
        return build_half(run.lake, half, run.gwp_set, selection)


def solve(run: Run) -> Solved:
    """Solve the product system where it is stale.

    Raises:
        SolveError: the inventory isn't built from today's inputs.
    """
    with run.lake.only_writer():
        return solve_stale_periods(run.lake)


def assess(run: Run) -> Assessed:
    """Find out what the company's initiatives bring.

    Raises:
        SolveError: the inventory isn't built from today's inputs.
    """
    with run.lake.only_writer():
        return assess_initiatives(run.lake)


def derive_sensitivities(run: Run) -> DerivedUncertainty:
    """Find out what can be wrong, and how far each figure rests on it.

    Raises:
        SolveError: the inventory isn't built from today's inputs.
    """
    with run.lake.only_writer():
        return derive_uncertainty(run.lake)


def draw_uncertainty(run: Run, draws: int, seed: int) -> Simulated:
    """Draw every cause, and put the intervals beside those of first order; nothing is published.

    Raises:
        MonteCarloError: there is nothing to draw with, or some draws have no answer.
        SolveError: the inventory isn't built from today's inputs.
        DbtError: the mart of the intervals can't be built.
    """
    gwp_set = run.gwp_set or run.data.company.settings["gwp_set"]
    with run.lake.only_writer():
        if not run.lake.working_file.exists() or not is_up_to_date(run.lake, gwp_set):
            raise MonteCarloError(
                "The figures are not those of today's inputs. `carbonloom run` first, with the "
                "same --gwp-set, if any."
            )
        simulated = draw_figures(run.lake, draws, seed)
    _build_whole(run, PRODUCT_MODELS)
    return simulated


def return_calculated(run: Run) -> list[Path]:
    """Return hand-ins in which the calculation found something; returns what was written."""
    with run.lake.only_writer():
        return return_what_was_calculated(run.data, run.lake)


def publish_marts(run: Run) -> dict[str, Any]:
    """Publish the marts; returns the manifest."""
    with run.lake.only_writer():
        return publish(run.lake, PROJECT, run.data.path)


def render_report(run: Run) -> Report:
    """Render the report over what is published."""
    with run.lake.only_writer():
        return write_report(run.lake)


def _land_whole(run: Run, source_map: SourceMap) -> None:
    for _ in land(run, source_map):
        pass


def _land_all_certificates(run: Run) -> None:
    for _ in land_certificates(run):
        pass


def _judge_whole(run: Run) -> None:
    for _ in judge_rounds(run):
        pass


def _build_whole(run: Run, half: Half) -> None:
    with run.lake.only_writer():
        problems = refresh_half(run.lake, half, run.gwp_set).problems
    if problems:
        raise DbtError(failed(problems))


def failed(problems: Sequence[str]) -> str:
    """What is said of a build that failed."""
    return "\n".join(["dbt build failed:", *problems])
