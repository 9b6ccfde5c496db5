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

import numpy as np
import pyarrow as pa
from scipy.sparse.linalg import SuperLU

from orchestration.footprint.allocation import allocate
from orchestration.footprint.exchanges import Floats, Ints, read_exchanges
from orchestration.footprint.final_demand import Demand, build_demand
from orchestration.footprint.market_tables import Texts, final_demand, links, utility_losses
from orchestration.footprint.markets import Markets, build_markets
from orchestration.footprint.recycled_content import recycled_content
from orchestration.footprint.service_keys import share_services
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    FLOW_PROPERTIES,
    PRODUCT,
    REQUIREMENTS,
    SERVICE_KEYS,
    SOLVED_SCHEMAS,
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
    "SolvedPeriod",
    "SystemInputs",
    "solve_period",
]


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
    markets = build_markets(exchanges, services, findings)
    demand = build_demand(markets, inputs.delivered_flows, findings)
    allocation = allocate(markets, rules, properties, findings)
    if findings.is_critical:
        return _unsolved(findings)
    system = build_technosphere(markets, allocation.share)
    factors = factorise(system, markets, findings)
    if factors is None:
        return _unsolved(findings)
    texts = Texts(markets, reference_period)
    wanted = _wanted(markets, demand, inputs.wanted_flows)
    return SolvedPeriod(
        reference_period,
        is_solved=True,
        requirements=_requirements(system, factors, wanted, texts),
        final_demand=final_demand(demand, texts),
        allocation=allocation.table,
        links=links(markets, texts),
        recycled_content=recycled_content(exchanges, markets, properties, texts),
        utility_losses=utility_losses(markets, texts),
        findings=findings.table(),
    )


def _unsolved(findings: Findings) -> SolvedPeriod:
    empty = {name: schema.empty_table() for name, schema in SOLVED_SCHEMAS.items()}
    tables = empty | {"findings": findings.table()}
    return SolvedPeriod(findings.reference_period, is_solved=False, **tables)


def _wanted(markets: Markets, demand: Demand, wanted_flows: frozenset[str]) -> Ints:
    """Markets of products, with final demand, or asked for."""
    is_wanted = markets.kind == PRODUCT
    is_wanted |= np.isin(markets.flow, list(wanted_flows))
    is_wanted[demand.market] = True
    return np.flatnonzero(is_wanted)


def _requirements(system: Technosphere, factors: SuperLU, wanted: Ints, texts: Texts) -> pa.Table:
    parts = []
    for market, block in requirements(system, factors, wanted):
        column, process, requirement = _nonzero(block.T)
        values = [texts.period(column), texts.flow(market[column]), texts.site(market[column])]
        values += [texts.process(process), pa.array(requirement)]
        parts.append(pa.record_batch(values, schema=REQUIREMENTS))
    return pa.Table.from_batches(parts, schema=REQUIREMENTS)


def _nonzero(block: Floats) -> tuple[Ints, Ints, Floats]:
    """Row, column and value of what isn't zero, row by row."""
    block = np.ascontiguousarray(block)
    row_count, width = block.shape
    flat = np.flatnonzero(block)
    row = np.repeat(np.arange(row_count), np.count_nonzero(block, axis=1))
    return row, flat - row * width, block.ravel()[flat]
