"""Total derivatives by the adjoint against the system calculated anew with a quantity changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from orchestration.footprint.assembly import assemble
from orchestration.footprint.sensitivity import demand_sensitivities, sensitivities
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import DEMAND_KINDS, EXCHANGES
from tests.unit.companies import PERIOD, by, inputs_of, key, rows, stated

STEP = 1e-5

LOOP = """
melt in flake:intermediate 1.0
melt in regrind:intermediate 0.04
melt out film:intermediate 1.04
spin in film:intermediate 1.04
spin out fibre:product 0.96
spin out regrind:intermediate 0.04
wash in bale:material 1.2
wash out flake:intermediate 1.1
"""
CO_PRODUCTS = """
split in oil:material 10
split out light:product 3
split out heavy:product 5
split out residue:intermediate 2
dry in residue:intermediate 1.5
dry out light:product 1
"""
SERVED = """
boiler/utility in gas:fuel_stationary 100 MJ
boiler/utility out steam:utility 9 GJ
lights/utility in power:electricity 50 kWh
mill1 in steam:utility 5 GJ
mill1 in power:electricity 11 kWh
mill1 in pulp:material 4
mill1 out paper:product 3
mill1 out dirt:own_waste 2
mill2 in steam:utility 3 GJ
mill2 in power:electricity 7 kWh
mill2 in paper:product 1
mill2 out card:product 2
mill2 out trim:intermediate 1
mill1 in trim:intermediate 0.5
cleaner/treatment in dirt:own_waste 1.9
cleaner/treatment in power:electricity 3 kWh
office/non_product in steam:utility 1 GJ
"""
STOCK = """
mill in old:intermediate 3
mill in bale:material 1
mill out cloth:product 2
"""
COMPANIES = {
    "alone": ("mill in bale:material 1\nmill out cloth:product 2", (), (), ()),
    "loop": (LOOP, by("mass", "spin", fibre=None, regrind=None), (), ()),
    "by_mass": (CO_PRODUCTS, by("mass", "split", light=None, heavy=None, residue=None), (), ()),
    "by_revenue": (CO_PRODUCTS, by("revenue", "split", light=7.0, heavy=2.0, residue=1.0), (), ()),
    "by_price": (CO_PRODUCTS, by("unit_price", "split", light=7.0, heavy=2.0, residue=1.0), (), ()),
    "by_energy": (
        CO_PRODUCTS,
        by("energy", "split", light=None, heavy=None, residue=None),
        (),
        stated("ncv", "MJ/kg", light=40.0, heavy=30.0, residue=20.0),
    ),
    "served": (
        SERVED,
        by("mass", "mill2", card=None, trim=None),
        [key("lights", "output_mass")],
        (),
    ),
    "served_by_input": (
        SERVED,
        by("mass", "mill2", card=None, trim=None),
        [key("lights", "input_of_flow", flow="power")],
        (),
    ),
    "served_by_shares": (
        SERVED,
        by("mass", "mill2", card=None, trim=None),
        [
            key("lights", "share", consumer=consumer, share=share)
            for consumer, share in (("mill1", 0.5), ("mill2", 0.3), ("cleaner", 0.2))
        ],
        (),
    ),
    "stock": (STOCK, (), (), ()),
}


def burdens_of(markets):
    """Burdens that stay, whatever is changed; a stock carries the same for each unit it gave."""
    draw = np.random.default_rng(5)
    burdens = np.array([draw.uniform(1.0, 9.0, 2) for _ in markets.names.processes])
    is_stock = markets.from_stock[markets.supplies.market] > 0
    given = markets.supplies.quantity[is_stock][:, None]
    burdens[markets.supplies.process[is_stock]] *= given
    return burdens


def calculated(listed, rules, keys, properties):
    inputs = inputs_of(
        pa.Table.from_pylist(listed, schema=EXCHANGES),
        rules,
        keys,
        properties,
        stated_stocks=[{"flow_id": "old", "facility_id": "mill"}],
    )
    assembled = assemble(PERIOD, inputs, Findings(PERIOD))
    assert assembled is not None
    return assembled


def derived(assembled, keys):
    markets = assembled.markets
    wanted = np.flatnonzero(np.isin(markets.kind, ("product", "intermediate")))
    frame = pd.DataFrame(
        list(keys), columns=["process_id", "consumer_process_id", "basis", "flow_id", "share"]
    )
    return sensitivities(assembled, frame, wanted, burdens_of(markets))


def assert_as_calculated_anew(found, listed, anew, atol):
    """Each derivative is that of `anew`, asked with one quantity a little larger and smaller."""
    answers = dict(zip(found.exchanges, found.of_exchanges, strict=True))
    for number, row in enumerate(listed):
        sides = []
        for step in (STEP, -STEP):
            changed = [dict(one) for one in listed]
            for name in ("quantity", "quantity_kg"):
                if row[name] is not None:
                    changed[number][name] = row[name] * np.exp(step)
            sides.append(anew(changed))
        exact = (sides[0] - sides[1]) / (2 * STEP)
        exchange = row["process_id"], row["flow_id"], row["direction"]
        ours = answers.get(exchange, np.zeros_like(exact))
        np.testing.assert_allclose(ours, exact, atol=atol, rtol=1e-6, err_msg=str(exchange))


@pytest.mark.parametrize("company", COMPANIES)
def test_derivatives_are_those_of_the_system_calculated_anew(company):
    text, rules, keys, properties = COMPANIES[company]
    listed = rows(text)
    found = derived(calculated(listed, rules, keys, properties), keys)

    def anew(changed):
        return derived(calculated(changed, rules, keys, properties), keys).intensities

    assert_as_calculated_anew(found, listed, anew, atol=2e-7)


def derived_demand(assembled, keys):
    frame = pd.DataFrame(
        list(keys), columns=["process_id", "consumer_process_id", "basis", "flow_id", "share"]
    )
    return demand_sensitivities(assembled, frame, burdens_of(assembled.markets))


def burdens_of_demand(assembled):
    """Kind of final demand x burden, by what is demanded of each market and what a unit carries."""
    markets, demand = assembled.markets, assembled.demand
    burdens = assembled.system.operation.T @ burdens_of(markets)
    carried = assembled.factors.solve_transposed(np.asarray(burdens, float))
    unit = carried / markets.made[:, None]
    of_demand = demand.quantity[:, None] * unit[demand.market]
    return np.array([of_demand[demand.kind == kind].sum(axis=0) for kind in DEMAND_KINDS])


@pytest.mark.parametrize("company", COMPANIES)
def test_what_goes_with_final_demand_moves_as_the_system_calculated_anew(company):
    text, rules, keys, properties = COMPANIES[company]
    listed = rows(text)
    assembled = calculated(listed, rules, keys, properties)
    found = derived_demand(assembled, keys)
    np.testing.assert_allclose(found.intensities, burdens_of_demand(assembled), atol=1e-9)

    def anew(changed):
        return burdens_of_demand(calculated(changed, rules, keys, properties))

    assert_as_calculated_anew(found, listed, anew, atol=2e-6)


def test_stated_shares_of_a_service_move_what_they_serve():
    text, rules, keys, properties = COMPANIES["served_by_shares"]
    listed = rows(text)
    found = derived(calculated(listed, rules, keys, properties), keys)
    assert sorted(found.of_keys) == [("lights", one) for one in ("cleaner", "mill1", "mill2")]
    for number, line in enumerate(keys):
        sides = []
        for step in (STEP, -STEP):
            changed = [dict(one) for one in keys]
            changed[number]["share"] = line["share"] * np.exp(step)
            sides.append(derived(calculated(listed, rules, changed, properties), changed))
        exact = (sides[0].intensities - sides[1].intensities) / (2 * STEP)
        ours = found.of_keys["lights", line["consumer_process_id"]]
        np.testing.assert_allclose(ours, exact, atol=2e-7, rtol=1e-6)
    # with all of them alike, nothing changes: they are shares
    np.testing.assert_allclose(sum(found.of_keys.values()), 0.0, atol=1e-12)


@pytest.mark.parametrize("company", COMPANIES)
def test_another_unit_of_all_quantities_moves_nothing(company):
    """Twice of everything, at twice the burdens, is the same factory: the derivatives cancel."""
    text, rules, keys, properties = COMPANIES[company]
    found = derived(calculated(rows(text), rules, keys, properties), keys)
    # quantities alone are twice as large: a unit carries half as much of burdens that stay
    stock = 0.0
    if company == "stock":  # what stock gave carries the same a unit
        stock = found.requirements[-1][:, None] * burdens_of_stock(rows(text))
    np.testing.assert_allclose(
        found.of_exchanges.sum(axis=0), -(found.intensities - stock), rtol=1e-9, atol=1e-12
    )


def burdens_of_stock(listed):
    assembled = calculated(listed, (), (), ())
    return burdens_of(assembled.markets)[-1][None, :]
