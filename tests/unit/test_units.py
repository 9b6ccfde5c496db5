"""Units as they are written in hand-ins and factor libraries."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.company.units import (
    PREFIXES,
    AmbiguousUnitError,
    Bridges,
    UnknownUnitError,
    WrongDimensionError,
    _definitions,
    conversion,
    conversions,
    parse,
)

SYMBOLS = {"g", "J", "W", "Wh", "L", "l", "m", "cal"}
"""Symbols of the SI that are in use with a prefix."""


@pytest.mark.parametrize(
    ("typed", "canonical", "multiplier"),
    [
        ("万千瓦时", "kWh", 1e4),
        ("度", "kWh", 1),
        *((text, "kWh", 1) for text in ("kW·h", "KWH", "KW·H", "kW.h", "KW-H", "kWhr")),
        *((text, "MWh", 1) for text in ("MWH", "mwh", "MW·h")),
        ("吨", "kg", 1000),
        ("公斤", "kg", 1),
        ("MT", "kg", 1000),
        ("Kt", "t", 1000),
        ("klb", "kg", 453.59237),
        *((text, "MJ", 1) for text in ("MJ", "mj", "Mj")),
        *((text, "GJ", 1.05505585262) for text in ("Dth", "DTH", "MMBTU", "MM Btu")),
        *((text, "m3", 28.316846592) for text in ("Mcf", "MCF", "kcf")),
        *((text, "m3", 2.8316846592) for text in ("Ccf", "CCF", "HCF")),
        ("kgal", "m3", 3.785411784),
        ("Mscf", "scf", 1000),
        *((text, "L", 100) for text in ("hl", "hL", "HL")),
        ("10^6 L", "m3", 1000),
        ("10^3 m3", "m3", 1000),
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


AMBIGUOUS = {
    "Mg": ("tonne", "milligram"),
    "MG": ("tonne", "milligram"),
    "ML": ("million litres", "millilitre"),
    "Ml": ("million litres", "millilitre"),
    "mWh": ("10^-3 Wh", "MWh"),
    "mW h": ("10^-3 Wh", "MWh"),
    "mW·h": ("10^-3 W", "MW"),
    "mJ": ("10^-3 J", "MJ"),
    "pJ": ("10^-12 J", "PJ"),
    "mCal": ("10^-3 cal", "Mcal"),
    "MM": ("million", "millimetre"),
    "Mm": ("10^6 m", "mm"),
    "Cal": ("kilocalorie", "a calorie"),
    "gcal": ("gigacalorie", "gram calorie"),
    "MBtu": ("thousand", "million"),
    "Mlb": ("thousand", "million"),
    "Mgal": ("thousand", "million"),
    "km3": ("thousand m3", "cubic kilometre"),
    "km³": ("thousand m3", "cubic kilometre"),
    "Mm³": ("million m3", "megametres"),
    "ton": ("1000 kg", "2000 lb"),
    "Tons": ("1000 kg", "2000 lb"),
    "Mt": ("million tonnes", "metric ton"),
    "kg/Mg": ("tonne", "milligram"),
}


@pytest.mark.parametrize("typed", AMBIGUOUS)
def test_what_can_mean_two_things_is_refused_with_both(typed):
    with pytest.raises(AmbiguousUnitError) as refused:
        parse(typed)
    message = str(refused.value)
    assert all(meaning in message for meaning in AMBIGUOUS[typed]), message
    # what is written instead can be read, unless it is a count
    for written in message.rsplit("Write ", 1)[1].rstrip(".").split(" or "):
        assert written in ("10^6", "10^-3") or parse(written)
    assert refused.value.message_zh.endswith("。")


def test_no_name_reads_differently_in_other_capitals():
    """Every spelling of every name, in each mix of capitals, is that unit or refused."""
    for row in _definitions():
        for name in row["aliases"].split(";"):
            for variant in {name.upper(), name.lower(), name.capitalize(), name.swapcase()}:
                with contextlib.suppress(UnknownUnitError):
                    read = parse(variant)
                    prefixed = len(variant) > 1 and variant[0] in "MmPp" and variant[1:] in SYMBOLS
                    if prefixed and variant not in (variant.lower(), name):
                        stated = PREFIXES[variant[0]] * parse(variant[1:]).factor
                        assert math.isclose(read.factor, stated), (variant, name)


@pytest.mark.parametrize(
    ("typed", "basis"),
    [
        *((text, "gross") for text in ("kWh (Gross CV)", "MWh PCS", "GJ(HHV)/t", "千瓦时(高位)")),
        *((text, "net") for text in ("kWh (Net CV)", "MJ/Nm3 (NCV)", "MWh PCI", "GJ net/t")),
        *((text, None) for text in ("kWh", "MJ/Nm3", "tce")),
    ],
)
def test_a_unit_may_say_its_calorific_basis(typed, basis):
    assert parse(typed).basis == basis


@pytest.mark.parametrize("typed", ["t (net)", "kWh (net) gross", "kg gross"])
def test_only_an_energy_has_one_calorific_basis(typed):
    with pytest.raises(UnknownUnitError):
        parse(typed)


def test_gross_and_net_meet_through_the_ratio_of_the_fuel_alone():
    gross, net = "kWh (Gross CV)", "MJ (net)"
    assert conversion(gross, net, net_per_gross=0.9) == pytest.approx(3.6 * 0.9)
    assert conversion(net, gross, net_per_gross=0.9) == pytest.approx(1 / 3.6 / 0.9)
    assert conversion("kg/GJ (gross)", "kg/GJ (net)", net_per_gross=0.9) == pytest.approx(1 / 0.9)
    assert conversion(gross, gross) == 1
    for typed, canonical, ratio in [(gross, net, None), ("kWh", gross, 0.9), (gross, "kWh", 0.9)]:
        with pytest.raises(WrongDimensionError, match="basis"):
            conversion(typed, canonical, net_per_gross=ratio)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [("m3", "Nm3"), ("L", "kg"), ("kWh", "kg"), ("t", "t*km"), ("USD", "CNY"), ("件", "人")],
)
def test_another_dimension_is_refused(typed, canonical):
    with pytest.raises(WrongDimensionError, match=canonical.replace("*", r"\*")):
        conversion(typed, canonical)


def test_an_energy_of_a_fuel_kept_by_volume_is_told_how_to_keep_it():
    with pytest.raises(WrongDimensionError, match="bought by energy is kept in one"):
        conversion("kWh (Gross CV)", "Nm3", net_per_gross=0.9)


def test_a_density_lets_mass_and_volume_meet():
    assert conversion("L", "kg", density_kg_per_l=0.84) == pytest.approx(0.84)
    assert conversion("t", "L", density_kg_per_l=0.84) == pytest.approx(1000 / 0.84)
    with pytest.raises(WrongDimensionError):
        conversion("Nm3", "kg", density_kg_per_l=0.84)


def test_many_conversions_keep_their_problems():
    pairs = [("diesel", "L", "kg"), ("water", "foo", "m3")]
    found = conversions(pairs, {"diesel": Bridges(density_kg_per_l=0.84)})
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
