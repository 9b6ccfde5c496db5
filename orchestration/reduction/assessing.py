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
from orchestration.reduction.evaluating import Evaluator, Parts, State
from orchestration.reduction.findings import Problem, findings_table
from orchestration.reduction.initiatives import REJECTED, Initiative
from orchestration.reduction.resolving import Resolved, resolve
from orchestration.reduction.tables import ALONE, IN_SEQUENCE, REDUCTION_SCHEMAS

HORIZON = 2060
"""The last year that effects are told for: that of China's aim of neutrality."""

DUST = 1e-9
"""Kilograms below which a change is rounding."""
ROUNDING = 1e-14
"""The same, of kilograms per unit of a product."""


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


@dataclass(frozen=True)
class _Moved:
    """A step on one basis, as rows of a table: what all of them say, and each key's kgCO2e."""

    step: InitiativeStep
    measure: str
    basis: int
    years: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, object]:
        """The same in every row."""
        return {
            "initiative_id": self.step.initiative.initiative_id,
            "measure": self.measure,
            "basis": BASES[self.basis],
            **self.years,
        }

    @property
    def kgco2e(self) -> Floats:
        """Of each key."""
        return self.step.kgco2e[:, self.basis]


@dataclass(frozen=True)
class _Span:
    """Years in which every initiative works as far as in the year before.

    Attributes:
        years: the first and the last, as tables name them.
        levels: how far each that counts works.
        steps: by basis, in its order: from the base year as measured to these levels.
    """

    years: Mapping[str, int]
    levels: Mapping[str, float]
    steps: tuple[list[InitiativeStep], ...]


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
        return self._steps(order, levels, dict.fromkeys(order, 1.0))

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
            "initiative_quantities": pd.DataFrame(self._quantities()),
            "initiative_costs": pd.DataFrame(self._costs()),
            "initiative_products": pd.DataFrame(self._products()),
            "product_years": pd.DataFrame(self._product_years()),
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
    ) -> list[InitiativeStep]:
        """From one state to the next; one that leaves no solution is left out, and is a problem."""
        levels, before, steps = dict(levels), self._state(levels), []
        for name in order:
            if levels[name] == reached[name]:
                continue
            after = self._state(levels | {name: reached[name]})
            step = self._step(self.resolved[name].initiative, before, after)
            if step is None:
                continue
            levels[name], before = reached[name], after
            steps.append(step)
        return steps

    def _in_each_order(
        self, levels: Mapping[str, float], reached: Mapping[str, float]
    ) -> tuple[list[InitiativeStep], ...]:
        """Of each basis: the steps in its order, solved once where the orders are the same."""
        found: dict[tuple[str, ...], list[InitiativeStep]] = {}
        for order in map(tuple, self.orders):
            if order not in found:
                found[order] = self._steps(order, levels, reached)
        return tuple(found[tuple(order)] for order in self.orders)

    # --- tables ---------------------------------------------------------------------------

    def _effects(self) -> pd.DataFrame:
        """Year by year against the base year as measured."""
        held: dict[tuple[str, float], InitiativeStep | None] = {}
        parts = []
        for span in self._spans:
            for name, level in span.levels.items():
                if level == self.counted[name].level_measured:
                    continue
                if (name, level) not in held:
                    held[name, level] = self._step(
                        self.counted[name].initiative,
                        self.evaluator.measured,
                        self._state({name: level}),
                    )
                step = held[name, level]
                if step is not None:
                    parts += [_Moved(step, ALONE, basis, span.years) for basis in range(len(BASES))]
            for basis, steps in enumerate(span.steps):
                parts += [_Moved(step, IN_SEQUENCE, basis, span.years) for step in steps]
        return self._moved(parts)

    @cached_property
    def _spans(self) -> list[_Span]:
        """All years behind the base year, up to the horizon."""
        names = list(self.counted)
        measured = {name: one.level_measured for name, one in self.counted.items()}

        def reached(year: int) -> tuple[float, ...]:
            return tuple(self.counted[name].initiative.level_in_year(year) for name in names)

        found = []
        for together, grouped in groupby(range(self._year + 1, HORIZON + 1), key=reached):
            span, levels = list(grouped), dict(zip(names, together, strict=True))
            years = {"first_year": span[0], "last_year": span[-1]}
            found.append(_Span(years, levels, self._in_each_order(measured, levels)))
        return found

    def _full_effects(self) -> pd.DataFrame:
        parts = [
            _Moved(step, ALONE, basis)
            for step in self.alone.values()
            for basis in range(len(BASES))
        ]
        for basis, steps in enumerate(self.sequences):
            parts += [_Moved(step, IN_SEQUENCE, basis) for step in steps]
        return self._moved(parts)

    @cached_property
    def sequences(self) -> tuple[list[InitiativeStep], ...]:
        """Of each basis, in its order, at full effect."""
        without = dict.fromkeys(self.counted, 0.0)
        return self._in_each_order(without, dict.fromkeys(self.counted, 1.0))

    def _moved(self, parts: Sequence[_Moved]) -> pd.DataFrame:
        """A row per step, basis and key that moves."""
        moving = [np.flatnonzero(np.abs(part.kgco2e) > DUST) for part in parts]
        part_of_row = np.repeat(np.arange(len(parts)), [len(keys) for keys in moving])
        if not len(part_of_row):
            return pd.DataFrame()
        keys = pd.DataFrame(self.evaluator.keys, columns=list(KEY)).take(np.concatenate(moving))
        told = pd.DataFrame([part.columns for part in parts]).take(part_of_row)
        moved = [part.kgco2e[rows] for part, rows in zip(parts, moving, strict=True)]
        return pd.concat(
            [keys.reset_index(drop=True), told.reset_index(drop=True)], axis="columns"
        ).assign(kgco2e_change=np.concatenate(moved))

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

    def _product_years(self) -> Iterator[dict[str, object]]:
        """What all that count make of a product's footprint together, year by year.

        By the emissions that change, for each goes its own way in the years to come.
        """
        markets, measured = self.base.assembled.markets, self.evaluator.intensity_parts(())
        assert measured is not None, "the base year was solved"
        held: dict[tuple[tuple[str, float], ...], Parts] = {}
        for span in self._spans:
            for basis, steps in enumerate(span.steps):
                taken = {step.initiative.initiative_id for step in steps}
                levels = tuple(
                    (name, level if name in taken else self.counted[name].level_measured)
                    for name, level in sorted(span.levels.items())
                )
                if levels not in held:
                    reached = self.evaluator.intensity_parts(
                        [(self.resolved[name], level) for name, level in levels]
                    )
                    assert reached is not None, "each step to it was solved"
                    held[levels] = reached
                for part, change in _changed(measured, held[levels], basis):
                    facility, flow, component = part or (None, None, None)
                    for row, market in enumerate(self.base.system.products):
                        if abs(change[row]) > ROUNDING:
                            yield {
                                **span.years,
                                "flow_id": markets.flow[market],
                                "facility_id": markets.names.facilities[markets.facility[market]],
                                "basis": BASES[basis],
                                "emitting_facility_id": facility,
                                "emitting_flow_id": flow,
                                "component": component,
                                "kgco2e_per_unit_change": float(change[row]),
                            }


def _changed(
    before: Parts, after: Parts, basis: int
) -> Iterator[tuple[tuple[str, str, str] | None, Floats]]:
    """Each part of intensities with its change; one that came in was nothing before."""
    for part, values in after.items():
        nothing = np.zeros_like(values)
        yield part, values[:, basis] - before.get(part, nothing)[:, basis]


def _typed(frame: pd.DataFrame, name: str, year: int) -> pa.Table:
    schema = REDUCTION_SCHEMAS[name]
    if frame.empty:
        return schema.empty_table()
    frame = frame.assign(base_year=year)
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
