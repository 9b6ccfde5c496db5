"""The factors of a product system: what is solved once for all products of a period.

v = g + use v has an unknown for each market. A market that only one other takes from is not an
unknown of its own: it runs at a fixed multiple of its taker. In a factory, where most steps feed
the next one, that is most of them, and what remains is factorised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from orchestration.footprint.exchanges import Flags, Floats, Ints


@dataclass(frozen=True)
class Factors:
    """I - use, ready to be solved for any g.

    Attributes:
        unknown: markets that are solved for, in the order of elimination.
        number: of each market, its place among the unknowns; -1 where it follows another.
        follows: market x unknown; what each market runs at when the unknown runs at 1.
        chain: market x market; the step from a market that follows to a taker that follows, too.
        use_of_unknown: unknown x market; the rows of `use`.
        inner: the factors of the system of the unknowns.
    """

    unknown: Ints
    number: Ints
    follows: sparse.csr_array
    chain: sparse.csr_array
    use_of_unknown: sparse.csr_array
    inner: SuperLU

    def solve(self, g: Floats) -> Floats:
        """The v of v = g + use v, for one g or for each column of several."""
        right = g[self.unknown]
        own = g.copy()
        own[self.unknown] = 0.0
        if not own.any():
            return self.follows @ self.inner.solve(right)
        step = own
        while step.any():  # no chain has a loop, so it ends
            step = self.chain @ step
            own = own + step
        return own + self.follows @ self.inner.solve(right + self.use_of_unknown @ own)

    def solve_transposed(self, burdens: Floats) -> Floats:
        """The m of m = burdens + transposed(use) m, for one column or for each of several.

        With the burdens that each market's makers carry themselves, what the whole output of each
        market carries: the adjoint of `solve`, by the same factors.
        """
        of_unknown = self.inner.solve(np.asfortranarray(self.follows.T @ burdens), trans="T")
        own = burdens + self.use_of_unknown.T @ of_unknown
        own[self.unknown] = 0.0
        step = own
        while step.any():
            step = self.chain.T @ step
            own = own + step
        own[self.unknown] = of_unknown
        return own

    def unknowns_for(self, markets: Ints, amounts: Floats) -> Floats | None:
        """The unknowns when an amount is asked of each market alone, a column each.

        None when one of the markets follows another: it is no unknown, and `solve` is for it.
        """
        number = self.number[markets]
        if (number < 0).any():
            return None
        right = np.zeros((len(self.unknown), len(markets)), order="F")
        right[number, np.arange(len(markets))] = amounts
        return self.inner.solve(right)


def factors_of(use: sparse.csr_array, asked: Flags) -> Factors | None:
    """The factors of I - use; None when it is exactly singular.

    `asked`: markets that a g will be given for; they stay unknowns, which makes solving faster.
    """
    use = sparse.csr_array(use)
    use.eliminate_zeros()
    is_unknown, taker, multiple = _followed(use, asked)
    unknown = np.flatnonzero(is_unknown)
    number = np.full(use.shape[0], -1)
    number[unknown] = np.arange(len(unknown))
    follows = sparse.csr_array(
        (multiple, number[taker], np.arange(len(taker) + 1)), shape=(len(taker), len(unknown))
    )
    among_unknown = sparse.csr_array(use[unknown] @ follows)
    matrix = sparse.csr_array(sparse.eye_array(len(unknown), format="csr") - among_unknown)
    order = _fewest_neighbours_first(matrix)
    try:
        # pivots stay on the diagonal: I - use is an M-matrix, whose elimination then adds
        # numbers of one sign only, so nothing cancels and no requirement turns negative
        inner = splu(
            sparse.csc_array(matrix[order][:, order]),
            permc_spec="NATURAL",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # exactly singular
        return None
    following = sparse.diags_array((~is_unknown).astype(float), format="csr")
    chain = sparse.csr_array(following @ use @ following)
    chain.eliminate_zeros()
    unknown = unknown[order]
    number[unknown] = np.arange(len(unknown))
    return Factors(unknown, number, follows[:, order], chain, use[unknown], inner)


def _followed(use: sparse.csr_array, asked: Flags) -> tuple[Flags, Ints, Floats]:
    """Which markets are unknowns; which unknown each market follows, and at which multiple.

    An unknown follows itself at 1.
    """
    itself = np.arange(use.shape[0])
    has_one = np.diff(use.indptr) == 1
    only_taker, only_use = itself.copy(), np.ones(len(itself))
    only_taker[has_one] = use.indices[use.indptr[:-1][has_one]]
    only_use[has_one] = use.data[use.indptr[:-1][has_one]]
    is_unknown = asked | (only_taker == itself)
    while True:
        taker = np.where(is_unknown, itself, only_taker)
        multiple = np.where(is_unknown, 1.0, only_use)
        with np.errstate(over="ignore", invalid="ignore"):  # in loops, which are left below
            for _ in range(len(itself).bit_length() + 1):  # each time the way covered doubles
                if is_unknown[taker].all():
                    return is_unknown, taker, multiple
                multiple = multiple * multiple[taker]
                taker = taker[taker]
        # whoever has not arrived goes round in a loop of markets with one taker each
        is_unknown = is_unknown.copy()
        is_unknown[taker[~is_unknown[taker]]] = True


def _fewest_neighbours_first(matrix: sparse.csr_array) -> Ints:
    """The order of elimination: markets that few others take or give to come first.

    It fills in about as little as minimum degree does, and takes no time to find.
    """
    neighbours = np.diff(matrix.indptr) + np.bincount(matrix.indices, minlength=matrix.shape[0])
    return np.argsort(neighbours, kind="stable")
