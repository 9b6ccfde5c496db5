"""What the solve assumed, told where it carries more than its tolerance.

A figure that rests on something nobody measured is published with the words for it: stock used at
the intensity of the period, another site's make taken for one's own need, waste that weighs
otherwise where it is treated, a rule of the last day that stands for the whole period.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from orchestration.footprint.allocation import Allocation
from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import SERVICE, Ints, sums
from orchestration.footprint.final_demand import Demand
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    DELIVERY,
    OWN_WASTE,
    STOCK_CHANGE,
    in_force,
    last_day,
)
from orchestration.footprint.tolerances import Tolerances

VALIDITY = ("valid_from", "valid_to")


def report_assumptions(
    markets: Markets, demand: Demand, blocked: Blocked, tolerances: Tolerances, findings: Findings
) -> None:
    """What the markets of a period rest on."""
    _report_stock_draws(markets, demand, tolerances, findings)
    _report_supply_between_sites(markets, blocked, tolerances, findings)
    _report_waste_that_differs(markets, blocked, tolerances, findings)
    _report_returns(markets, demand, findings)


def report_departures(allocation: Allocation, findings: Findings) -> None:
    """Co-products that are split otherwise than PACT's decision tree has it."""
    told = set()
    for row in allocation.table.to_pylist():
        if row["follows_pact"] is False and row["process_id"] not in told:
            told.add(row["process_id"])
            findings.add(
                "allocation_departs_from_pact",
                observed=row["basis"],
                process=row["process_id"],
                verdict=row["pact_verdict"],
                ratio=f"{row['price_ratio']:.3g}",
            )


def report_changed_rules(
    what: str, rules: pa.Table, acting: frozenset[str], findings: Findings
) -> None:
    """Rules that change within the period: those of its last day are applied to all of it."""
    period = findings.reference_period
    first = date(int(period[:4]), int(period[5:7] or 1), 1)
    before, after = (_by_process(in_force(rules, day)) for day in (first, last_day(period)))
    for process in sorted(acting & before.keys() & after.keys()):
        if before[process] != after[process]:
            findings.add("rule_changed_within_period", observed=what, process=process, table=what)


def _by_process(rules: pa.Table) -> dict[str, set[tuple[object, ...]]]:
    """What the rules of each process say, whenever they hold."""
    kept = [name for name in rules.column_names if name not in VALIDITY]
    found: dict[str, set[tuple[object, ...]]] = {}
    for row in rules.select(kept).to_pylist():
        found.setdefault(row["process_id"], set()).add(tuple(row.values()))
    return found


def _report_stock_draws(
    markets: Markets, demand: Demand, tolerances: Tolerances, findings: Findings
) -> None:
    """Of flows that were made in the period, too; what nobody made carries what it took to make."""
    rule = (
        "stock_draw_year" if len(findings.reference_period) == len("YYYY") else "stock_draw_month"
    )
    drawn = np.zeros(markets.count)
    is_drawn = (demand.kind == STOCK_CHANGE) & (demand.quantity < 0)
    drawn[demand.market[is_drawn]] = -demand.quantity[is_drawn]
    for market in np.flatnonzero((drawn > 0) & (markets.from_stock == 0)):
        share = drawn[market] / (markets.made[market] + drawn[market])
        if share > tolerances.of(rule, flow=markets.flow[market]):
            _add("taken_from_stock", markets, market, drawn[market], share, findings)


def _report_supply_between_sites(
    markets: Markets, blocked: Blocked, tolerances: Tolerances, findings: Findings
) -> None:
    """What a site took beyond its own make, or from one of several other sites."""
    takings, names = markets.takings, markets.names
    flows, flow = np.unique(markets.flow.astype(str), return_inverse=True)
    sites = len(names.facilities)
    need = flow[takings.market] * sites + names.process_facility[takings.process]
    is_other = markets.facility[takings.market] != names.process_facility[takings.process]
    counts = (markets.kind[takings.market] != SERVICE) & ~blocked.market[takings.market]
    total = sums(need[counts], takings.taken[counts], len(flows) * sites)
    other = sums(need[counts & is_other], takings.taken[counts & is_other], len(flows) * sites)
    for place in np.flatnonzero((other > 0) & (total > 0)):
        sources = np.unique(takings.market[counts & (need == place)])
        share = other[place] / total[place]
        if len(sources) > 1 and share > tolerances.of(
            "supply_between_sites", flow=flows[place // sites]
        ):
            here = place % sites
            makers = names.facilities[markets.facility[sources[markets.facility[sources] != here]]]
            findings.add(
                "supplied_by_other_sites",
                observed=f"{other[place]:g}",
                facility=names.facilities[here],
                flow=flows[place // sites],
                unit=markets.unit[sources[0]],
                share=_percent(share),
                makers=", ".join(makers),
            )


def _report_waste_that_differs(
    markets: Markets, blocked: Blocked, tolerances: Tolerances, findings: Findings
) -> None:
    is_waste = (markets.kind == OWN_WASTE) & ~blocked.market & (markets.taken > 0)
    for market in np.flatnonzero(is_waste):
        given, treated = markets.taken[market], markets.made[market]
        share = abs(treated - given) / max(treated, given)
        if share > tolerances.of("own_waste_balance", flow=markets.flow[market]):
            _add(
                "treated_waste_differs", markets, market, treated, share, findings,
                given=f"{given:g}",
            )  # fmt: skip


def _report_returns(markets: Markets, demand: Demand, findings: Findings) -> None:
    for row in np.flatnonzero((demand.kind == DELIVERY) & (demand.quantity < 0)):
        _add(
            "returns_exceed_deliveries", markets, demand.market[row], -demand.quantity[row], 1.0,
            findings,
        )  # fmt: skip


def _add(
    rule_id: str,
    markets: Markets,
    market: np.signedinteger,
    quantity: float,
    share: float,
    findings: Findings,
    **words: str,
) -> None:
    findings.add(
        rule_id,
        observed=f"{quantity:g}",
        facility=markets.names.facilities[markets.facility[market]],
        flow=markets.flow[market],
        unit=markets.unit[market],
        share=_percent(share),
        **words,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def acting_processes(markets: Markets) -> frozenset[str]:
    """Ids of what made something in the period."""
    makers: Ints = np.flatnonzero(markets.has_output)
    return frozenset(markets.names.processes[makers])
