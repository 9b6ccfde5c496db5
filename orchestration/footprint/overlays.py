"""The product system solved again with something of it changed, and final demand as it was.

With B = D T S of `product_system`, an overlay changes columns of T (what a process takes), rows
of S (what an operation carries for each output) and parts of the final demand. Each changed
process adds a product of one column and one row to B, so the factors of the measured system
serve all overlays (Woodbury): one small dense system each, and no factorisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from orchestration.footprint.assembly import Assembled
from orchestration.footprint.exchanges import Floats, Ints, sums
from orchestration.footprint.system_tables import PRODUCT
from orchestration.footprint.technosphere import NO_NET_OUTPUT

BACKWARDS = 1e-9
"""Part of a process that below 0 is no rounding."""


@dataclass(frozen=True)
class Overlay:
    """What is different from the measured system; processes and markets by position.

    Attributes:
        taken: by process and market, the part of the market's output that the whole of the
            process takes instead.
        operation: by process and market, the part of the process that one whole output of the
            market needs instead.
        demand: by market, what is added to the part of its output that is final demand.
    """

    taken: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    operation: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    demand: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Operated:
    """How much each process runs under an overlay, and what a unit of each product needs."""

    rates: Floats
    """Of each process of the system; 1 as measured."""
    rows: Mapping[int, tuple[Ints, Floats]]
    """Of changed processes: the markets they serve, and the part of an operation for each."""
    inner: Floats
    """The small system's answer for each product (update x product)."""
    updates: Floats
    """Solved columns of the updates (market x update)."""


class OverlaySystem:
    """A measured system that overlays are solved on; what was solved once is kept."""

    def __init__(self, assembled: Assembled) -> None:
        self._system, self._factors = assembled.system, assembled.factors
        self._operation = assembled.system.operation
        markets, demand = assembled.markets, assembled.demand
        self.is_operated = (
            markets.has_output & ~markets.names.is_non_product & ~assembled.blocked.process
        )
        """Of each process: it is inside the system; the others run as measured."""
        is_product = (markets.kind == PRODUCT) & ~assembled.blocked.market
        self.products = np.flatnonzero(is_product)
        """Markets whose intensities are asked for."""
        wanted = sums(demand.market, demand.quantity, markets.count) / markets.made
        wanted[assembled.blocked.market] = 0.0
        unit = np.zeros((markets.count, len(self.products)))
        unit[self.products, np.arange(len(self.products))] = 1.0 / markets.made[self.products]
        given = np.column_stack([wanted, np.ones(markets.count), unit])
        self._answers: Floats = self._factors.solve(np.asfortranarray(given))
        self._measured = self._operation @ self._answers[:, 0]
        self._columns: dict[tuple[int, tuple[tuple[int, float], ...]], Floats] = {}

    def measured_takings(self, process: int) -> dict[int, float]:
        """By market: the part of its output that the whole of a process takes."""
        taken = self._system.taken
        part = slice(taken.indptr[process], taken.indptr[process + 1])
        return dict(zip(taken.indices[part].tolist(), taken.data[part].tolist(), strict=True))

    def measured_operation(self, process: int) -> dict[int, float]:
        """By market: the part of the process that one whole output of it needs."""
        part = slice(self._operation.indptr[process], self._operation.indptr[process + 1])
        markets = self._operation.indices[part].tolist()
        return dict(zip(markets, self._operation.data[part].tolist(), strict=True))

    def solve(self, overlay: Overlay) -> Operated | None:
        """The system under an overlay; None where it makes nothing, or a process runs below 0.

        Final demand stays as measured, what was drawn from stock included: who takes less of a
        flow of which little was made would have its makers run backwards.
        """
        columns, rows = self._updates(overlay)
        answers = self._answers
        if overlay.demand:
            added = np.zeros(len(answers))
            added[list(overlay.demand)] = list(overlay.demand.values())
            answers = answers.copy()
            answers[:, 0] += self._factors.solve(added)
        solved = np.column_stack(columns) if columns else np.empty((len(answers), 0))
        seen = _picked(rows, answers)
        small = np.eye(len(rows)) - _picked(rows, solved)
        try:
            inner = np.linalg.solve(small, seen).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            return None
        turnover = answers[:, 1] + solved @ inner[:, 1]
        if not (np.isfinite(turnover).all() and (turnover > 0).all()):
            return None
        if turnover.max(initial=0.0) >= NO_NET_OUTPUT:
            return None
        scale = answers[:, 0] + solved @ inner[:, 0]
        rates = self._operation @ scale
        changed = {process: _vector(entries) for process, entries in overlay.operation.items()}
        for process, (markets, parts) in changed.items():
            rates[process] = parts @ scale[markets]
        # the difference, so that what nothing happened to is exactly as measured
        rates = 1.0 + (rates - self._measured)
        if rates.min(initial=0.0) < -BACKWARDS:
            return None
        return Operated(rates, changed, inner[:, 2:], solved)

    def intensities(self, operated: Operated, of_processes: Floats) -> Floats:
        """Per unit of each product (product x column): what its processes carry in all.

        `of_processes`: process x column, of the whole of each process.
        """
        carried = self._operation.T @ of_processes
        for process, (markets, parts) in operated.rows.items():
            before = self.measured_operation(process)
            held, old = _vector(before)
            carried[held] -= np.outer(old, of_processes[process])
            np.add.at(carried, markets, np.outer(parts, of_processes[process]))
        return self._answers[:, 2:].T @ carried + operated.inner.T @ (operated.updates.T @ carried)

    def _updates(self, overlay: Overlay) -> tuple[list[Floats], list[tuple[Ints, Floats]]]:
        """Solved columns and rows whose products are what the overlay adds to B."""
        columns, rows = [], []
        for process in sorted({*overlay.taken, *overlay.operation}):
            before = self.measured_takings(process)
            after = before | dict(overlay.taken.get(process, {}))
            row = self.measured_operation(process)
            if process in overlay.operation:
                columns += [self._solved(process, after), self._solved(process, before)]
                minus = {market: -part for market, part in row.items()}
                rows += [_vector(overlay.operation[process]), _vector(minus)]
            else:
                change = {m: part - before.get(m, 0.0) for m, part in after.items()}
                columns.append(self._solved(process, {m: d for m, d in change.items() if d}))
                rows.append(_vector(row))
        return columns, rows

    def _solved(self, process: int, entries: Mapping[int, float]) -> Floats:
        key = process, tuple(sorted(entries.items()))
        if key not in self._columns:
            column = np.zeros(len(self._answers))
            column[list(entries)] = list(entries.values())
            self._columns[key] = self._factors.solve(column)
        return self._columns[key]


def _vector(entries: Mapping[int, float]) -> tuple[Ints, Floats]:
    return np.array(list(entries), np.int64), np.array(list(entries.values()), float)


def _picked(rows: list[tuple[Ints, Floats]], of: Floats) -> Floats:
    """Each row times a dense matrix."""
    found = np.empty((len(rows), of.shape[1]))
    for number, (markets, parts) in enumerate(rows):
        found[number] = parts @ of[markets]
    return found
