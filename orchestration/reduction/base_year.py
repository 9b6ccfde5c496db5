"""The year that initiatives are held against: its system, its emission lines, its quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from orchestration.footprint.assembly import Assembled
from orchestration.footprint.exchanges import Flags, Floats, Ints
from orchestration.footprint.overlays import OverlaySystem

BASES = ("location_based", "market_based")
KEY = ("facility_id", "flow_id", "component", "ghg_category", "ghg_scope")
"""What effects are told apart by."""

LINE_COLUMNS = (
    *KEY,
    "process_id",
    "supplier_key",
    "in_product_boundary",
    "consolidation_share",
    "quantity",
    *BASES,
)
"""Of emission lines: the company's share in canonical units and kgCO2e, per process and year."""

FACTOR_COLUMNS = (
    "facility_id",
    "flow_id",
    "component",
    "ghg_category",
    "ghg_scope",
    "in_product_boundary",
    *BASES,
)
"""Of factors that stand ready for a flow at a site: kgCO2e per canonical unit, mean of the year;
null where there is none."""

EXCHANGE_COLUMNS = ("process_id", "facility_id", "flow_id", "direction", "quantity", "quantity_kg")


@dataclass(frozen=True)
class BaseYear:
    """A reference period as measured; lines, factors and exchanges as frames of those columns.

    `stocks`: kgCO2e that each stock of earlier periods carries (process_id and both bases).
    `owned_share`: of each facility's quantities, what the company accounts.
    """

    reference_period: str
    months: Sequence[date]
    assembled: Assembled
    lines: pd.DataFrame
    factors: pd.DataFrame
    exchanges: pd.DataFrame
    stocks: pd.DataFrame
    owned_share: Mapping[str, float]
    flows: frozenset[str]
    """Flows that carry emissions somewhere in the inventory: those with a component."""

    @cached_property
    def system(self) -> OverlaySystem:
        """The system that overlays are solved on."""
        return OverlaySystem(self.assembled)

    @property
    def processes(self) -> np.ndarray:
        """Ids, as the system numbers them."""
        return self.assembled.markets.names.processes

    @cached_property
    def position(self) -> dict[str, int]:
        """Of each process in the system."""
        return {process: number for number, process in enumerate(self.processes)}

    @cached_property
    def line_process(self) -> Ints:
        """Of each line: the process by position."""
        return np.array([self.position[one] for one in self.lines["process_id"]], np.int64)

    @cached_property
    def line_kg(self) -> Floats:
        """Line x basis."""
        return self.lines[list(BASES)].to_numpy(float)

    @cached_property
    def line_quantity(self) -> Floats:
        """Of each line: the company's share."""
        return self.lines["quantity"].to_numpy(float)

    @cached_property
    def line_counts_for_products(self) -> Floats:
        """Of each line: 1 / share of the company for what a product carries, else 0."""
        share = self.lines["consolidation_share"].to_numpy(float)
        inside = self.lines["in_product_boundary"].to_numpy(bool) & (share > 0)
        return np.divide(1.0, share, out=np.zeros(len(share)), where=inside)

    @cached_property
    def lines_of(self) -> dict[tuple[str, str], Ints]:
        """Lines of a process and flow."""
        grouped = self.lines.groupby(["process_id", "flow_id"], sort=False).indices
        return {key: np.asarray(rows, np.int64) for key, rows in grouped.items()}

    @cached_property
    def quantities(self) -> dict[tuple[str, str], float]:
        """Of each process and flow: what the whole process took, or gave if it took none."""
        frame = self.exchanges.sort_values("direction", ascending=False, kind="stable")
        keys = zip(frame["process_id"], frame["flow_id"], strict=True)
        return dict(zip(keys, frame["quantity"].tolist(), strict=True))

    @cached_property
    def outputs_kg(self) -> dict[tuple[str, str], float]:
        """Of each process and flow it gave: kilograms, NaN where it has no mass."""
        frame = self.exchanges[self.exchanges["direction"] == "output"]
        keys = zip(frame["process_id"], frame["flow_id"], strict=True)
        return dict(zip(keys, frame["quantity_kg"].astype(float).tolist(), strict=True))

    @cached_property
    def facility_of(self) -> dict[str, str]:
        """The site of each process that has an exchange."""
        return dict(zip(self.exchanges["process_id"], self.exchanges["facility_id"], strict=True))

    @cached_property
    def processes_with(self) -> dict[tuple[str, str], list[str]]:
        """Processes of a site that have an exchange of a flow."""
        found: dict[tuple[str, str], list[str]] = {}
        for process, flow in sorted(self.quantities):
            found.setdefault((self.facility_of[process], flow), []).append(process)
        return found

    @cached_property
    def markets_of(self) -> dict[str, Ints]:
        """Markets of each flow that the company makes."""
        return {
            flow: np.flatnonzero(self.assembled.markets.flow == flow)
            for flow in set(self.assembled.markets.flow)
        }

    @cached_property
    def takings_of(self) -> dict[tuple[str, str], list[tuple[int, float, float]]]:
        """What a process takes of an own flow: market, as recorded, as charged."""
        takings = self.assembled.markets.takings
        found: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
        flows = self.assembled.markets.flow
        rows = zip(takings.process, takings.market, takings.taken, takings.charged, strict=True)
        for process, market, taken, charged in rows:
            key = self.processes[process], flows[market]
            found.setdefault(key, []).append((int(market), float(taken), float(charged)))
        return found

    @cached_property
    def supplied_share(self) -> dict[tuple[str, str], float]:
        """The part of a market's output that a process gives, by process and flow."""
        supplies, markets = self.assembled.markets.supplies, self.assembled.markets
        rows = zip(supplies.process, supplies.market, supplies.quantity, strict=True)
        return {
            (self.processes[process], markets.flow[market]): quantity / markets.made[market]
            for process, market, quantity in rows
        }

    @cached_property
    def factors_of(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Factors that stand ready for a flow at a site, a row a component."""
        return dict(iter(self.factors.groupby(["facility_id", "flow_id"], sort=False)))

    @cached_property
    def allocation_basis(self) -> dict[str, str]:
        """The basis by which a process with several outputs is split."""
        table = self.assembled.allocation.table
        rows = zip(table["process_id"].to_pylist(), table["basis"].to_pylist(), strict=True)
        return dict(rows)

    @cached_property
    def stock_kg(self) -> Floats:
        """Process x basis: what stocks of earlier periods carry."""
        found = np.zeros((len(self.processes), len(BASES)))
        for row in self.stocks.to_dict("records"):
            found[self.position[row["process_id"]]] = [row[basis] for basis in BASES]
        return found

    def is_operated(self, process: str) -> Flags:
        """Whether a process is inside the product system."""
        return self.system.is_operated[self.position[process]]
