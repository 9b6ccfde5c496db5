"""The same product system in bw2calc, which gets it allocated, matched and encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.footprint.allocation import allocate
from orchestration.footprint.exchanges import read_exchanges
from orchestration.footprint.markets import Markets, build_markets
from orchestration.footprint.service_keys import share_services
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import PRODUCT, SystemInputs
from orchestration.footprint.tolerances import Tolerances

GAS = 10**9
HAS_FAST_SOLVER = any(find_spec(name) for name in ("pypardiso", "scikits"))
FIRST_ACTIVITY = 10**6
"""Ids of products and activities must not meet."""
METHOD = ("kilograms",)


@dataclass(frozen=True)
class Peer:
    """Encoded for bw2calc: an activity per supply, and one per market with several makers."""

    markets: Markets
    wanted: NDArray[np.int64]
    """Markets of products; also the ids of what is demanded."""
    supply_process: NDArray[np.int64]
    share: NDArray[np.float64]
    """Of its process, that each supply carries."""
    technosphere: tuple[NDArray, NDArray, NDArray]
    """(product, activity) pairs, amounts, whether the product goes in."""
    biosphere: tuple[NDArray, NDArray]
    taking: NDArray[np.int64]
    """Which of the markets' takings each of the last entries of the technosphere is of."""


def encode(inputs: SystemInputs, emissions: NDArray) -> Peer:
    """Reading, allocating and matching are ours; bw2calc does none of them.

    `emissions`: of each process, sorted by id, in the whole period.
    """
    findings = Findings("2021")
    exchanges = read_exchanges(inputs.exchanges, findings)
    tolerances = Tolerances.of_table(inputs.tolerances)
    services = share_services(exchanges, inputs.service_keys, tolerances, findings)
    markets = build_markets(exchanges, services, tolerances, findings)
    share = allocate(markets, inputs.allocation_rules, inputs.flow_properties, findings).share
    supplies, takings, count = markets.supplies, markets.takings, markets.count
    makers = np.bincount(supplies.market, minlength=count)
    is_mixed = makers[supplies.market] > 1
    supply = np.arange(len(supplies.process))
    # a supply of a market of its own makes the market's flow, others one of their own
    output = np.where(is_mixed, count + supply, supplies.market)
    mixed = np.flatnonzero(makers > 1)
    mixer = len(supply) + np.searchsorted(mixed, supplies.market[is_mixed])
    row, of_supply = _takings_of_supplies(takings.process, supplies.process)
    taken = takings.charged[row] * share[of_supply]
    product = [output, mixed, output[is_mixed], takings.market[row]]
    activity = [supply, len(supply) + np.arange(len(mixed)), mixer, of_supply]
    amount = [supplies.quantity, markets.made[mixed], supplies.quantity[is_mixed], taken]
    goes_in = [np.zeros(len(supply), bool), np.zeros(len(mixed), bool)]
    goes_in += [np.ones(int(is_mixed.sum()), bool), np.ones(len(row), bool)]
    emitted = emissions[supplies.process] * share
    return Peer(
        markets,
        np.flatnonzero(markets.kind == PRODUCT),
        supplies.process,
        share,
        (_pairs(product, activity), np.concatenate(amount), np.concatenate(goes_in)),
        (_pairs([np.full(len(supply), GAS)], [supply]), emitted),
        row,
    )


def _takings_of_supplies(taker: NDArray, supplier: NDArray) -> tuple[NDArray, NDArray]:
    """Each taking, once for each supply of its taker."""
    order = np.argsort(supplier, kind="stable")
    first = np.searchsorted(supplier, taker, sorter=order)
    count = np.searchsorted(supplier, taker, side="right", sorter=order) - first
    row = np.repeat(np.arange(len(taker)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, order[first[row] + within]


def _pairs(rows: list[NDArray], columns: list[NDArray]) -> NDArray:
    pairs = np.empty(sum(map(len, rows)), dtype=[("row", np.int64), ("col", np.int64)])
    pairs["row"], pairs["col"] = np.concatenate(rows), np.concatenate(columns)
    pairs["col"] += FIRST_ACTIVITY
    return pairs


@dataclass(frozen=True)
class Answers:
    """For every product: scaling of the activities, in bw2calc's order, and the score."""

    scalings: list[NDArray[np.float64]]
    scores: list[float]
    position: Mapping[int, int]
    """Of each activity in a scaling."""


def solve_each(peer: Peer) -> Answers:
    """`LCA`, factorised once and asked product by product."""
    import bw2calc

    lca = bw2calc.LCA({int(peer.wanted[0]): 1}, data_objs=[_package(peer)])
    lca.lci(factorize=True)
    lca.lcia()
    scalings, scores = [], []
    for market in peer.wanted:
        lca.lci({int(market): 1})
        lca.lcia_calculation()
        scalings.append(lca.supply_array.copy())
        scores.append(lca.score)
    return Answers(scalings, scores, lca.dicts.activity)


def solve_together(peer: Peer) -> Answers:
    """`MultiLCA`, given all products at once."""
    import bw2calc

    names = [str(market) for market in peer.wanted]
    lca = bw2calc.MultiLCA(
        demands={name: {int(name): 1} for name in names},
        method_config={"impact_categories": [METHOD]},
        data_objs=[_package(peer)],
    )
    lca.lci()
    lca.lcia()
    scores = {name: score for (_, name), score in lca.scores.items()}
    return Answers(
        [lca.supply_arrays[name] for name in names],
        [scores[name] for name in names],
        lca.dicts.activity,
    )


def solve_in_blocks(peer: Peer) -> Answers:
    """`FastSupplyArraysMixin`: factorised once, and solved for fifty products at a time."""
    import bw2calc
    from bw2calc.fast_supply_arrays import FastSupplyArraysMixin

    class Fast(FastSupplyArraysMixin, bw2calc.LCA):
        pass

    lca = Fast({int(peer.wanted[0]): 1}, data_objs=[_package(peer)])
    lca.load_lci_data()
    lca.load_lcia_data()
    demands = []
    for market in peer.wanted:
        lca.build_demand_array({int(market): 1})
        demands.append(lca.demand_array.copy())
    supplies = lca.calculate_supply_arrays(demands)
    characterised = lca.characterization_matrix @ lca.biosphere_matrix
    per_activity = np.asarray(characterised.sum(axis=0)).ravel()
    return Answers(list(supplies.T), list(per_activity @ supplies), lca.dicts.activity)


def solve_given(peer: Peer, technosphere: NDArray, biosphere: NDArray) -> NDArray[np.float64]:
    """Product x draw: scores with the amounts of each draw, entry x draw."""
    found = np.empty((len(peer.wanted), technosphere.shape[1]))
    for draw in range(technosphere.shape[1]):
        indices, _, goes_in = peer.technosphere
        given = replace(
            peer,
            technosphere=(indices, technosphere[:, draw], goes_in),
            biosphere=(peer.biosphere[0], biosphere[:, draw]),
        )
        found[:, draw] = solve_each(given).scores
    return found


def draw_each(peer: Peer, spread: float, draws: int) -> NDArray[np.float64]:
    """Product x draw, by `LCA`: drawn and factorised once a draw, then asked product by product."""
    import bw2calc

    lca = bw2calc.LCA(
        {int(peer.wanted[0]): 1},
        data_objs=[_package(peer, spread)],
        use_distributions=True,
        seed_override=1,
    )
    lca.load_lci_data()
    lca.load_lcia_data()
    demands = []
    for market in peer.wanted:
        lca.build_demand_array({int(market): 1})
        demands.append(lca.demand_array.copy())
    found = np.empty((len(demands), draws))
    for draw in range(draws):
        next(lca)
        lca.decompose_technosphere()
        characterised = lca.characterization_matrix @ lca.biosphere_matrix
        per_activity = np.asarray(characterised.sum(axis=0)).ravel()
        found[:, draw] = [per_activity @ lca.solver(demand) for demand in demands]
    return found


def draw_together(peer: Peer, spread: float, draws: int) -> NDArray[np.float64]:
    """The same by `MultiLCA`, given all products at once."""
    import bw2calc

    names = [str(market) for market in peer.wanted]
    lca = bw2calc.MultiLCA(
        demands={name: {int(name): 1} for name in names},
        method_config={"impact_categories": [METHOD]},
        data_objs=[_package(peer, spread)],
        use_distributions=True,
        seed_override=1,
    )
    lca.lci()
    lca.lcia()
    found = np.empty((len(names), draws))
    for draw in range(draws):
        next(lca)
        scores = {name: score for (_, name), score in lca.scores.items()}
        found[:, draw] = [scores[name] for name in names]
    return found


def _lognormal(amounts: NDArray, deviation: float) -> NDArray:
    import bw_processing
    import stats_arrays

    found = np.zeros(len(amounts), dtype=bw_processing.UNCERTAINTY_DTYPE)
    found["uncertainty_type"] = stats_arrays.LognormalUncertainty.id
    found["loc"], found["scale"] = np.log(amounts), deviation
    found["minimum"] = found["maximum"] = np.nan
    return found


def _package(peer: Peer, spread: float | None = None) -> Any:
    """`spread`: deviation of the logarithm of what is taken and of what is emitted."""
    import bw_processing

    package = bw_processing.create_datapackage()
    indices, amounts, goes_in = peer.technosphere
    drawn = {} if spread is None else {"distributions_array": _lognormal(amounts, spread)}
    if drawn:  # what is made stays
        drawn["distributions_array"]["uncertainty_type"][: -len(peer.taking)] = 0
        drawn["distributions_array"]["loc"][: -len(peer.taking)] = amounts[: -len(peer.taking)]
    package.add_persistent_vector(
        matrix="technosphere_matrix",
        indices_array=indices,
        data_array=amounts,
        flip_array=goes_in,
        **drawn,
    )
    indices, amounts = peer.biosphere
    drawn = {} if spread is None else {"distributions_array": _lognormal(amounts, spread)}
    package.add_persistent_vector(
        matrix="biosphere_matrix", indices_array=indices, data_array=amounts, **drawn
    )
    package.add_persistent_vector(
        matrix="characterization_matrix",
        indices_array=_factor_index(),
        data_array=np.ones(1),
        identifier=list(METHOD),
    )
    return package


def _factor_index() -> NDArray:
    index = np.empty(1, dtype=[("row", np.int64), ("col", np.int64)])
    index["row"], index["col"] = GAS, GAS
    return index


def by_process(peer: Peer, answers: Answers) -> NDArray:
    """Scaling of each process (process x product): the sum over its supplies."""
    supplies = range(len(peer.supply_process))
    positions = [answers.position[FIRST_ACTIVITY + supply] for supply in supplies]
    scalings = np.stack(answers.scalings, axis=1)[positions]
    found = np.zeros((len(peer.markets.names.processes), len(peer.wanted)))
    np.add.at(found, peer.supply_process, scalings * peer.share[:, None])
    return found
