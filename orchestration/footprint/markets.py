"""Markets: all makers of a flow at one site, and who takes from them."""

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
    SystemNames,
    Texts,
    sums,
)
from orchestration.footprint.service_keys import Services
from orchestration.footprint.sourcing import Sources, find_sources
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    INTERMEDIATE,
    OWN_WASTE,
    PRODUCT,
    SERVICE_PREFIX,
    STOCK_PREFIX,
    UTILITY_FLOW,
)
from orchestration.footprint.tolerances import Tolerances

NORMALISED = (UTILITY_FLOW, OWN_WASTE)
"""Kinds of flows that can't be stored: users carry the losses (method R20)."""
BALANCE_OF_KIND = {UTILITY_FLOW: "steam_balance", OWN_WASTE: "own_waste_balance"}
"""The tolerance within which two measurements of what can't be stored may differ."""
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
class Markets:
    """The markets of a period, sorted by flow and site, and what goes through them."""

    names: SystemNames
    flow: Texts
    kind: Texts
    unit: Texts
    facility: Ints
    made: Floats
    """In the period, or given by the stock of earlier ones."""
    from_stock: Floats
    """The part of it that stocks of earlier periods gave: all of it, or nothing."""
    taken: Floats
    supplies: Supplies
    takings: Takings
    has_output: Flags
    """Of each process."""

    @property
    def count(self) -> int:
        """How many markets there are."""
        return len(self.made)

    @property
    def made_in_period(self) -> Floats:
        """Of each market."""
        return self.made - self.from_stock

    @property
    def is_normalised(self) -> Flags:
        """Of each market: nothing of it can be stored."""
        return np.isin(self.kind, NORMALISED)


@dataclass(frozen=True)
class _Flows:
    """The flows of the exchanges, and after them the services."""

    ids: Texts
    kind: Texts
    unit: Texts


def build_markets(
    exchanges: Exchanges, services: Services, tolerances: Tolerances, findings: Findings
) -> Markets:
    """Group the makers by flow and site, and send each taking to its markets."""
    names = exchanges.names
    flows = _with_services(names, services)
    service = len(names.flows) + np.arange(len(services.giver))
    given = _joined(exchanges.given, services.giver, service, np.ones(len(service)))
    taken = _joined(exchanges.taken, services.consumer, service[services.position], services.share)
    site_count = max(len(names.facilities), 1)
    keys, first, market = np.unique(
        given.flow * site_count + names.process_facility[given.process],
        return_index=True,
        return_inverse=True,
    )
    made = sums(market, given.quantity, len(keys))
    flow = keys // site_count
    taken = taken.where(_has_maker(taken, flow, names, flows, findings))
    measured = _measured_within(flows, flow, tolerances)
    place = taken.flow * site_count + names.process_facility[taken.process]
    sources = find_sources(place, taken.quantity, site_count, keys, made, measured)
    takings = _takings(taken, sources, made, np.isin(flows.kind[flow], NORMALISED))
    has_output = np.zeros(len(names.processes), bool)
    has_output[given.process] = True
    _report_idle(exchanges, has_output, services, findings)
    return Markets(
        names,
        flows.ids[flow],
        flows.kind[flow],
        flows.unit[flow],
        keys % site_count,
        made,
        np.where(_is_stock(names)[given.process[first]], made, 0.0),
        sums(takings.market, takings.taken, len(keys)),
        Supplies(given.process, market, given.quantity, given.mass_kg),
        takings,
        has_output,
    )


def _is_stock(names: SystemNames) -> Flags:
    """Of each process: it stands for stock of earlier periods, which makes nothing."""
    return np.array([name.startswith(STOCK_PREFIX) for name in names.processes], bool)


def _measured_within(flows: _Flows, made_flows: Ints, tolerances: Tolerances) -> Floats:
    """Of each market: how far what was made and taken may differ by measurement; 0 for stocks."""
    found = np.zeros(len(made_flows))
    for market in np.flatnonzero(np.isin(flows.kind[made_flows], NORMALISED)):
        flow = made_flows[market]
        found[market] = tolerances.of(BALANCE_OF_KIND[flows.kind[flow]], flow=flows.ids[flow])
    return found


def _with_services(names: SystemNames, services: Services) -> _Flows:
    count = len(services.giver)
    return _Flows(
        np.append(names.flows, SERVICE_PREFIX + names.processes[services.giver]),
        np.append(names.flow_kind, np.full(count, SERVICE, object)),
        np.append(names.flow_unit, np.full(count, "1", object)),
    )


def _joined(rows: Amounts, process: Ints, flow: Ints, quantity: Floats) -> Amounts:
    """Rows of services under those of flows."""
    return Amounts(
        np.append(rows.process, process),
        np.append(rows.flow, flow),
        np.append(rows.quantity, quantity),
        np.append(rows.mass_kg, np.full(len(process), np.nan)),
    )


def _takings(taken: Amounts, sources: Sources, made: Floats, is_normalised: Flags) -> Takings:
    """Split each taking over its markets, and scale what can't be stored."""
    split = taken.where(sources.taking)
    quantity = split.quantity * sources.share
    total = sums(sources.market, quantity, len(made))
    ratio = np.where(is_normalised, 0.0, 1.0)
    np.divide(made, total, out=ratio, where=is_normalised & (total > 0))
    charged = quantity * ratio[sources.market]
    return Takings(split.process, sources.market, quantity, charged, split.mass_kg * sources.share)


def _has_maker(
    taken: Amounts,
    made_flows: Ints,
    names: SystemNames,
    flows: _Flows,
    findings: Findings,
) -> Flags:
    """Which takings somebody serves; the others are findings, a flow at a time."""
    served = np.isin(taken.flow, made_flows)
    missing = taken.where(~served)
    is_from_stock = names.is_non_product[missing.process] & np.isin(
        flows.kind[missing.flow], (PRODUCT, INTERMEDIATE)
    )
    for rows, from_stock in (
        (missing.where(is_from_stock), True),
        (missing.where(~is_from_stock), False),
    ):
        for flow in np.unique(rows.flow):
            takers = rows.where(rows.flow == flow)
            rule = (
                "waste_without_treatment" if flows.kind[flow] == OWN_WASTE else "flow_without_maker"
            )
            findings.add(
                "delivered_from_stock" if from_stock else rule,
                observed=f"{takers.quantity.sum():g}",
                facility=names.facilities[names.process_facility[takers.process[0]]],
                process=names.processes[takers.process[0]],
                flow=flows.ids[flow],
                blocks=names.processes[takers.process],
                takers=_listed(names.processes[takers.process]),
                unit=flows.unit[flow],
            )
    return served


def _listed(ids: Texts) -> str:
    """The first few by name, the rest by number."""
    ids = np.unique(ids.astype(str))
    more = f" +{len(ids) - LISTED}" if len(ids) > LISTED else ""
    return ", ".join(ids[:LISTED]) + more


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
