"""Draws of causes: each has a stream of its own, so it is drawn alike in whatever it is part of.

The stream of a cause is that of the seed and the cause's name. Another cause, another figure or a
larger batch changes none of its draws; figures drawn from one seed have their draws in common, and
what two of them share cancels in their difference (method R43).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from orchestration.company.spreads import Spread
from orchestration.footprint.exchanges import Floats


class CauseDraws:
    """Factors on what rests on each cause, in the order of its name; 1 is the value as stated.

    Attributes:
        causes: sorted.
    """

    def __init__(self, spreads: Mapping[str, Spread], seed: int) -> None:
        self.causes = sorted(spreads)
        self._spreads = [spreads[cause] for cause in self.causes]
        self._streams = [np.random.default_rng([seed, *_words(cause)]) for cause in self.causes]

    def following(self, count: int) -> Floats:
        """The next draws, cause x draw."""
        found = np.empty((len(self.causes), count))
        for row, spread, stream in zip(found, self._spreads, self._streams, strict=True):
            row[:] = _drawn(spread, stream, count)
        return found


def is_skewed(spread: Spread) -> bool:
    """Whether what is drawn lies to one side of the value as stated."""
    if spread.distribution in ("triangular", "uniform"):
        low, high = spread.parameters
        return not np.isclose(1.0 - low, high - 1.0)
    return spread.distribution == "lognormal"


def _words(cause: str) -> list[int]:
    digest = hashlib.sha256(cause.encode()).digest()
    return [int.from_bytes(digest[start : start + 4], "little") for start in range(0, 32, 4)]


def _drawn(spread: Spread, stream: np.random.Generator, count: int) -> Floats:
    if spread.distribution == "normal":
        return 1.0 + spread.parameters[0] * stream.standard_normal(count)
    if spread.distribution == "lognormal":
        return np.exp(spread.parameters[0] * stream.standard_normal(count))
    low, high = spread.parameters
    part = stream.random(count)
    if spread.distribution == "uniform":
        return low + (high - low) * part
    return _triangular(low, high, part)


def _triangular(low: float, high: float, part: Floats) -> Floats:
    """The quantiles of a triangle from the lowest to the highest value, with its peak at 1."""
    width = high - low
    rising = low + np.sqrt(part * width * (1.0 - low))
    falling = high - np.sqrt((1.0 - part) * width * (high - 1.0))
    return np.where(part * width < 1.0 - low, rising, falling)
