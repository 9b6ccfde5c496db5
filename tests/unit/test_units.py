"""Units as they are written in hand-ins and factor libraries."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingest.units import (
    UnknownUnitError,
    WrongDimensionError,
    conversion,
    conversions,
    parse,
)


@pytest.mark.parametrize(
    ("typed", "canonical", "multiplier"),
    [
        ("万千瓦时", "kWh", 1e4),
        ("度", "kWh", 1),
        ("kW·h", "kWh", 1),
        ("KWH", "kWh", 1),
        ("吨", "kg", 1000),
        ("公斤", "kg", 1),
        ("MT", "kg", 1000),
        ("m³", "m3", 1),
        ("㎥", "m3", 1),
        ("10⁴Nm³", "Nm3", 1e4),
        ("10^4 Nm3", "Nm3", 1e4),
        ("10,000 Nm3", "Nm3", 1e4),
        ("万标方", "Nm3", 1e4),
        ("升", "m3", 0.001),
        *((text, "t*km", 1) for text in ("t·km", "t.km", "tkm", "tonne.km", "吨公里", "t-km")),
        ("人公里", "person*km", 1),
        ("passenger-mile", "person*km", 1.609344),
        ("short_ton*mile", "t*km", 0.90718474 * 1.609344),
        ("kgce", "MJ", 29.3076),
        ("tce", "GJ", 29.3076),
        ("mmBtu", "GJ", 1.05505585262),
        ("m3*mg/L", "kg", 0.001),
        ("GJ/10^4 Nm3", "GJ/Nm3", 1e-4),
        ("kWh/t", "kWh/kg", 0.001),
        ("万元", "CNY", 1e4),
        ("间夜", "room_night", 1),
        ("百万千焦", "GJ", 1),
        ("Person · Km", "person*km", 1),
    ],
)
def test_a_unit_converts(typed, canonical, multiplier):
    assert conversion(typed, canonical) == pytest.approx(multiplier, rel=1e-12)


@pytest.mark.parametrize(
    "typed",
    [
        *("", None, "%", "foo", "ton", "Mt", "mt", "M", "104Nm3", "2 t", "10", "kkg", "kg CO2"),
        *("t*", "/kg", "t--km", "10^400 kg", "__import__", "pico", "t**2", "Nm3/"),
    ],
)
def test_an_unknown_unit_is_never_guessed(typed):
    with pytest.raises(UnknownUnitError):
        parse(typed)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [("m3", "Nm3"), ("L", "kg"), ("kWh", "kg"), ("t", "t*km"), ("USD", "CNY"), ("件", "人")],
)
def test_another_dimension_is_refused(typed, canonical):
    with pytest.raises(WrongDimensionError, match=canonical.replace("*", r"\*")):
        conversion(typed, canonical)


def test_a_density_lets_mass_and_volume_meet():
    assert conversion("L", "kg", density_kg_per_l=0.84) == pytest.approx(0.84)
    assert conversion("t", "L", density_kg_per_l=0.84) == pytest.approx(1000 / 0.84)
    with pytest.raises(WrongDimensionError):
        conversion("Nm3", "kg", density_kg_per_l=0.84)


def test_many_conversions_keep_their_problems():
    pairs = [("diesel", "L", "kg"), ("water", "foo", "m3")]
    found = conversions(pairs, {"diesel": 0.84})
    assert found[pairs[0]].multiplier == pytest.approx(0.84)
    assert found[pairs[1]].multiplier is None
    assert "'foo' is not known" in found[pairs[1]].problem


ENERGY = ["kWh", "万千瓦时", "MWh", "GJ", "MJ", "TJ", "kgce", "tce", "mmBtu", "kcal"]


@given(st.sampled_from(ENERGY), st.sampled_from(ENERGY), st.sampled_from(ENERGY))
def test_conversions_chain(first, second, third):
    product = conversion(first, second) * conversion(second, third)
    assert math.isclose(product, conversion(first, third), rel_tol=1e-12)
    assert conversion(first, first) == 1.0


@given(st.text(max_size=8))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(UnknownUnitError):
        parse(text)
