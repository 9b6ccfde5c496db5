"""One million readings: our gate against Great Expectations over a pandas batch."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from expectations.verdict import judge_round
from orchestration.company.data_folder import Round
from orchestration.ingest.reading import READING_SCHEMA
from tests.bench import _gate_peer
from tests.bench._measure import Row, timed

READINGS = 1_000_000
HAND_INS = 40
ROUND = Round(
    "2022-04",
    date(2022, 4, 15),
    date(2022, 4, 30),
    date(2021, 1, 1),
    date(2021, 12, 1),
    tuple(f"mill_{number % 2}/line_{number:02}" for number in range(HAND_INS)),
)

# One row in ten thousand is wrong in one of ten ways; half of the hand-ins are logs of documents.
COLUMNS = {
    "round": "'2022-04'",
    "revision": "0",
    "hand_in": "printf('mill_%d/line_%02d', n % 2, n % 40)",
    "source": "printf('stage_line_%02d', n % 40)",
    "row_kind": "'reading'",
    "role": "'activity'",
    "facility_id": "printf('mill_%d', n % 2)",
    "stage_code": "printf('line_%02d', n % 40)",
    "process_id": "if(wrong = 1, 'nowhere', printf('mill_%d_line_%02d', n % 2, n % 40))",
    "flow_id": "if(wrong = 2, null, printf('flow_%02d', n // 40 % 25))",
    "direction": "if(n // 40 % 25 < 20, 'input', 'output')",
    "period_month": "if(wrong = 3, date '2020-12-01', "
    "make_date(2021, (n // 1000 % 12 + 1)::int, 1))",
    "period_text": "printf('2021-%02d-%02d', n // 1000 % 12 + 1, n % 28 + 1)",
    "value_text": "case wrong when 4 then '约40' when 5 then '#N/A' when 6 then null "
    "else (n % 977 + 0.5)::varchar end",
    "value_type": "case wrong when 4 then 'text' when 5 then 'error' when 6 then 'blank' "
    "when 7 then 'text_number' else 'number' end",
    "quantity": "case when wrong in (4, 5, 6) then null when wrong = 8 then -1.0 "
    "else n % 977 + 0.5 end",
    "sign_multiplier": "if(wrong = 9, null, 1.0)",
    "unit_text": "if(wrong = 0, 'furlong', 'kWh')",
    "data_method": "'metered'",
    "document_no": "if(n % 2 = 0, printf('D%07d', n - if(n % 99990 = 40, 40, 0)), null)",
    "is_required": "true",
    "item_text": "printf('Item %02d of %d', n // 40 % 25, if(n % 2 = 0, 0, n))",
    "source_file": "printf('rounds/2022-04/mill_%d/line_%02d.xlsx', n % 2, n % 40)",
    "source_sha256": "sha256((n % 40)::varchar)",
    "source_sheet": "'Log'",
    "source_cell": "printf('D%d', n // 40 + 5)",
}


def readings() -> pa.Table:
    """The million readings, as ingest lands them."""
    listed = ", ".join(
        f"{COLUMNS.get(field.name, 'null')} as {field.name}" for field in READING_SCHEMA
    )
    with duckdb.connect() as connection:
        table = connection.execute(
            f"select {listed} from (select range as n, "
            "if(range % 9973 = 17, range // 9973 % 10, null) as wrong "
            f"from range({READINGS}))"
        ).to_arrow_table()
    return table.cast(READING_SCHEMA)


def master() -> dict[str, list[dict[str, Any]]]:
    """Sites, processes, flows and bounds the readings refer to."""
    flows = [f"flow_{number:02}" for number in range(25)]
    hand_ins = [
        {
            "hand_in": one.name,
            "source": one.source,
            "facility_id": one.facility_id,
            "source_file": f"rounds/2022-04/{one.name}.xlsx",
            "source_sha256": None,
        }
        for one in ROUND.expected_hand_ins
    ]
    return {
        "facilities": [{"facility_id": f"mill_{n}", "name_en": "Mill"} for n in range(2)],
        "processes": [
            {"process_id": row["hand_in"].replace("/", "_"), "facility_id": row["facility_id"]}
            for row in hand_ins
        ],
        "flows": [
            {"flow_id": flow, "name_en": flow, "name_zh": None, "flow_kind": "electricity",
             "unit_code": "kWh"}
            for flow in flows
        ],
        "flow_properties": [{"flow_id": "none", "property": "none", "value": None, "unit": None}],
        "ranges": [
            {"flow_id": flow, "process_id": None, "direction": None, "per": "month",
             "unit": "kWh", "usual_min": "0", "usual_max": "1e6", "hard_min": "0",
             "hard_max": "1e9", "source": "bench"}
            for flow in flows
        ],
        "tolerances": [
            {"rule_id": "row_total_agrees", "source": None, "flow_id": None, "tolerance": "0.001"}
        ],
        "unit_conversions": [
            {"flow_id": flow, "property": "", "unit_text": "kWh", "unit_code": "kWh",
             "multiplier": 1.0, "problem": None}
            for flow in flows
        ],
        "expected_hand_ins": [{"hand_in": name} for name in ROUND.expected],
        "handed_in": hand_ins,
    }  # fmt: skip


def measure(folder: Path) -> list[Row]:
    """Judge the same million by turns; the cells found must be the same."""
    import great_expectations  # noqa: F401 - its import is not what is measured

    warnings.filterwarnings("ignore")
    table, tables = readings(), master()
    frame = table.to_pandas()
    found: dict[str, dict[str, int]] = {}

    def ours() -> None:
        with duckdb.connect() as connection:
            for name, rows in tables.items():
                connection.register(name, _as_text(rows))
            connection.register("readings", table)
            connection.register("previous_readings", READING_SCHEMA.empty_table())
            judgement = judge_round(connection, round=ROUND)
        found["ours"] = {one.rule.rule_id: one.unexpected_count for one in judgement.results}

    def peer() -> None:
        found["peer"] = _gate_peer.judge(frame, tables, ROUND)

    taken = timed({"ours": ours, "peer": peer})
    differing = {
        rule: (found["ours"][rule], count)
        for rule, count in found["peer"].items()
        if found["ours"][rule] != count
    }
    if differing:
        raise AssertionError(f"The two gates disagree on (rule: ours, peer): {differing}")
    cells = sum(found["peer"].values())
    return [
        Row(
            "gate_1m_readings",
            taken["ours"],
            "Great Expectations over a pandas batch",
            taken["peer"],
            f"{READINGS:,} readings, {len(found['peer'])} rules on both sides (ours judges "
            f"{len(found['ours'])}), {cells} findings, the same ones; import excluded",
            allowed=0.4,
        )
    ]


def _as_text(rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema(
        [(name, pa.float64() if name == "multiplier" else pa.string()) for name in rows[0]]
    )
    return pa.Table.from_pylist(rows, schema=schema)
