"""Measuring in pairs: ours and the peer by turns, the median of several."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

REPEATS = 3
"""Of what takes seconds; `LONG_REPEATS` of what takes most of a minute."""
LONG_REPEATS = 2

CLOCK_VARIABLE = "CARBONLOOM_BENCH_CLOCK"
CPU = "cpu"
"""Value of that variable: processor seconds, for a machine on which others work, too."""


def now() -> float:
    """Seconds of the wall clock, or of the processors in this process and those it ended."""
    if os.environ.get(CLOCK_VARIABLE) == CPU:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime
    return time.perf_counter()


@dataclass(frozen=True)
class Row:
    """One line of the table; `allowed` is the largest ratio that meets the target."""

    name: str
    ours_s: float | None
    peer: str
    peer_s: float | None
    note: str
    allowed: float | None = None

    @property
    def ours_over_peer(self) -> float | None:
        if self.ours_s is None or not self.peer_s:
            return None
        return self.ours_s / self.peer_s

    @property
    def missed(self) -> bool:
        ratio = self.ours_over_peer
        return self.allowed is not None and ratio is not None and ratio > self.allowed

    def as_dict(self) -> dict[str, Any]:
        """What bench.json holds."""
        row = asdict(self) | {"ours_over_peer": self.ours_over_peer}
        return {
            name: row[name] for name in ("name", "ours_s", "peer", "peer_s", "ours_over_peer")
        } | {"allowed": self.allowed, "note": self.note}


def seconds(work: Callable[[], Any]) -> float:
    """Seconds of one call, without the rubbish of the call before."""
    gc.collect()
    started = now()
    work()
    return now() - started


def by_turns(works: dict[str, Callable[[], float]], repeats: int = REPEATS) -> dict[str, float]:
    """Median of what each measures; a first, slow round does not count for any of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            taken[name].append(work())
    return {name: statistics.median(values) for name, values in taken.items()}


def timed(works: dict[str, Callable[[], Any]], repeats: int = REPEATS) -> dict[str, float]:
    """Median seconds of each, taken by turns."""
    return by_turns({name: lambda w=work: seconds(w) for name, work in works.items()}, repeats)
