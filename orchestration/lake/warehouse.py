"""The one door to SQL: whoever reads or writes tables of a warehouse is let in here.

Which engine answers, and with which settings, is decided in this module alone; everything else is
handed a connection. `with` closes a connection that was opened here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.lake.paths import Lake

Connection = duckdb.DuckDBPyConnection

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # nothing is fetched from anywhere because a query happens to need it
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
ONE_THREAD = 1
"""One thread adds up in one order, so that the same tables give the same last digit."""

MARTS_FILE = "marts.duckdb"
MARTS = "carbonloom"
"""Name of the catalog that published marts are opened as."""


def quoted(value: object) -> str:
    """A value as a text literal in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def engine(threads: int | None = None) -> Connection:
    """An engine without tables of its own, for files and for tables that are registered."""
    settings = SETTINGS if threads is None else SETTINGS | {"threads": threads}
    return duckdb.connect(config=settings)


def published_marts(file: Path, threads: int | None = None) -> Connection:
    """The marts of a publication or release, read-only; `marts` is the current schema."""
    connection = engine(threads)
    attach_marts(connection, file)
    connection.execute(f"use {MARTS}.marts")
    return connection


def attach_marts(connection: Connection, file: Path, name: str = MARTS) -> None:
    """Let a connection read the file of published marts as a catalog of that name."""
    connection.execute(f"attach {quoted(file)} as {name} (read_only)")


class Warehouse:
    """What dbt built in one warehouse folder: schemas `intermediate`, `marts` and others."""

    def __init__(self, lake: Lake) -> None:
        self._file = lake.working_file

    @property
    def is_built(self) -> bool:
        """Whether anything was built yet."""
        return self._file.exists()

    def reading(self) -> Connection:
        """Its tables, read-only; others may read at the same time."""
        return duckdb.connect(str(self._file), read_only=True, config=SETTINGS)

    def writing(self) -> Connection:
        """Its tables, for the only writer; nobody else has the file open meanwhile."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(str(self._file), config=SETTINGS)


def tables_in(connection: Connection, schema: str) -> set[str]:
    """Names of the tables and views of a schema."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = $1", [schema]
    ).fetchall()
    return {name for (name,) in rows}
