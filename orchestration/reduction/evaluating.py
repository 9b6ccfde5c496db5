"""What the base year would have been under an overlay: emissions, quantities, intensities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from orchestration.footprint.exchanges import Floats, Ints
from orchestration.footprint.overlays import Operated
from orchestration.reduction.base_year import BASES, KEY, BaseYear
from orchestration.reduction.composing import Composed, compose
from orchestration.reduction.resolving import Generated, Resolved

Parts = dict[tuple[str, str, str] | None, Floats]
"""By facility, flow and component of emissions, product x basis; None is what stocks carry."""


@dataclass(frozen=True)
class State:
    """The base year with some initiatives at some level.

    Attributes:
        kgco2e: key x basis, change against the base year; keys as `Evaluator.keys`.
        quantities: by facility and bought flow, change in canonical units, the company's share.
        intensities: product x basis, kgCO2e per unit at the gate.
        unused: own generation of which a part has nothing to replace.
    """

    kgco2e: Floats
    quantities: dict[tuple[str, str], float]
    intensities: Floats
    unused: tuple[Generated, ...]

    @property
    def total(self) -> Floats:
        """By basis."""
        return self.kgco2e.sum(axis=0)


@dataclass(frozen=True)
class _Added:
    """New emission lines: per whole operation, the company's share."""

    process: Ints
    key: Ints
    kg: Floats
    counts_for_products: Floats


@dataclass(frozen=True)
class _Bought:
    """What processes take, or give away, of flows that the company doesn't make."""

    row: dict[tuple[str, str], int]
    """Of each process and flow."""
    process: Ints
    quantity: Floats
    """The company's share, in canonical units."""
    place: Ints
    """Of each row: the facility and flow by position."""
    places: list[tuple[str, str]]


@dataclass(frozen=True)
class _Evaluated:
    """What a state is read from; `kg`: of each line at the rate of the base year."""

    operated: Operated
    composed: Composed
    kg: Floats
    more: _Added
    rates: Floats
    unused: tuple[Generated, ...]


class Evaluator:
    """Evaluates states of one base year; the keys of effects grow with the flows that come in."""

    def __init__(self, base: BaseYear) -> None:
        self.base = base
        keys = pd.MultiIndex.from_frame(base.lines[list(KEY)])
        codes, names = pd.factorize(keys)
        self._line_key = codes.astype(np.int64)
        self._key_numbers = {tuple(name): number for number, name in enumerate(names)}
        self._is_operated = base.system.is_operated

    @property
    def keys(self) -> list[tuple[str, str, str, str, int]]:
        """What effects are told apart by, in their order."""
        return list(self._key_numbers)

    @cached_property
    def measured(self) -> State:
        """The base year as it is."""
        state = self.state(())
        if state is None:
            raise ArithmeticError("A system that was solved has no solution.")
        return state

    def state(self, levels: Iterable[tuple[Resolved, float]]) -> State | None:
        """The base year under some initiatives; None where the system has no solution."""
        found = self._evaluated(levels)
        if found is None:
            return None
        change = found.kg * found.rates[self.base.line_process][:, None] - self.base.line_kg
        return State(
            self._by_key(change, found.more, found.rates),
            self._quantities(found.composed, found.rates),
            self._intensities(found),
            found.unused,
        )

    def intensity_parts(self, levels: Iterable[tuple[Resolved, float]]) -> Parts | None:
        """Intensities by the emissions they are made of; together they are `State.intensities`.

        None where the system has no solution.
        """
        found = self._evaluated(levels)
        if found is None:
            return None
        base, more = self.base, found.more
        numbers: dict[tuple[str, str, str] | None, int] = {None: 0}
        part_of_key = np.array(
            [numbers.setdefault(key[:3], len(numbers)) for key in self._key_numbers], np.int64
        )
        of_processes = np.zeros((len(base.stock_kg), len(numbers), len(BASES)))
        of_processes[:, 0] = base.stock_kg
        counts = base.line_counts_for_products[:, None]
        np.add.at(of_processes, (base.line_process, part_of_key[self._line_key]), found.kg * counts)
        np.add.at(
            of_processes,
            (more.process, part_of_key[more.key]),
            more.kg * more.counts_for_products[:, None],
        )
        flat = base.system.intensities(found.operated, of_processes.reshape(len(of_processes), -1))
        shaped = flat.reshape(len(flat), len(numbers), len(BASES))
        return {part: shaped[:, number] for part, number in numbers.items()}

    def _evaluated(self, levels: Iterable[tuple[Resolved, float]]) -> _Evaluated | None:
        base, composed = self.base, compose(self.base, levels)
        operated = base.system.solve(composed.overlay)
        if operated is None:
            return None
        rates = np.where(self._is_operated, operated.rates, 1.0)
        process = base.line_process
        times = np.ones(len(process))
        for key, multiple in composed.multiple.items():
            if key in base.lines_of:
                times[base.lines_of[key]] = multiple
        added = self._lines_of((*key, units) for key, units in composed.added.items())
        times, unused, generated = self._generate(composed, rates, times)
        kg = base.line_kg * times[:, None]
        for part, share in composed.stated:
            rows = part.rows
            stated = base.line_quantity[rows] * times[rows] * part.kgco2e_per_unit
            for basis in part.bases:
                kg[rows, basis] += share * (stated - kg[rows, basis])
        return _Evaluated(operated, composed, kg, _together([added, generated]), rates, unused)

    def _by_key(self, change: Floats, more: _Added, rates: Floats) -> Floats:
        found = np.zeros((len(self._key_numbers), len(BASES)))
        np.add.at(found, more.key, more.kg * rates[more.process][:, None])
        for basis in range(len(BASES)):
            found[:, basis] += np.bincount(
                self._line_key, weights=change[:, basis], minlength=len(found)
            )
        return found

    def _intensities(self, found: _Evaluated) -> Floats:
        base, kg, more = self.base, found.kg, found.more
        of_processes = base.stock_kg.copy()
        process = base.line_process
        for basis in range(len(BASES)):
            of_processes[:, basis] += np.bincount(
                process,
                weights=kg[:, basis] * base.line_counts_for_products,
                minlength=len(of_processes),
            )
        np.add.at(of_processes, more.process, more.kg * more.counts_for_products[:, None])
        return base.system.intensities(found.operated, of_processes)

    def _lines_of(self, units: Iterable[tuple[str, str, float]]) -> _Added:
        """Lines of flows that a process didn't take, by the factors that stand ready for them."""
        process, key, kg, counts = [], [], [], []
        for process_id, flow, amount in units:
            facility = self.base.facility_of[process_id]
            ready = self.base.factors_of.get((facility, flow))
            if ready is None:
                continue  # carries nothing; what should have a factor was refused before
            share = self.base.owned_share[facility]
            for row in ready.to_dict("records"):
                name = tuple(row[column] for column in KEY)
                process.append(self.base.position[process_id])
                key.append(self._key_numbers.setdefault(name, len(self._key_numbers)))
                kg.append([amount * share * row[basis] for basis in BASES])
                inside = bool(row["in_product_boundary"]) and share > 0
                counts.append(1.0 / share if inside else 0.0)
        return _Added(
            np.array(process, np.int64),
            np.array(key, np.int64),
            np.array(kg, float).reshape(-1, len(BASES)),
            np.array(counts, float),
        )

    def _generate(
        self, composed: Composed, rates: Floats, times: Floats
    ) -> tuple[Floats, tuple[Generated, ...], _Added]:
        """Own generation: an amount a year, in the place of a share of what is used by then."""
        base, unused, units = self.base, [], []
        asked: dict[tuple[str, str], list[tuple[Generated, float]]] = {}
        used: dict[tuple[str, str], float] = {}
        for part, level in composed.generated:
            for one in part.processes:
                key = one, part.flow
                rate = rates[base.position[one]]
                used[key] = base.quantities[key] * composed.multiple.get(key, 1.0) * rate
            total = sum(used[one, part.flow] for one in part.processes)
            share = level * part.amount / total if total > 0 else 0.0
            for one in part.processes:
                asked.setdefault((one, part.flow), []).append((part, share))
        times = times.copy()
        for key, parts in asked.items():
            total = sum(share for _, share in parts)
            fit = 1.0 / total if total > 1.0 else 1.0
            if fit < 1.0:
                unused += [part for part, _ in parts]
            composed.multiple[key] = composed.multiple.get(key, 1.0) * (1.0 - total * fit)
            times[base.lines_of.get(key, np.empty(0, np.int64))] *= 1.0 - total * fit
            rate = rates[base.position[key[0]]]
            for part, share in parts:
                if part.other is not None and rate:
                    units.append((key[0], part.other, share * fit * used[key] / rate))
        for one, other, amount in units:
            composed.added[one, other] = composed.added.get((one, other), 0.0) + amount
        return times, tuple(dict.fromkeys(unused)), self._lines_of(units)

    def _quantities(self, composed: Composed, rates: Floats) -> dict[tuple[str, str], float]:
        """Change of what the company buys, or has others treat."""
        base, bought = self.base, self._bought
        times = np.ones(len(bought.process))
        for key, multiple in composed.multiple.items():
            if key in bought.row:
                times[bought.row[key]] = multiple
        change = bought.quantity * (times * rates[bought.process] - 1.0)
        by_place = np.bincount(bought.place, weights=change, minlength=len(bought.places))
        found = {
            place: float(units)
            for place, units in zip(bought.places, by_place, strict=True)
            if units
        }
        for (process, flow), units in composed.added.items():
            place = base.facility_of[process], flow
            units *= rates[base.position[process]] * base.owned_share[place[0]]
            found[place] = found.get(place, 0.0) + units
        return found

    @cached_property
    def _bought(self) -> _Bought:
        base = self.base
        keys = [key for key in base.quantities if key[1] not in base.markets_of]
        places = [(base.facility_of[process], flow) for process, flow in keys]
        numbers = {place: number for number, place in enumerate(dict.fromkeys(places))}
        owned = [base.owned_share[facility] for facility, _ in places]
        return _Bought(
            {key: row for row, key in enumerate(keys)},
            np.array([base.position[process] for process, _ in keys], np.int64),
            np.array([base.quantities[key] for key in keys], float) * np.array(owned, float),
            np.array([numbers[place] for place in places], np.int64),
            list(numbers),
        )


def _together(parts: list[_Added]) -> _Added:
    return _Added(
        np.concatenate([part.process for part in parts]),
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.kg for part in parts]),
        np.concatenate([part.counts_for_products for part in parts]),
    )
