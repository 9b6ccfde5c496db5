"""What the gate may look at: a round's landed hand-ins and the tables the rules select from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.mass_balance import MASS_KINDS, SOURCE_SCHEMA
from orchestration.company.data_folder import INSTRUMENTS, TABLES, DataFolder, Round, months_between
from orchestration.company.source_map import items_of, texts_of
from orchestration.gate.conversions import CONVERSION_SCHEMA, conversion_rows
from orchestration.gate.earlier_statements import lay_out_earlier_statements
from orchestration.gate.statements import newest_rows
from orchestration.gate.withdrawals import Withdrawals
from orchestration.ingest.corrections import (
    apply_corrections,
    findings_on_lines,
    read_corrections,
)
from orchestration.ingest.landing import LANDED_INSTRUMENTS_SCHEMA, read_instruments
from orchestration.ingest.reading import READING_SCHEMA
from orchestration.lake.paths import NO_MONTH, Lake, text_schema

HANDED_IN_SCHEMA = text_schema(("hand_in", "source", "facility_id", "source_file", "source_sha256"))
LAYOUT_SCHEMA = text_schema(("source", "source_sheet", "layout"))
MASTER_TABLES = (
    "facilities",
    "processes",
    "flows",
    "flow_properties",
    "meters",
    "suppliers",
    "ranges",
    "tolerances",
)


@dataclass(frozen=True)
class HandIn:
    """A landed hand-in with its corrections applied."""

    hand_in: str
    source: str
    table: pa.Table

    @property
    def facility_id(self) -> str:
        """The site that handed it in; blank where rows name their own."""
        owner, _, table = self.hand_in.partition("/")
        return owner if table and owner != "erp" else ""


@dataclass(frozen=True)
class Case:
    """Everything that was handed in for a round."""

    round: Round
    hand_ins: tuple[HandIn, ...]
    instruments: pa.Table
    correction_findings: pa.Table


def landed_case(data: DataFolder, lake: Lake, round_: Round) -> Case:
    """What landed for the round, with the corrections somebody decided on."""
    landed = []
    for source in data.maps:
        for path in sorted(lake.landed(source, round_.round, "x").parent.glob("*.parquet")):
            table = lake.read(path, READING_SCHEMA)
            landed.append((path.stem.replace("__", "/"), source, table))
    everything = pa.concat_tables([READING_SCHEMA.empty_table(), *(one[2] for one in landed)])
    corrections = read_corrections(data.path, round_.round)
    corrected, findings = apply_corrections(everything, corrections.lines)
    hand_ins, start = [], 0
    for hand_in, source, table in landed:
        hand_ins.append(HandIn(hand_in, source, corrected.slice(start, table.num_rows)))
        start += table.num_rows
    instruments = lake.read(
        lake.landed("energy_instruments", round_.round, INSTRUMENTS), LANDED_INSTRUMENTS_SCHEMA
    )
    files = {one.hand_in: _file_in_round(one, round_.round) for one in hand_ins}
    broken = (
        findings_on_lines(corrections, round_.round, files),
        read_instruments(data, round_).findings(),
    )
    return Case(round_, tuple(hand_ins), instruments, pa.concat_tables([findings, *broken]))


def _file_in_round(hand_in: HandIn, round_name: str) -> str:
    file = hand_in.table["source_file"][0].as_py() if hand_in.table.num_rows else ""
    return str(file).removeprefix(f"rounds/{round_name}/")


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    data: DataFolder,
    lake: Lake,
    case: Case,
    withdrawals: Withdrawals | None = None,
) -> None:
    """Everything the rules may look at, as tables of one connection."""
    withdrawals = withdrawals or Withdrawals()
    readings = pa.concat_tables(
        [READING_SCHEMA.empty_table(), *(one.table for one in case.hand_ins)]
    )
    _lay_out_history(connection, lake, case)
    tables: dict[str, pa.Table] = {
        "readings": readings,
        "instruments": case.instruments,
        "correction_findings": case.correction_findings,
        "handed_in": _handed_in(data, case),
        "expected_hand_ins": pa.Table.from_pylist(
            [{"hand_in": one} for one in case.round.expected], schema=text_schema(("hand_in",))
        ),
        "sheet_layouts": _sheet_layouts(data, case.round),
        "mass_sources": _mass_sources(data, case.round),
        "withdrawals": withdrawals.lines,
        "unit_conversions": pa.Table.from_pylist(
            conversion_rows(data.company, _unit_pairs(readings, connection)),
            schema=CONVERSION_SCHEMA,
        ),
    }
    for name in MASTER_TABLES:
        tables[name] = lake.read(lake.company(name), text_schema(TABLES[name].all_columns))
    for name, table in tables.items():
        connection.register(name, table)
    files = {
        one.hand_in: one.table["source_sha256"][0].as_py()
        for one in case.hand_ins
        if one.table.num_rows
    }
    lay_out_earlier_statements(
        connection, data, lake, case.round, files, withdraws=withdrawals.lines.num_rows > 0
    )


def _lay_out_history(connection: duckdb.DuckDBPyConnection, lake: Lake, case: Case) -> None:
    """What other rounds had accepted: only the months that a rule compares with.

    Those are the month before the round, whose meters and stocks go on, the months that
    certificates of the round cover, and the year of bookings that a reversal may take back; of
    that year's other statements, sums alone. A round's cost must not grow with the years behind it.
    """
    others = [row for row in newest_rows(lake.registry()) if row["round"] != case.round.round]
    months, reversible = _months_compared(case), _months_reversible(case)
    for name, folder, empty in (
        ("previous_stage_readings", "stage_readings", "empty.parquet"),
        ("previous_erp_records", "erp_records", "empty.parquet"),
    ):
        rows = [
            row
            for row in others
            if row["period_month"] in months | reversible.get(row["source"], frozenset())
            and row["row_count"]
            and row["hand_in"] != INSTRUMENTS
            and row["source"].startswith("erp_") == (folder == "erp_records")
        ]
        paths = [
            lake.accepted_month(
                folder, row["period_month"], row["round"], row["hand_in"], row["revision"]
            )
            for row in rows
        ]
        none = lake.path / "accepted" / folder / f"period_month={NO_MONTH.isoformat()}" / empty
        _create(connection, name, paths or [none], "hive_types = {'period_month': date}")
    connection.execute(
        "create temp view previous_readings as select * from previous_stage_readings "
        "union all by name select * from previous_erp_records"
    )
    _lay_out_sums(connection, lake, case, others)
    instruments = {
        lake.accepted_instruments(row["round"], row["revision"])
        for row in others
        if row["hand_in"] == INSTRUMENTS
    }
    none = lake.path / "accepted" / "energy_instruments" / "empty.parquet"
    _create(connection, "previous_instruments", sorted(instruments) or [none], "")


def _lay_out_sums(
    connection: duckdb.DuckDBPyConnection, lake: Lake, case: Case, others: list[dict]
) -> None:
    """Table `history`: what each source stated of each flow in the months around the round.

    Where rounds state the same month, the newest counts.
    """
    first = case.round.first_month
    since = first.replace(year=first.year - 1)
    paths = [
        lake.accepted_month(
            "erp_records" if row["source"].startswith("erp_") else "stage_readings",
            row["period_month"],
            row["round"],
            row["hand_in"],
            row["revision"],
        )
        for row in others
        if row["row_count"]
        and row["hand_in"] != INSTRUMENTS
        and since <= row["period_month"] <= case.round.last_month
    ]
    none = lake.path / "accepted" / "stage_readings" / f"period_month={NO_MONTH.isoformat()}"
    connection.execute(
        """
        create temp table history as
        select * exclude (round) from (
        select source, role, facility_id, process_id, flow_id, direction, unit_text, period_month,
            round, sum(quantity * sign_multiplier) as quantity, count(*) as record_count
        from read_parquet($1, hive_partitioning = true, hive_types = {'period_month': date},
            union_by_name = true)
        where row_kind = 'reading' and role in ('activity', 'check')
            and coalesce(direction, '') <> 'property' and isfinite(quantity)
        group by all)
        qualify round = max(round) over (
            partition by source, role, facility_id, process_id, flow_id, direction, period_month)
        """,
        [[str(path) for path in paths or [none / "empty.parquet"]]],
    )


def _create(
    connection: duckdb.DuckDBPyConnection, name: str, paths: list[Path], options: str
) -> None:
    connection.execute(
        f"create temp table {name} as select * from read_parquet($1"
        + (f", hive_partitioning = true, {options}" if options else "")
        + ")",
        [[str(path) for path in paths]],
    )


def _months_compared(case: Case) -> set[date]:
    first = case.round.first_month
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    months = {before}
    spans = case.instruments.select(["generation_start", "generation_end"]).to_pylist()
    for span in spans:
        try:
            start = date.fromisoformat(span["generation_start"] or "")
            end = date.fromisoformat(span["generation_end"] or "")
        except ValueError:  # judged by the rule on complete certificates
            continue
        months |= set(months_between(start.replace(day=1), end.replace(day=1)))
    return months


def _months_reversible(case: Case) -> dict[str, frozenset[date]]:
    """Months whose bookings a reversal may take back, for each source that hands reversals in."""
    first = case.round.first_month
    months = frozenset(months_between(first.replace(year=first.year - 1), case.round.last_month))
    return {
        one.source: months
        for one in case.hand_ins
        if pc.any(one.table["is_reversal"], skip_nulls=True).as_py()
    }


def _handed_in(data: DataFolder, case: Case) -> pa.Table:
    rows = [
        {
            "hand_in": one.hand_in,
            "source": one.source,
            "facility_id": one.facility_id or None,
            "source_file": one.table["source_file"][0].as_py(),
            "source_sha256": one.table["source_sha256"][0].as_py(),
        }
        for one in case.hand_ins
        if one.table.num_rows
    ]
    if case.instruments.num_rows:
        rows.append(
            {
                "hand_in": INSTRUMENTS,
                "source": "energy_instruments",
                "source_file": case.instruments["source_file"][0].as_py(),
                "source_sha256": case.instruments["source_sha256"][0].as_py(),
            }
        )
    elif INSTRUMENTS in case.correction_findings["hand_in"].to_pylist():
        rows.append({"hand_in": INSTRUMENTS, "source": "energy_instruments"})
    rows += [{"source_file": file} for file in data.unclaimed_files(case.round)]
    return pa.Table.from_pylist(rows, schema=HANDED_IN_SCHEMA)


def _sheet_layouts(data: DataFolder, round_: Round) -> pa.Table:
    """Layout of each sheet; of an older template's too, where the round's has no such sheet."""
    layouts: dict[tuple[str, str], str] = {}
    for source, source_map in data.maps.items():
        present = source_map.layout_for(round_.round)
        older = [layout for layout in source_map.layouts if layout is not present]
        for layout in (present, *older):
            for sheet in layout.sheets:
                for name in sheet.sheet:
                    layouts.setdefault((source, name), sheet.layout)
    rows = [
        {"source": source, "source_sheet": name, "layout": layout}
        for (source, name), layout in layouts.items()
    ]
    return pa.Table.from_pylist(rows, schema=LAYOUT_SCHEMA)


def _mass_sources(data: DataFolder, round_: Round) -> pa.Table:
    """Which source may state material of which process: by the maps, not by what was handed in."""
    flows = data.company["flows"]
    kinds = dict(zip(flows["flow_id"], flows["flow_kind"], strict=True))
    sites = list(data.company["facilities"]["facility_id"])
    stated: set[tuple[str, str | None]] = set()
    for source, source_map in data.maps.items():
        for sheet in source_map.layout_for(round_.round).sheets:
            for item in items_of(sheet):
                if item.role != "activity" or item.direction == "property":
                    continue
                named = texts_of(item.flow)
                if named is not None and not any(kinds.get(flow) in MASS_KINDS for flow in named):
                    continue
                for process in texts_of(item.process) or [None]:
                    stated |= {
                        (source, process and process.replace("{facility}", site)) for site in sites
                    }
    rows = [{"source": source, "process_id": process} for source, process in stated]
    return pa.Table.from_pylist(rows, schema=SOURCE_SCHEMA)


def _unit_pairs(
    readings: pa.Table, connection: duckdb.DuckDBPyConnection
) -> list[dict[str, str | None]]:
    """Flows and the units they are stated in, in this round and in the history beside it."""
    quantities = readings.filter(pc.equal(readings["row_kind"], "reading"))
    pairs = quantities.select(["flow_id", "property", "unit_text"])
    earlier = connection.sql("select distinct flow_id, null as property, unit_text from history")
    return [
        *pairs.group_by(pairs.column_names).aggregate([]).to_pylist(),
        *earlier.to_arrow_table().to_pylist(),
    ]
