"""The linear system of a period: built once, checked for loops, factorised once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import Flags, Floats, Ints
from orchestration.footprint.factors import Factors, factors_of
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import PRODUCT

NO_NET_OUTPUT = 1e9
"""Turnover per net output from which on a loop is said to make nothing."""
CHUNK = 16
"""Right-hand sides solved at a time: bounds the dense part of the memory, and blocks so small
stay in the cache and in one thread (with 128 a solve took thirty times as long)."""


@dataclass(frozen=True)
class Technosphere:
    """v = g + use v, r = operation v: see `product_system`.

    Attributes:
        use: market x market; part of the row's output that one whole output of the column needs.
        taken: market x process; part of the row's output that the whole of a process takes.
        operation: process x market; part of the process that one whole output needs.
        makers: process x market; 1 where the process makes the market's flow, for whatever share.
        made: of each market, in canonical units.
        is_product: of each market; these are asked for most.
    """

    use: sparse.csr_array
    taken: sparse.csc_array
    operation: sparse.csr_array
    makers: sparse.csc_array
    made: Floats
    is_product: Flags

    def without(self, markets: Flags) -> Technosphere:
        """The system in which nobody runs for what comes out of some markets."""
        kept = sparse.diags_array((~markets).astype(float), format="csr")
        return Technosphere(
            sparse.csr_array(self.use @ kept),
            self.taken,
            sparse.csr_array(self.operation @ kept),
            self.makers,
            self.made,
            self.is_product,
        )

    def solved(self) -> Factors:
        """The factors of I - use, of a part of a system that has a solution."""
        factors = factors_of(self.use, self.is_product)
        if factors is None:
            raise ArithmeticError("A part of a system with a solution has none.")
        return factors


def build_technosphere(
    markets: Markets, allocation_share: Floats, blocked: Blocked
) -> Technosphere:
    """Of processes that make something and aren't blocked; what the others take is final demand."""
    takings, supplies = markets.takings, markets.supplies
    process_count = len(markets.names.processes)
    inside = markets.has_output & ~markets.names.is_non_product & ~blocked.process
    inside = inside[takings.process]
    solved = ~blocked.market[supplies.market]
    taken = sparse.csr_array(
        (
            takings.charged[inside] / markets.made[takings.market[inside]],
            (takings.market[inside], takings.process[inside]),
        ),
        shape=(markets.count, process_count),
    )
    operation = sparse.csr_array(
        (allocation_share[solved], (supplies.process[solved], supplies.market[solved])),
        shape=(process_count, markets.count),
    )
    makers = sparse.csc_array(
        (np.ones(len(supplies.process)), (supplies.process, supplies.market)),
        shape=(process_count, markets.count),
    )
    return Technosphere(
        sparse.csr_array(taken @ operation),
        sparse.csc_array(taken),
        operation,
        makers,
        markets.made,
        markets.kind == PRODUCT,
    )


def factorise(system: Technosphere, markets: Markets, findings: Findings) -> Factors | None:
    """The factors of I - use; None and findings when a loop makes no net output.

    A non-negative `use` has a spectral radius below one exactly when some positive y leaves
    (I - use) y positive; y with (I - use) y = 1 is tried, which the factors give at once.
    """
    factors = factors_of(system.use, system.is_product)
    if factors is not None and _is_productive(factors, system.use):
        return factors
    loops = _explosive_loops(system.use)
    for loop in loops:
        _report_loop(loop, system, markets, findings)
    if not loops and (factors is None or not (factors.solve(np.ones(markets.count)) > 0).all()):
        raise ArithmeticError("The system has no positive solution, and no loop of it is to blame.")
    return factors if not loops else None


def requirements(
    system: Technosphere, factors: Factors, wanted: Ints
) -> Iterator[tuple[Ints, Floats]]:
    """Some of the wanted markets, and process x market: requirement per canonical unit."""
    of_unknown = sparse.csr_array(system.operation @ factors.follows)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        amounts = 1.0 / system.made[part]
        unknowns = factors.unknowns_for(part, amounts)
        if unknowns is not None:
            yield part, of_unknown @ unknowns
            continue
        unit = np.zeros((len(system.made), len(part)), order="F")
        unit[part, np.arange(len(part))] = amounts
        yield part, system.operation @ factors.solve(unit)


def _is_productive(factors: Factors, use: sparse.csr_array) -> bool:
    turnover = factors.solve(np.ones(use.shape[0]))
    return bool(np.isfinite(turnover).all() and (turnover > 0).all() and _below(turnover))


def _below(turnover: Floats) -> bool:
    return bool(turnover.max(initial=0.0) < NO_NET_OUTPUT)


def _explosive_loops(use: sparse.csr_array) -> list[Ints]:
    """Markets of each strongly connected component that is not productive by itself."""
    count, label = connected_components(use, directed=True, connection="strong")
    size = np.bincount(label, minlength=count)
    own_use = use.diagonal() > 0
    candidates = np.unique(label[own_use | (size[label] > 1)])
    found = []
    for component in candidates:
        loop = np.flatnonzero(label == component)
        block = use[loop][:, loop]
        factors = factors_of(block, np.zeros(len(loop), bool))
        if factors is None or not _is_productive(factors, block):
            found.append(loop)
    return found


def _report_loop(loop: Ints, system: Technosphere, markets: Markets, findings: Findings) -> None:
    """Name the processes that make the loop's flows out of the loop's flows."""
    names, takings = markets.names, markets.takings
    in_loop: Flags = np.zeros(markets.count, bool)
    in_loop[loop] = True
    makers = np.unique(system.operation[:, loop].nonzero()[0])
    takers = np.unique(takings.process[in_loop[takings.market]])
    processes = np.intersect1d(makers, takers)
    findings.add(
        "explosive_loop",
        observed=", ".join(names.processes[processes]),
        blocks=names.processes[processes],
        facility=names.facilities[names.process_facility[processes[0]]],
        process=names.processes[processes[0]],
        flow=markets.flow[loop[0]],
        flows=", ".join(np.unique(markets.flow[loop].astype(str))),
    )
