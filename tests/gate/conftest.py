"""The one fixture of the gate's tests: judge a round that a test broke."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from expectations.verdict import Judgement, judge_round
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
