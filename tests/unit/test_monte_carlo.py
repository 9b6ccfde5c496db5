"""Monte Carlo: causes are drawn once each, systems solved again, and the seed decides it all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from orchestration.calculation import uncertainty
from orchestration.company.spreads import read_spread
from orchestration.footprint.drawn_systems import DrawnSystems, NoNetOutputError
from orchestration.footprint.elimination import Elimination
from orchestration.lake.paths import Lake
from orchestration.uncertainty.causes import factor_parts, gwp_parts
from orchestration.uncertainty.deriving import inventory_sensitivities
from orchestration.uncertainty.draws import CauseDraws, is_skewed
from orchestration.uncertainty.simulating import ProductSystem, Year, simulate
from tests.unit.companies import rows
from tests.unit.test_sensitivity import COMPANIES, LOOP, burdens_of, calculated

DRAWS = 40_000
SAMPLED = 0.02
"""How far a deviation of so many draws may be from that of the distribution."""


def draws_of(text, count=DRAWS, seed=1):
    return CauseDraws({"cause": read_spread(text)}, seed).following(count)[0]


def test_draws_of_a_pedigree_have_the_interval_of_method_v12():
    low, middle, high = np.quantile(draws_of("pedigree 2 3 3 3 3 0.0006"), (0.0228, 0.5, 0.9772))
    # two deviations of the logarithm to each side: GSD² 1.24380
    assert (low, middle, high) == pytest.approx((1 / 1.24380, 1.0, 1.24380), rel=0.01)


def test_draws_of_a_pedigree_have_the_variance_of_method_v13():
    assert np.log(draws_of("pedigree 1 2 3 4 5 0")).var() == pytest.approx(0.1227, rel=SAMPLED)


@pytest.mark.parametrize(
    ("text", "mean", "skewed"),
    [
        ("normal 0.05", 1.0, False),
        ("uniform 0.9 1.1", 1.0, False),
        ("class 1", 1.0, False),
        ("uniform 0.9 1.3", 1.1, True),
        ("triangular 0.5 1.3", 2.8 / 3, True),
        ("triangular 0.8 1.2", 1.0, False),
        ("triangular 1 1", 1.0, False),
        ("lognormal 1.5", math.exp(math.log(1.5) ** 2 / 8), True),
    ],
)
def test_draws_have_the_mean_and_deviation_of_their_distribution(text, mean, skewed):
    spread, drawn = read_spread(text), draws_of(text)
    found = np.log(drawn) if spread.distribution == "lognormal" else drawn
    assert drawn.mean() == pytest.approx(mean, rel=0.005)
    assert found.std() == pytest.approx(spread.deviation, rel=SAMPLED)
    assert is_skewed(spread) is skewed


LINE = {
    "facility_id": "mill", "process_id": "p", "flow_id": "gas", "direction": "input",
    "basis": "market_based", "ghg_scope": 1, "ghg_category": "fuel", "factor_version_id": "gas",
    "in_product_boundary": True, "consolidation_share": 1.0,
}  # fmt: skip
DATA = {"process_id": "p", "flow_id": "gas", "direction": "input", "share": 1.0}
TOTAL = {"figure_kind": "inventory", "subject": "", "basis": "market_based"}


def year_of(*lines, data=()):
    """Emission lines with what they have of their own, and causes of quantities."""
    columns = ["process_id", "flow_id", "direction", "cause_id", "share"]
    sold = ["basis", "ghg_scope", "facility_id", "ghg_category", "cause_id", "part_kgco2e"]
    return Year(
        pd.DataFrame([LINE | {"quantity": one["kgco2e"]} | one for one in lines]),
        pd.DataFrame([DATA | one for one in data], columns=columns),
        pd.DataFrame(columns=sold),
        None,
    )


def simulated(year, spreads, *, figures=(TOTAL,), draws=DRAWS, seed=1, **more):
    listed = pd.DataFrame([{"figure_value": 0.0} | one for one in figures])
    stated = {cause: read_spread(text) for cause, text in spreads.items()}
    return simulate(year, listed, {}, stated, draws, seed, **more)


def test_a_product_has_the_interval_of_ipcc_equation_3_1():
    year = year_of({"kgco2e": 100.0}, data=[{"cause_id": "meter"}])
    (drawn,) = simulated(year, {"factor:gas": "normal 0.03", "meter": "normal 0.04"})
    assert 1.96 * drawn.std() == pytest.approx(5.0, rel=SAMPLED)


def test_a_sum_has_the_interval_of_ipcc_equation_3_2_and_independent_causes_add_by_squares():
    year = year_of({"kgco2e": 100.0}, {"kgco2e": 50.0, "factor_version_id": "coal"})
    (drawn,) = simulated(year, {"factor:gas": "normal 0.05", "factor:coal": "normal 0.24"})
    assert 1.96 * drawn.std() == pytest.approx(13.0, rel=SAMPLED)


def test_a_shared_cause_adds_linearly():
    """Method V19: two rows of 100 ± 5 % by themselves, with one factor of ± 10 %: ± 10.61 %."""
    year = year_of(
        {"kgco2e": 100.0},
        {"kgco2e": 100.0, "process_id": "q"},
        data=[{"cause_id": "m1"}, {"cause_id": "m2", "process_id": "q"}],
    )
    alone = simulated(year, {"factor:gas": "normal 0.1"})
    assert 1.96 * alone.std() == pytest.approx(20.0, rel=SAMPLED)
    spreads = {"factor:gas": "normal 0.1", "m1": "normal 0.05", "m2": "normal 0.05"}
    assert 1.96 * simulated(year, spreads).std() / 200 == pytest.approx(0.1061, rel=SAMPLED)


def test_what_two_figures_share_cancels_in_their_difference():
    figures = [TOTAL, {"figure_kind": "scope", "subject": "1", "basis": "market_based"}]
    year = year_of({"kgco2e": 100.0}, data=[{"cause_id": "meter"}])
    spreads = {"factor:gas": "lognormal 1.5", "meter": "uniform 0.9 1.1"}
    drawn = simulated(year, spreads, figures=figures, draws=100)
    assert drawn.std() > 1
    np.testing.assert_array_equal(drawn[0] - drawn[1], 0.0)
    other = year_of({"kgco2e": 70.0}, data=[{"cause_id": "meter"}])
    (again,) = simulated(other, spreads, draws=100)
    np.testing.assert_allclose(again / 70.0, drawn[0] / 100.0, rtol=1e-12)


def test_a_difference_of_two_factors_moves_with_both_and_a_product_with_each():
    year = year_of(
        {"kgco2e": 20.0, "quantity": 100.0, "factor_version_id": "life - grid"},
        {"kgco2e": 50.0, "quantity": 100.0, "factor_version_id": "grid"},
        {"kgco2e": 5.0, "quantity": 100.0, "factor_version_id": "rate × grid"},
    )
    listed = pd.DataFrame([TOTAL | {"figure_value": 75.0}])
    stated = {f"factor:{one}": read_spread("normal 0.1") for one in ("life", "grid", "rate")}
    (drawn,) = simulate(year, listed, {"life": 0.7, "grid": 0.5}, stated, 50, 3)
    grid, life, rate = CauseDraws(stated, 3).following(50)
    np.testing.assert_allclose(drawn, 70 * life - 50 * grid + 50 * grid + 5 * rate * grid)


def test_a_gwp_moves_what_its_gas_makes_of_every_line_and_the_factor_all_of_it():
    """Gas of which methane makes a fifth, and a loss of it: 20 + 2 kg of 110 rest on one GWP."""
    year = year_of(
        {"kgco2e": 100.0, "quantity": 100.0},
        {"kgco2e": 10.0, "quantity": 100.0, "factor_version_id": "rate × gas"},
    )
    methane = {"factor_version_id": "gas", "cause_id": "gwp:AR6/ch4", "gas_code": "ch4",
               "gas_share": 0.2}  # fmt: skip
    gases = pd.DataFrame([methane])
    listed = pd.DataFrame([TOTAL | {"figure_value": 110.0}])
    stated = {one: read_spread("lognormal 1.5") for one in ("factor:gas", "gwp:AR6/ch4")}
    (drawn,) = simulate(year, listed, {"gas": 1.0}, stated, 50, 3, gases=gases)
    factor, gwp = CauseDraws(stated, 3).following(50)
    np.testing.assert_allclose(drawn, 110.0 * factor * (0.8 + 0.2 * gwp))

    of_factors = factor_parts(year.lines.assign(reference_period="2021"), {"gas": 1.0})
    parts = gwp_parts(of_factors, gases)
    assert parts.groupby("cause_id")["part_kgco2e"].sum().to_dict() == pytest.approx(
        {"gwp:AR6/ch4": 22.0}
    )


def test_the_seed_decides_every_bit_and_neither_batches_nor_other_causes_do():
    year = year_of({"kgco2e": 100.0}, data=[{"cause_id": "meter", "share": 0.4}])
    spreads = {"factor:gas": "lognormal 1.5", "meter": "triangular 0.5 1.3"}
    drawn = simulated(year, spreads, draws=300)
    for batch in (1, 7, 300):
        np.testing.assert_array_equal(simulated(year, spreads, draws=300, batch=batch), drawn)
    # of a cause that nobody depends on nothing comes, not even other draws
    idle = spreads | {"factor:coal": "lognormal 9"}
    np.testing.assert_array_equal(simulated(year, idle, draws=300), drawn)
    assert not np.array_equal(simulated(year, spreads, draws=300, seed=2), drawn)


@pytest.mark.parametrize("company", COMPANIES)
def test_a_drawn_system_is_the_system_calculated_anew(company):
    text, rules, keys, properties = COMPANIES[company]
    listed = rows(text)
    assembled = calculated(listed, rules, keys, properties)
    markets = assembled.markets
    wanted = np.flatnonzero(np.isin(markets.kind, ("product", "intermediate")))
    systems = DrawnSystems(assembled, keys_frame(keys), wanted)
    draw = np.random.default_rng(8)
    factors = {
        (row["process_id"], row["flow_id"], row["direction"]): draw.uniform(0.8, 1.2, 5)
        for row in listed
    }
    prices = draw.uniform(0.5, 2.0, (len(systems.prices), 5))
    shares = draw.uniform(0.5, 2.0, (len(systems.keys), 5))
    burdens = burdens_of(markets)
    found = systems.intensities(
        np.array([factors[one] for one in systems.exchanges]),
        prices,
        shares,
        np.repeat(burdens[:, :, None], 5, axis=2),
    )
    of_price = dict(zip(systems.prices, prices, strict=True))
    for number in range(5):
        changed = [dict(one) for one in listed]
        for row in changed:
            factor = factors[row["process_id"], row["flow_id"], row["direction"]][number]
            for name in ("quantity", "quantity_kg"):
                row[name] = row[name] * factor if row[name] is not None else None
        priced = [
            rule
            | (
                {"unit_price": rule["unit_price"] * of_price[place][number]}
                if (place := (rule["process_id"], rule["flow_id"])) in of_price
                else {}
            )
            for rule in rules
        ]
        of_key = {key: share[number] for key, share in zip(systems.keys, shares, strict=True)}
        stated = [
            line
            | {"share": line["share"] * of_key[line["process_id"], line["consumer_process_id"]]}
            if line["basis"] == "share"
            else line
            for line in keys
        ]
        anew = calculated(changed, priced, stated, properties)
        carried = anew.factors.solve_transposed(anew.system.operation.T @ burdens_of(anew.markets))
        exact = carried[wanted] / anew.markets.made[wanted][:, None]
        np.testing.assert_allclose(found[:, :, number], exact, rtol=1e-12)


def keys_frame(keys):
    columns = ["process_id", "consumer_process_id", "basis", "flow_id", "share"]
    return pd.DataFrame(list(keys), columns=columns)


def test_a_loop_that_makes_nothing_has_no_answer():
    rules = COMPANIES["loop"][1]
    assembled = calculated(rows(LOOP), rules, (), ())
    wanted = np.flatnonzero(assembled.markets.kind == "product")
    systems = DrawnSystems(assembled, keys_frame(()), wanted)
    quantities = np.ones((len(systems.exchanges), 3))
    quantities[systems.exchanges.index(("melt", "regrind", "input")), 1] = 1e4
    quantities[systems.exchanges.index(("spin", "fibre", "output")), 2] = -1.0
    burdens = np.ones((len(systems.processes), 1, 3))
    with pytest.raises(NoNetOutputError) as raised:
        systems.intensities(quantities, np.ones((0, 3)), np.ones((0, 3)), burdens)
    assert raised.value.count == 2


def test_a_product_moves_with_its_yield_and_its_price_share():
    """Half of 10 kg each to two products of like price: with one price twice, a third is left."""
    text = "mill in oil:material 10\nmill out light:product 4\nmill out heavy:product 4"
    price = {"process_id": "mill", "basis": "revenue", "unit_price": 1.0, "currency": "EUR"}
    rules = [price | {"flow_id": "light"}, price | {"flow_id": "heavy"}]
    assembled = calculated(rows(text), rules, (), ())
    wanted = np.flatnonzero(assembled.markets.kind == "product")
    systems = DrawnSystems(assembled, keys_frame(()), wanted)
    made = [
        {"product_id": flow, "flow_id": flow, "facility_id": "mill", "market_weight": 1.0,
         "declared_units_per_unit": 2.0}
        for flow in ("light", "heavy")
    ]  # fmt: skip
    places = [(flow, "mill") for flow in assembled.markets.flow[wanted]]
    stocks = pd.DataFrame(columns=["process_id", "location_based", "market_based"])
    system = ProductSystem(systems, places, stocks, pd.DataFrame(made))
    line = {"kgco2e": 8.0, "process_id": "mill", "flow_id": "oil"}
    alone = year_of(line)
    year = Year(alone.lines, alone.data, alone.sold, system)
    figure = {"figure_kind": "product", "subject": "light", "basis": "market_based"}
    double = {"allocation_price:mill/light": "triangular 1 2"}
    (drawn,) = simulated(year, double, figures=[figure | {"figure_value": 0.5}], draws=50)
    (price_drawn,) = CauseDraws({c: read_spread(t) for c, t in double.items()}, 1).following(50)
    share = price_drawn / (price_drawn + 1.0)
    np.testing.assert_allclose(drawn, 8.0 * share / 4.0 / 2.0)


@pytest.mark.parametrize("size", [1, 2, 12, 40])
def test_many_systems_of_one_pattern_have_the_answers_of_each(size):
    draw = np.random.default_rng(size)
    pattern = (draw.random((size, size)) < 0.15) | np.eye(size, dtype=bool)
    row, column = np.nonzero(pattern)
    values = draw.uniform(-0.2, 0.0, (len(row), 9))
    values[row == column] = 1.0 + draw.random((size, 9)) * 8
    right = draw.random((size, 2, 9))
    found = Elimination(size, row, column).solve(values, right)
    for number in range(9):
        matrix = np.zeros((size, size))
        matrix[row, column] = values[:, number]
        exact = np.linalg.solve(matrix, right[:, :, number])
        np.testing.assert_allclose(found[:, :, number], exact, rtol=1e-10, atol=1e-14)
    alone = Elimination(size, row, column).solve(values[:, 3:4], right[:, :, 3:4])
    np.testing.assert_array_equal(alone[:, :, 0], found[:, :, 3])


NON_ROAD = {
    "agriculture": (150**0.5, 13750, 315, 11837),
    "forestry": (15.0, 237, 4, 135),
    "construction": (300**0.5, 11339, 241, 9899),
    "other_industry": (425**0.5, 1123, 23, 845),
    "household": (300**0.5, 4078, 9, 317),
    "boats": (425**0.5, 1406, 95, 1040),
}
"""Uncertainty of the activity in percent, TJ of fuel, tonnes of SO2 and of NOx (method V23)."""


@pytest.mark.parametrize(
    ("column", "factor", "total", "overall", "printed"),
    [(1, 5, 31932, 8.954, 5e-4), (2, 25, 687, 17.273, 5e-3), (3, 25, 24073, 18.634, 5e-4)],
    ids=["fuel", "so2", "nox"],
)
def test_a_published_inventory_has_its_overall_uncertainty_both_ways(
    column, factor, total, overall, printed
):
    lines, data, spreads = [], [], {}
    for name, row in NON_ROAD.items():
        lines.append({"process_id": name, "factor_version_id": name, "kgco2e": float(row[column])})
        data.append({"process_id": name, "cause_id": f"meter:{name}"})
        spreads[f"meter:{name}"] = f"normal {row[0] / 100}"
        spreads[f"factor:{name}"] = f"normal {factor / 100}"
    year = year_of(*lines, data=data)
    assert year.lines["kgco2e"].sum() == pytest.approx(total, abs=1.0)  # printed in whole units

    listed = year.lines.assign(reference_period="2004")
    sensitivities = inventory_sensitivities(
        listed,
        factor_parts(listed, {}),
        year.data.assign(reference_period="2004"),
        pd.DataFrame(columns=[*listed.columns, "cause_id", "part_kgco2e"]),
    ).to_pandas()
    deviations = {cause: read_spread(text).deviation for cause, text in spreads.items()}
    moved = sensitivities["kgco2e"] * sensitivities["cause_id"].map(deviations)
    first_order = 195.9964 * float((moved**2).sum()) ** 0.5 / year.lines["kgco2e"].sum()
    assert first_order == pytest.approx(overall, abs=printed)

    (drawn,) = simulated(year, spreads)
    # a product of two normals is a little wider than first order: here by up to 1 %
    assert 195.9964 * drawn.std() / total == pytest.approx(overall, rel=SAMPLED)


def test_by_other_code_draws_are_others(tmp_path, monkeypatch):
    lake = Lake(tmp_path)
    before = uncertainty.hash_of_derived(lake)
    assert uncertainty.hash_of_derived(lake) == before
    monkeypatch.setattr(uncertainty, "code_sha256", lambda *_: "another")
    assert uncertainty.hash_of_derived(lake) != before
