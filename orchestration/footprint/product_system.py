"""The product system of one reference period, solved: the only place where loops are resolved.

The whole company is one linear system (METHOD R19). All makers of a flow at a site form a
market, and one unit of a market's flow is a like share of all of them. With v the part of each
market's output that is wanted and r the part of each process's operation,

    r = S v            S[process, market]: allocation share of the process's output
    v = g + D T r      T[market, process]: what the process takes; D: 1 / made; g: wanted / made

so v solves (I - D T S) v = g: one factorisation for all products, whatever their number.
Loops (regrind, condensate, two processes that use each other) need no cutting.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.sparse.linalg import SuperLU

from orchestration.footprint.allocation import allocate
from orchestration.footprint.exchanges import Ints, read_exchanges
from orchestration.footprint.markets import Markets, build_markets
from orchestration.footprint.recycled_content import recycled_content
from orchestration.footprint.service_keys import share_services
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    FINAL_DEMAND,
    FLOW_PROPERTIES,
    LINKS,
    PRODUCT,
    REQUIREMENTS,
    SERVICE_KEYS,
    SOLVED_SCHEMAS,
    UTILITY_LOSSES,
    SolvedPeriod,
    SystemInputs,
    in_force,
    last_day,
    read_as,
)
from orchestration.footprint.technosphere import (
    Technosphere,
    build_technosphere,
    factorise,
    requirements,
)

__all__ = [
    "SOLVED_SCHEMAS",
    "SOLVER_FILES",
    "SolvedPeriod",
    "SystemInputs",
    "solve_period",
    "solver_fingerprint",
]

SOLVER_FILES = tuple(
    Path(__file__).with_name(f"{name}.py")
    for name in (
        "product_system",
        "system_tables",
        "system_findings",
        "exchanges",
        "service_keys",
        "markets",
        "allocation",
        "technosphere",
        "recycled_content",
    )
)
"""The files whose code decides a solved figure."""


def solver_fingerprint() -> str:
    """One hash over the solver's code: another one means that every period is solved anew."""
    digest = hashlib.sha256()
    for path in SOLVER_FILES:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def solve_period(reference_period: str, inputs: SystemInputs) -> SolvedPeriod:
    """Solve one reference period; problems of the company's data are findings.

    Raises:
        ValueError: the text is no reference period, or the exchanges contradict themselves.
        KeyError: an input table lacks a column of its schema.
    """
    day = last_day(reference_period)
    rules = in_force(read_as(inputs.allocation_rules, ALLOCATION_RULES), day)
    keys = in_force(read_as(inputs.service_keys, SERVICE_KEYS), day)
    properties = in_force(read_as(inputs.flow_properties, FLOW_PROPERTIES), day)
    findings = Findings(reference_period)
    exchanges = read_exchanges(inputs.exchanges, findings)
    services = share_services(exchanges, keys, findings)
    markets = build_markets(exchanges, services, inputs.delivered_flows, findings)
    allocation = allocate(markets, rules, properties, findings)
    if findings.is_critical:
        return _unsolved(findings)
    system = build_technosphere(markets, allocation.share)
    factors = factorise(system, markets, findings)
    if factors is None:
        return _unsolved(findings)
    return SolvedPeriod(
        reference_period,
        is_solved=True,
        requirements=_requirements(system, factors, markets, inputs, reference_period),
        final_demand=_final_demand(markets, reference_period),
        allocation=allocation.table,
        links=_links(markets, reference_period),
        recycled_content=recycled_content(exchanges, markets, properties, reference_period),
        utility_losses=_utility_losses(markets, reference_period),
        findings=findings.table(),
    )


def _unsolved(findings: Findings) -> SolvedPeriod:
    empty = {name: schema.empty_table() for name, schema in SOLVED_SCHEMAS.items()}
    tables = empty | {"findings": findings.table()}
    return SolvedPeriod(findings.reference_period, is_solved=False, **tables)


def _requirements(
    system: Technosphere,
    factors: SuperLU,
    markets: Markets,
    inputs: SystemInputs,
    reference_period: str,
) -> pa.Table:
    is_wanted = markets.kind == PRODUCT
    is_wanted |= np.isin(markets.flow, list(inputs.wanted_flows))
    is_wanted[markets.demand.market] = True
    texts = _Texts(markets)
    parts = [
        pa.record_batch(
            [
                texts.period(reference_period, len(market)),
                texts.flow(market),
                texts.site(market),
                texts.process(process),
                pa.array(requirement),
            ],
            schema=REQUIREMENTS,
        )
        for market, process, requirement in requirements(system, factors, np.flatnonzero(is_wanted))
    ]
    return pa.Table.from_batches(parts, schema=REQUIREMENTS)


def _final_demand(markets: Markets, reference_period: str) -> pa.Table:
    demand, texts = markets.demand, _Texts(markets)
    return pa.table(
        [
            texts.period(reference_period, len(demand.market)),
            texts.flow(demand.market),
            texts.site(demand.market),
            pa.array(demand.kind, pa.string()),
            pa.array(demand.quantity),
            pa.array(markets.unit[demand.market], pa.string()),
        ],
        schema=FINAL_DEMAND,
    )


def _links(markets: Markets, reference_period: str) -> pa.Table:
    """Each taking, split over the makers of its market by what they made."""
    takings, supplies, texts = markets.takings, markets.supplies, _Texts(markets)
    order = np.argsort(supplies.market, kind="stable")
    makers = np.bincount(supplies.market, minlength=markets.count)
    first = np.cumsum(makers) - makers
    repeats = makers[takings.market]
    row = np.repeat(np.arange(len(repeats)), repeats)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    supply = order[first[takings.market[row]] + within]
    made = markets.made[takings.market[row]]
    part = supplies.quantity[supply] / made
    return pa.table(
        [
            texts.period(reference_period, len(row)),
            texts.process(takings.process[row]),
            texts.flow(takings.market[row]),
            texts.process(supplies.process[supply]),
            pa.array(takings.taken[row] * part),
            pa.array(takings.charged[row] * part),
            pa.array(takings.charged[row] / made),
        ],
        schema=LINKS,
    )


def _utility_losses(markets: Markets, reference_period: str) -> pa.Table:
    rows, texts = np.flatnonzero(markets.is_normalised & (markets.taken > 0)), _Texts(markets)
    return pa.table(
        [
            texts.period(reference_period, len(rows)),
            texts.flow(rows),
            texts.site(rows),
            pa.array(markets.made[rows]),
            pa.array(markets.taken[rows]),
            pa.array(markets.made[rows] / markets.taken[rows]),
            pa.array(markets.unit[rows], pa.string()),
        ],
        schema=UTILITY_LOSSES,
    )


class _Texts:
    """Ids of markets and processes as Arrow arrays, taken by position."""

    def __init__(self, markets: Markets) -> None:
        names = markets.names
        self._flows = pa.array(markets.flow, pa.string())
        self._sites = pa.array(names.facilities[markets.facility], pa.string())
        self._processes = pa.array(names.processes, pa.string())

    def flow(self, market: Ints) -> pa.Array:
        return self._flows.take(pa.array(market))

    def site(self, market: Ints) -> pa.Array:
        return self._sites.take(pa.array(market))

    def process(self, process: Ints) -> pa.Array:
        return self._processes.take(pa.array(process))

    def period(self, reference_period: str, count: int) -> pa.Array:
        return pa.repeat(pa.scalar(reference_period, pa.string()), count)
