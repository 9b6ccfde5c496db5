"""The linear system of a reference period, put together from its tables and factorised once."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from orchestration.footprint.allocation import Allocation, allocate
from orchestration.footprint.blocking import Blocked, block
from orchestration.footprint.exchanges import Exchanges, read_exchanges
from orchestration.footprint.factors import Factors
from orchestration.footprint.final_demand import Demand, build_demand
from orchestration.footprint.markets import Markets, build_markets
from orchestration.footprint.opening_stocks import OpeningStocks, draw_on_stocks
from orchestration.footprint.service_keys import share_services
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    FLOW_PROPERTIES,
    SERVICE_KEYS,
    SystemInputs,
    in_force,
    last_day,
    read_as,
)
from orchestration.footprint.technosphere import Technosphere, build_technosphere, factorise
from orchestration.footprint.tolerances import Tolerances


@dataclass(frozen=True)
class Assembled:
    """A system that has a solution, and everything it was made from."""

    exchanges: Exchanges
    stocks: OpeningStocks
    properties: pa.Table
    tolerances: Tolerances
    markets: Markets
    allocation: Allocation
    blocked: Blocked
    system: Technosphere
    factors: Factors
    demand: Demand


def assemble(reference_period: str, inputs: SystemInputs, findings: Findings) -> Assembled | None:
    """The system without what critical findings are about; None where no product is left."""
    day = last_day(reference_period)
    rules = in_force(read_as(inputs.allocation_rules, ALLOCATION_RULES), day)
    keys = in_force(read_as(inputs.service_keys, SERVICE_KEYS), day)
    properties = in_force(read_as(inputs.flow_properties, FLOW_PROPERTIES), day)
    tolerances = Tolerances.of_table(inputs.tolerances)
    stocks = draw_on_stocks(reference_period, inputs)
    exchanges = read_exchanges(stocks.exchanges, findings)
    services = share_services(exchanges, keys, tolerances, findings)
    markets = build_markets(exchanges, services, tolerances, findings)
    allocation = allocate(markets, rules, properties, findings)
    blocked = block(markets, findings.blocked)
    system = build_technosphere(markets, allocation.share, blocked)
    factors = factorise(system, markets, findings)
    if factors is None:  # and findings name the loops: the others are solved without them
        blocked = block(markets, findings.blocked)
        system = build_technosphere(markets, allocation.share, blocked)
        factors = factorise(system, markets, findings)
    if blocked.leaves_no_product or factors is None:
        return None
    return Assembled(
        exchanges,
        stocks,
        properties,
        tolerances,
        markets,
        allocation,
        blocked,
        system,
        factors,
        build_demand(markets, inputs.delivered_flows, blocked, findings),
    )
