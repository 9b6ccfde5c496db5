"""Models as statements of the engine: what they are made of is built anew without a start of dbt.

dbt compiles them once for a state of the project; that is kept beside its parse. A question that
is asked of a copy of an up-to-date warehouse then costs what it calculates, and the statements are
those that dbt itself would run there: the stale months and periods are filled in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orchestration.calculation.control import INVENTORY_MONTHS
from orchestration.calculation.dbt import Dbt, project_fingerprint
from orchestration.calculation.sources import register_sources
from orchestration.calculation.up_to_date import below_the_solve, parents_first
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse
from orchestration.progress import doing


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
class CompiledModel:
    """A table of the working file, and the statement that gives its rows.

    `replaced`: which of its rows the statement gives anew, as a condition on them.
    """

    relation: str
    sql: str
    replaced: str
    is_below_the_solve: bool


def compiled_models(lake: Lake, marts: Sequence[str], gwp_set: str) -> list[CompiledModel]:
    """The tables that some marts are made of, each behind those it reads.

    `gwp_set`: what was asked for instead of the company's own set; blank for none. Compiling asks
    the engine what is there, so `lake` has a working file.

    Raises:
        DbtError: dbt can't compile them.
    """
    dbt, fingerprint = Dbt(lake), project_fingerprint()
    name = "-".join([*sorted(marts), gwp_set or "company"])
    path = dbt.parse_folder / f"compiled-{name}.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["fingerprint"] == fingerprint:
            return [CompiledModel(**row) for row in kept["models"]]
    models = _compile(dbt, marts, gwp_set)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    rows = [asdict(one) for one in models]
    beside.write_text(json.dumps({"fingerprint": fingerprint, "models": rows}), encoding="utf-8")
    beside.replace(path)
    return models


def build_stale(lake: Lake, models: Sequence[CompiledModel]) -> None:
    """Give each model its rows of the stale months or periods anew, or every row if it keeps none.

    Raises:
        duckdb.Error: a statement failed.
    """
    register_sources(lake)
    with Warehouse(lake).writing() as connection:
        stale = {one.mark: _literals(connection, one) for one in STALE}
        for number, model in enumerate(models):
            doing(model.relation, number, len(models))
            sql = model.sql
            for mark, literals in stale.items():
                sql = sql.replace(mark, literals)
            connection.execute(f"delete from {model.relation} where {model.replaced}")
            connection.execute(f"insert into {model.relation} by name {sql}")


def _literals(connection: Connection, stale: Stale) -> str:
    rows = connection.execute(f"{stale.literals} order by all").fetchall()
    return ", ".join(literal for (literal,) in rows) or stale.nothing


def _compile(dbt: Dbt, marts: Sequence[str], gwp_set: str) -> list[CompiledModel]:
    selection = ["--select", *(f"+{name}" for name in marts), INVENTORY_MONTHS.table]
    manifest, statements = dbt.compiled(selection, gwp_set)
    below = below_the_solve(manifest)
    return [
        CompiledModel(
            node.relation_name,
            statements[node.unique_id],
            _replaced(node),
            node.unique_id in below,
        )
        for node in parents_first(manifest)
        if node.unique_id in statements
    ]


def _replaced(node: Any) -> str:
    hooks = " ".join(hook.sql for hook in node.config.pre_hook)
    return next((one.replaced for one in STALE if one.hook in hooks), EVERY_ROW)
