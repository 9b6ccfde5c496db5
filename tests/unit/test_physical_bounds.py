"""Bounds of physics: wide enough for everything published, narrow enough for a slipped unit."""

from __future__ import annotations

import pytest

from orchestration.company.physical_bounds import _lines, bound_of

POSSIBLE = [
    ("ncv", "fuel_stationary", "GJ/10^4 Nm3", 33),  # blast furnace gas, GB/T 32151.22
    ("ncv", "fuel_stationary", "MJ/Nm3 (Gross CV)", 134),  # butane vapour
    ("ncv", "fuel_stationary", "kcal/kg", 5500),
    ("ncv", "fuel_mobile", "MJ/kg", 120),  # hydrogen
    ("ncv", "fuel_mobile", "MJ/L", 35.7),
    ("density", "fuel_stationary", "kg/L", 0.00072),  # natural gas
    ("density", "material", "kg/L", 19.3),  # gold
    ("carbon_content", "fuel_stationary", "t/TJ", 70.8),  # blast furnace gas
    ("direct", "fuel_stationary", "kg/TJ", 260000),  # the same
    ("direct", "fuel_stationary", "kg/short_ton", 2325),
    ("generation", "electricity", "kg/kWh", 0.0001),  # a grid of water power
    ("generation", "electricity", "kg/MWh", 924),
    ("upstream", "material", "kg/kg", 33000),  # platinum
    ("direct", "refrigerant", "kg/kg", 25200),  # SF6
    ("direct", "business_travel", "kg/passenger_mile", 0.207),
]
IMPOSSIBLE = [
    ("ncv", "fuel_stationary", "MJ/Nm3", 8640),  # kcal
    ("ncv", "fuel_stationary", "MJ/Nm3", -36),
    ("ncv", "fuel_stationary", "MJ/Nm3", 0),
    ("ncv", "fuel_stationary", "GJ/kg", 42.65),  # per t
    ("density", "fuel_mobile", "kg/L", 840),  # per m3
    ("density", "fuel_mobile", "kg/L", 8.4),
    ("density", "water", "kg/L", 0.001),
    ("moisture", "material", "kg/kg", 85),  # per cent
    ("carbon_content", "fuel_stationary", "t/TJ", 0.0153),  # per GJ
    ("net_per_gross", "fuel_stationary", "MJ/MJ", 1.11),  # gross per net
    ("direct", "fuel_stationary", "kg/Nm3", 21650),  # per 10^4 Nm3
    ("direct", "fuel_mobile", "kg/L", 2500),  # per m3
    ("direct", "fuel_stationary", "kg/GJ", 56100),  # per TJ
    ("generation", "electricity", "kg/kWh", 177),  # per MWh
    ("generation", "heat", "kg/MJ", 110),  # per GJ
    ("upstream", "waste", "kg/kg", 1000),  # per t
    ("upstream", "water", "kg/L", 0.19),  # per m3
    ("direct", "freight_inbound", "kg/(t*km)", 90),  # grams
]


@pytest.mark.parametrize(("quantity", "kind", "unit", "value"), POSSIBLE)
def test_what_is_published_is_possible(quantity, kind, unit, value):
    assert bound_of(quantity, kind, unit).is_possible(value)


@pytest.mark.parametrize(("quantity", "kind", "unit", "value"), IMPOSSIBLE)
def test_a_slipped_unit_is_not(quantity, kind, unit, value):
    assert not bound_of(quantity, kind, unit).is_possible(value)


def test_what_no_line_is_about_has_no_bounds():
    assert bound_of("upstream", "material", "kg/CNY") is None
    assert bound_of("ncv", "fuel_stationary", "furlong") is None


def test_every_bound_says_where_it_is_from():
    assert all(len(line["source"]) > 5 and (line["least"] or line["most"]) for line in _lines())
