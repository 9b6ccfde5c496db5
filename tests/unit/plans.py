"""A base year to hold initiatives against, from rows of exchanges and a factor a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from orchestration.footprint.assembly import assemble
from orchestration.footprint.system_findings import Findings
from orchestration.reduction.assessing import Assessment
from orchestration.reduction.base_year import EXCHANGE_COLUMNS, LINE_COLUMNS, BaseYear
from orchestration.reduction.costs import Prices
from orchestration.reduction.initiatives import Change, Initiative
from tests.unit.companies import inputs_of

YEAR = "2021"
MONTHS = [date(2021, month, 1) for month in range(1, 13)]
START = date(2022, 1, 1)
OWN = ("product", "intermediate", "utility", "own_waste")


def base_of(
    exchanges: Sequence[Mapping[str, Any]],
    factors: Mapping[str, float],
    market: Mapping[str, float] | None = None,
    **more: Any,
) -> BaseYear | None:
    """The base year of a company that owns all of itself; None where it has no solution.

    `factors`: kgCO2e per unit of each bought flow; `market`: where the market-based one differs.
    """
    assembled = assemble(YEAR, inputs_of(exchanges, **more), Findings(YEAR))
    if assembled is None:
        return None
    frame = pd.DataFrame(exchanges)
    frame = frame.groupby(
        ["process_id", "facility_id", "flow_id", "flow_kind", "direction"], as_index=False
    ).agg(
        quantity=("quantity", "sum"),
        quantity_kg=("quantity_kg", lambda kg: kg.astype(float).sum(skipna=False)),
    )
    by_market = {**factors, **(market or {})}
    lines = frame[frame["flow_id"].isin(list(factors)) & ~frame["flow_kind"].isin(OWN)]
    lines = lines.assign(
        component="generation",
        ghg_category="of " + lines["flow_id"],
        ghg_scope=3,
        supplier_key="",
        in_product_boundary=True,
        consolidation_share=1.0,
        location_based=lines["quantity"] * lines["flow_id"].map(factors),
        market_based=lines["quantity"] * lines["flow_id"].map(by_market),
    )
    sites = sorted(set(frame["facility_id"]))
    ready = [
        {
            "facility_id": site,
            "flow_id": flow,
            "component": "generation",
            "ghg_category": f"of {flow}",
            "ghg_scope": 3,
            "in_product_boundary": True,
            "location_based": factor,
            "market_based": by_market[flow],
        }
        for site in sites
        for flow, factor in factors.items()
    ]
    return BaseYear(
        YEAR,
        MONTHS,
        assembled,
        lines[list(LINE_COLUMNS)].reset_index(drop=True),
        pd.DataFrame(ready),
        frame[list(EXCHANGE_COLUMNS)],
        pd.DataFrame({"process_id": [], "location_based": [], "market_based": []}),
        dict.fromkeys(sites, 1.0),
        frozenset(factors),
    )


def change(kind: str, process: str | None, flow: str, value: float, **more: Any) -> Change:
    """A change at the mill, or at `facility`."""
    return Change(
        line=2,
        kind=kind,
        facility_id=more.get("facility", "mill"),
        process_id=process,
        flow_id=flow,
        other_flow_id=more.get("other"),
        value=value,
        share=more.get("share", 1.0),
        component=more.get("component"),
        supplier_id=more.get("supplier"),
    )


def initiative(name: str, *changes: Change, **more: Any) -> Initiative:
    """A planned one without costs, at once and for good, unless said otherwise."""
    stated: dict[str, Any] = {
        "status": "planned",
        "starts_on": START,
        "ramp_months": 0,
        "life_years": None,
        "capex": None,
        "other_costs_per_year": None,
        "discount_rate": None,
        "line": 2,
    }
    return Initiative(name, changes=tuple(changes), **(stated | more))


def assessed(base: BaseYear, *initiatives: Initiative, **prices: float) -> Assessment:
    """Initiatives on a base year; prices of flows at every site."""
    return Assessment(
        base, initiatives, Prices({(None, flow): price for flow, price in prices.items()})
    )
