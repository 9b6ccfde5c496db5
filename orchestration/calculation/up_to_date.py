"""Which nodes of the dbt project are up to date: built by this code from sources as they are now.

The key of a node is a hash over the code, what was asked for, and the contents of every source it
is made of, however far. A view holds no content: it has to be laid again only when the code or the
columns of a source are others, while its test has to look again at whatever it shows.

Keys are kept in the working file, with the tables they speak for. They are struck out before
anything is built and written down when all that was to be built has passed, so that a build that
failed or was killed is done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from orchestration.lake.warehouse import Connection

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

TABLE = "main.built_nodes"
SOLVED = ("solved", "reduction", "uncertainty")
"""Sources written between the two halves."""


@dataclass(frozen=True)
class Graph:
    """What is made of what in the dbt project.

    Attributes:
        parents: of each seed, model and data test, by id.
        views: ids of the models that hold no rows.
        sources: `schema.name` of each source, by id.
    """

    parents: dict[str, list[str]]
    views: list[str]
    sources: dict[str, str]

    @classmethod
    def of(cls, manifest: Manifest) -> Graph:
        """The graph of a parsed project."""
        nodes = manifest.nodes.items()
        return cls(
            parents={name: sorted(node.depends_on_nodes) for name, node in nodes},
            views=[name for name, node in nodes if node.config.materialized == "view"],
            sources={
                name: f"{source.source_name}.{source.name}"
                for name, source in manifest.sources.items()
            },
        )

    def parents_first(self) -> Iterator[str]:
        """Every node that dbt builds, after all that it reads."""
        for name in TopologicalSorter(self.parents).static_order():
            if name in self.parents:
                yield name

    def below_the_solve(self) -> set[str]:
        """Ids of the nodes that read what was solved, however far: the second half."""
        solved = {name for name, table in self.sources.items() if table.partition(".")[0] in SOLVED}
        found: set[str] = set()
        for node in self.parents_first():
            if not (found | solved).isdisjoint(self.parents[node]):
                found.add(node)
        return found

    def above(self, nodes: Iterable[str]) -> set[str]:
        """Ids of some nodes and of all that they read, however far."""
        found, open_ = set(), list(nodes)
        while open_:
            node = open_.pop()
            if node not in found:
                found.add(node)
                open_ += self.parents.get(node, ())
        return found

    def keys(
        self, common: str, contents: Mapping[str, str], columns: Mapping[str, str]
    ) -> dict[str, str]:
        """The key that each node has once it is built from what is there now.

        `common`: one hash over the code and what was asked for; `contents`, `columns`: a hash over
        the files of each source, and its columns, by `schema.name`.
        """
        made_of = self._spread(common, contents)
        laid_over = self._spread(common, columns)
        return made_of | {view: laid_over[view] for view in self.views}

    def _spread(self, common: str, sources: Mapping[str, str]) -> dict[str, str]:
        """One hash a node over the code and what is said of every source above it."""
        found = {name: sources.get(table, "") for name, table in self.sources.items()}
        for node in self.parents_first():
            parents = [f"{parent} {found[parent]}" for parent in self.parents[node]]
            found[node] = _hash([common, node, *parents])
        return {node: found[node] for node in self.parents}


def model_id(name: str) -> str:
    """The id of a model of this project."""
    return f"model.carbonloom.{name}"


def maker_of(*, below: bool) -> str:
    """What stands among the nodes with the code by which every table of a half was last made."""
    return "tables below the solve" if below else "tables above the solve"


def kept_keys(connection: Connection) -> dict[str, str]:
    """The keys as last written down."""
    connection.execute(f"create table if not exists {TABLE} (node varchar, key varchar)")
    return dict(connection.execute(f"from {TABLE}").fetchall())


def strike_out(connection: Connection, nodes: Collection[str]) -> None:
    """Before these nodes are built, or what they hold is no longer what was built."""
    _ = kept_keys(connection)
    connection.execute(f"delete from {TABLE} where list_contains($1, node)", [list(nodes)])


def strike_out_all(connection: Connection) -> None:
    """Before something is built that nobody follows node by node."""
    connection.execute(f"drop table if exists {TABLE}")


def write_down(connection: Connection, keys: Mapping[str, str]) -> None:
    """After these nodes were built and all has passed."""
    strike_out(connection, keys)
    connection.executemany(
        f"insert into {TABLE} values ($1, $2)", [list(one) for one in keys.items()]
    )


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
