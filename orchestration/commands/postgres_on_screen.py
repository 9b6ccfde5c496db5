"""`carbonloom postgres` on screen."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from orchestration.bi.postgres import copy_to_postgres
from orchestration.progress import shown


def print_copy(console: Console, folder: Path, url: str, schema: str, patience_s: float) -> None:
    """Copy, and say what lies where.

    Raises:
        NoMartsError, NoServerError, PostgresError: it isn't there; the message says why.
    """
    started = time.perf_counter()
    with shown("copying the marts"):
        done = copy_to_postgres(folder, url, schema, patience_s)
    label = done.publication
    figures = label["status"]
    if label["release_number"]:
        figures = f"{label['round']} r{label['release_number']}, {figures}"
    lines = [
        f"{figures}: {len(done.rows)} tables with {sum(done.rows.values()):,} rows "
        f"in {time.perf_counter() - started:.1f} s",
        f"{done.place}, schema {done.schema}",
    ]
    if done.undeclared:
        lines.append("No key was declared of these, as some row breaks it:")
        lines += [f"  {what}" for what in done.undeclared]
    if done.is_first:
        lines.append(
            f"Nobody else may read it yet: grant usage on schema {done.schema}, and select on all "
            "tables in it; later copies keep what you grant."
        )
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
