"""Units as people write them, and what one of them is in another.

pint does the arithmetic over our own definitions (unit_definitions.csv) and none of its own: in
its default registry an unknown `pkm` would be a picokilometre. Nothing is guessed here: a text
is a product or quotient of known names, a power of ten may stand before it, and that is all.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pint

DEFINITIONS = Path(__file__).with_name("unit_definitions.csv")
SUPERSCRIPTS = str.maketrans(dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)))
SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
PRODUCT_SIGNS = re.compile(r"[*·•⋅×∙・]")
POWER_OF_TEN = re.compile(
    r"(?:10 ?(?:\^|\*\*) ?([0-9]{1,2})|(1[eE][0-9]{1,2}|10{0,2}(?:,000)+|10+))[ *·×⋅]*"
)
CHINESE_POWERS = (("百万", 1e6), ("千万", 1e7), ("万", 1e4), ("亿", 1e8), ("千", 1e3))
ENGLISH_POWERS = (("thousand ", 1e3), ("million ", 1e6))
CASELESS_FROM = 2  # one letter is too short to guess its case: M may be million, month or metre
SHARES = {"%", "‰", "percent", "per cent", "ppm", "ppb"}
DIMENSION_NAMES = {
    "[mass]": "a mass",
    "[energy]": "an energy",
    "[length]": "a distance",
    "[length] ** 2": "an area",
    "[length] ** 3": "a volume",
    "[normal_volume]": "a gas volume at normal conditions (Nm3)",
    "[length] * [mass]": "mass times distance",
    "[length] * [person]": "persons times distance",
    "[person]": "a number of persons",
    "[piece]": "a number of pieces",
    "[room_night]": "a number of room nights",
    "[time]": "a time",
    "dimensionless": "a plain ratio",
}


class UnitError(ValueError):
    """A unit text that gives no conversion; the message says why and what to write."""


class UnknownUnitError(UnitError):
    """A unit text nobody defined."""


class WrongDimensionError(UnitError):
    """A unit of another kind of quantity than the flow's."""


class Unit(NamedTuple):
    """A parsed unit text: how many base units it is, and of which dimension."""

    factor: float
    dimension: pint.util.UnitsContainer


class Conversion(NamedTuple):
    """Canonical units per one `unit_text`; or the problem, when there is none."""

    unit_text: str
    unit_code: str
    multiplier: float | None
    problem: str | None


def conversion(
    unit_text: str | None, unit_code: str, *, density_kg_per_l: float | None = None
) -> float:
    """How many `unit_code` one `unit_text` is.

    Args:
        unit_text: the unit as typed.
        unit_code: the flow's canonical unit.
        density_kg_per_l: density of the flow; lets mass and volume meet.

    Raises:
        UnknownUnitError: one of the two is no known unit.
        WrongDimensionError: they measure different things.
    """
    typed, canonical = parse(unit_text), parse(unit_code)
    if typed.dimension == canonical.dimension:
        return typed.factor / canonical.factor
    if density_kg_per_l:
        density = parse("kg/L")
        if typed.dimension * density.dimension == canonical.dimension:
            return typed.factor * (density_kg_per_l * density.factor) / canonical.factor
        if typed.dimension / density.dimension == canonical.dimension:
            return typed.factor / (density_kg_per_l * density.factor) / canonical.factor
    raise WrongDimensionError(_wrong_dimension(unit_text, typed, unit_code, canonical))


def conversions(
    pairs: Iterable[tuple[str, str, str]],
    densities_kg_per_l: Mapping[str, float] | None = None,
) -> dict[tuple[str, str, str], Conversion]:
    """The conversion of each (flow_id, unit_text, unit_code), or why there is none."""
    result = {}
    for flow_id, unit_text, unit_code in pairs:
        density = (densities_kg_per_l or {}).get(flow_id)
        try:
            multiplier = conversion(unit_text, unit_code, density_kg_per_l=density)
            found = Conversion(unit_text, unit_code, multiplier, None)
        except UnitError as error:
            found = Conversion(unit_text, unit_code, None, str(error))
        result[flow_id, unit_text, unit_code] = found
    return result


@cache
def parse(unit_text: str | None) -> Unit:
    """Factor and dimension of a unit text. Raises `UnknownUnitError`."""
    text = _normalise(unit_text or "")
    if not text:
        raise UnknownUnitError("No unit is given. Write one, such as kWh, t or m3.")
    if text.lower() in SHARES:
        raise UnknownUnitError(
            f"The unit {unit_text!r} is a share, not a quantity. State the quantity itself."
        )
    product = _as_product(text)
    if product is None:
        raise UnknownUnitError(_unknown(unit_text))
    registry = _registry()
    scale, expression = product
    quantity = registry.parse_expression(expression).to_base_units()
    return Unit(scale * quantity.magnitude, quantity.dimensionality)


def _normalise(text: str) -> str:
    # NFKC alone would make 104 of 10⁴
    text = SUPERSCRIPT_RUN.sub(lambda run: "^" + run[0].translate(SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).replace("_", " ")
    text = " ".join(text.split())
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1].strip()
    return text.rstrip(".")


def _as_product(text: str) -> tuple[float, str] | None:
    """(scale, pint expression) of a text, or None when a part of it is not known."""
    whole = _lookup(text)
    if whole:
        return whole
    if match := POWER_OF_TEN.match(text):
        power = float(f"1e{match[1]}" if match[1] else match[2].replace(",", ""))
        rest = text[match.end() :]
        if not rest or rest[0].isdigit():  # 104Nm3 once was 10⁴Nm³, or 104 of them
            return None
        product = _as_product(rest)
        return product and (power * product[0], product[1])
    text = re.sub(r"\s+per\s+", "/", text)
    if "/" in text:
        return _quotient(text)
    return _factors(text)


def _quotient(text: str) -> tuple[float, str] | None:
    numerator, *denominators = text.split("/")
    product = _as_product(numerator.strip())
    for part in denominators:
        divisor = _as_product(part.strip().removeprefix("(").removesuffix(")"))
        if product is None or divisor is None:
            return None
        product = (product[0] / divisor[0], f"{product[1]} / ({divisor[1]})")
    return product


def _factors(text: str) -> tuple[float, str] | None:
    """A product written with a sign, a dot, a hyphen or a blank between its factors."""
    for pattern in (
        PRODUCT_SIGNS,
        re.compile(r"\.(?=\D)"),
        re.compile("-(?=[^0-9])"),
        re.compile(" "),
    ):
        parts = [part.strip() for part in pattern.split(text)]
        if len(parts) < 2:
            continue
        scale, expressions = 1.0, []
        for part in parts:
            factor = _as_product(part) if part else None
            if factor is None:
                break
            scale *= factor[0]
            expressions.append(f"({factor[1]})")
        else:
            return scale, " * ".join(expressions)
    return None


def _lookup(name: str) -> tuple[float, str] | None:
    exact, caseless = _names()
    power = ""
    if match := re.fullmatch(r"(.*[^0-9^])\^(-?[0-9])", name):
        if f"{match[1]}{match[2]}" in exact or f"{match[1]}{match[2]}".lower() in caseless:
            name = f"{match[1]}{match[2]}"
        else:
            name, power = match[1], f" ** ({match[2]})"
    unit = exact.get(name)
    if unit is None and len(name) >= CASELESS_FROM:
        unit = caseless.get(name.lower())
    if unit is not None:
        return 1.0, f"{unit}{power}"
    for word, factor in (*CHINESE_POWERS, *ENGLISH_POWERS):
        if name.lower().startswith(word) and len(name) > len(word):
            rest = _lookup(name[len(word) :].strip())
            if rest:
                return factor * rest[0], rest[1] + power
    return None


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Alias to unit: as written, and in lower case."""
    exact: dict[str, str] = {}
    for row in _definitions():
        for alias in [*row["aliases"].split(";"), row["unit"].replace("_", " ")]:
            name = unicodedata.normalize("NFKC", alias)
            if exact.setdefault(name, row["unit"]) != row["unit"]:
                raise ValueError(
                    f"{DEFINITIONS.name}: {alias} stands for {exact[name]} and {row['unit']}"
                )
    caseless: dict[str, str] = {}
    for name, unit in exact.items():
        if name != "MT":  # Mt and mt may be a million tonnes
            caseless.setdefault(name.lower(), unit)
    return exact, caseless


@cache
def _definitions() -> tuple[dict[str, str], ...]:
    with DEFINITIONS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _registry() -> pint.UnitRegistry:
    import pint  # takes half a second to import

    registry = pint.UnitRegistry(None)
    for row in _definitions():
        registry.define(f"{row['unit']} = {row['definition']}")
    return registry


def _unknown(unit_text: str | None) -> str:
    hint = "Write it as in the list of units, such as kWh, t, m3, Nm3 or t*km."
    if (unit_text or "").strip().lower() in ("ton", "tons"):
        hint = "Write t for a metric tonne or short_ton for 2000 pounds."
    elif (unit_text or "").strip().lower() == "mt":
        hint = "Write t for a metric tonne, or 10^6 t for a million of them."
    return f"The unit {unit_text!r} is not known. {hint}"


def _wrong_dimension(unit_text: str | None, typed: Unit, unit_code: str, canonical: Unit) -> str:
    kinds = [str(unit.dimension) for unit in (typed, canonical)]
    measured, wanted = (DIMENSION_NAMES.get(kind, kind) for kind in kinds)
    message = (
        f"The unit {unit_text!r} measures {measured}; the flow needs {wanted}, in {unit_code}."
    )
    if set(kinds) == {"[normal_volume]", "[length] ** 3"}:
        return f"{message} State the gas volume at normal conditions, in Nm3."
    if set(kinds) == {"[mass]", "[length] ** 3"}:
        return f"{message} State it in {unit_code}, or give the flow a density."
    return f"{message} State it in {unit_code}."
