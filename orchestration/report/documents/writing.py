"""Where documents lie: `warehouse/documents`, made over what is published, or a folder of choice.

`documents.json` in the folder names what they were made of and the SHA-256 of each file. A folder
of documents is written beside its place and renamed, so that nobody opens half of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.publication.descriptions import described_in
from orchestration.report.page_source import PageError
from orchestration.report.writing import company_folder, stamp_of

STAMP = "documents.json"
SET_BY = ("typst", "manimgx-fonts-cjk", "xlsxwriter")
"""Packages whose next version may set the same text in other bytes."""


@dataclass(frozen=True)
class WantedDocuments:
    """Years and products to write; nothing named is every full year and every product."""

    years: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Documents:
    """A folder of documents in its place; `files` is name to SHA-256."""

    folder: Path
    files: Mapping[str, str]
    is_new: bool


def write_documents_of(lake: Lake, wanted: WantedDocuments | None = None) -> Documents:
    """The documents of what is published, unless they lie there already.

    The caller is the only writer.

    Raises:
        PageError: nothing is published, a source is broken, or nothing wanted is there.
    """
    published = lake.published.resolve()
    company = company_folder(published, lake)
    return write_documents_into(lake.path / "documents", published, company, wanted)


def write_documents_into(
    out: Path, marts_folder: Path, company: Path, wanted: WantedDocuments | None = None
) -> Documents:
    """The documents of one publication or release in a folder of the caller's.

    A folder of earlier documents is replaced; any other that isn't empty is refused.

    Raises:
        PageError: the folder holds something else, a source is broken, or nothing wanted is there.
    """
    wanted = wanted or WantedDocuments()
    made_from = stamp_of(marts_folder) | {
        "years": list(wanted.years),
        "products": list(wanted.products),
        "set_by": {package: version(package) for package in SET_BY},
        "descriptions_sha256": _descriptions_sha256(),
    }
    there = _stamp_in(out)
    if there is None and out.exists() and any(out.iterdir()):
        raise PageError(f"{out} holds something else: name an empty folder, or earlier documents.")
    if there is not None and there["made_from"] == made_from and _is_intact(out, there["files"]):
        return Documents(out, there["files"], False)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    before = out.with_name(f".{out.name}.before")
    try:
        draft.mkdir()
        files = _write(marts_folder, company, draft, wanted)
        text = json.dumps({"made_from": made_from, "files": files}, indent=2) + "\n"
        (draft / STAMP).write_text(text, encoding="utf-8")
        shutil.rmtree(before, ignore_errors=True)
        if out.exists():
            out.replace(before)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
    return Documents(out, files, True)


def _write(
    marts_folder: Path, company: Path, draft: Path, wanted: WantedDocuments
) -> dict[str, str]:
    from orchestration.report.documents.setting import write_documents

    written = write_documents(marts_folder, company, draft, wanted)
    return {path.name: sha256_of_file(path) for path in sorted(written)}


def _descriptions_sha256() -> str:
    """What the workbook says of tables and columns."""
    digest = hashlib.sha256()
    for path in described_in():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_intact(folder: Path, files: Mapping[str, str]) -> bool:
    return all(
        (folder / name).exists() and sha256_of_file(folder / name) == sha256
        for name, sha256 in files.items()
    )


def _stamp_in(folder: Path) -> dict[str, Any] | None:
    path = folder / STAMP
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
