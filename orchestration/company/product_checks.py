"""What the tables of the product aspect must not say (method R18, R22 to R25, R28 to R30).

Products, allocation rules, service keys, scenarios and recycling methods; each function takes all
master tables and returns one line a problem.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import pandas as pd

from orchestration.company.table_checks import (
    SHARE_SLACK,
    Row,
    Tables,
    blanks,
    bridges,
    in_force_together,
    lines_of,
    mixed,
    number,
    out_of_bounds,
    outside,
    overlaps,
    unknown_sources,
    wrong_dates,
    wrong_sum,
)
from orchestration.company.tables import (
    ALLOCATION_BASES,
    ALLOCATION_FACTORS,
    KEY_BASES,
    PRICED_BASES,
    PROPERTY_OF_BASIS,
    RECYCLING_METHODS,
    SCENARIO_STAGES,
    TABLES,
    TREATMENTS,
    UNIT_OF_BASIS,
    VALUED_KINDS,
    mass_units,
)


def product_contradictions(tables: Tables, sources: Collection[str] | None) -> list[str]:
    """Every problem of the product aspect's tables."""
    problems = _wrong_products(tables)
    problems += _wrong_allocation_rules(tables)
    problems += _wrong_service_keys(tables)
    problems += _wrong_scenarios(tables)
    problems += _wrong_recycling_methods(tables)
    for table in ("scenarios", "recycling_methods"):
        problems += unknown_sources(tables, table, sources)
    return problems


def _wrong_products(tables: Tables) -> list[str]:
    flows = tables["flows"].drop_duplicates("flow_id").set_index("flow_id", drop=False)
    problems = []
    for column in ("regain", "recycled_content"):
        problems += out_of_bounds(
            tables, "products", column, 0, 1, "a number from 0 to 1, such as 0.97"
        )
    properties = tables["flow_properties"]
    weighed_moist = set(properties[properties["property"] == "moisture"]["flow_id"])
    for place, row in lines_of(tables, "products"):
        if row["regain"] is None and row["flow_id"] in weighed_moist:
            problems.append(
                f"{place}: regain is blank, but {row['flow_id']} is weighed with its moisture. "
                "Write the commercial moisture regain, such as 0.004 for polyester; 0 for none."
            )
        flow = flows.loc[row["flow_id"]] if row["flow_id"] in flows.index else None
        if flow is not None and flow["flow_kind"] not in VALUED_KINDS:
            problems.append(
                f"{place}: {row['flow_id']} is of kind {flow['flow_kind']}, which nobody sells. "
                "A product is made of a flow of kind product."
            )
        declared = row["declared_unit"]
        both_are_masses = flow is not None and {declared, flow["unit_code"]} <= mass_units()
        if flow is not None and declared not in (None, flow["unit_code"]) and not both_are_masses:
            problems.append(
                f"{place}: declared_unit {declared} is not the unit of {row['flow_id']}. "
                f"Write {flow['unit_code']}."
            )
    return problems


def _wrong_allocation_rules(tables: Tables) -> list[str]:
    """Method R23 to R25: one basis a process and day, with all the figures the basis needs."""
    name = "allocation_rules"
    problems = wrong_dates(tables, name) + outside(tables, name, "basis", ALLOCATION_BASES)
    problems += blanks(tables, name, ("process_id", "flow_id", "basis", "justification"))
    problems += out_of_bounds(tables, name, "share", 0, 1, "a number from 0 to 1, such as 0.25")
    problems += out_of_bounds(tables, name, "unit_price", 0, None, "a price of 0 or more")
    if problems:
        return problems
    problems = overlaps(tables, name)
    kinds = dict(zip(tables["flows"]["flow_id"], tables["flows"]["flow_kind"], strict=True))
    units = dict(zip(tables["flows"]["flow_id"], tables["flows"]["unit_code"], strict=True))
    properties = tables["flow_properties"]
    known = set(zip(properties["flow_id"], properties["property"], strict=True))
    for place, row in lines_of(tables, name):
        kind, needed = kinds.get(row["flow_id"]), PROPERTY_OF_BASIS.get(row["basis"])
        if kind is not None and kind not in (*VALUED_KINDS, "own_waste"):
            problems.append(
                f"{place}: {row['flow_id']} is of kind {kind}, which carries no burden. Rules are "
                f"for {', '.join(VALUED_KINDS)} and, where a treatment is the service, own_waste."
            )
        if _is_of_the_kind(units.get(row["flow_id"]), UNIT_OF_BASIS.get(row["basis"])):
            needed = None
        if needed and (row["flow_id"], needed) not in known:
            problems.append(
                f"{place}: basis {row['basis']} needs {needed} of {row['flow_id']}. Add it to "
                f"{TABLES['flow_properties'].path}."
            )
        if row["basis"] == "share" and row["share"] is None:
            problems.append(f"{place}: basis share needs a share. Fill it in.")
        if row["basis"] in PRICED_BASES and row["unit_price"] is None:
            problems.append(f"{place}: basis {row['basis']} needs a unit_price. Fill it in.")
        if (row["unit_price"] is None) != (row["currency"] is None):
            problems.append(f"{place}: unit_price and currency go together. Fill in both.")
    for process, when, rows in in_force_together(tables, name, "process_id"):
        problems += mixed(rows, process, when, "basis") + mixed(rows, process, when, "currency")
        if all(row["basis"] == "share" and row["share"] for _, row in rows):
            problems += wrong_sum(rows, f"the shares of {process}{when}")
        if any(row["basis"] in PRICED_BASES for _, row in rows) and not any(
            number(row["unit_price"]) for _, row in rows
        ):
            problems.append(f"{rows[0][0]}: every unit_price of {process}{when} is 0. Correct one.")
    return problems


def _is_of_the_kind(unit: str | None, wanted: str | None) -> bool:
    """Whether a unit converts into another by itself: kWh and GJ into MJ."""
    from orchestration.company.units import UnitError, conversion

    if unit is None or wanted is None:
        return False
    try:
        conversion(unit, wanted)
    except UnitError:
        return False
    return True


def _wrong_service_keys(tables: Tables) -> list[str]:
    """Method R24: the key of a service, who gets it and why."""
    name = "service_keys"
    problems = wrong_dates(tables, name) + outside(tables, name, "basis", KEY_BASES)
    problems += blanks(tables, name, ("process_id", "basis", "justification"))
    problems += out_of_bounds(tables, name, "share", 0, 1, "a number from 0 to 1, such as 0.25")
    if problems:
        return problems
    problems = overlaps(tables, name)
    types = dict(
        zip(tables["processes"]["process_id"], tables["processes"]["process_type"], strict=True)
    )
    for place, row in lines_of(tables, name):
        provider = row["process_id"]
        if types.get(provider) in ("production", "non_product"):
            problems.append(
                f"{place}: {provider} is of type {types[provider]}; only utility and treatment "
                "processes are shared out by a key. Correct the process or its type."
            )
        if provider == row["consumer_process_id"]:
            problems.append(f"{place}: {provider} can't be its own consumer. Remove the line.")
        if (row["basis"] == "input_of_flow") != (row["flow_id"] is not None):
            problems.append(
                f"{place}: flow_id is for basis input_of_flow, and that basis needs it. "
                "Name the flow by whose use the service is shared out, or leave it blank."
            )
        if (row["basis"] == "share") != (row["share"] is not None):
            problems.append(f"{place}: share is for basis share, and that basis needs it.")
        if row["basis"] == "share" and row["consumer_process_id"] is None:
            problems.append(f"{place}: basis share needs a consumer_process_id a line.")
    for provider, when, rows in in_force_together(tables, name, "process_id"):
        problems += mixed(rows, provider, when, "basis") + mixed(rows, provider, when, "flow_id")
        if len(rows) > 1 and any(row["consumer_process_id"] is None for _, row in rows):
            problems.append(
                f"{rows[0][0]}: {provider} has a line without consumer_process_id (all production "
                f"processes of its site) beside others{when}. Keep the one or the others."
            )
        if all(row["share"] for _, row in rows):
            problems += wrong_sum(rows, f"the shares of {provider}{when}")
    return problems


def _wrong_scenarios(tables: Tables) -> list[str]:
    """Method R18: markets that add up, quantities with a sign that makes sense, units that fit."""
    name = "scenarios"
    problems = wrong_dates(tables, name)
    problems += outside(tables, name, "life_cycle_stage", SCENARIO_STAGES)
    problems += outside(tables, name, "treatment", TREATMENTS)
    problems += blanks(tables, name, TABLES[name].columns)
    problems += out_of_bounds(
        tables, name, "market_share", 0, 1, "a number from 0 to 1, such as 0.6"
    )
    problems += out_of_bounds(tables, name, "quantity_per_declared_unit", None, None, "a number")
    if problems:
        return problems
    problems = overlaps(tables, name)
    flows = tables["flows"].drop_duplicates("flow_id").set_index("flow_id", drop=False)
    for place, row in lines_of(tables, name):
        quantity = float(row["quantity_per_declared_unit"])
        if (row["treatment"] == "energy_credit") != (quantity < 0):
            problems.append(
                f"{place}: quantity_per_declared_unit {row['quantity_per_declared_unit']} of "
                f"{row['treatment']}. A credit is negative, everything else 0 or more."
            )
        if (row["life_cycle_stage"] == "use") != (row["treatment"] == "use"):
            problems.append(
                f"{place}: treatment {row['treatment']} does not belong to life_cycle_stage "
                f"{row['life_cycle_stage']}. Use goes with use, the others with disposal."
            )
        if row["flow_id"] in flows.index:
            problems += _wrong_scenario_flow(place, row, flows.loc[row["flow_id"]], tables)
    for product, when, rows in in_force_together(tables, name, "product_id"):
        shares: dict[str, set[str]] = {}
        for _, row in rows:
            shares.setdefault(row["market"], set()).add(row["market_share"])
        unequal = [market for market, texts in shares.items() if len(set(map(float, texts))) > 1]
        problems += [
            f"{rows[0][0]}: market {market} of {product} has several market_shares{when}. "
            "Repeat the same one on each of its rows."
            for market in unequal
        ]
        total = math.fsum(float(next(iter(texts))) for texts in shares.values())
        if not unequal and abs(total - 1) > SHARE_SLACK:
            problems.append(
                f"{rows[0][0]}: the market_shares of {product}{when} ({', '.join(shares)}) add up "
                f"to {total:.10g}. They must add up to 1."
            )
    return problems


def _wrong_scenario_flow(place: str, row: Row, flow: pd.Series, tables: Tables) -> list[str]:
    """A scenario's flow emits, and its unit is one that the flow is kept in or converts to."""
    from orchestration.company.units import conversions

    problems = []
    if not flow["components"]:
        problems.append(
            f"{place}: {row['flow_id']} has no components, so it would count as 0. State its "
            f"components in {TABLES['flows'].path}."
        )
    pair = (row["flow_id"], row["unit"], flow["unit_code"])
    found = conversions([pair], bridges(tables["flow_properties"].to_dict("records")))[pair]
    if found.problem is not None:
        problems.append(f"{place}: {found.problem}")
    return problems


def _wrong_recycling_methods(tables: Tables) -> list[str]:
    """Method R28 to R30: factors within their bounds, and no credit under cut-off."""
    name = "recycling_methods"
    problems = wrong_dates(tables, name) + outside(tables, name, "method", RECYCLING_METHODS)
    problems += blanks(tables, name, TABLES[name].columns)
    for column in ("allocation_factor_a", "energy_credit_share"):
        problems += out_of_bounds(tables, name, column, 0, 1, "a number from 0 to 1, such as 0.5")
    for column in ("quality_in", "quality_out"):
        problems += out_of_bounds(tables, name, column, 0, 1, "a number from 0 to 1, such as 0.7")
    if problems:
        return problems
    problems = overlaps(tables, name)
    units = dict(zip(tables["flows"]["flow_id"], tables["flows"]["unit_code"], strict=True))
    upstream = {
        row["flow_id"]
        for row in tables["flows"].to_dict("records")
        if "upstream" in [part.strip() for part in (row["components"] or "").split(";")]
    }
    for place, row in lines_of(tables, name):
        factor = float(row["allocation_factor_a"])
        least, most = ALLOCATION_FACTORS[row["method"]]
        credit = float(row["energy_credit_share"]) != 0 or factor != 1
        if row["method"] == "cut_off" and credit:
            problems.append(
                f"{place}: cut_off knows no credit: allocation_factor_a is 1 and "
                "energy_credit_share 0. It is always computed; the line can go."
            )
        elif not least <= factor <= most:
            bounds = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            problems.append(
                f"{place}: allocation_factor_a {factor:g} is not that of {row['method']}, which is "
                f"{bounds}. Correct it, or name the method that has it: cff is 0.2 to 1."
            )
        problems += [
            f"{place}: {row[column]} is kept in {units[row[column]]}; a method compares masses. "
            f"Keep it in {' or '.join(sorted(mass_units()))}."
            for column in ("recycled_flow_id", "virgin_flow_id", "recycling_eol_flow_id")
            if row[column] in units and units[row[column]] not in mass_units()
        ]
        if row["virgin_flow_id"] not in upstream:
            problems.append(
                f"{place}: virgin_flow_id {row['virgin_flow_id']} has no component upstream, so "
                f"virgin production would count as 0. State it in {TABLES['flows'].path}."
            )
    return problems
