"""Each change of an initiative, found in the base year: which processes, quantities and lines.

What is not found there is a problem, and the initiative has no effect in any figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.footprint.exchanges import Ints
from orchestration.footprint.system_tables import PRODUCT, VALUED_KINDS
from orchestration.reduction.base_year import BASES, BaseYear
from orchestration.reduction.findings import Problem
from orchestration.reduction.initiatives import Change, Initiative

GENERATION = "generation"
MARKET_ALONE = (BASES.index("market_based"),)
BOTH = tuple(range(len(BASES)))


@dataclass(frozen=True)
class Scaled:
    """A process takes a multiple of a flow."""

    process: str
    flow: str
    multiple: float


@dataclass(frozen=True)
class Replaced:
    """A share of what a process takes of a flow comes as another one, at a ratio."""

    process: str
    flow: str
    other: str
    share: float
    ratio: float


@dataclass(frozen=True)
class Yielded:
    """A process gives more of a flow at the same input, gained from one of its wastes.

    `kg` and `waste_kg`: of the base year, NaN without a waste.
    """

    process: str
    flow: str
    waste: str | None
    gain: float
    kg: float
    waste_kg: float


@dataclass(frozen=True)
class Generated:
    """Own generation in the place of a bought flow at some processes of a site, per year."""

    facility: str
    processes: tuple[str, ...]
    flow: str
    other: str | None
    amount: float


@dataclass(frozen=True, eq=False)
class Stated:
    """A share of what some emission lines stand for emits what a contract or supplier states."""

    rows: Ints
    kgco2e_per_unit: float
    share: float
    bases: tuple[int, ...]


Part = Scaled | Replaced | Yielded | Generated | Stated


@dataclass(frozen=True)
class Resolved:
    """An initiative that the base year knows everything about."""

    initiative: Initiative
    parts: tuple[Part, ...]
    level_measured: float
    """The part of its full effect that the base year holds already."""


def resolve(base: BaseYear, initiative: Initiative) -> tuple[Resolved | None, list[Problem]]:
    """The initiative in terms of the base year, or why it can't be."""
    parts: list[Part] = []
    problems: list[Problem] = []
    for change in initiative.changes:
        found = list(_parts(base, initiative, change, problems))
        if not found and not problems:
            problems.append(_nothing(initiative, change))
        parts += found
    level = initiative.level_measured(base.months)
    problems += _inseparable(initiative, parts, level)
    if any(problem.is_critical for problem in problems):
        return None, problems
    return Resolved(initiative, tuple(parts), level), problems


def _parts(
    base: BaseYear, initiative: Initiative, change: Change, problems: list[Problem]
) -> Iterator[Part]:
    processes = _processes(base, change)
    if change.kind == "yield":
        yield from _yield(base, initiative, change, problems)
    elif change.kind in ("contract", "supplier_factor"):
        rows = _rows(base, change)
        if len(rows):
            bases = MARKET_ALONE if change.kind == "contract" else BOTH
            yield Stated(rows, change.value, change.share, bases)
    elif change.kind == "own_generation":
        if processes:
            problems += [
                problem
                for process in processes
                for problem in _unknown(base, initiative, change, process, change.other_flow_id)
            ]
            yield Generated(
                change.facility_id,
                tuple(processes),
                change.flow_id,
                change.other_flow_id,
                change.value,
            )
    else:
        for process in processes:
            if change.replaces:
                other = str(change.other_flow_id)
                problems += _unknown(base, initiative, change, process, other)
                yield Replaced(process, change.flow_id, other, change.share, change.value)
            else:
                yield Scaled(process, change.flow_id, change.value)


def _processes(base: BaseYear, change: Change) -> list[str]:
    """The named process, or every one of the site, that has the flow in the base year."""
    known = base.processes_with.get((change.facility_id, change.flow_id), [])
    return [
        process
        for process in known
        if change.process_id in (None, process)
        and base.quantities[process, change.flow_id] != 0
        and not _is_sold(base, process, change.flow_id)
    ]


def _is_sold(base: BaseYear, process: str, flow: str) -> bool:
    """Whether a process takes a product out of the system: final demand, which is kept."""
    markets = base.markets_of.get(flow, np.empty(0, np.int64))
    is_product = (base.assembled.markets.kind[markets] == PRODUCT).any()
    return bool(is_product and not base.is_operated(process))


def _rows(base: BaseYear, change: Change) -> Ints:
    """The emission lines that a stated factor is about."""
    lines = base.lines
    wanted = lines["facility_id"].eq(change.facility_id) & lines["flow_id"].eq(change.flow_id)
    wanted &= lines["component"].eq(change.component or GENERATION)
    if change.process_id is not None:
        wanted &= lines["process_id"].eq(change.process_id)
    if change.supplier_id is not None:
        wanted &= lines["supplier_key"].eq(change.supplier_id)
    return np.flatnonzero(wanted & (base.line_quantity != 0))


def _yield(
    base: BaseYear, initiative: Initiative, change: Change, problems: list[Problem]
) -> Iterator[Yielded]:
    process, flow, waste = str(change.process_id), change.flow_id, change.other_flow_id
    kg = base.outputs_kg.get((process, flow), np.nan)
    waste_kg = base.outputs_kg.get((process, waste), np.nan) if waste else np.nan
    is_made = base.is_operated(process) if process in base.position else False
    if not is_made or not kg > 0 or (waste and not waste_kg > 0):
        problems.append(Problem("yield_without_mass", initiative, change, process, flow))
        return
    gain = change.value - 1.0
    if waste and gain * kg > waste_kg:
        above = (("observed", f"{gain * kg - waste_kg:.6g}"),)
        problems.append(Problem("yield_above_waste", initiative, change, process, flow, above))
        return
    takers = _feeding_on(base, waste)
    is_replaced = any(one.replaces for one in initiative.changes)
    if takers and not is_replaced:
        named = (("takers", ", ".join(takers)),)
        problems.append(Problem("yield_feeds_back", initiative, change, process, waste, named))
        return
    yield Yielded(process, flow, waste, gain, kg, waste_kg)


def _feeding_on(base: BaseYear, flow: str | None) -> list[str]:
    """Processes that take a flow which carries burdens, because it is worth something."""
    markets = base.markets_of.get(flow or "", np.empty(0, np.int64))
    is_valued = np.isin(base.assembled.markets.kind[markets], VALUED_KINDS)
    return sorted(
        process
        for process, taken in base.takings_of
        if is_valued.any() and taken == flow and base.is_operated(process)
    )


def _unknown(
    base: BaseYear, initiative: Initiative, change: Change, process: str, other: str | None
) -> Iterator[Problem]:
    """What is missing for a flow to come to a process."""
    if other is None or (process, other) in base.lines_of:
        return
    if other in base.markets_of:
        if market_for(base, process, other) is None:
            yield Problem("initiative_without_maker", initiative, change, process, other)
        return
    if other not in base.flows:
        return  # carries nothing, and a reason for it stands with the flow
    ready = base.factors_of.get((change.facility_id, other))
    if ready is None:
        yield Problem(
            "initiative_without_factor", initiative, change, process, other, (("component", "-"),)
        )
        return
    for row in ready.to_dict("records"):
        if any(np.isnan(row[basis]) for basis in BASES):
            component = (("component", str(row["component"])),)
            yield Problem(
                "initiative_without_factor", initiative, change, process, other, component
            )


def market_for(base: BaseYear, process: str, flow: str) -> int | None:
    """The market that a process takes an own flow from if it took none: its site's, or the one."""
    taken = base.takings_of.get((process, flow))
    if taken:
        return max(taken, key=lambda row: row[2])[0]
    markets = base.markets_of[flow]
    names, facility = base.assembled.markets.names, base.facility_of[process]
    own = [m for m in markets if names.facilities[base.assembled.markets.facility[m]] == facility]
    found = own or list(markets)
    return int(found[0]) if len(found) == 1 else None


def _inseparable(initiative: Initiative, parts: Sequence[Part], level: float) -> Iterator[Problem]:
    """Parts in force that left nothing behind from which to tell what there was before."""
    for part in parts:
        whole = isinstance(part, Scaled) and 1.0 - level * (1.0 - part.multiple) <= 0.0
        whole |= isinstance(part, Replaced | Stated) and level * part.share >= 1.0
        if level > 0.0 and whole:
            process, flow = getattr(part, "process", None), getattr(part, "flow", None)
            yield Problem("initiative_not_separable", initiative, None, process, flow)


def _nothing(initiative: Initiative, change: Change) -> Problem:
    return Problem("initiative_of_nothing", initiative, change, change.process_id, change.flow_id)
