"""Final demand: what is left of each market's flow, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import Flags, Floats, Ints, Texts, sums
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    DELIVERY,
    INTERMEDIATE,
    NON_PRODUCT_USE,
    NOT_SOLVED,
    NOT_TAKEN,
    PRODUCT,
    STOCK_CHANGE,
    WITHOUT_OUTPUT,
)

ROUNDING = 1e-12
"""Share of a market's turnover below which a difference of sums is rounding."""


@dataclass(frozen=True)
class Demand:
    """Final demand; `kind` is one of `DEMAND_KINDS`."""

    market: Ints
    kind: Texts
    quantity: Floats


def build_demand(
    markets: Markets, delivered: frozenset[str], blocked: Blocked, findings: Findings
) -> Demand:
    """Of each market that isn't blocked by kind; never zero.

    `delivered`: product flows that some non_product process takes in some period.
    """
    names, takings, made = markets.names, markets.takings, markets.made_in_period
    is_outside = names.is_non_product[takings.process]
    is_blocked = blocked.process[takings.process]
    is_idle = ~is_outside & ~is_blocked & ~markets.has_output[takings.process]

    def taken_by(rows: Flags) -> Floats:
        return sums(takings.market[rows], takings.charged[rows], markets.count)

    outside, idle, not_solved = map(taken_by, (is_outside, is_idle, is_blocked))
    inside = taken_by(~is_outside & ~is_idle & ~is_blocked)
    left = made - outside - idle - not_solved - inside
    left[np.abs(left) <= ROUNDING * (made + np.abs(outside) + idle + not_solved + inside)] = 0.0
    is_product = markets.kind == PRODUCT
    is_stored = is_product | (markets.kind == INTERMEDIATE)
    known = np.isin(markets.flow, list(delivered)) | np.isin(
        markets.flow, markets.flow[takings.market[is_outside]]
    )
    # a company that collects no deliveries: what it made was made to be delivered
    is_all_delivered = is_product & ~known & (left > 0)
    kinds = {
        DELIVERY: np.where(is_product, outside, 0.0) + np.where(is_all_delivered, left, 0.0),
        NON_PRODUCT_USE: np.where(is_product, 0.0, outside),
        STOCK_CHANGE: np.where(is_stored & ~is_all_delivered, left, 0.0),
        WITHOUT_OUTPUT: idle,
        NOT_TAKEN: np.where(is_stored, 0.0, left),
        NOT_SOLVED: not_solved,
    }
    for quantity in kinds.values():
        quantity[blocked.market] = 0.0
    _report_not_taken(markets, kinds[NOT_TAKEN], findings)
    found = [(np.flatnonzero(quantity), kind, quantity) for kind, quantity in kinds.items()]
    return Demand(
        np.concatenate([market for market, _, _ in found]),
        np.concatenate([np.full(len(market), kind, object) for market, kind, _ in found]),
        np.concatenate([quantity[market] for market, _, quantity in found]),
    )


def _report_not_taken(markets: Markets, not_taken: Floats, findings: Findings) -> None:
    for market in np.flatnonzero(not_taken):
        findings.add(
            "utility_not_taken",
            observed=f"{not_taken[market]:g}",
            facility=markets.names.facilities[markets.facility[market]],
            flow=markets.flow[market],
            unit=markets.unit[market],
        )
