"""A cluster as the engine: the sources as its tables, and what it built as views of the warehouse.

Spark reads the Parquet of the warehouse folder and writes each table as Parquet below `spark/`.
What a build leaves is linked into a folder of its own before anybody reads it, and the working file
becomes an index of views over these links: a table that is half written, or was replaced since, is
never read. The links cost no space until Spark replaces a file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orchestration.calculation.control import RECORDS
from orchestration.calculation.sources import DbtSource, sources
from orchestration.lake.engines import SPARK, Engine
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse, quoted

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

TARGET = "cluster"
"""Of profiles.yml."""

LAID = "main.sources_of_the_cluster"
HOLD_ROWS = ("table", "incremental", "seed")
SPARK_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "double",
    "BIGINT": "bigint",
    "INTEGER": "int",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}
DUCKDB_TYPES = {spark: duckdb for duckdb, spark in SPARK_TYPES.items()}


class ClusterError(Exception):
    """The cluster can't be reached, or refuses a statement; the message is its own."""


@dataclass(frozen=True)
class BuiltTable:
    """A table that dbt builds on the cluster.

    Attributes:
        schema, name: as they are called in a warehouse, without the prefix.
        columns: of its contract with their types, in order; none where it has no contract.
        partition: the column whose values are folders, or none.
    """

    schema: str
    name: str
    columns: Mapping[str, str]
    partition: str | None


def is_index(lake: Lake) -> bool:
    """Whether the working file shows what a cluster built, and has no rows to go on from."""
    with Warehouse(lake).reading() as connection:
        return bool(Cluster(lake).shown(connection))


class Cluster:
    """The Thrift server of a cluster that sees the folder of one warehouse."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.engine: Engine = lake.engine
        place = hashlib.sha256(str(lake.path).encode()).hexdigest()[:12]
        self.prefix = f"carbonloom_{place}"
        self.tables = lake.path / SPARK / "tables"
        self.index = lake.path / SPARK / "index"

    def environment(self) -> dict[str, str]:
        """What the profile reads."""
        return {
            "CARBONLOOM_CLUSTER_HOST": self.engine.host,
            "CARBONLOOM_CLUSTER_PORT": str(self.engine.port),
            "CARBONLOOM_CLUSTER_USER": self.engine.user,
            "CARBONLOOM_CLUSTER_SCHEMA": self.prefix,
        }

    def schema(self, name: str) -> str:
        """A schema of the warehouse as the cluster calls it."""
        return f"{self.prefix}_{name}"

    def ask(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns of a query and its rows."""
        with self._cursor() as cursor:
            return _asked(cursor, query)

    def lay_sources(self) -> None:
        """A table of the cluster over the files of each source that has any.

        Only what has other files or columns than when it was laid last is laid anew: the cluster
        keeps in mind which files a table has.

        Raises:
            ClusterError: the cluster can't be reached, or can't read the folder.
        """
        with Warehouse(self.lake).writing() as connection:
            connection.execute(f"create table if not exists {LAID} (name varchar, key varchar)")
            laid = dict(connection.execute(f"from {LAID}").fetchall())
            columns = _columns_of_views(connection)
            wanted = {
                _named(source): _stamp(self.lake, source, columns.get(_named(source), ()))
                for source in sources()
            }
            with self._cursor() as cursor:
                there = {
                    f"{schema}.{table}"
                    for schema in sorted({source.schema for source in sources()})
                    for table in self._there(cursor, schema)
                }
                for source in sources():
                    name = _named(source)
                    if laid.get(name) == wanted[name] and (name in there) == (name in columns):
                        continue
                    connection.execute(f"delete from {LAID} where name = $1", [name])
                    self._lay(cursor, source, columns.get(name, ()))
                    connection.execute(f"insert into {LAID} values ($1, $2)", [name, wanted[name]])

    def _lay(self, cursor: Any, source: DbtSource, columns: Collection[tuple[str, str]]) -> None:
        table = f"{self.schema(source.schema)}.{source.name}"
        cursor.execute(f"drop table if exists {table}")
        if not columns:
            return
        split = _partition_of(source)
        listed = ", ".join(f"`{name}` {SPARK_TYPES[kind]}" for name, kind in columns)
        every_folder = " options (recursiveFileLookup 'true')" if "**" in source.files else ""
        by = f" partitioned by ({split})" if split else ""
        place = _literal(_root(self.lake, source))
        cursor.execute(
            f"create table {table} ({listed}) using parquet{every_folder}{by} location {place}"
        )
        if split:
            cursor.execute(f"msck repair table {table}")

    def make_room(self, manifest: Manifest, nodes: Iterable[str]) -> None:
        """Before nodes are built: take away tables that are no longer what this warehouse shows.

        Another engine may have built since, or a build may have failed: what the index doesn't
        show was never found good. A table that the cluster doesn't know, but for its files, is one
        of a cluster that forgot.

        Raises:
            ClusterError: the cluster can't be reached, or refuses.
        """
        wanted = _tables(manifest, nodes)
        with Warehouse(self.lake).writing() as connection:
            shown = self.shown(connection)
        schemas = sorted({table.schema for table in wanted})
        with self._cursor() as cursor:
            for schema in schemas:
                folder = self.tables / schema
                folder.mkdir(parents=True, exist_ok=True)
                cursor.execute(
                    f"create schema if not exists {self.schema(schema)} location {_literal(folder)}"
                )
            there = {schema: self._there(cursor, schema) for schema in schemas}
            for table in wanted:
                if table.name in there[table.schema]:
                    if (table.schema, table.name) in shown:
                        continue
                    cursor.execute(f"drop table {self.schema(table.schema)}.{table.name}")
                shutil.rmtree(self.tables / table.schema / table.name, ignore_errors=True)

    def show(self, connection: Connection, manifest: Manifest, nodes: Iterable[str]) -> None:
        """Let the working file show what was built: views over links to the files of each table.

        Records are copied, for what is about to be built anew is struck out there.

        Raises:
            ClusterError: the cluster can't say what a table without files looks like.
        """
        records = {record.table for record in RECORDS}
        there = _kinds(connection)
        with self._cursor() as cursor:
            for table in _tables(manifest, nodes):
                query = self._query(cursor, table)
                name = f'{table.schema}."{table.name}"'
                connection.execute(f"create schema if not exists {table.schema}")
                for kind in ("view", "table"):
                    if (kind, table.schema, table.name) in there:
                        connection.execute(f"drop {kind} {name}")
                kind = "table" if table.name in records else "view"
                connection.execute(f"create {kind} {name} as {query}")

    def forget_what_is_not_shown(self) -> None:
        """Remove the links that no view of the working file names any more."""
        with Warehouse(self.lake).reading() as connection:
            used = "\n".join(self.shown(connection).values())
        for folder in self.index.glob("*/*/*"):
            if folder.name not in used:
                shutil.rmtree(folder)

    def _query(self, cursor: Any, table: BuiltTable) -> str:
        built = self.tables / table.schema / table.name
        files = [path for path in built.rglob("*.parquet") if not _is_hidden(path, built)]
        if not files or table.partition:
            described = _described(cursor, f"{self.schema(table.schema)}.{table.name}")
        if not files:
            nothing = ", ".join(f'null::{kind} as "{name}"' for name, kind in described.items())
            relation = f"(select {nothing} where false)"
        else:
            linked = self.index / table.schema / table.name / uuid4().hex
            for path in files:
                link = linked / path.relative_to(built)
                link.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, link)
            typed = (
                f", hive_partitioning = true, hive_types = "
                f"{{'{table.partition}': {described[table.partition]}}}"
                if table.partition
                else ""
            )
            relation = f"read_parquet({quoted(f'{linked}/**/*.parquet')}{typed})"
        columns = ", ".join(
            f'cast("{name}" as {kind}) as "{name}"' for name, kind in table.columns.items()
        )
        return f"select {columns or '*'} from {relation}"

    def shown(self, connection: Connection) -> dict[tuple[str, str], str]:
        """The views of the working file over tables of the cluster, with their SQL."""
        rows = connection.execute(
            "select schema_name, view_name, sql from duckdb_views() where contains(sql, $1)",
            [str(self.index)],
        ).fetchall()
        return {(schema, name): sql for schema, name, sql in rows}

    def _there(self, cursor: Any, schema: str) -> set[str]:
        cursor.execute(f"create schema if not exists {self.schema(schema)}")
        return {row[1] for row in _asked(cursor, f"show tables in {self.schema(schema)}")[1]}

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        from pyhive import exc, hive
        from thrift.transport.TTransport import TTransportException

        place = f"{self.engine.host}:{self.engine.port}"
        try:
            connection = hive.connect(
                self.engine.host, self.engine.port, username=self.engine.user, auth="NONE"
            )
        except (OSError, TTransportException, exc.Error) as error:
            raise ClusterError(f"The Thrift server at {place} can't be reached: {error}") from error
        try:
            yield connection.cursor()
        except (OSError, TTransportException, exc.Error) as error:
            raise ClusterError(f"The cluster at {place} says: {_said(error)}") from error
        finally:
            connection.close()


def _said(error: Exception) -> str:
    """The message of a response of the server, or the error's own."""
    status = getattr(error.args[0], "status", None) if error.args else None
    return str(getattr(status, "errorMessage", None) or error)


def _asked(cursor: Any, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor.execute(query)
    return [column[0] for column in cursor.description], cursor.fetchall()


def _described(cursor: Any, table: str) -> dict[str, str]:
    """Types of the columns as DuckDB calls them; partitions are listed once more at the end."""
    _, rows = _asked(cursor, f"describe table {table}")
    return {name: DUCKDB_TYPES[kind] for name, kind, *_ in rows if kind in DUCKDB_TYPES}


def _tables(manifest: Manifest, nodes: Iterable[str]) -> list[BuiltTable]:
    """Those of the nodes that hold rows."""
    found = []
    for node_id in nodes:
        node: Any = manifest.nodes[node_id]
        if node.config.materialized in HOLD_ROWS:
            contract = node.config.get("contract")
            columns = {name: column.data_type for name, column in node.columns.items()}
            partition = node.config.get("partition_by")
            found.append(
                BuiltTable(
                    node.config.schema,
                    node.alias,
                    columns if contract is not None and contract.enforced else {},
                    partition[0] if partition else None,
                )
            )
    return found


def _kinds(connection: Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        "select case table_type when 'VIEW' then 'view' else 'table' end, "
        "table_schema, table_name from information_schema.tables"
    ).fetchall()
    return {(kind, schema, name) for kind, schema, name in rows}


def _named(source: DbtSource) -> str:
    return f"{source.schema}.{source.name}"


def _columns_of_views(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """The columns of the view over each source, by `schema.name`, with DuckDB's types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for schema, table, column, kind in connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where list_contains($1, table_schema) order by table_schema, table_name, ordinal_position",
        [sorted({source.schema for source in sources()})],
    ).fetchall():
        found.setdefault(f"{schema}.{table}", []).append((column, kind))
    return found


def _stamp(lake: Lake, source: DbtSource, columns: Collection[tuple[str, str]]) -> str:
    """One hash over the columns of a source and over when each of its files was written."""
    digest = hashlib.sha256(repr(columns).encode())
    for path in sorted(lake.path.glob(source.files)):
        found = path.stat()
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _root(lake: Lake, source: DbtSource) -> Path:
    """The folder of its files, or its only file."""
    parts = Path(source.files).parts
    fixed = next((n for n, part in enumerate(parts) if "*" in part), len(parts))
    return lake.path.joinpath(*parts[:fixed])


def _partition_of(source: DbtSource) -> str | None:
    return "period_month" if source.options.get("hive_partitioning") else None


def _is_hidden(path: Path, below: Path) -> bool:
    """Spark's own: files and folders that are being written."""
    return any(part.startswith(("_", ".")) for part in path.relative_to(below).parts)


def _literal(value: object) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
