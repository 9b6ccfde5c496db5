"""The tables the rules of a round select from, built once from what the caller hands over."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from expectations.anothers_file import FIGURES, FILES_SCHEMA
from expectations.consistency import CONSISTENCY
from expectations.disputes import DISPUTE
from expectations.gate_tables import (
    AGREEMENT,
    BILL,
    BOUNDED,
    CELL,
    CELL_BESIDE,
    CELL_GROUP_KEY,
    CLOSING_AND_OPENING,
    ENRICHED,
    INCOMPLETE,
    INSTRUMENT,
    LAYOUT,
    MONTH,
    NEEDED,
    PLACE_KEY,
    PLAINLY_FINE,
    RATIO_CELL,
    REPEATED,
    REVERSAL,
    SHOWN,
    TOLERANCE,
    TOTAL,
    UNKNOWN_KEY,
)
from expectations.mass_balance import NO_UNBALANCED, SOURCE_SCHEMA, UNBALANCED
from expectations.meter_registers import REGISTER
from expectations.own_history import SERIES, UNLIKE
from expectations.rules import FINDING_SCHEMA
from expectations.stated_before import (
    BEFORE_SCHEMA,
    ITEMS_SCHEMA,
    MONTHLY_SCHEMA,
    STATEMENTS,
)
from expectations.stated_regularly import LAPSED, NO_LAPSED
from orchestration.company.data_folder import INSTRUMENT_COLUMNS
from orchestration.gate.withdrawals import LINE_SCHEMA
from orchestration.lake.warehouse import Connection

if TYPE_CHECKING:
    from orchestration.company.units import Bridges

INSTRUMENT_TEXT = (*INSTRUMENT_COLUMNS, "round", "source_file", "source_line")
METER_TEXT = (
    "meter_id",
    "facility_id",
    "replaced_on",
    "final_reading",
    "first_reading",
    "multiplier",
    "rolls_over_at",
)
HISTORY_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in
          ("source", "role", "facility_id", "process_id", "flow_id", "direction", "unit_text")),
        ("period_month", pa.date32()),
        ("quantity", pa.float64()),
        ("record_count", pa.int64()),
    ]
)  # fmt: skip
"""Table `history`: sums of what other rounds had accepted in the year before."""

DEFAULT_TOLERANCES = Path(__file__).parents[1] / "dbt_project" / "seeds" / "default_tolerances.csv"
"""How far is too far where a company says nothing, each with its reason."""

LARGEST_SITES = Path(__file__).with_name("largest_sites.csv")
"""What no site on earth exceeds, by kind of unit."""

OPTIONAL_TABLES = {
    "correction_findings": FINDING_SCHEMA,
    "history": HISTORY_SCHEMA,
    "instruments": pa.schema([(name, pa.string()) for name in INSTRUMENT_TEXT]),
    "previous_instruments": pa.schema([(name, pa.string()) for name in INSTRUMENT_TEXT]),
    "mass_sources": SOURCE_SCHEMA,
    "suppliers": pa.schema([("supplier_id", pa.string())]),
    "files_before": FILES_SCHEMA,
    "items_before": ITEMS_SCHEMA,
    "monthly_sheets": MONTHLY_SCHEMA,
    "stated_before": BEFORE_SCHEMA,
    "withdrawals": LINE_SCHEMA,
    "meters": pa.schema([(name, pa.string()) for name in METER_TEXT]),
    "sheet_layouts": pa.schema(
        [("source", pa.string()), ("source_sheet", pa.string()), ("layout", pa.string())]
    ),
}


def prepare(
    connection: Connection,
    round_name: str,
    months: Sequence[date],
    *,
    look_at_every_row: bool = False,
) -> None:
    """Build every `gate_` table of a round."""
    for name, schema in OPTIONAL_TABLES.items():
        _create_if_absent(connection, name, schema)
    connection.execute("set variable round = $1", [round_name])
    _fill(connection, "round_months (period_month date)", [[month] for month in months])
    prepare_tolerances(connection)
    for statement in (SHOWN, CELL_BESIDE, LAYOUT, ENRICHED, MONTH, REPEATED):
        connection.execute(statement)
    _prepare_units(connection)
    _prepare_instrument_bounds(connection)
    connection.execute(REVERSAL)
    connection.execute(BILL)
    connection.execute(UNKNOWN_KEY)
    _prepare_property_bounds(connection)
    _prepare_ranges(connection)
    _prepare_limits(connection)
    for statement in (BOUNDED, SERIES, UNLIKE, CONSISTENCY, AGREEMENT):
        connection.execute(statement)
    connection.execute(UNBALANCED if _has_rows(connection, "mass_sources") else NO_UNBALANCED)
    plainly_fine = "false" if look_at_every_row else _plainly_fine(months)
    connection.execute(
        CELL.format(
            plainly_fine=plainly_fine, or_needed=_needed(connection), month_key=CELL_GROUP_KEY
        )
    )
    has_history = _has_rows(connection, "items_before")
    lapsed = LAPSED if has_history else NO_LAPSED
    for statement in (
        RATIO_CELL,
        TOTAL,
        INCOMPLETE,
        CLOSING_AND_OPENING,
        REGISTER,
        DISPUTE,
        INSTRUMENT,
        STATEMENTS,
        lapsed,
        FIGURES,
    ):
        connection.execute(statement)


def _plainly_fine(months: Sequence[date]) -> str:
    listed = ", ".join(f"date '{month.isoformat()}'" for month in months)
    return f"({PLAINLY_FINE.format(months=listed)})"


def _needed(connection: Connection) -> str:
    """Conditions for the rows that must be named; a look-up in an empty table costs as well."""
    conditions = [
        condition.format(month_key=CELL_GROUP_KEY, place_key=PLACE_KEY)
        for table, condition in NEEDED.items()
        if _has_rows(connection, table)
    ]
    return "".join(f" or {condition}" for condition in conditions)


def _has_rows(connection: Connection, table: str) -> bool:
    return bool(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _create_if_absent(connection: Connection, name: str, schema: pa.Schema) -> None:
    try:
        connection.execute(f"describe {name}")
    except duckdb.CatalogException:
        columns = ", ".join(f"{field.name} {_sql_type(field.type)}" for field in schema)
        connection.execute(f"create temp table {name} ({columns})")


def _sql_type(type_: pa.DataType) -> str:
    if pa.types.is_date(type_):
        return "date"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_):
        return "bigint"
    return "double" if pa.types.is_floating(type_) else "varchar"


def prepare_tolerances(connection: Connection) -> None:
    """The company's tolerances, and for what it says nothing of, the defaults."""
    with DEFAULT_TOLERANCES.open(encoding="utf-8", newline="") as file:
        defaults = [
            (row["rule_id"], None, None, row["tolerance"], True)
            for row in csv.DictReader(file)
            if row["used_by"] == "gate"
        ]
    _fill(
        connection,
        "gate_tolerance (rule_id varchar, source varchar, flow_id varchar, tolerance varchar, "
        "is_default boolean)",
        defaults,
    )
    connection.execute(
        "insert into gate_tolerance select rule_id, source, flow_id, tolerance, false "
        "from tolerances"
    )
    connection.execute(TOLERANCE)


def _prepare_instrument_bounds(connection: Connection) -> None:
    """How much CO2 a kWh of each flow with certificates can carry."""
    from orchestration.company.physical_bounds import bound_of

    kinds = connection.execute(
        "select flow_id, flow_kind from flows where flow_id in (select flow_id from instruments)"
    ).fetchall()
    bounds = [(flow_id, bound_of("generation", kind, "kg/kWh")) for flow_id, kind in kinds]
    _fill(
        connection,
        "gate_instrument_bound (flow_id varchar, most double)",
        [(flow_id, bound.most) for flow_id, bound in bounds if bound],
    )


def _prepare_units(connection: Connection) -> None:
    """Conversions of units that stand in instruments and earlier readings, not in this round."""
    bridge_of = _bridges(connection)
    rows = connection.execute("""
        select distinct wanted.flow_id, wanted.unit_text, f.unit_code
        from (
            select flow_id, unit as unit_text from instruments
            union select flow_id, unit from previous_instruments
            union select flow_id, unit_text from previous_readings
            where flow_id in (select flow_id from instruments)
                or source in (select source from readings where is_reversal)
        ) wanted join flows f on f.flow_id = wanted.flow_id
        where wanted.unit_text is not null
    """).fetchall()
    converted = [
        (flow_id, unit_text, convert(unit_text, unit_code, bridge_of.get(flow_id))[0])
        for flow_id, unit_text, unit_code in rows
    ]
    _fill(
        connection, "gate_unit (flow_id varchar, unit_text varchar, multiplier double)", converted
    )
    units = connection.execute("select distinct unit_code from flows").fetchall()
    masses = [(unit, convert(unit, "kg", None)[0]) for (unit,) in units if unit]
    _fill(
        connection,
        "gate_mass_unit (unit_code varchar, kg double)",
        [row for row in masses if row[1] is not None],
    )


def _prepare_property_bounds(connection: Connection) -> None:
    """What physics allows of each measured property, in the unit it was typed in."""
    from orchestration.company.physical_bounds import bound_of

    asked = connection.execute("""
        select distinct r.flow_id, r.property, r.unit_text, f.flow_kind
        from readings r join flows f on f.flow_id = r.flow_id
        where r.direction = 'property' and r.property is not null and r.unit_text is not null
    """).fetchall()
    rows = []
    for flow_id, name, unit_text, flow_kind in asked:
        bound = bound_of(name, flow_kind, unit_text)
        if bound is not None:
            span = bound.span(unit_text)
            rows.append((flow_id, name, unit_text, bound.least, bound.most, span))
    _fill(
        connection,
        "gate_property_bound (flow_id varchar, property varchar, unit_text varchar, "
        "least double, most double, span varchar)",
        rows,
    )


def _prepare_limits(connection: Connection) -> None:
    """The most that the largest sites move in a month, in the units that flows are kept in."""
    with LARGEST_SITES.open(encoding="utf-8", newline="") as file:
        limits = [(row["unit"], float(row["most_per_month"])) for row in csv.DictReader(file)]
    units = connection.execute("select distinct unit_code from flows").fetchall()
    rows = []
    for (unit_code,) in units:
        sizes = [(convert(unit, unit_code)[0], most) for unit, most in limits if unit_code]
        rows += [(unit_code, most * size) for size, most in sizes if size is not None][:1]
    _fill(connection, "gate_limit (unit_code varchar, most double)", rows)


def _prepare_ranges(connection: Connection) -> None:
    """Bounds as numbers in the unit they are written in, with that unit's size."""
    bridge_of = _bridges(connection)
    rows = connection.execute("""
        select r.line, r.flow_id, r.process_id, r.direction, r.per, r.unit, f.unit_code,
            r.usual_min, r.usual_max, r.hard_min, r.hard_max
        from (select *, row_number() over () + 1 as line from ranges) r
            left join flows f on f.flow_id = r.flow_id
    """).fetchall()
    prepared = []
    for line, flow_id, process_id, direction, per, unit, unit_code, *bounds in rows:
        multiplier, problem = _range_unit(per, unit, unit_code, bridge_of.get(flow_id))
        numbers = [as_number(bound) for bound in bounds]
        if any(n is None for n, bound in zip(numbers, bounds, strict=True) if bound is not None):
            problem = problem or f"{bounds} are not all numbers"
        prepared.append(
            (line, flow_id, process_id, direction, per, unit, multiplier, problem, *numbers)
        )
    _fill(
        connection,
        "gate_range (line bigint, flow_id varchar, process_id varchar, direction varchar, "
        "per varchar, unit varchar, unit_multiplier double, problem varchar, usual_min double, "
        "usual_max double, hard_min double, hard_max double)",
        prepared,
    )


def _range_unit(
    per: str | None, unit: str | None, unit_code: str | None, bridge: Bridges | None
) -> tuple[float | None, str | None]:
    if per not in ("month", "output_kg"):
        return None, f"per is {per!r}; it must be month or output_kg"
    if unit is None or unit_code is None:
        return None, "the unit, or the flow in company/flows.csv, is missing"
    if per == "month" or "/" not in unit:
        return convert(unit, unit_code, bridge)
    numerator, denominator = unit.rsplit("/", 1)
    size, problem = convert(numerator, unit_code, bridge)
    mass, mass_problem = convert(denominator, "kg", None)
    if size is None or mass is None:
        return None, problem or mass_problem
    return size / mass, None


def convert(
    unit_text: str, unit_code: str, bridge: Bridges | None = None
) -> tuple[float | None, str | None]:
    """Canonical units per one `unit_text`, or the reason why there is no such number."""
    from orchestration.company.units import Bridges, UnitError, conversion

    try:
        return conversion(unit_text, unit_code, **(bridge or Bridges())._asdict()), None
    except UnitError as error:
        return None, str(error)


def _bridges(connection: Connection) -> dict[str, Bridges]:
    from orchestration.company.table_checks import bridges

    stated = connection.sql("select flow_id, property, value from flow_properties")
    return bridges(stated.to_arrow_table().to_pylist())


def as_number(text: object) -> float | None:
    """A number, or None where there is none."""
    try:
        return None if text is None else float(str(text))
    except ValueError:
        return None


def _fill(connection: Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    connection.execute(f"create or replace temp table {table}")
    values = [list(row) for row in rows]
    if values:
        marks = ", ".join("?" for _ in values[0])
        connection.executemany(f"insert into {table.split(' ')[0]} values ({marks})", values)
