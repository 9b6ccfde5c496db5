"""Monte Carlo: figures calculated again with every cause drawn, all draws of a batch at once.

Causes are drawn, never lines: a quantity follows the meters and methods that it rests on, a factor
its published versions, and the product system is solved again for each draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from orchestration.company.spreads import Spread
from orchestration.footprint.drawn_systems import DrawnSystems, NoNetOutputError
from orchestration.footprint.exchanges import Floats, Ints
from orchestration.footprint.system_tables import STOCK_PREFIX
from orchestration.uncertainty.causes import DIFFERENCE, PRODUCT
from orchestration.uncertainty.deriving import BASES, lines_of_products
from orchestration.uncertainty.draws import CauseDraws

BATCH = 256
"""Draws that are calculated at once: bounds the memory, and changes no figure."""
KINDS = {"scope": "ghg_scope", "site": "facility_id", "category": "ghg_category"}
"""Which column of a line says what each kind of inventory figure is of."""


@dataclass(frozen=True)
class ProductSystem:
    """The product system of a year, to be drawn.

    Attributes:
        systems: with the markets of all products, in the order of `places`.
        places: flow and site of each market.
        stocks: kgCO2e that each stock of earlier periods carries: process_id, a column a basis.
        made: product_id, flow_id, facility_id, market_weight and declared_units_per_unit.
    """

    systems: DrawnSystems
    places: list[tuple[str, str]]
    stocks: pd.DataFrame
    made: pd.DataFrame


@dataclass(frozen=True)
class Year:
    """What the figures of one calendar year are made of; frames are of that year alone.

    Attributes:
        lines: emission lines by factor version.
        data: of each exchange the causes of its quantity, and the share of it that rests on each.
        sold: use and end of life of what was sold, by scenario.
        system: None where no product is solved.
    """

    lines: pd.DataFrame
    data: pd.DataFrame
    sold: pd.DataFrame
    system: ProductSystem | None


def simulate(
    year: Year,
    figures: pd.DataFrame,
    values: Mapping[str, float],
    spreads: Mapping[str, Spread],
    draws: int,
    seed: int,
    batch: int = BATCH,
) -> Floats:
    """Figure x draw. `figures`: figure_kind, subject, basis and figure_value of the year.

    `values`: kgCO2e per unit of published factor versions. `spreads`: of causes with one; what has
    none stays as it is stated.

    Raises:
        NoNetOutputError: some of the draws have no answer.
    """
    drawn = np.empty((len(figures), draws))
    model = _Model(year, figures, values, sorted(spreads))
    streams = CauseDraws(spreads, seed)
    without_answer = 0
    for start in range(0, draws, batch):
        count = min(batch, draws - start)
        try:
            drawn[:, start : start + count] = model.figures(streams.following(count))
        except NoNetOutputError as error:
            without_answer += error.count
    if without_answer:
        raise NoNetOutputError(without_answer)
    return drawn


class _Model:
    def __init__(
        self, year: Year, figures: pd.DataFrame, values: Mapping[str, float], causes: list[str]
    ) -> None:
        self._causes = {cause: number for number, cause in enumerate(causes)}
        self._figures = figures.reset_index(drop=True)
        self._values = self._figures["figure_value"].to_numpy(float)[:, None]
        self._system = year.system
        lines = year.lines.reset_index(drop=True)
        exchanges = list(
            dict.fromkeys(
                zip(lines["process_id"], lines["flow_id"], lines["direction"], strict=True)
            )
        )
        of_line = {exchange: number for number, exchange in enumerate(exchanges)}
        if year.system is not None:
            for exchange in year.system.systems.exchanges:
                of_line.setdefault(exchange, len(of_line))
        self._exchange_of_line = np.array(
            [
                of_line[key]
                for key in zip(
                    lines["process_id"], lines["flow_id"], lines["direction"], strict=True
                )
            ],
            np.int64,
        )
        self._by_cause = self._shares(year.data, of_line)
        self._read_factors(lines, values)
        self._of_figure = self._inventory(lines)
        self._sold = year.sold
        self._of_sold = self._inventory(year.sold)
        self._sold_causes = self._numbers(year.sold["cause_id"])
        self._sold_kgco2e = year.sold["part_kgco2e"].to_numpy(float)[:, None]
        if year.system is not None:
            self._read_system(year.system, lines, of_line)

    def figures(self, drawn: Floats) -> Floats:
        """Figure x draw, of cause x draw."""
        stated = np.ones((1, drawn.shape[1]))
        factors = np.vstack([drawn, stated])
        quantities = 1.0 + self._by_cause @ (drawn - 1.0)
        kgco2e = self._main * factors[self._first] * factors[self._second]
        kgco2e = (kgco2e + self._rest * factors[self._other]) * quantities[self._exchange_of_line]
        found = self._values + self._of_figure @ (kgco2e - self._stated)
        found += self._of_sold @ (self._sold_kgco2e * (factors[self._sold_causes] - 1.0))
        if self._system is not None:
            found += self._of_unit @ (
                self._carried(quantities, factors, kgco2e) - self._carried_as_stated
            )
        return found

    def _carried(self, quantities: Floats, factors: Floats, kgco2e: Floats) -> Floats:
        """Market and basis x draw: what one unit carries to the gate."""
        system = self._system
        assert system is not None
        count = kgco2e.shape[1]
        burdens = self._of_process @ kgco2e
        burdens += self._stock_kgco2e * factors[self._stock_causes]
        found = system.systems.intensities(
            quantities[self._exchange_of_system],
            factors[self._price_causes],
            burdens.reshape(len(system.systems.processes), len(BASES), count),
        )
        return found.reshape(-1, count)

    def _numbers(self, causes: pd.Series | list[str]) -> Ints:
        """Where each cause stands among the draws; one without a spread, where 1 stands."""
        return np.array([self._causes.get(one, len(self._causes)) for one in causes], np.int64)

    def _shares(
        self, data: pd.DataFrame, place: Mapping[tuple[str, str, str], int]
    ) -> sparse.csr_array:
        """Exchange x cause: the part of the quantity that rests on it."""
        found = [
            (place[exchange], self._causes[cause], share)
            for *key, cause, share in zip(
                data["process_id"],
                data["flow_id"],
                data["direction"],
                data["cause_id"],
                data["share"],
                strict=True,
            )
            if (exchange := tuple(key)) in place and cause in self._causes
        ]
        row, column, share = zip(*found, strict=True) if found else ((), (), ())
        return sparse.csr_array(
            (np.array(share, float), (row, column)), shape=(len(place), len(self._causes))
        )

    def _read_factors(self, lines: pd.DataFrame, values: Mapping[str, float]) -> None:
        """A line as main × first × second + rest × other, by the versions that it rests on."""
        version = lines["factor_version_id"]
        kgco2e, quantity = lines["kgco2e"].to_numpy(float), lines["quantity"].to_numpy(float)
        first, second, other = version.tolist(), [""] * len(lines), [""] * len(lines)
        main = kgco2e.copy()
        for row, name in enumerate(version):
            if DIFFERENCE in name:
                first[row], other[row] = name.split(DIFFERENCE)
                main[row] = quantity[row] * values[first[row]]
            elif PRODUCT in name:
                first[row], second[row] = name.split(PRODUCT)
        self._first, self._second, self._other = (
            self._numbers([f"factor:{name}" for name in names]) for names in (first, second, other)
        )
        self._main, self._rest = main[:, None], (kgco2e - main)[:, None]
        self._stated = kgco2e[:, None]

    def _inventory(self, lines: pd.DataFrame) -> sparse.csr_array:
        """Figure x line: which lines an inventory figure adds up."""
        entries = []
        bases = lines["basis"].to_numpy(object)
        subjects = {kind: lines[column].astype(str) for kind, column in KINDS.items()}
        for number, figure in enumerate(self._figures.itertuples()):
            mine = bases == figure.basis
            if figure.figure_kind in subjects:
                mine &= subjects[figure.figure_kind].to_numpy(object) == figure.subject
            elif figure.figure_kind != "inventory":
                continue
            entries += [(number, row) for row in np.flatnonzero(mine)]
        row, column = zip(*entries, strict=True) if entries else ((), ())
        return sparse.csr_array(
            (np.ones(len(entries)), (row, column)), shape=(len(self._figures), len(lines))
        )

    def _read_system(
        self,
        system: ProductSystem,
        lines: pd.DataFrame,
        place: Mapping[tuple[str, str, str], int],
    ) -> None:
        self._exchange_of_system = np.array(
            [place[exchange] for exchange in system.systems.exchanges], np.int64
        )
        self._price_causes = self._numbers(
            [f"allocation_price:{process}/{flow}" for process, flow in system.systems.prices]
        )
        processes = {name: number for number, name in enumerate(system.systems.processes)}
        burdens = len(processes) * len(BASES)
        inside = lines_of_products(lines, processes)
        self._of_process = sparse.csr_array(
            (
                1.0 / inside["consolidation_share"].to_numpy(float),
                (inside["place"] * len(BASES) + inside["basis_number"], inside.index),
            ),
            shape=(burdens, len(lines)),
        )
        stocks = np.zeros((len(processes), len(BASES)))
        causes = [""] * burdens
        for row in system.stocks.to_dict("records"):
            number = processes[row["process_id"]]
            stocks[number] += [row[basis] for basis in BASES]
            cause = f"opening_stock:{row['process_id'].removeprefix(STOCK_PREFIX)}"
            causes[number * len(BASES) : (number + 1) * len(BASES)] = [cause] * len(BASES)
        self._stock_kgco2e, self._stock_causes = stocks.reshape(-1, 1), self._numbers(causes)
        self._of_unit = self._products(system)
        ones = np.ones((max(self._numbers([""])) + 1, 1))
        self._carried_as_stated = self._carried(
            np.ones((len(place), 1)), ones, lines["kgco2e"].to_numpy(float)[:, None]
        )

    def _products(self, system: ProductSystem) -> sparse.csr_array:
        """Figure x market and basis: what of each a declared unit of the product is."""
        places = {place: number for number, place in enumerate(system.places)}
        weights: dict[str, list[tuple[int, float]]] = {}
        for row in system.made.to_dict("records"):
            weight = row["market_weight"] / row["declared_units_per_unit"]
            market = places.get((row["flow_id"], row["facility_id"]))
            if market is not None:
                weights.setdefault(row["product_id"], []).append((market, weight))
        entries = [
            (number, market * len(BASES) + BASES.index(figure.basis), weight)
            for number, figure in enumerate(self._figures.itertuples())
            if figure.figure_kind == "product"
            for market, weight in weights.get(figure.subject, ())
        ]
        row, column, weight = zip(*entries, strict=True) if entries else ((), (), ())
        return sparse.csr_array(
            (np.array(weight, float), (row, column)),
            shape=(len(self._figures), len(places) * len(BASES)),
        )
