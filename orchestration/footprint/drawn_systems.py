"""The product system with other quantities and prices, many at once: what a unit then carries.

As in `sensitivity`, it is asked what the whole output of each market carries, which one solve gives
for all products: the m of m = S'e + (D T S)'m. Kept is what is kept there: from which site a flow
comes, and measured properties. What stock of an earlier period gives
carries the same a unit, however much it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from orchestration.footprint.allocation import ECONOMIC_BASES
from orchestration.footprint.assembly import Assembled
from orchestration.footprint.elimination import Elimination
from orchestration.footprint.exchanges import SERVICE, Floats, Ints
from orchestration.footprint.sensitivity import (
    BY_QUANTITY,
    Exchange,
    charged_by,
    gives,
    takes,
)
from orchestration.footprint.system_tables import SERVICE_PREFIX, STOCK_PREFIX


class NoNetOutputError(ArithmeticError):
    """With some of the quantities a loop makes nothing, or a process gives less than nothing."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} of the systems have no answer.")
        self.count = count


class DrawnSystems:
    """A system that has a solution, with factors on its quantities and prices.

    Attributes:
        exchanges: whose quantities it is made of: process, flow, direction; sorted.
        prices: process and flow of prices that share out co-products; sorted.
        keys: giver and consumer of services whose share of them is stated; sorted.
        processes: whose burdens it carries, by position.
    """

    def __init__(self, assembled: Assembled, service_keys: pd.DataFrame, wanted: Ints) -> None:
        self._markets, self._wanted = assembled.markets, wanted
        self._assembled, self._keys = assembled, service_keys
        self.processes = assembled.markets.names.processes
        supplies, takings = self._markets.supplies, self._markets.takings
        self._solved = np.flatnonzero(~assembled.blocked.market[supplies.market])
        inside = self._markets.has_output & ~self._markets.names.is_non_product
        inside &= ~assembled.blocked.process
        self._inside = np.flatnonzero(inside[takings.process])
        giving = [
            self._given_by(int(process), int(market))
            for process, market in zip(supplies.process, supplies.market, strict=True)
        ]
        taking = [
            takes(self._markets, int(process), int(market))
            if self._markets.kind[market] != SERVICE
            else None
            for process, market in zip(takings.process, takings.market, strict=True)
        ]
        charges = self._charges()
        of_charges = {exchange for _, amounts in charges for exchange in amounts}
        named = {*giving, *taking, *of_charges}
        self.exchanges = sorted(exchange for exchange in named if exchange is not None)
        place: dict[Exchange | None, int] = {
            exchange: number for number, exchange in enumerate(self.exchanges)
        }
        place[None] = len(place)  # and there stands 1
        self._giving = np.array([place[one] for one in giving], np.int64)
        self._taking = np.array([place[one] for one in taking], np.int64)
        self._charged = np.array([row for row, _ in charges], np.int64)
        stated = [self._served(row) for row, amounts in charges if None in amounts]
        self.keys = sorted(set(stated))
        place_of_key = {key: len(place) + number for number, key in enumerate(self.keys)}
        self._charge_of = matrix_of(
            [
                (
                    number,
                    place_of_key[self._served(row)] if exchange is None else place[exchange],
                    amount,
                )
                for number, (row, amounts) in enumerate(charges)
                for exchange, amount in amounts.items()
            ],
            (len(charges), len(place) + len(self.keys)),
        )
        self._weigh_co_products(giving)
        self._lay_out()

    def _given_by(self, process: int, market: int) -> Exchange | None:
        is_stock = str(self.processes[process]).startswith(STOCK_PREFIX)
        if is_stock or self._markets.kind[market] == SERVICE:
            return None
        return gives(self._markets, process, market)

    def _served(self, row: int) -> tuple[str, str]:
        """Giver and consumer of a service, of a row of takings."""
        takings = self._markets.takings
        giver = self._markets.flow[takings.market[row]].removeprefix(SERVICE_PREFIX)
        return giver, self.processes[takings.process[row]]

    def _charges(self) -> list[tuple[int, dict[Exchange | None, float]]]:
        """Rows of takings of a service, and what their share of it is reckoned by."""
        takings = self._markets.takings
        return [
            (int(row), charged_by(self._assembled, self._keys, *self._served(int(row))))
            for row in np.flatnonzero(self._markets.kind[takings.market] == SERVICE)
        ]

    def _weigh_co_products(self, giving: list[Exchange | None]) -> None:
        """By which quantity and which price the share of each supply moves; by none, 1."""
        table = self._assembled.allocation.table
        basis = dict(zip(table["process_id"].to_pylist(), table["basis"].to_pylist(), strict=True))
        supplies = self._markets.supplies
        bases = [basis.get(self.processes[process], "") for process in supplies.process]
        by_quantity = np.array([one in BY_QUANTITY for one in bases], bool)
        self._weighed_by = np.where(by_quantity, self._giving, len(self.exchanges))
        priced = [
            exchange[:2] if exchange is not None and one in ECONOMIC_BASES else None
            for exchange, one in zip(giving, bases, strict=True)
        ]
        self.prices = sorted({one for one in priced if one is not None})
        place: dict[tuple[str, str] | None, int] = {
            one: number for number, one in enumerate(self.prices)
        }
        self._priced_by = np.array([place.get(one, len(place)) for one in priced], np.int64)

    def _lay_out(self) -> None:
        """Sums that are taken for every draw, and the pattern of what is solved."""
        markets, supplies, takings = self._markets, self._markets.supplies, self._markets.takings
        process_count = len(self.processes)
        self._of_market = _sums(supplies.market, markets.count)
        self._of_process = _sums(supplies.process, process_count)
        self._taken_of_market = _sums(takings.market, markets.count)
        self._solved_of_market = _sums(supplies.market[self._solved], markets.count)
        # each taking of a process counts against every market that the process gives to
        by_process = _sums(supplies.process[self._solved], process_count).tocsr()
        count = np.diff(by_process.indptr)[takings.process[self._inside]]
        self._pair_taking = np.repeat(self._inside, count)
        self._pair_supply = self._solved[
            np.concatenate(
                [
                    by_process.indices[by_process.indptr[one] : by_process.indptr[one + 1]]
                    for one in takings.process[self._inside]
                ]
                or [np.empty(0, np.int64)]
            ).astype(np.int64)
        ]
        row = supplies.market[self._pair_supply]
        column = takings.market[self._pair_taking]
        diagonal = np.arange(markets.count)
        keys, place = np.unique(
            np.concatenate([diagonal, row]) * markets.count + np.concatenate([diagonal, column]),
            return_inverse=True,
        )
        self._of_entry = _sums(place[markets.count :], len(keys))
        self._on_diagonal = place[: markets.count]
        self._elimination = Elimination(markets.count, keys // markets.count, keys % markets.count)

    def intensities(
        self, quantities: Floats, prices: Floats, keys: Floats, burdens: Floats
    ) -> Floats:
        """Market x burden x system: what one unit of each wanted market carries.

        `quantities`, `prices`, `keys`: factors, exchange, price or key x system. `burdens`: process
        x burden x system, of whole processes.

        Raises:
            NoNetOutputError: some of the systems have no answer.
        """
        markets, supplies = self._markets, self._markets.supplies
        count = quantities.shape[1]
        quantities = np.vstack([quantities, np.ones(count)])
        prices = np.vstack([prices, np.ones(count)])
        made = self._of_market @ (supplies.quantity[:, None] * quantities[self._giving])
        part = self._parts_taken(quantities, keys, made)
        share = self._assembled.allocation.share[:, None] * quantities[self._weighed_by]
        share = share * prices[self._priced_by]
        share = share / (self._of_process @ share)[supplies.process]
        entries = -(self._of_entry @ (part[self._pair_taking] * share[self._pair_supply]))
        entries[self._on_diagonal] += 1.0
        right = np.ones((markets.count, burdens.shape[1] + 1, count))
        solved = self._solved
        carried = share[solved][:, None] * burdens[supplies.process[solved]]
        shape = markets.count, burdens.shape[1], count
        right[:, :-1] = (self._solved_of_market @ carried.reshape(len(solved), -1)).reshape(shape)
        found = self._elimination.solve(entries, right)
        # what a unit of everything would need is positive exactly where each loop has net output
        has_answer = (found[:, -1] > 0).all(axis=0) & np.isfinite(found).all(axis=(0, 1))
        has_answer &= (made > 0).all(axis=0)
        if not has_answer.all():
            raise NoNetOutputError(int(count - has_answer.sum()))
        return found[self._wanted, :-1] / made[self._wanted][:, None]

    def _parts_taken(self, quantities: Floats, keys: Floats, made: Floats) -> Floats:
        """Of each taking: the part of what its market made, or of all that was taken (R20)."""
        takings = self._markets.takings
        taken = takings.taken[:, None] * quantities[self._taking]
        if len(self._charged):
            taken[self._charged] = self._charge_of @ np.vstack([quantities, keys])
        total = self._taken_of_market @ taken
        is_shared = self._markets.is_normalised | (self._markets.kind == SERVICE)
        whole = np.where(is_shared[:, None], total, made)[takings.market]
        return np.divide(taken, whole, out=np.zeros_like(taken), where=whole != 0)


def _sums(position: Ints, count: int) -> sparse.csr_array:
    """Adds rows up by position."""
    rows = np.arange(len(position))
    return sparse.csr_array((np.ones(len(position)), (position, rows)), shape=(count, len(rows)))


def matrix_of(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> sparse.csr_array:
    """Of row, column and value; what stands twice adds up."""
    row, column, value = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((np.array(value, float), (row, column)), shape=shape)
