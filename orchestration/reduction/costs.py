"""What an initiative costs a year, and what a tonne less costs (method R52).

Annual cost: capex spread over the life, other costs, and what is bought more or less at the
prices in force. All amounts in the company's one currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.company.initiative_checks import conversion_of
from orchestration.company.table_checks import validity
from orchestration.reduction.initiatives import Initiative

TONNE = 1000.0

Place = tuple[str, str]
"""A facility and a flow."""


def capital_recovery_factor(rate: float, years: float) -> float:
    """The part of a loan that is paid back a year, interest included, over its years."""
    if rate == 0.0:
        return 1.0 / years
    growth = (1.0 + rate) ** years
    return rate * growth / (growth - 1.0)


@dataclass(frozen=True)
class Prices:
    """Money per canonical unit of a flow, at a site or at all of them."""

    by_place: Mapping[tuple[str | None, str], float]

    def of(self, place: Place) -> float | None:
        """The site's own price before the company's; None where none is stated."""
        facility, flow = place
        return self.by_place.get((facility, flow), self.by_place.get((None, flow)))


def read_prices(tables: Mapping[str, Any], day: date) -> Prices:
    """The price of each flow and site on a day; where none holds yet, the first that will.

    One whose time was over by then counts no more: what has only such a price has none.

    Args:
        tables: validated master data, text or None; prices of one place don't overlap.
        day: last day of the newest month with data.
    """
    units = dict(zip(tables["flows"]["flow_id"], tables["flows"]["unit_code"], strict=True))
    rows = [row for row in tables["prices"].to_dict("records") if validity(row)[1] > day]
    rows.sort(key=lambda row: validity(row)[0], reverse=True)  # of a place the earliest is last
    return Prices(
        {
            (row["facility_id"], row["flow_id"]): float(row["price"])
            / conversion_of(row["unit"], units[row["flow_id"]], tables, row["flow_id"])
            for row in rows
        }
    )


@dataclass(frozen=True)
class Bill:
    """What a change of bought quantities costs a year, and what of it nobody priced."""

    amount: float
    unpriced: tuple[str, ...]
    """Flows, sorted."""


def bill(quantities: Mapping[Place, float], prices: Prices) -> Bill:
    """Below 0 where it saves."""
    known = {place: prices.of(place) for place in quantities}
    return Bill(
        sum(
            units * price
            for place, units in quantities.items()
            if (price := known[place]) is not None
        ),
        tuple(sorted({flow for (_, flow), price in known.items() if price is None})),
    )


@dataclass(frozen=True)
class Costs:
    """Of one initiative a year; None where the company states no costs of it."""

    annualised_capex: float | None
    other_costs: float | None
    bought: float
    """Of quantities that change, at their prices; below 0 where it saves."""

    @property
    def annual(self) -> float | None:
        """All of it."""
        if self.annualised_capex is None or self.other_costs is None:
            return None
        return self.annualised_capex + self.other_costs + self.bought


def costs_of(initiative: Initiative, bought: float) -> Costs:
    """Costs a year of full implementation; a blank beside a stated amount is none."""
    stated = (initiative.capex, initiative.other_costs_per_year)
    if all(amount is None for amount in stated):
        return Costs(None, None, bought)
    capex, other = (amount or 0.0 for amount in stated)
    spread = 0.0
    if capex:
        rate, years = initiative.discount_rate, initiative.life_years
        if rate is None or years is None:
            raise ValueError(f"{initiative.initiative_id}: capex without rate and life.")
        spread = capex * capital_recovery_factor(rate, years)
    return Costs(spread, other, bought)


def cost_per_tonne(annual: float | None, saved_kgco2e: float) -> float | None:
    """Money per tCO2e less; None where nothing is saved, or no costs are known."""
    if annual is None or not saved_kgco2e > 0.0:
        return None
    return annual / (saved_kgco2e / TONNE)


def payback_years(initiative: Initiative, costs: Costs) -> float | None:
    """Capex over what is saved a year; None where nothing is invested or nothing saved."""
    if costs.annual is None or not initiative.capex:
        return None
    saved = -((costs.other_costs or 0.0) + costs.bought)
    return initiative.capex / saved if saved > 0.0 else None


def net_present_value(initiative: Initiative, costs: Costs) -> float | None:
    """Of all costs and savings over the life, today; None without life, rate or costs."""
    rate, years = initiative.discount_rate, initiative.life_years
    if costs.annual is None or rate is None or years is None:
        return None
    return -costs.annual / capital_recovery_factor(rate, years)


def in_order_of_cost(
    costs: Sequence[tuple[str, float | None, float]],
) -> list[str]:
    """Ids, cheapest tonne first: those without known costs after, those that save nothing last.

    `costs`: id, cost per tonne, kgCO2e saved.
    """

    def rank(one: tuple[str, float | None, float]) -> tuple[int, float, str]:
        name, cost, saved = one
        if not saved > 0.0:
            return 2, -saved, name
        return (1, 0.0, name) if cost is None else (0, cost, name)

    return [name for name, _, _ in sorted(costs, key=rank)]
