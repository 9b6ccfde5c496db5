"""A verifier's sample, line by line, as it is calculated by hand from what the release holds.

The number comes from the file as handed in, what it is multiplied with from the accepted rows, the
master data and the factor's row. No model of the warehouse is run, and no mart but the factors and
the line that is checked is read.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.lake.hand_ins import READING_TABLES
from orchestration.lake.warehouse import Connection, engine, quoted
from orchestration.publication.files import MANIFEST
from orchestration.release.verifying import NotAReleaseError
from orchestration.report.audit_trail.sheets import HandedIn, headers_of, read_handed_in
from orchestration.report.audit_trail.writing import SAMPLE, SAMPLE_COLUMNS

NUMBERS = ("number", "mix_share", "location_based_kgco2e")
"""Columns of the sample that are calculated with."""

TOLERANCE = 1e-9
"""Relative: what the order of multiplication may leave."""

READINGS = """
    select distinct
        readings.value_text, readings.corrected_from, readings.quantity as cell_value,
        readings.sign_multiplier, units.multiplier as units_per_cell_unit, units.unit_code,
        -- blank is the whole site
        coalesce(cast(facilities.consolidation_share as double), 1) as consolidation_share
    from readings
    inner join unit_conversions as units
        on
            readings.flow_id = units.flow_id
            and readings.unit_text = units.unit_text
            and units.property = ''
    inner join facilities on readings.facility_id = facilities.facility_id
    where
        readings.source_file = $source_file
        and coalesce(readings.source_sheet, '') = $source_sheet
        and readings.source_cell = $source_cell
        and coalesce(readings.multiplier_cell, '') = $multiplier_cell
        and coalesce(readings.unit_text, '') = $unit_text
        and readings.process_id = $process_id
        and readings.flow_id = $flow_id
        and strftime(cast(readings.period_month as date), '%Y-%m') = $month
"""

FACTOR = """
    select kgco2e_per_unit, publisher, source_title, source_locator
    from emission_factors
    where factor_version_id = $factor_version_id and component = $component
"""


@dataclass(frozen=True)
class SampleLine:
    """One line of the sample.

    Attributes:
        cell: file, sheet and cell.
        arithmetic: the multiplication, written out.
        source: where the factor was published.
        corrected_from: what the file says where a correction is in force; blank where none is.
        problem: what doesn't agree; blank when all does.
        is_scaled: a value that the plant measured scales the factor, which needs more than one
            multiplication; `verify` calculates it.
    """

    number: int
    cell: str
    arithmetic: str
    source: str
    corrected_from: str = ""
    problem: str = ""
    is_scaled: bool = False


def check_sample(release: Path) -> list[SampleLine]:
    """Calculate every line of a release's sample by hand.

    Raises:
        NotAReleaseError: the folder is no release, or one from before releases had a sample; or
            its sample was saved in a way that can't be read any more.
    """
    if not (release / MANIFEST).exists():
        raise NotAReleaseError(f"{release} has no {MANIFEST}: name a folder such as releases/R/r1.")
    path = release / SAMPLE
    if SAMPLE not in json.loads((release / MANIFEST).read_text(encoding="utf-8"))["files"]:
        raise NotAReleaseError(f"{release} has no sample: it was made before releases had one.")
    rows = _lines_of(path)
    cells: dict[str, list[str]] = {}
    for row in rows:
        cells.setdefault(row["source_file"], []).append(row["source_cell"])
    files = {name: read_handed_in(release, name, headers_of(cells[name])) for name in cells}
    with engine() as connection:
        _lay_out(connection, release)
        return [_checked(connection, files[row["source_file"]], row) for row in rows]


def _lines_of(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        if set(SAMPLE_COLUMNS) - set(reader.fieldnames or ()):
            raise ValueError("columns are missing")
        for row in rows:
            for name in NUMBERS:
                float(row[name])
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise NotAReleaseError(
            f"{path} can't be read ({error}): it isn't what was released. Fill in a copy of it, "
            "and leave the release as it is."
        ) from error
    return rows


def _lay_out(connection: Connection, release: Path) -> None:
    readings = " union all by name ".join(
        f"select * from read_parquet({quoted(release / 'accepted' / table / '**/*.parquet')}, "
        "union_by_name = true, hive_partitioning = true)"
        for table in READING_TABLES
        if any((release / "accepted" / table).rglob("*.parquet"))
    )
    connection.execute(f"create view readings as {readings}")
    for name, file in {
        "unit_conversions": "accepted/unit_conversions.parquet",
        "facilities": "accepted/company/facilities.parquet",
        "emission_factors": "parquet/emission_factors.parquet",
    }.items():
        connection.execute(f"create view {name} as from read_parquet({quoted(release / file)})")


def _checked(connection: Connection, file: HandedIn, row: Mapping[str, str]) -> SampleLine:
    sheet = f"#{row['source_sheet']}!" if row["source_sheet"] else "#"
    number, cell = int(row["number"]), f"{row['source_file']}{sheet}{row['source_cell']}"
    readings = _asked(connection, READINGS, row)
    factors = _asked(connection, FACTOR, row)
    if len(readings) != 1 or len(factors) != 1:
        what = "accepted rows" if len(readings) != 1 else "factors of this version"
        count = len(readings) if len(readings) != 1 else len(factors)
        return SampleLine(number, cell, "", "", problem=f"{count} {what}, where there is one.")
    (reading,), (factor,) = readings, factors
    typed = file.text(row["source_sheet"] or None, row["source_cell"])
    stated = float(row["location_based_kgco2e"])
    terms = [
        (reading["cell_value"], row["unit_text"]),
        (reading["sign_multiplier"], _multiplied_by(row, reading["sign_multiplier"])),
        (reading["units_per_cell_unit"], f"{reading['unit_code']}/{row['unit_text']}"),
        (reading["consolidation_share"], "share consolidated"),
        (float(row["mix_share"]), "share of this factor"),
        (factor["kgco2e_per_unit"], f"kg CO2e/{reading['unit_code']}"),
    ]
    product = math.prod(value for value, _ in terms)
    written = " × ".join(
        f"{value:,.10g} {unit}".strip()
        for place, (value, unit) in enumerate(terms)
        if value != 1 or place in (0, len(terms) - 1)
    )
    line = SampleLine(
        number,
        cell,
        f"{written} = {product:,.6f} kg CO2e",
        ", ".join(
            str(factor[name])
            for name in ("publisher", "source_title", "source_locator")
            if factor[name]
        ),
        corrected_from=(typed or "a blank") if typed != reading["value_text"] else "",
        is_scaled=bool(row["measured_cell"]),
    )
    problem = _problem(line, reading, typed, product, stated)
    if file.problem:
        problem = f"The file can't be read: {file.problem}"
    return replace(line, problem=problem)


def _multiplied_by(row: Mapping[str, str], multiplier: float) -> str:
    """What a number is multiplied with besides units: other cells, or a share of a bill's days."""
    cells = ", ".join(cell for cell in row["multiplier_cell"].split("|") if cell)
    if cells:
        return f"({cells})"
    return "share of its days" if abs(multiplier) < 1 else ""


def _problem(
    line: SampleLine, reading: Mapping[str, Any], typed: str | None, product: float, stated: float
) -> str:
    if (typed or "") not in (reading["value_text"], reading["corrected_from"]):
        said = repr(typed) if typed else "nothing there"
        return f"The file says {said}; accepted was {reading['value_text']!r}."
    if line.is_scaled or math.isclose(product, stated, rel_tol=TOLERANCE):
        return ""
    return f"The release says {stated:,.6f} kg CO2e."


def _asked(connection: Connection, sql: str, row: Mapping[str, str]) -> list[dict[str, Any]]:
    asked = {name: row[name] for name in row if f"${name}" in sql}
    cursor = connection.execute(sql, asked)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
