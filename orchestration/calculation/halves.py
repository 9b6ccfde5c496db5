"""The two halves of the dbt project: what comes before the product system is solved, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from orchestration.calculation.compiled_models import refreshed
from orchestration.calculation.dbt import BELOW_THE_SOLVE, Dbt, DbtRun
from orchestration.calculation.solving import refuse_what_is_not_solved
from orchestration.calculation.unpassed import built_under_watch
from orchestration.lake.paths import Lake


@dataclass(frozen=True)
class Half:
    """Some of the dbt project that is built in one invocation, in dbt's selection syntax."""

    name: str
    select: str | None = None
    exclude: str | None = None

    @property
    def selection(self) -> list[str]:
        """The whole of it, as dbt is asked for it."""
        selected = [] if self.select is None else ["--select", self.select]
        return selected if self.exclude is None else [*selected, "--exclude", self.exclude]


INVENTORY_MODELS = Half("inventory_models", exclude=BELOW_THE_SOLVE)
PRODUCT_MODELS = Half("product_models", select=BELOW_THE_SOLVE)


def build_half(
    lake: Lake, half: Half, gwp_set: str, selection: Sequence[str] | None = None
) -> DbtRun:
    """Build what of a half is not up to date, or just what is selected of it.

    Whether all of it passed its tests is kept in mind.

    Raises:
        SolveError: products are asked for, and the product system isn't solved from today's inputs.
    """
    if half is PRODUCT_MODELS:
        refuse_what_is_not_solved(lake)
    dbt = Dbt(lake)
    if selection is None or selection == half.selection:
        build, is_whole = partial(dbt.build_outdated, below=half is PRODUCT_MODELS), True
    else:
        build, is_whole = partial(dbt.build, selection), False
    return built_under_watch(lake, half.name, lambda: build(gwp_set=gwp_set), is_whole=is_whole)


def refresh_half(lake: Lake, half: Half, gwp_set: str) -> DbtRun:
    """Build what of a half is not up to date, where nobody follows it node by node.

    As long as nothing but rows has changed, that needs no start of dbt; what was built is then no
    event of the run that is returned.

    Raises:
        SolveError: as `build_half`.
    """
    below = half is PRODUCT_MODELS
    if below:
        refuse_what_is_not_solved(lake)

    def build() -> DbtRun:
        if not lake.engine.is_cluster and refreshed(lake, gwp_set, below=below):
            return DbtRun()
        return Dbt(lake).build_outdated(gwp_set, below=below)

    return built_under_watch(lake, half.name, build, is_whole=True)
