"""`python -m tests.bench [NAME …]`: measure, print the table, write warehouse/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import demo, gate, ingest, rounds, solve, status, transform
from tests.bench._measure import Row

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHES = {
    "ingest": ingest.measure,
    "gate": gate.measure,
    "transform": transform.measure,
    "rounds": rounds.measure,
    "status": status.measure,
    "solve": solve.measure,
    "demo": demo.measure,
}


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--output", type=Path, default=REPOSITORY / "warehouse" / "bench.json")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ.pop("DAGSTER_HOME", None)
    console = Console()
    rows: list[Row] = []
    for name in arguments.names or BENCHES:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix=f"carbonloom-bench-{name}-") as folder:
            rows += BENCHES[name](Path(folder))
        console.print(f"{name}: measured in {time.perf_counter() - started:.0f} s", style="dim")
    console.print(_table(rows))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.as_dict() for row in rows], indent=2, ensure_ascii=False)
    arguments.output.write_text(text + "\n", encoding="utf-8")
    console.print(f"Written to {arguments.output}")


def _table(rows: list[Row]) -> Table:
    table = Table(title="Medians; ours over peer, the smaller the better")
    for heading, side in (
        ("name", "left"),
        ("ours", "right"),
        ("peer", "right"),
        ("ours/peer", "right"),
        ("allowed", "right"),
        ("peer is", "left"),
        ("note", "left"),
    ):
        table.add_column(heading, justify=side, overflow="fold")
    for row in rows:
        table.add_row(
            row.name,
            _number(row.ours_s),
            _number(row.peer_s),
            _number(row.ours_over_peer),
            _number(row.allowed),
            row.peer,
            row.note,
            style="red" if row.missed else None,
        )
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
