"""Units as people write them, and what one of them is in another.

pint does the arithmetic over our own definitions (unit_definitions.csv) and none of its own: in
its default registry an unknown `pkm` would be a picokilometre. Nothing is guessed here: a text
is a product or quotient of known names, a power of ten may stand before it, and that is all.

Capitals make no difference (`KWH`) as long as they can't: `ML` is a million litres by the SI and a
millilitre where capitals are carelessly typed. What can mean two things is refused with both, by
that comparison or because ambiguous_units.csv lists it.

A calorific basis may stand beside an energy, `kWh (Gross CV)` or `MJ/Nm3 (NCV)`; the two differ by
the ratio of the fuel, and meet through nothing else.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    import pint

DEFINITIONS = Path(__file__).with_name("unit_definitions.csv")
AMBIGUOUS = Path(__file__).with_name("ambiguous_units.csv")
SUPERSCRIPTS = str.maketrans(dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)))
SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
PRODUCT_SIGNS = re.compile(r"[*·•⋅×∙・]")
POWER_OF_TEN = re.compile(
    r"(?:10 ?(?:\^|\*\*) ?([0-9]{1,2})|(1[eE][0-9]{1,2}|10{0,2}(?:,000)+|10+))[ *·×⋅]*"
)
CHINESE_POWERS = (("百万", 1e6), ("千万", 1e7), ("万", 1e4), ("亿", 1e8), ("千", 1e3))
ENGLISH_POWERS = (("thousand ", 1e3), ("million ", 1e6))
CASELESS_FROM = 2  # one letter is too short to guess its case: M may be million, month or metre
PREFIXES = {"M": 1e6, "m": 1e-3, "P": 1e15, "p": 1e-12}
"""SI prefixes that are another prefix in the other case."""

BASIS_WORDS = {
    "gross": r"gross(?: cv)?|gcv|hhv|pcs|hs|higher heating value|高位(?:发热量|热值)?|高热值",
    "net": r"net(?: cv)?|ncv|lhv|pci|hi|lower heating value|低位(?:发热量|热值)?|低热值",
}
"""What people write beside an energy that holds the heat of condensation, or doesn't."""

BASIS = re.compile(
    "|".join(
        rf"(?:\(\s*(?P<{basis}>{words})\s*\)|(?<=\s)(?P<{basis}_>{words}))(?=\s*(?:$|[/*)]))"
        for basis, words in BASIS_WORDS.items()
    ),
    re.IGNORECASE,
)
SHARES = {"%", "‰", "percent", "per cent", "ppm", "ppb"}
DIMENSION_NAMES = {
    "[mass]": ("a mass", "质量"),
    "[energy]": ("an energy", "能量"),
    "[length]": ("a distance", "距离"),
    "[length] ** 2": ("an area", "面积"),
    "[length] ** 3": ("a volume", "体积"),
    "[normal_volume]": ("a gas volume at normal conditions (Nm3)", "标准状态下的气体体积（Nm3）"),
    "[length] * [mass]": ("mass times distance", "周转量（质量乘距离）"),
    "[length] * [person]": ("persons times distance", "客运周转量（人数乘距离）"),
    "[person]": ("a number of persons", "人数"),
    "[piece]": ("a number of pieces", "件数"),
    "[room_night]": ("a number of room nights", "间夜数"),
    "[co2e]": ("an amount of CO2e", "二氧化碳当量"),
    "[time]": ("a time", "时间"),
    "dimensionless": ("a plain ratio", "比值"),
}


AMOUNTS_OF_FUEL = ("[mass]", "[normal_volume]", "[length] ** 3")
"""What a calorific value is per; as it is measured anew, no energy is made of these here."""


class UnitError(ValueError):
    """A unit text that gives no conversion; the message says why and what to write."""

    def __init__(self, message_en: str, message_zh: str) -> None:
        super().__init__(message_en)
        self.message_zh = message_zh


class UnknownUnitError(UnitError):
    """A unit text nobody defined."""


class AmbiguousUnitError(UnknownUnitError):
    """A unit text that can mean two things; the message names them."""


class WrongDimensionError(UnitError):
    """A unit of another kind of quantity than the flow's, or on another calorific basis."""


class Unit(NamedTuple):
    """A parsed unit text: how many base units it is, of which dimension.

    `basis`: gross or net, where the text says on which calorific value its energy rests.
    """

    factor: float
    dimension: pint.util.UnitsContainer
    basis: str | None = None


class Bridges(NamedTuple):
    """Properties of a flow through which units meet that else don't."""

    density_kg_per_l: float | None = None
    net_per_gross: float | None = None


class Conversion(NamedTuple):
    """Canonical units per one `unit_text`; or the problem in two languages, when there is none."""

    unit_text: str
    unit_code: str
    multiplier: float | None
    problem: str | None
    problem_zh: str | None = None


def conversion(
    unit_text: str | None,
    unit_code: str,
    *,
    density_kg_per_l: float | None = None,
    net_per_gross: float | None = None,
    unstated_basis: str | None = None,
) -> float:
    """How many `unit_code` one `unit_text` is.

    Args:
        unit_text: the unit as typed.
        unit_code: the flow's canonical unit.
        density_kg_per_l: density of the flow; lets mass and volume meet.
        net_per_gross: net over gross calorific value of the flow; lets the two bases meet.
        unstated_basis: the basis of a text that states none; the property `ncv` is net by its name.

    Raises:
        UnknownUnitError: one of the two is no known unit.
        WrongDimensionError: they measure different things.
    """
    typed, canonical = parse(unit_text), parse(unit_code)
    multiplier = _multiplier(typed, canonical, density_kg_per_l)
    if multiplier is None:
        raise WrongDimensionError(*_wrong_dimension(unit_text, typed, unit_code, canonical))
    of_typed, of_canonical = (unit.basis or unstated_basis for unit in (typed, canonical))
    if of_typed == of_canonical:
        return multiplier
    if net_per_gross is None or of_typed is None or of_canonical is None:
        raise WrongDimensionError(*_wrong_basis(unit_text, of_typed, unit_code, of_canonical))
    # one gross energy is as many net ones as the ratio says; a figure per energy the reverse
    energy = int(cast(float, typed.dimension.get("[energy]", 0)))
    return multiplier * net_per_gross ** (energy if of_typed == "gross" else -energy)


def conversions(
    pairs: Iterable[tuple[str, str, str]],
    bridges: Mapping[str, Bridges] | None = None,
    *,
    unstated_basis: str | None = None,
) -> dict[tuple[str, str, str], Conversion]:
    """The conversion of each (flow_id, unit_text, unit_code), or why there is none."""
    result = {}
    for flow_id, unit_text, unit_code in pairs:
        bridge = (bridges or {}).get(flow_id, Bridges())
        try:
            multiplier = conversion(
                unit_text, unit_code, **bridge._asdict(), unstated_basis=unstated_basis
            )
            found = Conversion(unit_text, unit_code, multiplier, None)
        except UnitError as error:
            found = Conversion(unit_text, unit_code, None, str(error), error.message_zh)
        result[flow_id, unit_text, unit_code] = found
    return result


def _multiplier(typed: Unit, canonical: Unit, density_kg_per_l: float | None) -> float | None:
    """Canonical units per typed one, their calorific basis apart; None where they can't meet."""
    if typed.dimension == canonical.dimension:
        return typed.factor / canonical.factor
    if density_kg_per_l:
        density = parse("kg/L")
        if typed.dimension * density.dimension == canonical.dimension:
            return typed.factor * (density_kg_per_l * density.factor) / canonical.factor
        if typed.dimension / density.dimension == canonical.dimension:
            return typed.factor / (density_kg_per_l * density.factor) / canonical.factor
    return None


def is_co2e(unit_text: str | None) -> bool:
    """Whether a unit is CO2e itself: what others state of their emissions."""
    try:
        return parse(unit_text).dimension == parse("kgCO2e").dimension
    except UnitError:
        return False


@cache
def parse(unit_text: str | None) -> Unit:
    """Factor, dimension and calorific basis of a unit text. Raises `UnknownUnitError`."""
    text = _normalise(unit_text or "")
    if not text:
        raise UnknownUnitError(
            "No unit is given. Write one, such as kWh, t or m3.",
            "未填写单位。请填写，如 kWh、t 或 m3。",
        )
    if text.lower() in SHARES:
        raise UnknownUnitError(
            f"The unit {unit_text!r} is a share, not a quantity. State the quantity itself.",
            f"单位“{unit_text}”是比例而非数量。请填写数量本身。",
        )
    text, basis = _without_basis(text)
    try:
        product = _as_product(text)
    except _TwoMeanings as found:
        raise AmbiguousUnitError(*_ambiguous(unit_text, found)) from None
    if product is None:
        raise UnknownUnitError(*_unknown(unit_text))
    scale, expression = product
    quantity = _registry().parse_expression(expression).to_base_units()
    unit = Unit(scale * quantity.magnitude, quantity.dimensionality, basis)
    if basis and not unit.dimension.get("[energy]"):
        raise UnknownUnitError(*_unknown(unit_text))
    return unit


class _TwoMeanings(Exception):
    """Ends the look-up of a name that can mean two things."""

    def __init__(self, name: str, meanings_en: str, meanings_zh: str, write: list[str]) -> None:
        super().__init__(name)
        self.name, self.write = name, write
        self.meanings_en, self.meanings_zh = meanings_en, meanings_zh


def _without_basis(text: str) -> tuple[str, str | None]:
    """The text without its calorific basis, and the basis; two of them are left to be unknown."""
    found = list(BASIS.finditer(text))
    if len(found) != 1:
        return text, None
    basis = next(name for name, words in found[0].groupdict().items() if words).rstrip("_")
    rest = f"{text[: found[0].start()].rstrip()}{text[found[0].end() :]}"
    return rest.strip(), basis


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
    if listed := _listed_as_ambiguous().get(name.replace("^", "")):
        raise listed.with_traceback(None)  # it is kept, and would keep every caller with it
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
            _check_prefix(name, unit)
    if unit is not None:
        return 1.0, f"{unit}{power}"
    for word, factor in (*CHINESE_POWERS, *ENGLISH_POWERS):
        if name.lower().startswith(word) and len(name) > len(word):
            rest = _lookup(name[len(word) :].strip())
            if rest:
                return factor * rest[0], rest[1] + power
    return None


def _check_prefix(name: str, caseless: str) -> None:
    """Refuse a name whose first letter is another SI prefix than that of the unit it resembles.

    Letters that are all small say nothing about capitals, so `mwh` can only be the usual megawatt
    hour; `mWh` has its capitals where the SI has them, and may mean what it says.
    """
    symbol = name[1:].replace(" ", "").lower()
    if name[0] not in PREFIXES or symbol not in _prefixable():
        return
    base = _prefixable()[symbol]
    stated, usual = PREFIXES[name[0]] * _size(base), _size(caseless)
    if math.isclose(stated, usual) or (name == name.lower() and stated < usual):
        return
    by_si, other = f"10^{math.log10(PREFIXES[name[0]]):.0f} {_symbol(base)}", _symbol(caseless)
    raise _TwoMeanings(
        name,
        f"{by_si} by the SI, or {other} where capitals were typed without care",
        f"按国际单位制为 {by_si}，不区分大小写则为 {other}",
        [by_si, other] if stated > usual else [other],
    )


@cache
def _prefixable() -> dict[str, str]:
    """Symbols, in lower case, of units that are in use with one of the prefixes, and the unit."""
    exact, _ = _names()
    return {
        name[1:].lower(): exact[name[1:]]
        for name, unit in exact.items()
        if name[0] in PREFIXES
        and name[1:] in exact
        and math.isclose(_size(unit), PREFIXES[name[0]] * _size(exact[name[1:]]))
    }


def _size(unit: str) -> float:
    return _registry().parse_expression(unit).to_base_units().magnitude


def _symbol(unit: str) -> str:
    return next(row["aliases"].split(";")[0] for row in _definitions() if row["unit"] == unit)


@cache
def _listed_as_ambiguous() -> dict[str, _TwoMeanings]:
    with AMBIGUOUS.open(encoding="utf-8", newline="") as file:
        return {
            text: _TwoMeanings(
                text, row["meanings_en"], row["meanings_zh"], row["write"].split(";")
            )
            for row in csv.DictReader(file)
            for text in row["texts"].split(";")
        }


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
        if caseless.setdefault(name.lower(), unit) != unit:
            raise ValueError(
                f"{DEFINITIONS.name}: in another case {name} stands for {caseless[name.lower()]}"
            )
    return exact, caseless


@cache
def _definitions() -> tuple[dict[str, str], ...]:
    with DEFINITIONS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _registry() -> pint.UnitRegistry:
    import pint  # takes half a second to import

    registry: pint.UnitRegistry = pint.UnitRegistry(None)
    for row in _definitions():
        registry.define(f"{row['unit']} = {row['definition']}")
    return registry


def _unknown(unit_text: str | None) -> tuple[str, str]:
    return (
        f"The unit {unit_text!r} is not known. "
        "Write it as in the list of units, such as kWh, t, m3, Nm3 or t*km.",
        f"单位“{unit_text}”无法识别。请按单位表填写，如 kWh、t、m3、Nm3 或 t*km。",
    )


def _ambiguous(unit_text: str | None, found: _TwoMeanings) -> tuple[str, str]:
    is_part = found.name != (unit_text or "").strip()
    return (
        f"The unit {unit_text!r}{f' ({found.name})' if is_part else ''} can mean more than one "
        f"thing: {found.meanings_en}. Write {' or '.join(found.write)}.",
        f"单位“{unit_text}”{f'（{found.name}）' if is_part else ''}有多种含义："
        f"{found.meanings_zh}。请写作 {' 或 '.join(found.write)}。",
    )


def _wrong_basis(
    unit_text: str | None, typed: str | None, unit_code: str, canonical: str | None
) -> tuple[str, str]:
    said = {"gross": "gross (GCV)", "net": "net (NCV)", None: "not stated"}
    said_zh = {"gross": "高位（GCV）", "net": "低位（NCV）", None: "未说明"}
    message_en = (
        f"The dimensions don't meet: the calorific basis of {unit_text!r} is {said[typed]}, that "
        f"of {unit_code!r} is {said[canonical]}; the two differ by 5 to 11 %. "
    )
    message_zh = (
        f"“{unit_text}”的热值基准为{said_zh[typed]}，“{unit_code}”为{said_zh[canonical]}，"
        "二者相差 5% 至 11%。"
    )
    if None in (typed, canonical):
        return (
            f"{message_en}State the basis of both, such as kWh (Gross CV) or MJ/Nm3 (Net CV).",
            f"{message_zh}请注明两者的基准，如 kWh（Gross CV）或 MJ/Nm3（Net CV）。",
        )
    return (
        f"{message_en}Give the flow net_per_gross in company/flow_properties.csv, or state both "
        "on one basis.",
        f"{message_zh}请在 company/flow_properties.csv 中填写该物料的 net_per_gross，"
        "或统一热值基准。",
    )


def _wrong_dimension(
    unit_text: str | None, typed: Unit, unit_code: str, canonical: Unit
) -> tuple[str, str]:
    kinds = [str(unit.dimension) for unit in (typed, canonical)]
    measured, wanted = (DIMENSION_NAMES.get(kind, (kind, kind)) for kind in kinds)
    message_en = (
        f"The unit {unit_text!r} has another dimension: it measures {measured[0]}; the flow needs "
        f"{wanted[0]}, in {unit_code}. "
    )
    message_zh = f"单位“{unit_text}”计量的是{measured[1]}，而该物料须为{wanted[1]}（{unit_code}）。"
    if set(kinds) == {"[normal_volume]", "[length] ** 3"}:
        return (
            f"{message_en}State the gas volume at normal conditions, in Nm3; at 15 degC it is Sm3, "
            "at 60 degF scf or Mscf.",
            f"{message_zh}请按标准状态（0 ℃）填写 Nm3；15 ℃ 时为 Sm3，60 ℉ 时为 scf 或 Mscf。",
        )
    if set(kinds) == {"[mass]", "[length] ** 3"}:
        return (
            f"{message_en}State it in {unit_code}, or give the flow a density.",
            f"{message_zh}请以 {unit_code} 填写，或为该物料提供密度。",
        )
    if kinds[0] == "[energy]" and kinds[1] in AMOUNTS_OF_FUEL:
        return (
            f"{message_en}State it in {unit_code}; a fuel that is bought by energy is kept in one, "
            "with unit_code kWh (Gross CV) or the like in company/flows.csv.",
            f"{message_zh}请以 {unit_code} 填写；按能量购买的燃料应在 company/flows.csv 中以能量为 "
            "unit_code，如 kWh（Gross CV）。",
        )
    return f"{message_en}State it in {unit_code}.", f"{message_zh}请以 {unit_code} 填写。"
