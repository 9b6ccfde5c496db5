"""Markets as tables: final demand, who took what from whom, losses of utilities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import Ints
from orchestration.footprint.exchanges import Texts as SystemNames
from orchestration.footprint.final_demand import Demand
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_tables import (
    FINAL_DEMAND,
    LINKS,
    NOT_SOLVED,
    UNSOLVED_PREFIX,
    UTILITY_LOSSES,
)


class Texts:
    """Ids of markets and processes as dictionary arrays: positions and the texts once."""

    def __init__(self, markets: Markets, reference_period: str) -> None:
        names = markets.names
        self.markets = markets
        self.reference_period = reference_period
        texts = pa.array(markets.flow, pa.string()).dictionary_encode()
        self._flows, self._flow = texts.dictionary, texts.indices.to_numpy()
        self._sites = pa.array(names.facilities, pa.string())
        self._processes = pa.array(names.processes, pa.string())
        self._period = pa.array([reference_period], pa.string())

    def flow(self, market: Ints) -> pa.DictionaryArray:
        """Of each market."""
        return _ids(self._flow[market], self._flows)

    def site(self, market: Ints) -> pa.DictionaryArray:
        """Of each market."""
        return _ids(self.markets.facility[market], self._sites)

    def unit(self, market: Ints) -> pa.Array:
        """Of each market."""
        return pa.array(self.markets.unit[market], pa.string())

    def unsolved(self, process: Ints) -> pa.DictionaryArray:
        """The flow that stands for the whole operation of a process without a figure."""
        return ids(UNSOLVED_PREFIX + self.markets.names.processes[process])

    def site_of_process(self, process: Ints) -> pa.DictionaryArray:
        """By position."""
        return _ids(self.markets.names.process_facility[process], self._sites)

    def process(self, process: Ints) -> pa.DictionaryArray:
        """By position."""
        return _ids(process, self._processes)

    def period(self, rows: Ints) -> pa.DictionaryArray:
        """The same for every row."""
        return _ids(np.zeros(len(rows), np.int32), self._period)


def ids(texts: SystemNames) -> pa.DictionaryArray:
    """Texts, of which many come back often."""
    return pa.array(texts, pa.string()).dictionary_encode()


def _ids(position: Ints, texts: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(position.astype(np.int32)), texts)


def final_demand(demand: Demand, blocked: Blocked, texts: Texts) -> pa.Table:
    """In the schema `FINAL_DEMAND`; a process without a figure is demanded as a whole."""
    of_markets = [
        texts.period(demand.market),
        texts.flow(demand.market),
        texts.site(demand.market),
        pa.array(demand.kind, pa.string()),
        pa.array(demand.quantity),
        texts.unit(demand.market),
    ]
    process = np.flatnonzero(blocked.process)
    of_processes = [
        texts.period(process),
        texts.unsolved(process),
        texts.site_of_process(process),
        pa.array([NOT_SOLVED] * len(process), pa.string()),
        pa.array(np.ones(len(process))),
        pa.array(["1"] * len(process), pa.string()),
    ]
    batches = [pa.record_batch(rows, schema=FINAL_DEMAND) for rows in (of_markets, of_processes)]
    return pa.Table.from_batches(batches, schema=FINAL_DEMAND)


def links(markets: Markets, texts: Texts) -> pa.Table:
    """Each taking, split over the makers of its market by what they made."""
    takings, supplies = markets.takings, markets.supplies
    order = np.argsort(supplies.market, kind="stable")
    makers = np.bincount(supplies.market, minlength=markets.count)
    first = np.cumsum(makers) - makers
    repeats = makers[takings.market]
    row = np.repeat(np.arange(len(repeats)), repeats)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    supply = order[first[takings.market[row]] + within]
    made = markets.made[takings.market[row]]
    part = supplies.quantity[supply] / made
    return pa.table(
        [
            texts.period(row),
            texts.process(takings.process[row]),
            texts.flow(takings.market[row]),
            texts.process(supplies.process[supply]),
            texts.site(takings.market[row]),
            pa.array(takings.taken[row] * part),
            pa.array(takings.charged[row] * part),
            pa.array(takings.charged[row] / made),
        ],
        schema=LINKS,
    )


def utility_losses(markets: Markets, texts: Texts) -> pa.Table:
    """In the schema `UTILITY_LOSSES`."""
    rows = np.flatnonzero(markets.is_normalised & (markets.taken > 0))
    return pa.table(
        [
            texts.period(rows),
            texts.flow(rows),
            texts.site(rows),
            pa.array(markets.made[rows]),
            pa.array(markets.taken[rows]),
            pa.array(markets.made[rows] / markets.taken[rows]),
            texts.unit(rows),
        ],
        schema=UTILITY_LOSSES,
    )
