"""Which statement counts: the newest of each item and month, by whatever round it came.

A hand-in states items: a flow of a process and site, in one role, of one supplier, meter or
document. A later round replaces, month by month, the items that it states itself, and takes away
those that somebody withdrew with it; what it doesn't mention stays as it was stated before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.lake.hand_ins import INSTRUMENTS, HandIn
from orchestration.lake.paths import SUPERSEDED_SCHEMA, WITHDRAWN_SCHEMA, Lake, read_parquet
from orchestration.lake.warehouse import Connection, engine

Row = Mapping[str, Any]

STATEMENT = ("hand_in", "round", "revision", "period_month")
"""What names a registry row, and the file of its readings."""

ITEM = tuple(name for name in SUPERSEDED_SCHEMA.names if name not in STATEMENT)
"""What a reading is about; two readings of a month with the same are statements of one thing."""

STATED = "quantity is not null"
"""A cell that may stay blank, and does, states nothing."""


@dataclass(frozen=True)
class InForce:
    """What counts of everything that was accepted.

    `rows`: registry rows that count, wholly or in part. `superseded`: items and months of them
    that a later round stated anew, or that were withdrawn.
    """

    rows: tuple[dict[str, Any], ...]
    superseded: pa.Table

    @cached_property
    def in_part(self) -> frozenset[tuple[Any, ...]]:
        """Names of the rows of which a later round stated something anew."""
        names = self.superseded.select(STATEMENT).group_by(list(STATEMENT)).aggregate([])
        return frozenset(zip(*(names[name].to_pylist() for name in STATEMENT), strict=True))

    def is_whole(self, row: Row) -> bool:
        """Whether all readings of a row count."""
        return name_of(row) not in self.in_part

    def readings(self, lake: Lake, row: Row) -> pa.Table:
        """The readings of a row that count."""
        readings = read_parquet(rows_of(lake, row))
        if self.is_whole(row):
            return readings
        mine = self.superseded.filter(
            pc.and_(
                pc.equal(self.superseded["hand_in"], row["hand_in"]),
                pc.and_(
                    pc.equal(self.superseded["round"], row["round"]),
                    pc.equal(self.superseded["period_month"], row["period_month"]),
                ),
            )
        )
        gone = set(zip(*(mine[name].to_pylist() for name in ITEM), strict=True))
        items = zip(*(readings[name].to_pylist() for name in ITEM), strict=True)
        return readings.filter(pa.array([item not in gone for item in items], pa.bool_()))


def name_of(row: Row) -> tuple[Any, ...]:
    """A registry row as `STATEMENT` names it."""
    return tuple(row[name] for name in STATEMENT)


def rows_of(lake: Lake, row: Row) -> Path:
    """The file with the accepted rows that a registry row is about."""
    return lake.accepted_rows(HandIn.of_row(row), row["revision"], row["period_month"])


def instruments_files(lake: Lake, rows: Iterable[Row]) -> list[Path]:
    """Files of the certificates that registry rows are about, in the order of their rounds."""
    of_rounds = {
        (row["round"], row["revision"]): rows_of(lake, row)
        for row in rows
        if row["hand_in"] == INSTRUMENTS
    }
    return [path for _, path in sorted(of_rounds.items())]


def newest_rows(registry: pa.Table) -> list[dict[str, Any]]:
    """Registry rows of the newest revision of each hand-in and round."""
    rows = registry.to_pylist()
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        hand_in = (row["round"], row["hand_in"])
        newest[hand_in] = max(newest[hand_in], row["revision"])
    return [row for row in rows if row["revision"] == newest[row["round"], row["hand_in"]]]


def in_force(lake: Lake, registered: Iterable[Row]) -> InForce:
    """Decide item by item between rounds that report the same source, site and month.

    Certificates of one round do not replace those of another: each is its own.
    """
    rows, contested = [], {}
    for place, layers in _layers(registered).items():
        kept = _with_readings(lake, layers)
        if len(kept) == 1:
            rows += kept
        else:
            contested[place] = kept
    if not contested:
        return InForce(_sorted(rows), SUPERSEDED_SCHEMA.empty_table())
    with engine() as connection:
        superseded, remaining = _decide(connection, lake, contested)
    for newest, *older in contested.values():
        rows.append(newest)
        rows += [row for row in older if name_of(row) in remaining]
    return InForce(_sorted(rows), superseded)


def _layers(rows: Iterable[Row]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Rows of each place, the newest round first."""
    layers: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        apart = row["round"] if row["hand_in"] == INSTRUMENTS else ""
        place = (row["source"], row["facility_id"], row["period_month"], apart)
        layers[place].append(dict(row))
    return {
        place: sorted(found, key=lambda row: row["round"], reverse=True)
        for place, found in layers.items()
    }


def _with_readings(lake: Lake, layers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest row, and the older ones that have readings.

    A release made when a later round still replaced whole months kept the readings of the newest
    alone: there, the others were replaced.
    """
    newest, *older = layers
    return [newest, *(row for row in older if row["row_count"] and rows_of(lake, row).exists())]


def _sorted(rows: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    order = ("source", "facility_id", "period_month", "round")
    return tuple(sorted(rows, key=lambda row: tuple(row[name] for name in order)))


def _decide(
    connection: Connection,
    lake: Lake,
    contested: Mapping[tuple[Any, ...], Sequence[Row]],
) -> tuple[pa.Table, frozenset[tuple[Any, ...]]]:
    """Items that a later row replaces or takes away, and the rows of which something is left."""
    rows = [row for layers in contested.values() for row in layers]
    files = [str(rows_of(lake, row)) for row in rows if row["row_count"]]
    listed = ", ".join(ITEM)
    connection.execute(
        f"""
        create temp table statement as
        select {", ".join(STATEMENT)}, {listed}, [{listed}] as item, bool_or({STATED}) as is_stated
        from read_parquet($1, hive_partitioning = true, hive_types = {{'period_month': date}},
            union_by_name = true)
        group by all
        """,
        [files],
    )
    connection.register("accepted_withdrawals", _withdrawn_with(lake, rows))
    connection.execute(
        "create temp table withdrawn as "
        f"select hand_in, round, period_month, [{listed}] as item from accepted_withdrawals"
    )
    newest = pa.Table.from_pylist(
        [{name: layers[0][name] for name in STATEMENT} for layers in contested.values()],
        schema=pa.schema([SUPERSEDED_SCHEMA.field(name) for name in STATEMENT]),
    )
    connection.register("newest", newest)
    connection.execute(
        """
        create temp table superseded as
        select older.* exclude (is_stated) from statement older
        where exists (
                select 1 from newest
                where newest.hand_in = older.hand_in
                    and newest.period_month = older.period_month and newest.round > older.round)
            and (
                not is_stated
                or exists (
                    select 1 from statement newer
                    where newer.hand_in = older.hand_in and newer.item = older.item
                        and newer.period_month = older.period_month
                        and newer.round > older.round and newer.is_stated)
                or exists (
                    select 1 from withdrawn
                    where withdrawn.hand_in = older.hand_in and withdrawn.item = older.item
                        and withdrawn.period_month = older.period_month
                        and withdrawn.round > older.round))
        """
    )
    names = ", ".join(STATEMENT)
    connection.execute(
        f"create temp table remaining as select distinct {names} from statement "
        f"anti join superseded using ({names}, item)"
    )
    in_part = connection.sql(
        f"select superseded.* exclude (item) from superseded semi join remaining using ({names}) "
        "order by all"
    )
    remaining = connection.execute("select * from remaining").fetchall()
    return in_part.to_arrow_table().cast(SUPERSEDED_SCHEMA), frozenset(remaining)


def _withdrawn_with(lake: Lake, rows: Iterable[Row]) -> pa.Table:
    """What was withdrawn with the revisions of these rows."""
    revisions = {(HandIn.of_row(row), row["revision"]) for row in rows}
    paths = (lake.accepted_withdrawals(*revision) for revision in sorted(revisions))
    return lake.read_all([path for path in paths if path.exists()], WITHDRAWN_SCHEMA)
