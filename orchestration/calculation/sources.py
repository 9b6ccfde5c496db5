"""The sources of the dbt project as views of the working file, each over its Parquet files.

Models read `accepted.stage_readings`, a table of a schema, and know no folder: one parse of the
project serves every warehouse. Which files a source is made of stands with it in `_sources.yml`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from orchestration.lake.paths import Lake, read_parquet, sha256_of_file
from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import Connection, Warehouse, quoted

SOURCES = REPOSITORY / "dbt_project" / "models" / "staging" / "_sources.yml"


@dataclass(frozen=True)
class DbtSource:
    """A source: its schema and name, its files below the warehouse folder, how they are read.

    `came_later`: columns, as text, that files written by an older version lack. `says_when`:
    columns that say what has to be built, and nothing of what is built from the others.
    """

    schema: str
    name: str
    files: str
    options: Mapping[str, Any]
    came_later: tuple[str, ...] = ()
    says_when: tuple[str, ...] = ()


@cache
def sources() -> tuple[DbtSource, ...]:
    """Every source of the project, in the order of `_sources.yml`."""
    content = yaml.load(SOURCES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return tuple(
        _source(group["name"], table["name"], _meta(group) | _meta(table))
        for group in content["sources"]
        for table in group["tables"]
    )


def _meta(properties: Mapping[str, Any]) -> dict[str, Any]:
    return properties.get("config", {}).get("meta", {})


def _source(schema: str, name: str, meta: Mapping[str, Any]) -> DbtSource:
    own = ("files", "came_later", "says_when")
    options = {option: value for option, value in meta.items() if option not in own}
    files = meta["files"].format(name=name)
    return DbtSource(
        schema,
        name,
        files,
        options,
        tuple(meta.get("came_later", ())),
        tuple(meta.get("says_when", ())),
    )


def register_sources(lake: Lake) -> dict[str, str]:
    """Lay a view over the files of each source; one without files yet has none.

    Returns the columns of each with their types in one text, by `schema.name`.
    """
    with Warehouse(lake).writing() as connection:
        for schema in {source.schema: None for source in sources()}:
            connection.execute(f"create schema if not exists {schema}")
        for source in sources():
            view = f"{source.schema}.{source.name}"
            if next(lake.path.glob(source.files), None) is None:
                connection.execute(f"drop view if exists {view}")
            else:
                connection.execute(
                    f"create or replace view {view} as {_select(connection, lake, source)}"
                )
        return dict(
            connection.execute(
                "select table_schema || '.' || table_name, "
                "string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) "
                "from information_schema.columns where list_contains($1, table_schema) group by 1",
                [sorted({source.schema for source in sources()})],
            ).fetchall()
        )


def contents_of_sources(lake: Lake) -> dict[str, str]:
    """One hash over the files of each source, by `schema.name`, wherever the warehouse lies."""
    return {f"{source.schema}.{source.name}": _content(lake, source) for source in sources()}


def _content(lake: Lake, source: DbtSource) -> str:
    digest = hashlib.sha256()
    for path in sorted(lake.path.glob(source.files)):
        digest.update(f"{path.relative_to(lake.path)}\n".encode())
        if source.says_when:
            rows = read_parquet(path).drop_columns(list(source.says_when)).to_pylist()
            digest.update(repr(rows).encode())
        else:
            digest.update(sha256_of_file(path).encode())
    return digest.hexdigest()


def _select(connection: Connection, lake: Lake, source: DbtSource) -> str:
    files = quoted(f"{lake.path}/{source.files}")
    options = "".join(f", {name} = {value}" for name, value in source.options.items())
    relation = f"read_parquet({files}{options})"
    absent: list[str] = []
    if source.came_later:
        described = connection.execute(f"describe from {relation}").fetchall()
        absent = [name for name in source.came_later if name not in {row[0] for row in described}]
    columns = ", ".join(["*", *(f"null::varchar as {name}" for name in absent)])
    return f"select {columns} from {relation}"
