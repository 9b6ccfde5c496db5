"""Which lines a verifier looks at: the largest, and others by monetary-unit sampling in kgCO2e.

Every kgCO2e has the same chance. Lines are laid end to end in a fixed order, by their kgCO2e
without sign; from a random start below the interval every kgCO2e one interval further on chooses
the line it falls into. A line as long as the interval or longer is therefore always among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

SIZE = 30
"""Lines of a sample; a longer list of them says no more about one that is wrong here and there."""


@dataclass(frozen=True)
class Sample:
    """What was chosen.

    Attributes:
        chosen: positions of the lines, in their order.
        certain: those of them that are as long as the interval or longer.
        interval: kgCO2e from one choice to the next; 0 where nothing emits.
        start: kgCO2e of the first choice.
    """

    chosen: tuple[int, ...]
    certain: frozenset[int]
    interval: float
    start: float


def drawn(lines_kgco2e: Sequence[float], seed: str, size: int = SIZE) -> Sample:
    """Draw a sample. `seed`: any text; the same lines and text give the same sample.

    Raises:
        ValueError: a line has no figure.
    """
    lengths = [abs(value) for value in lines_kgco2e]
    if any(length != length for length in lengths):
        raise ValueError("A line without a figure can't be drawn.")
    total = sum(lengths)
    if not total:
        return Sample((), frozenset(), 0.0, 0.0)
    interval = total / size
    start = interval * _share_of(seed)
    chosen, certain = [], set()
    wanted = start
    for position, (length, end) in enumerate(zip(lengths, accumulate(lengths), strict=True)):
        if end > wanted:
            chosen.append(position)
            while end > wanted:
                wanted += interval
        if length >= interval:
            certain.add(position)
    return Sample(tuple(chosen), frozenset(certain), interval, start)


def _share_of(seed: str) -> float:
    """A number from 0 to below 1 that a text decides."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / 2**48
