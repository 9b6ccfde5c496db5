"""The product system of one reference period, solved: the only place where loops are resolved.

The whole company is one linear system (method R19). All makers of a flow at a site form a
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
from numpy.typing import NDArray

from orchestration.footprint.assembly import assemble
from orchestration.footprint.assumptions import (
    acting_processes,
    report_assumptions,
    report_changed_rules,
    report_departures,
)
from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import Floats, Ints
from orchestration.footprint.factors import Factors
from orchestration.footprint.final_demand import Demand
from orchestration.footprint.market_tables import (
    Texts,
    final_demand,
    ids,
    links,
    utility_losses,
)
from orchestration.footprint.markets import Markets
from orchestration.footprint.opening_stocks import Operations, operations
from orchestration.footprint.recycled_content import recycled_content
from orchestration.footprint.recycled_inputs import recycled_requirements
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    PRODUCT,
    REQUIREMENTS,
    SERVICE_KEYS,
    SOLVED_SCHEMAS,
    SolvedPeriod,
    SystemInputs,
    read_as,
)
from orchestration.footprint.technosphere import Technosphere, requirements

__all__ = [
    "SOLVED_SCHEMAS",
    "SolvedPeriod",
    "SystemInputs",
    "solve_period",
    "unsolved_period",
]


def solve_period(reference_period: str, inputs: SystemInputs) -> SolvedPeriod:
    """Solve one reference period; problems of the company's data are findings.

    What a critical finding is about has no figure, and nothing that needs it; all else is solved.

    Raises:
        ValueError: the text is no reference period, or the exchanges contradict themselves.
        KeyError: an input table lacks a column of its schema.
    """
    findings = Findings(reference_period)
    assembled = assemble(reference_period, inputs, findings)
    if assembled is None:
        return unsolved_period(findings)
    markets, blocked, stocks = assembled.markets, assembled.blocked, assembled.stocks
    system, factors, demand = assembled.system, assembled.factors, assembled.demand
    report_assumptions(markets, demand, blocked, assembled.tolerances, findings)
    report_departures(assembled.allocation, findings)
    for what, schema in (("allocation_rules", ALLOCATION_RULES), ("service_keys", SERVICE_KEYS)):
        table = read_as(getattr(inputs, what), schema)
        report_changed_rules(what, table, acting_processes(markets), findings)
    texts = Texts(markets, reference_period)
    wanted = _wanted(markets, demand, blocked, inputs.wanted_flows)
    of_operations = operations(reference_period, markets.names.processes, stocks.carried)
    return SolvedPeriod(
        reference_period,
        is_solved=True,
        requirements=_requirements(system, factors, wanted, blocked, of_operations, texts),
        recycled_requirements=recycled_requirements(
            system, assembled.exchanges, wanted, stocks, inputs.recycled_flows, texts
        ),
        final_demand=final_demand(demand, blocked, texts),
        allocation=assembled.allocation.table,
        links=links(markets, texts),
        recycled_content=recycled_content(
            assembled.exchanges,
            markets,
            assembled.properties,
            inputs.carried_content,
            blocked,
            texts,
        ),
        opening_stocks=stocks.stated,
        utility_losses=utility_losses(markets, texts),
        findings=findings.table(),
    )


def unsolved_period(findings: Findings) -> SolvedPeriod:
    """A period without a figure, and why."""
    empty = {name: schema.empty_table() for name, schema in SOLVED_SCHEMAS.items()}
    tables = empty | {"findings": findings.table()}
    return SolvedPeriod(findings.reference_period, is_solved=False, **tables)


def _wanted(
    markets: Markets, demand: Demand, blocked: Blocked, wanted_flows: frozenset[str]
) -> Ints:
    """Markets of products, with final demand, or asked for; none that is blocked."""
    is_wanted = markets.kind == PRODUCT
    is_wanted |= np.isin(markets.flow, list(wanted_flows))
    is_wanted[demand.market] = True
    return np.flatnonzero(is_wanted & ~blocked.market)


def _requirements(
    system: Technosphere,
    factors: Factors,
    wanted: Ints,
    blocked: Blocked,
    of_operations: Operations,
    texts: Texts,
) -> pa.Table:
    """What one unit of each wanted market needs; of a blocked process, the whole of itself."""
    names = ids(of_operations.process), ids(of_operations.period)
    parts = []
    for market, block_ in requirements(system, factors, wanted):
        made_by = of_operations.of(system.makers[:, market].toarray()) > 0
        column, operation, requirement = _entries(of_operations.of(block_).T, made_by.T)
        values = [texts.period(column), texts.flow(market[column]), texts.site(market[column])]
        values += [name.take(pa.array(operation)) for name in names]
        parts.append(pa.record_batch([*values, pa.array(requirement)], schema=REQUIREMENTS))
    process = np.flatnonzero(blocked.process)
    own = [texts.period(process), texts.unsolved(process), texts.site_of_process(process)]
    own += [texts.process(process), texts.period(process), pa.array(np.ones(len(process)))]
    parts.append(pa.record_batch(own, schema=REQUIREMENTS))
    return pa.Table.from_batches(parts, schema=REQUIREMENTS)


def _entries(block_: Floats, made_by: NDArray[np.bool_]) -> tuple[Ints, Ints, Floats]:
    """Row, column and value of what isn't zero, row by row, and of makers that carry nothing."""
    row, column = np.nonzero((block_ != 0) | made_by)
    return row, column, block_[row, column]
