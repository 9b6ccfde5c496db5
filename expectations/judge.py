"""A round's tables, judged rule by rule: by Great Expectations, or by what it asked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import duckdb

from expectations.kept_statements import counted, kept_statements, named
from expectations.rules import Rule, RuleResult
from orchestration.lake.warehouse import Connection


def judge(
    connection: Connection, batch_table: str, suites: Mapping[str, Sequence[Rule]]
) -> list[RuleResult]:
    """Judge every rule of some suites once over a table.

    Raises:
        GateError: a rule could not be evaluated; that is never a pass.
    """
    statements = kept_statements(batch_table, suites)
    if statements is not None:
        with suppress(duckdb.Error):  # Great Expectations meets it again, and says of which rule
            return _results(suites, counted(connection, statements))
    from expectations.great_expectations_judge import judge as judge_by_great_expectations

    return judge_by_great_expectations(connection, batch_table, suites)


def _results(suites: Mapping[str, Sequence[Rule]], counts: Mapping[str, int]) -> list[RuleResult]:
    return [
        RuleResult(name, rule, count == 0, count)
        for name, rules in suites.items()
        for rule in rules
        for count in [counts[named(name, rule)]]
    ]
