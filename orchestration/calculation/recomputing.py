"""All figures of a folder of accepted rows, from nothing: both halves of dbt and the solves.

A release is calculated this way, apart from the working file and its incremental builds, and so
is the copy that `carbonloom verify` compares it with.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import BELOW_THE_SOLVE, PROJECT, Dbt
from orchestration.calculation.planning import assess_initiatives
from orchestration.calculation.reported import write_reported
from orchestration.calculation.solving import SolveError, solve_stale_periods
from orchestration.lake.paths import Lake


class RecomputeError(Exception):
    """The figures can't be calculated from these rows; each problem is a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


NO_TESTS = ("--exclude-resource-type", "test")


def recompute(lake: Lake, gwp_set: str, stated_gwp_set: str, *, tested: bool = True) -> None:
    """Build the whole warehouse of a folder that holds accepted/ and quality/ only.

    `stated_gwp_set`: what was asked for instead of the company's own set; blank for none.
    `tested`: run the data tests, too; figures that are compared one by one don't need them.

    Raises:
        RecomputeError: a model or test failed, or the product system can't be reached.
    """
    write_control(lake, PROJECT, gwp_set)
    write_reported(lake, None)
    dbt, tests = Dbt(lake), () if tested else NO_TESTS
    _built(dbt, ["--exclude", BELOW_THE_SOLVE, *tests], stated_gwp_set)
    try:
        solve_stale_periods(lake)
        assess_initiatives(lake)
    except SolveError as error:
        raise RecomputeError([str(error)]) from error
    _built(dbt, ["--select", BELOW_THE_SOLVE, *tests], stated_gwp_set)


def _built(dbt: Dbt, selection: Sequence[str], gwp_set: str) -> None:
    run = dbt.build(selection, gwp_set)
    if run.problems:
        raise RecomputeError(run.problems)
