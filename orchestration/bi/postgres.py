"""The published marts as one schema of a PostgreSQL server, for tools that want a server.

Tables are loaded under a schema beside, then moved into the schema in one transaction that waits
for everybody who reads the old ones: who began on the old figures ends on them, who begins later
sees the new ones, and nobody sees some of each. The schema itself stays, and with it its grants and
default privileges; grants on tables are carried over. What isn't ours is never dropped.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from orchestration.bi import postgres_grants as grants
from orchestration.bi.asking import open_marts
from orchestration.bi.postgres_keys import declare_keys
from orchestration.lake.paths import sha256_of_file
from orchestration.lake.warehouse import Connection
from orchestration.progress import doing

MARK = "Carbonloom marts, replaced as a whole by `carbonloom postgres`. "
"""How the comment of a schema of ours starts; what was loaded follows as JSON."""

BESIDE = "__loading"
LONGEST_NAME = 63 - len(BESIDE)
"""Bytes of a schema's name: PostgreSQL cuts longer ones silently."""

LOCK_WAIT_MS = 1000
"""Of one try. Longer would hold up readers that come after the one waited for."""

PAUSE_S = 1.0
CHUNK = 1 << 20
TYPES = {
    "VARCHAR": "text",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


class PostgresError(Exception):
    """The schema can't be replaced; it stands as it stood. The message says what to do."""


class NoServerError(Exception):
    """There is no such server or database, or it lets nobody in."""


@dataclass(frozen=True)
class Copied:
    """What was copied, and where to."""

    place: str
    schema: str
    rows: Mapping[str, int]
    publication: Mapping[str, Any]
    is_first: bool
    undeclared: tuple[str, ...]
    """Keys that some row breaks, in words."""


def copy_to_postgres(folder: Path, url: str, schema: str, patience_s: float) -> Copied:
    """Replace a schema by the marts of a publication or release.

    `url`: a PostgreSQL connection string. `patience_s`: how long to wait for readers.

    Raises:
        NoMartsError: the folder holds no marts.
        NoServerError: nobody answers, or lets us in.
        PostgresError: the schema isn't ours, somebody reads too long, or the server refuses.
    """
    if not 0 < len(schema.encode()) <= LONGEST_NAME:
        raise PostgresError(f"{schema!r}: a schema's name has 1 to {LONGEST_NAME} bytes.")
    folder = folder.resolve()  # the link may be swapped meanwhile
    with open_marts(folder) as marts, _connected(url) as server:
        try:
            return _copy(
                marts, server, schema, sha256_of_file(folder / "manifest.json"), patience_s
            )
        except errors.DependentObjectsStillExist as error:
            raise PostgresError(
                f"Something else depends on tables of {schema}: {error.diag.message_detail}. "
                "Drop it, copy again, and make it anew."
            ) from None
        except psycopg.Error as error:
            raise PostgresError(f"The server refuses: {str(error).strip()}") from error


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    try:
        server = psycopg.connect(
            url, autocommit=True, row_factory=dict_row, fallback_application_name="carbonloom"
        )
    except psycopg.Error as error:
        raise NoServerError(f"PostgreSQL: {str(error).strip()}") from None
    with server:
        yield server


def _copy(
    marts: Connection,
    server: psycopg.Connection[dict[str, Any]],
    schema: str,
    manifest_sha256: str,
    patience_s: float,
) -> Copied:
    _be_alone(server, schema)
    old = _ours(server, schema)
    _drop_remains(server, schema + BESIDE)
    columns = _columns(marts)
    label = marts.execute("select * from publication").fetchall()[0]
    names = [column[0] for column in marts.description or ()]
    publication = dict(zip(names, label, strict=True))
    about = {"tables": sorted(columns), "manifest_sha256": manifest_sha256, **publication}
    comment = MARK + json.dumps(about, default=str, ensure_ascii=False)
    with server.transaction():
        loaded_by = _one(server, SQL("select pg_current_xact_id()::text as id"))["id"]
        server.execute(SQL("create schema {}").format(Identifier(schema + BESIDE)))
        _comment(server, SQL("schema {}").format(Identifier(schema + BESIDE)), MARK)
        rows: dict[str, int] = {}
        for table, types in columns.items():
            doing(table, len(rows), len(columns))
            rows[table] = _load(marts, server, schema + BESIDE, table, types)
        named = {table: [one["name"] for one in types] for table, types in columns.items()}
        undeclared = declare_keys(server, schema + BESIDE, named)
    try:
        _swap_when_unread(server, schema, list(columns), comment, loaded_by, patience_s)
    finally:
        _drop_remains(server, schema + BESIDE)
    place = f"{server.info.host or 'local'}:{server.info.port}/{server.info.dbname}"
    return Copied(place, schema, rows, publication, is_first=old is None, undeclared=undeclared)


# --- whose it is --------------------------------------------------------------------------


def _be_alone(server: psycopg.Connection[dict[str, Any]], schema: str) -> None:
    """One copy at a time into a schema; the lock ends with the connection."""
    query = SQL("select pg_try_advisory_lock(hashtextextended({}, 0)) as held").format(
        Literal(f"carbonloom {schema}")
    )
    if not _one(server, query)["held"]:
        raise PostgresError(f"Another copy into the schema {schema} is under way.")


def _ours(server: psycopg.Connection[dict[str, Any]], schema: str) -> list[str] | None:
    """Tables that we wrote there; None where the schema is missing.

    An empty schema that somebody made for us is ours; anything that we didn't write is refused.
    """
    found = _schema(server, schema)
    if found is None:
        return None
    comment = found["comment"] or ""
    tables = json.loads(comment.removeprefix(MARK))["tables"] if comment.startswith(MARK) else []
    foreign = [name for name in found["objects"] if name not in tables]
    if foreign and not tables:
        raise PostgresError(
            f"The schema {schema} holds {', '.join(foreign[:5])} and wasn't written by "
            "carbonloom: name another one with --schema."
        )
    if foreign:
        raise PostgresError(
            f"The schema {schema} is replaced as a whole, and {', '.join(foreign[:5])} is not of "
            "it: move that to another schema."
        )
    return [name for name in tables if name in found["objects"]]


def _schema(server: psycopg.Connection[dict[str, Any]], schema: str) -> dict[str, Any] | None:
    """Its comment, and everything in it that people could miss: relations and functions."""
    rows = server.execute(
        SQL(
            "select obj_description(n.oid, 'pg_namespace') as comment, array("
            "  select c.relname::text from pg_class as c"
            "  where c.relnamespace = n.oid and c.relkind not in ('i', 'I', 't', 'c')"
            "  union all select p.proname || '()' from pg_proc as p where p.pronamespace = n.oid"
            "  order by 1"
            ") as objects from pg_namespace as n where n.nspname = {}"
        ).format(Literal(schema))
    ).fetchall()
    return rows[0] if rows else None


def _drop_remains(server: psycopg.Connection[dict[str, Any]], beside: str) -> None:
    """What a killed copy left; nobody else's."""
    found = _schema(server, beside)
    if found is None:
        return
    if not (found["comment"] or "").startswith(MARK):
        raise PostgresError(f"The schema {beside} is in the way and isn't ours: rename it.")
    server.execute(SQL("drop schema {} cascade").format(Identifier(beside)))


# --- loading ------------------------------------------------------------------------------


def _columns(marts: Connection) -> dict[str, list[dict[str, Any]]]:
    """Columns of every mart: name, PostgreSQL's type and comment; the table's comment with each."""
    found = marts.execute(
        "select c.table_name, c.column_name, c.data_type, c.comment, t.comment "
        "from duckdb_columns() as c join duckdb_tables() as t "
        "on c.table_name = t.table_name and c.schema_name = t.schema_name "
        "and c.database_name = t.database_name "
        "where c.database_name = 'carbonloom' order by c.table_name, c.column_index"
    ).fetchall()
    columns: dict[str, list[dict[str, Any]]] = {}
    for table, name, kind, comment, about in found:
        columns.setdefault(table, []).append(
            {
                "name": name,
                "type": _type(f"{table}.{name}", kind),
                "comment": comment,
                "about": about,
            }
        )
    return columns


def _type(column: str, kind: str) -> str:
    if kind.startswith("DECIMAL("):
        return kind.replace("DECIMAL", "numeric")
    if kind not in TYPES:
        raise PostgresError(f"{column} has the type {kind}, which no type of PostgreSQL matches.")
    return TYPES[kind]


def _load(
    marts: Connection,
    server: psycopg.Connection[dict[str, Any]],
    beside: str,
    table: str,
    columns: list[dict[str, Any]],
) -> int:
    """A table with its comments and rows; returns how many."""
    target = Identifier(beside, table)
    typed = SQL(", ").join(
        SQL("{} {}").format(Identifier(column["name"]), SQL(column["type"])) for column in columns
    )
    server.execute(SQL("create table {} ({})").format(target, typed))
    _comment(server, SQL("table {}").format(target), columns[0]["about"])
    for column in columns:
        place = Identifier(beside, table, column["name"])
        _comment(server, SQL("column {}").format(place), column["comment"])
    with tempfile.TemporaryDirectory(prefix="carbonloom") as folder, server.cursor() as cursor:
        file = Path(folder) / "rows.csv"
        # quoted, so that a text is never taken for null or for the end of the rows
        marts.execute(
            f'copy (select * from carbonloom.marts."{table}") '
            f"to '{file}' (format csv, header false, force_quote *)"
        )
        command = SQL("copy {} from stdin (format csv, encoding 'UTF8')").format(target)
        with cursor.copy(command) as copy, file.open("rb") as rows:
            while chunk := rows.read(CHUNK):
                copy.write(chunk)
        count = cursor.rowcount
    server.execute(SQL("analyze {}").format(target))
    return count


def _comment(
    server: psycopg.Connection[dict[str, Any]], thing: Composable, text: str | None
) -> None:
    server.execute(SQL("comment on {} is {}").format(thing, Literal(text)))


# --- the swap -----------------------------------------------------------------------------


def _swap_when_unread(
    server: psycopg.Connection[dict[str, Any]],
    schema: str,
    tables: list[str],
    comment: str,
    loaded_by: str,
    patience_s: float,
) -> None:
    """Try until nobody reads the old tables; between tries, other readers pass."""
    until = time.monotonic() + patience_s
    while True:
        readers = _old_readers(server, loaded_by)
        try:
            if not readers:
                with server.transaction():
                    _swap(server, schema, tables, comment)
                return
        except errors.LockNotAvailable:
            readers = _holders(server, schema)
        if time.monotonic() >= until:
            raise PostgresError(
                f"{schema} stays as it is: after {patience_s:g} s it is still read by "
                f"{'; '.join(readers) or 'somebody'}. End that, or wait longer with --wait."
            )
        time.sleep(PAUSE_S)


def _swap(
    server: psycopg.Connection[dict[str, Any]], schema: str, tables: list[str], comment: str
) -> None:
    """The new tables take the place of the old ones; in a transaction of the caller's."""
    beside, place = Identifier(schema + BESIDE), Identifier(schema)
    old = _ours(server, schema)
    if old is None:
        server.execute(SQL("create schema {}").format(place))
    carried: list[Composed] = grants.default_grants(server, schema, set(tables) - set(old or ()))
    if old:
        listed = SQL(", ").join(Identifier(schema, name) for name in old)
        server.execute(SQL("set local lock_timeout = {}").format(Literal(LOCK_WAIT_MS)))
        server.execute(SQL("lock table {} in access exclusive mode").format(listed))
        if guarded := grants.tables_with_policies(server, schema):
            raise PostgresError(
                f"Row-level security of {', '.join(guarded)} would be lost: put it on views of "
                "another schema."
            )
        carried += grants.grants_on_tables(server, schema, schema + BESIDE, set(old) & set(tables))
        server.execute(SQL("drop table {}").format(listed))
    for table in tables:
        moved = Identifier(schema + BESIDE, table)
        server.execute(SQL("alter table {} set schema {}").format(moved, place))
    for statement in carried:
        server.execute(statement)
    _comment(server, SQL("schema {}").format(place), comment)
    server.execute(SQL("drop schema {}").format(beside))


def _old_readers(server: psycopg.Connection[dict[str, Any]], loaded_by: str) -> list[str]:
    """Sessions whose snapshot may be older than the loaded rows: they would find them empty."""
    return _sessions(
        server,
        SQL("backend_xmin is not null and age(backend_xmin) >= age({}::xid)").format(
            Literal(loaded_by)
        ),
    )


def _holders(server: psycopg.Connection[dict[str, Any]], schema: str) -> list[str]:
    """Sessions that hold a lock on a table of the schema."""
    return _sessions(
        server,
        SQL(
            "pid in (select l.pid from pg_locks as l join pg_class as c on l.relation = c.oid "
            "where l.granted and c.relnamespace = to_regnamespace({})::oid)"
        ).format(Literal(f'"{schema}"')),
    )


def _sessions(server: psycopg.Connection[dict[str, Any]], which: Composable) -> list[str]:
    rows = server.execute(
        SQL(
            "select concat_ws(' ', usename, application_name, 'process ' || pid) as who "
            "from pg_stat_activity where pid <> pg_backend_pid() "
            "and datname = current_database() and {} order by pid"
        ).format(which)
    ).fetchall()
    return [row["who"] for row in rows]


def _one(server: psycopg.Connection[dict[str, Any]], query: SQL | Composed) -> dict[str, Any]:
    row = server.execute(query).fetchone()
    assert row is not None, "a query of one row"
    return row
