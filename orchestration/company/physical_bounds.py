"""What physics allows: bounds of properties and emission factors, whoever states them.

physical_bounds.csv holds a line for each quantity, kind of flow and dimension, with its source.
Beyond `least` and `most` nothing exists, beyond `usual_most` little does. The bounds are wide on
purpose: they find a unit or a decimal point that slipped, not a figure that is merely surprising.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from orchestration.company.units import UnitError, parse

BOUNDS = Path(__file__).with_name("physical_bounds.csv")
GAS_MASS = "gas_mass"
"""Kilograms of all gases together, beside the components of a flow, which are in kg CO2e."""


class Bound(NamedTuple):
    """Least and most of a quantity, in the unit they were asked for; None where there is no end."""

    least: float | None
    most: float | None
    usual_most: float | None
    source: str

    def is_possible(self, value: float) -> bool:
        """Whether such a value can exist."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def is_usual(self, value: float) -> bool:
        """Whether such a value is common; also where nothing is known of what is."""
        return self.usual_most is None or value <= self.usual_most

    def span(self, unit: str) -> str:
        """The bounds as they are told."""
        ends = [f"{float(f'{end:.4g}'):g}" for end in (self.least, self.most) if end is not None]
        words = " to ".join(ends) if self.least is not None else f"at most {ends[0]}"
        return f"{words} {unit}"


@cache
def bound_of(quantity: str, flow_kind: str | None, unit: str) -> Bound | None:
    """The bounds of a property or component in that unit; None where no line is about it.

    A line that names the kind of flow goes before one for all. The calorific basis of the unit
    makes no difference here.
    """
    try:
        asked = parse(unit)
    except UnitError:
        return None
    fitting = [
        line
        for kind in (flow_kind, "")
        for line in _lines()
        if line["quantity"] == quantity
        and kind in line["flow_kinds"].split(";")
        and parse(line["unit"]).dimension == asked.dimension
    ]
    if not fitting:
        return None
    line = fitting[0]
    size = parse(line["unit"]).factor / asked.factor
    least, most, usual_most = (
        float(line[name]) * size if line[name] else None for name in ("least", "most", "usual_most")
    )
    return Bound(least, most, usual_most, line["source"])


@cache
def largest_month() -> float:
    """More of a flow than this, in whatever unit it is kept, no company has in a month."""
    return next(float(one["most"]) for one in _lines() if one["quantity"] == "month_of_any_flow")


@cache
def _lines() -> tuple[dict[str, str], ...]:
    with BOUNDS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
