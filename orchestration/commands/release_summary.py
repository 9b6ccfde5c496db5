"""Releases on screen: what was released, what is missing for it, what differs from it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from orchestration.commands.restatement_on_screen import lines_about
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake
from orchestration.progress import shown, step
from orchestration.release.releasing import NotReleasableError, Release, release
from orchestration.release.sample_checking import check_sample
from orchestration.release.verifying import verify
from orchestration.report.documents.writing import write_documents_of
from orchestration.report.page_source import PageError
from orchestration.report.writing import write_report


def print_release(console: Console, data: Path, warehouse: Path, round_: str, gwp_set: str) -> bool:
    """Release a round and say so, or say all that is missing.

    Returns whether it is released, and its report and documents are there.
    """
    lake = Lake(warehouse)
    started = time.perf_counter()
    try:
        with shown(f"releasing {round_}"), lake.only_writer():
            done = release(DataFolder(data), lake, round_, gwp_set)
            made = [_report(lake), _documents(lake)]
    except NotReleasableError as error:
        console.print(f"[red]not released[/]: round {error.round}, nothing was changed. Missing:")
        for text in error.missing:
            _line(console, f"  {text}")
        if not error.figures_judged:
            _line(console, "Balances and reconciliation are judged once every hand-in is accepted.")
        return False
    _print_released(console, done)
    for one in made:
        _line(console, f"  {one.what:<16} {one.folder or f'not written: {one.problem}'}")
    for one in made:
        if one.problem:
            _line(console, f"The release stands without its {one.what}. {one.remedy}")
    console.print(f"{time.perf_counter() - started:.1f} s")
    return not any(one.problem for one in made)


@dataclass(frozen=True)
class _Made:
    """What is made of a release beside it; a release stands even if it can't be made."""

    what: str
    remedy: str
    folder: Path | None = None
    problem: str = ""


def _report(lake: Lake) -> _Made:
    """The report site."""
    step("rendering the report")
    remedy = "Mend that, then: carbonloom report"
    try:
        write_report(lake)
    except PageError as error:
        return _Made("report", remedy, problem=str(error))
    return _Made("report", remedy, lake.path / "report" / "index.html")


def _documents(lake: Lake) -> _Made:
    """What is sent as a file."""
    step("writing documents")
    remedy = "Mend that, then: carbonloom documents"
    try:
        return _Made("documents", remedy, write_documents_of(lake).folder)
    except PageError as error:
        return _Made("documents", remedy, problem=str(error))


def _print_released(console: Console, done: Release) -> None:
    head = done.manifest["release"]
    name = f"round {head['round']}, release {head['number']}"
    console.print(
        f"[green]released[/]: {name}"
        if done.is_new
        else f"[green]released before[/] with the same content: {name}"
    )
    _line(console, f"  folder           {done.folder}")
    _line(console, f"  manifest SHA-256 {done.manifest_sha256}  (keep it elsewhere)")
    _line(console, f"  published is     {done.published}")
    for text in lines_about(done.folder / "parquet", f"{head['round']} r{head['number']}"):
        _line(console, f"  {text}")
    if done.published != done.folder:
        _line(
            console,
            "  A later round was released already; release it again to carry this one into it.",
        )


def print_verification(console: Console, folder: Path, allowed_signers: Path | None) -> bool:
    """Verify a release and say what differs; returns whether nothing does."""
    started = time.perf_counter()
    with shown("verifying"):
        found = verify(folder, allowed_signers)
    for note in found.notes:
        _line(console, f"note: {note}")
    for person in found.signed_by:
        by = f"by a key of {allowed_signers or 'its own list of signers'}"
        _line(console, f"signed: the manifest, by {person}, {by}")
    for text in found.differences:
        _line(console, f"differs: {text}")
    verdict = "[green]sound[/]" if found.is_sound else "[red]not what was released[/]"
    console.print(
        f"{verdict}: {found.files} files and {found.marts} marts compared in "
        f"{time.perf_counter() - started:.1f} s, {len(found.differences)} differences"
    )
    return found.is_sound


def print_sample(console: Console, folder: Path) -> bool:
    """Calculate the sample of a release by hand; returns whether every line agrees."""
    lines = check_sample(folder)
    for one in lines:
        _line(console, f"{one.number:>3}  {one.cell}")
        if one.corrected_from and not one.problem:
            _line(
                console, f"     The file says {one.corrected_from}: see corrections.csv in papers/."
            )
        for text in (one.arithmetic, one.source, one.problem and f"differs: {one.problem}"):
            if text:
                _line(console, f"     {text}")
        if one.is_scaled:
            _line(console, "     The plant measured a value that scales the factor: see verify.")
    wrong = sum(bool(one.problem) for one in lines)
    verdict = "[red]not what was released[/]" if wrong else "[green]agrees[/]"
    console.print(f"{verdict}: {len(lines)} lines of the sample, {wrong} differ")
    return not wrong


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
