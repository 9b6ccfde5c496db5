"""Primary and foreign keys of copied tables, by which tools draw the model and join by themselves.

They are declared where every row fulfils them. What a row breaks isn't declared and is named: an
older release can hold rows that its code promised nothing of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier

from orchestration.publication.descriptions import described_marts, relations

Server = psycopg.Connection[dict[str, Any]]


def declare_keys(
    server: Server, schema: str, tables: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Declare what holds; returns what doesn't, in words.

    `tables`: those of the schema, with their columns.
    """
    broken = []
    for what, statement in (*_primary(schema, tables), *_foreign(schema, tables)):
        try:
            with server.transaction():
                server.execute(statement)
        except (errors.IntegrityError, errors.UndefinedObject):  # the latter: of a key that broke
            broken.append(what)
    return tuple(broken)


def _primary(schema: str, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Composed]]:
    """What tells rows apart, where it always has a value."""
    for name, mart in described_marts().items():
        if mart.has_key and set(mart.grain) <= set(tables.get(name, ())):
            columns = SQL(", ").join(map(Identifier, mart.grain))
            yield (
                f"{name}: ({', '.join(mart.grain)}) tells rows apart",
                SQL("alter table {} add primary key ({})").format(
                    Identifier(schema, name), columns
                ),
            )


def _foreign(schema: str, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Composed]]:
    """The dimension in which the value of a column has its row."""
    for one in relations():
        if one.column in tables.get(one.mart, ()) and one.dimension in tables:
            yield (
                f"{one.mart}.{one.column} is found in {one.dimension}",
                SQL("alter table {} add foreign key ({}) references {}").format(
                    Identifier(schema, one.mart),
                    Identifier(one.column),
                    Identifier(schema, one.dimension),
                ),
            )
