"""What is metered of processes that an initiative in force changes, and what drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import pyarrow as pa

from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse
from orchestration.reduction.initiatives import Initiative
from orchestration.reduction.tracking import OUTPUT, TRACKED, Metered, track

Series = Mapping[date, float]

TAKEN = """
    select facility_id, process_id, flow_id, period_month, sum(quantity) as quantity
    from intermediate.int_process_exchanges
    where direction = 'input'
    group by all
"""
DRIVERS = """
    select process_id, flow_id, period_month, sum(quantity) as quantity
    from intermediate.int_process_exchanges
    group by all
"""
OUTPUTS = """
    select process_id, period_month, output_quantity
    from intermediate.int_process_outputs
"""


def tracked_tables(
    lake: Lake, initiatives: Sequence[Initiative], drivers: pd.DataFrame
) -> dict[str, pa.Table]:
    """Baselines and savings; `drivers`: the lines of baseline_drivers.csv."""
    wanted = {
        (change.process_id, change.flow_id)
        for initiative in initiatives
        if initiative.is_in_data
        for change in initiative.changes
        if change.kind == TRACKED and change.process_id is not None
    }
    return track(initiatives, _metered(lake, wanted, drivers) if wanted else {})


def _metered(
    lake: Lake, wanted: set[tuple[str, str]], drivers: pd.DataFrame
) -> dict[tuple[str, str], Metered]:
    with Warehouse(lake).reading() as connection:
        taken = connection.execute(TAKEN).fetchall()
        driving = connection.execute(DRIVERS).fetchall()
        outputs = connection.execute(OUTPUTS).fetchall()
    quantities: dict[tuple[str, str], dict[date, float]] = {}
    places: dict[tuple[str, str], str] = {}
    for facility, process, flow, month, quantity in taken:
        if (process, flow) in wanted and quantity is not None:
            quantities.setdefault((process, flow), {})[month] = quantity
            places[process, flow] = facility
    made: dict[str, dict[date, float]] = {}
    for process, month, quantity in outputs:
        made.setdefault(process, {})[month] = quantity
    others: dict[tuple[str, str], dict[date, float]] = {}
    for process, flow, month, quantity in driving:
        others.setdefault((process, flow), {})[month] = quantity
    named: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in drivers.to_dict("records"):
        named.setdefault((row["process_id"], row["flow_id"]), []).append(
            (row["driver_process_id"], row["driver_flow_id"])
        )
    found = {}
    for (process, flow), series in quantities.items():
        driven: dict[str, Series] = {OUTPUT: made[process]} if process in made else {}
        for driver, driver_flow in named.get((process, flow), []):
            driven[f"{driver_flow} of {driver}"] = others.get((driver, driver_flow), {})
        found[process, flow] = Metered(places[process, flow], process, flow, series, driven)
    return found
