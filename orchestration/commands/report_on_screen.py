"""`carbonloom report` on screen."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from orchestration.lake.paths import Lake
from orchestration.progress import shown
from orchestration.report.writing import (
    company_folder,
    write_report,
    write_report_into,
)


def print_report(console: Console, warehouse: Path, release: Path | None, out: Path | None) -> None:
    """Render and say where it lies.

    Raises:
        PageError: nothing is published, the folder holds something else, or a page is broken.
    """
    lake = Lake(warehouse)
    started = time.perf_counter()
    with shown("rendering the report"):
        if out is None:
            with lake.only_writer():
                done = write_report(lake)
            entry = lake.path / "report" / "index.html"
        else:
            source = (release or lake.published).resolve()
            done = write_report_into(out.resolve(), source, company_folder(source, lake))
            entry = done.folder / "index.html"
    words = f"{done.pages} pages" if done.is_new else f"{done.pages} pages, as they were"
    console.print(
        f"{words} in {time.perf_counter() - started:.1f} s; open {entry}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
