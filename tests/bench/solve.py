"""All products of companies with loops: scaling of every process and footprint, by bw2calc too."""

from __future__ import annotations

import resource
import time
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestration.footprint.blocking import block
from orchestration.footprint.product_system import solve_period
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.technosphere import build_technosphere, factorise, requirements
from tests.bench import _system_peer as peers
from tests.bench._measure import Row, timed
from tests.bench._system import write_system

PRODUCTS = 200
LARGE = 20_000
PEERS = {"LCA": peers.solve_each, "MultiLCA": peers.solve_together} | (
    {"FastSupplyArrays": peers.solve_in_blocks} if peers.HAS_FAST_SOLVER else {}
)
"""bw2calc's own way to many supply arrays needs pypardiso or UMFPACK. It is measured where one of
them is installed; neither is among what this project locks: with pypardiso 0.4.7 (MKL 2026.2) each
of the three ways took longer than the fastest of the first two does without it."""

SAME = 1e-9


def measure(_: Path) -> list[Row]:
    """From the encoded system to scalings and scores, by turns; the answers must agree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bw2calc would like pypardiso, which needs Intel's MKL
        return [
            _compared(2_000, allowed=0.15),
            _compared(LARGE, allowed=0.15, limit_s=60.0),
        ]


def _compared(processes: int, *, allowed: float, limit_s: float | None = None) -> Row:
    inputs = write_system(processes, PRODUCTS)
    emissions = np.random.default_rng(2).uniform(1.0, 2.0, processes)
    peer = peers.encode(inputs, emissions)
    difference = _compare(peer, emissions)
    works = {name: lambda w=work: w(peer) for name, work in PEERS.items()}
    taken = timed(
        works | {"ours": lambda: _solve(peer, emissions)}, repeats=9 if processes < LARGE else 3
    )
    fastest = min(PEERS, key=taken.__getitem__)
    started = time.perf_counter()
    solved = solve_period("2021", inputs)
    whole = time.perf_counter() - started
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if not solved.is_solved or (limit_s is not None and whole > limit_s):
        raise AssertionError(f"{processes} processes: solved {solved.is_solved} in {whole:.1f} s")
    note = (
        f"{peer.markets.count:,} markets, {solved.requirements.num_rows:,} requirements; answers "
        f"differ by {difference:.0e} at most; "
        + ", ".join(f"{name} {taken[name]:.3f} s" for name in PEERS)
        + f"; ours from exchanges to tables, with allocation, matching, links and recycled "
        f"content: {whole:.2f} s; peak memory of both {peak_gb:.2f} GB"
    )
    return Row(
        f"solve_{processes}_processes_{PRODUCTS}_products",
        taken["ours"],
        f"bw2calc {fastest}, factorised once",
        taken[fastest],
        note,
        allowed=allowed,
    )


def _solve(peer: peers.Peer, emissions: NDArray) -> tuple[list[NDArray], list[NDArray]]:
    """Scaling of every process (process x product) and footprint of products, in blocks."""
    findings = Findings("2021")
    system = build_technosphere(peer.markets, peer.share, block(peer.markets, ()))
    factors = factorise(system, peer.markets, findings)
    assert factors is not None, findings.rows
    blocks = [block for _, block in requirements(system, factors, peer.wanted)]
    return blocks, [emissions @ block for block in blocks]


def _compare(peer: peers.Peer, emissions: NDArray) -> float:
    """Largest relative difference of a scaling or score from either of the peers'."""
    blocks, scores = _solve(peer, emissions)
    ours, score = np.hstack(blocks), np.concatenate(scores)
    worst = 0.0
    for work in PEERS.values():
        answers = work(peer)
        theirs = peers.by_process(peer, answers)
        scale = np.where(theirs > 0, theirs, 1.0)
        worst = max(worst, np.abs((ours - theirs) / scale).max())
        worst = max(worst, np.abs(score / np.array(answers.scores) - 1).max())
    if worst > SAME:
        raise AssertionError(f"The answers differ by {worst:.1e}.")
    return float(worst)
