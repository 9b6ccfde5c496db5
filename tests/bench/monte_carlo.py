"""Draws of a company with loops: what each of its products then carries, ours and by bw2calc."""

from __future__ import annotations

import resource
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestration.company.spreads import Spread, read_spread
from orchestration.footprint.assembly import Assembled, assemble
from orchestration.footprint.drawn_systems import DrawnSystems
from orchestration.footprint.sensitivity import takes
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import PRODUCT, SERVICE_KEYS, SystemInputs, read_as
from orchestration.uncertainty.draws import CauseDraws
from orchestration.uncertainty.simulating import ProductSystem, Year, simulate
from tests.bench import _system_peer as peers
from tests.bench._measure import Row, timed
from tests.bench._system import write_system

PROCESSES, PRODUCTS, DRAWS = 2_000, 200, 10_000
PEER_DRAWS = 20
COMPARED = 5
SPREAD = "lognormal 1.1"
"""Of what every process takes from another, and of its emissions, each by itself."""
LIMIT_GB = 4.0
SAME = 1e-9
BASIS = "location_based"


def measure(_: Path) -> list[Row]:
    """From the assembled system to every product in every draw; some draws must agree with the
    peer's, given the same numbers; then each draws its own."""
    inputs = write_system(PROCESSES, PRODUCTS)
    emissions = np.random.default_rng(2).uniform(1.0, 2.0, PROCESSES)
    assembled = assemble("2021", inputs, Findings("2021"))
    assert assembled is not None
    year, figures, spreads = drawn_year(inputs, assembled, emissions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bw2calc would like pypardiso, which needs Intel's MKL
        peer = peers.encode(inputs, emissions)
        ours = simulate(year, figures, {}, spreads, COMPARED, seed=1)
        theirs = peers.solve_given(peer, *same_draws(peer, assembled, spreads, COMPARED))
        difference = float(np.abs(theirs / ours - 1.0).max())
        if difference > SAME:
            raise AssertionError(f"Products differ from bw2calc's by {difference:.1e}.")
        spread = read_spread(SPREAD).deviation
        taken = timed({"ours": lambda: simulate(year, figures, {}, spreads, DRAWS, seed=1)}, 1)
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        if peak_gb > LIMIT_GB:
            raise AssertionError(f"{peak_gb:.1f} GB are taken, of {LIMIT_GB:g} allowed.")
        ways = {
            "LCA": lambda: peers.draw_each(peer, spread, PEER_DRAWS),
            "MultiLCA": lambda: peers.draw_together(peer, spread, PEER_DRAWS),
        }
        taken |= timed(ways, 1)
    per_draw = {
        name: seconds / (DRAWS if name == "ours" else PEER_DRAWS) for name, seconds in taken.items()
    }
    fastest = min(ways, key=per_draw.__getitem__)
    return [
        Row(
            f"monte_carlo_{DRAWS}",
            per_draw["ours"],
            f"bw2calc {fastest}, its own draws",
            per_draw[fastest],
            f"seconds a draw; {DRAWS:,} draws of {len(spreads):,} causes and {PRODUCTS} products "
            f"in {taken['ours']:.1f} s, {peak_gb:.2f} GB; "
            + ", ".join(f"{name} {1e3 * per_draw[name]:.1f} ms" for name in per_draw)
            + f"; {COMPARED} draws of the same numbers differ by {difference:.0e} at most",
            allowed=0.1,
        )
    ]


def drawn_year(
    inputs: SystemInputs, assembled: Assembled, emissions: NDArray
) -> tuple[Year, pd.DataFrame, dict[str, Spread]]:
    """One emission line a process, with a factor of its own; a cause for each thing taken."""
    markets = assembled.markets
    wanted = np.flatnonzero(markets.kind == PRODUCT)
    keys = read_as(inputs.service_keys, SERVICE_KEYS).to_pandas()
    places = [
        (str(markets.flow[market]), str(markets.names.facilities[markets.facility[market]]))
        for market in wanted
    ]
    made = pd.DataFrame(
        [(flow, flow, site, 1.0, 1.0) for flow, site in places],
        columns=[
            "product_id",
            "flow_id",
            "facility_id",
            "market_weight",
            "declared_units_per_unit",
        ],
    )
    names = markets.names.processes.astype(str)
    lines = pd.DataFrame(
        {
            "facility_id": "all",
            "process_id": names,
            "flow_id": "emitted",
            "direction": "output",
            "basis": BASIS,
            "ghg_scope": 1,
            "ghg_category": "all",
            "factor_version_id": names,
            "in_product_boundary": True,
            "consolidation_share": 1.0,
            "quantity": emissions,
            "kgco2e": emissions,
        }
    )
    exchanges = _taken(assembled)
    data = pd.DataFrame(list(exchanges), columns=["process_id", "flow_id", "direction"])
    data = data.assign(cause_id=list(exchanges.values()), share=1.0)
    nothing_sold = lines.assign(cause_id="", part_kgco2e=0.0).iloc[:0]
    stocks = pd.DataFrame(columns=["process_id", BASIS, "market_based"])
    system = ProductSystem(DrawnSystems(assembled, keys, wanted), places, stocks, made)
    carried = assembled.factors.solve_transposed(assembled.system.operation.T @ emissions)
    figures = pd.DataFrame(
        {
            "figure_kind": "product",
            "subject": made["product_id"],
            "basis": BASIS,
            "figure_value": carried[wanted] / markets.made[wanted],
        }
    )
    causes = [*exchanges.values(), *(f"factor:{name}" for name in names)]
    return (
        Year(lines, data, nothing_sold, system),
        figures,
        dict.fromkeys(causes, read_spread(SPREAD)),
    )


def _taken(assembled: Assembled) -> dict[tuple[str, str, str], str]:
    """The cause behind each thing that a process takes from another."""
    takings = assembled.markets.takings
    exchanges = (
        takes(assembled.markets, process, market)
        for process, market in zip(takings.process, takings.market, strict=True)
    )
    return {exchange: f"data_method:{'/'.join(exchange)}" for exchange in exchanges}


def same_draws(
    peer: peers.Peer, assembled: Assembled, spreads: Mapping[str, Spread], draws: int
) -> tuple[NDArray, NDArray]:
    """Amounts of the peer's technosphere and biosphere, entry x draw, with our factors on them."""
    streams = CauseDraws(spreads, seed=1)
    factors = dict(zip(streams.causes, streams.following(draws), strict=True))
    markets, takings = assembled.markets, assembled.markets.takings
    causes = _taken(assembled)
    taken = takings.taken[:, None] * np.array(
        [
            factors[causes[takes(markets, process, market)]]
            for process, market in zip(takings.process, takings.market, strict=True)
        ]
    )
    total = np.zeros((markets.count, draws))
    np.add.at(total, takings.market, taken)
    is_shared = markets.is_normalised[takings.market]
    # what can't be stored is charged so that it adds up to what was made
    whole = markets.made[takings.market][:, None] / total[takings.market]
    ratio = np.where(is_shared[:, None], taken * whole, taken) / takings.charged[:, None]
    amounts = np.repeat(peer.technosphere[1][:, None], draws, axis=1)
    amounts[-len(peer.taking) :] *= ratio[peer.taking]
    of_process = np.array([factors[f"factor:{name}"] for name in markets.names.processes])
    return amounts, peer.biosphere[1][:, None] * of_process[peer.supply_process]
