"""What the simulation remembers: the facts of a month, stocks, and the tables of this folder.

Masses are whole tens of kilograms, so that what is typed in tonnes still closes.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
SEED = "carbonloom-example-1"
SUZHOU, NINGBO = "suzhou_staple", "ningbo_filament"
SUMMER = (0, 0, 0, 0, 0.2, 0.5, 1, 1, 0.6, 0.1, 0, 0)
WINTER = (1, 0.8, 0.4, 0, 0, 0, 0, 0, 0, 0, 0.4, 0.8)
USUAL_STOCKS = {  # kg, at the start and what sales and shipments steer back to
    (SUZHOU, "pet_bottle_bale"): 1_900_000.0,
    (SUZHOU, "washed_flake"): 620_000.0,
    (SUZHOU, "process_waste_regrind"): 52_000.0,
    (SUZHOU, "staple_fibre_raw_white"): 940_000.0,
    (SUZHOU, "staple_fibre_dope_dyed"): 410_000.0,
    (NINGBO, "washed_flake"): 260_000.0,
    (NINGBO, "poy_yarn"): 180_000.0,
    (NINGBO, "dty_yarn"): 330_000.0,
}

Key = tuple[str, str, str, str]  # facility, process, flow, direction, role or property


def read_table(name: str) -> list[dict[str, str]]:
    """A table of this folder."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def chance(*parts: object) -> random.Random:
    """A source of scatter of its own for one purpose, so that others don't shift."""
    return random.Random(":".join([SEED, *map(str, parts)]))


def tens(value: float) -> float:
    """Whole tens of kilograms: what a weighbridge shows."""
    return float(round(value / 10) * 10)


@dataclass
class Month:
    """What truly happened in one month, in canonical units."""

    month: date
    facts: dict[Key, float] = field(default_factory=dict)
    drivers: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))

    def put(self, where: str, process: str, flow: str, direction: str, value: float) -> float:
        """Book a fact and hand it back."""
        self.facts[where, process, flow, direction] = value
        return value

    def get(self, where: str, process: str, flow: str, direction: str = "input") -> float:
        """A fact that must be there."""
        return self.facts[where, process, flow, direction]

    def total(self, where: str, flow: str, direction: str = "input") -> float:
        """Sum of a flow over the processes of a site."""
        wanted = (where, flow, direction)
        return sum(v for (place, _, f, d), v in self.facts.items() if (place, f, d) == wanted)


class Plant:
    """Yields, intensities and stocks that the months share."""

    def __init__(self) -> None:
        self.noise = chance("plant")
        self.shares = {
            (r["facility_id"], r["process"], r["share"]): float(r["value"])
            for r in read_table("yields.csv")
        }
        self.intensities = read_table("intensities.csv")
        self.stocks = dict(USUAL_STOCKS)

    def about(self, value: float, spread: float) -> float:
        """The value with a month's own scatter."""
        return value * (1 + self.noise.uniform(-spread, spread))

    def share(self, where: str, process: str, share: str, of: float) -> float:
        """A loss or addition as a share of a mass."""
        return tens(self.about(self.shares[where, process, share] * of, 0.04))

    def surplus(self, where: str, flow: str) -> float:
        """How far a stock lies above its usual level."""
        return self.stocks[where, flow] - USUAL_STOCKS[where, flow]

    def open_stock(self, state: Month, where: str, process: str, flow: str) -> None:
        """Book what the stock is at the start of the month."""
        state.put(where, process, flow, "stock_open", self.stocks[where, flow])

    def close_stock(
        self, state: Month, where: str, process: str, flow: str, gain: float, use: float
    ) -> None:
        """Book the end of the month; a stock can't be negative."""
        level = self.stocks[where, flow] + gain - use
        if level < 0:
            raise ValueError(f"{state.month}: {where} {flow}: a stock of {level} kg")
        self.stocks[where, flow] = state.put(where, process, flow, "stock_close", level)

    def deliver(self, state: Month, where: str, process: str, flow: str) -> None:
        """Sell about what was made and bring the stock back towards its usual level."""
        self.open_stock(state, where, process, flow)
        made = state.get(where, process, flow, "output")
        sold = tens(self.about(made, 0.04) + 0.3 * self.surplus(where, flow))
        state.drivers[where, f"sold:{flow}"] = sold
        self.close_stock(state, where, process, flow, made, sold)
