"""Judge the factor libraries together; a library with a critical finding is refused as a whole.

What was accepted of a refused library before stays in force: the caller keeps those rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from expectations.factor_library import KEY, RULES
from expectations.factor_rows import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    PROVENANCE,
    RECEIVED,
    RECORD_PROBLEMS,
    FactorRow,
    company_of,
    comparable_gases,
    parse_library,
)
from expectations.gate_tables import SHOWN
from expectations.judge import judge
from expectations.preparation import prepare_tolerances
from expectations.rules import RuleResult
from expectations.verdict import find
from orchestration.lake.warehouse import Connection, engine

NOT_LIBRARIES = ("sources", "libraries")
OF_A_RECORD = tuple(name for name in RECEIVED if name != RECORD_PROBLEMS)
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
    [
        *((name, pa.string()) for name in (*COLUMNS, *OPTIONAL_COLUMNS, *OF_A_RECORD, *PROVENANCE)),
        *((f.name, f.type) for f in ADDED),
    ]
)
JUDGED = pa.schema(
    [
        ("first_day", pa.date32()),
        ("end_day", pa.date32()),
        ("kgco2e_per_flow_unit", pa.float64()),
    ]
)
"""What only the rules look at."""

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


# Averages of one flow and component, whatever their place: a supplier's own figure is compared with
# them but is no measure for others, a technology's or a residual mix is neither.
NEIGHBOURS = """
create or replace temp table gate_factor_neighbour as
with figure as (
    select *, kgco2e_per_flow_unit as figure, coalesce(geography, 'GLO') as place,
        coalesce(tolerance_of('factor_out_of_line', library, flow_id), 10.0) as ratio
    from gate_factor
    where kgco2e_per_flow_unit > 0 and technology is null and basis <> 'market'
),
compared as (
    select mine.factor_version_id, any_value(mine.figure) as figure, any_value(mine.ratio) as ratio,
        count(*) as neighbour_count, median(theirs.figure) as usual,
        median(theirs.figure) filter (theirs.place = mine.place) as usual_there,
        bool_and((mine.first_day, mine.library_priority) > (theirs.first_day,
            theirs.library_priority)) as is_last
    from figure mine join figure theirs
        on theirs.flow_id = mine.flow_id and theirs.boundary = mine.boundary
        and theirs.factor_version_id <> mine.factor_version_id and theirs.supplier_id is null
    where mine.supplier_id is null or theirs.place = mine.place or theirs.place = 'GLO'
    group by mine.factor_version_id
)
select gate_factor.*, compared.* exclude (factor_version_id),
    greatest(figure / usual_there, usual_there / figure) >= ratio
        and gate_factor.supplier_id is null as is_slip_of_place,
    figure / usual >= ratio as is_high, usual / figure >= ratio as is_low
from compared join gate_factor using (factor_version_id)
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


def judge_factors(
    landed: Mapping[str, pa.Table],
    *,
    flows: pa.Table,
    flow_properties: pa.Table,
    facilities: pa.Table,
    suppliers: pa.Table,
    tolerances: pa.Table | None = None,
) -> FactorJudgement:
    """Judge every landed library (`<library>`: all text), beside `sources` and `libraries`.

    `factors` and `gases` hold the accepted libraries' factors of the company's flows.
    """
    company = company_of(landed, flows, flow_properties, facilities, suppliers)
    libraries = {name: table for name, table in landed.items() if name not in NOT_LIBRARIES}
    rows = [
        row
        for name, table in sorted(libraries.items())
        for row in parse_library(name, table, company)
    ]
    with engine() as connection:
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
    connection: Connection,
    rows: list[FactorRow],
    flows: pa.Table,
    tolerances: pa.Table | None,
) -> tuple[list[RuleResult], pa.Table]:
    schema = pa.unify_schemas([FACTOR_SCHEMA, JUDGED])
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
                for gas_code, value in comparable_gases(row).items()
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
    prepare_tolerances(connection)
    for statement in (SHOWN, PAIRS, NEIGHBOURS):
        connection.execute(statement)
    results = judge(connection, "gate_factor", {"factor_library": RULES})
    return results, find(connection, results, "gate_factor", None)


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
