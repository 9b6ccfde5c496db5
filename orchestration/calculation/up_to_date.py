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
from collections.abc import Collection, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from orchestration.lake.warehouse import Connection

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

TABLE = "main.built_nodes"
SOLVED = ("solved", "reduction")
"""Sources written between the two halves."""


def keys_of_nodes(
    manifest: Manifest, common: str, contents: Mapping[str, str], columns: Mapping[str, str]
) -> dict[str, str]:
    """The key that each seed, model and data test has once it is built from what is there now.

    `common`: one hash over the code and what was asked for; `contents`, `columns`: a hash over the
    files of each source, and its columns, by `schema.name`.
    """
    made_of = _spread(manifest, common, contents)
    laid_over = _spread(manifest, common, columns)
    return {
        name: (laid_over if node.config.materialized == "view" else made_of)[name]
        for name, node in manifest.nodes.items()
    }


def _spread(manifest: Manifest, common: str, sources: Mapping[str, str]) -> dict[str, str]:
    """One hash a node over the code and what is said of every source above it."""
    found = {
        source.unique_id: sources.get(f"{source.source_name}.{source.name}", "")
        for source in manifest.sources.values()
    }
    for node in parents_first(manifest):
        parents = [f"{parent} {found[parent]}" for parent in sorted(node.depends_on_nodes)]
        found[node.unique_id] = _hash([common, node.unique_id, *parents])
    return found


def below_the_solve(manifest: Manifest) -> set[str]:
    """Ids of the nodes that read what was solved, however far: the second half."""
    found: set[str] = set()
    for node in parents_first(manifest):
        if any(
            parent in found
            or (parent in manifest.sources and manifest.sources[parent].source_name in SOLVED)
            for parent in node.depends_on_nodes
        ):
            found.add(node.unique_id)
    return found


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


def parents_first(manifest: Manifest) -> Iterable[Any]:
    """Every node that dbt builds, after all that it reads."""
    graph = {name: node.depends_on_nodes for name, node in manifest.nodes.items()}
    for name in TopologicalSorter(graph).static_order():
        if name in manifest.nodes:
            yield manifest.nodes[name]


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
