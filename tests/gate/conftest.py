"""The one fixture of the gate's tests: judge a round that a test broke."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from expectations.verdict import Judgement, judge_round
from tests.gate.gate_round import ROUND, Break, clean_readings, frames, table_of


@pytest.fixture
def judged() -> Callable[..., Judgement]:
    """Judge the clean round after `change(rows, tables)` broke it."""

    def run(change: Break | None = None, previous: list[dict] | None = None) -> Judgement:
        rows, tables = clean_readings(), frames()
        if change:
            change(rows, tables)
        with duckdb.connect() as connection:
            for name, frame in tables.items():
                columns = ", ".join(
                    f'"{c}" {"double" if c == "multiplier" else "varchar"}' for c in frame.columns
                )
                connection.execute(f"create table {name} ({columns})")
                values = frame.astype(object).where(frame.notna(), None).values.tolist()
                if values:
                    marks = ", ".join("?" for _ in frame.columns)
                    connection.executemany(f"insert into {name} values ({marks})", values)
            connection.register("readings", table_of(rows))
            connection.register("previous_readings", table_of(previous or []))
            return judge_round(connection, round=ROUND)

    return run
