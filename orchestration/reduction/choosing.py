"""Which initiatives to take: the cheapest that reach a saving, or the most within a budget.

A mixed-integer programme over what each saves alone gives the first choice. Initiatives overlap, so
the chosen set is solved on the product system, and where its true effect falls short the programme
is asked again without it, until a set holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from orchestration.footprint.exchanges import Floats
from orchestration.reduction.assessing import Assessment
from orchestration.reduction.base_year import BASES
from orchestration.reduction.costs import bill, cost_per_tonne
from orchestration.reduction.evaluating import State
from orchestration.reduction.initiatives import PLANNED, REJECTED

ATTEMPTS = 200
"""Sets that are solved before the best one so far is taken."""

SLACK = 1e-9
Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Wish:
    """What a plan is to bring.

    Attributes:
        basis: one of `BASES`.
        reach: kgCO2e a year to be saved against the base year as measured; None: the most.
        budget: money for capex of planned initiatives; None: no limit.
        year: the calendar year that it holds in; None: at full effect.
        counts: whether an emission counts: facility, flow, component, category and scope.
    """

    basis: str
    reach: float | None
    budget: float | None = None
    year: int | None = None
    counts: Callable[[Key], bool] = field(default=lambda _: True)


@dataclass(frozen=True)
class Option:
    """An initiative as a plan weighs it; costs a year at full effect."""

    name: str
    saved: float
    """kgCO2e alone, on what is decided already."""
    capex: float | None
    annual_cost: float | None
    cost_per_tonne: float | None


@dataclass(frozen=True)
class Choice:
    """What was taken and left; every figure is that of the whole set, solved together.

    Attributes:
        saved: kgCO2e a year against the base year as measured, decided ones included.
        saved_alone: the sum of what each saves alone.
        annual_cost: of the taken, at full effect on what is decided already.
        left: why each of the others wasn't taken.
        attempts: how many sets were solved.
    """

    wish: Wish
    decided: tuple[Option, ...]
    taken: tuple[Option, ...]
    left: dict[str, str]
    saved: float
    saved_alone: float
    capex: float
    annual_cost: float
    attempts: int

    @property
    def is_reached(self) -> bool:
        """Whether the true effect of the set is what was wished for."""
        return self.wish.reach is None or self.saved >= self.wish.reach * (1.0 - SLACK)


class Chooser:
    """Chooses among the initiatives of an assessment."""

    def __init__(self, assessment: Assessment, wish: Wish) -> None:
        self._assessment, self._wish = assessment, wish
        self._basis = BASES.index(wish.basis)
        self._solved: dict[frozenset[str], float | None] = {}
        self._decided = [
            name
            for name, one in assessment.counted.items()
            if one.initiative.status not in (PLANNED, REJECTED)
        ]
        self._options = [self._option(name) for name in self._planned()]

    def choose(self) -> Choice:
        """The set whose true effect was wished for; else the one that comes nearest."""
        useful = [one for one in self._options if one.saved > 0.0 and one.annual_cost is not None]
        affordable = [one for one in useful if self._fits([one])]
        if self._wish.reach is None:
            taken = self._most(affordable)
        else:
            cheapest = self._cheapest(affordable)
            taken = self._most(affordable) if cheapest is None else cheapest
            taken = self._without_the_needless(taken)
        return self._choice(taken)

    # --- what is chosen from --------------------------------------------------------------

    def _planned(self) -> list[str]:
        counted = self._assessment.counted
        return [name for name, one in counted.items() if one.initiative.status == PLANNED]

    def _level(self, name: str) -> float:
        year, initiative = self._wish.year, self._assessment.counted[name].initiative
        return 1.0 if year is None else initiative.level_in_year(year)

    def _option(self, name: str) -> Option:
        step = self._assessment.alone[name]
        costs, _ = self._assessment.costs(step)
        saved = self._saved([name]) - self._saved([])
        if name in self._decided:  # what it brings to the others that are decided
            others = [other for other in self._decided if other != name]
            saved = self._saved([]) + self._counted_of(others)
        is_unknown = costs.annual is None
        return Option(
            name,
            saved,
            None if is_unknown else step.initiative.capex or 0.0,
            costs.annual,
            cost_per_tonne(costs.annual, saved),
        )

    def _saved(self, names: Sequence[str]) -> float:
        """True effect of the decided and these, against the base year as measured."""
        key = frozenset(names)
        if key not in self._solved:
            state = self._state(names)
            self._solved[key] = None if state is None else -self._counted(state.kgco2e)
        found = self._solved[key]
        return -np.inf if found is None else found

    def _state(self, names: Sequence[str]) -> State | None:
        """Under the decided and these."""
        return self._state_of({*self._decided, *names})

    def _state_of(self, names: Collection[str]) -> State | None:
        counted = self._assessment.counted
        levels = [(counted[name], self._level(name)) for name in sorted(names)]
        return self._assessment.evaluator.state(levels)

    def _counted_of(self, names: Collection[str]) -> float:
        """Change of what counts under these alone; what is in force stays as measured."""
        state = self._state_of(names)
        return np.inf if state is None else self._counted(state.kgco2e)

    def _counted(self, kgco2e: Floats) -> float:
        keys = self._assessment.evaluator.keys[: len(kgco2e)]
        is_counted = np.array([self._wish.counts(key) for key in keys], bool)
        return float(kgco2e[is_counted, self._basis].sum())

    def _fits(self, options: Sequence[Option]) -> bool:
        budget = self._wish.budget
        return budget is None or sum(one.capex or 0.0 for one in options) <= budget * (1.0 + SLACK)

    # --- the choice -----------------------------------------------------------------------

    def _cheapest(self, options: Sequence[Option]) -> list[Option] | None:
        """The cheapest set that reaches the wish; None where none was found."""
        needed = (self._wish.reach or 0.0) - self._saved([])
        cuts: list[list[int]] = []
        for _ in range(ATTEMPTS):
            chosen = self._programme(
                options, [one.annual_cost or 0.0 for one in options], needed, cuts
            )
            if chosen is None:
                return None
            taken = [options[number] for number in chosen]
            if self._saved([one.name for one in taken]) >= self._wish_reach():
                return taken
            # no part of a set that falls short reaches more: one of the others has to come in
            cuts.append([n for n in range(len(options)) if n not in chosen])
        return None

    def _most(self, options: Sequence[Option]) -> list[Option]:
        """The set that truly saves most within the budget."""
        best: list[Option] = []
        cuts: list[list[int]] = []
        most = self._saved([])
        for _ in range(ATTEMPTS):
            chosen = self._programme(options, [-one.saved for one in options], None, cuts)
            if chosen is None:
                break
            taken = [options[number] for number in chosen]
            if self._saved([]) + sum(one.saved for one in taken) <= most * (1.0 + SLACK):
                break  # overlaps only take away: no set that is left can save more
            saved = self._saved([one.name for one in taken])
            if saved > most:
                best, most = taken, saved
            cuts.append([n for n in range(len(options)) if n not in chosen])
        return best

    def _programme(
        self,
        options: Sequence[Option],
        objective: Sequence[float],
        needed: float | None,
        cuts: Sequence[Sequence[int]],
    ) -> list[int] | None:
        """Which options have the least objective; None where no set keeps all conditions."""
        if any(not cut for cut in cuts) or not options:
            return None
        count = len(options)
        conditions = []
        if needed is not None:
            saved = np.array([[one.saved for one in options]])
            conditions.append(LinearConstraint(saved, lb=needed * (1.0 - SLACK)))
        if self._wish.budget is not None:
            capex = np.array([[one.capex or 0.0 for one in options]])
            conditions.append(LinearConstraint(capex, ub=self._wish.budget))
        for cut in cuts:
            row = np.zeros((1, count))
            row[0, list(cut)] = 1.0
            conditions.append(LinearConstraint(row, lb=1.0))
        # of two that cost the same, the one that saves more
        tie = 1e-12 * np.array([one.saved for one in options])
        found = milp(
            np.array(objective, float) - tie,
            constraints=conditions,
            integrality=np.ones(count),
            bounds=Bounds(0.0, 1.0),
        )
        return None if found.x is None else np.flatnonzero(found.x > 0.5).tolist()

    def _without_the_needless(self, taken: Sequence[Option]) -> list[Option]:
        """Without those that cost something and aren't needed, the dearest first."""
        kept = list(taken)
        for one in sorted(taken, key=lambda one: -(one.annual_cost or 0.0)):
            others = [other for other in kept if other is not one]
            is_needless = self._saved([other.name for other in others]) >= self._wish_reach()
            if (one.annual_cost or 0.0) > 0.0 and is_needless:
                kept = others
        return kept

    def _wish_reach(self) -> float:
        return (self._wish.reach or 0.0) * (1.0 - SLACK)

    # --- what is told of it ---------------------------------------------------------------

    def _choice(self, taken: Sequence[Option]) -> Choice:
        order = sorted(taken, key=lambda one: (one.cost_per_tonne or 0.0, one.name))
        names = [one.name for one in order]
        decided = tuple(self._option(name) for name in self._decided)
        before, after = self._full_state([]), self._full_state(names)
        bought = 0.0
        if before is not None and after is not None:
            places = {*before.quantities, *after.quantities}
            change = {
                place: after.quantities.get(place, 0.0) - before.quantities.get(place, 0.0)
                for place in places
            }
            bought = bill(change, self._assessment.prices).amount
        fixed = 0.0
        for name in names:
            costs, _ = self._assessment.costs(self._assessment.alone[name])
            fixed += (costs.annualised_capex or 0.0) + (costs.other_costs or 0.0)
        return Choice(
            self._wish,
            decided,
            tuple(order),
            self._left(order),
            self._saved(names),
            self._saved([]) + sum(one.saved for one in order),
            sum(one.capex or 0.0 for one in order),
            fixed + bought,
            len(self._solved),
        )

    def _full_state(self, names: Sequence[str]) -> State | None:
        counted = self._assessment.counted
        wanted = sorted({*self._decided, *names})
        return self._assessment.evaluator.state([(counted[name], 1.0) for name in wanted])

    def _left(self, taken: Sequence[Option]) -> dict[str, str]:
        """Why each of the others wasn't taken."""
        names = {one.name for one in taken}
        found: dict[str, str] = {}
        for one in self._options:
            if one.name not in names:
                found[one.name] = self._reason(one, taken)
        for initiative in self._assessment.initiatives:
            name = initiative.initiative_id
            if initiative.status == REJECTED:
                found[name] = "rejected"
            elif name not in self._assessment.counted:
                found[name] = "can't be calculated: see its finding"
        return found

    def _reason(self, one: Option, taken: Sequence[Option]) -> str:
        if self._level(one.name) == 0.0:
            return f"does not work in {self._wish.year}"
        if one.saved < 0.0:
            return "raises emissions"
        if not one.saved > 0.0:
            return "saves nothing of what counts here"
        if one.annual_cost is None:
            return "its costs are not stated"
        if not self._fits([*taken, one]):
            return "over the budget"
        more = self._saved([*(other.name for other in taken), one.name])
        if more <= self._saved([other.name for other in taken]):
            return "what it saves is saved already"
        return "not needed: those taken reach it at less cost"
