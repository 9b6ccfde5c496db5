"""What each published table and column means, for clients that show it: read where it is written.

Descriptions and units stand once, in the YAML beside the models; what columns of several tables
mean alike, in a block of docs/columns.md that they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import quoted

MODELS = REPOSITORY / "dbt_project" / "models"
MARTS, BESIDE = MODELS / "marts", MODELS / "published" / "tables.yml"
DIMENSION = "dim_"
"""How a mart is called whose rows have one key that other marts name."""

SHARED = MODELS.parent / "docs" / "columns.md"
BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
NAMED = re.compile(r"{{ doc\('(\w+)'\) }}")


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart; `unit` is empty where its values have none.

    `additive`: columns of the grain over which its values may be summed, none where that is never
    right; None where nothing is stated, as of a column that is no measure. `dimension`: the mart
    in which each of its values is the key of a row.
    """

    description: str
    unit: str
    additive: tuple[str, ...] | None
    is_required: bool
    dimension: str | None

    @property
    def comment(self) -> str:
        """Description, unit, what may be summed and relation in one text, as databases keep it."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        row = f" Row of {self.dimension}." if self.dimension else ""
        return self.description + unit + self._sums + row

    @property
    def _sums(self) -> str:
        if self.additive is None:
            return ""
        over = ", ".join(self.additive)
        return f" Summed over: {over}." if over else " Never summed."


@dataclass(frozen=True)
class Mart:
    """A published table, its columns in their order; `grain` names those that tell rows apart."""

    description: str
    grain: tuple[str, ...]
    columns: Mapping[str, MartColumn]

    @property
    def has_key(self) -> bool:
        """Whether its grain always has a value, as a primary key must."""
        return all(self.columns[name].is_required for name in self.grain)


@dataclass(frozen=True)
class Relation:
    """A column of a mart of which each value is the key of a row of a dimension."""

    mart: str
    column: str
    dimension: str


@cache
def described_marts() -> Mapping[str, Mart]:
    """Every published table by name: models of the schema `marts`, and what stands beside them."""
    tables = list(_tables())
    keys = {_grain(one)[0]: one["name"] for one in tables if one["name"].startswith(DIMENSION)}
    return {table["name"]: _mart(table, keys) for table in tables}


def relations() -> list[Relation]:
    """Every relation from a mart to a dimension."""
    return [
        Relation(name, column, about.dimension)
        for name, mart in described_marts().items()
        for column, about in mart.columns.items()
        if about.dimension
    ]


def comments_on(table: str) -> Iterator[str]:
    """The statements that write a table's descriptions into the schema `marts` of a database.

    None for a table that no file describes; a test sees to it that every mart is described.
    """
    mart = described_marts().get(table)
    if mart is None:
        return
    yield f'comment on table marts."{table}" is {quoted(mart.description)}'
    for name, column in mart.columns.items():
        yield f'comment on column marts."{table}"."{name}" is {quoted(column.comment)}'


def described_in() -> list[Path]:
    """The files that describe the published tables."""
    return [*sorted(MARTS.rglob("*.yml")), BESIDE, SHARED]


def _tables() -> Iterator[Mapping[str, Any]]:
    for path in (path for path in described_in() if path != SHARED):
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        yield from content.get("models", ())
        for source in content.get("sources", ()):
            yield from source["tables"]


def _mart(table: Mapping[str, Any], keys: Mapping[str, str]) -> Mart:
    """`keys`: the dimension of each column that is one's key."""
    grain, required = _grain(table), _required(table)
    # called like a key, but they also hold what has no row, as a blank for "not of one process"
    unrelated = table["config"]["meta"].get("unrelated", ())
    columns = {}
    for column in table["columns"]:
        name, about = column["name"], column.get("config", {}).get("meta", {})
        dimension = about.get("dimension") or keys.get(name)
        columns[name] = MartColumn(
            description=_one_line(column["description"]),
            unit=about.get("unit", ""),
            additive=_summed_over(about.get("additive"), grain),
            is_required=name in required,
            dimension=None if name in unrelated or dimension == table["name"] else dimension,
        )
    return Mart(_one_line(table["description"]), grain, columns)


def _grain(table: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(table["config"]["meta"]["grain"])


def _summed_over(stated: Any, grain: tuple[str, ...]) -> tuple[str, ...] | None:
    """`true` is the whole grain, `false` nothing, a list these columns of it."""
    if stated is None or isinstance(stated, list):
        return tuple(stated) if stated else None
    return grain if stated else ()


def _required(table: Mapping[str, Any]) -> set[str]:
    """Columns that always have a value: by contract, by the test of all promises, or as a key."""
    by_contract = {
        column["name"]
        for column in table["columns"]
        if {one["type"] for one in column.get("constraints", ())} & {"not_null", "primary_key"}
    }
    promises = (test["holds"]["arguments"] for test in table.get("data_tests", ()))
    key = _grain(table) if table["name"].startswith(DIMENSION) else ()
    return by_contract.union(key, *(promise.get("not_null", ()) for promise in promises))


def _one_line(text: str) -> str:
    return " ".join(NAMED.sub(lambda name: _blocks()[name[1]], text).split())


@cache
def _blocks() -> Mapping[str, str]:
    """What columns of several tables mean, by the name of the block."""
    return dict(BLOCK.findall(SHARED.read_text(encoding="utf-8")))
