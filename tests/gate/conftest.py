"""Fixtures of the gate's tests: judge a round that a test broke, or list what its rules find."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from expectations.preparation import prepare
from expectations.rules import list_findings
from expectations.verdict import SUITES, Judgement, judge_round
from tests.gate.gate_round import ROUND, Break, clean_readings, frames, lay_out


@pytest.fixture
def judged() -> Callable[..., Judgement]:
    """Judge the clean round after `change(rows, tables)` broke it."""

    def run(change: Break | None = None, previous: list[dict] | None = None) -> Judgement:
        rows, tables = clean_readings(), frames()
        if change:
            change(rows, tables)
        with duckdb.connect() as connection:
            lay_out(connection, rows, tables, previous)
            return judge_round(connection, round=ROUND)

    return run


@pytest.fixture
def findings() -> Callable[..., list[dict]]:
    """What the rules find after `change(rows, tables)`, without the seconds of a whole verdict."""

    def run(change: Break | None = None, previous: list[dict] | None = None) -> list[dict]:
        rows, tables = clean_readings(), frames()
        if change:
            change(rows, tables)
        with duckdb.connect() as connection:
            lay_out(connection, rows, tables, previous)
            prepare(connection, ROUND.round, ROUND.months)
            return [
                row
                for name, rules in SUITES.items()
                if name != "energy_instruments" or "instruments" in tables
                for rule in rules
                for row in list_findings(connection, rule, "gate_reading", "").to_pylist()
            ]

    return run
