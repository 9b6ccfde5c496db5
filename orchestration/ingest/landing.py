"""From a file somebody handed in to a Parquet file that says the same: nothing is judged here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.factor_rows import COLUMNS as LIBRARY_COLUMNS
from expectations.factor_rows import (
    LIBRARY_OF_RECORDS,
    OPTIONAL_COLUMNS,
    PROVENANCE,
    RECEIVED,
    UNREADABLE,
)
from orchestration.company.data_folder import (
    INSTRUMENT_COLUMNS,
    DataFolder,
    Round,
    read_csv_as_text,
)
from orchestration.ingest.corrections import FOLLOWED
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.fingerprints import code_sha256, fingerprint
from orchestration.lake.hand_ins import INSTRUMENTS, INSTRUMENTS_SOURCE, HandIn
from orchestration.lake.paths import Lake, read_parquet, text_schema
from orchestration.pact import received
from orchestration.spreadsheets.files import sha256_of_hand_in, why_no_file
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.text_table import read_text_table

LANDED_INSTRUMENTS_SCHEMA = text_schema(
    ("round", "hand_in", *INSTRUMENT_COLUMNS, "source_file", "source_sha256", "source_line")
)

SUPPLIER_FILES = text_schema(("file", "sha256"))

CODE = ("orchestration/company", "orchestration/ingest", "orchestration/spreadsheets")
PACKAGES = ("lxml", "pyarrow", "python-calamine")
"""What decides what is read in a file."""

MADE_FROM = "carbonloom.made_from"
"""Key in the schema of a landed hand-in: what it was read from, as one hash."""


@dataclass(frozen=True)
class Landed:
    """One hand-in, or one factor library, as it was read."""

    name: str
    source_file: str
    source_sha256: str
    place: Path
    """Where it landed."""

    @cached_property
    def table(self) -> pa.Table:
        """Its cells or lines."""
        return read_parquet(self.place)


def land_source(data: DataFolder, lake: Lake, source_map: SourceMap, round_: Round) -> list[Landed]:
    """Read every hand-in of a source in a round; one that was withdrawn is removed.

    What was read already isn't read again while file, map, round and code are the same.
    """
    landed = []
    common = fingerprint(source_map.model_dump_json(), round_, code_sha256(CODE, PACKAGES))
    for hand_in, path in data.hand_ins(source_map, round_):
        if path is None:
            continue
        file, target = path.relative_to(data.path).as_posix(), lake.landed(hand_in)
        sha256 = sha256_of_hand_in(path, data.path)
        made_from = fingerprint(
            common, file, sha256, path.lstat().st_size, why_no_file(path, data.path)
        )
        if _made_from(target) != made_from:
            table = read_hand_in(path, source_map, round_, hand_in, data.path)
            lake.write(target, table.replace_schema_metadata({MADE_FROM: made_from}))
        landed.append(Landed(hand_in.name, file, sha256, target))
    kept = [one.place.name for one in landed]
    lake.keep_only(lake.landed_of(source_map.source, round_.round), kept)
    return landed


def _made_from(path: Path) -> str | None:
    """What a landed hand-in says it was made from."""
    if not path.exists():
        return None
    said = (pq.read_schema(path).metadata or {}).get(MADE_FROM.encode())
    return said and said.decode()


@dataclass(frozen=True)
class Instruments:
    """The certificates of a round as they were read; without lines where one can't be followed."""

    round: str
    source_file: str
    rows: tuple[tuple[int, dict[str, str | None]], ...] = ()
    problems: Mapping[int, str] = field(default_factory=dict)

    def findings(self) -> pa.Table:
        """What is wrong with the file, line by line (FINDING_SCHEMA)."""
        from expectations.rules import FINDING_SCHEMA

        rows = [
            {
                "round": self.round,
                "hand_in": INSTRUMENTS,
                "source": INSTRUMENTS_SOURCE,
                "rule_id": FOLLOWED,
                "severity": "critical",
                "source_file": self.source_file,
                "source_cell": f"L{line}",
                "observed": problem,
                "expected": ",".join(INSTRUMENT_COLUMNS),
            }
            for line, problem in self.problems.items()
        ]
        return pa.Table.from_pylist(rows, FINDING_SCHEMA)


def read_instruments(data: DataFolder, round_: Round) -> Instruments:
    """Read the certificates and contracts on electricity and heat of a round."""
    path = data.instruments_file(round_.round)
    file = path.relative_to(data.path).as_posix()
    if not os.path.lexists(path):
        return Instruments(round_.round, file)
    try:
        table = read_text_table(path, INSTRUMENT_COLUMNS, data.path)
    except UnreadableFileError as error:
        return Instruments(round_.round, file, problems={error.line: error.reason.rstrip(".")})
    unlike = sorted(set(INSTRUMENT_COLUMNS) ^ set(table.header))
    if unlike:
        wrong = f"the header differs from the format in {', '.join(unlike)}"
        return Instruments(round_.round, file, problems={1: wrong})
    if table.problems:
        return Instruments(round_.round, file, problems=table.problems)
    return Instruments(round_.round, file, tuple(table.records()))


def land_instruments(data: DataFolder, lake: Lake, round_: Round) -> Landed | None:
    """Land the certificates of a round; nothing where there is no file, or one that can't be read.

    Its problems are told by the gate, which reads it again.
    """
    target = lake.landed(HandIn.named(round_.round, INSTRUMENTS))
    read = read_instruments(data, round_)
    if not read.rows:
        target.unlink(missing_ok=True)
        return None
    path = data.path / read.source_file
    leading = {"round": round_.round, "hand_in": INSTRUMENTS}
    table = _with_lines(read.rows, INSTRUMENT_COLUMNS, path, data.path, leading)
    lake.write_if_changed(target, table)
    return Landed(INSTRUMENTS, read.source_file, sha256_of_hand_in(path, data.path), target)


def land_factor_libraries(data: DataFolder, lake: Lake) -> list[Landed]:
    """Read every factor library of the data folder, and its lists of sources and priorities.

    One that can't be read becomes a line that says why; it is refused alone.
    """
    landed = []
    for path in sorted((data.path / "emission_factors").glob("*.csv")):
        target = lake.landed_library(path.stem)
        lake.write_if_changed(target, _library(path, data.path))
        file = path.relative_to(data.path).as_posix()
        landed.append(Landed(path.stem, file, sha256_of_hand_in(path, data.path), target))
    landed += _land_supplier_records(data, lake)
    lake.keep_only(lake.landed_libraries, [f"{one.name}.parquet" for one in landed])
    return list({one.name: one for one in landed}.values())


def supplier_files(data: DataFolder) -> dict[str, str]:
    """SHA-256 of each file of suppliers' records, by its name in the data folder."""
    folder = data.path / "emission_factors" / received.FOLDER
    return {
        path.relative_to(data.path).as_posix(): sha256_of_hand_in(path, data.path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() == ".json"
    }


def supplier_files_landed(lake: Lake) -> dict[str, str]:
    """The same, of the files whose records were read last."""
    rows = lake.read(lake.landed_supplier_files, SUPPLIER_FILES).to_pylist()
    return {row["file"]: row["sha256"] for row in rows}


def _land_supplier_records(data: DataFolder, lake: Lake) -> list[Landed]:
    """Suppliers' PACT records as a library each supplier; the lists of sources and priorities
    beside it get a line for each record and library."""
    hashes = supplier_files(data)
    listed_files = [{"file": file, "sha256": sha256} for file, sha256 in hashes.items()]
    lake.write_if_changed(
        lake.landed_supplier_files, pa.Table.from_pylist(listed_files, schema=SUPPLIER_FILES)
    )
    if not hashes:
        return []
    records = _received(data, hashes)
    lines = data.company["supplier_records"].to_dict("records")
    libraries = _libraries_of(data, records)
    landed = []
    for name, rows in libraries.items():
        columns = (*LIBRARY_COLUMNS, *OPTIONAL_COLUMNS, *RECEIVED, *PROVENANCE)
        texts = {column: [row.get(column) for row in rows] for column in columns}
        target, file = lake.landed_library(name), str(rows[0]["source_file"])
        lake.write_if_changed(target, pa.table(texts, schema=text_schema(columns)))
        landed.append(Landed(name, file, hashes[file], target))
    lists: dict[str, list[received.Row]] = {
        "sources": received.sources_of(records, lines),
        "libraries": [
            {"library": name, "priority": priority}
            for name in libraries
            if name != LIBRARY_OF_RECORDS
            for priority in _priority(data)
        ],
    }
    for name, rows in lists.items():
        target = lake.landed_library(name)
        if target.exists() and rows:
            listed = pq.read_table(target)
            more = {column: [row.get(column) for row in rows] for column in listed.column_names}
            extended = pa.concat_tables([listed, pa.table(more, schema=listed.schema)])
            lake.write_if_changed(target, extended)
    return landed


def supplier_libraries(data: DataFolder) -> dict[str, list[received.Row]]:
    """Suppliers' records as rows of a library each supplier, and what is wrong with each."""
    return _libraries_of(data, _received(data, supplier_files(data)))


def _received(data: DataFolder, hashes: Mapping[str, str]) -> list[received.ReceivedRecord]:
    return [
        one
        for file, sha256 in hashes.items()
        for one in received.read_file(
            data.path / file, file, sha256, why_no_file(data.path / file, data.path) or ""
        )
    ]


def _libraries_of(
    data: DataFolder, records: Sequence[received.ReceivedRecord]
) -> dict[str, list[received.Row]]:
    lines = data.company["supplier_records"].to_dict("records")
    # as long as no round is opened, no month is collected that a record could fail to hold for
    last_month = max((round_.last_month for round_ in data.rounds), default=date.min)
    return received.rows_by_library(records, lines, last_month)


def _priority(data: DataFolder) -> list[str]:
    """Of suppliers' records, as libraries.csv declares it; nothing where it doesn't."""
    path = data.path / "emission_factors" / "libraries.csv"
    if not path.exists():
        return []
    listed = read_csv_as_text(path).to_dict("records")
    return [row["priority"] for row in listed if row["library"] == LIBRARY_OF_RECORDS][:1]


def _library(path: Path, data: Path) -> pa.Table:
    """A library as a table of texts, or what is wrong with it, line by line."""
    try:
        table = read_text_table(path, LIBRARY_COLUMNS, data)
    except UnreadableFileError as error:
        problems: Mapping[int, str] = {error.line: error.reason}
    else:
        problems = table.problems
        if not problems:
            return _with_lines(list(table.records()), table.header, path, data, {})
    rows = [(line, {UNREADABLE: text}) for line, text in problems.items()]
    return _with_lines(rows, (UNREADABLE,), path, data, {})


def _with_lines(
    rows: Sequence[tuple[int, Mapping[str, str | None]]],
    header: Sequence[str],
    path: Path,
    relative_to: Path,
    leading: Mapping[str, str],
) -> pa.Table:
    """Rows as a table of texts, each with its file and line."""
    columns: dict[str, list[str | None]] = {
        name: [value] * len(rows) for name, value in leading.items()
    }
    columns |= {name: [row[name] for _, row in rows] for name in header}
    columns["source_file"] = [path.relative_to(relative_to).as_posix()] * len(rows)
    columns["source_sha256"] = [sha256_of_hand_in(path, relative_to)] * len(rows)
    columns["source_line"] = [str(line) for line, _ in rows]
    return pa.table(columns, schema=text_schema(columns))
