"""`python -m tests.bench [NAME …]`: measure, print the table, write warehouse/bench.json.

Ends with 1 when a ratio is above what is allowed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tests.bench import (
    demo,
    drafts,
    gate,
    ingest,
    initiatives,
    monte_carlo,
    reduction,
    rounds,
    solve,
    status,
    transform,
    uncertainty,
)
from tests.bench._measure import CLOCK_VARIABLE, CPU, Row

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHES = {
    "ingest": ingest.measure,
    "gate": gate.measure,
    "transform": transform.measure,
    "rounds": rounds.measure,
    "status": status.measure,
    "solve": solve.measure,
    "initiatives": initiatives.measure,
    "reduction": reduction.measure,
    "monte_carlo": monte_carlo.measure,
    "uncertainty": uncertainty.measure,
    "drafts": drafts.measure,
    "demo": demo.measure,
}


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--output", type=Path, default=REPOSITORY / "warehouse" / "bench.json")
    parser.add_argument(
        "--cpu", action="store_true", help="processor seconds: for a machine on which others work"
    )
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ.pop("DAGSTER_HOME", None)
    if arguments.cpu:
        os.environ[CLOCK_VARIABLE] = CPU
    console = Console()
    rows: list[Row] = []
    for name in arguments.names or BENCHES:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix=f"carbonloom-bench-{name}-") as folder:
            rows += BENCHES[name](Path(folder))
        console.print(f"{name}: measured in {time.perf_counter() - started:.0f} s", style="dim")
    print_rows(console, rows)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.as_dict() for row in rows], indent=2, ensure_ascii=False)
    arguments.output.write_text(text + "\n", encoding="utf-8")
    console.print(f"Written to {arguments.output}", soft_wrap=True)
    sys.exit(any(row.missed for row in rows))


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """A line a figure, then what each was measured against; what is above its target is marked."""
    table = Table(box=SIMPLE, pad_edge=False, title="Seconds (medians), and ours over the peer's")
    table.add_column("name", no_wrap=True)
    for heading in ("ours", "peer", "ratio", "allowed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in rows:
        figures = (row.ours_s, row.peer_s, row.ours_over_peer, row.allowed)
        mark = "OVER" if row.missed else ""
        style = "red" if row.missed else None
        table.add_row(row.name, *map(_number, figures), mark, style=style)
    console.print(table)
    for row in rows:
        console.print(Text(f"{row.name}: peer is {row.peer}", style="bold"))
        console.print(Padding(Text(row.note), (0, 0, 0, 4)))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


if __name__ == "__main__":
    main()
