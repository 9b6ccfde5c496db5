"""Judge the factor libraries together; a library with a critical finding is refused as a whole.

What was accepted of a refused library before stays in force: the caller keeps those rows.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.factor_library import KEY, RULES
from expectations.judge import RuleResult, judge
from expectations.preparation import SHOWN, TOLERANCE, as_number, convert
from expectations.verdict import find

GASES_SEED = Path(__file__).parents[1] / "dbt_project" / "seeds" / "gases.csv"
NOT_LIBRARIES = ("sources", "libraries")
PROVENANCE = ("source_file", "source_sha256", "source_line")
BOUNDARIES = ("direct", "generation", "upstream", "life_cycle")
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
ADDED = pa.schema(
    [
        ("library", pa.string()),
        ("library_priority", pa.float64()),
        ("factor_version_id", pa.string()),
        ("publisher", pa.string()),
        ("source_title", pa.string()),
        ("licence", pa.string()),
        ("flow_unit_code", pa.string()),
        ("is_energy_based", pa.bool_()),
        ("tj_per_flow_unit", pa.float64()),
        ("factor_units_per_flow_unit", pa.float64()),
    ]
)
FACTOR_SCHEMA = pa.schema(
    [*((name, pa.string()) for name in (*COLUMNS, *PROVENANCE)), *((f.name, f.type) for f in ADDED)]
)
GAS_SCHEMA = pa.schema(
    [
        ("factor_version_id", pa.string()),
        ("gas_code", pa.string()),
        ("kg_per_factor_unit", pa.float64()),
    ]
)
FACTOR_VERDICT_SCHEMA = pa.schema(
    [
        ("library", pa.string()),
        ("state", pa.string()),
        ("source_file", pa.string()),
        ("source_sha256", pa.string()),
        ("critical_count", pa.int64()),
        ("warning_count", pa.int64()),
        ("row_count", pa.int64()),
    ]
)

PAIRS = f"""
create or replace temp table gate_factor_pair as
select mine.*, theirs.library as other_library, theirs.library_priority as other_priority,
    theirs.factor_version_id as other_id, theirs.factor_units_per_flow_unit as other_units
from gate_factor mine join gate_factor theirs
    on theirs.library <> mine.library
    {"".join(f" and theirs.{c} is not distinct from mine.{c}" for c in KEY.split(", "))}
    and theirs.first_day < coalesce(mine.end_day, date '9999-12-31')
    and mine.first_day < coalesce(theirs.end_day, date '9999-12-31')
where mine.flow_unit_code is not null;

create or replace temp table gate_factor_difference as
select * from (
    select pair.*, my_gas.gas_code,
        my_gas.kg_per_factor_unit * pair.factor_units_per_flow_unit as mine,
        their_gas.kg_per_factor_unit * pair.other_units as theirs,
        coalesce(tolerance_of('factor_libraries_disagree', pair.library, pair.flow_id), 0)
            as tolerance
    from gate_factor_pair pair
        join gate_gas my_gas on my_gas.factor_version_id = pair.factor_version_id
        join gate_gas their_gas on their_gas.factor_version_id = pair.other_id
            and their_gas.gas_code = my_gas.gas_code
    where pair.library_priority > pair.other_priority
)
where abs(mine - theirs) > tolerance * abs(theirs) + 1e-9 * greatest(abs(mine), abs(theirs))
qualify row_number() over (partition by factor_version_id, other_id
    order by abs(mine - theirs) desc) = 1
"""


@dataclass(frozen=True)
class FactorJudgement:
    """What the gate says about the factor libraries."""

    findings: pa.Table
    verdicts: pa.Table
    factors: pa.Table
    gases: pa.Table
    refused_libraries: tuple[str, ...]
    results: tuple[RuleResult, ...]


@dataclass
class _Row:
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


@dataclass(frozen=True)
class _Company:
    """What a factor has to fit: units of flows, their properties, sources and priorities."""

    unit_codes: Mapping[str, str]
    densities: Mapping[str, float]
    calorific_values: Mapping[str, tuple[float, str]]
    sources: Mapping[str, Mapping[str, str | None]]
    priorities: Mapping[str, str | None]


def judge_factors(
    landed: Mapping[str, pa.Table],
    *,
    flows: pa.Table,
    flow_properties: pa.Table,
    tolerances: pa.Table | None = None,
) -> FactorJudgement:
    """Judge every landed library (`<library>`: all text), beside `sources` and `libraries`.

    `factors` and `gases` hold the accepted libraries' factors of the company's flows.
    """
    company = _company(landed, flows, flow_properties)
    libraries = {name: table for name, table in landed.items() if name not in NOT_LIBRARIES}
    rows = [
        row for name, table in sorted(libraries.items()) for row in _parse(name, table, company)
    ]
    with duckdb.connect() as connection:
        results, findings = _judge(connection, rows, flows, tolerances)
    critical = findings.filter(pc.equal(findings["severity"], "critical"))
    refused = {str(name).split("/", 1)[1] for name in critical["hand_in"].to_pylist()}
    kept = [row for row in rows if row.library not in refused and row.added.get("flow_unit_code")]
    return FactorJudgement(
        findings=findings,
        verdicts=_verdicts(libraries, findings, refused),
        factors=_table([{**row.text, **row.added} for row in kept], FACTOR_SCHEMA),
        gases=_table(
            [
                {
                    "factor_version_id": row.added["factor_version_id"],
                    "gas_code": gas_code,
                    "kg_per_factor_unit": value,
                }
                for row in kept
                for gas_code, value in row.gases.items()
            ],
            GAS_SCHEMA,
        ),
        refused_libraries=tuple(sorted(refused)),
        results=tuple(results),
    )


def _judge(
    connection: duckdb.DuckDBPyConnection,
    rows: list[_Row],
    flows: pa.Table,
    tolerances: pa.Table | None,
) -> tuple[list[RuleResult], pa.Table]:
    days = pa.schema([("first_day", pa.date32()), ("end_day", pa.date32())])
    schema = pa.unify_schemas([FACTOR_SCHEMA, days])
    text = pa.schema(
        [(name, pa.string()) for name in ("rule_id", "source", "flow_id", "tolerance")]
    )
    places = ("library", "factor_id", "flow_id", *PROVENANCE)
    problem_columns = (*places, "rule_id", "field", "observed", "expected")
    tables = {
        "factor_rows": _table([{**row.text, **row.added} for row in rows], schema),
        "gate_gas": _table(
            [
                {
                    "factor_version_id": row.added.get("factor_version_id"),
                    "gas_code": gas_code,
                    "kg_per_factor_unit": value,
                }
                for row in rows
                for gas_code, value in _comparable_gases(row).items()
            ],
            GAS_SCHEMA,
        ),
        "gate_factor_problem": _table(
            [
                {**row.text, "library": row.library}
                | dict(zip(problem_columns[-4:], problem, strict=True))
                for row in rows
                for problem in row.problems
            ],
            pa.schema([(name, pa.string()) for name in problem_columns]),
        ),
        "flows": flows,
        "tolerances": text.empty_table() if tolerances is None else tolerances,
    }
    for name, table in tables.items():
        connection.register(name, table)
    connection.execute(
        "create temp table gate_factor as select * from factor_rows where factor_id is not null"
    )
    for statement in (SHOWN, TOLERANCE, PAIRS):
        connection.execute(statement)
    results = judge(connection, "gate_factor", {"factor_library": RULES})
    return results, find(connection, results, "gate_factor", None)


def _company(
    landed: Mapping[str, pa.Table], flows: pa.Table, flow_properties: pa.Table
) -> _Company:
    densities, calorific_values = {}, {}
    for row in flow_properties.to_pylist():
        value = as_number(row["value"])
        if value and row["property"] == "density" and row["unit"] == "kg/L":
            densities[row["flow_id"]] = value
        if value and row["property"] == "ncv" and row["unit"]:
            calorific_values[row["flow_id"]] = (value, row["unit"])
    sources = landed.get("sources")
    priorities = landed.get("libraries")
    return _Company(
        unit_codes={row["flow_id"]: row["unit_code"] for row in flows.to_pylist()},
        densities=densities,
        calorific_values=calorific_values,
        sources={row["source_id"]: row for row in sources.to_pylist()} if sources else {},
        priorities=(
            {row["library"]: row.get("priority") for row in priorities.to_pylist()}
            if priorities
            else {}
        ),
    )


def _parse(library: str, table: pa.Table, company: _Company) -> Iterator[_Row]:
    """Every factor version of a library, and one row for what concerns the file as a whole."""
    file = str(table["source_file"][0].as_py()) if table.num_rows else f"{library}.csv"
    head = _Row(library, {"source_file": file, "source_line": "1"})
    for column in sorted({*COLUMNS} - {*table.column_names}):
        head.complain("factor_columns", "header", "is missing", column)
    for column in sorted({*table.column_names} - {*COLUMNS, *PROVENANCE}):
        head.complain("factor_columns", "header", "is not known", column)
    priority = company.priorities.get(library)
    try:
        head.added["library_priority"] = float(priority or "")
    except ValueError:
        head.complain("library_declared", "library", "a line with a number", priority)
    yield head
    seen: set[str] = set()
    for text in table.to_pylist():
        row = _Row(library, text)
        _identify(row, seen)
        _describe(row, company)
        row.added["library_priority"] = head.added.get("library_priority")
        _read_values(row)
        _read_units(row, company)
        yield row


def _identify(row: _Row, seen: set[str]) -> None:
    version = f"{row.library}:{row.text.get('factor_id')}@{row.text.get('edition')}"
    row.added |= {"library": row.library, "factor_version_id": version}
    for column in ("factor_id", "edition"):
        if row.text.get(column) is None:
            row.complain("factor_identified", column, "an id")
    if version in seen:
        row.complain("factor_identified", "factor_id", "an id used once", version)
    seen.add(version)


def _describe(row: _Row, company: _Company) -> None:
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
    first, end = _day(row, "valid_from"), _day(row, "valid_to")
    if row.text.get("valid_from") is None:
        row.complain("factor_validity_parses", "valid_from", "the first day, YYYY-MM-DD")
    if first and end and end <= first:
        row.complain("factor_validity_parses", "valid_to", "a day after valid_from, or blank")
    row.added |= {"first_day": first, "end_day": end}
    year = row.text.get("data_year")
    if year is not None and not (year.isdigit() and len(year) == 4):
        row.complain("factor_numbers_parse", "data_year", "a year")


def _day(row: _Row, column: str) -> date | None:
    text = row.text.get(column)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.complain("factor_validity_parses", column, "a day, YYYY-MM-DD")
        return None


def _read_values(row: _Row) -> None:
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
    if "co2e" in row.gases and not set(row.gases) <= set(OUTSIDE_THE_AGGREGATE):
        row.complain("factor_has_value", "kg_co2e", "kg_co2e or the gases, not both")
    if not row.gases and row.text.get("carbon_content_tc_per_tj") is None:
        row.complain("factor_has_value", "kg_co2_fossil", "at least one value")


def _read_units(row: _Row, company: _Company) -> None:
    """How many units of the factor one canonical unit of the flow is."""
    flow_id, unit = row.text.get("flow_id") or "", row.text.get("unit")
    unit_code = company.unit_codes.get(flow_id)
    numbers = {column: row.number(column) for column in FUEL_COLUMNS}
    row.added |= {"flow_unit_code": unit_code, "is_energy_based": False}
    if unit_code is None:
        return
    if unit is None:
        row.complain("factor_unit_parses", "unit", f"a unit that leads to {unit_code}")
        return
    density = company.densities.get(flow_id)
    multiplier, problem = convert(unit, unit_code, density)
    tj_per_unit, _ = convert(unit, "TJ", None)
    if multiplier:
        row.added["factor_units_per_flow_unit"] = 1.0 / multiplier
    elif tj_per_unit is None:
        row.complain("factor_unit_parses", "unit", problem or "a unit", unit)
    else:
        tj_per_flow_unit = _calorific_value(row, company, numbers["ncv"], unit_code, density)
        if tj_per_flow_unit is not None:
            row.added |= {
                "is_energy_based": True,
                "tj_per_flow_unit": tj_per_flow_unit,
                "factor_units_per_flow_unit": tj_per_flow_unit / tj_per_unit,
            }
    if numbers["carbon_content_tc_per_tj"] is not None:
        if multiplier and tj_per_unit:  # the fuel itself is measured in an energy unit
            row.added["tj_per_flow_unit"] = tj_per_unit / multiplier
        _check_carbon_content(row, unit, numbers["oxidation_fraction"])


def _calorific_value(
    row: _Row, company: _Company, ncv: float | None, unit_code: str, density: float | None
) -> float | None:
    """TJ in one canonical unit of the flow: the row's own figure before the flow's."""
    flow_id = row.text.get("flow_id") or ""
    value, unit = (ncv, row.text.get("ncv_unit"))
    if value is None:
        value, unit = company.calorific_values.get(flow_id, (None, None))
    if value is None or unit is None or "/" not in unit or value <= 0:
        row.complain("factor_unit_parses", "ncv", f"a calorific value, to get to {unit_code}")
        return None
    energy_unit, per_unit = unit.split("/", 1)
    energy, problem = convert(energy_unit, "TJ", None)
    amount, amount_problem = convert(per_unit, unit_code, density)
    if energy is None or not amount:
        row.complain("factor_unit_parses", "ncv_unit", problem or amount_problem or "GJ/t", unit)
        return None
    return value * energy / amount


def _check_carbon_content(row: _Row, unit: str, oxidation: float | None) -> None:
    if unit != "TJ":
        row.complain("factor_fuel_parameters", "unit", "TJ")
    if oxidation is None or not 0 < oxidation <= 1:
        row.complain("factor_fuel_parameters", "oxidation_fraction", "above 0, at most 1")
    if "co2_fossil" in row.gases:
        row.complain("factor_fuel_parameters", "kg_co2_fossil", "blank beside carbon content")


def _comparable_gases(row: _Row) -> dict[str, float]:
    """The gases of a row, CO2 from carbon content included."""
    try:
        carbon = float(row.text.get("carbon_content_tc_per_tj") or "")
        oxidation = float(row.text.get("oxidation_fraction") or "")
    except ValueError:
        return row.gases
    return {"co2_fossil": carbon * 1000 * oxidation * 44 / 12} | row.gases


@cache
def known_gases() -> frozenset[str]:
    """The gas codes of the method."""
    with GASES_SEED.open(encoding="utf-8") as file:
        return frozenset(row["gas_code"] for row in csv.DictReader(file))


def _verdicts(libraries: Mapping[str, pa.Table], findings: pa.Table, refused: set[str]) -> pa.Table:
    counted = [(row["hand_in"], row["severity"]) for row in findings.to_pylist()]
    rows = []
    for library, table in sorted(libraries.items()):
        hand_in = f"emission_factors/{library}"
        warnings = counted.count((hand_in, "warning"))
        state = "accepted_with_warnings" if warnings else "accepted"
        rows.append(
            {
                "library": library,
                "state": "refused" if library in refused else state,
                "source_file": table["source_file"][0].as_py() if table.num_rows else None,
                "source_sha256": table["source_sha256"][0].as_py() if table.num_rows else None,
                "critical_count": counted.count((hand_in, "critical")),
                "warning_count": warnings,
                "row_count": table.num_rows,
            }
        )
    return _table(rows, FACTOR_VERDICT_SCHEMA)


def _table(rows: list[dict], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
