"""`carbonloom` in a process of its own, plain or traced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench import _measure
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
    """Seconds of a run, start of the interpreter included."""
    return command(*_run(data, warehouse, rounds))


def trace(data: Path, warehouse: Path, out: Path, *rounds: str) -> Trace:
    """The same, with the time of each part."""
    words = _run(data, warehouse, rounds)
    seconds = process([sys.executable, "-m", "tests.bench._traced_run", str(out), *words])
    seen = json.loads(out.read_text(encoding="utf-8"))
    parts = seen["parts"]
    parts["rest"] += seconds - sum(parts.values())  # start and end of the interpreter
    invocations = seen["calls"].get("dbt invocation", 0)
    return Trace(seconds, parts, invocations, seen["executing_s"])


def command(*words: str) -> float:
    """Seconds of a command, start of the interpreter included."""
    return process([sys.executable, "-m", "orchestration.commands.cli", *words])


def with_folders(data: Path, warehouse: Path, *words: str) -> list[str]:
    """Words of a command that reads both folders."""
    return [*words, "--data", str(data), "--warehouse", str(warehouse)]


def _run(data: Path, warehouse: Path, rounds: tuple[str, ...]) -> list[str]:
    chosen = [part for name in rounds for part in ("--round", name)]
    return with_folders(data, warehouse, "run", *chosen)


def process(arguments: list[str], **variables: str) -> float:
    """Seconds of a process, from its start to its end; it must end with 0 or 1."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_HOME")}
    started = _measure.now()
    done = subprocess.run(
        arguments, cwd=REPOSITORY, env=environment | variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = _measure.now() - started
    if done.returncode not in (PASSED, REFUSED):
        told = (done.stdout + done.stderr)[-TAIL:]
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{told}")
    return seconds
