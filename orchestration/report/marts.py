"""Queries of the report over the marts of one publication or release.

A query is shown to the reader as it was run: parameters are written into it as literals, and it
names nothing but marts, so that it runs on `marts.duckdb` as it stands on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from orchestration.lake.warehouse import (
    MARTS,
    MARTS_FILE,
    ONE_THREAD,
    published_marts,
    quoted,
    tables_in,
)
from orchestration.report.page_source import PageError

PARAMETER = re.compile(r"\$(\w+)")
MISSING_COLUMN = re.compile("column .* not found|not have a column named")
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Result:
    """The rows of a query and the SQL that gives them."""

    name: str
    sql: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    is_published: bool = True
    """False where an older release has not the mart or column that is asked."""

    def column(self, name: str) -> list[Any]:
        """The values of one column.

        Raises:
            PageError: the query has no such column.
        """
        if name not in self.columns:
            raise PageError(f"query {self.name} has no column {name!r}")
        place = list(self.columns).index(name)
        return [row[place] for row in self.rows]

    def records(self) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Marts:
    """The schema `marts` of one folder, read-only; every query is run once."""

    def __init__(self, folder: Path, company: Path | None = None) -> None:
        """`company`: a folder of master data to ask, too, as `company.facilities` and so on."""
        file = folder / MARTS_FILE
        if not file.exists():
            raise PageError(f"{file} is missing: name a publication or a release.")
        self._connection = published_marts(file, ONE_THREAD)
        if company is not None:
            self._connection.execute("attach ':memory:' as company")
            for table in sorted(company.glob("*.parquet")):
                self._connection.execute(
                    f'create view company."{table.stem}" as from read_parquet({quoted(table)})'
                )
        self._results: dict[tuple[str, str], Result] = {}

    def __enter__(self) -> Marts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def tables(self) -> set[str]:
        """The marts that are there; an older release has fewer."""
        return tables_in(self._connection, "marts")

    def columns(self, table: str) -> tuple[list[str], list[str]]:
        """Names and types of a mart's columns, in order."""
        rows = self._connection.execute(f'describe marts."{table}"').fetchall()
        return [row[0] for row in rows], [row[1] for row in rows]

    def row_count(self, table: str) -> int:
        """Rows of a mart."""
        return self._connection.execute(f'select count(*) from marts."{table}"').fetchall()[0][0]

    def stream(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a mart in the order they are stored, without holding all of them."""
        with self._connection.cursor() as cursor:
            cursor.execute(f'select * from {MARTS}.marts."{table}"')
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows

    def run(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        """Run a query with its parameters written in.

        A query of a mart or column that isn't there, as in a release older than the page, has no
        rows and says so.

        Raises:
            PageError: the database refuses it, or a parameter is unknown; it says which query.
        """
        text = with_literals(name, sql, parameters or {})
        key = (name, text)
        if key not in self._results:
            try:
                cursor = self._connection.execute(text)
            except duckdb.Error as error:
                if not _is_missing(error):
                    raise PageError(f"query {name}: {error}") from error
                self._results[key] = Result(name, text, (), (), is_published=False)
                return self._results[key]
            columns = [column[0] for column in cursor.description]
            self._results[key] = Result(name, text, columns, cursor.fetchall())
        return self._results[key]


def _is_missing(error: duckdb.Error) -> bool:
    """Whether a query failed for want of a mart or of a column of one."""
    if isinstance(error, duckdb.CatalogException):
        return True
    return isinstance(error, duckdb.BinderException) and bool(MISSING_COLUMN.search(str(error)))


def with_literals(name: str, sql: str, parameters: Mapping[str, Any]) -> str:
    """The query with `$name` replaced by the parameter as a literal."""

    def literal(match: re.Match[str]) -> str:
        if match[1] not in parameters:
            raise PageError(f"query {name}: parameter ${match[1]} is unknown on this page.")
        value = parameters[match[1]]
        if isinstance(value, int):
            return str(value)
        return quoted(value)

    return PARAMETER.sub(literal, sql)
