"""The Parquet folders of one warehouse: where each table lies, and how it is written whole.

Every file is written beside its place and renamed, so that a reader or a killed run never meets
half a file. What was accepted is decided by the registry `accepted/hand_ins.parquet` alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.lake.engines import EMBEDDED, Engine
from orchestration.lake.hand_ins import INSTRUMENTS_SOURCE, READING_TABLES, HandIn, slug_of

NO_MONTH = date(9999, 12, 1)
"""Partition of the empty file that keeps a table readable before anything is accepted.

It sorts last: DuckDB takes the first file for typical, and with none of its rows there it would
plan joins for an empty table (12 times slower, 10 GB instead of 0.4 on five million rows).
"""

EMPTY = "empty.parquet"
"""Name of the empty file of any other table."""

NO_PERIOD = "none"
"""Name of the empty file that keeps a solved table readable; it too sorts last."""

HAND_INS_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("source", pa.string()),
        ("facility_id", pa.string()),
        ("period_month", pa.date32()),
        ("revision", pa.int32()),
        ("source_file", pa.string()),
        ("source_sha256", pa.string()),
        ("content_sha256", pa.string()),
        ("row_count", pa.int64()),
    ]
)

IN_FORCE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("facility_id", pa.string()),
        ("period_month", pa.date32()),
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("revision", pa.int32()),
    ]
)

ITEM_FIELDS = [
    (name, pa.string())
    for name in (
        "facility_id",
        "process_id",
        "flow_id",
        "direction",
        "property",
        "role",
        "supplier_id",
        "meter_id",
        "document_no",
    )
]
"""What a reading is about."""

SUPERSEDED_SCHEMA = pa.schema(
    [
        ("hand_in", pa.string()),
        ("round", pa.string()),
        ("revision", pa.int32()),
        ("period_month", pa.date32()),
        *ITEM_FIELDS,
    ]
)

WITHDRAWN_SCHEMA = pa.schema(
    [
        ("hand_in", pa.string()),
        ("round", pa.string()),
        ("period_month", pa.date32()),
        *ITEM_FIELDS,
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_on", pa.date32()),
        ("source_line", pa.int32()),
    ]
)

BUILD_MONTHS_SCHEMA = pa.schema(
    [("period_month", pa.date32()), ("fingerprint", pa.string()), ("is_stale", pa.bool_())]
)


def text_schema(columns: Iterable[str]) -> pa.Schema:
    """A schema with every column as text."""
    return pa.schema([(column, pa.string()) for column in columns])


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 of what was read already."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_parquet(path: Path) -> pa.Table:
    """The table of one Parquet file; names of folders add no columns.

    `pq.read_table` looks for a whole data set first, which takes ten times as long.
    """
    with pq.ParquetFile(path) as file:
        return file.read()


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class Lake:
    """Paths and atomic writes of one warehouse folder, and what its models are built with."""

    def __init__(self, path: Path | str, engine: Engine = EMBEDDED) -> None:
        self.path = Path(path).resolve()
        self.engine = engine

    # --- where things lie -----------------------------------------------------------------

    @property
    def working_file(self) -> Path:
        """The DuckDB file that dbt alone writes."""
        return self.path / "carbonloom.duckdb"

    @property
    def preliminary(self) -> Path:
        """A link to the marts of the newest calculation, signed by nobody."""
        return self.path / "preliminary"

    @property
    def published(self) -> Path:
        """What analysts open: a link to the newest release; before the first, `preliminary`."""
        return self.path / "published"

    def released_rounds(self) -> list[str]:
        """Names of the rounds that have a release, in their order."""
        return sorted(path.name for path in (self.path / "releases").glob("*") if path.is_dir())

    def releases(self, round_: str) -> Path:
        """The releases of a round, r1, r2 …: written once, never changed."""
        return self.path / "releases" / round_

    @property
    def hand_ins(self) -> Path:
        """The registry of accepted hand-ins: what it lists counts, nothing else."""
        return self.path / "accepted" / "hand_ins.parquet"

    @property
    def in_force(self) -> Path:
        """Which revisions count, wholly or in part, for each source, facility and month."""
        return self.path / "control" / "in_force.parquet"

    @property
    def superseded(self) -> Path:
        """Items of what is in force that a later round stated anew, or that were withdrawn."""
        return self.path / "control" / "superseded.parquet"

    @property
    def build_months(self) -> Path:
        """Fingerprint of each month's inputs, and whether the warehouse is behind it."""
        return self.path / "control" / "build_months.parquet"

    @property
    def reported_figures(self) -> Path:
        """What the newest release reported of each year."""
        return self.path / "control" / "reported_figures.parquet"

    @property
    def unpassed_halves(self) -> Path:
        """Folder of the reasons why halves of the dbt project did not pass."""
        return self.path / "control" / "unpassed"

    def unpassed(self, half: str) -> Path:
        """Why what was built last of a half of the dbt project did not pass; gone when it did."""
        return self.unpassed_halves / f"{half}.txt"

    @property
    def solved_periods(self) -> Path:
        """Every reference period, and whether the product marts are behind it."""
        return self.path / "solved" / "periods.parquet"

    def solved(self, table: str, reference_period: str) -> Path:
        """One reference period of a table that the product system's solve writes."""
        return self.path / "solved" / table / f"{reference_period}.parquet"

    def landed_of(self, source: str, round_: str) -> Path:
        """Folder of the hand-ins of a source in a round as they were read."""
        return self.path / "landed" / source / round_

    def landed(self, hand_in: HandIn) -> Path:
        """A hand-in as it was read."""
        return self.landed_of(hand_in.source, hand_in.round) / f"{hand_in.slug}.parquet"

    @property
    def landed_libraries(self) -> Path:
        """Folder of the factor libraries as they were read."""
        return self.path / "landed" / "emission_factors"

    def landed_library(self, library: str) -> Path:
        """A factor library as it was read."""
        return self.landed_libraries / f"{library}.parquet"

    @property
    def landed_supplier_files(self) -> Path:
        """Which files of suppliers' records were read, whatever they held."""
        return self.path / "landed" / "suppliers" / "files.parquet"

    def accepted(self, table: str) -> Path:
        """A table of `accepted/` that is one file."""
        return self.path / "accepted" / f"{table}.parquet"

    @property
    def company_tables(self) -> Path:
        """Folder of the master tables that passed validation."""
        return self.path / "accepted" / "company"

    def reduction(self, table: str) -> Path:
        """A table of what initiatives are worth, on the newest full calendar year."""
        return self.path / "reduction" / f"{table}.parquet"

    def uncertainty(self, table: str) -> Path:
        """A table of what can be wrong, and how far figures rest on it."""
        return self.path / "uncertainty" / f"{table}.parquet"

    def company(self, table: str) -> Path:
        """A master table that passed validation."""
        return self.company_tables / f"{table}.parquet"

    def accepted_rows(self, hand_in: HandIn, revision: int, month: date) -> Path:
        """The rows of an accepted revision of a hand-in in one month.

        Certificates are one file a revision: they cover months of their own.
        """
        folder = self.path / "accepted" / hand_in.accepted_table
        if hand_in.is_instruments:
            return folder / f"{hand_in.round}__r{revision}.parquet"
        return folder / f"period_month={month.isoformat()}" / _revision_file(hand_in, revision)

    def accepted_withdrawals(self, hand_in: HandIn, revision: int) -> Path:
        """What earlier rounds had stated and an accepted revision of a hand-in took away."""
        return self.path / "accepted" / "withdrawals" / _revision_file(hand_in, revision)

    def readings(self, round_: str = "*") -> Iterator[Path]:
        """Files of accepted readings, those of every revision, of one round or of all."""
        for table in READING_TABLES:
            yield from sorted((self.path / "accepted" / table).glob(f"*/{round_}__*.parquet"))

    def instruments(self, round_: str) -> Iterator[Path]:
        """Files of the accepted certificates of a round, one a revision."""
        folder = self.path / "accepted" / INSTRUMENTS_SOURCE
        yield from sorted(folder.glob(f"{round_}__r*.parquet"))

    def no_rows(self, table: str) -> Path:
        """The empty file that keeps an accepted table readable before anything is accepted."""
        folder = self.path / "accepted" / table
        if table in READING_TABLES:
            folder /= f"period_month={NO_MONTH.isoformat()}"
        return folder / EMPTY

    def findings_of(self, round_: str) -> Path:
        """Folder of what the gate found in a round."""
        return self.path / "quality" / "findings" / round_

    def findings(self, round_: str, name: str) -> Path:
        """What the gate found in one hand-in, or in what belongs to none."""
        return self.findings_of(round_) / f"{slug_of(name)}.parquet"

    def calculated(self, round_: str) -> Path:
        """What the last calculation found in the hand-ins of a round."""
        return self.path / "quality" / "calculated" / f"{round_}.parquet"

    def verdicts(self, round_: str) -> Path:
        """One verdict a hand-in of the round."""
        return self.path / "quality" / "verdicts" / f"{round_}.parquet"

    def judged_files(self, round_: str) -> Path:
        """SHA-256 of every file that the verdicts of the round are about."""
        return self.path / "quality" / "judged_files" / f"{round_}.parquet"

    def judged_from(self, round_: str) -> Path:
        """What the judgement of the round rests on, and which files it left."""
        return self.path / "quality" / "judged_from" / f"{round_}.json"

    def judgements(self, round_: str) -> Path:
        """When the verdict on each hand-in of the round changed; only ever added to."""
        return self.path / "quality" / "judgements" / f"{round_}.parquet"

    @property
    def as_of(self) -> Path:
        """The day of the last judgement."""
        return self.path / "quality" / "as_of.parquet"

    def waivers(self, round_: str) -> Path:
        """Every waiver of the round with its state."""
        return self.path / "quality" / "waivers" / f"{round_}.parquet"

    def sign_offs(self, round_: str) -> Path:
        """Every sign-off of the round, and whether it counts."""
        return self.path / "quality" / "sign_offs" / f"{round_}.parquet"

    def returned(self, round_: str) -> Path:
        """Folder of what goes back to the authors of a round's hand-ins."""
        return self.path / "returned" / round_

    # --- reading and writing --------------------------------------------------------------

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """One process at a time decides, builds and publishes; a lock dies with its process.

        Dagster's pools keep apart the runs of one instance. This keeps apart everybody: a run
        from the command line, one from the UI, and one of another user of the same folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".writer.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def write(self, path: Path, table: pa.Table) -> None:
        """Write a Parquet file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            pq.write_table(table, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file whole or not at all."""
        write_whole(path, text)

    def write_if_changed(self, path: Path, table: pa.Table) -> None:
        """Leave a file untouched whose content would be the same."""
        if not path.exists() or not read_parquet(path).equals(table):
            self.write(path, table)

    def read(self, path: Path, schema: pa.Schema) -> pa.Table:
        """A Parquet file, or an empty table when nothing was written yet."""
        if not path.exists():
            return schema.empty_table()
        return read_parquet(path)

    def read_all(self, paths: Iterable[Path], schema: pa.Schema) -> pa.Table:
        """Several files of one schema under each other."""
        tables = [read_parquet(path) for path in paths]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def keep_only(self, folder: Path, names: Iterable[str]) -> list[str]:
        """Remove the Parquet files of a folder that nobody hands in any more; returns them."""
        keep = set(names)
        gone = [path for path in sorted(folder.glob("*.parquet")) if path.name not in keep]
        for path in gone:
            path.unlink()
        return [path.name for path in gone]

    def discard_revision(self, hand_in: HandIn, revision: int) -> None:
        """Remove what a killed run left of a revision that was never registered."""
        pattern = f"period_month=*/{_revision_file(hand_in, revision)}"
        for path in (self.path / "accepted" / hand_in.accepted_table).glob(pattern):
            path.unlink()
            with suppress(OSError):  # another hand-in still has files of that month
                path.parent.rmdir()

    def remove_folder(self, path: Path) -> None:
        """Remove a folder and what is in it, if it is there."""
        shutil.rmtree(path, ignore_errors=True)

    def verdict_rows(self, round_: str) -> list[dict[str, Any]]:
        """The verdicts of a round; none before it was judged."""
        path = self.verdicts(round_)
        return read_parquet(path).to_pylist() if path.exists() else []

    def waiver_rows(self, round_: str) -> list[dict[str, Any]]:
        """The waivers of a round as last judged; none before it was."""
        path = self.waivers(round_)
        return read_parquet(path).to_pylist() if path.exists() else []

    def finding_rows(self, round_: str) -> list[dict[str, Any]]:
        """Every finding of a round, critical ones first."""
        folder = self.findings_of(round_)
        order = ("critical", "warning", "info")
        rows = [
            row
            for path in sorted(folder.glob("*.parquet"))
            for row in read_parquet(path).to_pylist()
        ]
        return sorted(rows, key=lambda row: order.index(row["severity"]))

    # --- the registry ---------------------------------------------------------------------

    def registry(self) -> pa.Table:
        """Every accepted revision and month, in the order it was accepted."""
        return self.read(self.hand_ins, HAND_INS_SCHEMA)

    def newest_revision(self, registry: pa.Table, hand_in: HandIn) -> tuple[int, str] | None:
        """Revision number and content hash of what is in force for a hand-in of a round."""
        mine = registry.filter(
            pc.and_(
                pc.equal(registry["round"], hand_in.round),
                pc.equal(registry["hand_in"], hand_in.name),
            )
        )
        if not mine.num_rows:
            return None
        rows = mine.select(["revision", "content_sha256"]).to_pylist()
        newest = max(rows, key=lambda row: row["revision"])
        return newest["revision"], newest["content_sha256"]


def _revision_file(hand_in: HandIn, revision: int) -> str:
    return f"{hand_in.round}__{hand_in.slug}__r{revision}.parquet"


def content_sha256(table: pa.Table) -> str:
    """Hash of what a table says, whatever file, chunks or encoding it came in."""
    import pyarrow.csv as pacsv

    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()
