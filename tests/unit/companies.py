"""Companies to solve: written down in a line an exchange, or drawn at random."""

from __future__ import annotations

import pyarrow as pa

from orchestration.footprint.product_system import SolvedPeriod, SystemInputs, solve_period
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    CARRIED,
    CARRIED_RECYCLED,
    EXCHANGES,
    FLOW_PROPERTIES,
    SERVICE_KEYS,
    STATED_STOCKS,
    TOLERANCES,
)

PERIOD = "2021-03"


def rows(text: str) -> list[dict[str, object]]:
    """A row a line: process[@site][/type] direction flow:kind quantity [unit [kg]]."""
    found = []
    for line in text.strip().splitlines():
        who, direction, what, quantity, *rest = line.split()
        who, _, process_type = who.partition("/")
        process, _, site = who.partition("@")
        flow, _, kind = what.partition(":")
        unit = rest[0] if rest else "kg"
        mass = float(rest[1]) if len(rest) > 1 else float(quantity) if unit == "kg" else None
        found.append(
            {
                "process_id": process,
                "facility_id": site or "mill",
                "process_type": process_type or "production",
                "flow_id": flow,
                "flow_kind": kind or "intermediate",
                "direction": {"in": "input", "out": "output"}[direction],
                "quantity": float(quantity),
                "quantity_kg": mass,
                "unit_code": unit,
            }
        )
    return found


def table(listed, schema: pa.Schema) -> pa.Table:
    """Rows in a schema; a table as it is."""
    return (
        listed
        if isinstance(listed, pa.Table)
        else pa.Table.from_pylist(list(listed), schema=schema)
    )


def inputs_of(
    exchanges,
    rules=(),
    keys=(),
    properties=(),
    delivered=(),
    wanted=(),
    tolerances=(),
    carried=(),
    carried_recycled=(),
    carried_content=None,
    recycled=None,
    stated_stocks=(),
) -> SystemInputs:
    """Inputs of rows."""
    return SystemInputs(
        exchanges=table(exchanges, EXCHANGES),
        allocation_rules=table(rules, ALLOCATION_RULES),
        service_keys=table(keys, SERVICE_KEYS),
        flow_properties=table(properties, FLOW_PROPERTIES),
        tolerances=table(tolerances, TOLERANCES),
        carried=table(carried, CARRIED),
        carried_recycled=table(carried_recycled, CARRIED_RECYCLED),
        carried_content=carried_content or {},
        recycled_flows=recycled or {},
        stated_stocks=table(stated_stocks, STATED_STOCKS),
        delivered_flows=frozenset(delivered),
        wanted_flows=frozenset(wanted),
    )


def solve(text, *tables, period=PERIOD, **more) -> SolvedPeriod:
    """Solve rows, or a company written as for `rows`; the rest as for `inputs_of`."""
    listed = rows(text) if isinstance(text, str) else text
    return solve_period(period, inputs_of(listed, *tables, **more))


def need(solved, flow: str, site: str = "mill") -> dict[str, float]:
    """Requirement of each process for one unit of a market's flow."""
    assert solved.is_solved, solved.findings.to_pylist()
    return {
        row["process_id"]: row["requirement"]
        for row in solved.requirements.to_pylist()
        if (row["flow_id"], row["facility_id"]) == (flow, site)
    }


def demand(solved) -> dict[tuple[str, str], float]:
    """Final demand by flow and kind."""
    return {
        (row["flow_id"], row["demand_kind"]): row["quantity"]
        for row in solved.final_demand.to_pylist()
    }


def found(solved) -> list[str]:
    return [row["rule_id"] for row in solved.findings.to_pylist()]


def by(basis: str, process: str, **flows: float | None) -> list[dict[str, object]]:
    """Allocation rules of one process: the flows and what each is stated with."""
    column = {"share": "share", "revenue": "unit_price", "unit_price": "unit_price"}.get(basis)
    return [
        {
            "process_id": process,
            "flow_id": flow,
            "basis": basis,
            "justification": "as measured",
            "currency": "USD" if column == "unit_price" or value else None,
        }
        | ({column: value} if column else {"unit_price": value})
        for flow, value in flows.items()
    ]


def stated(property_: str, unit: str = "kg/kg", **flows: float) -> list[dict[str, object]]:
    return [
        {"flow_id": flow, "property": property_, "value": value, "unit": unit}
        for flow, value in flows.items()
    ]


def key(giver: str, basis: str, consumer=None, flow=None, share=None) -> dict[str, object]:
    return {
        "process_id": giver,
        "consumer_process_id": consumer,
        "basis": basis,
        "flow_id": flow,
        "share": share,
    }


def shares(solved) -> dict[str, float]:
    return {row["flow_id"]: row["allocation_share"] for row in solved.allocation.to_pylist()}
