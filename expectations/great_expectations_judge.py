"""The only caller of Great Expectations: rules over tables of one DuckDB connection.

Great Expectations has no DuckDB source, and DuckDB results must not outlive the next statement
on the same connection; a minimal SQLAlchemy dialect over the connection in hand solves both
without another dependency. Importing Great Expectations costs seconds, so it happens in here.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import LazyLoader, find_spec, module_from_spec
from typing import TYPE_CHECKING, ClassVar, cast

import duckdb
import sqlalchemy
from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import StaticPool

from expectations.kept_statements import keep_statements, marked
from expectations.rules import GateError, Rule, RuleResult
from orchestration.lake.warehouse import Connection

if TYPE_CHECKING:
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import DataContextConfig
    from great_expectations.execution_engine import ExecutionEngine
    from sqlalchemy.engine.interfaces import DBAPIModule

STATISTICS = "scipy.stats"
CANNOT_START = (
    "Great Expectations ended while it started, as it does beside a pyspark without its client. "
    "Install pyspark[connect], or take pyspark out."
)
ROW_COUNT = "unexpected_rows_query.row_count"


class _Cursor:
    """A DB-API cursor on a connection that other cursors share, one statement at a time."""

    arraysize = 1

    def __init__(self, owner: _Connection) -> None:
        self._owner = owner
        self.description: Sequence[tuple] | None = None
        self.rowcount = -1

    def execute(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        self._owner.reading = self
        self._owner.sent.append(statement)
        self._owner.connection.execute(statement, parameters or None)
        self.description = self._owner.connection.description

    def _check_current(self) -> None:
        if self._owner.reading is not self:
            raise duckdb.InvalidInputException("read this result before the next statement")

    def fetchone(self) -> tuple | None:
        self._check_current()
        return self._owner.connection.fetchone()

    def fetchmany(self, size: int | None = None) -> list[tuple]:
        self._check_current()
        return self._owner.connection.fetchmany(size or self.arraysize)

    def fetchall(self) -> list[tuple]:
        self._check_current()
        return self._owner.connection.fetchall()

    def close(self) -> None:
        """Nothing to free: DuckDB drops a result at the next statement."""


class _Connection:
    """A DB-API connection that never closes or rolls back what the caller works on."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.reading: _Cursor | None = None
        self.sent: list[str] = []

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def commit(self) -> None:
        """Reads only."""

    def rollback(self) -> None:
        """Reads only."""

    def close(self) -> None:
        """The caller closes its own connection."""


class SharedDuckDBDialect(DefaultDialect):
    """Enough of DuckDB for SQLAlchemy to select from a connection it is given."""

    name = "duckdb"
    driver = "shared"
    default_paramstyle = "qmark"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        """DuckDB's own module has the exceptions of the DB-API."""
        return cast("DBAPIModule", duckdb)

    def initialize(self, connection: sqlalchemy.Connection) -> None:
        """There is no server to ask for its version."""


registry.register("duckdb.shared", __name__, SharedDuckDBDialect.__name__)


@cache
def counted_rows() -> type[gxe.UnexpectedRowsExpectation]:
    """The expectation that a query finds no rows, by their number alone.

    As it comes, Great Expectations runs the query a second time for rows that nobody is shown:
    findings are written by a query of their own, with the cell of each.
    """
    import great_expectations.expectations as gxe

    class UnexpectedRowCount(gxe.UnexpectedRowsExpectation):
        metric_dependencies: ClassVar[tuple[str, ...]] = (ROW_COUNT,)

        def _validate(
            self,
            metrics: dict,
            runtime_configuration: dict | None = None,
            execution_engine: ExecutionEngine | None = None,
        ) -> dict:
            count = metrics[ROW_COUNT]
            return {"success": count == 0, "result": {"observed_value": count}}

    return UnexpectedRowCount


def suite_of(name: str, rules: Sequence[Rule]) -> gx.ExpectationSuite:
    """The Great Expectations suite of one group of rules."""
    import great_expectations as gx
    from great_expectations.expectations.metadata_types import FailureSeverity

    return gx.ExpectationSuite(
        name=name,
        expectations=[
            counted_rows()(
                # SQLAlchemy reads `:name` as a parameter unless the colon is escaped
                unexpected_rows_query=marked(name, rule).replace(":", r"\:"),
                severity=FailureSeverity(rule.severity),
                notes=f"{rule.title_en} {rule.title_zh}",
                meta={"rule_id": rule.rule_id},
            )
            for rule in rules
        ],
    )


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """While thousands of classes are made that stay, the collector would look through them all."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _put_off(name: str) -> None:
    """Import a module of a package when something of it is asked for, and not before.

    Great Expectations imports what any expectation could need; a third of the time that takes is
    spent on statistics, which no rule here asks for.
    """
    spec = find_spec(name)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    package, _, inside = name.rpartition(".")
    setattr(sys.modules[package], inside, module)


def _without_files() -> DataContextConfig:
    """A project in memory; by default even that one leaves a folder for Data Docs behind."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
    )

    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    return DataContextConfig(store_backend_defaults=stores, analytics_enabled=False)


def _reason(exception_info: Mapping[str, object]) -> str:
    """The first line of what went wrong; each metric has an entry of its own."""
    entries = [e for e in (exception_info, *exception_info.values()) if isinstance(e, Mapping)]
    messages = [str(e["exception_message"]) for e in entries if e.get("exception_message")]
    return messages[0].splitlines()[0] if messages else "no reason given"


def judge(
    connection: Connection, batch_table: str, suites: Mapping[str, Sequence[Rule]]
) -> list[RuleResult]:
    """Let Great Expectations judge every rule once over a table, and keep what it asked.

    Raises:
        GateError: a rule could not be evaluated; that is never a pass.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _nothing_to_collect():
        _put_off(STATISTICS)
        try:
            import great_expectations as gx
        except SystemExit as error:  # it would end the run, with a code that says all is well
            raise GateError(CANNOT_START) from error
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral", project_config=_without_files())
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    shared = _Connection(connection)
    source = context.data_sources.add_sql(  # type: ignore[call-arg]  # its stub lags behind it
        "round",
        connection_string="duckdb+shared://",
        kwargs={"creator": lambda: shared, "poolclass": StaticPool},
    )
    asset = source.add_table_asset(batch_table, table_name=batch_table)
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    results = []
    for name, rules in suites.items():
        by_id = {rule.rule_id: rule for rule in rules}
        judgement = batch.validate(suite_of(name, rules), result_format="SUMMARY")
        for result in judgement.results:
            judged = result.expectation_config
            assert judged is not None and judged.meta is not None, "a rule is judged by its id"
            rule = by_id[judged.meta["rule_id"]]
            if result.exception_info.get("raised_exception", True):
                raise GateError(f"Rule {rule.rule_id}: {_reason(result.exception_info)}")
            count = int(result.result["observed_value"])
            results.append(RuleResult(name, rule, bool(result.success), count))
    connection.execute("select 1").fetchall()  # what GX did not read to its end would block us
    keep_statements(batch_table, suites, shared.sent)
    return results
