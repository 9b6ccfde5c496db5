"""Monte Carlo: figures calculated again with every cause drawn, all draws of a batch at once.

Causes are drawn, never lines: a quantity follows the meters and methods that it rests on, a factor
its published versions, and the product system is solved again for each draw.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from orchestration.company.spreads import Spread
from orchestration.footprint.drawn_systems import DrawnSystems, NoNetOutputError, matrix_of
from orchestration.footprint.exchanges import Floats, Ints
from orchestration.footprint.system_tables import STOCK_PREFIX
from orchestration.uncertainty.causes import DIFFERENCE, two_of
from orchestration.uncertainty.deriving import BASES, lines_of_products
from orchestration.uncertainty.draws import CauseDraws

BATCH = 256
"""Draws that are calculated at once: bounds the memory, and changes no figure."""
NO_GASES = pd.DataFrame(columns=["factor_version_id", "cause_id", "gas_share"])
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
    gases: pd.DataFrame | None = None,
) -> Floats:
    """Figure x draw. `figures`: figure_kind, subject, basis and figure_value of the year.

    `values`: kgCO2e per unit of published factor versions; `gases`: of each the part that moves
    with a GWP, as in `gwp_parts`. `spreads`: of causes with one; what has
    none stays as it is stated.

    Raises:
        NoNetOutputError: some of the draws have no answer.
    """
    drawn = np.empty((len(figures), draws))
    known = NO_GASES if gases is None else gases
    model = _Model(year, figures.reset_index(drop=True), values, known, _Places(sorted(spreads)))
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


class _Places:
    """Where things stand among the draws; what isn't drawn stands behind them, where 1 is."""

    def __init__(self, names: Iterable[Hashable]) -> None:
        self.of = {name: number for number, name in enumerate(names)}

    def numbers(self, names: Iterable[Hashable]) -> Ints:
        """The place of each."""
        return np.array([self.of.get(name, len(self.of)) for name in names], np.int64)


class _Model:
    """The figures of a year, of the draws of its causes."""

    def __init__(
        self,
        year: Year,
        figures: pd.DataFrame,
        values: Mapping[str, float],
        gases: pd.DataFrame,
        causes: _Places,
    ) -> None:
        self._values = figures["figure_value"].to_numpy(float)[:, None]
        in_system = [] if year.system is None else year.system.systems.exchanges
        exchanges = _Places(dict.fromkeys([*_exchanges(year.lines), *in_system]))
        self._by_cause = _shares(year.data, exchanges, causes)
        self._lines = _Lines(year.lines, values, gases, exchanges, causes)
        self._of_lines = _added_up(figures, year.lines)
        self._of_sold = _added_up(figures, year.sold)
        self._sold_kgco2e = year.sold["part_kgco2e"].to_numpy(float)[:, None]
        self._sold_by = causes.numbers(year.sold["cause_id"])
        self._products = None
        if year.system is not None:
            self._products = _Products(year.system, year.lines, figures, exchanges, causes)
            stated = np.ones((len(causes.of) + 1, 1)), np.ones((len(exchanges.of), 1))
            self._units_as_stated = self._products.figures(*stated, self._lines.as_stated)

    def figures(self, drawn: Floats) -> Floats:
        """Figure x draw, of cause x draw."""
        factors = np.vstack([drawn, np.ones((1, drawn.shape[1]))])
        quantities = 1.0 + self._by_cause @ (drawn - 1.0)
        kgco2e = self._lines.kgco2e(factors, quantities)
        found = self._values + self._of_lines @ (kgco2e - self._lines.as_stated)
        found += self._of_sold @ (self._sold_kgco2e * (factors[self._sold_by] - 1.0))
        if self._products is not None:
            found += self._products.figures(factors, quantities, kgco2e) - self._units_as_stated
        return found


class _Lines:
    """Emission lines as main × first × second + rest × other, by the factors that they rest on.

    Attributes:
        as_stated: kgCO2e, line x 1.
    """

    def __init__(
        self,
        lines: pd.DataFrame,
        values: Mapping[str, float],
        gases: pd.DataFrame,
        exchanges: _Places,
        causes: _Places,
    ) -> None:
        self.as_stated = lines["kgco2e"].to_numpy(float)[:, None]
        self._exchange = exchanges.numbers(_exchanges(lines))
        first, second, other = (
            lines["factor_version_id"].tolist(),
            [""] * len(lines),
            [""] * len(lines),
        )
        main = lines["kgco2e"].to_numpy(float, copy=True)
        for row, (name, quantity) in enumerate(
            zip(lines["factor_version_id"], lines["quantity"], strict=True)
        ):
            made_of = two_of(name, values)
            if made_of is None:
                continue
            first[row], between, behind = made_of
            if between == DIFFERENCE:
                other[row] = behind
                main[row] = quantity * values[first[row]]
            else:
                second[row] = behind
        self._main = main[:, None]
        self._rest = self.as_stated - self._main
        versions = _Places(dict.fromkeys([*first, *second, *other]))
        self._version = causes.numbers(f"factor:{name}" for name in versions.of)
        self._gwp_of = _gwp_shares(gases, versions, causes)
        self._first, self._second, self._other = (
            versions.numbers(names) for names in (first, second, other)
        )

    def kgco2e(self, factors: Floats, quantities: Floats) -> Floats:
        """Line x draw."""
        of_version = factors[self._version]
        if self._gwp_of.nnz:
            of_version = of_version * (1.0 + self._gwp_of @ (factors - 1.0))
        found = self._main * of_version[self._first] * of_version[self._second]
        return (found + self._rest * of_version[self._other]) * quantities[self._exchange]


class _Products:
    """What a declared unit of each product carries to the gate."""

    def __init__(
        self,
        system: ProductSystem,
        lines: pd.DataFrame,
        figures: pd.DataFrame,
        exchanges: _Places,
        causes: _Places,
    ) -> None:
        self._systems = system.systems
        self._exchange = exchanges.numbers(system.systems.exchanges)
        self._price = causes.numbers(
            f"allocation_price:{process}/{flow}" for process, flow in system.systems.prices
        )
        self._key = causes.numbers(
            f"service_key:{giver}/{consumer}" for giver, consumer in system.systems.keys
        )
        processes = {name: number for number, name in enumerate(system.systems.processes)}
        inside = lines_of_products(lines.reset_index(drop=True), processes)
        self._burdens = len(processes), len(BASES)
        self._of_burden = sparse.csr_array(
            (
                1.0 / inside["consolidation_share"].to_numpy(float),
                (inside["place"] * len(BASES) + inside["basis_number"], inside.index),
            ),
            shape=(len(processes) * len(BASES), len(lines)),
        )
        stocks = np.zeros(self._burdens)
        of_stock = [""] * len(processes)
        for row in system.stocks.to_dict("records"):
            number = processes[row["process_id"]]
            stocks[number] += [row[basis] for basis in BASES]
            of_stock[number] = f"opening_stock:{row['process_id'].removeprefix(STOCK_PREFIX)}"
        self._stocks = stocks[:, :, None]
        self._stock = causes.numbers(of_stock)
        self._of_unit = _declared_units(system, figures)

    def figures(self, factors: Floats, quantities: Floats, kgco2e: Floats) -> Floats:
        """Figure x draw; 0 for those of no product."""
        count = kgco2e.shape[1]
        burdens = (self._of_burden @ kgco2e).reshape(*self._burdens, count)
        burdens += self._stocks * factors[self._stock][:, None]
        carried = self._systems.intensities(
            quantities[self._exchange], factors[self._price], factors[self._key], burdens
        )
        return self._of_unit @ carried.reshape(-1, count)


def _exchanges(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    columns = (frame[name] for name in ("process_id", "flow_id", "direction"))
    return list(zip(*columns, strict=True))


def _shares(data: pd.DataFrame, exchanges: _Places, causes: _Places) -> sparse.csr_array:
    """Exchange x cause: the part of a quantity that rests on what is drawn."""
    row, column = exchanges.numbers(_exchanges(data)), causes.numbers(data["cause_id"])
    known = (row < len(exchanges.of)) & (column < len(causes.of))
    return sparse.csr_array(
        (data["share"].to_numpy(float)[known], (row[known], column[known])),
        shape=(len(exchanges.of), len(causes.of)),
    )


def _gwp_shares(gases: pd.DataFrame, versions: _Places, causes: _Places) -> sparse.csr_array:
    """Version x cause: the part of a version's kgCO2e that moves with a GWP that is drawn."""
    row, column = versions.numbers(gases["factor_version_id"]), causes.numbers(gases["cause_id"])
    known = (row < len(versions.of)) & (column < len(causes.of))
    return sparse.csr_array(
        (gases["gas_share"].to_numpy(float)[known], (row[known], column[known])),
        shape=(len(versions.of), len(causes.of) + 1),
    )


def _added_up(figures: pd.DataFrame, lines: pd.DataFrame) -> sparse.csr_array:
    """Figure x line: which lines an inventory figure adds up."""
    entries = []
    bases = lines["basis"].to_numpy(object)
    subjects = {kind: lines[column].astype(str) for kind, column in KINDS.items()}
    for number, figure in enumerate(figures.itertuples()):
        mine = bases == figure.basis
        if figure.figure_kind in subjects:
            mine &= subjects[figure.figure_kind].to_numpy(object) == figure.subject
        elif figure.figure_kind != "inventory":
            continue
        entries += [(number, int(row), 1.0) for row in np.flatnonzero(mine)]
    return matrix_of(entries, (len(figures), len(lines)))


def _declared_units(system: ProductSystem, figures: pd.DataFrame) -> sparse.csr_array:
    """Figure x market and basis: what of each a declared unit of the product is."""
    places = {place: number for number, place in enumerate(system.places)}
    weights: dict[str, list[tuple[int, float]]] = {}
    for row in system.made.to_dict("records"):
        market = places.get((row["flow_id"], row["facility_id"]))
        if market is not None:
            weight = row["market_weight"] / row["declared_units_per_unit"]
            weights.setdefault(row["product_id"], []).append((market, weight))
    entries = [
        (number, market * len(BASES) + BASES.index(figure.basis), weight)
        for number, figure in enumerate(figures.itertuples())
        if figure.figure_kind == "product"
        for market, weight in weights.get(figure.subject, ())
    ]
    return matrix_of(entries, (len(figures), len(places) * len(BASES)))
