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
from orchestration.footprint.exchanges import Floats
from orchestration.footprint.system_tables import PRODUCT
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse
from orchestration.progress import doing
from orchestration.uncertainty.causes import data_causes
from orchestration.uncertainty.draws import is_skewed
from orchestration.uncertainty.simulating import ProductSystem, Year, simulate
from orchestration.uncertainty.tables import CAUSES, DRAWN_SCHEMAS

INTERVAL = (0.025, 0.975)
PAIRS = 100
"""Differences that are taken at once: bounds the memory, and changes no figure."""
SMALL = 0.01
"""Share of the variance below which a cause isn't named."""

FIGURES = """
    select
        figure_kind, subject, reference_period, basis, unit, figure_value,
        low_95 as first_order_low, high_95 as first_order_high
    from marts.figure_uncertainty
    where
        standard_deviation is not null  -- what rests on no spread would look certain
        and figure_kind in ('inventory', 'scope', 'site', 'category', 'product')
    order by all
"""
SHARES = """
    select figure_kind, subject, reference_period, basis, cause_id, variance_share
    from marts.uncertainty_shares
    order by figure_kind, subject, reference_period, basis, variance_share desc, cause_id
"""
DIFFERENCES = """
    select
        comparison, figure_kind, subject, reference_period, other_subject, other_reference_period,
        basis, low_95 as first_order_low, high_95 as first_order_high
    from marts.difference_significance
    where standard_deviation is not null
    order by all
"""
MADE = """
    select
        reference_period, product_id, flow_id, facility_id, market_weight, declared_units_per_unit
    from intermediate.int_product_periods
    order by all
"""
FIGURE = ["figure_kind", "subject", "reference_period", "basis"]
OTHER = ["figure_kind", "other_subject", "other_reference_period", "basis"]


class MonteCarloError(Exception):
    """Nothing can be drawn; the message says why and what to do."""


@dataclass(frozen=True)
class Simulated:
    """What was drawn, of how many causes, and how many have no spread.

    `figures`: a row a figure, with the interval of first order (first_order_low, first_order_high),
    that of the draws (mean, low_95, high_95), by how much it is wider (wider_by), skewed_causes.
    `differences`: the same of the pairs of `difference_significance`, without the last.
    """

    draws: int
    seed: int
    causes: int
    unstated: int
    figures: pd.DataFrame
    differences: pd.DataFrame


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
        figures, shares, made, pairs = (
            connection.execute(sql).df() for sql in (FIGURES, SHARES, MADE, DIFFERENCES)
        )
    on, systems = what_figures_rest_on(lake), {}
    for system in systems_of_years(lake):
        systems[system.reference_period] = _drawn_systems(system, made)
    data = data_causes(on.readings)
    parts, drawn_parts = [], []
    names = sorted(figures["reference_period"].unique())
    for number, name in enumerate(names):
        doing(f"drawing the figures of {name}", number, len(names))
        lines, quantities, sold = (_of(frame, name) for frame in (on.lines, data, on.sold))
        year = Year(lines, quantities, sold, systems.get(name))
        of_year = _of(figures, name)
        drawn_parts.append(_drawn(year, of_year, on, spreads, draws, seed))
        parts.append(_with_interval(of_year, drawn_parts[-1]))
    found = pd.concat(parts, ignore_index=True)
    found["skewed_causes"] = _skewed_causes(found, shares, spreads)
    differences = _differences(pairs, found, np.vstack(drawn_parts))
    about = {"draws": draws, "seed": seed, "rests_on": hash_of_derived(lake)}
    for name, frame in (("monte_carlo", found), ("monte_carlo_differences", differences)):
        schema = DRAWN_SCHEMAS[name]
        kept = frame.assign(**about)[schema.names]
        table = pa.Table.from_pandas(kept, schema=schema, preserve_index=False)
        lake.write_if_changed(lake.uncertainty(name), table)
    for frame in (found, differences):
        first_order = frame["first_order_high"] - frame["first_order_low"]
        drawn = frame["high_95"] - frame["low_95"]
        frame["wider_by"] = drawn / first_order.where(first_order > 0) - 1.0
    return Simulated(draws, seed, len(spreads), len(causes) - len(spreads), found, differences)


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
) -> Floats:
    """The figures of a year, figure x draw."""
    try:
        return simulate(year, figures, on.factor_values, spreads, draws, seed, gases=on.gases)
    except NoNetOutputError as error:
        raise MonteCarloError(
            f"{error.count} of {draws} draws leave a loop of {figures['reference_period'].iloc[0]} "
            "without net output, or a process with a quantity below zero. Look for spreads that "
            "are too wide in expectations/uncertainties.csv; a lognormal has no values below zero."
        ) from None


def _with_interval(frame: pd.DataFrame, drawn: Floats) -> pd.DataFrame:
    """Rows with the mean and interval of their draws, row x draw."""
    low, high = np.quantile(drawn, INTERVAL, axis=1) if len(drawn) else (np.empty(0), np.empty(0))
    mean = drawn.mean(axis=1) if len(drawn) else np.empty(0)
    return frame.assign(mean=mean, low_95=low, high_95=high)


def _differences(pairs: pd.DataFrame, figures: pd.DataFrame, drawn: Floats) -> pd.DataFrame:
    """Pairs of figures that were drawn both, with the mean and interval of their difference.

    Both were drawn from the same draws of their causes, so what they share cancels in each draw.
    """
    keys = figures[FIGURE].itertuples(index=False, name=None)
    place = {key: number for number, key in enumerate(keys)}
    one, other = (
        np.array(
            [place.get(key, -1) for key in pairs[side].itertuples(index=False, name=None)], int
        )
        for side in (FIGURE, OTHER)
    )
    both = (one >= 0) & (other >= 0)
    pairs, one, other = pairs[both], one[both], other[both]
    found = [_with_interval(pairs[:0], np.empty((0, 0)))]
    for start in range(0, len(pairs), PAIRS):
        some = slice(start, start + PAIRS)
        found.append(_with_interval(pairs[some], drawn[one[some]] - drawn[other[some]]))
    return pd.concat(found[1:] or found, ignore_index=True)


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
