"""Factor versions as typed, turned into numbers and units; every complaint names its cell."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from expectations.preparation import as_number, convert
from orchestration.company.physical_bounds import GAS_MASS, bound_of
from orchestration.company.table_checks import bridges, country_codes, spelling
from orchestration.company.units import Bridges, UnitError, conversion, parse

SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"
GASES_SEED, GWP_SEED = SEEDS / "gases.csv", SEEDS / "gwp.csv"
GWP_SET = "AR6"
"""Only the size of a factor is judged by it, for which the sets make no difference."""

GWP_SETS = ("SAR", "TAR", "AR4", "AR5", "AR6", "unstated")
"""In which a published kg_co2e may be stated."""

PROVENANCE = ("source_file", "source_sha256", "source_line")
BOUNDARIES = ("direct", "generation", "upstream", "losses", "life_cycle")
BASES = ("location", "market", "both")
GAS_COLUMNS = {
    "kg_co2_fossil": "co2_fossil",
    "kg_co2_biogenic": "co2_biogenic",
    "kg_co2_luc": "co2_luc",
    "kg_ch4_fossil": "ch4_fossil",
    "kg_ch4_biogenic": "ch4_biogenic",
    "kg_n2o": "n2o",
    "kg_co2e": "co2e",
}
OUTSIDE_THE_AGGREGATE = ("co2e", "co2_biogenic")
"""Biogenic CO2 stands beside a published CO2e, because it is not part of it."""
FUEL_COLUMNS = ("ncv", "carbon_content_tc_per_tj", "oxidation_fraction")
COLUMNS = (
    *("factor_id", "edition", "flow_id", "boundary", "basis", "geography", "supplier_id"),
    *("technology", "data_year", "valid_from", "valid_to", "unit"),
    *GAS_COLUMNS,
    *("other_gases", "gwp_set", "ncv", "ncv_unit", "carbon_content_tc_per_tj"),
    *("oxidation_fraction", "source_id", "source_locator", "status", "note"),
)
RATINGS = ("technological", "geographical", "temporal")
SCORED = ("technology_match", "data_geography")
"""How well the figure fits what it is used for; a library without them is scored as unknown."""

CARBON = ("carbon_content", "carbon_content_unit")
"""Carbon in an amount of a fuel: what a laboratory finds, and needs no calorific value."""

REMOVAL = "removal"
"""Whether a figure takes away what is counted elsewhere, or out of the air: it may be negative."""
UNCOUNTED = ("co2_biogenic",)
"""Gases that stand outside the total: their uptake is no credit."""

STATED_QUALITY = ("primary_data_share", *(f"{name}_dqr" for name in RATINGS))
"""What a supplier says of its own figure: share of primary data, and ratings from 1 to 5."""

OPTIONAL_COLUMNS = (*SCORED, *CARBON, "loss_rate", REMOVAL, *STATED_QUALITY)
RECORD_PROBLEMS = "record_problems"
RECEIVED = ("record_id", "record_status", "superseded_by", RECORD_PROBLEMS)
"""Columns of a library made of suppliers' PACT records: what was read of each, and what is wrong."""

PARTS_BESIDE_THE_AGGREGATE = ("co2_luc", "ch4_biogenic")
"""Parts that a PACT record states apart: they are not in the CO2e beside them."""

NO_FIGURE = (
    "factor_numbers_parse",
    "factor_gas_known",
    "factor_has_value",
    "factor_unit_parses",
    "factor_fuel_parameters",
)
"""What leaves a row without a figure that could be judged."""

NET = "net"
NET_BY_CONVENTION = "TJ"
"""The unit of a factor that is net where it says nothing: IPCC 2006 V2 1.4.1.2, GB/T 32151."""
LIBRARY_OF_RECORDS = "supplier_footprints"
"""The library of suppliers' PACT records, as libraries.csv declares it; a record of one supplier
stands in `supplier_footprints_SUPPLIER`."""

UNREADABLE = "unreadable"
"""The one column of a library that can't be read: why, and in which line."""

WORLD = "GLO"
PLACE_COLUMNS = ("facility_id", "subdivision", "grid_region", "country")
"""Of facilities: what the geography of a factor may name."""

TECHNOLOGY_MATCHES = ("plant", "company", "equivalent", "proxy")


@dataclass
class FactorRow:
    """A factor version while it is parsed: what it gives and what is wrong with it."""

    library: str
    text: Mapping[str, str | None]
    added: dict[str, object] = field(default_factory=dict)
    gases: dict[str, float] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str]] = field(default_factory=list)

    def complain(self, rule_id: str, column: str, expected: str, observed: object = None) -> None:
        """Keep what is wrong with a cell; what it says is looked up unless given."""
        stated = self.text.get(column) if observed is None else observed
        self.problems.append((rule_id, column, str(stated or "blank"), expected))

    def number(self, column: str) -> float | None:
        """The number of a cell, or None when it is blank or (with a complaint) is none."""
        text = self.text.get(column)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
        self.complain("factor_numbers_parse", column, "a number")
        return None


class Energy(NamedTuple):
    """TJ of a unit, or in a unit of a flow; gross or net where the unit says so."""

    tj: float
    basis: str | None
    unit: str


@dataclass(frozen=True)
class FactorCompany:
    """What a factor has to fit: units of flows, their properties, sources and priorities."""

    unit_codes: Mapping[str, str]
    flow_kinds: Mapping[str, str | None]
    bridges: Mapping[str, Bridges]
    calorific_values: Mapping[str, tuple[float, str]]
    places: Mapping[str, str]
    suppliers: Mapping[str, str]
    sources: Mapping[str, Mapping[str, str | None]]
    priorities: Mapping[str, str | None]


def company_of(
    landed: Mapping[str, pa.Table],
    flows: pa.Table,
    flow_properties: pa.Table,
    facilities: pa.Table,
    suppliers: pa.Table,
) -> FactorCompany:
    """The company's flows, sources and priorities, ready to look up."""
    calorific_values = {}
    properties = flow_properties.to_pylist()
    for row in properties:
        value = as_number(row["value"])
        if value and row["property"] == "ncv" and row["unit"]:
            calorific_values[row["flow_id"]] = (value, row["unit"])
    sources = landed.get("sources")
    priorities = landed.get("libraries")
    listed = flows.to_pylist()
    return FactorCompany(
        unit_codes={row["flow_id"]: row["unit_code"] for row in listed},
        flow_kinds={row["flow_id"]: row.get("flow_kind") for row in listed},
        bridges=bridges(properties),
        calorific_values=calorific_values,
        places=_by_spelling(
            [WORLD, *(row.get(name) for row in facilities.to_pylist() for name in PLACE_COLUMNS)]
        ),
        suppliers=_by_spelling(row["supplier_id"] for row in suppliers.to_pylist()),
        sources={row["source_id"]: row for row in sources.to_pylist()} if sources else {},
        priorities=(
            {row["library"]: row.get("priority") for row in priorities.to_pylist()}
            if priorities
            else {}
        ),
    )


def _by_spelling(keys: Iterable[str | None]) -> dict[str, str]:
    return {spelling(key): key for key in keys if key}


def parse_library(library: str, table: pa.Table, company: FactorCompany) -> Iterator[FactorRow]:
    """Every factor version of a library, and one row for what concerns the file as a whole."""
    file = str(table["source_file"][0].as_py()) if table.num_rows else f"{library}.csv"
    head = FactorRow(library, {"source_file": file, "source_line": "1"})
    if UNREADABLE in table.column_names:
        for text in table.to_pylist():
            row = FactorRow(library, text)
            row.complain("factor_library_readable", UNREADABLE, "a table of factors")
            yield row
        return
    for column in sorted({*COLUMNS} - {*table.column_names}):
        head.complain("factor_columns", "header", "is missing", column)
    known = {*COLUMNS, *OPTIONAL_COLUMNS, *PROVENANCE}
    if library.startswith(LIBRARY_OF_RECORDS):
        known |= {*RECEIVED}
    for column in sorted({*table.column_names} - known):
        head.complain("factor_columns", "header", "is not known", column)
    priority = company.priorities.get(library)
    try:
        head.added["library_priority"] = float(priority or "")
    except ValueError:
        head.complain("library_declared", "library", "a line with a number", priority)
    yield head
    seen: set[str] = set()
    for text in table.to_pylist():
        row = FactorRow(library, text)
        for problem in json.loads(text.get(RECORD_PROBLEMS) or "[]"):
            row.complain(*problem)
        if RECORD_PROBLEMS in text and text["factor_id"] is None:  # of this record no factor came
            yield row
            continue
        _identify(row, seen)
        _describe(row, company)
        row.added["library_priority"] = head.added.get("library_priority")
        _read_values(row)
        _read_units(row, company)
        _judge_size(row, company)
        yield row


def _identify(row: FactorRow, seen: set[str]) -> None:
    version = f"{row.library}:{row.text.get('factor_id')}@{row.text.get('edition')}"
    row.added |= {"library": row.library, "factor_version_id": version}
    for column in ("factor_id", "edition"):
        if row.text.get(column) is None:
            row.complain("factor_identified", column, "an id")
    if version in seen:
        row.complain("factor_identified", "factor_id", "an id used once", version)
    seen.add(version)


def _describe(row: FactorRow, company: FactorCompany) -> None:
    """Sources, words and dates."""
    cited = [part.strip() for part in (row.text.get("source_id") or "").split(";") if part.strip()]
    if not cited:
        row.complain("factor_source_present", "source_id", "a source of sources.csv")
    if row.text.get("source_locator") is None:
        row.complain("factor_source_present", "source_locator", "the table, page or row")
    known = [company.sources[one] for one in cited if one in company.sources]
    for one in cited:
        source = company.sources.get(one)
        if source is None:
            row.complain("factor_source_present", "source_id", "a source of sources.csv", one)
        elif not source.get("licence") or not source.get("publisher"):
            row.complain("factor_licence_present", "source_id", "publisher and licence", one)
    for name, column in (("publisher",) * 2, ("source_title", "title"), ("licence",) * 2):
        row.added[name] = "; ".join(dict.fromkeys(str(s[column]) for s in known if s.get(column)))
    for column, words in (("boundary", BOUNDARIES), ("basis", BASES)):
        if row.text.get(column) not in words:
            row.complain("factor_words_known", column, " or ".join(words))
    if row.text.get("technology_match") not in (None, *TECHNOLOGY_MATCHES):
        row.complain("factor_words_known", "technology_match", " or ".join(TECHNOLOGY_MATCHES))
    if row.text.get("gwp_set") not in (None, *GWP_SETS):
        row.complain("factor_words_known", "gwp_set", " or ".join(GWP_SETS))
    _find_in_registers(row, company)
    first, end = _day(row, "valid_from"), _day(row, "valid_to")
    if row.text.get("valid_from") is None:
        row.complain("factor_validity_parses", "valid_from", "the first day, YYYY-MM-DD")
    if first and end and end <= first:
        row.complain("factor_validity_parses", "valid_to", "a day after valid_from, or blank")
    row.added |= {"first_day": first, "end_day": end}
    year = row.text.get("data_year")
    if year is not None and not (year.isdigit() and len(year) == 4):
        row.complain("factor_numbers_parse", "data_year", "a year")


def _find_in_registers(row: FactorRow, company: FactorCompany) -> None:
    """A key in other capitals, or one that nothing has, would leave the choice to the average."""
    geography, supplier = row.text.get("geography"), row.text.get("supplier_id")
    if geography is not None:
        place = company.places.get(spelling(geography))
        if place is not None and place != geography:
            row.complain("factor_place_known", "geography", place)
        elif place is None and geography.partition("-")[0] not in country_codes():
            row.complain(
                "factor_place_met",
                "geography",
                "a place of company/facilities.csv, a country or GLO",
            )
    if supplier is not None and company.suppliers.get(spelling(supplier)) != supplier:
        known = company.suppliers.get(spelling(supplier), "a supplier of company/suppliers.csv")
        row.complain("factor_supplier_known", "supplier_id", known)


def _day(row: FactorRow, column: str) -> date | None:
    text = row.text.get(column)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.complain("factor_validity_parses", column, "a day, YYYY-MM-DD")
        return None


def _read_values(row: FactorRow) -> None:
    """Kilograms of each gas per unit of the factor."""
    for column, gas_code in GAS_COLUMNS.items():
        value = row.number(column)
        if value is not None:
            row.gases[gas_code] = value
    for part in (row.text.get("other_gases") or "").split(";"):
        gas_code, _, amount = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if gas_code not in known_gases() or gas_code in row.gases:
            row.complain("factor_gas_known", "other_gases", "a gas code, once", gas_code)
            continue
        try:
            row.gases[gas_code] = float(amount)
        except ValueError:
            row.complain("factor_gas_known", "other_gases", "gas=kg", part)
    beside = set(OUTSIDE_THE_AGGREGATE)
    if row.text.get("record_id"):
        beside |= set(PARTS_BESIDE_THE_AGGREGATE)
    if "co2e" in row.gases and not set(row.gases) <= beside:
        row.complain("factor_has_value", "kg_co2e", "kg_co2e or the gases, not both")
    others = ("carbon_content_tc_per_tj", "carbon_content", "loss_rate")
    if not row.gases and all(row.text.get(column) is None for column in others):
        row.complain("factor_has_value", "kg_co2_fossil", "at least one value")
    _read_loss_rate(row)
    _check_removal(row)
    _read_stated_quality(row)


def _read_stated_quality(row: FactorRow) -> None:
    """A share of primary data is a share, a rating one of the matrix; both are a supplier's."""
    bounds = dict.fromkeys(STATED_QUALITY, (1.0, 5.0)) | {"primary_data_share": (0.0, 1.0)}
    for column, (low, high) in bounds.items():
        value = row.number(column)
        if value is not None and not low <= value <= high:
            row.complain("factor_numbers_parse", column, f"a number from {low:g} to {high:g}")


def _read_loss_rate(row: FactorRow) -> None:
    """What the grid loses for each unit delivered; its gases are those of the generation."""
    rate = row.number("loss_rate")
    if rate is None:
        return
    if row.text.get("boundary") != "losses":
        row.complain("factor_loss_rate", "boundary", "losses, beside a loss_rate")
    if not 0 < rate < 1:
        row.complain("factor_loss_rate", "loss_rate", "above 0, below 1: lost per unit delivered")
    if row.gases:
        row.complain("factor_loss_rate", "loss_rate", "a rate or the gases, not both")


def _check_removal(row: FactorRow) -> None:
    """Below zero is what is taken away, and said to be; what is displaced is a credit, and none."""
    said = row.text.get("removal")
    if said not in (None, "true", "false"):
        row.complain("factor_words_known", "removal", "true, or blank")
    columns = {gas_code: column for column, gas_code in GAS_COLUMNS.items()}
    negative = [
        gas_code for gas_code, value in row.gases.items() if value < 0 and gas_code not in UNCOUNTED
    ]
    if negative and said != "true":
        column = columns.get(negative[0], "other_gases")
        row.complain("factor_removal_declared", column, "0 or more, or true under removal")
    if said == "true" and not negative:
        row.complain("factor_removal_declared", "removal", "a figure below zero")


def _read_units(row: FactorRow, company: FactorCompany) -> None:
    """How many units of the factor one canonical unit of the flow is."""
    flow_id, unit = row.text.get("flow_id") or "", row.text.get("unit")
    unit_code = company.unit_codes.get(flow_id)
    numbers = {column: row.number(column) for column in FUEL_COLUMNS}
    row.added |= {"flow_unit_code": unit_code, "is_energy_based": False}
    if unit_code is None:
        return
    if unit is None:
        row.complain("factor_unit_parses", "unit", f"write one that leads to {unit_code}")
        return
    bridge = company.bridges.get(flow_id, Bridges())
    multiplier, problem = convert(unit, unit_code, bridge)
    energy = _energy(unit)
    if multiplier:
        row.added["factor_units_per_flow_unit"] = 1.0 / multiplier
    elif energy is None or _energy(unit_code):
        row.complain("factor_unit_parses", "unit", (problem or "").rstrip("."), unit)
    else:
        _join_by_calorific_value(row, company, numbers["ncv"], unit_code, energy)
    if numbers["carbon_content_tc_per_tj"] is not None:
        if multiplier and energy:  # the fuel itself is measured in an energy unit
            row.added["tj_per_flow_unit"] = energy.tj / multiplier
        _check_carbon_content(row, unit, numbers["oxidation_fraction"])
    elif row.text.get("carbon_content") is not None:
        _read_carbon_content(row, unit, bridge, numbers["oxidation_fraction"])
    _check_stated_co2e(row, unit)


def _read_carbon_content(
    row: FactorRow, unit: str, bridge: Bridges, oxidation: float | None
) -> None:
    """CO2 of a fuel from the carbon in an amount of it: content × oxidation × 44/12 (IPCC 2006 V2
    ch. 2, tier 2)."""
    content, content_unit = row.number("carbon_content"), row.text.get("carbon_content_unit")
    if oxidation is None or not 0 < oxidation <= 1:
        row.complain("factor_fuel_parameters", "oxidation_fraction", "above 0, at most 1")
    if "co2_fossil" in row.gases:
        row.complain("factor_fuel_parameters", "kg_co2_fossil", "blank beside carbon content")
    per_unit, problem = convert(content_unit or "", f"kg/{unit}", bridge)
    if per_unit is None:
        row.complain("factor_fuel_parameters", "carbon_content_unit", problem or f"kgC/{unit}")
    elif content is not None and oxidation is not None:
        row.gases["co2_fossil"] = content * per_unit * oxidation * 44 / 12


def _check_stated_co2e(row: FactorRow, unit: str) -> None:
    """A kilogram of CO2e that a supplier states is a kilogram of CO2e, whatever the library says."""
    per_unit, _ = convert(unit, "kgCO2e", Bridges())
    if per_unit is None:
        return
    stated = row.gases.get("co2e")
    if set(row.gases) != {"co2e"} or stated is None or not math.isclose(stated, per_unit):
        row.complain("factor_of_stated_co2e", "kg_co2e", f"{per_unit:g} and nothing else")


def _join_by_calorific_value(
    row: FactorRow, company: FactorCompany, ncv: float | None, unit_code: str, energy: Energy
) -> None:
    """Units of a factor per energy in one unit of a flow that is kept in mass or volume.

    Factor and calorific value have to rest on one basis, gross or net, or on two whose ratio is
    known. A factor per TJ is net, as IPCC and the Chinese guidelines publish it, and so is a
    calorific value that stands as the flow's property or beside a net factor. A row that brings
    its own value and states no basis at all is on one, whichever it is.
    """
    flow_id, unit = row.text.get("flow_id") or "", row.text.get("unit") or ""
    bridge = company.bridges.get(flow_id, Bridges())
    value = _calorific_value(row, company, ncv, unit_code, bridge)
    if value is None:
        return
    of_factor = energy.basis or (NET if unit == NET_BY_CONVENTION else None)
    of_value = value.basis or (NET if ncv is None or of_factor == NET else None)
    tj_on_basis_of_factor, ratio = value.tj, bridge.net_per_gross
    if of_factor != of_value:
        if of_factor is None or of_value is None:
            where, stated = ("unit", unit) if of_factor is None else ("ncv_unit", value.unit)
            known = of_factor or of_value
            row.complain(
                "factor_calorific_basis",
                where,
                f"{stated} (Gross CV) or {stated} (Net CV), as it meets a {known} value",
                stated,
            )
            return
        if ratio is None:
            row.complain(
                "factor_calorific_basis",
                "unit",
                f"net_per_gross of {flow_id} in company/flow_properties.csv, as a {of_factor} "
                f"factor meets a {of_value} calorific value",
            )
            return
        tj_on_basis_of_factor *= ratio if of_factor == NET else 1 / ratio
    row.added |= {
        "is_energy_based": True,
        "tj_per_flow_unit": _net_tj(value.tj, of_value, ratio),
        "factor_units_per_flow_unit": tj_on_basis_of_factor / energy.tj,
    }


def _net_tj(tj: float, basis: str | None, net_per_gross: float | None) -> float | None:
    """The net calorific value that a measured one replaces; None where it can't be told."""
    if basis == NET:
        return tj
    return tj * net_per_gross if basis is not None and net_per_gross is not None else None


def _calorific_value(
    row: FactorRow, company: FactorCompany, ncv: float | None, unit_code: str, bridge: Bridges
) -> Energy | None:
    """TJ in one canonical unit of the flow: the row's own figure before the flow's."""
    value, unit = (ncv, row.text.get("ncv_unit"))
    if value is None:
        value, unit = company.calorific_values.get(row.text.get("flow_id") or "", (None, None))
    if value is None or unit is None or "/" not in unit or value <= 0:
        row.complain(
            "factor_unit_parses", "ncv", f"it takes a calorific value to get to {unit_code}"
        )
        return None
    try:
        basis = parse(unit).basis
        per_unit = conversion(unit, f"TJ/{unit_code}", **bridge._asdict(), unstated_basis=basis)
    except UnitError as error:
        row.complain("factor_unit_parses", "ncv_unit", str(error).rstrip("."), unit)
        return None
    return Energy(value * per_unit, basis, unit)


def _energy(unit: str) -> Energy | None:
    """TJ in an energy unit, and its basis; None for every other unit."""
    try:
        parsed, one_tj = parse(unit), parse("TJ")
    except UnitError:
        return None
    if parsed.dimension != one_tj.dimension:
        return None
    return Energy(parsed.factor / one_tj.factor, parsed.basis, unit)


def _check_carbon_content(row: FactorRow, unit: str, oxidation: float | None) -> None:
    energy = _energy(unit)
    if energy is None or energy.tj != 1.0 or energy.basis not in (None, NET):
        row.complain("factor_fuel_parameters", "unit", "TJ")
    if oxidation is None or not 0 < oxidation <= 1:
        row.complain("factor_fuel_parameters", "oxidation_fraction", "above 0, at most 1")
    if "co2_fossil" in row.gases:
        row.complain("factor_fuel_parameters", "kg_co2_fossil", "blank beside carbon content")


def _judge_size(row: FactorRow, company: FactorCompany) -> None:
    """Whether physics allows the figures of a row; and kg CO2e per unit of the flow, to compare."""
    flow_id, unit = row.text.get("flow_id") or "", row.text.get("unit")
    if unit is None or flow_id not in company.unit_codes:
        return
    kind, boundary = company.flow_kinds.get(flow_id), row.text.get("boundary") or ""
    for column, quantity, of_unit in (
        ("ncv", "ncv", row.text.get("ncv_unit")),
        ("carbon_content_tc_per_tj", "carbon_content", "t/TJ"),
    ):
        value = as_number(row.text.get(column))
        bound = bound_of(quantity, kind, of_unit) if of_unit else None
        if value is not None and bound is not None and not bound.is_possible(value):
            row.complain("factor_possible", column, bound.span(of_unit or ""), f"{value:g}")
    gases = comparable_gases(row)
    if not gases or any(rule_id in NO_FIGURE for rule_id, *_ in row.problems):
        return
    counted = {gas: kg * _gwp(gas, boundary) for gas, kg in gases.items()}
    kgco2e = math.fsum(counted.values())
    column = _column_of(row, max(counted, key=lambda gas: abs(counted[gas])))
    for quantity, amount, what in (
        (boundary, kgco2e, "kg CO2e"),
        (GAS_MASS, math.fsum(gases.values()), "kg of gases"),
    ):
        bound = bound_of(quantity, kind, f"kg/{unit}")
        if bound is None or (quantity == GAS_MASS and "co2e" in gases):
            continue
        stated = f"{amount:.6g} {what} per {unit}"
        if not bound.is_possible(amount):
            row.complain("factor_possible", column, bound.span(f"{what} per {unit}"), stated)
        elif not bound.is_usual(amount):
            usual = f"at most {bound.usual_most:.4g} {what} per {unit}"
            row.complain("factor_unusual", column, usual, stated)
    per_flow_unit = row.added.get("factor_units_per_flow_unit")
    if isinstance(per_flow_unit, float) and not row.problems:
        row.added["kgco2e_per_flow_unit"] = kgco2e * per_flow_unit


def _gwp(gas_code: str, boundary: str) -> float:
    """Biogenic CO2 is outside the total, and yet a mass that comes out of a fuel."""
    return float(boundary == "direct") if gas_code == "co2_biogenic" else known_gwps()[gas_code]


def _column_of(row: FactorRow, gas_code: str) -> str:
    """The cell that a gas was read from."""
    for column, code in GAS_COLUMNS.items():
        if code == gas_code and row.text.get(column) is not None:
            return column
    if gas_code != "co2_fossil":
        return "other_gases"
    return "carbon_content" if row.text.get("carbon_content") else "carbon_content_tc_per_tj"


def comparable_gases(row: FactorRow) -> dict[str, float]:
    """The gases of a row, CO2 from carbon content included."""
    try:
        carbon = float(row.text.get("carbon_content_tc_per_tj") or "")
        oxidation = float(row.text.get("oxidation_fraction") or "")
    except ValueError:
        return row.gases
    return {"co2_fossil": carbon * 1000 * oxidation * 44 / 12} | row.gases


@cache
def known_gwps() -> Mapping[str, float]:
    """GWP-100 of every gas; one without is taken as CO2."""
    with GWP_SEED.open(encoding="utf-8") as file:
        stated = {
            row["gas_code"]: float(row["gwp100"])
            for row in csv.DictReader(file)
            if row["gwp_set"] == GWP_SET and row["gwp100"]
        }
    return {gas_code: stated.get(gas_code, 1.0) for gas_code in known_gases()}


@cache
def known_gases() -> frozenset[str]:
    """The gas codes of the method."""
    with GASES_SEED.open(encoding="utf-8") as file:
        return frozenset(row["gas_code"] for row in csv.DictReader(file))
