"""Markets: all makers of a flow at one site, who takes from them, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.footprint.exchanges import (
    SERVICE,
    Amounts,
    Exchanges,
    Flags,
    Floats,
    Ints,
    Names,
    Texts,
    sums,
)
from orchestration.footprint.service_keys import Services
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    DELIVERY,
    INTERMEDIATE,
    NON_PRODUCT_USE,
    NOT_TAKEN,
    OWN_WASTE,
    PRODUCT,
    SERVICE_PREFIX,
    STOCK_CHANGE,
    UTILITY_FLOW,
    WITHOUT_OUTPUT,
)

ROUNDING = 1e-12
"""Share of a market's turnover below which a difference of sums is rounding."""
LISTED = 5
"""How many processes a sentence names."""


@dataclass(frozen=True)
class Supplies:
    """What processes give: flows by process, then services."""

    process: Ints
    market: Ints
    quantity: Floats
    mass_kg: Floats


@dataclass(frozen=True)
class Takings:
    """What processes take from which market; a taking from several sites is several rows."""

    process: Ints
    market: Ints
    taken: Floats
    """As recorded."""
    charged: Floats
    """Scaled so that the takings of a utility or treatment add up to what was made (R20)."""
    mass_kg: Floats


@dataclass(frozen=True)
class Demand:
    """Final demand; `kind` is one of `DEMAND_KINDS`."""

    market: Ints
    kind: Texts
    quantity: Floats


@dataclass(frozen=True)
class Markets:
    """The markets of a period, sorted by flow and site, and what goes through them."""

    names: Names
    flow: Texts
    kind: Texts
    unit: Texts
    facility: Ints
    made: Floats
    taken: Floats
    supplies: Supplies
    takings: Takings
    demand: Demand
    has_output: Flags
    """Of each process."""

    @property
    def count(self) -> int:
        """How many markets there are."""
        return len(self.made)

    @property
    def is_normalised(self) -> Flags:
        """Of each market: nothing of it can be stored."""
        return np.isin(self.kind, (UTILITY_FLOW, OWN_WASTE))


def build_markets(
    exchanges: Exchanges, services: Services, delivered: frozenset[str], findings: Findings
) -> Markets:
    """Group the makers, send each taking to its market, and name what is left over."""
    names, given = exchanges.names, exchanges.given
    giver_count, flow_count = len(services.giver), len(names.flows)
    flows = np.append(names.flows, SERVICE_PREFIX + names.processes[services.giver])
    kinds = np.append(names.flow_kind, np.full(giver_count, SERVICE, object))
    units = np.append(names.flow_unit, np.full(giver_count, "1", object))
    given = _joined(
        given, services.giver, flow_count + np.arange(giver_count), np.ones(giver_count)
    )
    taken = _joined(
        exchanges.taken, services.consumer, flow_count + services.position, services.share
    )

    site_count = max(len(names.facilities), 1)
    keys, market = np.unique(
        given.flow * site_count + names.process_facility[given.process], return_inverse=True
    )
    made = sums(market, given.quantity, len(keys))
    taken = taken.where(_has_maker(taken, keys // site_count, names, flows, kinds, units, findings))
    row, taken_from = _find_markets(taken, keys, site_count, names)
    part = _parts(row, taken_from, made, len(taken.process))

    has_output = np.zeros(len(names.processes), bool)
    has_output[given.process] = True
    _report_idle(exchanges, has_output, services, findings)
    split = taken.where(row)
    quantity = split.quantity * part
    total = sums(taken_from, quantity, len(keys))
    is_normalised = np.isin(kinds[keys // site_count], (UTILITY_FLOW, OWN_WASTE))
    ratio = np.ones(len(keys))
    can_scale = is_normalised & (total > 0)
    np.divide(made, total, out=ratio, where=can_scale)
    ratio[is_normalised & (total <= 0)] = 0.0
    takings = Takings(
        split.process, taken_from, quantity, quantity * ratio[taken_from], split.mass_kg * part
    )
    markets = Markets(
        names,
        flows[keys // site_count],
        kinds[keys // site_count],
        units[keys // site_count],
        keys % site_count,
        made,
        total,
        Supplies(given.process, market, given.quantity, given.mass_kg),
        takings,
        Demand(np.empty(0, np.int64), np.empty(0, object), np.empty(0)),
        has_output,
    )
    return _with_demand(markets, delivered, findings)


def _joined(rows: Amounts, process: Ints, flow: Ints, quantity: Floats) -> Amounts:
    """Rows of services under those of flows."""
    return Amounts(
        np.append(rows.process, process),
        np.append(rows.flow, flow),
        np.append(rows.quantity, quantity),
        np.append(rows.mass_kg, np.full(len(process), np.nan)),
    )


def _has_maker(
    taken: Amounts,
    made_flows: Ints,
    names: Names,
    flows: Texts,
    kinds: Texts,
    units: Texts,
    findings: Findings,
) -> Flags:
    """Which takings somebody serves; the others are findings, a flow at a time."""
    served = np.isin(taken.flow, made_flows)
    missing = taken.where(~served)
    is_from_stock = names.is_non_product[missing.process] & np.isin(
        kinds[missing.flow], (PRODUCT, INTERMEDIATE)
    )
    for rows, from_stock in (
        (missing.where(is_from_stock), True),
        (missing.where(~is_from_stock), False),
    ):
        for flow in np.unique(rows.flow):
            takers = rows.where(rows.flow == flow)
            rule = "waste_without_treatment" if kinds[flow] == OWN_WASTE else "flow_without_maker"
            findings.add(
                "delivered_from_stock" if from_stock else rule,
                observed=f"{takers.quantity.sum():g}",
                facility=names.facilities[names.process_facility[takers.process[0]]],
                process=names.processes[takers.process[0]],
                flow=flows[flow],
                takers=listed(names.processes[takers.process]),
                unit=units[flow],
            )
    return served


def listed(ids: Texts) -> str:
    """The first few by name, the rest by number."""
    ids = np.unique(ids.astype(str))
    more = f" +{len(ids) - LISTED}" if len(ids) > LISTED else ""
    return ", ".join(ids[:LISTED]) + more


def _find_markets(taken: Amounts, keys: Ints, site_count: int, names: Names) -> tuple[Ints, Ints]:
    """Row of the taking and market: the taker's own site, else every site that makes the flow."""
    own = taken.flow * site_count + names.process_facility[taken.process]
    first = np.searchsorted(keys, taken.flow * site_count)
    after = np.searchsorted(keys, (taken.flow + 1) * site_count)
    at = np.minimum(np.searchsorted(keys, own), max(len(keys) - 1, 0))
    at_home = keys[at] == own if len(keys) else np.zeros(0, bool)
    first, after = np.where(at_home, at, first), np.where(at_home, at + 1, after)
    row = np.repeat(np.arange(len(own)), after - first)
    within = np.arange(len(row)) - np.repeat(
        np.cumsum(after - first) - (after - first), after - first
    )
    return row, first[row] + within


def _parts(row: Ints, market: Ints, made: Floats, count: int) -> Floats:
    """Part of a taking that each of its markets serves: by what they made."""
    return made[market] / sums(row, made[market], count)[row]


def _report_idle(
    exchanges: Exchanges, has_output: Flags, services: Services, findings: Findings
) -> None:
    names = exchanges.names
    is_idle = exchanges.active & ~has_output & ~names.is_non_product
    is_idle[services.without_base] = False  # told already
    for process in np.flatnonzero(is_idle):
        is_production = names.process_type[process] == "production"
        findings.add(
            "no_output_in_period" if is_production else "service_key_missing",
            observed="no output",
            facility=names.facilities[names.process_facility[process]],
            process=names.processes[process],
        )


def _with_demand(markets: Markets, delivered: frozenset[str], findings: Findings) -> Markets:
    """Add what is left over of each market, by what became of it."""
    names, takings, made = markets.names, markets.takings, markets.made
    is_outside = names.is_non_product[takings.process]
    is_idle = ~is_outside & ~markets.has_output[takings.process]

    def taken_by(rows: Flags) -> Floats:
        return sums(takings.market[rows], takings.charged[rows], markets.count)

    outside, idle, inside = (
        taken_by(is_outside),
        taken_by(is_idle),
        taken_by(~is_outside & ~is_idle),
    )
    left = made - outside - idle - inside
    left[np.abs(left) <= ROUNDING * (made + np.abs(outside) + idle + inside)] = 0.0
    is_product = markets.kind == PRODUCT
    is_stored = is_product | (markets.kind == INTERMEDIATE)
    known = np.isin(markets.flow, list(delivered)) | np.isin(
        markets.flow, markets.flow[takings.market[is_outside]]
    )
    # a company that collects no deliveries: what it made was made to be delivered
    is_all_delivered = is_product & ~known & (left > 0)
    not_taken = np.where(~is_stored, left, 0.0)
    for market in np.flatnonzero(not_taken):
        findings.add(
            "utility_not_taken",
            observed=f"{not_taken[market]:g}",
            facility=names.facilities[markets.facility[market]],
            flow=markets.flow[market],
            unit=markets.unit[market],
        )
    kinds = {
        DELIVERY: np.where(is_product, outside, 0.0) + np.where(is_all_delivered, left, 0.0),
        NON_PRODUCT_USE: np.where(is_product, 0.0, outside),
        STOCK_CHANGE: np.where(is_stored & ~is_all_delivered, left, 0.0),
        WITHOUT_OUTPUT: idle,
        NOT_TAKEN: not_taken,
    }
    found = [(np.flatnonzero(quantity), kind, quantity) for kind, quantity in kinds.items()]
    demand = Demand(
        np.concatenate([market for market, _, _ in found]),
        np.concatenate([np.full(len(market), kind, object) for market, kind, _ in found]),
        np.concatenate([quantity[market] for market, _, quantity in found]),
    )
    return Markets(**(vars(markets) | {"demand": demand}))
