"""What holds for every product system: nothing lost, nothing negative, no unit or order matters."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestration.footprint.product_system import SolvedPeriod
from tests.unit.companies import by, key, solve, stated

SAME = 1e-9
UNITS = {"utility": "GJ", "electricity": "kWh", "service": "1"}
SLOW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class Company:
    """Exchanges and rules of a company, and what its processes emit."""

    exchanges: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    properties: list[dict[str, Any]] = field(default_factory=list)

    def add(self, process, site, kind_of_process, direction, flow, kind, quantity) -> None:
        unit = UNITS.get(kind, "kg")
        row = {"process_id": process, "facility_id": site, "process_type": kind_of_process}
        row |= {"flow_id": flow, "flow_kind": kind, "direction": direction, "unit_code": unit}
        row |= {"quantity": quantity, "quantity_kg": quantity if unit == "kg" else None}
        self.exchanges.append(row)

    def solve(self, **changes: Any) -> SolvedPeriod:
        given_ = {"exchanges": self.exchanges} | changes
        flows = {row["flow_id"] for row in self.exchanges}
        return solve(
            given_["exchanges"],
            given_.get("rules", self.rules),
            self.keys,
            self.properties,
            wanted=flows | {f"service:{row['process_id']}" for row in self.keys},
        )


@st.composite
def companies(draw) -> Company:
    """Makers at several sites, loops of every kind, co-products, utilities, own waste, stocks."""
    company = Company()
    amount = st.integers(1, 50).map(float)
    part = st.floats(0.05, 1.0)
    site_of = {f"p{n}": f"s{draw(st.integers(0, 2))}" for n in range(draw(st.integers(1, 7)))}
    made: dict[str, float] = defaultdict(float)
    for process, site in site_of.items():
        flows = draw(st.lists(st.integers(0, 6), min_size=1, max_size=2, unique=True))
        outputs = {f"f{n}": draw(amount) for n in flows}
        for flow, quantity in outputs.items():
            company.add(process, site, "production", "output", flow, _kind(flow), quantity)
            made[flow] += quantity
        waste = draw(st.booleans())
        if waste:
            company.add(process, site, "production", "output", "dirt", "own_waste", draw(amount))
        if len(outputs) > 1:
            company.rules += by("mass", process, **dict.fromkeys(outputs))
        company.add(process, site, "production", "input", "bale", "material", draw(amount))
    for n in range(draw(st.integers(0, 2))):
        company.add(f"u{n}", "s0", "utility", "output", f"steam{n}", "utility", draw(amount))
        company.add(f"u{n}", "s0", "utility", "input", "gas", "fuel_stationary", draw(amount))
        made[f"steam{n}"] = 1.0
    if any(row["flow_id"] == "dirt" for row in company.exchanges):
        company.add("cleaner", "s1", "treatment", "input", "dirt", "own_waste", draw(amount))
    if draw(st.booleans()):
        company.add("lights", "s0", "utility", "input", "power", "electricity", 1.0)
        company.keys.append(key("lights", "output_mass", "p0"))
        company.keys.append(key("lights", "output_mass", f"p{len(site_of) - 1}"))
    if draw(st.booleans()):
        company.add("idle", "s1", "production", "input", "power", "electricity", 2.0)
    sites = {row["process_id"]: row["facility_id"] for row in company.exchanges}
    types = {row["process_id"]: row["process_type"] for row in company.exchanges}
    for flow in sorted(made):
        takers = draw(st.lists(st.sampled_from(sorted(sites)), max_size=3, unique=True))
        weights = [draw(amount) for _ in takers]
        # up to 1.1: more may be taken than was made, from stock
        taken = made[flow] * draw(part) * 1.1
        for taker, weight in zip(takers, weights, strict=True):
            quantity = taken * weight / sum(weights)
            company.add(taker, sites[taker], types[taker], "input", flow, _kind(flow), quantity)
    outside = draw(st.lists(st.sampled_from(sorted(made)), max_size=3, unique=True))
    for flow in outside:
        company.add("office", "s0", "non_product", "input", flow, _kind(flow), draw(amount))
    company.properties += stated("recycled_content", bale=draw(st.floats(0, 1)))
    return company


def _kind(flow: str) -> str:
    if flow.startswith("steam"):
        return "utility"
    return "product" if flow in ("f0", "f1") else "intermediate"


def requirements(solved: SolvedPeriod) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in solved.requirements.to_pylist():
        found[row["flow_id"], row["facility_id"]][row["process_id"]] = row["requirement"]
    return found


def operating(company: Company, solved: SolvedPeriod) -> set[str]:
    """Processes of the product system that give something."""
    idle = {
        row["process_id"]
        for row in solved.findings.to_pylist()
        if row["rule_id"].startswith(("no_output", "service_key"))
    }
    return {
        row["process_id"] for row in company.exchanges if row["process_type"] != "non_product"
    } - idle


@SLOW
@given(companies(), st.integers(0, 2**32))
def test_nothing_is_lost(company, seed):
    solved = company.solve()
    assume(solved.is_solved)
    need, total = requirements(solved), defaultdict(float)
    for row in solved.final_demand.to_pylist():
        for process, requirement in need[row["flow_id"], row["facility_id"]].items():
            total[process] += requirement * row["quantity"]
    working = operating(company, solved)
    assert dict(total) == pytest.approx(dict.fromkeys(working, 1.0), rel=SAME, abs=SAME)
    # so emissions = sum of intensity x demand + those of processes that gave nothing
    draw = random.Random(seed)
    emitted = {row["process_id"]: draw.uniform(0, 1e6) for row in company.exchanges}
    allocated = sum(
        row["quantity"]
        * sum(r * emitted[p] for p, r in need[row["flow_id"], row["facility_id"]].items())
        for row in solved.final_demand.to_pylist()
    )
    outside = sum(value for process, value in emitted.items() if process not in working)
    assert allocated + outside == pytest.approx(sum(emitted.values()), rel=SAME)


@SLOW
@given(companies())
def test_nothing_is_negative_and_shares_add_up(company):
    solved = company.solve()
    assume(solved.is_solved)
    assert all(row["requirement"] > 0 for row in solved.requirements.to_pylist())
    charged, shares = defaultdict(float), defaultdict(float)
    for row in solved.links.to_pylist():
        charged[row["supplier_process_id"], row["flow_id"]] += row["quantity_charged"]
    for row in solved.allocation.to_pylist():
        shares[row["process_id"]] += row["allocation_share"]
    assert dict(shares) == pytest.approx(dict.fromkeys(shares, 1.0), rel=SAME)
    # a utility can't be stored: what was made is charged, all of it
    for row in solved.utility_losses.to_pylist():
        total = sum(q for (_, flow), q in charged.items() if flow == row["flow_id"])
        assert total == pytest.approx(row["made"], rel=SAME)


@SLOW
@given(companies())
def test_a_unit_needs_what_its_makers_took(company):
    """The footprint of a unit is its makers' own part and that of what they took (linearity)."""
    solved = company.solve()
    assume(solved.is_solved)
    need = requirements(solved)
    share = {
        (r["process_id"], r["flow_id"]): r["allocation_share"]
        for r in solved.allocation.to_pylist()
    }
    site = {row["process_id"]: row["facility_id"] for row in company.exchanges}
    gave = {
        (row["process_id"], row["flow_id"]): row["quantity"]
        for row in company.exchanges
        if (row["direction"] == "output") != (row["flow_kind"] == "own_waste")
        and row["process_type"] != "non_product"
        and row["flow_kind"] in ("product", "intermediate", "utility", "own_waste")
    }
    services = {row["flow_id"] for row in solved.links.to_pylist() if ":" in row["flow_id"]}
    gave |= {(flow.removeprefix("service:"), flow): 1.0 for flow in services}
    for (flow, place), one in need.items():
        if flow.startswith("unsolved:"):
            continue  # a process without a figure: the whole of itself
        makers = {p: q for (p, f), q in gave.items() if f == flow and site[p] == place}
        expected = defaultdict(float)
        for maker in makers:
            run = share.get((maker, flow), 1.0) / sum(makers.values())
            expected[maker] += run
            for link in solved.links.to_pylist():
                if link["process_id"] != maker:
                    continue
                supplier = link["supplier_process_id"]
                market = need[link["flow_id"], site[supplier]]
                for process, requirement in market.items():
                    expected[process] += run * link["quantity_charged"] * requirement
        assert dict(expected) == pytest.approx(one, rel=SAME)


@SLOW
@given(companies(), st.integers(1, 1000))
def test_twice_the_month_has_the_same_footprint(company, factor):
    solved = company.solve()
    assume(solved.is_solved)
    scaled = [
        row
        | {"quantity": row["quantity"] * factor, "quantity_kg": (row["quantity_kg"] or 0) * factor}
        for row in company.exchanges
    ]
    more = requirements(company.solve(exchanges=scaled))
    for (flow, site), one in requirements(solved).items():
        # a whole service is the whole of it, however much that is
        scale = 1 if flow.startswith(("service:", "unsolved:")) else factor
        assert {p: r * scale for p, r in more[flow, site].items()} == pytest.approx(one, rel=SAME)


@SLOW
@given(companies(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(company, shuffle):
    solved = company.solve()
    exchanges, rules = list(company.exchanges), list(company.rules)
    shuffle.shuffle(exchanges)
    shuffle.shuffle(rules)
    again = company.solve(exchanges=exchanges, rules=rules)
    for name, table in solved.tables().items():
        assert table.equals(again.tables()[name]), name


@SLOW
@given(companies(), st.floats(1e-6, 1e6), st.integers(0, 8))
def test_the_unit_of_a_flow_does_not_matter(company, factor, choice):
    flows = sorted({row["flow_id"] for row in company.exchanges})
    flow = flows[choice % len(flows)]
    solved = company.solve()
    assume(solved.is_solved)
    restated = [
        row | ({"quantity": row["quantity"] * factor} if row["flow_id"] == flow else {})
        for row in company.exchanges
    ]
    again = company.solve(exchanges=restated)
    need = requirements(again)
    for (name, place), one in requirements(solved).items():
        scale = factor if name == flow else 1.0
        assert {p: r * scale for p, r in need[name, place].items()} == pytest.approx(one, rel=SAME)
    assert [r["recycled_content"] for r in again.recycled_content.to_pylist()] == pytest.approx(
        [r["recycled_content"] for r in solved.recycled_content.to_pylist()], rel=SAME
    )


@SLOW
@given(companies())
def test_no_loop_raises_recycled_content(company):
    solved = company.solve()
    assume(solved.is_solved)
    (bought,) = company.properties
    for row in solved.recycled_content.to_pylist():
        # the only bought material with a content: every mean of it is the same
        assert row["recycled_content"] == pytest.approx(bought["value"], rel=SAME, abs=SAME)


@SLOW
@given(companies())
def test_a_period_is_solved_or_says_why_not(company):
    solved = company.solve()
    reasons = [row for row in solved.findings.to_pylist() if row["severity"] == "critical"]
    assert solved.is_solved or reasons
    for row in reasons:
        assert row["rule_id"] in ("explosive_loop", "flow_without_maker")
        assert row["observed"] and row["process_id"] in row["message_en"]


@SLOW
@given(companies())
def test_a_maker_supplies_no_more_than_it_made(company):
    """Beyond what all sites made there is stock; before that, no site gives more than it has."""
    solved = company.solve()
    assume(solved.is_solved)
    site = {row["process_id"]: row["facility_id"] for row in company.exchanges}
    made, taken = defaultdict(float), defaultdict(float)
    for row in company.exchanges:
        if row["direction"] == "output" and row["flow_kind"] in ("product", "intermediate"):
            made[row["flow_id"], row["facility_id"]] += row["quantity"]
    for row in solved.links.to_pylist():
        place = row["flow_id"], site[row["supplier_process_id"]]
        if place in made:
            taken[place] += row["quantity_taken"]
    for flow in {flow for flow, _ in made}:
        of_flow = [place for place in made if place[0] == flow]
        if sum(taken[place] for place in of_flow) <= sum(made[place] for place in of_flow):
            assert all(taken[place] <= made[place] * (1 + SAME) for place in of_flow)
