"""The product system against brightway's bw2calc: the same answers with loops, drawn ones, too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from orchestration.company.spreads import read_spread
from orchestration.footprint.assembly import assemble
from orchestration.footprint.product_system import SolvedPeriod, solve_period
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import SystemInputs
from orchestration.uncertainty.simulating import simulate
from tests.bench import _system_peer as peers
from tests.bench._system import write_system
from tests.bench.monte_carlo import SPREAD, drawn_year, same_draws
from tests.unit.companies import inputs_of
from tests.unit.test_system_properties import Company, companies

SAME = 1e-9
DUST = 1e-15

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # no pypardiso: it needs MKL


def same_answers(inputs: SystemInputs, solved: SolvedPeriod) -> None:
    """Scaling of every process and score of every product, asked both ways."""
    count = len(set(inputs.exchanges["process_id"].to_pylist()))
    emissions = np.random.default_rng(3).uniform(1.0, 2.0, count)
    peer = peers.encode(inputs, emissions)
    names = peer.markets.names
    process = {name: number for number, name in enumerate(names.processes)}
    product = {
        (peer.markets.flow[market], names.facilities[peer.markets.facility[market]]): number
        for number, market in enumerate(peer.wanted)
    }
    ours = np.zeros((count, len(product)))
    for row in solved.requirements.to_pylist():
        market = row["flow_id"], row["facility_id"]
        if market in product:
            ours[process[row["process_id"]], product[market]] = row["requirement"]
    for solve in (peers.solve_each, peers.solve_together):
        theirs = solve(peer)
        # theirs has rounding dust where a process is not needed; ours is exactly zero there
        scaling = peers.by_process(peer, theirs)
        np.testing.assert_allclose(scaling, ours, rtol=SAME, atol=DUST)
        np.testing.assert_allclose(theirs.scores, emissions @ ours, rtol=SAME)


@pytest.mark.parametrize(
    ("processes", "products", "seed"), [(100, 5, 1), (400, 40, 2), (1000, 60, 3)]
)
def test_generated_systems_have_bw2calcs_answers(processes, products, seed):
    inputs = write_system(processes, products, seed)
    same_answers(inputs, solve_period("2021", inputs))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies())
def test_random_companies_have_bw2calcs_answers(company: Company):
    solved = company.solve()
    inputs = inputs_of(company.exchanges, company.rules, company.keys, company.properties)
    assume("critical" not in solved.findings["severity"].to_pylist())  # bw2calc solves all or none
    assume({"f0", "f1"} & set(solved.requirements["flow_id"].to_pylist()))
    same_answers(inputs, solved)


def test_draws_have_bw2calcs_answers_and_its_own_draws_the_same_spread():
    """Everything that a process takes is drawn, loops included, and everything it emits."""
    inputs = write_system(104, 5)
    emissions = np.random.default_rng(2).uniform(1.0, 2.0, 104)
    assembled = assemble("2021", inputs, Findings("2021"))
    assert assembled is not None
    year, figures, spreads = drawn_year(inputs, assembled, emissions)
    peer = peers.encode(inputs, emissions)
    ours = simulate(year, figures, {}, spreads, 20_000, seed=1)
    theirs = peers.solve_given(peer, *same_draws(peer, assembled, spreads, 6))
    np.testing.assert_allclose(theirs, ours[:, :6], rtol=SAME)
    drawn = peers.draw_each(peer, read_spread(SPREAD).deviation, 1_000)
    np.testing.assert_allclose(drawn.mean(axis=1), ours.mean(axis=1), rtol=0.02)
    # standard error of a deviation by a thousand draws: 2.2 %
    np.testing.assert_allclose(drawn.std(axis=1), ours.std(axis=1), rtol=0.08)
