"""`carbonloom documents` on screen."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from orchestration.lake.paths import Lake
from orchestration.progress import shown
from orchestration.report.documents.writing import (
    STAMP,
    WantedDocuments,
    write_documents_into,
    write_documents_of,
)
from orchestration.report.writing import company_folder


def print_documents(
    console: Console,
    warehouse: Path,
    release: Path | None,
    out: Path | None,
    wanted: WantedDocuments,
) -> None:
    """Write them and say which there are.

    Raises:
        PageError: nothing is published, the folder holds something else, or a source is broken.
    """
    lake = Lake(warehouse)
    started = time.perf_counter()
    with shown("writing documents"):
        if out is None:
            with lake.only_writer():
                done = write_documents_of(lake, wanted)
        else:
            source = (release or lake.published).resolve()
            company = company_folder(source, lake)
            done = write_documents_into(out.resolve(), source, company, wanted)
    for name in done.files:
        console.print(f"  {done.folder / name}", markup=False, highlight=False, soft_wrap=True)
    words = "" if done.is_new else ", as they were"
    console.print(
        f"{len(done.files)} files{words} in {time.perf_counter() - started:.1f} s; "
        f"their SHA-256 are in {STAMP}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
