"""Two releases compared, on screen: what moved by which cause, why, and which products."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.lake.warehouse import engine, quoted
from orchestration.progress import shown
from orchestration.publication.files import MANIFEST
from orchestration.restatement.base_year import MEASURES
from orchestration.restatement.causes import ReleaseComparison, compare
from orchestration.restatement.figures import INVENTORY, PRODUCT
from orchestration.restatement.history import moved_products
from orchestration.restatement.released_inputs import CAUSES, read_release

PARTS = ("change", *(f"{cause}_change" for cause in CAUSES), "new_months_change")
TITLES = ("change", *CAUSES, "new months")
WIDTH = 120
"""Columns that the tables need."""

REASONS_LISTED = 30


class NotComparableError(Exception):
    """A folder that is no release, or the same release twice; the message says what to name."""


def print_comparison(
    console: Console, older: Path, newer: Path, out: Path | None
) -> ReleaseComparison:
    """Compare two releases, print it, and write both tables as CSV where `out` says.

    Raises:
        NotComparableError: there are no two releases to compare.
    """
    folders = [folder.resolve() for folder in (older, newer)]
    for folder in folders:
        if not (folder / MANIFEST).exists() or not (folder / "accepted").is_dir():
            raise NotComparableError(f"{folder} is no release. Name one, such as releases/R/r1.")
    if folders[0] == folders[1]:
        raise NotComparableError(f"{folders[0]} is named twice: name two releases.")
    started = time.perf_counter()
    with shown("comparing"):
        found = compare(*map(read_release, folders))
    _print(Console(width=max(console.width, WIDTH), file=console.file), found)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in (
            ("restatements", found.restatements), ("restatement_reasons", found.reasons),
        ):  # fmt: skip
            pacsv.write_csv(table, out / f"{name}.csv")
            console.print(f"written: {out / name}.csv", highlight=False, soft_wrap=True)
    console.print(f"{time.perf_counter() - started:.1f} s")
    return found


def _print(console: Console, found: ReleaseComparison) -> None:
    rows = found.restatements.to_pylist()
    console.print(f"[bold]{found.older} → {found.newer}[/]: {len(rows)} figures changed")
    totals = list(inventory_totals(rows))
    if totals:
        console.print(_table("Inventory, tCO2e", ("year", "scope", "basis"), totals))
    footprints = list(footprint_changes(rows))
    if footprints:
        names = ("product", "period", "basis")
        console.print(_table("Products, cut-off, kgCO2e per declared unit", names, footprints))
    moved = sorted(
        {(row["product_id"], row["reference_period"]) for row in moved_products(found.restatements)}
    )
    for product, period in moved:
        console.print(f"{product}, {period}: the footprint moved by 10 % or more", soft_wrap=True)
    joint = sorted({row["joint_causes"] for row in rows if row["joint_causes"]})
    for text in joint:
        console.print(f"could not be told apart, counted as the first: {text}", soft_wrap=True)
    _print_reasons(console, found.reasons.to_pylist())


def footprint_changes(rows: Iterable[Mapping[str, Any]]) -> Iterable[list[Any]]:
    """Product, year and basis of each yearly footprint, then its change and the parts of it."""
    for row in rows:
        if (
            row["figure_kind"] == PRODUCT
            and row["measure"] == "kgco2e_per_declared_unit"
            and row["method"] == "cut_off"
            and len(row["reference_period"]) == len("YYYY")
        ):
            basis = row["basis"].replace("_", "-")
            parts = [row[name] for name in PARTS]
            yield [row["product_id"], row["reference_period"], basis, *parts]


def inventory_totals(rows: Iterable[Mapping[str, Any]]) -> Iterable[list[Any]]:
    """Year, scope, basis, then the sums of each part in tonnes."""
    sums: dict[tuple, list[float]] = {}
    for row in rows:
        if row["figure_kind"] == INVENTORY and row["measure"] in MEASURES:
            key = (row["inventory_year"], row["ghg_scope"], _basis(row["measure"]))
            total = sums.setdefault(key, [0.0] * len(PARTS))
            for place, name in enumerate(PARTS):
                total[place] += row[name] / 1000
    for key in sorted(sums):
        yield [*key, *sums[key]]


def _basis(measure: str) -> str:
    return measure.removesuffix("_kgco2e").replace("_", "-")


def _table(title: str, names: Iterable[str], rows: Iterable[list[Any]]) -> Table:
    table = Table(title=title, title_justify="left", caption="data includes new months", box=SIMPLE)
    for name in names:
        table.add_column(name)
    for name in TITLES:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(f"{cell:+,.4f}" if isinstance(cell, float) else str(cell) for cell in row))
    return table


def _print_reasons(console: Console, reasons: list[dict[str, Any]]) -> None:
    for row in reasons[:REASONS_LISTED]:
        values = " → ".join(text for text in (row["was"], row["is_now"]) if text)
        signed = ", ".join(text for text in (row["decided_by"], row["decided_on"]) if text)
        told = "; ".join(part for part in (values, row["reason"], signed) if part)
        line = f"{row['cause']}: {row['object']}: {told}"
        console.print(escape(line), highlight=False, soft_wrap=True)
    if len(reasons) > REASONS_LISTED:
        console.print(f"and {len(reasons) - REASONS_LISTED} more; write them with --out")


IMPROVED = """
    select
        figures.older_release, figures.reference_period,
        max(figures.older_half_width / nullif(abs(figures.older_value), 0.0)),
        max(figures.newer_half_width / nullif(abs(figures.newer_value), 0.0)),
        count(*) filter (what_changed in ('narrower', 'stated')) as surer,
        count(*) filter (what_changed in ('wider', 'withdrawn')) as less_sure
    from read_parquet({intervals}) as figures
    inner join read_parquet({causes}) as causes
        using (older_release, newer_release, figure_kind, subject, reference_period, basis)
    where
        newer_release = $1
        and figure_kind = 'inventory'
        and basis = 'location_based'
    group by all
    having surer + less_sure > 0
    order by all
"""


def improved_lines(parquet: Path, release: str) -> list[str]:
    """What became surer, or less sure, since the release before: a line a year where something did.

    `release`: whose Parquet folder it is, as `dim_release` calls it.
    """
    names = ("restated_intervals", "improved_causes")
    intervals, causes = (parquet / f"{name}.parquet" for name in names)
    if not (intervals.exists() and causes.exists()):
        return []  # made before intervals were compared
    with engine() as connection:
        query = IMPROVED.format(intervals=quoted(intervals), causes=quoted(causes))
        rows = connection.execute(query, [release]).fetchall()
    lines = []
    for older, year, then, now, surer, less_sure in rows:
        widths = [f"±{share:.1%}" if share is not None else "no interval" for share in (then, now)]
        lines.append(
            f"Since {older} the inventory of {year} went from {widths[0]} to {widths[1]} "
            f"(location-based): {surer} of its causes have a narrower spread, {less_sure} a wider "
            "one or none any more."
        )
    return lines


def lines_about(parquet: Path, release: str) -> list[str]:
    """What a release says of the one before it and of the base year, a line each."""
    if not (parquet / "restatements.parquet").exists():
        return []  # released before restatements were kept
    restated = pq.read_table(parquet / "restatements.parquet").to_pylist()
    mine = [row for row in restated if row["newer_release"] == release]
    lines = []
    for measure in MEASURES if mine else ():
        rows = [row for row in mine if row["measure"] == measure]
        parts = {name: sum(row[name] for row in rows) / 1000 for name in PARTS}
        told = ", ".join(f"{cause} {parts[f'{cause}_change']:+,.3f}" for cause in CAUSES)
        lines.append(
            f"{_basis(measure)} {parts['change']:+,.3f} tCO2e since {mine[0]['older_release']}: "
            f"{told} (new months {parts['new_months_change']:+,.3f})"
        )
    moved = {
        row["product_id"]
        for row in mine
        if row["moved_10_percent"] and row["measure"] == "kgco2e_per_declared_unit"
    }
    if moved:
        lines.append(f"footprints that moved by 10 % or more: {', '.join(sorted(moved))}")
    for row in pq.read_table(parquet / "base_year_changes.parquet").to_pylist():
        if row["release"] == release and row["base_year"] and row["reason"]:
            basis = row["measure"].removesuffix("_kgco2e").replace("_", "-")
            lines.append(
                f"base year {row['base_year']}, {basis}: {row['verdict']}. {row['reason']}"
            )
    return [*lines, *improved_lines(parquet, release)]
