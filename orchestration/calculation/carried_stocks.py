"""Which stock a period draws on: what it used and nobody made in it, and who made that when.

A site's stock is what it made itself in the last earlier period in which it did; of a flow that it
never made, what all makers made in the last earlier period that has any. Months look at months and
years at years.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.footprint.system_tables import (
    CARRIED,
    CARRIED_RECYCLED,
    STATED_STOCKS,
)
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse


@dataclass(frozen=True)
class Origin:
    """Where what a site took of one flow was made."""

    flow_id: str
    facility_id: str
    reference_period: str | None
    """None when no earlier period made it."""
    parts: Mapping[str, float]
    """Of each site that made it, adding up to 1."""


Origins = Mapping[str, Sequence[Origin]]
"""By reference period; periods that draw on no stock are left out."""


def stock_origins(connection: Connection) -> Origins:
    """From the exchanges in the working file."""
    rows = connection.execute(
        """
        with periods as (
            select distinct period_month, strftime(period_month, '%Y') as reference_period
            from intermediate.int_system_exchanges
            union
            select distinct period_month, strftime(period_month, '%Y-%m') as reference_period
            from intermediate.int_system_exchanges
        )
        select
            periods.reference_period,
            exchanges.flow_id,
            exchanges.facility_id,
            sum(case
                when exchanges.direction = 'output' and exchanges.process_type <> 'non_product'
                then exchanges.quantity else 0.0
            end) as made,
            sum(case
                when exchanges.direction = 'input' then exchanges.quantity
                when exchanges.process_type = 'non_product' then -exchanges.quantity
                else 0.0
            end) as taken
        from intermediate.int_system_exchanges as exchanges
        inner join periods on exchanges.period_month = periods.period_month
        where exchanges.flow_kind in ('product', 'intermediate')
        group by all
        order by all
        """
    ).fetchall()
    made: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for period, flow, site, quantity, _ in rows:
        if quantity > 0:
            made[flow][period][site] = quantity
    origins: dict[str, list[Origin]] = defaultdict(list)
    for period, flow, site, _, taken in rows:
        if taken > 0 and period not in made[flow]:
            origins[period].append(_origin(period, flow, site, made[flow]))
    return origins


def _origin(period: str, flow: str, site: str, made: Mapping[str, Mapping[str, float]]) -> Origin:
    earlier = sorted(name for name in made if len(name) == len(period) and name < period)
    own = [name for name in earlier if site in made[name]]
    if own:
        return Origin(flow, site, own[-1], {site: 1.0})
    if not earlier:
        return Origin(flow, site, None, {})
    makers = made[earlier[-1]]
    total = sum(makers.values())
    return Origin(flow, site, earlier[-1], {maker: part / total for maker, part in makers.items()})


def drawn_flows(origins: Origins) -> frozenset[str]:
    """Flows that some period takes from stock alone."""
    return frozenset(origin.flow_id for listed in origins.values() for origin in listed)


def earlier_periods(origins: Origins, reference_period: str) -> list[str]:
    """The periods whose stock a period draws on."""
    names = {origin.reference_period for origin in origins.get(reference_period, ())}
    return sorted(name for name in names if name is not None)


@dataclass(frozen=True)
class CarriedStock:
    """What stock of earlier periods carries into one."""

    requirements: pa.Table
    """In the schema `CARRIED`."""
    recycled_requirements: pa.Table
    """In the schema `CARRIED_RECYCLED`."""
    content: Mapping[str, float]
    """Recycled content by flow, where it was known."""


def carried_stock(lake: Lake, origins: Sequence[Origin]) -> CarriedStock:
    """What a unit in stock needed when it was made; nothing of a flow that had no figure then."""
    rows: dict[str, list[dict[str, Any]]] = {"requirements": [], "recycled_requirements": []}
    content = {}
    for origin in origins:
        if origin.reference_period is None:
            continue
        needs = {table: _of_flow(lake, table, origin) for table in rows}
        if not set(origin.parts) <= {row["facility_id"] for row in needs["requirements"]}:
            continue
        for table, found in needs.items():
            rows[table] += [
                row
                | {
                    "facility_id": origin.facility_id,
                    "requirement": row["requirement"] * origin.parts[row["facility_id"]],
                }
                for row in found
                if row["facility_id"] in origin.parts
            ]
        contents = {
            row["facility_id"]: row["recycled_content"]
            for row in _of_flow(lake, "recycled_content", origin)
        }
        known = {site: contents[site] for site in origin.parts if contents.get(site) is not None}
        if known.keys() == origin.parts.keys():
            content[origin.flow_id] = sum(known[site] * part for site, part in origin.parts.items())
    return CarriedStock(
        pa.Table.from_pylist(rows["requirements"], schema=CARRIED),
        pa.Table.from_pylist(rows["recycled_requirements"], schema=CARRIED_RECYCLED),
        content,
    )


def _of_flow(lake: Lake, table: str, origin: Origin) -> list[dict[str, Any]]:
    path = lake.solved(table, str(origin.reference_period))
    filters = [("flow_id", "=", origin.flow_id)]
    return pq.read_table(path, filters=filters).to_pylist() if path.exists() else []


def stated_stocks(lake: Lake, origins: Sequence[Origin], first_month: date) -> pa.Table:
    """Flows that the period draws from stock, and of which a factor states what they carry."""
    drawn = {(origin.flow_id, origin.facility_id) for origin in origins}
    if not drawn:
        return STATED_STOCKS.empty_table()
    with Warehouse(lake).reading() as connection:
        stated = connection.execute(
            """
            select distinct flow_id, facility_id
            from intermediate.int_factor_choices
            where period_month = $1 and supplier_key = ''
            """,
            [first_month],
        ).fetchall()
    rows = [{"flow_id": flow, "facility_id": site} for flow, site in sorted(drawn & set(stated))]
    return pa.Table.from_pylist(rows, schema=STATED_STOCKS)
