"""The dbt project as statements of the engine: tables are built anew without a start of dbt.

dbt compiles them once for a state of the project; that is kept beside its parse. As long as
nothing but rows has changed, a run and a question such as what-if then cost what they calculate,
and the statements are those that dbt itself would run: the stale months and periods are filled in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import duckdb

from orchestration.calculation.control import INVENTORY_MONTHS
from orchestration.calculation.dbt import Dbt, find_outdated, made_by, project_fingerprint
from orchestration.calculation.sources import register_sources
from orchestration.calculation.up_to_date import Graph, kept_keys, maker_of, model_id, write_down
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse
from orchestration.progress import doing

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class Stale:
    """Months or periods by which models replace their rows, as `replace_partitions.sql` does.

    Attributes:
        mark: stands in a compiled statement for the list of the stale ones.
        hook: the macro that takes their rows away.
        literals: the query that gives the stale ones as they are written in a statement.
        nothing: a list of them that is empty.
        replaced: the condition on the rows that are taken away.
    """

    mark: str
    hook: str
    literals: str
    nothing: str
    replaced: str


STALE = (
    Stale(
        "$build_months",
        "delete_stale_months",
        "select printf('date ''%s''', period_month) from control.build_months where is_stale",
        "date '0001-01-01'",
        "period_month in (select period_month from control.build_months where is_stale)",
    ),
    Stale(
        "$periods",
        "delete_stale_periods",
        "select printf('''%s''', reference_period) from solved.periods where is_stale",
        "''",
        "reference_period not in (select reference_period from solved.periods where not is_stale)",
    ),
)
EVERY_ROW = "true"


@dataclass(frozen=True)
class Statement:
    """What dbt compiled of a table or a data test.

    Attributes:
        node: its id in the project.
        relation: the table that it fills; none of a test, whose rows break a rule.
        sql: the query.
        replaced: which rows of the table it gives anew, as a condition on them.
        is_below_the_solve: it reads the solved product system, however far.
    """

    node: str
    relation: str | None
    sql: str
    replaced: str
    is_below_the_solve: bool


@dataclass(frozen=True)
class CompiledProject:
    """The graph of the project, and its statements, each behind those that it reads."""

    graph: Graph
    statements: list[Statement]

    def tables_above(self, marts: Sequence[str]) -> list[Statement]:
        """The tables that some marts are made of, and the record of the months they are made of."""
        wanted = self.graph.above(map(model_id, (*marts, INVENTORY_MONTHS.table)))
        return [one for one in self.statements if one.relation and one.node in wanted]


def compiled_project(lake: Lake, gwp_set: str) -> CompiledProject:
    """The project as statements; compiled when a file of it has changed since.

    `gwp_set`: what was asked for instead of the company's own set; blank for none. Compiling asks
    the engine what is there, so `lake` has a working file.

    Raises:
        DbtError: dbt can't compile them.
    """
    dbt, fingerprint = Dbt(lake), project_fingerprint()
    path = dbt.parse_folder / f"compiled-{gwp_set or 'company'}.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["fingerprint"] == fingerprint:
            return CompiledProject(
                Graph(**kept["graph"]), [Statement(**row) for row in kept["statements"]]
            )
    doing("compiling the dbt project")
    project = _compile(dbt, gwp_set)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    kept = {"fingerprint": fingerprint} | asdict(project)
    beside.write_text(json.dumps(kept), encoding="utf-8")
    beside.replace(path)
    return project


def build_stale(lake: Lake, statements: Sequence[Statement]) -> None:
    """Give each table its rows of the stale months or periods anew, or every row if it keeps none.

    Data tests among the statements are run in their place.

    Raises:
        duckdb.Error: a statement failed.
        BrokenRuleError: a data test found something.
    """
    register_sources(lake)
    with Warehouse(lake).writing() as connection:
        _take(connection, statements)


def refreshed(lake: Lake, gwp_set: str, *, below: bool) -> bool:
    """Bring a half of the project up to date by its statements; whether that could be done.

    It can't when the working file was made by other code, when sources have other columns, and
    when a data test finds something: then nothing is changed, and dbt has to build, and to say why.
    All of it is one transaction: a run that is killed leaves the tables as they were.
    """
    if not _are_made_by(lake, gwp_set, [below]):
        return False
    columns = register_sources(lake)
    project = compiled_project(lake, gwp_set)
    outdated = find_outdated(lake, project.graph, gwp_set, columns, below=below).keys
    if not outdated:
        return True
    statements = [one for one in project.statements if one.node in outdated]
    if len(statements) < len(outdated):
        return False
    with Warehouse(lake).writing() as connection:
        connection.execute("begin")
        try:
            _take(connection, statements)
        except (duckdb.Error, BrokenRuleError):
            connection.execute("rollback")
            return False
        write_down(connection, outdated)
        connection.execute("commit")
    return True


def emptied(lake: Lake, gwp_set: str) -> bool:
    """Take every row out of the tables of a working file; whether that leaves it as if new.

    It doesn't when other code made its tables: then nothing is changed.
    """
    if not Warehouse(lake).is_built or not _are_made_by(lake, gwp_set, [False, True]):
        return False
    project = compiled_project(lake, gwp_set)
    with Warehouse(lake).writing() as connection:
        for one in project.statements:
            if one.relation is not None:
                connection.execute(f"truncate {one.relation}")
    return True


def _are_made_by(lake: Lake, gwp_set: str, halves: Sequence[bool]) -> bool:
    with Warehouse(lake).writing() as connection:
        kept = kept_keys(connection)
    return all(kept.get(maker_of(below=below)) == made_by(gwp_set) for below in halves)


class BrokenRuleError(Exception):
    """A data test returned rows."""


def _take(connection: Connection, statements: Sequence[Statement]) -> None:
    stale = {
        one.mark: _literals(connection, one)
        for one in STALE
        if any(one.mark in statement.sql for statement in statements)
    }
    for number, one in enumerate(statements):
        doing(one.node.rpartition(".")[2], number, len(statements))
        sql = one.sql
        for mark, literals in stale.items():
            sql = sql.replace(mark, literals)
        if one.relation is not None:
            connection.execute(f"delete from {one.relation} where {one.replaced}")
            connection.execute(f"insert into {one.relation} by name {sql}")
        elif connection.execute(f"select count(*) from ({sql}) as broken").fetchall()[0][0]:
            raise BrokenRuleError(one.node)


def _literals(connection: Connection, stale: Stale) -> str:
    rows = connection.execute(f"{stale.literals} order by all").fetchall()
    return ", ".join(literal for (literal,) in rows) or stale.nothing


def _compile(dbt: Dbt, gwp_set: str) -> CompiledProject:
    manifest, compiled = dbt.compiled(gwp_set)
    graph = Graph.of(manifest)
    below = graph.below_the_solve()
    statements = [
        Statement(
            name,
            None if manifest.nodes[name].resource_type == "test" else _relation(manifest, name),
            compiled[name],
            _replaced(manifest.nodes[name]),
            name in below,
        )
        for name in graph.parents_first()
        if name in compiled
    ]
    return CompiledProject(graph, statements)


def _relation(manifest: Manifest, node: str) -> str:
    return cast(str, manifest.nodes[node].relation_name)


def _replaced(node: Any) -> str:
    hooks = " ".join(hook.sql for hook in node.config.get("pre_hook", ()))
    return next((one.replaced for one in STALE if one.hook in hooks), EVERY_ROW)
