"""Any set of initiatives as one overlay, the same in whatever order they are named.

Of each flow at a process, first multiples (their product), then replacements (shares of what is
left, at most all of it), then own generation, then stated factors. What a replacement brings in
is multiplied as the process's own use of that flow is, and isn't replaced again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from orchestration.footprint.overlays import Overlay
from orchestration.reduction.base_year import BaseYear
from orchestration.reduction.resolving import (
    Generated,
    Replaced,
    Resolved,
    Scaled,
    Stated,
    Yielded,
    market_for,
)

Pair = tuple[str, str]
FIXED_BASES = ("share", "unit_price")
"""Allocation rules whose shares don't follow what comes out."""


@dataclass
class Composed:
    """What is different in the base year, per whole operation of each process.

    `multiple`: of each process and flow it has; `added`: units of flows that come in besides.
    """

    overlay: Overlay
    multiple: dict[Pair, float]
    added: dict[Pair, float]
    generated: list[tuple[Generated, float]] = field(default_factory=list)
    """Own generation and the part of its amount that comes to what the base year has."""
    stated: list[tuple[Stated, float]] = field(default_factory=list)
    """Stated factors and the share of what the base year has that changes to them."""


def compose(base: BaseYear, levels: Iterable[tuple[Resolved, float]]) -> Composed:
    """Initiatives at some level of their effect; those at the measured one change nothing."""
    multiple: dict[Pair, float] = defaultdict(lambda: 1.0)
    replaced: dict[Pair, list[tuple[str, float, float]]] = defaultdict(list)
    gained: dict[str, dict[Yielded, float]] = defaultdict(dict)
    found = Composed(Overlay(), {}, {})
    for resolved, level in levels:
        measured = resolved.level_measured
        if level == measured:
            continue
        for part in resolved.parts:
            match part:
                case Scaled():
                    was = 1.0 + measured * (part.multiple - 1.0)
                    now = 1.0 + level * (part.multiple - 1.0)
                    multiple[part.process, part.flow] *= now / was
                case Replaced():
                    share = _of_what_is_left(part.share, level, measured)
                    replaced[part.process, part.flow].append((part.other, share, part.ratio))
                case Yielded():
                    was, now = 1.0 + measured * part.gain, 1.0 + level * part.gain
                    gained[part.process][part] = now / was - 1.0
                case Generated():
                    found.generated.append((part, level - measured))
                case Stated():
                    share = _of_what_is_left(part.share, level, measured)
                    found.stated.append((part, share))
    operation: dict[int, dict[int, float]] = {}
    for process, parts in gained.items():
        operation |= _yields(base, process, parts, multiple)
    added = _replacements(base, multiple, replaced)
    taken, demand = _own_flows(base, multiple, added)
    found.overlay = Overlay(taken, operation, demand)
    found.multiple = dict(multiple)
    found.added = {key: units for key, units in added.items() if key[1] not in base.markets_of}
    return found


def _of_what_is_left(share: float, level: float, measured: float) -> float:
    """A share of what there was before any of it, as a share of what is left today."""
    return (level - measured) * share / (1.0 - measured * share)


def _replacements(
    base: BaseYear,
    multiple: dict[Pair, float],
    replaced: Mapping[Pair, list[tuple[str, float, float]]],
) -> dict[Pair, float]:
    """Units that come in for others; `multiple` is what is left of those."""
    left: dict[Pair, float] = {}
    added: dict[Pair, float] = defaultdict(float)
    for (process, flow), parts in replaced.items():
        total = sum(share for _, share, _ in parts)
        fit = 1.0 / total if total > 1.0 else 1.0  # nothing is replaced twice
        left[process, flow] = 1.0 - total * fit
        quantity = base.quantities[process, flow] * multiple[process, flow]
        for other, share, ratio in parts:
            added[process, other] += quantity * share * fit * ratio
    brought = {}
    for (process, other), units in added.items():
        own = base.quantities.get((process, other), 0.0)
        if own and ((process, other) in base.lines_of or (process, other) in base.takings_of):
            brought[process, other] = max(0.0, 1.0 + units / own)
            added[process, other] = 0.0
        else:
            added[process, other] = units * multiple[process, other]
    for key, part in (*left.items(), *brought.items()):
        multiple[key] *= part
    return {key: units for key, units in added.items() if units}


def _yields(
    base: BaseYear, process: str, parts: Mapping[Yielded, float], multiple: dict[Pair, float]
) -> dict[int, dict[int, float]]:
    """The part of a process that a unit of each of its outputs needs; wastes become less."""
    gained: dict[str, float] = defaultdict(float)
    waste_kg: dict[str, float] = {}
    for part, gain in parts.items():
        if part.waste is not None:
            gained[part.waste] += gain * part.kg
            waste_kg[part.waste] = part.waste_kg
    fit = {waste: min(1.0, waste_kg[waste] / kg) if kg > 0 else 1.0 for waste, kg in gained.items()}
    output: dict[str, float] = defaultdict(lambda: 1.0)
    for part, gain in parts.items():
        output[part.flow] += gain * (fit[part.waste] if part.waste else 1.0)
    for waste, kg in gained.items():
        output[waste] = 1.0 - fit[waste] * kg / waste_kg[waste]
    position = base.position[process]
    before = base.system.measured_operation(position)
    flows = base.assembled.markets.flow
    made = {flows[market] for market in before}
    for waste in gained:
        if waste not in made:  # it goes to somebody else, or to the company's own treatment
            multiple[process, waste] *= output[waste]
    if base.allocation_basis.get(process) in FIXED_BASES:
        return {
            position: {
                market: part / output[flows[market]] if output[flows[market]] else 0.0
                for market, part in before.items()
            }
        }
    whole = sum(part * output[flows[market]] for market, part in _shares(base, process).items())
    return {position: {market: part / whole for market, part in before.items()}}


def _shares(base: BaseYear, process: str) -> dict[int, float]:
    """The share of a process that each of its outputs carries; adds up to 1."""
    position = base.position[process]
    supplies = base.assembled.markets.supplies
    rows = np.flatnonzero(supplies.process == position)
    share = base.assembled.allocation.share[rows]
    return dict(zip(supplies.market[rows].tolist(), share.tolist(), strict=True))


def _own_flows(
    base: BaseYear, multiple: Mapping[Pair, float], added: Mapping[Pair, float]
) -> tuple[dict[int, dict[int, float]], dict[int, float]]:
    """What processes take of own flows: inside the system, and as final demand of the others."""
    taken: dict[int, dict[int, float]] = defaultdict(dict)
    demand: dict[int, float] = defaultdict(float)
    made = base.assembled.markets.made

    def put(process: str, market: int, before: float, after: float) -> None:
        if base.is_operated(process):
            parts = taken[base.position[process]]
            parts[market] = (
                parts.get(market, before / made[market]) + (after - before) / made[market]
            )
        else:
            demand[market] += (after - before) / made[market]

    for (process, flow), times in multiple.items():
        if times != 1.0:
            for market, _, charged in base.takings_of.get((process, flow), ()):
                put(process, market, charged, charged * times)
    for (process, flow), units in added.items():
        supplier = market_for(base, process, flow) if flow in base.markets_of else None
        if supplier is not None:
            put(process, supplier, 0.0, units * _charged_per_unit(base, supplier))
    return taken, demand


def _charged_per_unit(base: BaseYear, market: int) -> float:
    """Of what can't be stored, users carry the losses."""
    markets = base.assembled.markets
    if not markets.is_normalised[market] or not markets.taken[market] > 0:
        return 1.0
    return float(markets.made[market] / markets.taken[market])
