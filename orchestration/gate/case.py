"""What the gate may look at: a round's landed hand-ins and the tables the rules select from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from expectations.mass_balance import MASS_KINDS, SOURCE_SCHEMA
from orchestration.company.data_folder import TABLES, DataFolder, Round, months_between
from orchestration.company.source_map import items_of, texts_of
from orchestration.gate.conversions import CONVERSION_SCHEMA, conversion_rows
from orchestration.gate.earlier_statements import lay_out_earlier_statements
from orchestration.gate.statements import instruments_files, newest_rows, rows_of
from orchestration.gate.withdrawals import Withdrawals
from orchestration.ingest.corrections import (
    apply_corrections,
    findings_on_lines,
    read_corrections,
)
from orchestration.ingest.landing import LANDED_INSTRUMENTS_SCHEMA, read_instruments
from orchestration.ingest.reading import READING_SCHEMA
from orchestration.lake.hand_ins import (
    INSTRUMENTS,
    INSTRUMENTS_SOURCE,
    READING_TABLES,
    STAGE_READINGS,
    HandIn,
    place_in_round,
)
from orchestration.lake.paths import Lake, text_schema
from orchestration.lake.warehouse import Connection

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
class CorrectedHandIn:
    """A hand-in as it landed, with its corrections applied."""

    hand_in: HandIn
    table: pa.Table

    @property
    def source_file(self) -> str | None:
        """The file it was read from, relative to the data folder; None where nothing was read."""
        return self.table["source_file"][0].as_py() if self.table.num_rows else None

    @property
    def source_sha256(self) -> str | None:
        """SHA-256 of that file."""
        return self.table["source_sha256"][0].as_py() if self.table.num_rows else None


@dataclass(frozen=True)
class Case:
    """Everything that was handed in for a round."""

    round: Round
    hand_ins: tuple[CorrectedHandIn, ...]
    instruments: pa.Table
    correction_findings: pa.Table


def landed_case(data: DataFolder, lake: Lake, round_: Round) -> Case:
    """What landed for the round, with the corrections somebody decided on."""
    landed = []
    for source in data.maps:
        for path in sorted(lake.landed_of(source, round_.round).glob("*.parquet")):
            hand_in = HandIn.of_slug(round_.round, source, path.stem)
            table = lake.read(path, READING_SCHEMA)
            landed.append((hand_in, table.replace_schema_metadata()))
    everything = pa.concat_tables([READING_SCHEMA.empty_table(), *(one[1] for one in landed)])
    corrections = read_corrections(data.path, round_.round)
    corrected, findings = apply_corrections(everything, corrections.lines)
    hand_ins, start = [], 0
    for hand_in, table in landed:
        hand_ins.append(CorrectedHandIn(hand_in, corrected.slice(start, table.num_rows)))
        start += table.num_rows
    instruments = lake.read(
        lake.landed(HandIn.named(round_.round, INSTRUMENTS)), LANDED_INSTRUMENTS_SCHEMA
    )
    files = {
        one.hand_in.name: place_in_round(one.source_file or "", round_.round) for one in hand_ins
    }
    broken = (
        findings_on_lines(corrections, round_.round, files),
        read_instruments(data, round_).findings(),
    )
    return Case(round_, tuple(hand_ins), instruments, pa.concat_tables([findings, *broken]))


def lay_out(
    connection: Connection,
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
    files = {one.hand_in.name: one.source_sha256 for one in case.hand_ins if one.source_sha256}
    lay_out_earlier_statements(
        connection, data, lake, case.round, files, withdraws=withdrawals.lines.num_rows > 0
    )


def _lay_out_history(connection: Connection, lake: Lake, case: Case) -> None:
    """What other rounds had accepted: only the months that a rule compares with.

    Those are the month before the round, whose meters and stocks go on, the months that
    certificates of the round cover, and the year of bookings that a reversal may take back; of
    that year's other statements, sums alone. A round's cost must not grow with the years behind it.
    """
    others = [row for row in newest_rows(lake.registry()) if row["round"] != case.round.round]
    months, reversible = months_compared(case.round, case.instruments), _months_reversible(case)
    for table in READING_TABLES:
        paths = [
            rows_of(lake, row)
            for row in others
            if row["period_month"] in months | reversible.get(row["source"], frozenset())
            and row["row_count"]
            and HandIn.of_row(row).accepted_table == table
        ]
        _create(
            connection,
            f"previous_{table}",
            paths or [lake.no_rows(table)],
            "hive_types = {'period_month': date}",
        )
    connection.execute(
        "create temp view previous_readings as "
        + " union all by name ".join(f"select * from previous_{table}" for table in READING_TABLES)
    )
    _lay_out_sums(connection, lake, case, others)
    instruments = instruments_files(lake, others)
    none = lake.no_rows(INSTRUMENTS_SOURCE)
    _create(connection, "previous_instruments", instruments or [none], "")


def _lay_out_sums(connection: Connection, lake: Lake, case: Case, others: list[dict]) -> None:
    """Table `history`: what each source stated of each flow in the months around the round.

    Where rounds state the same month, the newest counts.
    """
    first = case.round.first_month
    since = first.replace(year=first.year - 1)
    paths = [
        rows_of(lake, row)
        for row in others
        if row["row_count"]
        and row["hand_in"] != INSTRUMENTS
        and since <= row["period_month"] <= case.round.last_month
    ]
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
        [[str(path) for path in paths or [lake.no_rows(STAGE_READINGS)]]],
    )


def _create(connection: Connection, name: str, paths: list[Path], options: str) -> None:
    connection.execute(
        f"create temp table {name} as select * from read_parquet($1"
        + (f", hive_partitioning = true, {options}" if options else "")
        + ")",
        [[str(path) for path in paths]],
    )


def months_compared(round_: Round, instruments: pa.Table) -> set[date]:
    """The month before a round, and those that its certificates cover."""
    first = round_.first_month
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    months = {before}
    spans = instruments.select(["generation_start", "generation_end"]).to_pylist()
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
        one.hand_in.source: months
        for one in case.hand_ins
        if pc.any(one.table["is_reversal"], skip_nulls=True).as_py()
    }


def _handed_in(data: DataFolder, case: Case) -> pa.Table:
    rows = [
        {
            "hand_in": one.hand_in.name,
            "source": one.hand_in.source,
            "facility_id": one.hand_in.facility_id or None,
            "source_file": one.source_file,
            "source_sha256": one.source_sha256,
        }
        for one in case.hand_ins
        if one.table.num_rows
    ]
    if case.instruments.num_rows:
        rows.append(
            {
                "hand_in": INSTRUMENTS,
                "source": INSTRUMENTS_SOURCE,
                "source_file": case.instruments["source_file"][0].as_py(),
                "source_sha256": case.instruments["source_sha256"][0].as_py(),
            }
        )
    elif INSTRUMENTS in case.correction_findings["hand_in"].to_pylist():
        rows.append({"hand_in": INSTRUMENTS, "source": INSTRUMENTS_SOURCE})
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
                processes = texts_of(item.process) or []
                stated |= {
                    (source, process.replace("{facility}", site))
                    for process in processes
                    for site in sites
                }
                if not processes:
                    stated.add((source, None))
    rows = [{"source": source, "process_id": process} for source, process in stated]
    return pa.Table.from_pylist(rows, schema=SOURCE_SCHEMA)


def _unit_pairs(readings: pa.Table, connection: Connection) -> list[dict[str, str | None]]:
    """Flows and the units they are stated in, in this round and in the history beside it."""
    quantities = readings.filter(pc.equal(readings["row_kind"], "reading"))
    pairs = quantities.select(["flow_id", "property", "unit_text"])
    earlier = connection.sql("select distinct flow_id, null as property, unit_text from history")
    return [
        *pairs.group_by(pairs.column_names).aggregate([]).to_pylist(),
        *earlier.to_arrow_table().to_pylist(),
    ]
