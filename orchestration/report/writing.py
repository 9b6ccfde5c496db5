"""Where the report lies: beside the publication it shows, made anew when that or the code changes.

`warehouse/report` is a link to the folder of the newest rendering, swapped when the new one is
complete; the rendering before stays for readers under way. It stands beside the publications, not
inside one: a publication or release is exactly what its manifest names.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.report.method_text import PAGES as METHOD_PAGES
from orchestration.report.names import CATEGORIES
from orchestration.report.page_source import PageError

if TYPE_CHECKING:
    from orchestration.report.site import Beside

STAMP = "report.json"
RUNNING = "running"
"""Folder of the site of what is not released yet, in the site of a release."""
KEPT = 2
OWN_SUFFIXES = (".py", ".md", ".yml", ".j2", ".css", ".js", ".typ")


@dataclass(frozen=True)
class Report:
    """A rendering in its place."""

    folder: Path
    pages: int
    is_new: bool


def write_report(lake: Lake) -> Report:
    """Render what is published, unless that was done already. The caller is the only writer.

    Where a release is published, what was calculated since stands beside it, in `running/`.

    Raises:
        PageError: nothing is published, or a page is broken.
    """
    published = lake.published.resolve()
    stamp = stamp_of(published)
    running = _running_beside(lake, published)
    if running is not None:
        stamp["running_manifest_sha256"] = stamp_of(running)["manifest_sha256"]
        stamp["running_rounds"] = label_of(running)["rounds"]
    link, reports = lake.path / "report", lake.path / "reports"
    current = _stamp_in(link)
    if current is not None and current["made_from"] == stamp:
        return Report(link.resolve(), current["pages"], False)
    target = reports / hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()[:16]
    for old in reports.glob(".draft-*"):
        lake.remove_folder(old)
    draft = reports / f".draft-{os.getpid()}"
    is_same = current is not None and _shows_the_same(current["made_from"], stamp)
    before = link.resolve() if running is not None and is_same else None
    pages = _render_both(lake, published, running, draft, stamp, before)
    lake.remove_folder(target)  # only left there by a run killed before the swap
    draft.replace(target)
    beside = link.with_name(f".report.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    beside.replace(link)
    _remove_old(lake, reports, target)
    return Report(target, pages, True)


def write_report_into(out: Path, marts_folder: Path, company: Path) -> Report:
    """Render one publication or release into a folder of the caller's.

    A folder that holds an earlier report is replaced; any other that isn't empty is refused.

    Raises:
        PageError: the folder holds something else, or a page is broken.
    """
    if out.exists() and any(out.iterdir()) and _stamp_in(out) is None:
        raise PageError(f"{out} holds something else: name an empty folder, or an earlier report.")
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        pages = _render(marts_folder, company, draft, stamp_of(marts_folder))
        if out.exists():
            shutil.rmtree(out)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Report(out, pages, True)


def label_of(marts_folder: Path) -> dict[str, Any]:
    """What a publication or release says of itself: rounds, number, status."""
    label = _publication_of(marts_folder)
    rounds = label["rounds"]
    return label | {"round": rounds[-1] if rounds else "", "rounds": ", ".join(rounds)}


def _publication_of(marts_folder: Path) -> dict[str, Any]:
    text = (marts_folder / "manifest.json").read_text(encoding="utf-8")
    publication: dict[str, Any] = json.loads(text)["publication"]
    return publication


def company_folder(published: Path, lake: Lake) -> Path:
    """Master data that names things: a release has its own, a publication the warehouse's."""
    own = published / "accepted" / "company"
    return own if own.is_dir() else lake.path / "accepted" / "company"


def stamp_of(marts_folder: Path) -> dict[str, str]:
    """What a rendering is made of: the manifest of the figures, and the code of the report.

    Raises:
        PageError: the folder is no publication and no release.
    """
    manifest = marts_folder / "manifest.json"
    if not manifest.exists():
        raise PageError(f"{marts_folder} has no manifest.json: nothing was published there.")
    return {"manifest_sha256": sha256_of_file(manifest), "report_code_sha256": _code_sha256()}


def _running_beside(lake: Lake, published: Path) -> Path | None:
    """The newest calculation, where it holds rounds that the published release does not."""
    running = lake.preliminary.resolve()
    if not (running / "manifest.json").exists():
        return None
    return running if _rounds_since(running, published) else None


def _rounds_since(running: Path, published: Path) -> list[str]:
    """The rounds of a calculation that a release does not hold."""
    released = _publication_of(published)["rounds"]
    return [one for one in _publication_of(running)["rounds"] if one not in released]


def _shows_the_same(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether what was released, and what is said beside it, is what was rendered before."""
    return {**before, "running_manifest_sha256": ""} == {**now, "running_manifest_sha256": ""}


def _render_both(
    lake: Lake,
    published: Path,
    running: Path | None,
    draft: Path,
    stamp: dict[str, str],
    before: Path | None,
) -> int:
    """What is published; where that is a release, what is running since beside it.

    `before`: an earlier rendering of the same release, whose pages are taken over.
    """
    from orchestration.report.site import Beside

    company = company_folder(published, lake)
    if running is None:
        return _render(published, company, draft, stamp)
    if before is not None:
        shutil.copytree(before, draft, ignore=shutil.ignore_patterns(RUNNING, STAMP))
        pages = sum(1 for _ in draft.glob("*/*.html"))
    else:
        since = {"rounds": ", ".join(_rounds_since(running, published))}
        newer = Beside("beside_running", f"{RUNNING}/", label_of(running) | since)
        pages = _render(published, company, draft, stamp, newer)
    released = Beside("beside_released", "../", label_of(published))
    company = company_folder(running, lake)
    pages += _render(running, company, draft / RUNNING, stamp, released)
    (draft / RUNNING / STAMP).unlink()
    _write_stamp(draft, stamp, pages)
    return pages


def _render(
    marts_folder: Path,
    company: Path,
    draft: Path,
    stamp: dict[str, str],
    beside: Beside | None = None,
) -> int:
    from orchestration.report.site import render_site

    draft.mkdir(parents=True)
    pages = len(render_site(marts_folder, company, draft, beside))
    _write_stamp(draft, stamp, pages)
    return pages


def _write_stamp(draft: Path, stamp: dict[str, str], pages: int) -> None:
    text = json.dumps({"made_from": stamp, "pages": pages}, indent=2) + "\n"
    (draft / STAMP).write_text(text, encoding="utf-8")


@cache
def _code_sha256() -> str:
    digest = hashlib.sha256()
    here = Path(__file__).parent
    own = (path for path in here.rglob("*") if path.suffix in OWN_SUFFIXES)
    for path in [*sorted(own), *METHOD_PAGES, CATEGORIES]:
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def _stamp_in(folder: Path) -> dict[str, Any] | None:
    path = folder / STAMP
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _remove_old(lake: Lake, reports: Path, current: Path) -> None:
    others = [path for path in reports.iterdir() if path.is_dir() and path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT - 1 :]:
        lake.remove_folder(path)
