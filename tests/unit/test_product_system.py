"""The product system of one period: published examples, loops, and what is refused."""

from __future__ import annotations

import pyarrow as pa
import pytest

from orchestration.footprint.product_system import (
    solve_period,
)
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    EXCHANGES,
    FLOW_PROPERTIES,
    SERVICE_KEYS,
    SystemInputs,
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
    return pa.Table.from_pylist(list(listed), schema=schema)


def solve(text, rules=(), keys=(), properties=(), delivered=(), wanted=(), period=PERIOD):
    listed = rows(text) if isinstance(text, str) else text
    return solve_period(
        period,
        SystemInputs(
            table(listed, EXCHANGES),
            table(rules, ALLOCATION_RULES),
            table(keys, SERVICE_KEYS),
            table(properties, FLOW_PROPERTIES),
            frozenset(delivered),
            frozenset(wanted),
        ),
    )


def need(solved, flow: str, site: str = "mill") -> dict[str, float]:
    """Requirement of each process for one unit of a market's flow."""
    assert solved.is_solved, solved.findings.to_pylist()
    return {
        row["process_id"]: row["requirement"]
        for row in solved.requirements.to_pylist()
        if (row["flow_id"], row["facility_id"]) == (flow, site)
    }


def demand(solved) -> dict[tuple[str, str], float]:
    return {
        (row["flow_id"], row["demand_kind"]): row["quantity"]
        for row in solved.final_demand.to_pylist()
    }


def found(solved) -> list[str]:
    return [row["rule_id"] for row in solved.findings.to_pylist()]


def finding(solved) -> dict[str, str]:
    assert not solved.is_solved
    (only,) = solved.findings.to_pylist()
    return only


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


# Published examples -----------------------------------------------------------------------------


def test_heijungs_and_suh_electricity_and_fuel():
    # 10 kWh take 2 L of fuel and emit 1 kg CO2; 100 L of fuel emit 10 kg; wanted: 1000 kWh
    solved = solve(
        """
        power in fuel:intermediate 2 L
        power out electricity:product 10 kWh
        refinery out fuel:intermediate 100 L
        """
    )
    one = need(solved, "electricity")
    scaling = {process: 1000 * requirement for process, requirement in one.items()}
    assert scaling == pytest.approx({"power": 100, "refinery": 2}, rel=1e-12)
    assert scaling["power"] * 1 + scaling["refinery"] * 10 == pytest.approx(120, rel=1e-12)


def test_two_processes_that_use_each_other():
    # a makes 10 of A from 2 B, b makes 10 of B from 5 A: one A needs 1/(1-.1) of a A
    solved = solve(
        """
        a in B 2
        a out A:product 10
        b in A:product 5
        b out B 10
        """
    )
    assert need(solved, "A") == pytest.approx({"a": 0.1 / 0.9, "b": 0.02 / 0.9}, rel=1e-12)
    assert need(solved, "B") == pytest.approx({"a": 0.05 / 0.9, "b": 0.1 / 0.9}, rel=1e-12)
    assert demand(solved) == {("A", "delivery"): 5, ("B", "stock_change"): 8}


REGRIND = """
    extrusion in flake:material 96
    extrusion in regrind 4
    extrusion out melt 100
    spinning in melt 100
    spinning out fibre:product 96
    spinning out waste 4
    regranulation in waste 4
    regranulation out regrind 4
"""


def test_spinning_with_regrind_as_a_co_product_loop():
    solved = solve(
        REGRIND,
        by("mass", "spinning", fibre=None, waste=None),
        properties=stated("recycled_content", flake=0.9),
        wanted=["melt", "regrind"],
    )
    one = need(solved, "fibre")
    # per kg of good fibre; extrusion takes 50 kWh for its 100 kg
    assert one["extrusion"] * 100 == pytest.approx(1.0416667, abs=5e-8)  # melt
    assert one["regranulation"] * 4 == pytest.approx(0.0416667, abs=5e-8)  # regrind
    assert one["extrusion"] * 96 == pytest.approx(1.0, rel=1e-12)  # fresh flake
    assert one["extrusion"] * 50 == pytest.approx(0.5208333, abs=5e-8)  # kWh
    assert shares(solved) == pytest.approx({"fibre": 0.96, "waste": 0.04}, rel=1e-12)
    contents = solved.recycled_content.to_pylist()
    assert {row["flow_id"] for row in contents} == {"melt", "fibre", "waste", "regrind"}
    assert all(row["recycled_content"] == pytest.approx(0.9, rel=1e-12) for row in contents)
