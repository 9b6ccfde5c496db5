"""Figures apart from the warehouse: both halves of dbt and the solves, in their own folder.

A release is calculated from nothing, apart from the working file and its incremental builds: it
may take the forms of its tables, and no row of them. `carbonloom verify` compares it with what dbt
builds of the same rows in an empty folder. A question such as what-if is asked of a copy of the
working file, in which only what the change touches is calculated.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

import duckdb

from orchestration.calculation.compiled_models import (
    BrokenRuleError,
    build_stale,
    compiled_project,
    emptied,
)
from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import BELOW_THE_SOLVE, PROJECT, Dbt, made_by
from orchestration.calculation.planning import assess_initiatives
from orchestration.calculation.reported import write_reported
from orchestration.calculation.solving import SolveError, solve_stale_periods
from orchestration.calculation.uncertainty import derive_uncertainty
from orchestration.calculation.up_to_date import maker_of, write_down
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse


class RecomputeError(Exception):
    """The figures can't be calculated from these rows; each problem is a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


NO_TESTS = ("--exclude-resource-type", "test")


def recompute(
    lake: Lake,
    gwp_set: str,
    stated_gwp_set: str,
    *,
    tested: bool = True,
    shaped_like: Lake | None = None,
) -> None:
    """Build the whole warehouse of a folder that holds accepted/ and quality/ only.

    `stated_gwp_set`: what was asked for instead of the company's own set; blank for none.
    `tested`: run the data tests, too; figures that are compared one by one don't need them.
    `shaped_like`: a warehouse whose tables may serve as forms, without a row of them, where
    today's code made them; dbt isn't started then.

    Raises:
        RecomputeError: a model or test failed, or the product system can't be reached.
    """
    if shaped_like is not None and Warehouse(shaped_like).is_built:
        if shaped_like.path != lake.path:
            shutil.copyfile(shaped_like.working_file, lake.working_file)
        if _filled(lake, gwp_set, stated_gwp_set, tested=tested):
            return
        lake.working_file.unlink()
    write_control(lake, PROJECT, gwp_set)
    write_reported(lake, None)
    dbt, tests = Dbt(lake), () if tested else NO_TESTS
    _built(dbt, ["--exclude", BELOW_THE_SOLVE, *tests], stated_gwp_set)
    _between_the_halves(lake)
    _built(dbt, ["--select", BELOW_THE_SOLVE, *tests], stated_gwp_set)
    with Warehouse(lake).writing() as connection:
        write_down(
            connection,
            {maker_of(below=below): made_by(stated_gwp_set) for below in (False, True)},
        )


def _filled(lake: Lake, gwp_set: str, stated_gwp_set: str, *, tested: bool) -> bool:
    """Whether the tables could be emptied and filled anew; where not, dbt says why."""
    if not emptied(lake, stated_gwp_set):
        return False
    write_control(lake, PROJECT, gwp_set)
    write_reported(lake, None)
    statements = [
        one
        for one in compiled_project(lake, stated_gwp_set).statements
        if tested or one.relation is not None
    ]
    try:
        build_stale(lake, [one for one in statements if not one.is_below_the_solve])
        _between_the_halves(lake)
        build_stale(lake, [one for one in statements if one.is_below_the_solve])
    except (duckdb.Error, BrokenRuleError):
        return False
    return True


def is_up_to_date(lake: Lake, gwp_set: str) -> bool:
    """Whether every month of a working file is built from today's inputs and by today's code."""
    _, stale = write_control(lake, PROJECT, gwp_set)
    return not stale


def recompute_changed(lake: Lake, gwp_set: str, stated_gwp_set: str, marts: Sequence[str]) -> None:
    """Build some marts anew, as far as inputs changed since the working file was up to date.

    The months and periods whose inputs changed are built, and only the tables that these marts are
    made of; no data test is run. All other tables of the working file are left as they were.

    Raises:
        RecomputeError: a model failed, or the product system can't be reached.
    """
    write_control(lake, PROJECT, gwp_set)
    models = compiled_project(lake, stated_gwp_set).tables_above(marts)
    try:
        build_stale(lake, [one for one in models if not one.is_below_the_solve])
        _solved(solve_stale_periods, lake)
        build_stale(lake, [one for one in models if one.is_below_the_solve])
    except duckdb.Error as error:
        raise RecomputeError([str(error)]) from error


def _between_the_halves(lake: Lake) -> None:
    """What the marts of products, reduction and uncertainty read beside what dbt built first."""
    for solve in (solve_stale_periods, assess_initiatives, derive_uncertainty):
        _solved(solve, lake)


def _solved(solve: Callable[[Lake], object], lake: Lake) -> None:
    try:
        solve(lake)
    except SolveError as error:
        raise RecomputeError([str(error)]) from error


def _built(dbt: Dbt, selection: Sequence[str], gwp_set: str) -> None:
    run = dbt.build(selection, gwp_set)
    if run.problems:
        raise RecomputeError(run.problems)
