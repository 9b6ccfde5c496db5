"""What initiatives bring: worked out by hand, and what holds for every company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestration.reduction.base_year import BASES
from orchestration.reduction.choosing import Chooser, Wish
from orchestration.reduction.costs import (
    capital_recovery_factor,
    cost_per_tonne,
    costs_of,
    in_order_of_cost,
    net_present_value,
    payback_years,
)
from orchestration.reduction.evaluating import Evaluator
from orchestration.reduction.resolving import resolve
from tests.unit.companies import by, rows
from tests.unit.plans import YEAR, assessed, base_of, change, initiative
from tests.unit.test_system_properties import SLOW, companies

LOCATION, MARKET = range(len(BASES))
SAME = 1e-9

LOOP = """
    spinning   in   melt:intermediate      1041.6666666666667
    spinning   in   power:electricity      400  kWh
    spinning   out  fibre:product          1000
    spinning   out  regrind:intermediate   41.666666666666667
    extrusion  in   flake:material         1000
    extrusion  in   regrind:intermediate   41.666666666666667
    extrusion  in   power:electricity      520.83333333333333  kWh
    extrusion  out  melt:intermediate      1041.6666666666667
"""
FACTORS = {"flake": 1.0, "power": 0.6}


def saved(assessment, name: str, basis: int = LOCATION) -> float:
    assert not assessment.problems, assessment.problems
    return assessment.alone[name].saved(basis)


def mill(text: str = LOOP, factors=FACTORS, **more):
    more.setdefault("rules", by("mass", "spinning", fibre=None, regrind=None))
    base = base_of(rows(text), factors, **more)
    assert base is not None
    return base


def test_a_better_yield_inside_the_loop_by_hand():
    """Method V16 and its page by hand: 0.96 to 0.98 of the melt becomes fibre.

    1,000 kg fibre then need 1,020.40816 kg melt, of which 20.40816 are regrind and 1,000 fresh
    flake, as before. Spinning and extrusion run at 0.979591837 of what they did: extrusion saves
    10.6292517 kWh, spinning 8.1632653 kWh, at 0.6 kgCO2e a kWh 11.2755102 kg.
    """
    yield_, regrind = 0.98 / 0.96, change("substitution", "extrusion", "regrind", 1.0)
    better = initiative(
        "better",
        change("yield", "spinning", "fibre", yield_, other="regrind"),
        change("substitution", "extrusion", "regrind", 1.0, other="flake", share=0.5),
    )
    base = mill()
    plan = assessed(base, better)

    assert saved(plan, "better") == pytest.approx(0.6 * (10.62925170068 + 8.16326530612))
    quantities = plan.alone["better"].quantities
    assert quantities[("mill", "power")] == pytest.approx(-18.7925170068)
    assert quantities.get(("mill", "flake"), 0.0) == pytest.approx(0.0, abs=1e-9)
    # all of it belongs to the fibre: 1,000 kg of it carry 11.2755 kg less
    step = plan.alone["better"]
    less = step.before.intensities - step.after.intensities
    assert less[0] * 1000 == pytest.approx([11.2755102041] * 2)
    assert regrind.replaces


def test_waste_that_is_fed_back_needs_a_word_on_what_comes_instead():
    plan = assessed(
        mill(), initiative("better", change("yield", "spinning", "fibre", 1.02, other="regrind"))
    )

    assert plan.resolved == {}
    assert [problem.rule_id for problem in plan.problems] == ["yield_feeds_back"]


def test_less_waste_to_others_saves_what_was_taken_in_for_it():
    """0.9 to 0.945: 1,000 kg need 1/1.05 of the melt; the waste falls from 100 to 50 kg a
    batch, and with the batches to 47.619."""
    base = base_of(
        rows("""
            spinning in flake:material 1000
            spinning out fibre:product 900
            spinning out dust:waste 100
        """),
        {"flake": 2.0, "dust": 0.5},
    )
    plan = assessed(
        base, initiative("better", change("yield", "spinning", "fibre", 945 / 900, other="dust"))
    )

    flake, dust = 1000 * (1 - 1 / 1.05), 100 - 55 / 1.05
    assert saved(plan, "better") == pytest.approx(2.0 * flake + 0.5 * dust)


STEAM = """
    washing in bottles:material 100
    washing in steam:utility 80 GJ
    washing out clean:product 100
    drying in steam:utility 20 GJ
    drying out dry:product 50
    boiler/utility in gas:fuel_stationary 4000 Nm3
    boiler/utility out steam:utility 110 GJ
    office/non_product in power:electricity 50 kWh
    office/non_product in steam:utility 10 GJ
"""
OF_STEAM = {"gas": 2.0, "power": 0.6, "bottles": 1.0, "bought_heat": 60.0}


def boiler_house(**more):
    base = base_of(rows(STEAM), OF_STEAM, **more)
    assert base is not None
    return base


def test_heat_saved_makes_less_gas_in_the_boiler_house():
    plan = assessed(
        boiler_house(),
        initiative("recovery", change("specific_consumption", "washing", "steam", 0.75)),
        initiative("office", change("specific_consumption", "office", "steam", 0.5)),
        gas=3.0,
    )

    # 20 of 110 GJ, and 5 of what somebody outside the products takes
    assert saved(plan, "recovery") == pytest.approx(8000 * 20 / 110)
    assert saved(plan, "office") == pytest.approx(8000 * 5 / 110)
    cost, bill = plan.costs(plan.alone["recovery"])
    assert bill.amount == pytest.approx(-3.0 * 4000 * 20 / 110)
    assert bill.unpriced == ()
    assert cost.annual is None


def test_a_flow_that_comes_in_new_takes_the_factor_that_stands_ready():
    """4,000 Nm3 are 110 GJ; bought as heat, 60 kg a GJ: 6,600 instead of 8,000 kg."""
    by_heat = change("substitution", "boiler", "gas", 110 / 4000, other="bought_heat", share=0.5)
    plan = assessed(boiler_house(), initiative("park", by_heat))

    assert saved(plan, "park") == pytest.approx(0.5 * (8000 - 6600))


def test_a_contract_moves_the_market_based_figure_alone():
    base = boiler_house(market={"power": 0.8})
    plan = assessed(
        base,
        initiative("green", change("contract", None, "power", 0.1, share=0.4)),
        initiative("sun", change("own_generation", None, "power", 20.0)),
        initiative("supplier", change("supplier_factor", None, "power", 0.2, share=0.5,
                                      component="generation")),
    )  # fmt: skip

    assert saved(plan, "green", LOCATION) == 0.0
    assert saved(plan, "green", MARKET) == pytest.approx(50 * 0.4 * 0.7)
    assert saved(plan, "sun", LOCATION) == pytest.approx(20 * 0.6)
    assert saved(plan, "sun", MARKET) == pytest.approx(20 * 0.8)
    assert saved(plan, "supplier", LOCATION) == pytest.approx(50 * 0.5 * 0.4)
    # 20 of 50 kWh are the company's own by then: the contract covers 40 % of the rest
    together = plan.joint(["green", "sun"])
    assert together is not None
    assert together.saved(MARKET) == pytest.approx(20 * 0.8 + 30 * 0.4 * 0.7)


def test_own_generation_saves_no_more_than_is_used():
    plan = assessed(
        boiler_house(), initiative("sun", change("own_generation", None, "power", 70.0))
    )

    assert plan.alone["sun"].saved(LOCATION) == pytest.approx(50 * 0.6)
    assert [problem.rule_id for problem in plan.problems] == ["own_generation_unused"]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (change("specific_consumption", "washing", "gas", 0.9), "initiative_of_nothing"),
        (change("specific_consumption", "nobody", "steam", 0.9), "initiative_of_nothing"),
        (change("contract", None, "coal", 0.0, share=0.5), "initiative_of_nothing"),
        (change("own_generation", None, "coal", 5.0), "initiative_of_nothing"),
        (change("substitution", "boiler", "gas", 1.0, other="dry"), "initiative_without_maker"),
        (change("yield", "washing", "dry", 1.1), "yield_without_mass"),
        (change("yield", "washing", "clean", 1.1, other="steam"), "yield_without_mass"),
    ],
)
def test_what_belongs_to_nothing_accounted_is_refused_by_line(wrong, rule):
    base = boiler_house()
    if rule == "initiative_without_maker":
        base.markets_of["dry"] = np.empty(0, np.int64)
    plan = assessed(base, initiative("x", wrong))

    assert plan.resolved == {}
    assert [problem.rule_id for problem in plan.problems] == [rule]
    (row,) = plan.tables()["initiative_findings"].to_pylist()
    assert row["source_line"] == "company/initiative_changes.csv line 2"
    assert row["message_zh"] and row["remedy_zh"]


def test_a_loop_that_takes_all_it_gives_has_no_solution():
    """Extrusion would take 26 kg of melt's own regrind for each kg: nothing is left over."""
    plan = assessed(
        mill(), initiative("x", change("specific_consumption", "extrusion", "regrind", 1000.0))
    )

    assert plan.resolved == {}
    assert [problem.rule_id for problem in plan.problems] == ["initiative_without_solution"]
    (row,) = plan.tables()["initiative_findings"].to_pylist()
    assert (row["source_line"], row["reference_period"]) == ("company/initiatives.csv line 2", YEAR)


@pytest.mark.parametrize(("multiple", "is_solved"), [(0.99, True), (0.9, False)])
def test_no_more_is_saved_of_a_flow_than_was_made(multiple, is_solved):
    """1 kg was made, 38 taken, so 37 came from stock: a tenth less is 3.8 kg, which nobody made."""
    text = """
        washing@mill in power:electricity 10 kWh
        washing@mill out flake 1
        office@mill/non_product in flake 38
    """
    base = base_of(rows(text), {"power": 0.6})
    less = change("specific_consumption", "office", "flake", multiple)
    plan = assessed(base, initiative("less", less))

    assert bool(plan.alone) == is_solved
    if is_solved:
        assert saved(plan, "less") == pytest.approx(0.38 * 6.0)
    else:
        assert [one.rule_id for one in plan.problems] == ["initiative_without_solution"]


def test_what_two_save_of_a_product_together_counts_once():
    """A tenth less melt and, of what is left, a tenth: 0.81 of it, not 0.8; from 2023 on."""
    tenth = change("specific_consumption", "extrusion", "power", 0.9)
    later = {"starts_on": date(2023, 1, 1)}
    plan = assessed(mill(), initiative("a", tenth), initiative("b", tenth, **later))
    alone = plan.alone["a"]
    of_one = float(alone.after.intensities[0, LOCATION] - alone.before.intensities[0, LOCATION])

    years = plan.tables()["product_years"].to_pandas()
    years = years[years["basis"].eq("location_based") & years["flow_id"].eq("fibre")]

    assert years["first_year"].tolist() == [2022, 2023]
    assert years["last_year"].tolist() == [2022, 2060]
    assert of_one < 0
    assert years["kgco2e_per_unit_change"].tolist() == pytest.approx([of_one, 1.9 * of_one])


def test_what_is_in_force_already_counts_with_what_is_still_to_come():
    """In force since July, 20 % less: half of the year is measured with it, on average 10 %."""
    started = {"status": "done", "starts_on": date(2021, 7, 1)}
    one = initiative("x", change("specific_consumption", "boiler", "gas", 0.8), **started)
    plan = assessed(boiler_house(), one)

    assert plan.resolved["x"].level_measured == 0.5
    before = 8000 / 0.9
    assert saved(plan, "x") == pytest.approx(0.2 * before)
    effects = plan.tables()["initiative_effects"].to_pandas()
    to_come = effects[effects["measure"].eq("alone") & effects["basis"].eq("location_based")]
    assert to_come["kgco2e_change"].tolist() == pytest.approx([-0.1 * before])
    assert to_come["first_year"].tolist() == [2022]
    assert to_come["last_year"].tolist() == [2060]


def test_effects_grow_with_the_ramp_and_end_with_the_life():
    one = initiative(
        "x",
        change("specific_consumption", "boiler", "gas", 0.8),
        starts_on=date(2023, 1, 1),
        ramp_months=24,
        life_years=4.0,
    )

    assert [one.level_in_year(year) for year in range(2022, 2028)] == pytest.approx(
        [0.0, 78 / 288, 222 / 288, 1.0, 1.0, 0.0]
    )


def test_costs_of_method_v22():
    """1 MCNY at 8 % over 10 years, 300 kCNY and 500 t a year."""
    one = initiative("x", capex=1e6, discount_rate=0.08, life_years=10.0)
    costs = costs_of(one, -300_000.0)

    assert capital_recovery_factor(0.08, 10.0) == pytest.approx(0.149029, abs=5e-7)
    assert cost_per_tonne(costs.annual, 500_000.0) == pytest.approx(-301.9, abs=0.05)
    assert payback_years(one, costs) == pytest.approx(10 / 3)
    assert net_present_value(one, costs) == pytest.approx(-1e6 + 300_000 / 0.1490294887)
    assert cost_per_tonne(costs.annual, 0.0) is None
    assert costs_of(initiative("y"), -5.0).annual is None


def test_the_order_is_that_of_cost_per_tonne():
    known = [("dear", 90.0, 1.0), ("worse", None, -5.0), ("blank", None, 3.0), ("cheap", -9.0, 2.0)]

    assert in_order_of_cost(known) == ["cheap", "dear", "blank", "worse"]


# --- what holds for every company ---------------------------------------------------------------


def _randomly(draw, company) -> list:
    """A few initiatives on what the company's processes take."""
    taken = sorted(
        {
            (row["process_id"], row["facility_id"], row["flow_id"])
            for row in company.exchanges
            if row["direction"] == "input"
            and row["quantity"] > 0
            and not (row["process_type"] == "non_product" and row["flow_kind"] == "product")
        }
    )
    count = draw(st.integers(2, 4))
    found = []
    for number in range(count):
        process, site, flow = draw(st.sampled_from(taken))
        kind = draw(st.sampled_from(["specific_consumption", "substitution"]))
        more = {"facility": site}
        value = draw(st.floats(0.3, 1.0))
        if kind == "substitution":
            more |= {"other": "chip", "share": draw(st.floats(0.0, 1.0))}
        found.append(initiative(f"i{number}", change(kind, process, flow, value, **more)))
    return found


OF_COMPANIES = {"bale": 1.5, "gas": 2.0, "power": 0.6, "chip": 3.0}


@st.composite
def plans(draw):
    company = draw(companies())
    keys = {"rules": company.rules, "keys": company.keys, "properties": company.properties}
    base = base_of(company.exchanges, OF_COMPANIES, **keys)
    assume(base is not None)
    plan = assessed(base, *_randomly(draw, company))
    assume(len(plan.resolved) == len(plan.initiatives))
    assume(plan.joint(list(plan.resolved)) is not None)
    return plan


@SLOW
@given(plans())
def test_an_overlay_that_changes_nothing_moves_nothing(plan):
    base = plan.base
    pairs = [key for key in base.quantities if base.quantities[key] > 0]
    still = []
    for number, (process, flow) in enumerate(pairs):
        site = base.facility_of[process]
        one = initiative(
            f"n{number}", change("specific_consumption", process, flow, 1.0, facility=site)
        )
        resolved, _ = resolve(base, one)
        if resolved is not None:
            still.append((resolved, 1.0))
    state = Evaluator(base).state(still)

    assert np.abs(state.kgco2e).max(initial=0.0) == 0.0
    assert state.quantities == {}
    assert state.intensities == pytest.approx(plan.evaluator.measured.intensities, rel=SAME)


@SLOW
@given(plans(), st.randoms(use_true_random=False))
def test_the_sum_of_a_sequence_is_the_joint_effect_in_every_order(plan, random):
    order = list(plan.resolved)
    shuffled = order.copy()
    random.shuffle(shuffled)
    joint = plan.joint(order)
    scale = np.abs(plan.base.line_kg).sum() + 1.0
    for one in (order, shuffled):
        steps = plan.sequence(one)
        assume(len(steps) == len(one))
        for basis in range(len(BASES)):
            total = sum(step.saved(basis) for step in steps)
            assert total == pytest.approx(joint.saved(basis), rel=SAME, abs=SAME * scale)


@SLOW
@given(plans())
def test_the_same_by_building_and_solving_the_changed_system_anew(plan):
    """Exchanges edited by hand, final demand kept: operation by operation, a dense solve."""
    base = plan.base
    for name, resolved in plan.resolved.items():
        (one,) = resolved.initiative.changes
        if one.kind != "specific_consumption":
            continue
        system = base.assembled.system
        taken = system.taken.toarray()
        position = base.position[one.process_id]
        demand = base.assembled.demand
        wanted = np.zeros(len(system.made))
        np.add.at(wanted, demand.market, demand.quantity)
        wanted = wanted / system.made
        for market, _, charged in base.takings_of.get((one.process_id, one.flow_id), ()):
            if base.is_operated(one.process_id):
                taken[market, position] *= one.value
            else:
                wanted[market] += (one.value - 1.0) * charged / system.made[market]
        operation = system.operation.toarray()
        unchanged = np.zeros(len(system.made))
        np.add.at(unchanged, demand.market, demand.quantity)
        before, after = (
            operation @ np.linalg.solve(np.eye(len(wanted)) - parts @ operation, left)
            for parts, left in (
                (system.taken.toarray(), unchanged / system.made),
                (taken, wanted),
            )
        )
        # makers of what a blocked process takes carry nothing of it: they run as measured
        rates = np.where(base.system.is_operated, 1.0 + after - before, 1.0)
        kg = base.line_kg.copy()
        rows_ = base.lines_of.get((one.process_id, one.flow_id), [])
        kg[rows_] *= one.value
        expected = (base.line_kg - kg * rates[base.line_process][:, None]).sum(axis=0)
        tolerance = SAME * (np.abs(base.line_kg).sum() + 1.0)
        assert plan.alone[name].saved(LOCATION) == pytest.approx(
            expected[LOCATION], rel=1e-8, abs=tolerance
        )


@SLOW
@given(plans())
def test_parts_of_an_intensity_add_up_to_it(plan):
    levels = [(one, 0.7) for _, one in sorted(plan.resolved.items())]
    for state in ((), levels):
        whole, parts = plan.evaluator.state(state), plan.evaluator.intensity_parts(state)
        assume(whole is not None)
        assert sum(parts.values()) == pytest.approx(whole.intensities, rel=SAME, abs=1e-12)
        assert {part[1] for part in parts if part} <= set(OF_COMPANIES)


@SLOW
@given(plans())
def test_savings_never_exceed_what_is_there(plan):
    there = plan.base.line_kg.sum(axis=0)
    joint = plan.joint(list(plan.resolved))
    for step in (*plan.alone.values(), *([joint] if joint else [])):
        for basis in range(len(BASES)):
            assert step.saved(basis) <= there[basis] * (1 + SAME) + SAME


@SLOW
@given(companies(), st.data())
def test_initiatives_on_flows_that_are_bought_apart_add_up(company, data):
    """What is bought is made by no process: whoever needs less of it needs nothing else less."""
    keys = {"rules": company.rules, "keys": company.keys, "properties": company.properties}
    base = base_of(company.exchanges, OF_COMPANIES, **keys)
    assume(base is not None)
    made = {row["flow_id"] for row in company.exchanges if row["direction"] == "output"}
    bought = {
        (row["process_id"], row["facility_id"], row["flow_id"])
        for row in company.exchanges
        if row["direction"] == "input" and row["quantity"] > 0
    }
    bought = sorted(one for one in bought if one[2] in OF_COMPANIES and one[2] not in made)
    first = data.draw(st.sampled_from(bought))
    others = [one for one in bought if one[2] != first[2]]
    assume(others)
    second = data.draw(st.sampled_from(others))
    plan = assessed(
        base,
        *(
            initiative(
                name,
                change(
                    "specific_consumption", process, flow, data.draw(st.floats(0.1, 0.9)),
                    facility=site,
                ),
            )
            for name, (process, site, flow) in (("a", first), ("b", second))
        ),
    )  # fmt: skip
    assume(len(plan.resolved) == 2)
    alone = [step.saved(LOCATION) for step in plan.alone.values()]
    assert min(alone) > 0
    assert plan.joint(["a", "b"]).saved(LOCATION) == pytest.approx(sum(alone), rel=SAME)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_on_flows_that_no_loop_joins_two_initiatives_add_up(first, second):
    plan = assessed(
        boiler_house(),
        initiative("a", change("specific_consumption", "washing", "steam", first)),
        initiative("b", change("specific_consumption", "drying", "steam", second)),
    )
    alone = sum(step.saved(LOCATION) for step in plan.alone.values())

    assert plan.joint(["a", "b"]).saved(LOCATION) == pytest.approx(alone, rel=SAME, abs=1e-6)


def test_parts_of_a_sequence_depend_on_its_order_where_they_overlap():
    plan = assessed(
        boiler_house(),
        initiative("a", change("specific_consumption", "washing", "steam", 0.8)),
        initiative("b", change("specific_consumption", "washing", "steam", 0.5)),
    )
    forth = {step.initiative.initiative_id: step.saved(0) for step in plan.sequence(["a", "b"])}
    back = {step.initiative.initiative_id: step.saved(0) for step in plan.sequence(["b", "a"])}

    assert sum(forth.values()) == pytest.approx(sum(back.values()))
    assert forth["a"] > back["a"] + 1.0


# --- the choice ---------------------------------------------------------------------------------


def priced(name: str, flow: str, process: str, part: float, cost: float, **more):
    """A planned one of known costs, a year and in capex."""
    costs = {"capex": more.pop("capex", 0.0), "other_costs_per_year": cost}
    costs |= {"discount_rate": 0.0, "life_years": 10.0}
    wanted = change("specific_consumption", process, flow, part)
    return initiative(name, wanted, **costs, **more)


def test_the_cheapest_set_is_taken_whose_true_effect_reaches_the_wish():
    """Alone `a` and `b` save 4,364 kg, together 3,636: the first choice falls short."""
    plan = assessed(
        boiler_house(),
        priced("a", "steam", "washing", 0.5, 100.0),
        priced("b", "steam", "washing", 0.75, 10.0),
        priced("c", "gas", "boiler", 0.9, 150.0),
        priced("park", "gas", "boiler", 1.2, -900.0),
    )
    # 8,000 kg: half of the 80 of 110 GJ are 2,909; a quarter 1,455; a tenth of the gas 800
    assert [saved(plan, name) for name in "abc"] == pytest.approx([2909.09, 1454.55, 800], rel=1e-4)

    choice = Chooser(plan, Wish("location_based", reach=4000.0)).choose()

    assert {one.name for one in choice.taken} == {"a", "b", "c"}
    assert choice.is_reached
    assert choice.saved == pytest.approx(8000 - 8000 * (110 - 50) / 110 * 0.9)
    assert choice.saved_alone == pytest.approx(2909.0909 + 1454.5454 + 800)
    assert choice.left == {"park": "raises emissions"}


def test_a_budget_is_kept_and_what_was_decided_counts_first():
    plan = assessed(
        boiler_house(),
        priced("decided", "steam", "washing", 0.9, 0.0, capex=9e9, status="approved"),
        priced("dear", "gas", "boiler", 0.8, 5.0, capex=100.0),
        priced("cheap", "steam", "drying", 0.9, 5.0, capex=60.0),
        priced("unknown", "power", "office", 0.9, 0.0, status="rejected"),
        initiative("blank", change("specific_consumption", "office", "power", 0.9)),
    )

    most = Chooser(plan, Wish("market_based", None, budget=120.0)).choose()
    assert [one.name for one in most.taken] == ["dear"]
    assert [one.name for one in most.decided] == ["decided"]
    assert most.decided[0].saved == pytest.approx(8000 * 8 / 110)
    assert most.left == {
        "cheap": "over the budget",
        "unknown": "rejected",
        "blank": "its costs are not stated",
    }
    short = Chooser(plan, Wish("market_based", 1e9, budget=120.0)).choose()
    assert not short.is_reached
    assert [one.name for one in short.taken] == ["dear"]


@SLOW
@given(plans(), st.data())
def test_no_set_that_reaches_the_wish_is_cheaper_than_the_chosen_one(plan, data):
    """By trying every set."""
    names = list(plan.resolved)
    costs = {name: data.draw(st.floats(0.5, 100.0)) for name in names}
    stated = {"capex": 0.0, "discount_rate": 0.0, "life_years": 1.0}
    plan = assessed(
        plan.base,
        *(
            replace(one.initiative, other_costs_per_year=costs[name], **stated)
            for name, one in plan.resolved.items()
        ),
    )
    everything = plan.joint(names).saved(LOCATION)
    assume(everything > 1e-3)
    wish = Wish("location_based", reach=data.draw(st.floats(0.1, 0.95)) * everything)
    choice = Chooser(plan, wish).choose()
    reaching = [
        sum(costs[name] for name in part)
        for size in range(1, len(names) + 1)
        for part in combinations(names, size)
        if plan.joint(part) is not None and plan.joint(part).saved(LOCATION) >= wish.reach
    ]
    assume(reaching)
    assert choice.is_reached
    assert sum(costs[one.name] for one in choice.taken) <= min(reaching) * (1 + 1e-6)
