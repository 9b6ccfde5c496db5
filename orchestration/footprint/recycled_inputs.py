"""Recycled material at its point of substitution, for methods beside cut-off (method R28: R1).

What a method names as recycled may be made of what it names, too: flake that becomes granulate. One
kilogram in the product replaces one kilogram of virgin material, so only the last of the chain
counts: behind a market of a recycled flow nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from orchestration.footprint.exchanges import Exchanges, Ints
from orchestration.footprint.market_tables import Texts, ids
from orchestration.footprint.opening_stocks import OpeningStocks, operations
from orchestration.footprint.system_tables import RECYCLED_REQUIREMENTS, STOCK_PREFIX
from orchestration.footprint.technosphere import Technosphere, requirements


def recycled_requirements(
    system: Technosphere,
    exchanges: Exchanges,
    wanted: Ints,
    stocks: OpeningStocks,
    recycled_flows: Mapping[str, frozenset[str]],
    texts: Texts,
) -> pa.Table:
    """Of the wanted markets, in the schema `RECYCLED_REQUIREMENTS`."""
    markets, names = texts.markets, exchanges.names
    parts = []
    for method, flows in sorted(recycled_flows.items()):
        is_recycled = np.isin(markets.flow, list(flows))
        cut = system.without(is_recycled)
        carried = stocks.carried_recycled
        of_operations = operations(
            texts.reference_period, names.processes, carried[carried["method"] == method]
        )
        taken = exchanges.inputs
        takers = np.unique(taken.process[np.isin(names.flows[taken.flow], list(flows))])
        is_asked = np.isin(of_operations.process, names.processes[takers])
        is_asked |= of_operations.period != texts.reference_period
        is_asked &= ~np.char.startswith(of_operations.process.astype(str), STOCK_PREFIX)
        asked = np.flatnonzero(is_asked)
        periods, processes = ids(of_operations.period[asked]), ids(of_operations.process[asked])
        for market, block in requirements(cut, cut.solved(), wanted):
            needed = of_operations.of(block)[asked].T
            column, operation = np.nonzero(needed)
            values = [texts.period(column), pa.array([method] * len(column), pa.string())]
            values += [texts.flow(market[column]), texts.site(market[column])]
            values += [part.take(pa.array(operation)) for part in (processes, periods)]
            values.append(pa.array(needed[column, operation]))
            parts.append(pa.record_batch(values, schema=RECYCLED_REQUIREMENTS))
    return pa.Table.from_batches(parts, schema=RECYCLED_REQUIREMENTS)
