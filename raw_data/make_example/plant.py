"""Simulates the two invented plants month by month: masses that close, energy, water, stocks.

Every number that carries meaning is in intensities.csv and yields.csv beside this module, with
its source. Masses are whole tens of kilograms, so that what is typed in tonnes still closes.
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
FIRST, LAST = date(2021, 1, 1), date(2022, 6, 1)

BALES_PER_MONTH = 3_424_000  # kg; 40 kt a year over the seasons of 2021
FLAKE_OF_NINGBO = 795_000  # kg a month
BOUGHT_FLAKE_SHARE = 0.065
SEASON = (0.97, 0.64, 1.00, 1.02, 1.03, 1.01, 0.99, 0.98, 1.02, 0.97, 1.03, 1.02)
# spring 2022: lorries of the Yangtze delta stood still in April
SPRING_2022 = {date(2022, 4, 1): 0.80, date(2022, 5, 1): 0.90}
SUMMER = (0, 0, 0, 0, 0.2, 0.5, 1, 1, 0.6, 0.1, 0, 0)
WINTER = (1, 0.8, 0.4, 0, 0, 0, 0, 0, 0, 0, 0.4, 0.8)
AIR_LEAKS, STEAM_LOSSES, BOILER_EFFICIENCY = 0.10, 0.07, 0.915
UNMETERED = {SUZHOU: 0.016, NINGBO: 0.018}
EFFLUENT_M3_PER_KG_FLAKE = 0.0044  # USLCI: 4.40 L/kg
COD_MG_PER_L = {"in": 4600, "mid": 1150, "out": 92}
METHANE_PER_COD, METHANE_CAUGHT = 0.25 * 0.8, 0.78  # IPCC 2006 B0 and MCF of a reactor
STEAM_IN_PELLETS_GJ_PER_KG = 0.0146

Key = tuple[str, str, str, str]  # facility, process, flow, direction or role


@dataclass
class Month:
    """What truly happened in one month: facts by (facility, process, flow, direction or role)."""

    month: date
    facts: dict[Key, float] = field(default_factory=dict)
    drivers: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))

    def put(self, where: str, process: str, flow: str, direction: str, value: float) -> float:
        self.facts[where, process, flow, direction] = value
        return value

    def get(self, where: str, process: str, flow: str, direction: str = "input") -> float:
        return self.facts[where, process, flow, direction]


@dataclass
class Stocks:
    """Stocks in kg that pass from month to month."""

    levels: dict[tuple[str, str], float]

    def open(self, month: Month, where: str, process: str, flow: str) -> None:
        month.put(where, process, flow, "stock_open", self.levels[where, flow])

    def close(
        self, month: Month, where: str, process: str, flow: str, gain: float, use: float
    ) -> None:
        """Books the month and refuses a stock that would become negative."""
        level = self.levels[where, flow] + gain - use
        if level < 0:
            raise ValueError(f"{month.month}: {where} {flow}: stock of {level} kg")
        self.levels[where, flow] = month.put(where, process, flow, "stock_close", level)


def months() -> list[date]:
    """Every month of the simulation; also those no round asks for."""
    count = (LAST.year - FIRST.year) * 12 + LAST.month - FIRST.month + 1
    return [date(FIRST.year + i // 12, i % 12 + 1, 1) for i in range(count)]


def read_table(name: str) -> list[dict[str, str]]:
    """A table of this folder."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tens(value: float) -> float:
    """Whole tens of kilograms: what a weighbridge shows."""
    return float(round(value / 10) * 10)


class Plant:
    """The chain of both sites over all months."""

    def __init__(self) -> None:
        self.noise = random.Random(SEED)
        self.shares = {
            (r["facility_id"], r["process"], r["share"]): float(r["value"])
            for r in read_table("yields.csv")
        }
        self.intensities = read_table("intensities.csv")
        self.stocks = Stocks(
            {
                (SUZHOU, "pet_bottle_bale"): 1_900_000.0,
                (SUZHOU, "washed_flake"): 620_000.0,
                (SUZHOU, "process_waste_regrind"): 52_000.0,
                (SUZHOU, "staple_fibre_raw_white"): 940_000.0,
                (SUZHOU, "staple_fibre_dope_dyed"): 410_000.0,
                (NINGBO, "washed_flake"): 260_000.0,
                (NINGBO, "poy_yarn"): 180_000.0,
                (NINGBO, "dty_yarn"): 330_000.0,
            }
        )

    def run(self) -> list[Month]:
        """All months in order."""
        return [self._month(month) for month in months()]

    def about(self, value: float, spread: float) -> float:
        """The value with a month's own scatter."""
        return value * (1 + self.noise.uniform(-spread, spread))

    def _share(self, where: str, process: str, share: str, of: float) -> float:
        return tens(self.about(self.shares[where, process, share] * of, 0.04))

    def _month(self, month: date) -> Month:
        season = SEASON[month.month - 1] * SPRING_2022.get(month, 1.0)
        state = Month(month)
        to_ningbo = self._filament(state, season)
        self._bales_to_flake(state, season, to_ningbo)
        self._flake_to_fibre(state)
        for where in (SUZHOU, NINGBO):
            state.drivers[where, "heating"] = float(WINTER[month.month - 1] > 0)
            self._intensities(state, where, ("compressed_air", "steam_internal"))
        self._utilities(state)
        for where in (SUZHOU, NINGBO):
            self._intensities(state, where, None)
            self._main_meter(state, where)
        self._wastewater(state)
        return state

    # -- masses -------------------------------------------------------------------------------

    def _bales_to_flake(self, state: Month, season: float, to_ningbo: float) -> None:
        here, put = SUZHOU, state.put
        bales = put(
            here,
            "sorting",
            "pet_bottle_bale",
            "input",
            tens(self.about(BALES_PER_MONTH * season, 0.01)),
        )
        self.stocks.open(state, here, "sorting", "pet_bottle_bale")
        bought = tens(bales + self.about(0, 0) + self.noise.uniform(-0.03, 0.03) * bales)
        state.drivers[here, "bales_bought"] = bought
        self.stocks.close(state, here, "sorting", "pet_bottle_bale", bought, bales)
        rest = bales
        for flow, share in (
            ("waste_metal_recycled", "metal"),
            ("waste_mixed_landfilled", "non_pet"),
            ("moisture_loss", "moisture"),
        ):
            rest -= put(here, "sorting", flow, "output", self._share(here, "sorting", share, bales))
        put(here, "sorting", "sorted_bottles", "output", rest)
        put(here, "washing", "sorted_bottles", "input", rest)
        for flow, share in (
            ("waste_plastic_caps_recycled", "caps"),
            ("waste_mixed_incinerated", "labels"),
            ("waste_pet_fines_recycled", "fines"),
            ("wash_solids", "solids"),
            ("moisture_loss", "moisture"),
        ):
            rest -= put(here, "washing", flow, "output", self._share(here, "washing", share, bales))
        flake = put(here, "washing", "washed_flake", "output", rest)
        put(here, "wastewater_treatment", "wash_solids", "input",
            state.get(here, "washing", "wash_solids", "output"))
        self.stocks.open(state, here, "washing", "washed_flake")
        sold = tens(self.about(0.035 * flake, 0.2))
        put(here, "flake_packing", "washed_flake", "input", sold)
        put(here, "flake_packing", "washed_flake_sold", "output", sold)
        surplus = self.stocks.levels[here, "washed_flake"] - 620_000
        dried = tens(self.about(flake - sold - to_ningbo, 0.015) + 0.4 * surplus)
        put(here, "drying", "washed_flake", "input", dried)
        self.stocks.close(state, here, "washing", "washed_flake", flake, sold + to_ningbo + dried)
        drivers = state.drivers
        drivers[here, "washed_flake"], drivers[here, "flake_packed"] = flake, sold
        drivers[here, "bales"] = bales

    def _flake_to_fibre(self, state: Month) -> None:
        here, put = SUZHOU, state.put
        flake = state.get(here, "drying", "washed_flake")
        lost = put(here, "drying", "moisture_loss", "output",
                   self._share(here, "drying", "moisture", flake))
        dried = put(here, "drying", "dried_flake", "output", flake - lost)
        state.drivers[here, "dried_flake"] = dried
        # the waste of last month is melted down this month: this month's comes later
        self.stocks.open(state, here, "regranulation", "process_waste_regrind")
        regrind = tens(0.9 * self.stocks.levels[here, "process_waste_regrind"])
        put(here, "regranulation", "process_waste_regrind", "input", regrind)
        scrap = put(here, "regranulation", "waste_pet_incinerated", "output",
                    self._share(here, "regranulation", "loss", regrind))
        granules = put(here, "regranulation", "regranulate", "output", regrind - scrap)
        state.drivers[here, "regranulate"] = granules
        virgin = 12_000.0 if state.month.month in (3, 9) else 0.0
        if virgin:
            put(here, "extrusion_white", "virgin_pet_chip", "input", virgin)
        put(here, "extrusion_white", "regranulate", "input", granules)
        dyed = put(here, "extrusion_dyed", "dried_flake", "input", tens(self.about(0.26, 0.05) * dried))
        white = put(here, "extrusion_white", "dried_flake", "input", dried - dyed)
        masterbatch = put(here, "extrusion_dyed", "masterbatch", "input",
                          self._share(here, "extrusion_dyed", "masterbatch", dyed / 0.974))
        waste = self._line(state, "white", white + granules + virgin)
        self._line(state, "dyed", dyed + masterbatch)
        self.stocks.close(state, here, "regranulation", "process_waste_regrind", waste, regrind)
        self._deliver(state, here, "baling_white", "staple_fibre_raw_white", 940_000)
        self._deliver(state, here, "baling_dyed", "staple_fibre_dope_dyed", 410_000)

    def _line(self, state: Month, line: str, charge: float) -> float:
        """Extrusion to baling of one colour; returns the waste that can be regranulated.

        Coloured waste would spoil raw white fibre, so it is sold.
        """
        here, put = SUZHOU, state.put
        dyed = "_dyed" if line == "dyed" else ""
        waste_flow = "waste_pet_fines_recycled" if dyed else "process_waste_regrind"
        step, wasted = f"extrusion_{line}", 0.0
        cake = put(here, step, "waste_pet_incinerated", "output",
                   self._share(here, step, "filter_cake", charge))
        lumps = put(here, step, waste_flow, "output", self._share(here, step, "lumps", charge))
        mass = put(here, step, f"polymer_melt{dyed}", "output", charge - cake - lumps)
        state.drivers[here, f"melt_{line}"] = mass
        wasted += lumps
        flow = f"polymer_melt{dyed}"
        for process, made in (("spinning", "undrawn_tow"), ("drawing", "drawn_fibre")):
            step = f"{process}_{line}"
            put(here, step, flow, "input", mass)
            finish = put(here, step, "spin_finish", "input",
                         self._share(here, step, "finish", mass))
            waste = put(here, step, waste_flow, "output", self._share(here, step, "waste", mass))
            flow, mass = f"{made}{dyed}", mass + finish - waste
            put(here, step, flow, "output", mass)
            state.drivers[here, f"{'tow' if process == 'spinning' else 'drawn'}_{line}"] = mass
            wasted += waste
        put(here, f"baling_{line}", flow, "input", mass)
        product = "staple_fibre_dope_dyed" if dyed else "staple_fibre_raw_white"
        put(here, f"baling_{line}", product, "output", mass)
        state.drivers[here, f"fibre_{line}"] = mass
        return wasted

    def _filament(self, state: Month, season: float) -> float:
        """The Ningbo plant; returns the flake it takes from Suzhou this month."""
        here, put = NINGBO, state.put
        self.stocks.open(state, here, "drying", "washed_flake")
        own = put(here, "drying", "washed_flake", "input",
                  tens(self.about(FLAKE_OF_NINGBO * season, 0.01)))
        bought = put(here, "drying", "recycled_pet_flake_bought", "input",
                     tens(self.about(own * BOUGHT_FLAKE_SHARE, 0.1)))
        arrived = tens(self.about(own, 0.02) + 0.5 * (260_000 - self.stocks.levels[here, "washed_flake"]))
        self.stocks.close(state, here, "drying", "washed_flake", arrived, own)
        state.drivers[here, "flake_arrived"] = arrived
        lost = put(here, "drying", "moisture_loss", "output",
                   self._share(here, "drying", "moisture", own + bought))
        dried = put(here, "drying", "dried_flake", "output", own + bought - lost)
        put(here, "extrusion", "dried_flake", "input", dried)
        cake = put(here, "extrusion", "waste_pet_incinerated", "output",
                   self._share(here, "extrusion", "filter_cake", dried))
        lumps = put(here, "extrusion", "waste_pet_fines_recycled", "output",
                    self._share(here, "extrusion", "lumps", dried))
        melt = put(here, "extrusion", "polymer_melt", "output", dried - cake - lumps)
        put(here, "poy_spinning", "polymer_melt", "input", melt)
        finish = put(here, "poy_spinning", "spin_finish", "input",
                     self._share(here, "poy_spinning", "finish", melt))
        waste = put(here, "poy_spinning", "waste_pet_fines_recycled", "output",
                    self._share(here, "poy_spinning", "waste", melt))
        poy = put(here, "poy_spinning", "poy_yarn", "output", melt + finish - waste)
        state.drivers.update({(here, "dried_flake"): dried, (here, "melt"): melt, (here, "poy"): poy})
        self._yarn(state, poy)
        return arrived

    def _yarn(self, state: Month, poy: float) -> None:
        here, put = NINGBO, state.put
        self.stocks.open(state, here, "poy_spinning", "poy_yarn")
        surplus = self.stocks.levels[here, "poy_yarn"] - 180_000
        textured = put(here, "texturing", "poy_yarn", "input",
                       tens(self.about(0.84 * poy, 0.01) + 0.5 * surplus))
        sold = put(here, "poy_packing", "poy_yarn", "input", tens(self.about(0.16 * poy, 0.05)))
        put(here, "poy_packing", "poy_yarn_sold", "output", sold)
        self.stocks.close(state, here, "poy_spinning", "poy_yarn", poy, textured + sold)
        oil = put(here, "texturing", "spin_finish", "input",
                  self._share(here, "texturing", "oil", textured))
        waste = put(here, "texturing", "waste_pet_fines_recycled", "output",
                    self._share(here, "texturing", "waste", textured))
        dty = put(here, "texturing", "dty_yarn", "output", textured + oil - waste)
        state.drivers.update({(here, "dty"): dty, (here, "poy_sold"): sold})
        self._deliver(state, here, "texturing", "dty_yarn", 330_000)

    def _deliver(self, state: Month, where: str, process: str, flow: str, usual: float) -> None:
        """Sells about what was made and brings the stock back towards its usual level."""
        self.stocks.open(state, where, process, flow)
        made = state.get(where, process, flow, "output")
        surplus = self.stocks.levels[where, flow] - usual
        sold = tens(self.about(made, 0.04) + 0.3 * surplus)
        state.drivers[where, f"sold:{flow}"] = sold
        self.stocks.close(state, where, process, flow, made, sold)

    # -- energy, water, air -------------------------------------------------------------------

    def _intensities(self, state: Month, where: str, flows: tuple[str, ...] | None) -> None:
        index = state.month.month - 1
        for row in self.intensities:
            key = (where, row["process"], row["flow"], "input")
            if row["facility_id"] != where or (flows and row["flow"] not in flows):
                continue
            if key in state.facts:
                continue
            value = float(row["base_per_month"])
            if row["driver"]:
                value += float(row["per_driver"]) * state.drivers[where, row["driver"]]
            value *= 1 + float(row["summer_swing"]) * SUMMER[index]
            value *= 1 + float(row["winter_swing"]) * WINTER[index]
            state.facts[key] = float(round(self.about(value, 0.015)))

    def _utilities(self, state: Month) -> None:
        for where in (SUZHOU, NINGBO):
            used = self._sum(state, where, "compressed_air")
            air = float(round(used / (1 - AIR_LEAKS)))
            state.put(where, "compressed_air", "compressed_air", "output", air)
            state.drivers[where, "air"] = air
        steam = float(round(self._sum(state, SUZHOU, "steam_internal") / (1 - STEAM_LOSSES)))
        state.put(SUZHOU, "boiler_house", "steam_internal", "output", steam)
        state.drivers[SUZHOU, "steam"] = steam
        ncv = round(self.noise.uniform(35.6, 36.7), 2)
        state.put(SUZHOU, "boiler_house", "natural_gas", "ncv", ncv)
        gas = round(steam / self.about(BOILER_EFFICIENCY, 0.006) / ncv * 1000 / 100) * 100.0
        state.put(SUZHOU, "boiler_house", "natural_gas", "input", gas)
        state.put(NINGBO, "offices", "steam_internal", "input", 0.0)
        self._intensities(state, NINGBO, ("wood_pellets",))
        pellets = state.get(NINGBO, "pellet_boiler", "wood_pellets")
        heat = float(round(pellets * STEAM_IN_PELLETS_GJ_PER_KG))
        state.put(NINGBO, "pellet_boiler", "steam_internal", "output", heat)
        state.put(NINGBO, "offices", "steam_internal", "input", heat)
        park = float(round((self._sum(state, NINGBO, "steam_internal") - heat) / 0.96))
        state.put(NINGBO, "steam_station", "purchased_steam", "input", park)
        state.put(NINGBO, "steam_station", "steam_internal", "output", float(round(park * 0.96)))

    def _main_meter(self, state: Month, where: str) -> None:
        """The unmetered rest belongs to the common areas; then the main meter closes."""
        sub = self._sum(state, where, "electricity")
        rest = round(self.about(UNMETERED[where] * sub, 0.15) / 100) * 100.0
        state.put(where, "common_areas", "electricity", "input", rest)
        state.drivers[where, "main_kwh"] = sub + rest

    def _wastewater(self, state: Month) -> None:
        here, flake = SUZHOU, state.drivers[SUZHOU, "washed_flake"]
        water = float(round(self.about(EFFLUENT_M3_PER_KG_FLAKE * flake, 0.015)))
        state.drivers[here, "effluent"] = water
        cod = {name: round(self.about(mg, 0.05)) for name, mg in COD_MG_PER_L.items()}
        for name, value in cod.items():
            state.drivers[here, f"cod_{name}"] = float(value)
        removed = water * (cod["in"] - cod["mid"]) / 1000
        methane = float(round(removed * METHANE_PER_COD * self.about(METHANE_CAUGHT, 0.04)))
        state.put(here, "wastewater_treatment", "methane_recovered", "output", methane)

    @staticmethod
    def _sum(state: Month, where: str, flow: str) -> float:
        return sum(
            value
            for (place, _, name, direction), value in state.facts.items()
            if place == where and name == flow and direction == "input"
        )


MASS_FLOWS = frozenset(
    "pet_bottle_bale sorted_bottles washed_flake dried_flake polymer_melt polymer_melt_dyed "
    "undrawn_tow undrawn_tow_dyed drawn_fibre drawn_fibre_dyed regranulate process_waste_regrind "
    "staple_fibre_raw_white staple_fibre_dope_dyed poy_yarn poy_yarn_sold dty_yarn "
    "washed_flake_sold recycled_pet_flake_bought virgin_pet_chip masterbatch spin_finish "
    "waste_metal_recycled waste_mixed_landfilled waste_mixed_incinerated wash_solids "
    "waste_plastic_caps_recycled waste_pet_fines_recycled waste_pet_incinerated moisture_loss"
    .split()
)
OPEN_ENDED = {"wastewater_treatment"}  # its solids leave as sludge, weighed at the gate


def check_balances(history: list[Month]) -> None:
    """Mass of every production process closes to the gram in every month, and so do stocks."""
    for state in history:
        balance: dict[tuple[str, str], float] = defaultdict(float)
        for (where, process, flow, direction), value in state.facts.items():
            if flow in MASS_FLOWS and direction in ("input", "output"):
                balance[where, process] += value if direction == "input" else -value
            if value < 0:
                raise ValueError(f"{state.month} {where} {process} {flow}: {value} is negative")
        for (where, process), residue in balance.items():
            if process not in OPEN_ENDED and abs(residue) > 0.001:
                raise ValueError(f"{state.month} {where} {process}: {residue} kg don't close")
