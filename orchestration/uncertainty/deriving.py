"""Sensitivities of figures to causes: of the inventory by its lines, of products by the adjoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.footprint.assembly import Assembled
from orchestration.footprint.exchanges import Floats
from orchestration.footprint.sensitivity import sensitivities
from orchestration.footprint.system_tables import PRODUCT, STOCK_PREFIX
from orchestration.uncertainty.tables import INVENTORY_SENSITIVITIES, MARKET_SENSITIVITIES

BASES = ("location_based", "market_based")
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
    lines, parts = (lines_of_products(frame, position) for frame in (lines, parts))
    burdens = np.zeros((len(names.processes), len(BASES)))
    np.add.at(burdens, (lines["place"], lines["basis_number"]), lines["whole_kgco2e"])
    for row in stocks.to_dict("records"):
        burdens[position[row["process_id"]]] += [row[basis] for basis in BASES]
    found = sensitivities(assembled, service_keys, wanted, burdens)
    rows: dict[str, Floats] = {}
    shape = (len(wanted), len(BASES))
    for row in parts.itertuples():
        part = rows.setdefault(row.cause_id, np.zeros(shape))
        part[:, row.basis_number] += row.whole_kgco2e * found.requirements[row.place]
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
        part[:, row.basis_number] += row.whole_kgco2e * found.requirements[row.place]
    for row in data.itertuples():
        exchange = row.process_id, row.flow_id, row.direction
        if exchange in moved:
            part = moved[exchange]
            rows[row.cause_id] = rows.get(row.cause_id, np.zeros(shape)) + row.share * part
    for (process, flow), part in found.of_prices.items():
        rows[f"allocation_price:{process}/{flow}"] = part
    for (giver, consumer), part in found.of_keys.items():
        rows[f"service_key:{giver}/{consumer}"] = part
    return _market_rows(reference_period, assembled, wanted, found.intensities, rows)


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
            "basis": basis,
            "cause_id": cause,
            "kgco2e_per_unit": float(part[number, column]),
        }
        for cause, part in sorted(rows.items())
        for number, market in enumerate(wanted)
        for column, basis in enumerate(BASES)
        if abs(part[number, column]) > DUST * abs(intensities[number, column])
    ]
    return pd.DataFrame(listed, columns=MARKET_SENSITIVITIES.names)


def _table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
