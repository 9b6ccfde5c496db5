"""Sensitivities of figures to causes: of the inventory by its lines, of products by the adjoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.footprint.assembly import Assembled
from orchestration.footprint.exchanges import Floats
from orchestration.footprint.sensitivity import (
    Sensitivities,
    demand_sensitivities,
    sensitivities,
)
from orchestration.footprint.system_tables import (
    DELIVERY,
    DEMAND_KINDS,
    NON_PRODUCT_USE,
    PRODUCT,
    STOCK_PREFIX,
    WITHOUT_OUTPUT,
)
from orchestration.uncertainty.tables import (
    BRIDGE_SENSITIVITIES,
    DELIVERY_CAUSES,
    INVENTORY_SENSITIVITIES,
    MARKET_SENSITIVITIES,
)

BASES = ("location_based", "market_based")
BOUNDARIES = ("cradle_to_gate", "gate_to_gate")
COLUMNS = tuple((boundary, basis) for boundary in BOUNDARIES for basis in BASES)
"""What a unit is asked for; to the gate comes first."""
MANUFACTURE = "manufacture"
BRIDGE_LINES = {DELIVERY: "products", NON_PRODUCT_USE: "supplied_to_non_product"}
"""Kinds of final demand that the bridge calls otherwise."""
EXCHANGE = ["process_id", "flow_id", "direction"]
DUST = 1e-12
"""Part of a figure below which a derivative is rounding."""


def inventory_sensitivities(
    lines: pd.DataFrame, parts: pd.DataFrame, data: pd.DataFrame, sold: pd.DataFrame
) -> pa.Table:
    """In `INVENTORY_SENSITIVITIES`: emission lines, the same by factor and by GWP, and causes of
    quantities.

    A line is a product, so it moves in full with its factor and in full with its quantity, and with
    the GWP of each gas by what of it that gas is. `sold`:
    use and end of life of what was sold, by the scenario of each product as one cause.
    """
    shared = lines.merge(data, on=["reference_period", *EXCHANGE])
    by_data = shared.assign(part_kgco2e=shared["kgco2e"] * shared["share"])
    both = pd.concat([parts, by_data, sold], ignore_index=True)
    both["inventory_year"] = both["reference_period"].astype(int)
    names = INVENTORY_SENSITIVITIES.names[:-1]
    summed = both.groupby(names, as_index=False)["part_kgco2e"].sum()
    return _table(summed.rename(columns={"part_kgco2e": "kgco2e"}), INVENTORY_SENSITIVITIES)


def market_sensitivities(
    reference_period: str,
    assembled: Assembled,
    service_keys: pd.DataFrame,
    lines: pd.DataFrame,
    parts: pd.DataFrame,
    data: pd.DataFrame,
    stocks: pd.DataFrame,
) -> pd.DataFrame:
    """Rows of `MARKET_SENSITIVITIES` of one period; frames are of that period alone.

    `stocks`: kgCO2e that each stock of earlier periods carries, a column a basis.
    """
    markets = assembled.markets
    names = markets.names
    wanted = np.flatnonzero((markets.kind == PRODUCT) & ~assembled.blocked.market)
    position = {process: number for number, process in enumerate(names.processes)}
    lines, parts = (_by_boundary(lines_of_products(one, position)) for one in (lines, parts))
    burdens = np.zeros((len(names.processes), len(COLUMNS)))
    np.add.at(burdens, (lines["place"], lines["column"]), lines["whole_kgco2e"])
    for row in stocks.to_dict("records"):  # what was made before is no manufacture of the period
        burdens[position[row["process_id"]], : len(BASES)] += [row[basis] for basis in BASES]
    found = sensitivities(assembled, service_keys, wanted, burdens)
    rows = _by_cause(found, burdens, position, lines, parts, data)
    return _market_rows(reference_period, assembled, wanted, found.intensities, rows)


def bridge_sensitivities(
    reference_period: str,
    assembled: Assembled,
    service_keys: pd.DataFrame,
    lines: pd.DataFrame,
    parts: pd.DataFrame,
    data: pd.DataFrame,
    stocks: pd.DataFrame,
) -> pd.DataFrame:
    """Rows of `BRIDGE_SENSITIVITIES` of one period; the frames are those of `market_sensitivities`,
    lines and parts with process_type.

    What the products carry counts as it stands in the bridge, what leaves the inventory on the way
    to them below zero. None where something is not solved or a site is owned in part.
    """
    if assembled.blocked.process.any() or (lines["consolidation_share"] != 1.0).any():
        return pd.DataFrame(columns=BRIDGE_SENSITIVITIES.names)
    markets = assembled.markets
    position = {process: number for number, process in enumerate(markets.names.processes)}
    outside = [_outside(frame, assembled, position) for frame in (lines, parts)]
    inside = [lines_of_products(frame, position) for frame in (lines, parts)]
    own, of_own = (one.assign(column=one["basis_number"]) for one in inside)
    burdens = np.zeros((len(position), len(BASES)))
    np.add.at(burdens, (own["place"], own["column"]), own["whole_kgco2e"])
    for row in stocks.to_dict("records"):
        burdens[position[row["process_id"]]] += [row[basis] for basis in BASES]
    found = demand_sensitivities(assembled, service_keys, burdens)
    listed = [
        {
            "bridge_line": BRIDGE_LINES.get(kind, kind),
            "basis": basis,
            "cause_id": cause,
            "kgco2e": float(part[number, column]) * (1.0 if kind == DELIVERY else -1.0),
        }
        for cause, part in _by_cause(found, burdens, position, own, of_own, data).items()
        for number, kind in enumerate(DEMAND_KINDS)
        for column, basis in enumerate(BASES)
        if abs(part[number, column]) > DUST * max(abs(found.intensities).max(), DUST)
    ]
    left, of_left = outside
    shared = left.merge(data.drop(columns="reference_period"), on=EXCHANGE)
    by_data = shared.assign(part_kgco2e=shared["kgco2e"] * shared["share"])
    moved = pd.concat([of_left, by_data], ignore_index=True)
    moved["kgco2e"] = -moved["part_kgco2e"].astype(float)
    names = ["bridge_line", "basis", "cause_id"]
    frame = pd.concat([pd.DataFrame(listed, columns=[*names, "kgco2e"]), moved[[*names, "kgco2e"]]])
    summed = frame.groupby(names, as_index=False)["kgco2e"].sum()
    moved_at_all = summed[summed["kgco2e"] != 0]
    return moved_at_all.assign(reference_period=reference_period)[BRIDGE_SENSITIVITIES.names]


def _outside(
    lines: pd.DataFrame, assembled: Assembled, position: Mapping[str, int]
) -> pd.DataFrame:
    """Lines that no product carries, by the bridge line that takes them out."""
    place = lines["process_id"].map(position)
    runs = np.append(assembled.markets.has_output, False)
    is_idle = ~runs[place.fillna(len(position)).astype(int)]
    in_boundary = lines["in_product_boundary"].astype(bool)
    is_non_product = lines["process_type"] == "non_product"
    bridge_line = np.select(
        [~in_boundary, is_non_product, is_idle],
        ["outside_product_boundary", "non_product_processes", WITHOUT_OUTPUT],
        "",
    )
    return lines.assign(bridge_line=bridge_line)[bridge_line != ""]


def _by_cause(
    found: Sensitivities,
    burdens: Floats,
    position: Mapping[str, int],
    lines: pd.DataFrame,
    parts: pd.DataFrame,
    data: pd.DataFrame,
) -> dict[str, Floats]:
    """Cause to market x burden; `lines` and `parts` with place, column and whole_kgco2e."""
    rows: dict[str, Floats] = {}
    shape = found.intensities.shape
    for row in parts.itertuples():
        part = rows.setdefault(row.cause_id, np.zeros(shape))
        part[:, row.column] += row.whole_kgco2e * found.requirements[row.place]
    for process, number in position.items():
        if process.startswith(STOCK_PREFIX):
            carried = found.requirements[number][:, None] * burdens[number][None, :]
            rows[f"opening_stock:{process.removeprefix(STOCK_PREFIX)}"] = carried
    moved = {
        exchange: part.copy()
        for exchange, part in zip(found.exchanges, found.of_exchanges, strict=True)
    }
    for row in lines.itertuples():
        part = moved.setdefault((row.process_id, row.flow_id, row.direction), np.zeros(shape))
        part[:, row.column] += row.whole_kgco2e * found.requirements[row.place]
    for row in data.itertuples():
        exchange = row.process_id, row.flow_id, row.direction
        if exchange in moved:
            part = moved[exchange]
            rows[row.cause_id] = rows.get(row.cause_id, np.zeros(shape)) + row.share * part
    for (process, flow), part in found.of_prices.items():
        rows[f"allocation_price:{process}/{flow}"] = part
    for (giver, consumer), part in found.of_keys.items():
        rows[f"service_key:{giver}/{consumer}"] = part
    return rows


def lines_of_products(lines: pd.DataFrame, position: Mapping[str, int]) -> pd.DataFrame:
    """Lines that a product can carry, of the whole process; those outside the system are left."""
    inside = lines["in_product_boundary"].astype(bool) & (lines["consolidation_share"] > 0)
    inside &= lines["process_id"].isin(list(position))
    lines = lines[inside]
    value = "part_kgco2e" if "part_kgco2e" in lines else "kgco2e"
    return lines.assign(
        place=lines["process_id"].map(position).astype(int),
        basis_number=lines["basis"].map(BASES.index).astype(int),
        whole_kgco2e=lines[value] / lines["consolidation_share"],
    )


def _by_boundary(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines of `lines_of_products`, in each column of `COLUMNS` that they are part of."""
    own = lines[lines["life_cycle_stage"] == MANUFACTURE]
    return pd.concat(
        [
            lines.assign(column=lines["basis_number"]),
            own.assign(column=own["basis_number"] + len(BASES)),
        ],
        ignore_index=True,
    )


def delivery_causes(
    lines: pd.DataFrame, parts: pd.DataFrame, data: pd.DataFrame, delivered: pd.DataFrame
) -> pa.Table:
    """In `DELIVERY_CAUSES`, of the flows and processes of `delivered`: freight to customers, and
    products where they leave the system.

    What a product's freight carries moves with the factors and quantities of the freight, and the
    other way with what was delivered, by which it is divided.
    """
    key = ["reference_period", "process_id", "flow_id"]
    of_factor = [*key, "component", "basis"]
    freight = delivered[~delivered["is_product"].astype(bool)]
    whole = lines.groupby(of_factor, as_index=False)["kgco2e"].sum()
    shared = parts.merge(freight[["process_id", "flow_id"]].drop_duplicates())
    shared = shared.groupby([*of_factor, "cause_id"], as_index=False)["part_kgco2e"].sum()
    shared = shared.merge(whole[whole["kgco2e"] != 0], on=of_factor)
    known = data.merge(delivered)
    # of a product what all of them delivered counts
    is_product = known["is_product"].astype(bool)
    known["process_id"] = known["process_id"].where(~is_product, "")
    summed = known.groupby([*key, "cause_id"], as_index=False)["quantity"].sum()
    total = summed.groupby(key)["quantity"].transform("sum")
    both = [
        shared.assign(share=shared["part_kgco2e"] / shared["kgco2e"]),
        summed.assign(share=summed["quantity"] / total, component=None, basis=None)[total != 0],
    ]
    found = [one[DELIVERY_CAUSES.names].astype({"component": object}) for one in both if len(one)]
    if not found:
        return DELIVERY_CAUSES.empty_table()
    return _table(pd.concat(found, ignore_index=True), DELIVERY_CAUSES)


def _market_rows(
    reference_period: str,
    assembled: Assembled,
    wanted: Sequence[int] | np.ndarray,
    intensities: Floats,
    rows: dict[str, Floats],
) -> pd.DataFrame:
    markets = assembled.markets
    listed = [
        {
            "reference_period": reference_period,
            "flow_id": markets.flow[market],
            "facility_id": markets.names.facilities[markets.facility[market]],
            "boundary": boundary,
            "basis": basis,
            "cause_id": cause,
            "kgco2e_per_unit": float(part[number, column]),
        }
        for cause, part in sorted(rows.items())
        for number, market in enumerate(wanted)
        for column, (boundary, basis) in enumerate(COLUMNS)
        if abs(part[number, column]) > DUST * abs(intensities[number, column])
    ]
    return pd.DataFrame(listed, columns=MARKET_SENSITIVITIES.names)


def _table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
