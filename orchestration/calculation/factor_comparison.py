"""What would move if a factor library were adopted, before it counts.

Nothing is put in force: the library is judged by the gate as any other, in a folder apart, and
every figure is calculated again from the accepted rows with it. One of a name that exists stands in
for that one (a new edition); a new one stands before all others unless it says where.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from orchestration.calculation.recomputing import recompute
from orchestration.calculation.what_if import moved
from orchestration.company.data_folder import DataFolder
from orchestration.gate.factors import NAME, accept_factors
from orchestration.ingest.landing import land_factor_libraries
from orchestration.lake.paths import Lake
from orchestration.lake.scratch import scratch_folder
from orchestration.lake.warehouse import Warehouse

LIBRARIES, SOURCES = "libraries.csv", "sources.csv"
READ = ("accepted", "quality")
FIGURES = """
    select 'inventory' as kind, facility_id || ', all scopes' as figure,
        cast(inventory_year as varchar) as period, 'kgCO2e' as unit,
        sum(location_based_kgco2e) as location_based, sum(market_based_kgco2e) as market_based
    from marts.facility_inventory
    where status = 'reported'
    group by facility_id, inventory_year
    union all
    select 'inventory', facility_id || ', scope ' || ghg_scope, cast(inventory_year as varchar),
        'kgCO2e', sum(location_based_kgco2e), sum(market_based_kgco2e)
    from marts.facility_inventory
    where status = 'reported'
    group by facility_id, ghg_scope, inventory_year
    union all
    select 'product', product_id || ', ' || replace(boundary, '_', ' '), reference_period,
        'kgCO2e/' || declared_unit,
        sum(case when basis = 'location_based' then kgco2e_per_declared_unit end),
        sum(case when basis = 'market_based' then kgco2e_per_declared_unit end)
    from marts.product_footprints
    where method = 'cut_off' and length(reference_period) = 4
    group by product_id, boundary, reference_period, declared_unit
    union all
    select 'target', target_id || ', ' || measured.figure, cast(inventory_year as varchar), unit,
        case when basis = 'location_based' then measured.amount end,
        case when basis = 'market_based' then measured.amount end
    from marts.target_path
    cross join lateral (values ('forecast', value), ('gap to the path', gap))
        as measured (figure, amount)
    where inventory_year = target_year
"""
USED = """
    select facility_id, cast(year(period_month) as varchar) as period, flow_id, component, basis,
        string_agg(distinct factor_version_id, '; ' order by factor_version_id) as versions,
        sum(part_kgco2e) as kgco2e
    from marts.lineage
    group by facility_id, year(period_month), flow_id, component, basis
"""
WITHOUT_FACTOR = """
    select flow_id, component, facility_id, min(first_cell) as first_cell,
        string_agg(strftime(period_month, '%Y-%m'), ', ' order by period_month) as months
    from intermediate.int_missing_factors
    group by flow_id, component, facility_id
    order by flow_id, component, facility_id
"""
SCENARIO_WITHOUT_FACTOR = """
    select flow_id, problem, stated_in, subject, reference_period
    from intermediate.int_missing_scenario_factors
    order by all
"""
USE = ["facility_id", "period", "flow_id", "component", "basis"]
DUST = 1e-12


class FactorComparisonError(Exception):
    """The library can't be compared; the message says where and why."""


@dataclass(frozen=True)
class Comparison:
    """What adopting a library would move.

    `figures`: kind (inventory, base_year, product, target in its year), figure, period, unit, and
    before, after and change in percent on both bases, the largest relative move first. `versions`:
    site, year, flow, component and basis with the factor versions before and after, and kgCO2e
    before and after, the largest change first.
    """

    library: str
    priority: str
    figures: pd.DataFrame
    versions: pd.DataFrame


def compare_library(data: DataFolder, lake: Lake, library: Path, priority: str = "") -> Comparison:
    """Judge a library, calculate with it apart from the warehouse, and set figures side by side.

    `library`: a CSV in the format of `emission_factors/`; publications it names and the data folder
    doesn't know are read from the `sources.csv` beside it. `priority`: of a library that is new.

    Raises:
        FactorComparisonError: nothing was calculated yet, the gate refuses the library, or some
            activity would be left without a factor.
        RecomputeError: the figures can't be calculated with it.
    """
    if not lake.working_file.exists():
        raise FactorComparisonError(f"{lake.working_file} is missing: `carbonloom run` makes it.")
    if not library.is_file():
        raise FactorComparisonError(f"{library}: no such file.")
    gwp_set = data.settings["gwp_set"]
    with scratch_folder("factors") as scratch:
        adopted, adopting = Lake(scratch / "warehouse"), scratch / "data"
        for name in READ:
            shutil.copytree(lake.path / name, adopted.path / name)
        _copy_what_libraries_rest_on(data.path, adopting)
        stands = _add(library, adopting / "emission_factors", priority)
        land_factor_libraries(DataFolder(adopting), adopted)
        _refuse_what_the_gate_refuses(adopted, library.stem)
        recompute(adopted, gwp_set, "", tested=False)
        _refuse_what_has_no_factor(adopted, library.stem)
        return Comparison(
            library.stem,
            stands,
            _figures_that_move(lake, adopted, data.settings.get("base_year", "")),
            _versions_that_change(lake, adopted),
        )


def _copy_what_libraries_rest_on(data: Path, target: Path) -> None:
    """The libraries, and what says which supplier and months the records of suppliers are for."""
    for name in ("emission_factors", "company", "expectations"):
        if (data / name).is_dir():
            shutil.copytree(data / name, target / name)
    shutil.copy(data / "rounds.csv", target)


def _add(library: Path, folder: Path, priority: str) -> str:
    """Put the library among the others; returns the priority that it has there."""
    shutil.copy(library, folder / library.name)
    beside = library.parent / SOURCES
    if beside.exists():
        _append_unknown(folder / SOURCES, beside, "source_id")
    rows = _rows(folder / LIBRARIES)
    mine = [row for row in rows if row["library"] == library.stem]
    if mine and not priority:
        return mine[0]["priority"]
    first = str(min((int(row["priority"]) for row in rows), default=1) - 1)
    kept = [row for row in rows if row["library"] != library.stem]
    added = {"library": library.stem, "priority": priority or first, "description": "compared"}
    _write(folder / LIBRARIES, [*kept, added], list(rows[0]) if rows else list(added))
    return added["priority"]


def _append_unknown(known: Path, more: Path, key: str) -> None:
    rows = _rows(known)
    ids = {row[key] for row in rows}
    _write(known, [*rows, *(row for row in _rows(more) if row[key] not in ids)], list(rows[0]))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]], columns: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)


def _refuse_what_the_gate_refuses(lake: Lake, library: str) -> None:
    result = accept_factors(lake)
    if library not in result.refused:
        return
    hand_in = f"{NAME}/{library}"
    lines = [
        f"{row['message_en']} {row['remedy_en']}"
        for row in result.findings.to_pylist()
        if row["hand_in"] == hand_in and row["severity"] == "critical"
    ]
    raise FactorComparisonError("\n".join([f"The gate refuses {library}:", *lines]))


def _refuse_what_has_no_factor(lake: Lake, library: str) -> None:
    """A figure that lacks a part would look like one that got better."""
    lines = [
        f"{row['flow_id']}: no emission factor for its component {row['component']} at "
        f"{row['facility_id']} would be valid in {row['months']} ({row['first_cell']}). "
        f"Add one to {library}, or keep the library that has it."
        for row in _asked(lake, WITHOUT_FACTOR).to_dict("records")
    ]
    lines += [
        f"{row['flow_id']}: {row['problem']} ({row['stated_in']}, {row['subject']}, "
        f"{row['reference_period']}). Add the factor to {library}, or keep the library that has it."
        for row in _asked(lake, SCENARIO_WITHOUT_FACTOR).to_dict("records")
    ]
    if lines:
        raise FactorComparisonError(
            "\n".join([f"With {library} factors would be missing:", *lines])
        )


def _figures_that_move(before: Lake, after: Lake, base_year: str) -> pd.DataFrame:
    found = [_asked(lake, FIGURES) for lake in (before, after)]
    kinds = pd.concat(found)[["figure", "period", "unit", "kind"]].drop_duplicates()
    frame = moved(*(one.drop(columns="kind") for one in found)).merge(
        kinds, on=["figure", "period", "unit"], how="left"
    )
    is_base = frame["kind"].eq("inventory") & frame["period"].eq(base_year)
    frame["kind"] = frame["kind"].mask(is_base, "base_year")
    return frame


def _versions_that_change(before: Lake, after: Lake) -> pd.DataFrame:
    """Where another version is used, or the same one says something else."""
    both = _asked(before, USED).merge(
        _asked(after, USED), on=USE, how="outer", suffixes=("_before", "_after")
    )
    change = both["kgco2e_after"].fillna(0.0) - both["kgco2e_before"].fillna(0.0)
    both["change_kgco2e"] = change
    size = both[["kgco2e_before", "kgco2e_after"]].abs().max(axis=1)
    differs = both["versions_before"].ne(both["versions_after"]) | (change.abs() > DUST * size)
    order = change.abs().sort_values(ascending=False, kind="stable").index
    return both.loc[order][differs[order]].reset_index(drop=True)


def _asked(lake: Lake, sql: str) -> pd.DataFrame:
    with Warehouse(lake).reading() as connection:
        return connection.execute(sql).df()
