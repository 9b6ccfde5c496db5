"""How far the intensity of each product moves with each exchange: total derivatives by the adjoint.

With r = S v, v = g + D T r and the burdens e of whole processes (see `product_system`), the burden
of one unit is F = e r. The adjoint m = S'e + (D T S)'m, what the whole output of each market
carries, is solved once for all units, by the factors of the system itself. Then

    dF = r de + (e + T'D m)' dS v + m' d(D T) r + m' dg

and each quantity stands in few of these: as what a process takes, as what it gives and is shared
by, as the whole that a market made, as the base of a service's key, and as its own emission line.
What is kept: from which site a flow comes, and measured properties. Prices, and shares of services
that are stated, are moved beside the quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from orchestration.footprint.allocation import ECONOMIC_BASES, PHYSICAL_BASES
from orchestration.footprint.assembly import Assembled
from orchestration.footprint.exchanges import SERVICE, Floats, Ints, sums
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_tables import (
    DELIVERY,
    DEMAND_KINDS,
    INTERMEDIATE,
    NON_PRODUCT_USE,
    NOT_TAKEN,
    OWN_WASTE,
    PRODUCT,
    SERVICE_PREFIX,
    STOCK_CHANGE,
    STOCK_PREFIX,
    WITHOUT_OUTPUT,
)

INPUT, OUTPUT = "input", "output"
BY_QUANTITY = frozenset({*PHYSICAL_BASES, "revenue"})
"""Allocation bases whose key is a multiple of the quantity."""

Exchange = tuple[str, str, str]
"""Process, flow and direction."""


@dataclass(frozen=True)
class Sensitivities:
    """Derivatives of the burden of one unit of some markets.

    Attributes:
        markets: by position; or a number each of kinds of final demand.
        intensities: market x burden, what one unit carries.
        requirements: process x market, the part of a process's operation that one unit needs.
        exchanges: what `of_exchanges` is about, sorted.
        of_exchanges: exchange x market x burden, by the logarithm of the quantity, through the
            system alone; the exchange's own emission line is `requirements` times its burden.
        of_prices: process and flow of economic allocation, market x burden.
        of_keys: giver and consumer of a service whose share of it is stated, market x burden.
    """

    markets: Ints
    intensities: Floats
    requirements: Floats
    exchanges: list[Exchange]
    of_exchanges: Floats
    of_prices: Mapping[tuple[str, str], Floats]
    of_keys: Mapping[tuple[str, str], Floats]


def sensitivities(
    assembled: Assembled, service_keys: pd.DataFrame, wanted: Ints, burdens: Floats
) -> Sensitivities:
    """Of each wanted market, with each column of burdens of whole processes (process x column).

    `service_keys`: those in force, as the system was assembled with.
    """
    markets = assembled.markets
    unit = np.zeros((markets.count, len(wanted)), order="F")
    unit[wanted, np.arange(len(wanted))] = 1.0 / markets.made[wanted]
    return _Derivation(assembled, service_keys, unit, None, wanted, burdens).result()


def demand_sensitivities(
    assembled: Assembled, service_keys: pd.DataFrame, burdens: Floats
) -> Sensitivities:
    """The same of what goes with each kind of final demand, all of its markets together.

    A column a kind, in the order of `DEMAND_KINDS`; `intensities` are the burdens of each. What is
    taken outside the system moves with its taking; what is left of a market, as stock or unused,
    with what was made and, the other way, with all that was taken. Of a system in which nothing is
    blocked.
    """
    markets, takings = assembled.markets, assembled.markets.takings
    names, count = markets.names, len(DEMAND_KINDS)
    column = {kind: number for number, kind in enumerate(DEMAND_KINDS)}
    is_outside = names.is_non_product[takings.process]
    is_idle = ~is_outside & ~markets.has_output[takings.process]
    is_product = markets.kind == PRODUCT
    is_stored = is_product | (markets.kind == INTERMEDIATE)
    outside = sums(takings.market[is_outside], takings.charged[is_outside], markets.count)
    demand = assembled.demand
    delivered = np.zeros(markets.count, bool)
    delivered[demand.market[demand.kind == DELIVERY]] = True
    all_delivered = is_product & delivered & (outside == 0)
    left = np.where(is_stored, column[STOCK_CHANGE], column[NOT_TAKEN])
    left = np.where(all_delivered, column[DELIVERY], left)
    taken = np.zeros((len(takings.market), count))
    taken[np.arange(len(takings.market)), left[takings.market]] -= 1.0
    used = np.where(is_product[takings.market], column[DELIVERY], column[NON_PRODUCT_USE])
    taken[is_outside, used[is_outside]] += 1.0
    taken[is_idle, column[WITHOUT_OUTPUT]] += 1.0
    share = np.zeros((markets.count, count), order="F")
    made_here = markets.from_stock == 0
    share[made_here, left[made_here]] = 1.0
    np.add.at(
        share,
        takings.market,
        taken * (takings.charged / markets.made[takings.market])[:, None],
    )
    return _Derivation(assembled, service_keys, share, taken, None, burdens).result()


class _Derivation:
    """Of columns of demand: `share` of each market's whole output, which moves with takings by
    `taken` (taking x column), or is that of one unit of the `wanted` market."""

    def __init__(
        self,
        assembled: Assembled,
        service_keys: pd.DataFrame,
        share: Floats,
        taken: Floats | None,
        wanted: Ints | None,
        burdens: Floats,
    ) -> None:
        self.markets, self.system = assembled.markets, assembled.system
        self.names = assembled.markets.names
        self.assembled, self.keys, self.wanted = assembled, service_keys, wanted
        self.burdens, self.taken, self.count = burdens, taken, share.shape[1]
        market_burdens = self.system.operation.T @ burdens
        self.carried = assembled.factors.solve_transposed(np.asarray(market_burdens, float))
        self.of_process = burdens + self.system.taken.T @ self.carried
        self.outputs: Floats = assembled.factors.solve(share)
        self.requirements: Floats = self.system.operation @ self.outputs
        self.intensities = (
            share.T @ self.carried
            if wanted is None
            else self.carried[wanted] / self.markets.made[wanted][:, None]
        )
        self.rows: dict[Exchange, Floats] = {}
        self.prices: dict[tuple[str, str], Floats] = {}
        self.stated_keys: dict[tuple[str, str], Floats] = {}

    def result(self) -> Sensitivities:
        """Every part, added up by exchange."""
        self._takings()
        self._allocation()
        exchanges = sorted(self.rows)
        shape = (len(exchanges), self.count, self.burdens.shape[1])
        stacked = np.array([self.rows[one] for one in exchanges]).reshape(shape)
        return Sensitivities(
            np.arange(self.count) if self.wanted is None else self.wanted,
            self.intensities,
            self.requirements,
            exchanges,
            stacked,
            self.prices,
            self.stated_keys,
        )

    def _add(self, exchange: Exchange, part: Floats) -> None:
        held = self.rows.get(exchange)
        self.rows[exchange] = part.copy() if held is None else held + part

    def _is_stock(self, process: int) -> bool:
        return str(self.names.processes[process]).startswith(STOCK_PREFIX)

    def _takings(self) -> None:
        """What a process takes, relative to what the market made, or to all that was taken."""
        markets, takings = self.markets, self.markets.takings
        parts = _entries(self.system.taken, takings.market, takings.process)
        # several takings of one process from one market are one entry: each has its part of it
        inside = parts != 0
        part = takings.charged / markets.made[takings.market]
        required = np.where(inside[:, None], self.requirements[takings.process], 0.0)
        if self.taken is not None:  # by final demand, too, which is required once
            required = required + self.taken
            inside = inside | (self.taken != 0).any(axis=1)
        weight = self.carried[takings.market][:, None, :] * (part[:, None] * required)[:, :, None]
        of_market = np.zeros((markets.count, *weight.shape[1:]))
        np.add.at(of_market, takings.market, weight)
        for row in np.flatnonzero(inside):
            if markets.kind[takings.market[row]] == SERVICE:
                continue
            self._add(takes(self.markets, takings.process[row], takings.market[row]), weight[row])
        total = sums(takings.market, takings.taken, markets.count)
        for row in np.flatnonzero(markets.is_normalised[takings.market]):
            taken_from = int(takings.market[row])
            if total[taken_from] > 0:
                part = -takings.taken[row] / total[taken_from] * of_market[taken_from]
                self._add(takes(self.markets, takings.process[row], taken_from), part)
        whole = np.where(markets.is_normalised[:, None, None], 0.0, -of_market)
        if self.wanted is not None:  # a unit of the market is a part of what it made
            whole[self.wanted, np.arange(self.count)] -= self.intensities
        supplies = markets.supplies
        for supply in range(len(supplies.process)):
            process, market = int(supplies.process[supply]), int(supplies.market[supply])
            if markets.kind[market] == SERVICE or self._is_stock(process):
                continue  # what stock gives carries the same a unit, however much it is
            part = supplies.quantity[supply] / markets.made[market] * whole[market]
            self._add(gives(self.markets, process, market), part)
        for service in np.flatnonzero(markets.kind == SERVICE):
            self._service(int(service), weight)

    def _service(self, market: int, weight: Floats) -> None:
        """The shares of a service move with the base of its key."""
        takings = self.markets.takings
        giver = self.markets.flow[market].removeprefix(SERVICE_PREFIX)
        taking = np.flatnonzero(takings.market == market)
        base = {
            self.names.processes[takings.process[row]]: charged_by(
                self.assembled, self.keys, giver, self.names.processes[takings.process[row]]
            )
            for row in taking
        }
        whole = sum(sum(amounts.values()) for amounts in base.values())
        in_all = weight[taking].sum(axis=0)
        for row in taking:
            amounts = base[self.names.processes[takings.process[row]]]
            own = sum(amounts.values())
            for exchange, amount in amounts.items():
                part = amount / own * weight[row] - amount / whole * in_all
                if exchange is None:
                    self.stated_keys[giver, self.names.processes[takings.process[row]]] = part
                else:
                    self._add(exchange, part)

    def _allocation(self) -> None:
        """Co-products: the share of each moves with what it is weighed by, and with the others'."""
        for process, rows in self._shared.items():
            basis = self._basis[self.names.processes[process]]
            market = self.markets.supplies.market[rows]
            share = _entries(self.system.operation, np.full(len(rows), process), market)
            weight = (
                self.of_process[process][None, None, :]
                * (share[:, None] * self.outputs[market])[:, :, None]
            )
            in_all = weight.sum(axis=0)
            for number, row in enumerate(rows):
                part = weight[number] - share[number] * in_all
                exchange = gives(self.markets, process, self.markets.supplies.market[row])
                if basis in BY_QUANTITY:
                    self._add(exchange, part)
                if basis in ECONOMIC_BASES:
                    self.prices[exchange[:2]] = part

    @cached_property
    def _basis(self) -> dict[str, str]:
        table = self.assembled.allocation.table
        rows = zip(table["process_id"].to_pylist(), table["basis"].to_pylist(), strict=True)
        return dict(rows)

    @cached_property
    def _shared(self) -> dict[int, Ints]:
        supplies = self.markets.supplies
        blocked = self.assembled.blocked
        count = np.bincount(supplies.process, minlength=len(self.names.processes))
        return {
            int(process): np.flatnonzero(supplies.process == process)
            for process in np.flatnonzero((count > 1) & ~blocked.process[: len(count)])
        }


def takes(markets: Markets, process: int, market: int) -> Exchange:
    """The exchange by which a process takes from a market; of own waste it is an output."""
    direction = OUTPUT if markets.kind[market] == OWN_WASTE else INPUT
    return markets.names.processes[process], markets.flow[market], direction


def gives(markets: Markets, process: int, market: int) -> Exchange:
    """The exchange by which a process gives to a market; of own waste it is an input."""
    direction = INPUT if markets.kind[market] == OWN_WASTE else OUTPUT
    return markets.names.processes[process], markets.flow[market], direction


def charged_by(
    assembled: Assembled, service_keys: pd.DataFrame, giver: str, consumer: str
) -> dict[Exchange | None, float]:
    """What a consumer of a service is charged by, by exchange; what is stated has none."""
    exchanges, names = assembled.exchanges, assembled.markets.names
    found = dict[Exchange | None, float]()
    lines = service_keys[service_keys["process_id"] == giver]
    named = lines["consumer_process_id"].isin([consumer])
    for line in lines[named | lines["consumer_process_id"].isna()].to_dict("records"):
        if line["basis"] == "share":
            found[None] = found.get(None, 0.0) + float(line["share"])
            continue
        is_input = line["basis"] == "input_of_flow"
        rows = exchanges.inputs if is_input else exchanges.given
        amount = rows.quantity if is_input else rows.mass_kg
        mine = names.processes[rows.process] == consumer
        if line["flow_id"] is not None and not pd.isna(line["flow_id"]):
            mine &= names.flows[rows.flow] == line["flow_id"]
        if not is_input:
            mine &= np.isin(names.flow_kind[rows.flow], ("product", "intermediate"))
        for row in np.flatnonzero(mine):
            direction = INPUT if is_input else OUTPUT
            exchange = consumer, names.flows[rows.flow[row]], direction
            found[exchange] = found.get(exchange, 0.0) + float(amount[row])
    return found


def _entries(matrix: sparse.sparray, row: Ints, column: Ints) -> Floats:
    """Some entries of a matrix; of none, SciPy gives a matrix without any."""
    return np.asarray(matrix[row, column]).ravel() if len(row) else np.empty(0)
