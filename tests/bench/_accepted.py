"""Five million accepted rows in the warehouse's own layout, of the example's processes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import PROJECT
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company, write_empty_tables
from orchestration.gate.conversions import CONVERSION_SCHEMA, conversion_rows
from orchestration.gate.factors import accept_factors
from orchestration.ingest.landing import land_factor_libraries
from orchestration.ingest.reading import READING_SCHEMA
from orchestration.lake.hand_ins import ERP, HandIn, sql_owner
from orchestration.lake.paths import HAND_INS_SCHEMA, Lake
from tests.bench._company import EXAMPLE

ROWS = 5_000_000
ROUND = "2022-04"
MONTHS = tuple(date(2021, month, 1) for month in range(1, 13))
ERP_SHARE = 5
"""One row in five comes from the ERP."""

FLOWS = (
    *("electricity", "purchased_steam", "natural_gas", "diesel_stationary", "lpg_stationary"),
    *("wood_pellets", "diesel_mobile", "gasoline_mobile", "refrigerant_r410a"),
    *("refrigerant_r134a", "virgin_pet_chip", "masterbatch", "spin_finish", "pe_film"),
    *("cardboard", "wood_pallet", "lubricating_oil", "tap_water", "waste_pet_incinerated"),
    *("waste_mixed_landfilled", "freight_road_inbound", "freight_rail_inbound"),
    *("freight_sea_inbound", "washed_flake", "staple_fibre_raw_white"),
)
OUTPUTS = ("washed_flake", "staple_fibre_raw_white")
GENERATED = {
    "round": f"'{ROUND}'",
    "revision": "1",
    "hand_in": "hand_in",
    "source": "source",
    "row_kind": "'reading'",
    "role": "if(n % 50 = 7, 'check', 'activity')",
    "facility_id": "facility_id",
    "stage_code": "stage_code",
    "process_id": "process_id",
    "flow_id": "flow_id",
    "direction": "direction",
    "period_text": "period_month::varchar",
    "value_text": "(n % 9973 + 0.5)::varchar",
    "value_type": "'number'",
    "quantity": "n % 9973 + 0.5",
    "sign_multiplier": "1.0",
    "unit_text": "unit_text",
    "data_method": "'metered'",
    "document_no": "printf('D%08d', n)",
    "is_required": "true",
    "item_text": "flow_id",
    "source_file": f"printf('rounds/{ROUND}/%s.xlsx', hand_in)",
    "source_sha256": "sha256(hand_in)",
    "source_sheet": "'Log'",
    "source_cell": "printf('D%d', n // 12)",
}


def write_accepted(folder: Path) -> Lake:
    """A warehouse in which everything is accepted and nothing is built."""
    data, lake = DataFolder(EXAMPLE), Lake(folder)
    accept_company(data, lake)
    land_factor_libraries(data, lake)
    accept_factors(lake)
    write_empty_tables(lake)
    units = dict(
        zip(data.company["flows"]["flow_id"], data.company["flows"]["unit_code"], strict=True)
    )
    pairs = [
        {"flow_id": flow, "property": "", "unit_text": text}
        for flow in FLOWS
        for text in {units[flow], "t" if units[flow] == "kg" else units[flow], "kWh"}
    ]
    rows = [row for row in conversion_rows(data.company, pairs) if row["multiplier"]]
    lake.write(
        lake.accepted("unit_conversions"), pa.Table.from_pylist(rows, schema=CONVERSION_SCHEMA)
    )
    with duckdb.connect() as connection:
        _plan(connection, data, units)
        registry = [row for month in MONTHS for row in _write_month(connection, lake, month)]
    lake.write(lake.hand_ins, pa.Table.from_pylist(registry, schema=HAND_INS_SCHEMA))
    write_control(lake, PROJECT, "AR6")
    return lake


def _plan(connection: duckdb.DuckDBPyConnection, data: DataFolder, units: dict[str, str]) -> None:
    """Every process with every flow: where it is stated, in which unit and direction."""
    rows = []
    for process in data.company["processes"].to_dict("records"):
        site, stage = process["facility_id"], process["stage_code"]
        for flow in FLOWS:
            rows.append(
                {
                    "facility_id": site,
                    "stage_code": stage,
                    "process_id": process["process_id"],
                    "flow_id": flow,
                    "direction": "output" if flow in OUTPUTS else "input",
                    "unit_text": "t" if units[flow] == "kg" else units[flow],
                    "stage_hand_in": f"{site}/{stage}",
                }
            )
    connection.register("listed", pa.Table.from_pylist(rows))
    connection.execute("create table plan as select row_number() over () - 1 as k, * from listed")
    connection.unregister("listed")


def _write_month(
    connection: duckdb.DuckDBPyConnection, lake: Lake, month: date
) -> list[dict[str, object]]:
    """One file a hand-in, as the gate writes them."""
    listed = ", ".join(
        f"({GENERATED.get(field.name, 'null')})::{_sql_type(field.type)} as {field.name}"
        for field in READING_SCHEMA
        if field.name != "period_month"
    )
    number = MONTHS.index(month)
    places = connection.execute("select count(*) from plan").fetchall()[0][0]
    connection.execute(
        f"""
        create or replace table month as
        with numbered as (
            select range * {len(MONTHS)} + {number} as n from range({ROWS // len(MONTHS)})
        ),
        placed as (
            select n, plan.* exclude (k), date '{month}' as period_month,
                if(n // {len(MONTHS)} % {ERP_SHARE} = 0, 'erp/receipts', stage_hand_in) as hand_in
            from (select n, (hash(n) % {places})::bigint as k from numbered) join plan using (k)
        ),
        sourced as (
            select *, if({sql_owner("hand_in")} = '{ERP}', 'erp_receipts', 'stage_' || stage_code)
                as source
            from placed
        )
        select {listed} from sourced
        """
    )
    counts = connection.execute(
        "select hand_in, source, any_value(source_file), any_value(source_sha256), count(*) "
        "from month group by all order by all"
    ).fetchall()
    registry = []
    for name, source, file, sha256, count in counts:
        hand_in = HandIn.named(ROUND, name)
        path = lake.accepted_rows(hand_in, 1, month)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = connection.execute("select * from month where hand_in = $1", [name])
        lake.write(path, part.to_arrow_table())
        registry.append(
            {
                "round": ROUND,
                "hand_in": name,
                "source": source,
                "facility_id": hand_in.facility_id,
                "period_month": month,
                "revision": 1,
                "source_file": file,
                "source_sha256": sha256,
                "content_sha256": sha256,
                "row_count": count,
            }
        )
    return registry


def _sql_type(type_: pa.DataType) -> str:
    names = {pa.int32(): "integer", pa.float64(): "double", pa.bool_(): "boolean"}
    return names.get(type_, "varchar")
