"""`carbonloom run` in a process of its own, plain or traced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench._company import REPOSITORY

PASSED, REFUSED = 0, 1
TAIL = 3000


@dataclass(frozen=True)
class Trace:
    """Where a run spent its time."""

    seconds: float
    parts: dict[str, float]
    dbt_invocations: int
    statements_s: float
    """Time in which dbt was executing at least one node."""


def run(data: Path, warehouse: Path, *rounds: str) -> float:
    """Wall time of a run, start of the interpreter included."""
    return _process(["-m", "orchestration.commands.cli", *_arguments(data, warehouse, rounds)])


def trace(data: Path, warehouse: Path, out: Path, *rounds: str) -> Trace:
    """The same, with the time of each part."""
    arguments = _arguments(data, warehouse, rounds)
    seconds = _process(["-m", "tests.bench._traced_run", str(out), *arguments])
    seen = json.loads(out.read_text(encoding="utf-8"))
    parts = seen["parts"]
    parts["rest"] += seconds - sum(parts.values())  # start and end of the interpreter
    invocations = seen["calls"].get("dbt invocation", 0)
    return Trace(seconds, parts, invocations, seen["executing_s"])


def _arguments(data: Path, warehouse: Path, rounds: tuple[str, ...]) -> list[str]:
    chosen = [part for name in rounds for part in ("--round", name)]
    return ["run", "--data", str(data), "--warehouse", str(warehouse), *chosen]


def _process(arguments: list[str]) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_HOME")}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if done.returncode not in (PASSED, REFUSED):
        raise RuntimeError(f"carbonloom failed:\n{(done.stdout + done.stderr)[-TAIL:]}")
    return seconds
