"""The product system of one reference period, solved: the only place where loops are resolved.

The whole company is one linear system (METHOD R19). All makers of a flow at a site form a
market, and one unit of a market's flow is a like share of all of them. With v the part of each
market's output that is wanted and r the part of each process's operation,

    r = S v            S[process, market]: allocation share of the process's output
    v = g + D T r      T[market, process]: what the process takes; D: 1 / made; g: wanted / made

so v solves (I - D T S) v = g: one factorisation for all products, whatever their number.
Loops (regrind, condensate, two processes that use each other) need no cutting.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from orchestration.footprint.system_tables import SolvedPeriod, SystemInputs

SOLVER_FILES = tuple(sorted(Path(__file__).parent.glob("*.py")))
"""The files whose code decides a solved figure."""


def solver_fingerprint() -> str:
    """One hash over the solver's code: another one means that every period is solved anew."""
    digest = hashlib.sha256()
    for path in SOLVER_FILES:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def solve_period(reference_period: str, inputs: SystemInputs) -> SolvedPeriod:
    """Solve one reference period; problems of the company's data are findings.

    Raises:
        ValueError: the text is no reference period.
        KeyError: an input table lacks a column of its schema.
    """
    raise NotImplementedError
