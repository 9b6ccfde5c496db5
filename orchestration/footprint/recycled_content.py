"""Recycled content of own flows, solved through the loops (method R31).

A process mixes what it takes: its content is the mean of its inputs' contents by dry mass. Bought
materials count that state a content; energy, water, auxiliaries and packaging state none and are
no part of the product. Regrind carries the content of the process it came from, so it leaves
the mean where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import splu

from orchestration.footprint.blocking import Blocked
from orchestration.footprint.exchanges import Exchanges, Flags, Floats, Ints, sums
from orchestration.footprint.market_tables import Texts
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_tables import INTERMEDIATE, PRODUCT, RECYCLED_CONTENT

VALUED_OR_OWN = ("product", "intermediate", "utility", "own_waste")


def recycled_content(
    exchanges: Exchanges,
    markets: Markets,
    properties: pa.Table,
    in_stock: Mapping[str, float],
    blocked: Blocked,
    texts: Texts,
) -> pa.Table:
    """One row per market of a material that isn't blocked, in the schema `RECYCLED_CONTENT`.

    A content is unknown, and null, when one of the own materials that go in is unknown or when
    nothing goes in whose content is stated. A content stated of an own-made flow holds only
    where it can't be worked out from what goes in, and after what earlier periods found of a flow
    that only stock gave (`in_stock`).
    """
    contents = _solve(exchanges, markets, properties, in_stock)
    is_material = np.isin(markets.kind, (PRODUCT, INTERMEDIATE))
    rows = np.flatnonzero(is_material & ~blocked.market)
    return pa.table(
        [
            texts.period(rows),
            texts.flow(rows),
            texts.site(rows),
            pa.array(contents[rows], pa.float64(), from_pandas=True),
        ],
        schema=RECYCLED_CONTENT,
    )


def _solve(
    exchanges: Exchanges, markets: Markets, properties: pa.Table, in_stock: Mapping[str, float]
) -> Floats:
    """Of each market; NaN when unknown.

    Markets and processes are the nodes of one graph: a market mixes its makers, a process what
    it takes.
    """
    names, takings, supplies = markets.names, markets.takings, markets.supplies
    market_count, process_count = markets.count, len(names.processes)
    count = market_count + process_count
    dry = 1.0 - _stated(properties, "moisture", names.flows, 0.0)
    stated = _stated(properties, "recycled_content", names.flows, np.nan)
    is_material = np.isin(markets.kind, (PRODUCT, INTERMEDIATE))
    own_dry = 1.0 - _stated(properties, "moisture", markets.flow, 0.0)

    is_own = is_material[takings.market] & markets.has_output[takings.process]
    is_own &= ~names.is_non_product[takings.process]
    internal = (takings.mass_kg * own_dry[takings.market])[is_own]
    taker, source = takings.process[is_own], takings.market[is_own]
    bought = exchanges.inputs
    counts = ~np.isin(names.flow_kind[bought.flow], VALUED_OR_OWN) & ~np.isnan(stated[bought.flow])
    bought = bought.where(counts & (bought.quantity > 0))
    weight = bought.mass_kg * dry[bought.flow]
    total = sums(taker, internal, process_count) + sums(bought.process, weight, process_count)
    recycled = sums(bought.process, weight * stated[bought.flow], process_count)

    made = is_material[supplies.market]
    supplied = supplies.mass_kg[made]
    maker, market = supplies.process[made], supplies.market[made]
    made_kg = sums(market, supplied, market_count)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.append(supplied / made_kg[market], internal / total[taker])
        given = np.append(np.zeros(market_count), recycled / total)
    mix = sparse.csr_array(
        (
            values,
            (np.append(market, market_count + taker), np.append(market_count + maker, source)),
        ),
        shape=(count, count),
    )
    has_bought = np.append(
        np.zeros(market_count, bool), sums(bought.process, weight, process_count) > 0
    )
    own_stated = _stated(properties, "recycled_content", markets.flow, np.nan)
    known = np.array([in_stock.get(flow, np.nan) for flow in markets.flow], float)
    is_known = ~np.isnan(known) & (markets.from_stock > 0)
    at_boundary = np.append(np.where(is_known, known, own_stated), np.full(process_count, np.nan))
    return _mixed(mix, given, has_bought, at_boundary, is_material)[:market_count]


def _mixed(
    mix: sparse.csr_array, given: Floats, has_bought: Flags, stated: Floats, is_material: Flags
) -> Floats:
    """Solve content = given + mix content where it can be known."""
    known = _knowable(mix, has_bought, given)
    # a stated content stands in where nothing upstream tells it
    fixed = ~known & ~np.isnan(stated)
    fixed[: len(is_material)] &= is_material
    if fixed.any():
        given, mix = given.copy(), mix.copy()
        given[fixed] = stated[fixed]
        keep = sparse.diags_array((~fixed).astype(float), format="csr")
        mix = sparse.csr_array(keep @ mix)
        mix.eliminate_zeros()
        known = _knowable(mix, has_bought | fixed, given)
    content = np.full(len(given), np.nan)
    rows = np.flatnonzero(known)
    if len(rows):
        part = sparse.eye_array(len(rows), format="csr") - mix[rows][:, rows]
        solved = splu(sparse.csc_array(part), permc_spec="MMD_AT_PLUS_A").solve(given[rows])
        content[rows] = np.clip(solved, 0.0, 1.0)  # rounding only: a mean of shares is one
    return content


def _knowable(mix: sparse.csr_array, has_bought: Flags, given: Floats) -> Flags:
    """Nodes fed by stated contents, with no unknown among all that feeds them."""
    rows = sparse.csr_array((np.ones(mix.nnz), mix.indices, mix.indptr), shape=mix.shape)
    feeds = sparse.csr_array(rows.T)
    no_mass = np.isnan(given)
    bad_edge = np.isnan(mix.data)
    no_mass[np.repeat(np.arange(mix.shape[0]), np.diff(mix.indptr))[bad_edge]] = True
    is_fed = _reached(feeds, np.flatnonzero(has_bought))
    is_spoilt = _reached(feeds, np.flatnonzero(~is_fed | no_mass))
    return is_fed & ~is_spoilt


def _reached(edges: sparse.csr_array, sources: Ints) -> Flags:
    """Nodes that can be reached from any of the sources, themselves included."""
    count = edges.shape[0]
    reached = np.zeros(count + 1, bool)
    start = sparse.csr_array(
        (np.ones(len(sources)), (np.zeros(len(sources), np.int64), sources)), shape=(1, count)
    )
    graph = sparse.csr_array(sparse.block_array([[edges, None], [start, sparse.csr_array((1, 1))]]))
    reached[breadth_first_order(graph, count, return_predecessors=False)] = True
    return reached[:count]


def _stated(properties: pa.Table, wanted: str, flows: np.ndarray, otherwise: float) -> Floats:
    """A dimensionless property of each flow."""
    rows = properties.filter(pc.equal(properties["property"], wanted))
    values = dict(zip(rows["flow_id"].to_pylist(), rows["value"].to_pylist(), strict=True))
    return np.array([values.get(flow, otherwise) for flow in flows], float)
