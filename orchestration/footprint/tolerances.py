"""How far an assumption of the solve may carry before it is told, by rule.

A line of the company's expectations/tolerances.csv goes before the default of the seed
default_tolerances; among the company's lines the narrowest wins, as for the balances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from orchestration.footprint.system_tables import TOLERANCES, read_as

DEFAULTS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "default_tolerances.csv"


@cache
def default_tolerances() -> dict[str, float]:
    """By rule, as the warehouse knows them, too."""
    rows = pc.read_csv(DEFAULTS).to_pylist()
    return {row["rule_id"]: float(row["tolerance"]) for row in rows}


@dataclass(frozen=True)
class Tolerances:
    """The company's lines by rule, process and flow; None stands for every one of them."""

    lines: dict[tuple[str, str | None, str | None], float]

    @classmethod
    def of_table(cls, table: pa.Table) -> Tolerances:
        """Lines in the schema `TOLERANCES`."""
        rows = read_as(table, TOLERANCES).to_pylist()
        return cls(
            {
                (row["rule_id"], row["source"], row["flow_id"]): row["tolerance"]
                for row in rows
                if row["tolerance"] is not None
            }
        )

    def of(self, rule_id: str, *, process: str | None = None, flow: str | None = None) -> float:
        """The narrowest line: of process and flow, of the process, of the flow, of the rule."""
        for place in ((process, flow), (process, None), (None, flow), (None, None)):
            found = self.lines.get((rule_id, *place))
            if found is not None:
                return found
        return default_tolerances()[rule_id]
