"""Intervals by Monte Carlo, beside those of first order: drawn when somebody asks for it.

What is drawn is kept as long as all that figures rest on stays what it is, and stands in the mart
`figure_uncertainty`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.calculation.uncertainty import (
    RestsOn,
    SystemOfYear,
    hash_of_derived,
    systems_of_years,
    what_figures_rest_on,
)
from orchestration.company.spreads import Spread, read_spread
from orchestration.footprint.drawn_systems import DrawnSystems, NoNetOutputError
from orchestration.footprint.system_tables import PRODUCT
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse
from orchestration.progress import doing
from orchestration.uncertainty.causes import data_causes
from orchestration.uncertainty.draws import is_skewed
from orchestration.uncertainty.simulating import ProductSystem, Year, simulate
from orchestration.uncertainty.tables import CAUSES, MONTE_CARLO

INTERVAL = (0.025, 0.975)
SMALL = 0.01
"""Share of the variance below which a cause isn't named."""

FIGURES = """
    select figure_kind, subject, reference_period, basis, unit, figure_value, low_95, high_95
    from marts.figure_uncertainty
    where standard_deviation is not null  -- what rests on no spread would look certain
    order by all
"""
SHARES = """
    select figure_kind, subject, reference_period, basis, cause_id, variance_share
    from marts.uncertainty_shares
    order by figure_kind, subject, reference_period, basis, variance_share desc, cause_id
"""
MADE = """
    select
        reference_period, product_id, flow_id, facility_id, market_weight, declared_units_per_unit
    from intermediate.int_product_periods
    order by all
"""
FIGURE = ["figure_kind", "subject", "reference_period", "basis"]


class MonteCarloError(Exception):
    """Nothing can be drawn; the message says why and what to do."""


@dataclass(frozen=True)
class Simulated:
    """What was drawn, of how many causes, and how many have no spread.

    `figures`: a row a figure, with the interval of first order (first_order_low, first_order_high),
    that of the draws (mean, low_95, high_95), by how much it is wider (wider_by), skewed_causes.
    """

    draws: int
    seed: int
    causes: int
    unstated: int
    figures: pd.DataFrame


def draw_figures(lake: Lake, draws: int, seed: int) -> Simulated:
    """Draw every cause with a spread, calculate all figures of `figure_uncertainty`, keep what
    comes out. The same seed gives the same figures, to the last bit.

    Raises:
        MonteCarloError: no cause has a spread, or some draws have no answer.
        SolveError: the inventory isn't built from today's inputs.
    """
    causes = lake.read(lake.uncertainty("causes"), CAUSES).to_pylist()
    spreads = {row["cause_id"]: read_spread(row["spread"]) for row in causes if row["spread"]}
    if not spreads:
        raise MonteCarloError(
            "No cause has a spread, so there is nothing to draw. State some in "
            "expectations/uncertainties.csv, and run."
        )
    with Warehouse(lake).reading() as connection:
        figures, shares, made = (connection.execute(sql).df() for sql in (FIGURES, SHARES, MADE))
    on, systems = what_figures_rest_on(lake), {}
    for system in systems_of_years(lake):
        systems[system.reference_period] = _drawn_systems(system, made)
    data = data_causes(on.readings)
    parts = []
    names = sorted(figures["reference_period"].unique())
    for number, name in enumerate(names):
        doing(f"drawing the figures of {name}", number, len(names))
        lines, quantities, sold = (_of(frame, name) for frame in (on.lines, data, on.sold))
        year = Year(lines, quantities, sold, systems.get(name))
        parts.append(_drawn(year, _of(figures, name), on, spreads, draws, seed))
    found = pd.concat(parts, ignore_index=True)
    found["skewed_causes"] = _skewed_causes(found, shares, spreads)
    kept = found.assign(draws=draws, seed=seed, rests_on=hash_of_derived(lake))
    table = pa.Table.from_pandas(kept[MONTE_CARLO.names], schema=MONTE_CARLO, preserve_index=False)
    lake.write_if_changed(lake.uncertainty("monte_carlo"), table)
    first_order = found["first_order_high"] - found["first_order_low"]
    drawn = found["high_95"] - found["low_95"]
    found["wider_by"] = drawn / first_order.where(first_order > 0) - 1.0
    return Simulated(draws, seed, len(spreads), len(causes) - len(spreads), found)


def _of(frame: pd.DataFrame, reference_period: str) -> pd.DataFrame:
    return frame[frame["reference_period"] == reference_period].reset_index(drop=True)


def _drawn_systems(system: SystemOfYear, made: pd.DataFrame) -> ProductSystem:
    assembled, markets = system.assembled, system.assembled.markets
    wanted = np.flatnonzero((markets.kind == PRODUCT) & ~assembled.blocked.market)
    places = [
        (str(markets.flow[market]), str(markets.names.facilities[markets.facility[market]]))
        for market in wanted
    ]
    return ProductSystem(
        DrawnSystems(assembled, system.service_keys, wanted),
        places,
        system.stocks,
        _of(made, system.reference_period),
    )


def _drawn(
    year: Year,
    figures: pd.DataFrame,
    on: RestsOn,
    spreads: Mapping[str, Spread],
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """The figures of a year with their mean and interval."""
    try:
        drawn = simulate(year, figures, on.factor_values, spreads, draws, seed, gases=on.gases)
    except NoNetOutputError as error:
        raise MonteCarloError(
            f"{error.count} of {draws} draws leave a loop of {figures['reference_period'].iloc[0]} "
            "without net output, or a process with a quantity below zero. Look for spreads that "
            "are too wide in expectations/uncertainties.csv; a lognormal has no values below zero."
        ) from None
    low, high = np.quantile(drawn, INTERVAL, axis=1)
    return figures.rename(
        columns={"low_95": "first_order_low", "high_95": "first_order_high"}
    ).assign(mean=drawn.mean(axis=1), low_95=low, high_95=high)


def _skewed_causes(
    figures: pd.DataFrame, shares: pd.DataFrame, spreads: Mapping[str, Spread]
) -> list[str | None]:
    """Of each figure those that carry something of its variance, the largest first."""
    named: dict[tuple[str, ...], list[str]] = {}
    for row in shares[shares["variance_share"] >= SMALL].to_dict("records"):
        if is_skewed(spreads[row["cause_id"]]):
            text = f"{row['cause_id']} ({row['variance_share']:.0%})"
            named.setdefault(tuple(row[name] for name in FIGURE), []).append(text)
    keys = figures[FIGURE].itertuples(index=False, name=None)
    return ["; ".join(named[key]) if key in named else None for key in keys]
