"""Flows that nobody made in a period: stock of an earlier one, at what it took to make it.

The stock stands in the system as a process of its own that gives what was taken. What it gives
carries what a unit needed of the processes of the earlier period; or, before the first period, the
factor that the company states for the flow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from orchestration.footprint.exchanges import Floats, Texts
from orchestration.footprint.system_tables import (
    CARRIED,
    CARRIED_RECYCLED,
    EXCHANGES,
    INTERMEDIATE,
    OPENING_STOCKS,
    PRODUCT,
    PRODUCTION,
    STATED_STOCKS,
    STOCK_PREFIX,
    SystemInputs,
    read_as,
)

PLACE = ["flow_id", "facility_id"]


@dataclass(frozen=True)
class OpeningStocks:
    """Stocks of earlier periods that the period draws on."""

    exchanges: pa.Table
    """Of the period, and what the stocks gave."""
    carried: pd.DataFrame
    """Of what stock gave in all: the needs in the schema `CARRIED`, and `stock_id`."""
    carried_recycled: pd.DataFrame
    """The same in the schema `CARRIED_RECYCLED`."""
    stated: pa.Table
    """In the schema `OPENING_STOCKS`."""


def draw_on_stocks(reference_period: str, inputs: SystemInputs) -> OpeningStocks:
    """The period's exchanges with a giver for each flow that only stock can have given."""
    exchanges = read_as(inputs.exchanges, EXCHANGES)
    drawn = _drawn(exchanges)
    carried = read_as(inputs.carried, CARRIED).to_pandas(strings_to_categorical=False)
    stated = read_as(inputs.stated_stocks, STATED_STOCKS).to_pandas(strings_to_categorical=False)
    known = pd.concat([carried[PLACE], stated[PLACE]]).drop_duplicates()
    drawn = drawn.merge(known, on=PLACE)
    given = drawn.assign(process_id=drawn["stock_id"], process_type=PRODUCTION, direction="output")
    rows = pa.Table.from_pandas(given[EXCHANGES.names], schema=EXCHANGES, preserve_index=False)
    recycled = read_as(inputs.carried_recycled, CARRIED_RECYCLED).to_pandas()
    carried, recycled = _in_all(carried, drawn), _in_all(recycled, drawn)
    is_carried = drawn["stock_id"].isin(carried["stock_id"])
    stated_rows = drawn[~is_carried].rename(columns={"stock_id": "process_id"})
    stated_rows["reference_period"] = reference_period
    return OpeningStocks(
        pa.concat_tables([exchanges, rows]),
        carried,
        recycled,
        pa.Table.from_pandas(
            stated_rows[OPENING_STOCKS.names], schema=OPENING_STOCKS, preserve_index=False
        ),
    )


def _in_all(carried: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """What the whole of each stock that gave something needed."""
    carried = carried.merge(drawn[[*PLACE, "stock_id", "quantity"]], on=PLACE)
    return carried.assign(requirement=carried["requirement"] * carried["quantity"])


def _drawn(exchanges: pa.Table) -> pd.DataFrame:
    """What sites took of flows that can be stored and that nobody made in the period."""
    is_stored = pc.is_in(exchanges["flow_kind"], pa.array([PRODUCT, INTERMEDIATE]))
    rows = exchanges.filter(is_stored).to_pandas(strings_to_categorical=False)
    rows["sign"] = np.where(rows["direction"] == "input", 1.0, -1.0)
    is_made = (rows["sign"] < 0) & (rows["process_type"] != "non_product") & (rows["quantity"] > 0)
    rows = rows[~rows["flow_id"].isin(rows.loc[is_made, "flow_id"])]
    rows = rows.assign(
        quantity=rows["quantity"] * rows["sign"], quantity_kg=rows["quantity_kg"] * rows["sign"]
    )
    drawn = rows.groupby(PLACE, as_index=False, sort=True).agg(
        flow_kind=("flow_kind", "first"),
        unit_code=("unit_code", "first"),
        quantity=("quantity", "sum"),
        quantity_kg=("quantity_kg", lambda kg: kg.sum(skipna=False)),
    )
    drawn = drawn[drawn["quantity"] > 0].reset_index(drop=True)
    return drawn.assign(stock_id=STOCK_PREFIX + drawn["flow_id"] + "@" + drawn["facility_id"])


@dataclass(frozen=True)
class Operations:
    """What requirements are shares of: operations of the period, and those carried into it."""

    process: Texts
    period: Texts
    of_processes: sparse.csr_array
    """operation x process: what one whole operation of a process, or stock, is made of."""

    def of(self, processes: Floats) -> Floats:
        """Operation x column, from process x column."""
        return self.of_processes @ processes


def operations(reference_period: str, processes: Texts, carried: pd.DataFrame) -> Operations:
    """Each process by itself; a stock as the operations that made it (`carried`)."""
    is_carried = np.isin(processes, carried["stock_id"].unique())
    own = np.flatnonzero(~is_carried)
    earlier = carried.groupby(["process_id", "operation_period", "stock_id"], as_index=False)[
        "requirement"
    ].sum()
    number = earlier.groupby(["process_id", "operation_period"], sort=True).ngroup().to_numpy()
    names = earlier.assign(number=number).drop_duplicates("number").sort_values("number")
    column = pd.Index(processes).get_indexer(earlier["stock_id"])
    return Operations(
        np.append(processes[own], names["process_id"].to_numpy(object)),
        np.append(
            np.full(len(own), reference_period, object),
            names["operation_period"].to_numpy(object),
        ),
        sparse.csr_array(
            (
                np.append(np.ones(len(own)), earlier["requirement"].to_numpy(float)),
                (
                    np.append(np.arange(len(own)), len(own) + number),
                    np.append(own, column),
                ),
            ),
            shape=(len(own) + len(names), len(processes)),
        ),
    )
