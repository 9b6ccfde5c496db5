"""The factors of a product system against the dense solution of the same equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from orchestration.footprint.factors import factors_of

SAME = 1e-11


def solved(use: np.ndarray, asked: np.ndarray, g: np.ndarray) -> np.ndarray:
    factors = factors_of(sparse.csr_array(use), asked)
    assert factors is not None
    return factors.solve(g)


@st.composite
def systems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mostly markets with one taker or none, in chains and loops; none takes more than it makes."""
    count = draw(st.integers(1, 12))
    use = np.zeros((count, count))
    market = st.integers(0, count - 1)
    for row in range(count):
        for column in draw(st.lists(market, max_size=draw(st.sampled_from([1, 1, 1, 3])))):
            use[row, column] = draw(st.floats(0.01, 1.0))
    use *= 0.9 / np.maximum(use.sum(axis=0), 0.9)
    asked = draw(arrays.arrays(bool, count))
    g = draw(arrays.arrays(float, (count, 2), elements=st.floats(0.0, 10.0)))
    return use, asked, g


@settings(max_examples=150, deadline=None)
@given(systems())
def test_any_system_has_the_dense_solution(system):
    use, asked, g = system
    dense = np.linalg.solve(np.eye(len(use)) - use, g)
    np.testing.assert_allclose(solved(use, asked, g), dense, rtol=SAME, atol=1e-300)
    np.testing.assert_allclose(solved(use, asked, g[:, 0]), dense[:, 0], rtol=SAME, atol=1e-300)


@settings(max_examples=100, deadline=None)
@given(systems())
def test_what_is_asked_of_unknowns_alone_is_the_same(system):
    use, asked, g = system
    g[~asked] = 0.0
    dense = np.linalg.solve(np.eye(len(use)) - use, g)
    np.testing.assert_allclose(solved(use, asked, g), dense, rtol=SAME, atol=1e-300)


@settings(max_examples=100, deadline=None)
@given(systems())
def test_what_is_asked_of_one_unknown_at_a_time_is_the_same(system):
    use, asked, _ = system
    factors = factors_of(sparse.csr_array(use), asked)
    markets = np.flatnonzero(asked)
    dense = np.linalg.inv(np.eye(len(use)) - use)[:, markets] * 2.0
    unknowns = factors.unknowns_for(markets, np.full(len(markets), 2.0))
    np.testing.assert_allclose(factors.follows @ unknowns, dense, rtol=SAME, atol=1e-300)
    others = np.setdiff1d(np.arange(len(use)), factors.unknown)
    assert not len(others) or factors.unknowns_for(others, np.ones(len(others))) is None


def test_a_chain_has_one_unknown():
    use = sparse.csr_array(np.diag([0.5, 0.5, 0.5, 0.5], k=1))
    asked = np.array([False, False, False, False, True])
    factors = factors_of(use, asked)
    assert factors.unknown.tolist() == [4]
    assert factors.solve(asked.astype(float)).tolist() == [0.0625, 0.125, 0.25, 0.5, 1.0]


def test_a_loop_of_single_takers_is_solved():
    use = np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 0.5], [0.5, 0.0, 0.0]])
    dense = np.linalg.solve(np.eye(3) - use, np.ones(3))
    np.testing.assert_allclose(solved(use, np.zeros(3, bool), np.ones(3)), dense, rtol=SAME)


def test_a_loop_that_makes_nothing_has_no_factors():
    loop = sparse.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert factors_of(loop, np.zeros(2, bool)) is None


@pytest.mark.parametrize("seed", range(3))
def test_a_large_system_has_the_dense_solution(seed):
    random = np.random.default_rng(seed)
    use = np.where(random.random((300, 300)) < 0.006, random.random((300, 300)), 0.0)
    use *= 0.95 / np.maximum(use.sum(axis=0), 0.95)
    g = np.eye(300)[:, random.random(300) < 0.1]
    dense = np.linalg.solve(np.eye(300) - use, g)
    asked = g.any(axis=1)
    np.testing.assert_allclose(solved(use, asked, g), dense, rtol=SAME, atol=1e-15)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 8, 9])
def test_chains_of_any_length_are_solved(count):
    use = sparse.csr_array(np.diag(np.full(max(count - 1, 0), 0.5), k=1)[:count, :count])
    factors = factors_of(use, np.zeros(count, bool))
    dense = np.linalg.solve(np.eye(count) - use.toarray(), np.ones(count))
    np.testing.assert_allclose(factors.solve(np.ones(count)), dense, rtol=SAME)
