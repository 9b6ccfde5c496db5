"""What the master tables must not say: every contradiction as one line with file, line and remedy.

Each check takes the frames of `orchestration.company.tables.TABLES`, all columns text or None, and
returns messages. Numbers and dates are read here only to be judged.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pandas as pd

from orchestration.company.certificate_checks import certificate_contradictions
from orchestration.company.initiative_checks import initiative_contradictions
from orchestration.company.people_checks import people_contradictions
from orchestration.company.physical_bounds import bound_of
from orchestration.company.product_checks import product_contradictions
from orchestration.company.table_checks import (
    Tables,
    blanks,
    country_codes,
    lines_of,
    number,
    out_of_bounds,
    outside,
    unfit_ids,
    wrong_dates,
)
from orchestration.company.tables import (
    FUELS,
    LIFE_CYCLE_STAGES,
    PROCESS_TYPES,
    PROPERTIES,
    REFERENCES,
    TABLES,
    read_csv_as_text,
)
from orchestration.company.target_checks import target_contradictions
from orchestration.company.uncertainty_checks import uncertainty_contradictions
from orchestration.company.units import UnitError, is_co2e, parse

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
FLOW_KINDS = SEEDS / "flow_kinds.csv"
"""Where each kind and component of a flow stands in the inventory; universal, not a company's."""

GHG_CATEGORIES = SEEDS / "ghg_categories.csv"
"""Which category of the inventory belongs to a product."""

REPLACEMENT = ("replaced_on", "final_reading", "first_reading")
"""Columns of meters.csv that record a replacement: the old register ends, the new one starts."""


def contradictions(tables: Tables, sources: Collection[str] | None) -> list[str]:
    """Every problem of the master tables; `sources` are the known source ids, None if unlisted."""
    problems = unfit_ids(tables)
    for table, column, target in REFERENCES:
        problems += _dangling(tables, table, column, target)
    problems += _wrong_shares(tables["facilities"])
    problems += _wrong_countries(tables)
    problems += outside(tables, "processes", "process_type", PROCESS_TYPES)
    problems += _misplaced_flows(tables["flows"])
    problems += _wrong_flows(tables)
    problems += _wrong_properties(tables)
    problems += _wrong_meters(tables)
    problems += _wrong_tolerances(tables)
    problems += wrong_supplier_records(tables)
    problems += certificate_contradictions(tables)
    problems += people_contradictions(tables)
    problems += target_contradictions(tables, sources)
    problems += initiative_contradictions(tables, sources)
    problems += uncertainty_contradictions(tables, sources)
    return problems + product_contradictions(tables, sources)


def _dangling(
    tables: Mapping[str, pd.DataFrame], table: str, column: str, target: str
) -> list[str]:
    known = set(tables[target][TABLES[target].key[0]])
    values = tables[table][column]
    return [
        f"{TABLES[table].path} line {index + 2}: {column} {value} is not in "
        f"{TABLES[target].path}. Add it there or correct it here."
        for index, value in values.items()
        if value is not None and value not in known
    ]


def _misplaced_flows(flows: pd.DataFrame) -> list[str]:
    """Kinds and components that the inventory has no place for: their emissions would vanish."""
    places: dict[str, list[str]] = {}
    for kind in read_csv_as_text(FLOW_KINDS).to_dict("records"):
        places.setdefault(kind["flow_kind"], []).extend(filter(None, [kind["component"]]))
    problems = []
    for line, row in enumerate(flows.to_dict("records"), start=2):
        place = f"{TABLES['flows'].path} line {line}: {row['flow_id']}"
        if row["flow_kind"] not in places:
            problems.append(
                f"{place}: flow_kind {row['flow_kind']} is not known. "
                f"Use one of {', '.join(places)}."
            )
            continue
        known = places[row["flow_kind"]]
        stated = [part.strip() for part in (row["components"] or "").split(";") if part.strip()]
        problems += [
            f"{place}: a flow of kind {row['flow_kind']} has no component {component}. "
            f"Use {' or '.join(known) or 'none: leave components blank'}."
            for component in stated
            if component not in known
        ]
        if is_co2e(row["unit_code"]) and len(stated) != 1:
            problems.append(
                f"{place}: kept in {row['unit_code']}, so it is a statement of others on one "
                "component. Name that one; a statement on two is two flows."
            )
    return problems


def _wrong_countries(tables: Tables) -> list[str]:
    """By its country a site finds its factors; one that nobody knows finds those of the world."""
    return [
        f"{place}: country {row['country']} of {row['facility_id']} is no country code. Write it "
        "in two capitals as in ISO 3166-1, such as CN."
        for place, row in lines_of(tables, "facilities")
        if row["country"] not in country_codes()
    ]


def _wrong_shares(facilities: pd.DataFrame) -> list[str]:
    """Every figure of a site is multiplied by its share, so 40 for 40 % would be a disaster."""
    problems = []
    for index, text in facilities["consolidation_share"].dropna().items():
        try:
            share = float(text)
        except ValueError:
            share = math.nan
        if not 0 <= share <= 1:
            problems.append(
                f"{TABLES['facilities'].path} line {index + 2}: consolidation_share {text} is no "
                "share. Write a number from 0 to 1, such as 0.4; blank is 1."
            )
    return problems


def _wrong_flows(tables: Tables) -> list[str]:
    """Life cycle stages: once there are products, an emission without one belongs to no stage."""
    problems = _wrong_units(tables) + outside(tables, "flows", "is_aircraft", ("true", "false"))
    problems += outside(tables, "flows", "life_cycle_stage", LIFE_CYCLE_STAGES)
    problems += _wrong_upper_bounds(tables)
    if tables["products"].empty:
        return problems
    within = {
        row["ghg_category"]
        for row in read_csv_as_text(GHG_CATEGORIES).to_dict("records")
        if row["in_product_boundary"] == "true"
    }
    kinds = {
        row["flow_kind"]
        for row in read_csv_as_text(FLOW_KINDS).to_dict("records")
        if row["ghg_category"] in within
    }
    return problems + [
        f"{place}: {row['flow_id']} has no life_cycle_stage, so its emissions belong to no stage "
        f"of a product. Use one of {', '.join(LIFE_CYCLE_STAGES)}."
        for place, row in lines_of(tables, "flows")
        if row["life_cycle_stage"] is None and row["components"] and row["flow_kind"] in kinds
    ]


def _wrong_units(tables: Tables) -> list[str]:
    """No figure of a flow could be converted to a unit that nobody can read."""
    problems = []
    for place, row in lines_of(tables, "flows"):
        try:
            parse(row["unit_code"])
        except UnitError as error:
            problems.append(f"{place}: unit_code of {row['flow_id']}. {error}")
    return problems


def _wrong_upper_bounds(tables: Tables) -> list[str]:
    """Method R40: what a flow without a factor emits at most, and who says so."""
    bound, source = "exempted_upper_bound_kgco2e_per_unit", "exempted_upper_bound_source"
    problems = out_of_bounds(tables, "flows", bound, 0, None, "a factor of 0 or more")
    for place, row in lines_of(tables, "flows"):
        if (row[bound] is None) != (row[source] is None):
            problems.append(
                f"{place}: {bound} and {source} of {row['flow_id']} go together. Fill in both."
            )
        if row[bound] is not None and row["components"]:
            problems.append(
                f"{place}: {row['flow_id']} has components, so it has a factor and is not "
                f"exempted. Remove {bound} or the components."
            )
    return problems


def _wrong_properties(tables: Tables) -> list[str]:
    """A misspelt property would leave a balance without its figure; a slipped one move it."""
    problems = wrong_dates(tables, "flow_properties")
    problems += outside(tables, "flow_properties", "property", tuple(PROPERTIES))
    flows = tables["flows"]
    kinds = dict(zip(flows["flow_id"], flows["flow_kind"], strict=True))
    for place, row in lines_of(tables, "flow_properties"):
        unit = PROPERTIES.get(row["property"])
        if unit is not None and row["unit"] != unit:
            problems.append(
                f"{place}: {row['property']} of {row['flow_id']} is in {row['unit']}. "
                f"Write it in {unit}."
            )
        value, text_unit = number(row["value"]), row["unit"] or ""
        bound = bound_of(row["property"], kinds.get(row["flow_id"]), text_unit)
        if value is None:
            problems.append(f"{place}: value {row['value']} is not a number. Correct it.")
        elif bound is not None and not bound.is_possible(value):
            problems.append(
                f"{place}: value {row['value']} {text_unit} is impossible as {row['property']} of "
                f"{row['flow_id']}: it lies from {bound.span(text_unit)} ({bound.source}). "
                "Correct the unit or the decimal point."
            )
        elif bound is None and row["property"] == "ncv":
            problems.append(
                f"{place}: ncv of {row['flow_id']} is in {row['unit']}, which is no energy per "
                "mass or volume. Write it such as GJ/t or MJ/Nm3."
            )
    return problems


def _wrong_meters(tables: Tables) -> list[str]:
    """A multiplier or a replacement that can't be read would leave a balance without its meter."""
    problems = out_of_bounds(tables, "meters", "multiplier", 0, None, "a number of 0 or more")
    for column in ("final_reading", "first_reading", "rolls_over_at"):
        problems += out_of_bounds(tables, "meters", column, 0, None, "a reading of 0 or more")
    for place, row in lines_of(tables, "meters"):
        stated = [row[name] is not None for name in REPLACEMENT]
        if any(stated) and not all(stated):
            problems.append(
                f"{place}: a replacement needs {', '.join(REPLACEMENT)}. Fill in all or none."
            )
        elif all(stated):
            try:
                date.fromisoformat(row["replaced_on"])
            except ValueError:
                problems.append(
                    f"{place}: replaced_on {row['replaced_on']} is no date. Write YYYY-MM-DD."
                )
    return problems


def _wrong_tolerances(tables: Tables) -> list[str]:
    """A tolerance under a name that no rule asks for would leave its rule without one."""
    if tables["tolerances"].empty:
        return []
    from expectations.rule_book import described_rules

    rules = described_rules()
    known = {rule.rule_id for rule in rules}
    known |= {name.strip() for rule in rules for name in rule.tolerance_rules.split(",")}
    return [
        f"{place}: no rule {row['rule_id']} asks for a tolerance. `carbonloom rules` lists those "
        "that do."
        for place, row in lines_of(tables, "tolerances")
        if row["rule_id"] not in known
    ]


def wrong_supplier_records(tables: Tables) -> list[str]:
    """Suppliers' records are used on terms, and hold packaging and delivery or not."""
    name = "supplier_records"
    problems = blanks(tables, name, TABLES[name].columns)
    problems += _unlike_terms(tables)
    problems += outside(tables, name, "packaging", ("included", "taken_out"))
    problems += outside(tables, name, "delivery", ("added", "own"))
    flows = {row["flow_id"]: row for row in tables["flows"].to_dict("records")}
    for place, row in lines_of(tables, name):
        flow = flows.get(row["flow_id"])
        if flow is not None:
            problems += _counted_twice(place, flow)
    return problems


def _counted_twice(place: str, flow: Mapping[str, Any]) -> Iterator[str]:
    """A record holds all that its supplier emits, which is the component upstream: of energy,
    transport and travel the other components are part of it. Only a fuel is burned elsewhere."""
    components = {part.strip() for part in (flow["components"] or "").split(";") if part.strip()}
    others = components - {"upstream"}
    if others and flow["flow_kind"] not in FUELS:
        yield (
            f"{place}: {flow['flow_id']} has the component {' and '.join(sorted(others))}, which a "
            "supplier's record holds, so it would count twice. Attach it to a flow whose only "
            "component is upstream."
        )
    elif others and "upstream" not in components:
        yield (
            f"{place}: {flow['flow_id']} has no component upstream, so the record would count in "
            "no figure. Add the component, or take the line out."
        )


def _unlike_terms(tables: Tables) -> list[str]:
    """A record is one publication: its licence can't be two."""
    first: dict[str, tuple[str, str]] = {}
    problems = []
    for place, row in lines_of(tables, "supplier_records"):
        where, terms = first.setdefault(row["product_id"], (place, row["terms"]))
        if terms != row["terms"]:
            problems.append(
                f"{place}: terms of {row['product_id']} are others than those of {where}. "
                "State the same for one product_id."
            )
    return problems


def settings_problems(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings in company.yml that may be absent."""
    problems = []
    zone = settings.get("time_zone")
    if zone is not None and str(zone) not in available_timezones():
        problems.append(
            f"company/company.yml: time_zone {zone} is not known. Name one such as Asia/Shanghai."
        )
    year, threshold = settings.get("base_year"), settings.get("significance_threshold_percent")
    if year is not None and not (str(year).isdigit() and len(str(year)) == 4):
        problems.append(f"company/company.yml: base_year {year} is no year. Write it as YYYY.")
    if threshold is not None and not _is_percent(str(threshold)):
        problems.append(
            f"company/company.yml: significance_threshold_percent {threshold} is no percentage. "
            "Write a number above 0, up to 100, such as 5."
        )
    return problems


def _is_percent(text: str) -> bool:
    try:
        return 0 < float(text) <= 100
    except ValueError:
        return False
