"""What counts, and what has to be built: the tables that dbt reads before anything else.

`in_force` says which revisions of which hand-ins count for each source, facility and month, and
`superseded` which items of them a later round stated anew.
`build_months` holds a fingerprint of all inputs of each month; a month whose fingerprint differs
from the one the warehouse was built with is stale, and only stale months are built again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.calculation.up_to_date import model_id, strike_out
from orchestration.company import units
from orchestration.gate import statements
from orchestration.gate.statements import in_force, instruments_files, newest_rows
from orchestration.lake.hand_ins import INSTRUMENTS
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, IN_FORCE_SCHEMA, Lake, sha256_of_file
from orchestration.lake.warehouse import Warehouse, tables_in

FIGURE_TABLES = (
    "allocation_rules",
    "exclusions",
    "facilities",
    "flow_properties",
    "flows",
    "gwp_sets",
    "meters",
    "processes",
    "products",
    "recycling_methods",
    "scenarios",
    "service_keys",
    "settings",
    "stages",
    "suppliers",
    "tolerances",
)
"""Master tables that a figure can depend on; usual ranges and calendars change no figure.

Tolerances decide the status of a balance, which is a column of a mart.
"""

REDUCTION_TABLES = (
    "baseline_drivers",
    "benchmarks",
    "factor_paths",
    "initiative_changes",
    "initiatives",
    "prices",
    "production_plan",
    "scope_certificates",
    "targets",
    "transaction_certificates",
    "uncertainties",
)
"""Master tables that marts of reduction, uncertainty and certified volumes depend on, and no figure
of a site or product."""

SOLVER_FILES = (
    *sorted((Path(__file__).parents[1] / "footprint").glob("*.py")),
    *sorted((Path(__file__).parents[1] / "reduction").glob("*.py")),
    *sorted((Path(__file__).parents[1] / "uncertainty").glob("*.py")),
    Path(__file__).with_name("solving.py"),
    Path(__file__).with_name("planning.py"),
    Path(__file__).with_name("tracking.py"),
    Path(__file__).with_name("uncertainty.py"),
)
"""Code that decides the figure of a product or plan; files of the dbt project are hashed, too."""

DECIDING_FILES = (Path(units.__file__), units.DEFINITIONS, Path(statements.__file__))
"""Code that decides what a reading is worth, and whether it counts."""

FACTOR_TABLES = ("emission_factors", "emission_factor_gases")
MODEL_SUFFIXES = (".sql", ".csv", ".yml", ".yaml")
DECIDE_NO_FIGURE = ("models/published/",)
"""Parts of the dbt project that only say what becomes of figures."""


@dataclass(frozen=True)
class Record:
    """A table in which dbt writes down, as its last deed, what it built from which inputs."""

    table: str
    key: str


INVENTORY_MONTHS = Record("int_inventory_months", "period_month")
"""After the first half of dbt: the inventory of the month is built."""

BUILT_PERIODS = Record("int_built_periods", "reference_period")
"""After the second half: the products of the reference period are built."""

BUILT_MONTHS = Record("int_built_months", "period_month")
"""After the second half: everything of the month is built."""

RECORDS = (INVENTORY_MONTHS, BUILT_PERIODS, BUILT_MONTHS)


@dataclass(frozen=True)
class Certificate:
    """An accepted certificate: its generation period and a hash of everything it states."""

    generation_start: date
    generation_end: date
    content: str


def certificates_in_force(lake: Lake, rows: Sequence[dict[str, Any]]) -> list[Certificate]:
    """Certificates of the newest accepted revision of each round."""
    return [
        Certificate(
            date.fromisoformat(record["generation_start"]),
            date.fromisoformat(record["generation_end"]),
            hashlib.sha256(repr(sorted(record.items())).encode()).hexdigest(),
        )
        for path in instruments_files(lake, rows)
        for record in pq.read_table(path).to_pylist()
    ]


def month_fingerprints(
    rows: Sequence[dict[str, Any]],
    common: str,
    built: Iterable[date],
    certificates: Sequence[Certificate] = (),
) -> dict[date, str]:
    """One hash a month over what is in force in it and what all months share.

    A certificate spreads over its generation period by consumption, so the months of the period
    also share the contents of one another.
    """
    contents: dict[date, list[str]] = {month: [] for month in built}
    for row in rows:
        if row["hand_in"] == INSTRUMENTS:
            contents.setdefault(row["period_month"], [])
            continue
        content = "|".join(
            str(row[name])
            for name in ("source", "facility_id", "round", "revision", "content_sha256")
        )
        contents.setdefault(row["period_month"], []).append(content)
    joint: dict[date, list[str]] = {month: [] for month in contents}
    for certificate in certificates:
        period = [
            month
            for month in sorted(contents)
            if certificate.generation_start <= month < certificate.generation_end
        ]
        shared = [certificate.content, *(text for month in period for text in contents[month])]
        digest = hashlib.sha256("\n".join(sorted(shared)).encode()).hexdigest()
        for month in period:
            joint[month].append(digest)
    return {
        month: hashlib.sha256(
            "\n".join([common, *sorted(parts), *sorted(joint[month])]).encode()
        ).hexdigest()
        for month, parts in sorted(contents.items())
    }


def common_fingerprint(lake: Lake, dbt_project: Path, gwp_set: str) -> str:
    """One hash over what every month depends on: company, factors, GWP set, models and solver.

    Unit conversions follow from flows, densities and the unit parser; hashing their table
    would make every month stale whenever one month writes a unit in a new way.
    """
    digest = hashlib.sha256(gwp_set.encode())
    files = [lake.company(name) for name in FIGURE_TABLES]
    files += [lake.accepted(name) for name in FACTOR_TABLES]
    for path in files:
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    digest.update(code_fingerprint(dbt_project).encode())
    return digest.hexdigest()


def code_fingerprint(dbt_project: Path) -> str:
    """One hash over all code that decides a figure: models, solver, units, what is in force."""
    digest = hashlib.sha256()
    for path in (*DECIDING_FILES, *SOLVER_FILES):
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    digest.update(dbt_fingerprint(dbt_project).encode())
    return digest.hexdigest()


def dbt_fingerprint(dbt_project: Path) -> str:
    """One hash over every file of the dbt project that decides a figure."""
    digest = hashlib.sha256()
    for path in sorted(dbt_project.rglob("*")):
        relative = path.relative_to(dbt_project).as_posix()
        if path.suffix in MODEL_SUFFIXES and not relative.startswith(
            ("target/", "logs/", *DECIDE_NO_FIGURE)
        ):
            digest.update(f"{relative} {sha256_of_file(path)}\n".encode())
    return digest.hexdigest()


def built_months(lake: Lake) -> dict[date, str]:
    """Fingerprint each month was last built with, products included; empty before the first."""
    return recorded(lake, BUILT_MONTHS)


def recorded(lake: Lake, record: Record) -> dict[Any, str]:
    """Fingerprints by month or reference period as dbt wrote them; empty before the first."""
    if not Warehouse(lake).is_built:
        return {}
    with Warehouse(lake).reading() as connection:
        if record.table not in tables_in(connection, "intermediate"):
            return {}
        return dict(
            connection.execute(
                f"select {record.key}, fingerprint from intermediate.{record.table}"
            ).fetchall()
        )


def invalidate(lake: Lake, record: Record, keys: Collection[Any]) -> None:
    """Strike out the fingerprints of what is about to be built anew, before anything of it is.

    Else a run that dies half-way would leave rows of new inputs under the old fingerprint, and
    whoever goes back to the old inputs would find them called up to date.
    """
    if not keys or not Warehouse(lake).is_built:
        return
    with Warehouse(lake).writing() as connection:
        if record.table in tables_in(connection, "intermediate"):
            connection.execute(
                f"update intermediate.{record.table} set fingerprint = '' "
                f"where list_contains($1, {record.key})",
                [list(keys)],
            )
            strike_out(connection, [model_id(record.table)])


def write_control(lake: Lake, dbt_project: Path, gwp_set: str) -> tuple[int, list[date]]:
    """Write the control tables; returns how many places are in force and the stale months."""
    counting = in_force(lake, newest_rows(lake.registry()))
    rows = counting.rows
    built = built_months(lake)
    common = common_fingerprint(lake, dbt_project, gwp_set)
    certificates = certificates_in_force(lake, rows)
    fingerprints = month_fingerprints(rows, common, built, certificates)
    stale = [month for month, text in fingerprints.items() if built.get(month) != text]
    invalidate(lake, INVENTORY_MONTHS, stale)
    invalidate(lake, BUILT_MONTHS, stale)
    lake.write(
        lake.in_force,
        pa.Table.from_pylist(
            [{name: row[name] for name in IN_FORCE_SCHEMA.names} for row in rows],
            schema=IN_FORCE_SCHEMA,
        ),
    )
    lake.write(lake.superseded, counting.superseded)
    months = [
        {"period_month": month, "fingerprint": text, "is_stale": month in stale}
        for month, text in fingerprints.items()
    ]
    lake.write(lake.build_months, pa.Table.from_pylist(months, schema=BUILD_MONTHS_SCHEMA))
    return len(rows), stale
