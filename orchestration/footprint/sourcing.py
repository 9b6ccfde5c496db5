"""Where takings come from: a maker supplies no more than it made.

A site takes its own make first; beyond it, what other sites made and did not take themselves, in
proportion; and what nobody made in the period is stock: of its own make, or, of a site that makes
none, of all makers by what they made. What can't be stored is measured twice, as made and as taken:
while the two meet within their tolerance, they are one thing, and nothing comes from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.footprint.exchanges import Flags, Floats, Ints, sums

ROUNDING = 1e-12
"""Part of what was made below which a difference of sums is rounding."""


@dataclass(frozen=True)
class Sources:
    """The markets that each taking comes from: a row each, sorted by taking and market."""

    taking: Ints
    market: Ints
    share: Floats
    """Of the taking; they add up to 1."""


@dataclass(frozen=True)
class _Needs:
    """What all takers of one site take of one flow."""

    flow: Ints
    total: Floats
    own: Ints
    """The market of the site's own make; meaningless without one."""
    has_own: Flags
    from_own: Floats
    """Taken of what the site made in the period."""
    beyond: Floats
    """Taken beyond it."""


def find_sources(
    place: Ints, quantity: Floats, site_count: int, markets: Ints, made: Floats, within: Floats
) -> Sources:
    """Of each taking the markets it comes from; every flow taken has at least one.

    `place` and `markets` are flow × site_count + site, `markets` sorted. `within`: the part of what
    a market made that its measurement may be wrong by; 0 where it can be stored.
    """
    places, need = np.unique(place, return_inverse=True)
    needs = _needs(places, sums(need, quantity, len(places)), site_count, markets, made, within)
    pairs = _pairs(needs, site_count, markets, made, within)
    count = np.bincount(pairs.taking, minlength=len(places))[need]
    first = np.searchsorted(pairs.taking, need)
    taking = np.repeat(np.arange(len(need)), count)
    pair = np.repeat(first, count) + _within_groups(count)
    return Sources(taking, pairs.market[pair], pairs.share[pair])


def _needs(
    places: Ints, total: Floats, site_count: int, markets: Ints, made: Floats, within: Floats
) -> _Needs:
    own = np.minimum(np.searchsorted(markets, places), max(len(markets) - 1, 0))
    has_own = markets[own] == places if len(markets) else np.zeros(0, bool)
    made_here = np.where(has_own, made[own], 0.0) if len(markets) else np.zeros(len(places))
    slack = np.where(has_own, within[own], 0.0) if len(markets) else np.zeros(len(places))
    is_met = total <= made_here * (1.0 + slack + ROUNDING)
    from_own = np.where(has_own & is_met, total, np.minimum(total, made_here))
    return _Needs(places // site_count, total, own, has_own, from_own, total - from_own)


def _pairs(needs: _Needs, site_count: int, markets: Ints, made: Floats, within: Floats) -> Sources:
    """Each site's need and each market of its flow that has a part in it."""
    flow_count = int(max(needs.flow.max(initial=0), (markets // site_count).max(initial=0))) + 1
    market_flow = markets // site_count
    kept = np.zeros(len(markets))
    kept[needs.own[needs.has_own]] = np.maximum(needs.from_own[needs.has_own], 0.0)
    left = np.maximum(made - kept, 0.0)
    left[left <= np.maximum(within, ROUNDING) * made] = 0.0
    left_of_flow = sums(market_flow, left, flow_count)
    beyond_of_flow = sums(needs.flow, np.maximum(needs.beyond, 0.0), flow_count)
    made_of_flow = sums(market_flow, made, flow_count)
    with np.errstate(invalid="ignore", divide="ignore"):
        met = np.where(beyond_of_flow > 0, np.minimum(left_of_flow / beyond_of_flow, 1.0), 0.0)
        part_beyond = np.where(needs.total > 0, needs.beyond / needs.total, 0.0)
    others = part_beyond * met[needs.flow]
    first = np.searchsorted(market_flow, needs.flow)
    count = np.searchsorted(market_flow, needs.flow, side="right") - first
    row = np.repeat(np.arange(len(needs.flow)), count)
    market = np.repeat(first, count) + _within_groups(count)
    flow = needs.flow[row]
    is_own = needs.has_own[row] & (needs.own[row] == market)
    by_left = np.divide(left[market], left_of_flow[flow], where=left_of_flow[flow] > 0,
                        out=np.zeros(len(row)))  # fmt: skip
    rest = np.where(needs.has_own[row], is_own, made[market] / made_of_flow[flow])
    share = others[row] * by_left + (1.0 - others[row]) * rest
    has_part = share > 0
    return Sources(row[has_part], market[has_part], share[has_part])


def _within_groups(count: Ints) -> Ints:
    """0, 1, 2 … within each group of so many."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
