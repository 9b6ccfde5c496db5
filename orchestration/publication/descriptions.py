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
SHARED = MODELS.parent / "docs" / "columns.md"
BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
NAMED = re.compile(r"{{ doc\('(\w+)'\) }}")


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart; `unit` is empty where its values have none."""

    description: str
    unit: str

    @property
    def comment(self) -> str:
        """Description and unit in one text, as databases keep it."""
        return f"{self.description} Unit: {self.unit}." if self.unit else self.description


@dataclass(frozen=True)
class Mart:
    """A published table, its columns in their order; `grain` names those that tell rows apart."""

    description: str
    grain: tuple[str, ...]
    columns: Mapping[str, MartColumn]


@cache
def described_marts() -> Mapping[str, Mart]:
    """Every published table by name: models of the schema `marts`, and what stands beside them."""
    return {table["name"]: _mart(table) for table in _tables()}


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


def _mart(table: Mapping[str, Any]) -> Mart:
    columns = {
        column["name"]: MartColumn(
            _one_line(column["description"]),
            column.get("config", {}).get("meta", {}).get("unit", ""),
        )
        for column in table["columns"]
    }
    return Mart(_one_line(table["description"]), tuple(table["config"]["meta"]["grain"]), columns)


def _one_line(text: str) -> str:
    return " ".join(NAMED.sub(lambda name: _blocks()[name[1]], text).split())


@cache
def _blocks() -> Mapping[str, str]:
    """What columns of several tables mean, by the name of the block."""
    return dict(BLOCK.findall(SHARED.read_text(encoding="utf-8")))
