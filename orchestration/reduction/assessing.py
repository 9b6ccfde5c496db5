"""Every initiative of a company held against a base year: alone, in sequence, year by year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.footprint.exchanges import Floats
from orchestration.reduction.base_year import BASES, KEY, BaseYear
from orchestration.reduction.costs import (
    Bill,
    Costs,
    Place,
    Prices,
    bill,
    cost_per_tonne,
    costs_of,
    in_order_of_cost,
    net_present_value,
    payback_years,
)
from orchestration.reduction.evaluating import Evaluator, State
from orchestration.reduction.findings import Problem, findings_table
from orchestration.reduction.initiatives import REJECTED, Initiative
from orchestration.reduction.resolving import Resolved, resolve
from orchestration.reduction.tables import ALONE, IN_SEQUENCE, REDUCTION_SCHEMAS

HORIZON = 2060
"""The last year that effects are told for: that of China's aim of neutrality."""

DUST = 1e-9
"""Kilograms below which a change is rounding."""


@dataclass(frozen=True)
class InitiativeStep:
    """What one initiative changes between two states of the base year."""

    initiative: Initiative
    kgco2e: Floats
    """Key x basis."""
    quantities: Mapping[Place, float]
    before: State
    after: State

    def saved(self, basis: int) -> float:
        """kgCO2e less, on a basis."""
        return -float(self.kgco2e[:, basis].sum())


@dataclass
class Assessment:
    """Initiatives of a company on one base year; what is asked for is solved once."""

    base: BaseYear
    initiatives: Sequence[Initiative]
    prices: Prices
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Solves states of the base year."""
        return Evaluator(self.base)

    @cached_property
    def resolved(self) -> dict[str, Resolved]:
        """Initiatives that the base year knows everything about, by id; others are problems."""
        found: dict[str, Resolved] = {}
        for initiative in self.initiatives:
            one, problems = resolve(self.base, initiative)
            self.problems += problems
            if one is None:
                continue
            if self.evaluator.state([(one, 1.0)]) is None:
                self.problems.append(
                    Problem("initiative_without_solution", initiative, None, None, None)
                )
                continue
            found[initiative.initiative_id] = one
        return found

    @cached_property
    def counted(self) -> dict[str, Resolved]:
        """Those that weren't rejected."""
        return {
            name: one for name, one in self.resolved.items() if one.initiative.status != REJECTED
        }

    @cached_property
    def alone(self) -> dict[str, InitiativeStep]:
        """Each at full effect against the base year without any of it."""
        found = {}
        for name, one in self.resolved.items():
            step = self._step(one.initiative, self._state({name: 0.0}), self._state({name: 1.0}))
            if step is None:
                continue
            found[name] = step
            self.problems += [
                Problem("own_generation_unused", one.initiative, None, part.facility, part.flow)
                for part in step.after.unused
            ]
        return found

    @cached_property
    def orders(self) -> tuple[list[str], ...]:
        """Of each basis: initiatives that count, the cheapest tonne first."""
        return tuple(
            in_order_of_cost(
                [
                    (
                        name,
                        cost_per_tonne(self.costs(step)[0].annual, step.saved(basis)),
                        step.saved(basis),
                    )
                    for name, step in self.alone.items()
                    if name in self.counted
                ]
            )
            for basis in range(len(BASES))
        )

    def sequence(self, order: Sequence[str]) -> list[InitiativeStep]:
        """Each at full effect on what those before it left, from the year without any of them."""
        levels = dict.fromkeys(self.counted, 0.0)
        return list(self._steps(order, levels, dict.fromkeys(order, 1.0)))

    def joint(self, names: Sequence[str]) -> InitiativeStep | None:
        """Some at full effect, together, against the year without any that counts."""
        without = dict.fromkeys(self.counted, 0.0)
        if not names:
            return None
        first = self.counted[names[0]].initiative
        return self._step(
            first, self._state(without), self._state(without | dict.fromkeys(names, 1.0))
        )

    def costs(self, step: InitiativeStep) -> tuple[Costs, Bill]:
        """Of an initiative a year at full effect, and what of it nobody priced."""
        bought = bill(step.quantities, self.prices)
        return costs_of(step.initiative, bought.amount), bought

    def tables(self) -> dict[str, pa.Table]:
        """Everything in the schemas `REDUCTION_SCHEMAS`."""
        frames = {
            "initiative_effects": self._effects(),
            "initiative_full_effects": self._full_effects(),
            "initiative_levels": pd.DataFrame(self._levels()),
            "initiative_quantities": pd.DataFrame(self._quantities()),
            "initiative_costs": pd.DataFrame(self._costs()),
            "initiative_products": pd.DataFrame(self._products()),
        }
        tables = {name: _typed(frame, name, self._year) for name, frame in frames.items()}
        findings = findings_table(self.problems, self.base.reference_period)
        return tables | {"initiative_findings": findings}

    # --- states ---------------------------------------------------------------------------

    @property
    def _year(self) -> int:
        return int(self.base.reference_period)

    def _state(self, levels: Mapping[str, float]) -> State | None:
        changed = [(self.resolved[name], level) for name, level in sorted(levels.items())]
        return self.evaluator.state(changed)

    def _step(
        self, initiative: Initiative, before: State | None, after: State | None
    ) -> InitiativeStep | None:
        if before is None or after is None:
            self.problems.append(
                Problem("initiative_without_solution", initiative, None, None, None)
            )
            return None
        kg = np.zeros((len(self.evaluator.keys), len(BASES)))
        kg[: len(after.kgco2e)] += after.kgco2e
        kg[: len(before.kgco2e)] -= before.kgco2e
        places = sorted({*before.quantities, *after.quantities})
        quantities = {
            place: after.quantities.get(place, 0.0) - before.quantities.get(place, 0.0)
            for place in places
        }
        return InitiativeStep(
            initiative,
            kg,
            {place: units for place, units in quantities.items() if abs(units) > DUST},
            before,
            after,
        )

    def _steps(
        self, order: Sequence[str], levels: Mapping[str, float], reached: Mapping[str, float]
    ) -> Iterator[InitiativeStep]:
        """From one state to the next; one that leaves no solution is left out, and is a problem."""
        levels, before = dict(levels), self._state(levels)
        for name in order:
            if levels[name] == reached[name]:
                continue
            after = self._state(levels | {name: reached[name]})
            step = self._step(self.resolved[name].initiative, before, after)
            if step is None:
                continue
            levels[name], before = reached[name], after
            yield step

    # --- tables ---------------------------------------------------------------------------

    def _effects(self) -> pd.DataFrame:
        """Year by year against the base year as measured."""
        names = list(self.counted)
        measured = {name: one.level_measured for name, one in self.counted.items()}
        held: dict[tuple[str, float], InitiativeStep | None] = {}
        parts = []
        for reached, span in self._spans(names):
            levels = dict(zip(names, reached, strict=True))
            years = {"first_year": span[0], "last_year": span[-1]}
            for name, level in levels.items():
                if level == measured[name]:
                    continue
                if (name, level) not in held:
                    held[name, level] = self._step(
                        self.counted[name].initiative,
                        self.evaluator.measured,
                        self._state({name: level}),
                    )
                step = held[name, level]
                if step is not None:
                    parts += [self._rows(step, ALONE, basis, years) for basis in range(len(BASES))]
            for basis, order in enumerate(self.orders):
                for step in self._steps(order, measured, levels):
                    parts.append(self._rows(step, IN_SEQUENCE, basis, years))
        return _under_each_other(parts)

    def _spans(self, names: Sequence[str]) -> Iterator[tuple[tuple[float, ...], list[int]]]:
        """Years in which every initiative works as far as in the year before, with how far."""

        def reached(year: int) -> tuple[float, ...]:
            return tuple(self.counted[name].initiative.level_in_year(year) for name in names)

        for levels, years in groupby(range(self._year + 1, HORIZON + 1), key=reached):
            yield levels, list(years)

    def _full_effects(self) -> pd.DataFrame:
        parts = [
            self._rows(step, ALONE, basis)
            for step in self.alone.values()
            for basis in range(len(BASES))
        ]
        for basis, steps in enumerate(self.sequences):
            parts += [self._rows(step, IN_SEQUENCE, basis) for step in steps]
        return _under_each_other(parts)

    @cached_property
    def sequences(self) -> tuple[list[InitiativeStep], ...]:
        """Of each basis, in its order."""
        first = self.sequence(self.orders[0])
        if all(order == self.orders[0] for order in self.orders):
            return tuple(first for _ in self.orders)
        return (first, *(self.sequence(order) for order in self.orders[1:]))

    def _rows(
        self, step: InitiativeStep, measure: str, basis: int, more: Mapping[str, int] | None = None
    ) -> pd.DataFrame:
        values = step.kgco2e[:, basis]
        rows = np.flatnonzero(np.abs(values) > DUST)
        keys = self.evaluator.keys
        columns = dict(zip(KEY, zip(*(keys[row] for row in rows), strict=True), strict=False))
        return pd.DataFrame(
            {
                **(columns or dict.fromkeys(KEY, ())),
                "initiative_id": step.initiative.initiative_id,
                "measure": measure,
                "basis": BASES[basis],
                "kgco2e_change": values[rows],
                **(more or {}),
            }
        )

    def _levels(self) -> Iterator[dict[str, object]]:
        for name, one in self.counted.items():
            for year in range(self._year, HORIZON + 1):
                yield {
                    "initiative_id": name,
                    "year": year,
                    "level": one.initiative.level_in_year(year),
                    "level_in_base_year": one.level_measured,
                }

    def _measured_steps(self) -> Iterator[tuple[str, int, int | None, InitiativeStep]]:
        """Measure, basis and place in the order of every step at full effect."""
        for basis, steps in enumerate(self.sequences):
            order = {name: number for number, name in enumerate(self.orders[basis], start=1)}
            for name, step in self.alone.items():
                yield ALONE, basis, order.get(name), step
            for step in steps:
                yield IN_SEQUENCE, basis, order[step.initiative.initiative_id], step

    def _quantities(self) -> Iterator[dict[str, object]]:
        for measure, basis, _, step in self._measured_steps():
            for (facility, flow), units in step.quantities.items():
                price = self.prices.of((facility, flow))
                yield {
                    "initiative_id": step.initiative.initiative_id,
                    "measure": measure,
                    "basis": BASES[basis],
                    "facility_id": facility,
                    "flow_id": flow,
                    "quantity_change": units,
                    "price": price,
                    "cost_change": None if price is None else units * price,
                }

    def _costs(self) -> Iterator[dict[str, object]]:
        for measure, basis, order, step in self._measured_steps():
            costs, bought = self.costs(step)
            saved = step.saved(basis)
            yield {
                "initiative_id": step.initiative.initiative_id,
                "measure": measure,
                "basis": BASES[basis],
                "order_in_sequence": order,
                "kgco2e_saved": saved,
                "annualised_capex": costs.annualised_capex,
                "other_costs": costs.other_costs,
                "bought_costs": costs.bought,
                "annual_cost": costs.annual,
                "cost_per_tonne": cost_per_tonne(costs.annual, saved),
                "payback_years": payback_years(step.initiative, costs),
                "net_present_value": net_present_value(step.initiative, costs),
                "unpriced_flows": ", ".join(bought.unpriced) or None,
            }

    def _products(self) -> Iterator[dict[str, object]]:
        markets, products = self.base.assembled.markets, self.base.system.products
        for name, step in self.alone.items():
            for row, market in enumerate(products):
                for basis, basis_name in enumerate(BASES):
                    yield {
                        "initiative_id": name,
                        "measure": ALONE,
                        "flow_id": markets.flow[market],
                        "facility_id": markets.names.facilities[markets.facility[market]],
                        "basis": basis_name,
                        "kgco2e_per_unit_without": float(step.before.intensities[row, basis]),
                        "kgco2e_per_unit_with": float(step.after.intensities[row, basis]),
                    }


def _under_each_other(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _typed(frame: pd.DataFrame, name: str, year: int) -> pa.Table:
    schema = REDUCTION_SCHEMAS[name]
    if frame.empty:
        return schema.empty_table()
    frame = frame.assign(base_year=year)
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
