"""Initiatives as the company states them, and how far each works in a month or year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.company.initiative_checks import conversion_of
from orchestration.company.tables import REPLACING, STATED_FACTORS

PLANNED, APPROVED, RUNNING, DONE, REJECTED = "planned approved running done rejected".split()
IN_FORCE = (RUNNING, DONE)
"""Statuses of what works already, so that measured months hold its effect."""

MONTHS = 12
CHANGES_FILE = "company/initiative_changes.csv"
INITIATIVES_FILE = "company/initiatives.csv"


@dataclass(frozen=True)
class Change:
    """One line of initiative_changes.csv, in canonical units of its flows.

    `value`: what the quantity is multiplied with (specific_consumption), new output per old one
    at the same input (yield), units of the other flow for one (substitution), units a year
    (own_generation), or kgCO2e per unit (contract, supplier_factor).
    """

    line: int
    kind: str
    facility_id: str
    process_id: str | None
    flow_id: str
    other_flow_id: str | None
    value: float
    share: float
    component: str | None
    supplier_id: str | None

    @property
    def place(self) -> str:
        """The line as messages name it."""
        return f"{CHANGES_FILE} line {self.line}"

    @property
    def replaces(self) -> bool:
        """Whether another flow comes in the place of this one."""
        return self.kind in REPLACING


@dataclass(frozen=True)
class Initiative:
    """A measure with what it changes; amounts of money in the company's one currency, or None."""

    initiative_id: str
    status: str
    starts_on: date
    ramp_months: int
    life_years: float | None
    capex: float | None
    other_costs_per_year: float | None
    discount_rate: float | None
    changes: tuple[Change, ...]
    line: int

    @property
    def place(self) -> str:
        """The line of initiatives.csv as messages name it."""
        return f"{INITIATIVES_FILE} line {self.line}"

    @property
    def is_in_data(self) -> bool:
        """Whether measured months after its start hold its effect."""
        return self.status in IN_FORCE

    def level(self, month: date) -> float:
        """The part of its full effect in a month: it grows evenly over the ramp, and ends with
        its life; what follows is a decision, hence another initiative."""
        passed = (month.year - self.starts_on.year) * MONTHS + month.month - self.starts_on.month
        if passed < 0 or (self.life_years is not None and passed >= self.life_years * MONTHS):
            return 0.0
        return min(1.0, (passed + 1) / max(self.ramp_months, 1))

    def level_in(self, months: Iterable[date]) -> float:
        """The mean over some months."""
        levels = [self.level(month) for month in months]
        return sum(levels) / len(levels)

    def level_in_year(self, year: int) -> float:
        """The mean over a calendar year."""
        return self.level_in(date(year, month, 1) for month in range(1, MONTHS + 1))

    def level_measured(self, months: Iterable[date]) -> float:
        """The part of its effect that measured months hold; none before it is in force."""
        return self.level_in(months) if self.is_in_data else 0.0


def read_initiatives(tables: Mapping[str, Any]) -> tuple[Initiative, ...]:
    """All initiatives of validated master data, by id; `tables`: frames of text or None."""
    units = dict(zip(tables["flows"]["flow_id"], tables["flows"]["unit_code"], strict=True))
    changes: dict[str, list[Change]] = {}
    for line, row in enumerate(tables["initiative_changes"].to_dict("records"), start=2):
        changes.setdefault(row["initiative_id"], []).append(_change(line, row, units, tables))
    return tuple(
        Initiative(
            row["initiative_id"],
            row["status"],
            date.fromisoformat(row["starts_on"]),
            int(float(row["ramp_months"] or 0)),
            _number(row["life_years"]),
            _number(row["capex"]),
            _number(row["other_costs_per_year"]),
            _number(row["discount_rate"]),
            tuple(changes.get(row["initiative_id"], ())),
            line,
        )
        for line, row in sorted(
            enumerate(tables["initiatives"].to_dict("records"), start=2),
            key=lambda numbered: numbered[1]["initiative_id"],
        )
    )


def _change(line: int, row: Mapping[str, Any], units: Mapping[str, str], tables: Any) -> Change:
    kind, value = row["change"], float(row["value"])
    unit_code = units[row["flow_id"]]
    if kind in STATED_FACTORS:
        value *= conversion_of(row["unit"], f"kgCO2e/{unit_code}", tables, row["flow_id"])
    elif kind == "own_generation":
        value *= conversion_of(row["unit"], unit_code, tables, row["flow_id"])
    return Change(
        line,
        kind,
        row["facility_id"],
        row["process_id"],
        row["flow_id"],
        row["other_flow_id"],
        value,
        1.0 if row["share"] is None else float(row["share"]),
        row["component"],
        row["supplier_id"],
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
