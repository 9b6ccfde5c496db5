"""Write the handbook: a document for each role, in both languages, as HTML and PDF."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from orchestration.collection.handbook.contents import ROLES, Handbook
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company
from orchestration.lake.paths import Lake
from orchestration.lake.scratch import scratch_folder
from orchestration.progress import doing
from orchestration.report.documents.html import html_of
from orchestration.report.documents.pdf import pdf_of
from orchestration.report.documents.typst_markup import typst_source
from orchestration.report.names import Names
from orchestration.report.page_source import LANGUAGES, PageError


def write_handbook(data: DataFolder, lake: Lake, out: Path) -> list[Path]:
    """Write it into a folder, in which an earlier one is replaced; returns its files.

    `lake`: where rounds were judged, for what is refused most often; it may be empty.

    Raises:
        PageError: there is no round yet, or a name can't be set.
        CompanyDataError, MapError: the data folder is broken.
    """
    data.validate()
    if not data.rounds:
        raise PageError("rounds.csv has no round yet: a handbook is for the newest one.")
    handbook, day = Handbook(data, lake), data.rounds[-1].opens_on
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        with scratch_folder("handbook") as scratch:
            accept_company(data, Lake(scratch))  # names of today, whatever was accepted last
            names = Names(scratch / "accepted" / "company")
            for role in ROLES:
                for language in LANGUAGES:
                    doing(f"{role}, {language}")
                    document = handbook.document(role, language)
                    html = html_of(document, names)
                    (draft / f"{document.stem}.html").write_text(html, encoding="utf-8")
                    pdf = pdf_of(typst_source(document, names), day)
                    (draft / f"{document.stem}.pdf").write_bytes(pdf)
        out.mkdir(exist_ok=True)
        written = []
        for path in sorted(draft.iterdir()):
            path.replace(out / path.name)
            written.append(out / path.name)
        return written
    finally:
        shutil.rmtree(draft, ignore_errors=True)
