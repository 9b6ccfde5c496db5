"""What the table of uncertainties must not say (method R41 and R42); one line a problem."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from orchestration.company.spreads import SpreadError, read_spread
from orchestration.company.table_checks import Tables, blanks, lines_of, outside, unknown_sources
from orchestration.company.tables import (
    CAUSE_SELECTORS,
    CAUSES_OF_ERROR,
    DATA_METHODS,
    TABLES,
    read_csv_as_text,
)

SEED_OF_GASES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "gases.csv"

SELECTORS = tuple(dict.fromkeys(name for names in CAUSE_SELECTORS.values() for name in names))
NEEDED: Mapping[str, tuple[str, ...]] = {
    "meter": ("meter_id",),
    "allocation_price": ("process_id", "flow_id"),
    "opening_stock": ("flow_id",),
    "scenario": ("flow_id",),
    "recycling_method": ("flow_id",),
    "service_key": ("process_id",),
}
"""Cells without which nobody knows what a line is about."""


def _gases() -> list[str]:
    """Those with a GWP of their own: carbon dioxide is what it is measured in, and CO2e no gas."""
    listed = read_csv_as_text(SEED_OF_GASES)["gas_code"]
    return [code for code in listed if not code.startswith("co2")]


def uncertainty_contradictions(tables: Tables, sources: Collection[str] | None) -> list[str]:
    """Every problem of the lines that say how far something may be wrong."""
    problems = blanks(tables, "uncertainties", TABLES["uncertainties"].columns)
    problems += outside(tables, "uncertainties", "cause_kind", CAUSES_OF_ERROR)
    problems += outside(tables, "uncertainties", "data_method", DATA_METHODS)
    problems += outside(tables, "uncertainties", "gas_code", _gases())
    problems += unknown_sources(tables, "uncertainties", sources)
    for place, row in lines_of(tables, "uncertainties"):
        kind = row["cause_kind"]
        if kind not in CAUSES_OF_ERROR:
            continue
        for column in NEEDED.get(kind, ()):
            if row[column] is None:
                problems.append(f"{place}: {column} is blank. A cause of kind {kind} needs it.")
        for column in SELECTORS:
            if row[column] is not None and column not in CAUSE_SELECTORS[kind]:
                problems.append(f"{place}: a cause of kind {kind} has no {column}. Leave it blank.")
        if row["spread"] is not None:
            try:
                read_spread(row["spread"])
            except SpreadError as error:
                problems.append(f"{place}: spread {error}")
    return problems
