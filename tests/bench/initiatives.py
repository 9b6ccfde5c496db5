"""A hundred initiatives on a company with loops, alone and in sequence: ours, and by bw2calc."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestration.footprint.assembly import Assembled, assemble
from orchestration.footprint.overlays import Overlay, OverlaySystem
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import PRODUCT
from tests.bench import _system_peer as peers
from tests.bench._measure import Row, timed
from tests.bench._system import write_system

PROCESSES, PRODUCTS, INITIATIVES = 2_000, 200, 100
SAVED = 0.9
"""What a process then takes of everything that the company makes."""

SAME = 1e-9


def measure(_: Path) -> list[Row]:
    """From the assembled system to the emissions of each state; the answers must agree."""
    inputs = write_system(PROCESSES, PRODUCTS)
    emissions = np.random.default_rng(2).uniform(1.0, 2.0, PROCESSES)
    assembled = assemble("2021", inputs, Findings("2021"))
    assert assembled is not None
    states = _states(assembled)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bw2calc would like pypardiso, which needs Intel's MKL
        peer = peers.encode(inputs, emissions)
        demand = _demand(assembled)
        ours = _ours(assembled, states, emissions)
        difference = np.abs(_theirs(peer, demand, states) / ours - 1.0).max()
        if difference > SAME:
            raise AssertionError(f"Emissions differ from bw2calc's by {difference:.1e}.")
        taken = timed(
            {
                "ours": lambda: _ours(assembled, states, emissions),
                "bw2calc": lambda: _theirs(peer, demand, states),
            }
        )
    return [
        Row(
            "initiatives_100_on_2000",
            taken["ours"],
            "bw2calc, matrices built anew for each",
            taken["bw2calc"],
            f"{len(states)} states, alone and in sequence; largest difference {difference:.0e}",
            allowed=0.1,
        )
    ]


def _states(assembled: Assembled) -> list[tuple[int, ...]]:
    """Processes that save something in each state: one at a time, then one more each time."""
    givers = np.unique(assembled.markets.takings.process)
    chosen = np.random.default_rng(3).choice(givers, INITIATIVES, replace=False)
    alone = [(int(process),) for process in chosen]
    sequence = [tuple(map(int, chosen[: count + 1])) for count in range(INITIATIVES)]
    return alone + sequence


def _ours(
    assembled: Assembled, states: list[tuple[int, ...]], emissions: NDArray
) -> NDArray[np.float64]:
    """Emissions of the company in each state."""
    system = OverlaySystem(assembled)
    found = []
    for processes in states:
        taken = {
            process: {
                market: SAVED * part for market, part in system.measured_takings(process).items()
            }
            for process in processes
        }
        operated = system.solve(Overlay(taken))
        assert operated is not None
        found.append(float(operated.rates @ emissions))
    return np.array(found)


def _demand(assembled: Assembled) -> dict[int, float]:
    """Final demand by market; ids of the peer's products."""
    assert (assembled.markets.kind[assembled.demand.market] == PRODUCT).any()
    found: dict[int, float] = {}
    for market, quantity in zip(assembled.demand.market, assembled.demand.quantity, strict=True):
        found[int(market)] = found.get(int(market), 0.0) + float(quantity)
    return found


def _theirs(
    peer: peers.Peer, demand: dict[int, float], states: list[tuple[int, ...]]
) -> NDArray[np.float64]:
    """The same by a new package for each state."""
    import bw2calc

    indices, amounts, goes_in = peer.technosphere
    supply = indices["col"] - peers.FIRST_ACTIVITY
    is_supply = goes_in & (supply < len(peer.supply_process))
    process = np.where(is_supply, peer.supply_process[np.where(is_supply, supply, 0)], -1)
    found = []
    for processes in states:
        changed = np.where(np.isin(process, processes), SAVED * amounts, amounts)
        one = peers.Peer(
            peer.markets,
            peer.wanted,
            peer.supply_process,
            peer.share,
            (indices, changed, goes_in),
            peer.biosphere,
            peer.taking,
        )
        lca = bw2calc.LCA(demand, data_objs=[peers._package(one)])
        lca.lci()
        lca.lcia()
        found.append(lca.score)
    return np.array(found)
