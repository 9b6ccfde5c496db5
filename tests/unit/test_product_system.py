"""The product system of one period: published examples, loops, and what is refused."""

from __future__ import annotations

import pyarrow as pa
import pytest

from orchestration.footprint.system_tables import SOLVED_SCHEMAS, last_day
from tests.unit.companies import PERIOD, by, demand, found, key, need, rows, shares, solve, stated


def finding(solved) -> dict[str, str]:
    """The one finding that keeps a period from being solved; its tables are empty."""
    assert not solved.is_solved
    assert not any(table.num_rows for name, table in solved.tables().items() if name != "findings")
    (only,) = [row for row in solved.findings.to_pylist() if row["severity"] == "critical"]
    assert all(only[name] for name in ("message_en", "message_zh", "remedy_en", "remedy_zh"))
    return only


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


def test_regrind_worked_out_by_hand():
    # the same spinning without the co-product: its waste goes round inside the process
    solved = solve(
        """
        extrusion in flake:material 96
        extrusion in regrind 4
        extrusion out melt 100
        spinning in melt 100
        spinning out fibre:product 96
        spinning out regrind 4
        """,
        by("share", "spinning", fibre=1, regrind=0),
    )
    one = need(solved, "fibre")
    # all of spinning is charged to the fibre; regrind is free, so extrusion is as before
    assert one == pytest.approx({"extrusion": 1 / 96, "spinning": 1 / 96}, rel=1e-12)


# Co-products ------------------------------------------------------------------------------------

PACT_MASS = """
    press in electricity:electricity 100 kWh
    press out small:product 1 piece 0.5
    press out large:product 1 piece 1
"""


def test_pact_physical_allocation():
    # V5: 0.5 kg at 2 USD and 1 kg at 3 USD: ratio 1.5, so by mass; of 10 t 3.33 and 6.67
    solved = solve(PACT_MASS, by("mass", "press", small=2, large=3))
    assert shares(solved) == pytest.approx({"small": 1 / 3, "large": 2 / 3}, rel=1e-12)
    assert {row["price_ratio"] for row in solved.allocation.to_pylist()} == {1.5}
    assert {row["pact_verdict"] for row in solved.allocation.to_pylist()} == {"physical"}
    assert all(row["follows_pact"] for row in solved.allocation.to_pylist())
    assert need(solved, "small")["press"] * 10 == pytest.approx(10 / 3, rel=1e-12)


PACT_PRICE = """
    plant in electricity:electricity 100 kWh
    plant out main:product 1500
    plant out bulk:product 30000
    plant out side:product 500
"""


@pytest.mark.parametrize(
    ("basis", "tonnes"),
    [
        ("unit_price", {"main": 5494.505, "bulk": 109.890, "side": 4395.604}),
        ("revenue", {"main": 6000, "bulk": 2400, "side": 1600}),
    ],
)
def test_pact_economic_allocation(basis, tonnes):
    # V6: 500, 10 and 400 USD/t: ratio 50
    solved = solve(PACT_PRICE, by(basis, "plant", main=0.5, bulk=0.01, side=0.4))
    allocated = {flow: 10_000 * share for flow, share in shares(solved).items()}
    assert allocated == pytest.approx(tonnes, abs=5e-4)
    for row in solved.allocation.to_pylist():
        assert row["price_ratio"] == pytest.approx(50, rel=1e-12)
        assert (row["pact_verdict"], row["follows_pact"]) == ("economic", True)


def test_a_rule_that_departs_from_pact_says_so():
    solved = solve(PACT_PRICE, by("mass", "plant", main=0.5, bulk=0.01, side=0.4))
    verdicts = {(row["pact_verdict"], row["follows_pact"]) for row in solved.allocation.to_pylist()}
    assert verdicts == {("economic", False)}


def test_without_prices_pact_cannot_be_decided():
    solved = solve(PACT_PRICE, by("mass", "plant", main=None, bulk=None, side=0.4))
    verdicts = {(row["pact_verdict"], row["follows_pact"]) for row in solved.allocation.to_pylist()}
    assert verdicts == {("not_decidable", None)}


@pytest.mark.parametrize(
    ("basis", "properties", "expected"),
    [
        ("energy", stated("ncv", "GJ/t", char=30) + stated("ncv", "MJ/kg", oil=40), 3 / 7),
        ("carbon", stated("carbon_content", "kgC/kg", char=0.9, oil=0.6), 3 / 5),
        ("volume", stated("density", "kg/L", char=0.5, oil=1), 2 / 3),
    ],
)
def test_physical_bases(basis, properties, expected):
    text = """
        kiln in wood:material 300
        kiln out char:product 100
        kiln out oil:product 100
    """
    solved = solve(text, by(basis, "kiln", char=None, oil=None), properties=properties)
    assert shares(solved)["char"] == pytest.approx(expected, rel=1e-12)
    refused = finding(solve(text, by(basis, "kiln", char=None, oil=None)))
    assert refused["rule_id"] == "allocation_not_computable"
    assert "char, oil" in refused["message_en"]


def test_steam_and_power_are_split_by_their_energy():
    solved = solve(
        """
        chp/utility in gas:fuel_stationary 10 Nm3
        chp/utility out steam:utility 3.6 GJ
        chp/utility out power:utility 500 kWh
        mill in steam:utility 3 GJ
        mill in power:utility 500 kWh
        mill out cloth:product 10
        """,
        by("energy", "chp", steam=None, power=None),
    )
    assert shares(solved) == pytest.approx({"steam": 2 / 3, "power": 1 / 3}, rel=1e-12)


def test_a_co_product_without_a_rule_is_refused():
    refused = finding(solve(PACT_PRICE, by("mass", "plant", main=None, bulk=None)))
    assert (refused["rule_id"], refused["process_id"], refused["flow_id"]) == (
        "allocation_rule_missing", "plant", "side",
    )  # fmt: skip
    assert "bulk, main, side" in refused["message_en"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            by("mass", "plant", main=None, bulk=None) + by("share", "plant", side=0.5),
            "several bases",
        ),
        (by("revenue", "plant", main=0, bulk=0, side=0), "is zero"),
        (by("revenue", "plant", main=1, bulk=None, side=1), "no revenue is known of bulk"),
        (
            by("revenue", "plant", main=1, bulk=1)
            + [row | {"currency": "CNY"} for row in by("revenue", "plant", side=1)],
            "several currencies",
        ),
    ],
)
def test_a_rule_that_cannot_be_computed_is_refused(rules, words):
    refused = finding(solve(PACT_PRICE, rules))
    assert refused["rule_id"] == "allocation_not_computable"
    assert words in refused["message_en"]


def test_the_rule_of_the_day_counts():
    old = [
        row | {"valid_to": last_day("2021-03")}
        for row in by("share", "plant", main=1, bulk=0, side=0)
    ]
    new = [
        row | {"valid_from": last_day("2021-03")}
        for row in by("share", "plant", main=0, bulk=0.5, side=0.5)
    ]
    assert shares(solve(PACT_PRICE, old + new, period="2021-02"))["main"] == 1
    assert shares(solve(PACT_PRICE, old + new, period="2021-03"))["main"] == 0


# Markets ----------------------------------------------------------------------------------------


def test_several_makers_are_mixed_by_what_they_made():
    solved = solve(
        """
        old in coal:fuel_stationary 1
        old out yarn 30
        new in gas:fuel_stationary 1 Nm3
        new out yarn 70
        weaving in yarn 50
        weaving out cloth:product 50
        """
    )
    # half of the yarn is woven: half of each maker's month stands behind the cloth
    assert need(solved, "cloth") == pytest.approx({"weaving": 1 / 50, "old": 0.01, "new": 0.01})
    assert demand(solved) == {("cloth", "delivery"): 50, ("yarn", "stock_change"): 50}
    taken = {row["supplier_process_id"]: row for row in solved.links.to_pylist()}
    assert taken["old"]["quantity_taken"] == pytest.approx(15)
    assert taken["new"]["quantity_charged"] == pytest.approx(35)
    assert taken["new"]["share_of_supplier"] == pytest.approx(0.5)


def test_the_own_site_comes_first():
    solved = solve(
        """
        spin_a@a out yarn 100
        spin_b@b out yarn 300
        weave_a@a in yarn 100
        weave_a@a out cloth:product 10
        weave_c@c in yarn 100
        weave_c@c out cloth:product 10
        """
    )
    assert need(solved, "cloth", "a") == pytest.approx({"weave_a": 0.1, "spin_a": 0.1 * 1.0})
    # site c makes no yarn, and a has used all of its own: a hundred of b's three hundred
    third = need(solved, "cloth", "c")
    assert third == pytest.approx({"weave_c": 0.1, "spin_b": 0.1 / 3})


OWN_MAKE_IS_NOT_ENOUGH = """
    a_wash@a/{maker} out {flow} 90 {unit}
    b_wash@b/{maker} out {flow} 10 {unit}
    b_spin@b in {flow} 100 {unit}
    b_spin@b out fibre:product 100
"""


@pytest.mark.parametrize(
    "of",
    [
        {"maker": "production", "flow": "flake", "unit": "kg"},
        {"maker": "production", "flow": "flake:product", "unit": "kg"},
        {"maker": "utility", "flow": "steam:utility", "unit": "GJ"},
    ],
)
def test_a_maker_supplies_no_more_than_it_made(of):
    solved = solve(OWN_MAKE_IS_NOT_ENOUGH.format(**of))
    # 90 of the other site's and all of its own
    assert need(solved, "fibre", "b") == pytest.approx(
        {"b_spin": 0.01, "a_wash": 0.01, "b_wash": 0.01}, rel=1e-12
    )
    assert demand(solved) == {("fibre", "delivery"): 100}


def test_waste_beyond_the_own_treatment_is_treated_elsewhere():
    solved = solve(
        """
        wash@b out flake:product 100
        wash@b out solids:own_waste 100
        plant_a@a/treatment in solids:own_waste 90
        plant_b@b/treatment in solids:own_waste 10
        """
    )
    assert need(solved, "flake", "b") == pytest.approx(
        {"wash": 0.01, "plant_a": 0.01, "plant_b": 0.01}, rel=1e-12
    )


def test_meters_that_differ_within_their_tolerance_draw_on_no_other_site():
    solved = solve(
        """
        boiler_a@a/utility out steam:utility 100 GJ
        boiler_b@b/utility out steam:utility 100 GJ
        dye_a@a in steam:utility 90 GJ
        dye_a@a out cloth:product 10
        dye_b@b in steam:utility 105 GJ
        dye_b@b out cloth:product 10
        """
    )
    assert set(need(solved, "cloth", "a")) == {"dye_a", "boiler_a"}
    assert set(need(solved, "cloth", "b")) == {"dye_b", "boiler_b"}


def test_what_nobody_made_in_the_period_is_stock_of_the_own_make():
    # 130 taken of 100 made: a's five are left over, 25 are stock at b's intensity
    solved = solve(
        """
        spin_a@a out yarn 20
        spin_b@b out yarn 80
        weave_a@a in yarn 15
        weave_a@a out cloth:product 10
        weave_b@b in yarn 110
        weave_b@b out cloth:product 10
        """
    )
    assert need(solved, "cloth", "b") == pytest.approx(
        {"weave_b": 0.1, "spin_a": 0.5 / 20, "spin_b": 10.5 / 80}, rel=1e-12
    )
    assert demand(solved) == {("cloth", "delivery"): 10, ("yarn", "stock_change"): -25}


def test_users_of_a_utility_carry_its_losses():
    solved = solve(
        """
        boiler/utility in gas:fuel_stationary 10 Nm3
        boiler/utility out steam:utility 100 GJ
        dye in steam:utility 60 GJ
        dye out cloth:product 10
        canteen/non_product in steam:utility 20 GJ
        """
    )
    assert need(solved, "cloth")["boiler"] == pytest.approx(0.075, rel=1e-12)
    assert demand(solved) == pytest.approx(
        {("cloth", "delivery"): 10, ("steam", "non_product_use"): 25}
    )
    (loss,) = solved.utility_losses.to_pylist()
    assert loss["utility_loss_ratio"] == pytest.approx(1.25)
    charged = {row["process_id"]: row["quantity_charged"] for row in solved.links.to_pylist()}
    assert charged == pytest.approx({"dye": 75, "canteen": 25})


def test_treatment_of_own_waste_is_charged_to_who_made_it():
    solved = solve(
        """
        wash in bottles:material 100
        wash out flake:product 90
        wash out solids:own_waste 8
        dye in yarn:material 50
        dye out cloth:product 50
        dye out solids:own_waste 2
        treatment/treatment in solids:own_waste 9
        treatment/treatment in electricity:electricity 40 kWh
        """
    )
    assert need(solved, "flake") == pytest.approx({"wash": 1 / 90, "treatment": 0.8 / 90})
    assert need(solved, "cloth") == pytest.approx({"dye": 1 / 50, "treatment": 0.2 / 50})
    assert solved.allocation.num_rows == 0  # waste leaves burden-free: no co-product
    assert {row["supplier_process_id"] for row in solved.links.to_pylist()} == {"treatment"}


def test_stock_changes_are_final_demand_of_the_period_that_made_them():
    solved = solve(
        """
        spin out yarn 100
        weave in yarn 110
        weave out cloth:product 50
        dispatch/non_product in cloth:product 45
        """,
        delivered=["cloth"],
    )
    assert demand(solved) == {
        ("yarn", "stock_change"): -10,
        ("cloth", "delivery"): 45,
        ("cloth", "stock_change"): 5,
    }
    # the cloth needed 1.1 times what was spun, and the stock gives a tenth back
    assert need(solved, "cloth")["spin"] * 50 == pytest.approx(1.1)


def test_returned_products_are_negative_deliveries():
    solved = solve(
        """
        spin out yarn:product 100
        dispatch/non_product in yarn:product 90
        dispatch/non_product out yarn:product 10
        """
    )
    assert demand(solved) == {("yarn", "delivery"): 80, ("yarn", "stock_change"): 20}


def test_a_product_that_is_delivered_elsewhere_in_the_year_goes_to_stock():
    text = "spin out yarn:product 100"
    assert demand(solve(text)) == {("yarn", "delivery"): 100}
    assert demand(solve(text, delivered=["yarn"])) == {("yarn", "stock_change"): 100}


# Services ---------------------------------------------------------------------------------------

WORKSHOPS = """
    spin in electricity:electricity 300 kWh
    spin out yarn 80
    weave in electricity:electricity 100 kWh
    weave in yarn 80
    weave out cloth:product 20
    lights/utility in electricity:electricity 50 kWh
"""


@pytest.mark.parametrize(
    ("keys", "spin"),
    [
        ([key("lights", "output_mass")], 0.8),
        ([key("lights", "output_mass", "weave"), key("lights", "output_mass", "spin")], 0.8),
        ([key("lights", "input_of_flow", flow="electricity")], 0.75),
        (
            [key("lights", "share", "spin", share=0.3), key("lights", "share", "weave", share=0.7)],
            0.3,
        ),
        ([key("lights", "share", "weave", share=1)], 0.0),
    ],
)
def test_a_service_is_shared_out_by_its_key(keys, spin):
    solved = solve(WORKSHOPS, keys=keys)
    assert need(solved, "cloth")["lights"] * 20 == pytest.approx(1, rel=1e-12)
    charged = {
        row["process_id"]: row["quantity_charged"]
        for row in solved.links.to_pylist()
        if row["flow_id"] == "service:lights"
    }
    assert charged.get("spin", 0) == pytest.approx(spin, rel=1e-12)
    assert sum(charged.values()) == pytest.approx(1, rel=1e-12)
    assert found(solved) == []


def test_a_service_to_an_office_stays_outside():
    shares_ = [
        key("lights", "share", "weave", share=0.9),
        key("lights", "share", "office", share=0.1),
    ]
    text = WORKSHOPS + "office/non_product in electricity:electricity 5 kWh"
    solved = solve(text, keys=shares_)
    assert need(solved, "cloth")["lights"] * 20 == pytest.approx(0.9, rel=1e-12)
    assert demand(solved)["service:lights", "non_product_use"] == pytest.approx(0.1)


def test_a_service_that_uses_another_is_solved():
    keys = [key("lights", "share", "trucks", share=0.5), key("lights", "share", "weave", share=0.5)]
    keys += [key("trucks", "share", "lights", share=0.5), key("trucks", "share", "spin", share=0.5)]
    text = WORKSHOPS + "trucks/utility in diesel:fuel_mobile 5"
    one = need(solve(text, keys=keys), "cloth")
    assert one["lights"] * 20 == pytest.approx(1, rel=1e-12)
    assert one["trucks"] * 20 == pytest.approx(1, rel=1e-12)


def test_a_service_without_a_key_stays_outside_and_is_told():
    solved = solve(WORKSHOPS)
    assert "lights" not in need(solved, "cloth")
    assert found(solved) == ["service_key_missing"]


def test_a_key_nobody_can_be_charged_by_is_told():
    solved = solve(WORKSHOPS, keys=[key("lights", "input_of_flow", flow="steam")])
    assert found(solved) == ["service_key_without_base"]
    assert solved.is_solved


def test_a_key_without_mass_is_refused():
    text = WORKSHOPS.replace("cloth:product 20", "cloth:product 20 piece")
    refused = finding(solve(text, keys=[key("lights", "output_mass")]))
    assert refused["rule_id"] == "service_key_not_computable"
    assert "weave" in refused["message_en"]


def test_a_standstill_takes_its_utilities_out_of_the_products():
    solved = solve(
        """
        boiler/utility out steam:utility 100 GJ
        dye in steam:utility 75 GJ
        dye out cloth:product 10
        finishing in steam:utility 25 GJ
        """
    )
    assert demand(solved)["steam", "process_without_output"] == pytest.approx(25)
    assert need(solved, "cloth")["boiler"] * 10 == pytest.approx(0.75)
    assert found(solved) == ["no_output_in_period"]


def test_a_utility_nobody_takes_is_told():
    solved = solve("boiler/utility out steam:utility 9 GJ\nspin out yarn:product 5")
    assert demand(solved)["steam", "not_taken"] == 9
    assert found(solved) == ["utility_not_taken"]


# One process never holds back the others ---------------------------------------------------------

TWO_LINES = """
    press in oil:material 5
    press out small 10 piece
    press out large 10 piece
    pack in small 4 piece
    pack in film 2
    pack out set:product 4
    blow in resin:material 1
    blow out film 10
    bag in film 8
    bag out bag:product 8
    fire/non_product in large 1 piece
"""


def test_a_process_without_a_rule_takes_along_what_needs_it_and_nothing_else():
    solved = solve(TWO_LINES)
    assert found(solved) == ["allocation_rule_missing"] * 2
    # the bag has its figure, the set that needs the press has none
    assert need(solved, "bag") == pytest.approx({"bag": 1 / 8, "blow": 1 / 10}, rel=1e-12)
    assert need(solved, "set") == {}
    # what the set took of the film, and both processes whole, stay outside of the products
    assert demand(solved) == {
        ("bag", "delivery"): 8,
        ("film", "not_solved"): 2,
        ("unsolved:pack", "not_solved"): 1,
        ("unsolved:press", "not_solved"): 1,
    }
    assert need(solved, "unsolved:press") == {"press": 1}
    assert solved.allocation.num_rows == 0


def test_a_service_that_cannot_be_charged_leaves_its_users_without_a_figure():
    text = """
        spin out yarn:product 80
        weave in thread:material 3
        weave out cloth:product 20 piece
        knit in thread:material 3
        knit out jersey:product 20
        lights/utility in electricity:electricity 50 kWh
    """
    keys = [key("lights", "output_mass", "weave"), key("lights", "output_mass", "spin")]
    solved = solve(text, keys=keys)
    assert found(solved) == ["service_key_not_computable"]
    assert need(solved, "jersey") == {"knit": 1 / 20}
    assert need(solved, "yarn") == need(solved, "cloth") == {}


# Zero is a figure -------------------------------------------------------------------------------


def test_a_co_product_without_a_price_has_a_row_of_zero():
    solved = solve(
        "plant out main:product 90\nplant out worthless:product 10",
        by("revenue", "plant", main=10, worthless=0),
    )
    assert need(solved, "main") == pytest.approx({"plant": 1 / 90})
    assert need(solved, "worthless") == {"plant": 0}


# Stock of earlier periods -----------------------------------------------------------------------

STANDSTILL = """
    spin in flake 40
    spin out fibre:product 40
    wash in power:electricity 1 kWh
"""
OF_JANUARY = [
    {
        "flow_id": "flake",
        "facility_id": "mill",
        "process_id": process,
        "operation_period": "2021-01",
        "requirement": requirement,
    }
    for process, requirement in (("wash", 0.01), ("boiler", 0.002))
]


def operations(solved, flow: str) -> dict[tuple[str, str], float]:
    return {
        (row["process_id"], row["operation_period"]): row["requirement"]
        for row in solved.requirements.to_pylist()
        if row["flow_id"] == flow
    }


def test_stock_that_nobody_made_in_the_period_carries_what_it_took_to_make_it():
    solved = solve(STANDSTILL, carried=OF_JANUARY, carried_content={"flake": 0.9})
    made_in_january = {("wash", "2021-01"): 0.01, ("boiler", "2021-01"): 0.002}
    assert operations(solved, "fibre") == pytest.approx(
        {("spin", PERIOD): 1 / 40} | made_in_january, rel=1e-12
    )
    assert operations(solved, "flake") == pytest.approx(made_in_january, rel=1e-12)
    # what the fibre carries of January is what the stock gives back
    assert demand(solved) == {("fibre", "delivery"): 40, ("flake", "stock_change"): -40}
    assert found(solved) == ["no_output_in_period"]  # the washer stands still, told as ever
    assert contents(solved) == {"flake": 0.9, "fibre": pytest.approx(0.9)}
    assert solved.opening_stocks.num_rows == 0


def test_stock_from_before_the_first_period_carries_what_is_stated_of_it():
    place = {"flow_id": "flake", "facility_id": "mill"}
    solved = solve(STANDSTILL, stated_stocks=[place])
    assert need(solved, "fibre") == {"spin": 1 / 40, "stock:flake@mill": 1 / 40}
    assert solved.opening_stocks.to_pylist() == [
        {"reference_period": PERIOD, "process_id": "stock:flake@mill", "quantity": 40}
        | {"unit_code": "kg"} | place
    ]  # fmt: skip
    assert demand(solved) == {("fibre", "delivery"): 40, ("flake", "stock_change"): -40}


def test_a_product_sold_out_of_stock_carries_what_it_took_to_make_it():
    solved = solve("dispatch/non_product in flake:product 40", carried=OF_JANUARY)
    assert need(solved, "flake") == pytest.approx({"wash": 0.01, "boiler": 0.002})
    assert demand(solved) == {("flake", "delivery"): 40, ("flake", "stock_change"): -40}
    assert found(solved) == []


# Recycled flows that are made of recycled flows ---------------------------------------------------

CHAIN = """
    wash in bale:material 100
    wash out flake 100
    pelletise in flake 50
    pelletise out pellet 50
    spin in pellet 50
    spin in flake 25
    spin out fibre:product 75
"""


def taken_as_recycled(solved, flow: str) -> dict[tuple[str, str], float]:
    return {
        (row["method"], row["process_id"]): row["requirement"]
        for row in solved.recycled_requirements.to_pylist()
        if row["flow_id"] == flow
    }


def test_recycled_material_of_recycled_material_counts_once():
    methods = {"cff": frozenset({"flake", "pellet"}), "50_50": frozenset({"flake"})}
    taken = taken_as_recycled(solve(CHAIN, recycled=methods), "fibre")
    # a kilogram of fibre: the pellet and the flake that spinning takes, not the pellet's flake
    assert taken == pytest.approx(
        {("cff", "spin"): 1 / 75, ("50_50", "spin"): 1 / 75, ("50_50", "pelletise"): 1 / 75}
    )


def test_stock_brings_the_recycled_material_it_was_made_of():
    carried = [OF_JANUARY[0] | {"method": "cff", "process_id": "melter", "requirement": 0.02}]
    solved = solve(
        STANDSTILL,
        carried=OF_JANUARY,
        carried_recycled=carried,
        recycled={"cff": frozenset({"bottles"})},
    )
    assert taken_as_recycled(solved, "fibre") == pytest.approx({("cff", "melter"): 0.02})


# What the solve assumes -------------------------------------------------------------------------


def told(text: str, *tables, **more) -> list[dict[str, str]]:
    """Findings of a period that is solved all the same, by rule."""
    solved = solve(text, *tables, **more)
    assert solved.is_solved
    return solved.findings.to_pylist()


DRAWN = "spin out yarn 4\nweave in yarn 100\nweave out cloth:product 50"


def test_taking_far_more_than_was_made_is_told():
    (finding_,) = told(DRAWN)
    assert (finding_["rule_id"], finding_["flow_id"]) == ("taken_from_stock", "yarn")
    assert "96 kg of the yarn taken at mill (96 %)" in finding_["message_en"]
    wide = [{"rule_id": "stock_draw_month", "flow_id": "yarn", "tolerance": 0.97}]
    assert told(DRAWN, tolerances=wide) == []
    # a third of a month's takings may be stock, a third of a year's is told
    third = DRAWN.replace("yarn 4", "yarn 66")
    assert told(third) == []
    assert [row["rule_id"] for row in told(third, period="2021")] == ["taken_from_stock"]


def test_what_is_read_as_another_sites_make_is_told():
    (finding_,) = told(OWN_MAKE_IS_NOT_ENOUGH.format(maker="production", flow="flake", unit="kg"))
    assert (finding_["rule_id"], finding_["facility_id"]) == ("supplied_by_other_sites", "b")
    assert "90 kg of the flake taken at b (90 %) are counted as made at a" in finding_["message_en"]
    # the only maker there is needs no assumption
    assert told("spin@a out yarn 9\nweave@b in yarn 9\nweave@b out cloth:product 9") == []


def test_waste_that_is_treated_in_another_quantity_is_told():
    text = """
        wash out flake:product 100
        wash out solids:own_waste 2
        plant/treatment in solids:own_waste {treated}
    """
    (finding_,) = told(text.format(treated=1))
    assert (finding_["rule_id"], finding_["flow_id"]) == ("treated_waste_differs", "solids")
    assert "2 kg of solids were given" in finding_["message_en"]
    assert "1 treated, 50 % apart" in finding_["message_en"]
    assert told(text.format(treated=1.95)) == []


def test_more_returns_than_deliveries_are_told():
    text = "spin out yarn:product 9\ndispatch/non_product out yarn:product 2"
    assert [row["rule_id"] for row in told(text)] == ["returns_exceed_deliveries"]


def test_a_split_that_departs_from_pact_is_told():
    rules = by("mass", "plant", main=0.5, bulk=0.01, side=0.4)
    (finding_,) = told(PACT_PRICE, rules)
    assert finding_["rule_id"] == "allocation_departs_from_pact"
    assert "50 times apart" in finding_["message_en"] and "economic" in finding_["message_en"]


def test_a_rule_that_changes_within_the_year_is_told():
    ends = last_day("2021-03")
    old = [row | {"valid_to": ends} for row in by("mass", "plant", main=0.5, bulk=None, side=None)]
    new = [row | {"valid_from": ends} for row in by("share", "plant", main=1, bulk=0, side=0)]
    assert [row["rule_id"] for row in told(PACT_PRICE, old + new, period="2021")] == [
        "rule_changed_within_period"
    ]
    assert told(PACT_PRICE, old + new, period="2021-02") == []


def test_a_share_of_a_service_for_who_stood_still_is_told():
    keys = [key("lights", "share", "weave", share=0.6), key("lights", "share", "knit", share=0.4)]
    text = WORKSHOPS + "knit in electricity:electricity 0 kWh"
    (finding_,) = told(text, keys=keys)
    assert finding_["rule_id"] == "service_share_dropped"
    assert "40 % of the service of lights" in finding_["message_en"]


# What is refused --------------------------------------------------------------------------------


def test_a_loop_that_leaves_nothing_over_is_named():
    solved = solve(
        """
        spin in melt 100
        spin out waste 100
        melter in waste 100
        melter out melt 100
        weave in yarn:material 1
        weave out cloth:product 1
        """
    )
    (refused,) = solved.findings.to_pylist()
    assert refused["rule_id"] == "explosive_loop"
    assert refused["observed"] == "melter, spin"
    assert "melt, waste" in refused["remedy_en"]


def test_a_loop_that_takes_more_than_it_makes_is_named_and_no_other():
    refused = finding(
        solve(
            """
            a in B 9
            a out A 10
            b in A 12
            b out B 10
            c in D:product 2
            c in A 1
            c out C 10
            d in C 5
            d out D:product 10
            """
        )
    )
    assert (refused["rule_id"], refused["observed"]) == ("explosive_loop", "a, b")


def test_a_process_that_eats_its_own_output_is_named():
    refused = finding(solve("mill in pulp 10\nmill out pulp 10"))
    assert (refused["rule_id"], refused["observed"]) == ("explosive_loop", "mill")


def test_two_explosive_loops_are_two_findings():
    text = "".join(
        f"a{n} in B{n} 10\na{n} out A{n} 10\nb{n} in A{n} 10\nb{n} out B{n} 10\n" for n in (1, 2)
    )
    solved = solve(text)
    assert [row["observed"] for row in solved.findings.to_pylist()] == ["a1, b1", "a2, b2"]


def test_a_flow_without_a_maker_is_refused():
    refused = finding(solve("weave in yarn 5\nweave out cloth:product 5"))
    assert (refused["rule_id"], refused["flow_id"], refused["process_id"]) == (
        "flow_without_maker", "yarn", "weave",
    )  # fmt: skip
    assert refused["observed"] == "5"


def test_waste_that_nobody_treats_is_refused():
    refused = finding(solve("weave out dust:own_waste 5\nweave out cloth:product 5"))
    assert (refused["rule_id"], refused["flow_id"]) == ("waste_without_treatment", "dust")


def test_a_delivery_from_stock_needs_no_maker():
    solved = solve("spin out yarn:product 5\ndispatch/non_product in cloth:product 5")
    assert found(solved) == ["delivered_from_stock"]
    assert set(need(solved, "yarn")) == {"spin"}


@pytest.mark.parametrize("quantity", ["-5", "nan", "inf"])
def test_an_impossible_quantity_is_refused(quantity):
    refused = finding(
        solve(f"weave in yarn {quantity}\nspin out yarn 5\nweave out cloth:product 5")
    )
    assert (refused["rule_id"], refused["flow_id"], refused["process_id"]) == (
        "invalid_exchange", "yarn", "weave",
    )  # fmt: skip


# Recycled content -------------------------------------------------------------------------------


def contents(solved) -> dict[str, float | None]:
    return {row["flow_id"]: row["recycled_content"] for row in solved.recycled_content.to_pylist()}


def test_virgin_material_lowers_recycled_content_and_regrind_does_not_raise_it():
    text = REGRIND.replace("flake:material 96", "flake:material 72")
    solved = solve(
        text + "extrusion in chip:material 24\nextrusion in film:material 5",
        by("mass", "spinning", fibre=None, waste=None),
        properties=stated("recycled_content", flake=1, chip=0),
    )
    assert contents(solved) == pytest.approx(dict.fromkeys(contents(solved), 0.75), rel=1e-12)


def test_recycled_content_is_a_mean_by_dry_mass():
    solved = solve(
        """
        mix in bottles:material 125
        mix in chip:material 100
        mix out melt:product 200
        """,
        properties=stated("recycled_content", bottles=1, chip=0) + stated("moisture", bottles=0.2),
    )
    assert contents(solved) == {"melt": pytest.approx(0.5, rel=1e-12)}


def test_an_unknown_input_makes_recycled_content_unknown():
    solved = solve(
        """
        melter in flake:material 100
        melter out melt 100
        recovery in oil:material 10
        recovery out wax 10
        spin in melt 90
        spin in wax 10
        spin out yarn:product 100
        """,
        properties=stated("recycled_content", flake=1),
    )
    assert contents(solved) == {"melt": 1, "wax": None, "yarn": None}


def test_a_content_stated_at_the_boundary_holds_where_nothing_tells_it():
    text = "crusher out flake 10\nspin in flake 10\nspin out yarn:product 10"
    assert contents(solve(text)) == {"flake": None, "yarn": None}
    solved = solve(text, properties=stated("recycled_content", flake=0.6))
    assert contents(solved) == {"flake": 0.6, "yarn": pytest.approx(0.6)}


def test_a_closed_loop_without_a_source_knows_nothing():
    solved = solve(
        "a in B 1\na out A:product 10\nb in A:product 5\nb out B 10",
        properties=stated("recycled_content", flake=1),
    )
    assert contents(solved) == {"A": None, "B": None}


# Form -------------------------------------------------------------------------------------------


def test_the_tables_have_their_schemas_solved_or_not():
    for solved in (solve(REGRIND), solve(REGRIND, by("mass", "spinning", fibre=None, waste=None))):
        tables = solved.tables()
        assert {name: table.schema for name, table in tables.items()} == SOLVED_SCHEMAS
    assert solved.is_solved


def test_text_columns_of_the_data_folder_are_read_as_numbers_and_dates():
    rules = [
        dict.fromkeys(("share", "currency", "price_source", "valid_to"), "")
        | {"process_id": "plant", "flow_id": flow, "basis": "revenue", "unit_price": price}
        | {"justification": "prices of 2021", "valid_from": "2021-01-01"}
        for flow, price in (("main", "1"), ("bulk", "1"), ("side", "2"))
    ]
    solved = solve(PACT_PRICE, pa.Table.from_pylist(rules))
    assert shares(solved)["side"] == pytest.approx(1000 / 32500)


def test_a_company_without_exchanges_is_solved():
    solved = solve("")
    assert solved.is_solved and solved.requirements.num_rows == 0


@pytest.mark.parametrize("period", ["2021-13", "21-01", "2021-", "2021-1", "year"])
def test_only_months_and_years_are_reference_periods(period):
    with pytest.raises(ValueError):
        solve("", period=period)


def test_a_process_stands_in_one_site():
    with pytest.raises(ValueError, match="two facilities"):
        solve(rows("spin@a out yarn 1\nspin@b in oil:material 1"))
