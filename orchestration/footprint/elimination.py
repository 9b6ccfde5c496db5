"""Many linear systems of one pattern, solved at once: the same steps on all of them.

Which unknown is eliminated when, and what fills in, is found once. Each step then works on an array
with a column a system, so that thousands of small systems cost little more than one. A system's
answer doesn't depend on which others are solved beside it, to the last bit.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.footprint.exchanges import Floats, Ints

HELD = 4_000_000
"""Numbers that one array may hold: bounds the memory, whatever number of systems is asked for."""


@dataclass(frozen=True)
class _Step:
    """One unknown: the slots of its pivot, of what stands below it, right of it, and in both."""

    unknown: int
    pivot: int
    below: Ints
    below_slots: Ints
    right: Ints
    right_slots: Ints
    touched: Ints


class Elimination:
    """The pattern of square systems whose pivots may stay on the diagonal, as of I - use.

    `rows`, `columns`: of each entry that may differ from zero; every diagonal entry is among them,
    and none is named twice.
    """

    def __init__(self, size: int, rows: Ints, columns: Ints) -> None:
        self.size = size
        entries = list(zip(rows.tolist(), columns.tolist(), strict=True))
        self._slots = {entry: slot for slot, entry in enumerate(entries)}
        self._given = len(entries)
        self._steps: list[_Step] = []
        self._eliminate(entries)
        self._above = self._columns_above()
        self._largest = max([len(self._slots), *(step.touched.size for step in self._steps)])

    def _eliminate(self, entries: Sequence[tuple[int, int]]) -> None:
        """Write down the steps, cheapest first."""
        below: list[set[int]] = [set() for _ in range(self.size)]
        right: list[set[int]] = [set() for _ in range(self.size)]
        for row, column in entries:
            if row != column:
                below[column].add(row)
                right[row].add(column)
        queue = [(len(below[one]) * len(right[one]), one) for one in range(self.size)]
        heapq.heapify(queue)
        done = [False] * self.size
        while queue:
            cost, one = heapq.heappop(queue)
            if done[one] or cost != len(below[one]) * len(right[one]):
                continue
            done[one] = True
            self._write_down(one, sorted(below[one]), sorted(right[one]))
            for row in below[one]:
                right[row] |= right[one] - {row}
                right[row].discard(one)
            for column in right[one]:
                below[column] |= below[one] - {column}
                below[column].discard(one)
            for other in below[one] | right[one]:
                heapq.heappush(queue, (len(below[other]) * len(right[other]), other))

    def _write_down(self, one: int, below: list[int], right: list[int]) -> None:
        slots = self._slots
        touched = [
            [slots.setdefault((row, column), len(slots)) for column in right] for row in below
        ]
        self._steps.append(
            _Step(
                one,
                slots[one, one],
                np.array(below, np.int64),
                np.array([slots[row, one] for row in below], np.int64),
                np.array(right, np.int64),
                np.array([slots[one, column] for column in right], np.int64),
                np.array(touched, np.int64).reshape(len(below), len(right)),
            )
        )

    def _columns_above(self) -> dict[int, tuple[Ints, Ints]]:
        """Of each unknown, the earlier ones whose rows hold it, and the slots where."""
        found: dict[int, tuple[list[int], list[int]]] = {}
        for step in self._steps:
            for column, slot in zip(step.right.tolist(), step.right_slots.tolist(), strict=True):
                unknowns, slots = found.setdefault(column, ([], []))
                unknowns.append(step.unknown)
                slots.append(slot)
        return {
            column: (np.array(unknowns, np.int64), np.array(slots, np.int64))
            for column, (unknowns, slots) in found.items()
        }

    def solve(self, values: Floats, right: Floats) -> Floats:
        """Unknown x column x system: the answers for each column of `right`.

        `values`: entry x system, in the order of the pattern; `right`: like the answer. A system
        that has none gets what isn't finite.
        """
        count = values.shape[1]
        found = np.array(right, float)
        at_once = max(1, HELD // self._largest)
        for start in range(0, count, at_once):
            part = slice(start, start + at_once)
            found[..., part] = self._solved(values[:, part], right[..., part])
        return found

    def _solved(self, values: Floats, right: Floats) -> Floats:
        held = np.zeros((len(self._slots), values.shape[1]))
        held[: self._given] = values
        found = np.array(right, order="C")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for step in self._steps:
                factor = held[step.below_slots] / held[step.pivot]
                held[step.touched] -= factor[:, None] * held[step.right_slots]
                found[step.below] -= factor[:, None] * found[step.unknown]
            for step in reversed(self._steps):
                found[step.unknown] /= held[step.pivot]
                self._take_out(step.unknown, held, found)
        return found

    def _take_out(self, unknown: int, held: Floats, found: Floats) -> None:
        """An unknown that is known, out of the rows of those that were eliminated before."""
        if unknown in self._above:
            above, slots = self._above[unknown]
            found[above] -= held[slots][:, None] * found[unknown]
