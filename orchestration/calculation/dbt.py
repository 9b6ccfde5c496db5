"""dbt in this process: one parse, and a build before and one after the product system is solved.

Nothing else in the project starts dbt. The parse names no folder and is kept beside the project,
for every warehouse; what a build leaves lies in the warehouse folder. dbt's handle on the working
file is closed after each call, so that others can open the file.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from orchestration.calculation.broken_rules import Ask, broken_rules
from orchestration.calculation.cluster import TARGET, Cluster, ClusterError
from orchestration.calculation.control import DECIDE_NO_FIGURE, dbt_fingerprint
from orchestration.calculation.sources import contents_of_sources, register_sources
from orchestration.calculation.up_to_date import (
    SOLVED,
    Graph,
    kept_keys,
    maker_of,
    strike_out,
    strike_out_all,
    write_down,
)
from orchestration.lake.engines import EMBEDDED, Engine
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.lake.places import REPOSITORY, WAREHOUSE_VARIABLE
from orchestration.lake.warehouse import Warehouse
from orchestration.progress import doing

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = REPOSITORY / "dbt_project"
PARSERS = ("dbt-core", "dbt-duckdb")
CLUSTER_PARSERS = ("dbt-core", "dbt-spark")
NO_ARTIFACTS = ("--no-write-json",)
"""A build leaves compiled SQL alone: nobody reads its manifest, graph and run results as files."""

UNIT_TESTS_EXCLUDED = ("--exclude-resource-type", "unit_test")
BELOW_THE_SOLVE = " ".join(f"source:{source}+" for source in SOLVED)
"""What reads the solved product system or effects of initiatives, in dbt's selection syntax: the
second half."""

MANIFEST_FILE, PARTIAL_PARSE_FILE = "manifest.json", "partial_parse.msgpack"
START_EVENT = "LogStartLine"
RESULT_EVENTS = frozenset({"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult"})


class DbtError(Exception):
    """dbt could not parse or build; the message is dbt's own."""


@dataclass
class DbtRun:
    """What one invocation did: an event for each node, and why nodes failed."""

    events: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Dbt:
    """The dbt project, run against one warehouse."""

    _parsed: ClassVar[tuple[str, Manifest] | None] = None
    """What this process has parsed, by fingerprint; reading it from disk takes 0.4 s."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.folder = lake.path / ".dbt"
        self.target = self.folder / "target"
        self.cluster = Cluster(lake) if lake.engine.is_cluster else None

    def manifest(self) -> Mapping[str, Any]:
        """The manifest of the project as it stands; parses only when a file changed."""
        _ = self._held()
        return json.loads((self.parse_folder / MANIFEST_FILE).read_text(encoding="utf-8"))

    @property
    def parse_folder(self) -> Path:
        """Beside the project, for every warehouse; in the warehouse if that can't be written.

        On a cluster schemas have the prefix of their warehouse, and so has their parse.
        """
        if self.cluster is not None:
            return self.folder / "parse_for_the_cluster"
        return PROJECT / "target" / "parse" if os.access(PROJECT, os.W_OK) else self.target

    def _held(self) -> Manifest:
        """The parsed project; parses it when no process has since a file of it changed."""
        fingerprint = project_fingerprint(self.lake.engine)
        if self.cluster is not None:
            fingerprint = f"{fingerprint} {self.cluster.prefix}"
        if Dbt._parsed is None or Dbt._parsed[0] != fingerprint:
            folder = self.parse_folder
            stamp = folder / "parsed.sha256"
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "parse.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if stamp.exists() and stamp.read_text() == fingerprint:
                    manifest = _read_parse(folder / PARTIAL_PARSE_FILE)
                else:
                    stamp.unlink(missing_ok=True)
                    manifest = self._parse(folder)
                    stamp.write_text(fingerprint)
            Dbt._parsed = fingerprint, manifest
        return Dbt._parsed[1]

    def _parse(self, folder: Path) -> Manifest:
        doing("reading the dbt project")
        run, manifest = self._invoke(["parse"], target=folder)
        if run.problems:
            raise DbtError("\n".join(run.problems))
        return manifest

    def build(self, selection: Sequence[str], gwp_set: str) -> DbtRun:
        """Seeds, models and data tests that are selected, whether or not they are up to date.

        Of the tests those whose models are all among them, or before them.
        """
        if "--indirect-selection" not in selection:
            selection = [*selection, "--indirect-selection", "buildable"]
        manifest = self._held()
        register_sources(self.lake)
        with Warehouse(self.lake).writing() as connection:
            strike_out_all(connection)
        if self.cluster is None:
            return self._build(manifest, selection, gwp_set)
        nodes = self._selected(manifest, selection)
        return self._built_by_the_cluster(self.cluster, manifest, nodes, selection, gwp_set, {})

    def build_outdated(self, gwp_set: str, *, below: bool) -> DbtRun:
        """What of a half is not up to date, in one invocation; none when all of it is.

        `below`: the half that reads the solved product system, else the one that is solved from.
        """
        manifest = self._held()
        columns = register_sources(self.lake)
        outdated = find_outdated(self.lake, Graph.of(manifest), gwp_set, columns, below=below)
        if not outdated.keys:
            return DbtRun()
        with Warehouse(self.lake).writing() as connection:
            strike_out(connection, [*outdated.keys, maker_of(below=below)])
        names = sorted(manifest.nodes[node].name for node in outdated.keys)
        selection = ["--select", *names, "--indirect-selection", "empty"]
        if outdated.is_whole:
            selection = ["--select" if below else "--exclude", BELOW_THE_SOLVE]
        maker = {maker_of(below=below): made_by(gwp_set, self.lake.engine)}
        keys = outdated.keys | maker
        if self.cluster is not None:
            return self._built_by_the_cluster(
                self.cluster, manifest, list(outdated.keys), selection, gwp_set, keys
            )
        run = self._build(manifest, selection, gwp_set)
        if not run.problems:
            with Warehouse(self.lake).writing() as connection:
                write_down(connection, keys)
        return run

    def _built_by_the_cluster(
        self,
        cluster: Cluster,
        manifest: Manifest,
        nodes: Sequence[str],
        selection: Sequence[str],
        gwp_set: str,
        keys: Mapping[str, str],
    ) -> DbtRun:
        """Nodes built on the cluster, and shown by the working file once all of it has passed."""
        try:
            doing("laying the sources as tables of the cluster")
            cluster.lay_sources()
            cluster.make_room(manifest, nodes)
            run = self._build(manifest, selection, gwp_set)
            if run.problems:
                return run
            with Warehouse(self.lake).writing() as connection:
                connection.execute("begin")
                cluster.show(connection, manifest, nodes)
                if keys:  # of a selection nothing is kept in mind
                    write_down(connection, keys)
                connection.execute("commit")
            cluster.forget_what_is_not_shown()
        except ClusterError as error:
            return DbtRun(problems=[str(error)])
        return run

    def _selected(self, manifest: Manifest, selection: Sequence[str]) -> list[str]:
        """Ids of the seeds, models and data tests that dbt would build of a selection."""
        words = ["list", *NO_ARTIFACTS, "--output", "json", "--output-keys", "unique_id"]
        run, lines = self._invoke([*words, *selection], manifest)
        if run.problems:
            raise DbtError("\n".join(run.problems))
        found = [json.loads(line)["unique_id"] for line in lines]
        return [node for node in found if node in manifest.nodes]

    def _build(self, manifest: Manifest, selection: Sequence[str], gwp_set: str) -> DbtRun:
        """In one invocation; unit tests judge code, not a run."""
        variables = ["--vars", json.dumps({"gwp_set": gwp_set})] if gwp_set else []
        return self._invoke(
            ["build", *NO_ARTIFACTS, *UNIT_TESTS_EXCLUDED, *selection, *variables], manifest
        )[0]

    def compiled(self, gwp_set: str) -> tuple[Manifest, dict[str, str]]:
        """The project, and the statement of each of its tables and data tests by id.

        Which months and periods are stale is left open in them.

        Raises:
            DbtError: dbt can't compile them.
        """
        variables = {"leaves_stale_open": True} | ({"gwp_set": gwp_set} if gwp_set else {})
        words = ["compile", *NO_ARTIFACTS, "--exclude", "resource_type:unit_test"]
        manifest = self._held()
        register_sources(self.lake)
        run, done = self._invoke([*words, "--vars", json.dumps(variables)], manifest)
        if run.problems:
            raise DbtError("\n".join(run.problems))
        nodes = [one.node for one in done.results]
        return manifest, {
            node.unique_id: node.compiled_code
            for node in nodes
            if node.resource_type != "seed" and node.config.materialized != "view"
        }

    def unit_tests(self) -> DbtRun:
        """The unit tests that stand beside the models; the models must have been built."""
        return self._run(["test", "--select", "test_type:unit"])

    def documentation(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What dbt documents: its manifest with compiled SQL, and the tables as they are."""
        run = self._run(["docs", "generate"])
        if run.problems:
            raise DbtError("\n".join(run.problems))
        files = (self.target / MANIFEST_FILE, self.target / "catalog.json")
        manifest, catalog = (json.loads(file.read_text(encoding="utf-8")) for file in files)
        return manifest, catalog

    def _run(self, arguments: Sequence[str]) -> DbtRun:
        manifest = self._held()
        register_sources(self.lake)
        return self._invoke(arguments, manifest)[0]

    def _invoke(
        self, arguments: Sequence[str], manifest: Manifest | None = None, target: Path | None = None
    ) -> tuple[DbtRun, Any]:
        from dbt.cli.main import dbtRunner

        run = DbtRun()
        wanted = {} if self.cluster is None else self.cluster.environment()
        # a parse is that of every warehouse, and the profile's path is a part of it
        wanted |= {WAREHOUSE_VARIABLE: str(target or self.lake.path)}
        with _environment(wanted), _closed_afterwards():
            result = dbtRunner(manifest, callbacks=[_collect(run)]).invoke(
                [
                    "--no-use-colors",
                    "--no-version-check",
                    "--no-send-anonymous-usage-stats",
                    "--log-level=none",
                    "--log-level-file=info",
                    f"--log-path={self.folder / 'logs'}",
                    *arguments,
                    f"--project-dir={PROJECT}",
                    f"--profiles-dir={PROJECT}",
                    f"--target-path={target or self.target}",
                    *([] if self.cluster is None else [f"--target={TARGET}"]),
                ]
            )
        if result.exception is not None:
            run.problems.append(str(result.exception))
        elif not result.success:
            run.problems += self._failures(result.result)
        return run, result.result

    def _failures(self, result: Any) -> list[str]:
        found: list[str] = []
        for node in getattr(result, "results", []):
            if node.status == "fail" and node.node.resource_type == "test":
                found += broken_rules(self._ask, node.node)
            elif node.status in ("error", "fail", "runtime error"):
                found.append(f"{node.node.name}: {_in_one_line(node.message or node.status)}")
        return found or ["dbt failed without naming a model."]

    @property
    def _ask(self) -> Ask:
        return self._ask_the_working_file if self.cluster is None else self.cluster.ask

    def _ask_the_working_file(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        with Warehouse(self.lake).reading() as connection:
            found = connection.sql(query)
            return found.columns, found.fetchall()


@dataclass(frozen=True)
class Outdated:
    """What of a half is to be built, with the keys it has afterwards.

    `keys`: by id of the node. `is_whole`: nothing of the half is up to date.
    """

    keys: dict[str, str]
    is_whole: bool


def find_outdated(
    lake: Lake, graph: Graph, gwp_set: str, columns: Mapping[str, str], *, below: bool
) -> Outdated:
    """Compare what the working file was built from with what is there now.

    `columns`: a hash over those of each source, as `register_sources` gives it.
    """
    keys = graph.keys(made_by(gwp_set, lake.engine), contents_of_sources(lake), columns)
    second = graph.below_the_solve()
    asked = {node: key for node, key in keys.items() if (node in second) == below}
    with Warehouse(lake).writing() as connection:
        kept = kept_keys(connection)
    outdated = {node: key for node, key in asked.items() if kept.get(node) != key}
    return Outdated(outdated, len(outdated) == len(asked))


def made_by(gwp_set: str, engine: Engine = EMBEDDED) -> str:
    """One hash over the code that makes tables, what was asked of it, and which engine ran it."""
    return f"{_code(engine)} {gwp_set}"


def project_fingerprint(engine: Engine = EMBEDDED) -> str:
    """One hash over every file of the project and the versions of what parses it."""
    beside = [path for part in DECIDE_NO_FIGURE for path in (PROJECT / part).glob("*.yml")]
    beside += (PROJECT / "docs").rglob("*.md")
    return " ".join([_code(engine), *(sha256_of_file(path) for path in sorted(beside))])


def _code(engine: Engine) -> str:
    """One hash over what decides a figure, and the versions of what turns it into SQL."""
    packages = CLUSTER_PARSERS if engine.is_cluster else PARSERS
    return " ".join([dbt_fingerprint(PROJECT), *(version(package) for package in packages)])


def _in_one_line(message: str) -> str:
    """Without the frames of a Java program, which no reader of it can act on."""
    return " ".join(message.partition("\n\tat ")[0].split())


def _read_parse(path: Path) -> Manifest:
    """What dbt keeps of a parse, as a manifest ready to be run."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


def _collect(run: DbtRun) -> Callable[[Any], None]:
    def collect(message: Any) -> None:
        if message.info.name == START_EVENT:
            kind, _, name = message.data.description.rpartition(" ")
            words = f"test {name}" if kind == "test" else name
            doing(words, len(run.events), message.data.total)
        elif message.info.name in RESULT_EVENTS:
            from google.protobuf.json_format import MessageToDict

            run.events.append(MessageToDict(message, preserving_proto_field_name=True))

    return collect


@contextmanager
def _environment(named: Mapping[str, str]) -> Iterator[None]:
    """What the profile reads; an open handle is kept for the call and closed with it."""
    wanted = {**named, "DAGSTER_DBT_CLI": "true"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """A handle left open would lock the working file against every other process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
