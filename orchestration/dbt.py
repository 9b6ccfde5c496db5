"""dbt in this process: one parse, and a build before and one after the product system is solved.

Nothing else in the project starts dbt. Its artifacts lie in the warehouse folder, so that a
parse stays valid for that warehouse; a process that turns to another warehouse takes its parse
along. dbt's handle on the working file is closed after each call, so that others can open the file.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from orchestration.control import DECIDE_NO_FIGURE, dbt_fingerprint
from orchestration.lake import Lake, sha256_of_file
from orchestration.progress import doing
from orchestration.resources import REPOSITORY, WAREHOUSE_VARIABLE

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PROJECT = REPOSITORY / "dbt_project"
UNIT_TESTS_EXCLUDED = ("--exclude-resource-type", "unit_test")
BELOW_THE_SOLVE = "source:solved+"
"""What reads the solved product system, in dbt's selection syntax: the second half."""

START_EVENT = "LogStartLine"
LOCATION = "external_location"
"""The property of a source that names its files."""
RESULT_EVENTS = frozenset({"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult"})


class DbtError(Exception):
    """dbt could not parse or build; the message is dbt's own."""


@dataclass
class DbtRun:
    """What one invocation did: an event for each node, and why nodes failed."""

    events: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class _Parsed:
    """A parse that this process holds. Of a warehouse it knows one thing: where sources lie."""

    fingerprint: str
    warehouse: Path
    manifest: Manifest

    def move_to(self, warehouse: Path) -> None:
        """Have every source read from another warehouse."""
        old, new = _root(self.warehouse), _root(warehouse)
        for source in self.manifest.sources.values():
            if source.relation_name:
                source.relation_name = source.relation_name.replace(old, new)
            kept = (source.config.extra, source.unrendered_config)
            for properties in {id(one): one for one in kept}.values():
                if LOCATION in properties:
                    properties[LOCATION] = properties[LOCATION].replace(old, new)
        self.warehouse = warehouse


def _root(warehouse: Path) -> str:
    return f"read_parquet('{warehouse}/"


class Dbt:
    """The dbt project, run against one warehouse."""

    _parsed: ClassVar[_Parsed | None] = None
    """What this process has parsed: a parse costs seconds, reading it from disk 0.4 s a build."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.folder = lake.path / ".dbt"
        self.target = self.folder / "target"
        self.manifest_path = self.target / "manifest.json"

    def manifest(self) -> Mapping[str, Any]:
        """The manifest of the project as it stands; parses only when a file changed."""
        stamp, fingerprint = self.folder / "parsed.sha256", self._fingerprint()
        stamped = f"{fingerprint} {self.lake.path}"
        self.target.mkdir(parents=True, exist_ok=True)
        with (self.folder / "parse.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fresh = stamp.exists() and stamp.read_text() == stamped
            if not (fresh and self.manifest_path.exists()):
                stamp.unlink(missing_ok=True)
                self.manifest_path.unlink(missing_ok=True)
                manifest = self._held(fingerprint)
                if not self.manifest_path.exists():  # parsed for another warehouse
                    manifest.write(str(self.manifest_path))
                stamp.write_text(stamped)
        return json.loads(self.manifest_path.read_text(encoding="utf-8"))

    def _fingerprint(self) -> str:
        beside = [
            sha256_of_file(path)
            for part in DECIDE_NO_FIGURE
            for path in sorted((PROJECT / part).glob("*.yml"))
        ]
        return f"{dbt_fingerprint(PROJECT)} {' '.join(beside)}"

    def _held(self, fingerprint: str) -> Manifest:
        """The project parsed for this warehouse; parses what this process has not parsed yet."""
        parsed = Dbt._parsed
        if parsed is None or parsed.fingerprint != fingerprint:
            doing("reading the dbt project")
            run, result = self._invoke(["parse"])
            if run.problems:
                raise DbtError("\n".join(run.problems))
            parsed = Dbt._parsed = _Parsed(fingerprint, self.lake.path, result)
        if parsed.warehouse != self.lake.path:
            parsed.move_to(self.lake.path)
        return parsed.manifest

    def build(self, selection: Sequence[str], gwp_set: str) -> DbtRun:
        """Seeds, models and data tests in one invocation; unit tests judge code, not a run."""
        variables = ["--vars", json.dumps({"gwp_set": gwp_set})] if gwp_set else []
        return self._run(["build", *UNIT_TESTS_EXCLUDED, *selection, *variables])

    def unit_tests(self) -> DbtRun:
        """The unit tests that stand beside the models; the models must have been built."""
        return self._run(["test", "--select", "test_type:unit"])

    def documentation(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What dbt documents: its manifest with compiled SQL, and the tables as they are."""
        run = self._run(["docs", "generate"])
        if run.problems:
            raise DbtError("\n".join(run.problems))
        files = (self.manifest_path, self.target / "catalog.json")
        manifest, catalog = (json.loads(file.read_text(encoding="utf-8")) for file in files)
        return manifest, catalog

    def _run(self, arguments: Sequence[str]) -> DbtRun:
        return self._invoke(arguments, self._held(self._fingerprint()))[0]

    def _invoke(
        self, arguments: Sequence[str], manifest: Manifest | None = None
    ) -> tuple[DbtRun, Any]:
        from dbt.cli.main import dbtRunner

        run = DbtRun()
        with _environment(self.lake), _closed_afterwards():
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
                    f"--target-path={self.target}",
                ]
            )
        if result.exception is not None:
            run.problems.append(str(result.exception))
        elif not result.success:
            run.problems += _failures(result.result)
        return run, result.result


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


def _failures(result: Any) -> list[str]:
    return [
        f"{node.node.name}: {' '.join((node.message or node.status).split())}"
        for node in getattr(result, "results", [])
        if node.status in ("error", "fail", "runtime error")
    ] or ["dbt failed without naming a model."]


@contextmanager
def _environment(lake: Lake) -> Iterator[None]:
    """What the profile reads; an open handle is kept for the call and closed with it."""
    wanted = {WAREHOUSE_VARIABLE: str(lake.path), "DAGSTER_DBT_CLI": "true"}
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
