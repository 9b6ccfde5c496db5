"""How much a target asks to be saved, of the base year that initiatives are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from orchestration.company.tables import TABLES
from orchestration.lake.paths import Lake, text_schema
from orchestration.lake.warehouse import Warehouse, tables_in
from orchestration.reduction.base_year import BaseYear
from orchestration.reduction.choosing import Key

ABSOLUTE = ("absolute", "neutrality")
"""Kinds of target that state a share of a base year's emissions."""


class UnknownTargetError(Exception):
    """No target that a set of initiatives could reach; the message says what to name."""


@dataclass(frozen=True)
class Asked:
    """What a target asks for.

    Attributes:
        basis: location_based or market_based.
        year: in which it is to be reached.
        counts: whether an emission counts: facility, flow, component, category and scope.
        level: kgCO2e a year that are not to be exceeded.
        emitted: kgCO2e of the plan's base year that count.
    """

    target_id: str
    basis: str
    year: int
    counts: Callable[[Key], bool]
    level: float
    emitted: float


def asked_by(lake: Lake, base: BaseYear, target_id: str) -> Asked:
    """What an absolute target asks for, by the base value that target_path has.

    That is the figure of its base year as it was released, or restated since.

    Raises:
        UnknownTargetError: there is none of that name, it is of another kind, or its base year
            has no figure.
    """
    table = lake.read(lake.company("targets"), text_schema(TABLES["targets"].all_columns))
    targets = {row["target_id"]: row for row in table.to_pylist()}
    known = ", ".join(name for name, row in targets.items() if row["kind"] in ABSOLUTE) or "none"
    if target_id not in targets:
        raise UnknownTargetError(
            f"{target_id}: no target of company/targets.csv, and no number of tCO2e. Absolute "
            f"targets are: {known}."
        )
    target = targets[target_id]
    if target["kind"] not in ABSOLUTE:
        raise UnknownTargetError(
            f"{target_id} is of kind {target['kind']}; a plan reaches absolute ones: {known}."
        )
    counts = _counts(target)
    basis, year = target["basis"], target["base_year"]
    base_value = _base_value(lake, target_id)
    if base_value is None:
        raise UnknownTargetError(
            f"{target_id}: its base year {year} has no figure here; a calendar year has one when "
            "all its months are collected and calculated."
        )
    return Asked(
        target_id,
        basis,
        int(target["target_year"]),
        counts,
        base_value * (1.0 - float(target["reduction_share"])),
        _total(base.lines, basis, counts),
    )


def _base_value(lake: Lake, target_id: str) -> float | None:
    """The mart is of the last run; before the first one there is none."""
    with Warehouse(lake).reading() as connection:
        if "target_path" not in tables_in(connection, "marts"):
            return None
        found = connection.execute(
            "select max(base_value) from marts.target_path where target_id = $1", [target_id]
        ).fetchone()
    return None if found is None else found[0]


def _counts(target: Mapping[str, str | None]) -> Callable[[Key], bool]:
    scopes = _listed(target["scopes"])
    categories = _listed(target["categories"])
    facility = target["facility_id"]

    def counts(key: Key) -> bool:
        site, _, _, category, scope = key
        return (
            (facility is None or site == facility)
            and (not scopes or str(scope) in scopes)
            and (not categories or category in categories)
        )

    return counts


def _listed(text: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (text or "").split(";") if part.strip())


def _total(lines: pd.DataFrame, column: str, counts: Callable[[Key], bool]) -> float:
    keys = zip(
        lines["facility_id"],
        lines["flow_id"],
        lines["component"],
        lines["ghg_category"],
        lines["ghg_scope"],
        strict=True,
    )
    is_counted = [counts(key) for key in keys]
    return float(lines.loc[is_counted, column].sum())
