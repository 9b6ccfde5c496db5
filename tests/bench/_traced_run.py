"""`python -m tests.bench._traced_run OUT ARGUMENT…`: `carbonloom ARGUMENT…`, timed from inside.

Time is exclusive: what a part calls counts for the part called. Only the main thread is timed;
dbt's models run in others, and their times are in the result of each invocation.
"""

from __future__ import annotations

import functools
import importlib
import importlib._bootstrap as bootstrap
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()

PARTS = {  # where it is called from, name, part
    "orchestration.calculation.dbt": [
        ("Dbt._held", "dbt_parse"),
        ("Dbt.build_outdated", "dbt_build"),
    ],
    # work: cells become readings
    "orchestration.steps": [
        ("land_source", "ingest"),
        ("land_instruments", "ingest"),
        ("land_factor_libraries", "ingest"),
        # work: readings and master data are judged, what passed is put in force
        ("judge_and_accept", "gate"),
        ("accept_company", "gate"),
        ("accept_factors", "gate"),
        ("rebuild_conversions", "gate"),
        # work: what counts, and which months it changes, by the content of what was accepted
        ("write_control", "gate"),
        # work: hand-ins go back to their authors with the cells to look at marked
        ("return_hand_ins", "return"),
        ("return_what_was_calculated", "return"),
        # work: footprints out of the product system
        ("solve_stale_periods", "solve"),
        ("assess_initiatives", "solve"),
        # work: what each figure rests on, and how far
        ("derive_sensitivities", "solve"),
        # work: Parquet, DuckDB and manifest of what people query
        ("publish", "publish"),
        # work: the pages that people read
        ("write_report", "report"),
    ],
    "orchestration.calculation.halves": [("refuse_what_is_not_solved", "solve")],
    # work: the company's tables are read and checked, line by line
    "orchestration.company.data_folder": [("DataFolder.validate", "gate")],
    # work: what changed since the last run is found by reading all that a run reads
    "orchestration.calculation.last_run": [
        ("inputs_of_a_run", "unchanged"),
        ("outputs_of_a_run", "unchanged"),
    ],
    # work: what people are told at the end
    "orchestration.commands.summary": [
        ("print_verdicts", "summary"),
        ("print_summary", "summary"),
    ],
    "expectations.judge": [("counted", "gate")],
    "expectations.great_expectations_judge": [
        ("judge", "great_expectations"),
        ("_Cursor.execute", "gate"),
        ("_Cursor.fetchall", "gate"),
        ("_Cursor.fetchmany", "gate"),
    ],
}  # fmt: skip
"""What is neither work nor dbt is `import` or `rest`: the framework."""


class Clock:
    """Exclusive seconds of each part."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._open = ["rest"]
        self._since = STARTED

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens inside as this part."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.calls[name] += 1
        self._switch()
        self._open.append(name)
        try:
            yield
        finally:
            self._switch()
            self._open.pop()

    def _switch(self) -> None:
        now = time.perf_counter()
        self.spent[self._open[-1]] += now - self._since
        self._since = now

    def stop(self) -> dict[str, float]:
        """Seconds of each part; together they are the whole run."""
        self._switch()
        return dict(self.spent)


def main() -> None:
    """Run the command line with every part wrapped, and write what was seen."""
    out, arguments = Path(sys.argv[1]), sys.argv[2:]
    clock = Clock()
    bootstrap._find_and_load = _timed(bootstrap._find_and_load, clock, "import")
    for module_name, functions in PARTS.items():
        module = importlib.import_module(module_name)
        for name, part in functions:
            *owner, attribute = name.split(".")
            holder = functools.reduce(getattr, owner, module)
            setattr(holder, attribute, _timed(getattr(holder, attribute), clock, part))
    from dbt.cli.main import dbtRunner

    spans: list[tuple[float, float]] = []
    dbtRunner.invoke = _counted(dbtRunner.invoke, clock, spans)
    from orchestration.commands.cli import app

    code: Any = 0
    try:
        app(arguments, prog_name="carbonloom")
    except SystemExit as exit_:
        code = exit_.code
    seen = {
        "exit_code": code,
        "parts": clock.stop(),
        "calls": clock.calls,
        "executing_s": union(spans),
    }
    out.write_text(json.dumps(seen), encoding="utf-8")


def _timed(function: Callable[..., Any], clock: Clock, part: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        with clock.part(part):
            return function(*arguments, **named)

    return wrapper


def _counted(
    function: Callable[..., Any], clock: Clock, spans: list[tuple[float, float]]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        clock.calls["dbt invocation"] += 1
        done = function(*arguments, **named)
        spans.extend(
            (timing.started_at.timestamp(), timing.completed_at.timestamp())
            for node in getattr(done.result, "results", [])
            for timing in node.timing
            if timing.name == "execute"
        )
        return done

    return wrapper


def union(spans: list[tuple[float, float]]) -> float:
    """Length of time in which at least one span was open."""
    total, end = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


if __name__ == "__main__":
    main()
