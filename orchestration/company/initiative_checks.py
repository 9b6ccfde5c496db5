"""What the tables of a reduction plan must not say (method R52 to R54).

Initiatives, what each changes, and prices; each function takes all master tables and returns one
line a problem. Whether a process takes a flow at all is known only once the inventory is: the
overlay solve finds that out, by line, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from orchestration.company.table_checks import (
    Row,
    Tables,
    blanks,
    bridges,
    lines_of,
    number,
    out_of_bounds,
    outside,
    overlaps,
    unknown_sources,
    wrong_dates,
)
from orchestration.company.tables import (
    CHANGES,
    INITIATIVE_STATUSES,
    REPLACING,
    STATED_FACTORS,
    TABLES,
    VALUED_KINDS,
)
from orchestration.company.units import UnitError, conversion

OWN_KINDS = (*VALUED_KINDS, "own_waste")
"""Flows that carry no factor: what a contract, a supplier or own generation can't be about."""

FREIGHT = "freight_"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "specific_consumption": ("process_id", "value"),
    "yield": ("process_id", "value"),
    "substitution": ("other_flow_id", "value"),
    "transport_mode": ("other_flow_id", "value"),
    "own_generation": ("value", "unit"),
    "contract": ("value", "unit", "share"),
    "supplier_factor": ("value", "unit", "share", "component"),
}
"""Cells that a change can't be calculated without."""

USED: Mapping[str, tuple[str, ...]] = {
    "specific_consumption": (),
    "yield": ("other_flow_id",),
    "substitution": ("process_id", "share"),
    "transport_mode": ("process_id", "share"),
    "own_generation": ("process_id", "other_flow_id"),
    "contract": ("process_id", "component"),
    "supplier_factor": ("process_id", "supplier_id"),
}
"""Cells that a change takes note of if they are filled; any other would be overlooked."""

OPTIONAL = ("process_id", "other_flow_id", "value", "unit", "share", "component", "supplier_id")
CO2E = "kgCO2e"


def initiative_contradictions(tables: Tables, sources: Collection[str] | None) -> list[str]:
    """Every problem of initiatives, of what they change, and of prices."""
    problems = _wrong_initiatives(tables)
    problems += _wrong_changes(tables)
    problems += _wrong_prices(tables)
    problems += _several_currencies(tables)
    for table in ("initiatives", "prices"):
        problems += unknown_sources(tables, table, sources)
    return problems


def _wrong_initiatives(tables: Tables) -> list[str]:
    problems = outside(tables, "initiatives", "status", INITIATIVE_STATUSES)
    problems += blanks(tables, "initiatives", ("name_en", "status", "starts_on"))
    problems += blanks(tables, "initiatives", ("source_id", "source_locator"))
    for column, low, high, example in (
        ("ramp_months", 0, None, "a number of months, such as 6; 0 or blank: at once"),
        ("life_years", 1, None, "a number of years from 1, such as 15"),
        ("capex", 0, None, "an amount of 0 or more"),
        ("other_costs_per_year", None, None, "an amount; below 0 if it saves"),
        ("discount_rate", 0, 1, "a rate from 0 to 1, such as 0.08"),
    ):
        problems += out_of_bounds(tables, "initiatives", column, low, high, example)
    changed = set(tables["initiative_changes"]["initiative_id"])
    for place, row in lines_of(tables, "initiatives"):
        if row["starts_on"] is not None and not _is_date(row["starts_on"]):
            problems.append(
                f"{place}: starts_on {row['starts_on']} is no date. Write YYYY-MM-DD: the first "
                "day on which it works."
            )
        if row["initiative_id"] not in changed:
            problems.append(
                f"{place}: {row['initiative_id']} changes nothing. Say what it changes in "
                f"{TABLES['initiative_changes'].path}."
            )
        has_costs = row["capex"] is not None or row["other_costs_per_year"] is not None
        if has_costs and row["currency"] is None:
            problems.append(f"{place}: costs without a currency. Write it, such as CNY.")
        for needed in ("life_years", "discount_rate"):
            if (number(row["capex"]) or 0) > 0 and row[needed] is None:
                problems.append(
                    f"{place}: capex can't be spread over the years without {needed}. Fill it in."
                )
    return problems


def _wrong_changes(tables: Tables) -> list[str]:
    problems = outside(tables, "initiative_changes", "change", CHANGES)
    problems += blanks(
        tables, "initiative_changes", ("initiative_id", "change", "facility_id", "flow_id")
    )
    for column, high, example in (
        ("value", None, "a number of 0 or more"),
        ("share", 1, "a share from 0 to 1, such as 0.4"),
    ):
        problems += out_of_bounds(tables, "initiative_changes", column, 0, high, example)
    flows = {row["flow_id"]: row for row in tables["flows"].to_dict("records")}
    site_of = dict(
        zip(tables["processes"]["process_id"], tables["processes"]["facility_id"], strict=True)
    )
    for place, row in lines_of(tables, "initiative_changes"):
        if row["change"] not in CHANGES:
            continue
        problems += [f"{place}: {text}" for text in _cells_amiss(row)]
        if row["process_id"] is not None and site_of.get(row["process_id"]) not in (
            None,
            row["facility_id"],
        ):
            problems.append(
                f"{place}: {row['process_id']} stands in {site_of[row['process_id']]}, not in "
                f"{row['facility_id']}. Correct one of them."
            )
        flow, other = flows.get(row["flow_id"]), flows.get(row["other_flow_id"])
        if flow is not None:
            problems += [f"{place}: {text}" for text in _flows_amiss(tables, row, flow, other)]
    return problems


def _cells_amiss(row: Row) -> list[str]:
    """Cells that a change needs and lacks, or has and would overlook."""
    change = row["change"]
    found = [
        f"{column} is blank. A {change} needs {', '.join(NEEDED[change])}."
        for column in NEEDED[change]
        if row[column] is None
    ]
    allowed = (*NEEDED[change], *USED[change])
    found += [
        f"a {change} has no {column}. Leave it blank."
        for column in OPTIONAL
        if row[column] is not None and column not in allowed
    ]
    value = number(row["value"])
    if change in ("yield", *REPLACING) and value == 0:
        found.append(
            f"value 0 is no {'yield' if change == 'yield' else 'ratio'}. Write it above 0."
        )
    return found


def _flows_amiss(tables: Tables, row: Row, flow: Row, other: Row | None) -> list[str]:
    """Flows that a change of its kind can't be about, and units that don't fit them."""
    change, found = row["change"], []
    if row["flow_id"] == row["other_flow_id"]:
        found.append("flow_id and other_flow_id are the same. Name the flow that comes instead.")
    if change in (*STATED_FACTORS, "own_generation") and flow["flow_kind"] in OWN_KINDS:
        found.append(
            f"{flow['flow_id']} is made by the company itself, so it has no factor of its own. "
            "Change what its maker takes."
        )
    if change == "yield" and flow["flow_kind"] not in VALUED_KINDS:
        found.append(
            f"{flow['flow_id']} is of kind {flow['flow_kind']}: only what is made of good output "
            f"({', '.join(VALUED_KINDS)}) has a yield."
        )
    if change == "transport_mode":
        kinds = [flow["flow_kind"], *([other["flow_kind"]] if other else [])]
        if not all(kind.startswith(FREIGHT) for kind in kinds):
            found.append("a transport_mode is about two flows of freight. Write substitution.")
    wanted = _unit_wanted(row, flow)
    if wanted is not None and row["unit"] is not None:
        try:
            conversion_of(row["unit"], wanted, tables, row["flow_id"])
        except UnitError as error:
            found.append(f"unit {row['unit']} of {row['flow_id']}: {error}")
    stated = {part.strip() for part in (flow["components"] or "").split(";")}
    if row["component"] is not None and row["component"] not in stated:
        found.append(
            f"{flow['flow_id']} has no component {row['component']}. "
            f"Use one of {', '.join(sorted(stated))}."
        )
    return found


def _unit_wanted(row: Row, flow: Row) -> str | None:
    if row["change"] == "own_generation":
        return flow["unit_code"]
    return f"{CO2E}/{flow['unit_code']}" if row["change"] in STATED_FACTORS else None


def conversion_of(unit: str, wanted: str, tables: Any, flow_id: str) -> float:
    """How many of the wanted unit one of a typed unit is. Raises `UnitError`."""
    bridge = bridges(tables["flow_properties"].to_dict("records")).get(flow_id)
    if CO2E in wanted:
        unit, wanted = unit.replace("CO2e", ""), wanted.replace("CO2e", "")
    return conversion(unit, wanted, density_kg_per_l=bridge.density_kg_per_l if bridge else None)


def _wrong_prices(tables: Tables) -> list[str]:
    problems = wrong_dates(tables, "prices")
    problems += blanks(tables, "prices", TABLES["prices"].columns)
    problems += out_of_bounds(
        tables, "prices", "price", None, None, "an amount of money for one unit"
    )
    if not problems:
        problems += overlaps(tables, "prices")
    units = dict(zip(tables["flows"]["flow_id"], tables["flows"]["unit_code"], strict=True))
    for place, row in lines_of(tables, "prices"):
        if row["flow_id"] not in units or row["unit"] is None:
            continue
        try:
            conversion_of(row["unit"], units[row["flow_id"]], tables, row["flow_id"])
        except UnitError as error:
            problems.append(f"{place}: unit {row['unit']} of {row['flow_id']}: {error}")
    return problems


def _several_currencies(tables: Tables) -> list[str]:
    """Costs and prices are added up, so they have to be in one currency."""
    first: tuple[str, str] | None = None
    problems = []
    for name in ("initiatives", "prices"):
        for place, row in lines_of(tables, name):
            if row["currency"] is None:
                continue
            first = first or (row["currency"], place)
            if row["currency"] != first[0]:
                problems.append(
                    f"{place}: currency {row['currency']}, but {first[1]} has {first[0]}. "
                    "Costs are added up: write all in one currency."
                )
    return problems


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
