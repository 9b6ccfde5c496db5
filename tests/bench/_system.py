"""A company with loops, of any size: lines that lead to products, and utilities for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.footprint.system_tables import ALLOCATION_RULES, EXCHANGES, SystemInputs

LINE = 8
"""Processes of a line; the last one makes its product."""
UTILITIES = 8
SITES = 5


def write_system(process_count: int, product_count: int, seed: int = 1) -> SystemInputs:
    """Lines of eight processes, `product_count` of which make something to sell.

    The waste of a line's seventh process goes back into its third (a co-product by mass), each
    line also takes from the middle of another, at whatever site, and utilities use each other.
    """
    random = np.random.default_rng(seed)
    line_count = (process_count - UTILITIES) // LINE
    number = np.arange(line_count * LINE)
    line, step = number // LINE, number % LINE
    process = np.array([f"line_{a:04d}_step_{b}" for a, b in zip(line, step, strict=True)])
    site = np.array([f"site_{a}" for a in line % SITES])
    is_last = step == LINE - 1
    is_sold = is_last & (line < product_count)
    made = random.uniform(50, 150, len(number))
    flow = np.where(
        is_sold, np.char.replace(process, "line", "product"), np.char.add(process, "_out")
    )
    kind = np.where(is_sold, "product", "intermediate")
    parts = [_rows(process, site, flow, kind, "output", made)]

    def take(taker, source, amount):
        parts.append(
            _rows(process[taker], site[taker], flow[source], kind[source], "input", amount)
        )

    after = np.flatnonzero(step > 0)
    take(after, after - 1, made[after - 1] * random.uniform(0.7, 0.9, len(after)))
    first = number[step == 0]
    for taker in (first, first + 3):
        donor = random.integers(0, line_count, len(first)) * LINE
        donor += random.integers(1, LINE - 1, len(first))
        take(taker, donor, made[donor] * random.uniform(0.01, 0.05, len(first)))
    unsold = np.flatnonzero(is_last & ~is_sold)
    # what isn't sold goes into a product line, so that nothing is made for nothing
    into = random.integers(0, product_count, len(unsold)) * LINE + 5
    take(into, unsold, made[unsold] * 0.9)

    regrind_from, regrind_to = number[step == 6], number[step == 2]
    waste = np.char.add(process[regrind_from], "_waste")
    amount = made[regrind_from] * 0.04
    parts.append(
        _rows(process[regrind_from], site[regrind_from], waste, "intermediate", "output", amount)
    )
    parts.append(
        _rows(process[regrind_to], site[regrind_to], waste, "intermediate", "input", amount)
    )
    parts.append(_rows(process, site, "electricity", "electricity", "input", made * 0.5, "kWh"))
    utility = np.array([f"utility_{a}" for a in range(UTILITIES)])
    utility_flow = np.char.add(utility, "_out")
    parts.append(_rows(utility, "site_0", utility_flow, "utility", "output", 1e4, "GJ"))
    parts.append(_rows(utility, "site_0", np.roll(utility_flow, 1), "utility", "input", 50.0, "GJ"))
    parts.append(_rows(utility, "site_0", "natural_gas", "fuel_stationary", "input", 300.0, "Nm3"))
    of = random.integers(0, UTILITIES, len(number))
    parts.append(_rows(process, site, utility_flow[of], "utility", "input", made * 0.1, "GJ"))
    exchanges = pd.concat(parts, ignore_index=True)
    exchanges["process_type"] = np.where(
        exchanges["process_id"].str.startswith("utility"), "utility", "production"
    )
    _balance(exchanges)
    shared = np.repeat(process[regrind_from], 2).tolist()
    co_products = np.stack([flow[regrind_from], waste], axis=1).ravel().tolist()
    rules = [
        {"process_id": process_id, "flow_id": flow_id, "basis": "mass"}
        for process_id, flow_id in zip(shared, co_products, strict=True)
    ]
    return SystemInputs(
        pa.Table.from_pandas(exchanges[EXCHANGES.names], schema=EXCHANGES, preserve_index=False),
        pa.Table.from_pylist(rules, schema=ALLOCATION_RULES),
    )


def _balance(exchanges: pd.DataFrame) -> None:
    """What was made of an intermediate is what was taken: only products are final demand."""
    is_intermediate = exchanges["flow_kind"] == "intermediate"
    is_output = exchanges["direction"] == "output"
    taken = exchanges[is_intermediate & ~is_output].groupby("flow_id")["quantity"].sum()
    rows = is_intermediate & is_output
    balanced = exchanges.loc[rows, "flow_id"].map(taken)
    exchanges.loc[rows, "quantity"] = balanced
    exchanges.loc[rows, "quantity_kg"] = balanced


def _rows(process, site, flow, kind, direction, quantity, unit="kg") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "process_id": process,
            "facility_id": site,
            "flow_id": flow,
            "flow_kind": kind,
            "direction": direction,
            "quantity": quantity,
            "quantity_kg": quantity if unit == "kg" else np.nan,
            "unit_code": unit,
        }
    )
