"""Which columns a column of the warehouse is made of, read from the SQL that dbt compiled.

sqlglot follows each column through its model to the tables the model reads, as dagster-dbt's own
lineage does; that one asks the database once a model and forgets. Here a model is read again only
when its SQL or a table it reads has changed. A column that is counted, numbered or stands for
itself has no source.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster import AssetKey, TableColumnDep, TableColumnLineage, get_dagster_logger
from dagster_dbt import DagsterDbtTranslator
from sqlglot import MappingSchema, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from orchestration.calculation.dbt import Dbt
from orchestration.lake.warehouse import Connection, Warehouse

DIALECT = "duckdb"
Types = Mapping[str, str]
"""Columns of a table with their types."""

Origins = dict[str, list[list[str]]]
"""By column of a model: [dbt's id of a model, seed or source, column] of each it is made of."""


def column_lineage(
    dbt: Dbt,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    built_now: Collection[str],
) -> dict[AssetKey, TableColumnLineage]:
    """Of models that dbt has just built, by asset.

    `built_now`: dbt's ids. Of others the SQL in the warehouse folder may be an older one. A model
    that sqlglot can't read has no lineage; that is told in the log and stops nothing.
    """
    kept_in = dbt.folder / "column_lineage.json"
    kept = json.loads(kept_in.read_text(encoding="utf-8")) if kept_in.exists() else {}
    found: dict[str, dict[str, Any]] = {}
    with Warehouse(dbt.lake).reading() as connection:
        tables = _tables(connection)
        for unique_id in built_now:
            node = manifest["nodes"][unique_id]
            if node["resource_type"] != "model":
                continue
            file = dbt.target / "compiled" / node["package_name"] / node["original_file_path"]
            try:
                found[unique_id] = _of_model(manifest, node, file, tables, kept)
            except (SqlglotError, ValueError) as error:
                get_dagster_logger().warning("no column lineage of %s: %s", node["name"], error)
    if not found.items() <= kept.items():
        known = {one: kept[one] for one in kept.keys() & manifest["nodes"].keys()}
        kept_in.write_text(json.dumps(known | found), encoding="utf-8")
    nodes = {**manifest["nodes"], **manifest["sources"]}
    return {
        translator.get_asset_key(nodes[unique_id]): TableColumnLineage(
            {
                column: [
                    TableColumnDep(translator.get_asset_key(nodes[parent]), name)
                    for parent, name in origins
                ]
                for column, origins in model["origins"].items()
            }
        )
        for unique_id, model in found.items()
    }


def _of_model(
    manifest: Mapping[str, Any],
    node: Mapping[str, Any],
    file: Path,
    tables: Mapping[str, Types],
    kept: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What was kept of a model, or what is read now: its origins, and a hash of what they say."""
    sql = file.read_text(encoding="utf-8")
    parents: dict[str, tuple[str, Types]] = {}
    for parent in node["depends_on"]["nodes"]:
        if source := manifest["sources"].get(parent):
            name = f"{source['database']}.{source['schema']}.{source['identifier']}"
        else:
            name = _relation(manifest["nodes"][parent])
        parents[name] = parent, tables[name]
    said = json.dumps([sql, parents])
    stamp = hashlib.sha256(said.encode()).hexdigest()
    mine = kept.get(node["unique_id"])
    if mine is not None and mine["read_from"] == stamp:
        return dict(mine)
    return {"read_from": stamp, "origins": origins_of(sql, parents)}


def origins_of(sql: str, parents: Mapping[str, tuple[str, Types]]) -> Origins:
    """Where each column of a query comes from.

    `parents`: by database.schema.table, what a table is called in the answer, and its columns.
    """
    schema = MappingSchema(dialect=DIALECT)
    for name, (_, types) in parents.items():
        schema.add_table(name, dict(types), dialect=DIALECT)
    query = qualify(
        parse_one(sql, dialect=DIALECT),
        schema=schema,
        dialect=DIALECT,
        validate_qualify_columns=False,
    )
    columns = lineage(
        None, query, schema, scope=build_scope(query), dialect=DIALECT, copy=False,
        trim_selects=False,
    )  # fmt: skip
    return {name: sorted(_leaves(node, parents)) for name, node in columns.items()}


def _leaves(column: Node, parents: Mapping[str, tuple[str, Types]]) -> Iterator[list[str]]:
    """The columns of tables at the end of a column's lineage, each once."""
    todo, seen, found = [column], {id(column)}, set()
    while todo:
        node = todo.pop()
        table = None if node.downstream else node.expression.find(exp.Table)
        if table is not None:
            name = f"{table.catalog}.{table.db}.{table.name}"
            if name in parents:  # else itself: an incremental model that looks at what it holds
                found.add((parents[name][0], exp.to_column(node.name).name))
        for one in node.downstream:
            if id(one) not in seen:
                seen.add(id(one))
                todo.append(one)
    return ([unique_id, name] for unique_id, name in found)


def _relation(node: Mapping[str, Any]) -> str:
    return f"{node['database']}.{node['schema']}.{node['alias']}"


def _tables(connection: Connection) -> dict[str, dict[str, str]]:
    """Columns and types of every table and view in the working file."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select database_name || '.' || schema_name || '.' || table_name, column_name, data_type "
        "from duckdb_columns() where database_name = current_database() order by column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found
