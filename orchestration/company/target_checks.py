"""What tables of targets, forecasts, benchmarks and baselines must not say (method R50, R51, R53).

Each function takes all master tables and returns one line a problem.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from orchestration.company.fixed_words import BASES
from orchestration.company.table_checks import (
    Row,
    Tables,
    blanks,
    lines_of,
    number,
    out_of_bounds,
    outside,
    overlaps,
    unknown_sources,
    wrong_dates,
)
from orchestration.company.tables import (
    TABLES,
    TARGET_KINDS,
    TARGET_PATHS,
    mass_units,
    parts_of,
    read_csv_as_text,
)

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
GHG_CATEGORIES = SEEDS / "ghg_categories.csv"
SCOPES = ("1", "2", "3")
YEARS = range(1990, 2201)
NEEDED_BY_KIND = {
    "absolute": ("base_year", "reduction_share"),
    "intensity": ("base_year", "reduction_share"),
    "neutrality": ("base_year", "reduction_share", "neutralised_by"),
    "peak": (),
}
OVERLOOKED_BY_KIND = {
    "absolute": ("product_id", "neutralised_by", "neutralised_by_zh"),
    "intensity": ("neutralised_by", "neutralised_by_zh"),
    "neutrality": ("product_id",),
    "peak": (
        "base_year",
        "reduction_share",
        "path",
        "product_id",
        "neutralised_by",
        "neutralised_by_zh",
    ),
}
"""Cells that a target can't be judged without, and those that it would overlook."""

WITH_SOURCES = ("benchmarks", "targets", "production_plan", "factor_paths", "baseline_drivers")


def target_contradictions(tables: Tables, sources: Collection[str] | None) -> list[str]:
    """Every problem of what emissions and consumptions are held against."""
    problems = []
    for table in WITH_SOURCES:
        problems += blanks(tables, table, TABLES[table].columns)
        problems += unknown_sources(tables, table, sources)
    problems += _wrong_benchmarks(tables)
    problems += _wrong_targets(tables)
    problems += _wrong_plan(tables)
    problems += _wrong_paths(tables)
    return problems + _wrong_drivers(tables)


def _wrong_benchmarks(tables: Tables) -> list[str]:
    """A specific consumption: of a unit of the flow, per unit of what the process makes."""
    problems = wrong_dates(tables, "benchmarks")
    problems += out_of_bounds(tables, "benchmarks", "value", 0, None, "a number of 0 or more")
    if not problems:
        problems += overlaps(tables, "benchmarks")
    units = _units_of_flows(tables)
    utilities = {
        row["unit_code"]
        for row in tables["flows"].to_dict("records")
        if row["flow_kind"] == "utility"
    }
    for place, row in lines_of(tables, "benchmarks"):
        if row["unit"] is None or row["flow_id"] not in units:
            continue
        of_flow, _, per = row["unit"].rpartition("/")
        if of_flow != units[row["flow_id"]] or per not in mass_units() | utilities:
            problems.append(
                f"{place}: unit {row['unit']} of {row['flow_id']}. Write it per unit of what the "
                f"process makes, such as {units[row['flow_id']]}/kg."
            )
    return problems


def _wrong_targets(tables: Tables) -> list[str]:
    problems = outside(tables, "targets", "kind", TARGET_KINDS)
    problems += outside(tables, "targets", "basis", BASES)
    problems += outside(tables, "targets", "path", TARGET_PATHS)
    problems += out_of_bounds(
        tables, "targets", "reduction_share", 0, 1, "a share from 0 to 1, such as 0.42 for 42 %"
    )
    problems += [*_wrong_years(tables, "targets", ("base_year", "target_year"))]
    categories = set(read_csv_as_text(GHG_CATEGORIES)["ghg_category"])
    for place, row in lines_of(tables, "targets"):
        problems += [f"{place}: {text}" for text in _cells_amiss(row, categories)]
    return problems


def _cells_amiss(row: Row, categories: Collection[str]) -> Iterator[str]:
    kind = row["kind"]
    for column in NEEDED_BY_KIND.get(kind, ()):
        if row[column] is None:
            yield f"{column} is blank. A target of kind {kind} needs it."
    for column in OVERLOOKED_BY_KIND.get(kind, ()):
        if row[column] is not None:
            yield f"a target of kind {kind} has no {column}. Leave it blank."
    base, end = _year(row["base_year"]), _year(row["target_year"])
    if base is not None and end is not None and end <= base:
        yield f"target_year {end} does not lie after base_year {base}. Correct one of them."
    for column, known in (("scopes", SCOPES), ("categories", categories)):
        for part in parts_of(row[column]):
            if part not in known:
                yield f"{column} {part} is not known. Use {', '.join(sorted(known))}."
    if row["scopes"] is not None and row["categories"] is not None:
        yield "scopes and categories both say what counts. Use one of them."
    if row["product_id"] is not None:
        for column in ("facility_id", "scopes", "categories"):
            if row[column] is not None:
                yield f"the footprint of a product has no {column}. Leave it blank."
    if kind == "neutrality" and number(row["reduction_share"]) == 0:
        yield "reduction_share 0 would neutralise everything. State what is reduced first."


def _wrong_plan(tables: Tables) -> list[str]:
    problems = out_of_bounds(
        tables, "production_plan", "quantity", 0, None, "a quantity of 0 or more"
    )
    problems += [*_wrong_years(tables, "production_plan", ("year",))]
    flows = {row["product_id"]: row["flow_id"] for row in tables["products"].to_dict("records")}
    units = _units_of_flows(tables)
    for place, row in lines_of(tables, "production_plan"):
        unit = units.get(flows.get(row["product_id"], ""))
        if unit is None or row["unit"] is None:
            continue
        allowed = mass_units() if unit in mass_units() else frozenset({unit})
        if row["unit"] not in allowed:
            problems.append(
                f"{place}: unit {row['unit']} of {row['product_id']}, whose flow is kept in "
                f"{unit}. Write it in {' or '.join(sorted(allowed))}."
            )
    return problems


def _wrong_paths(tables: Tables) -> list[str]:
    """A path is read as a ratio of its own years, so it has one unit and more than one year."""
    problems = out_of_bounds(tables, "factor_paths", "value", 0, None, "a factor of 0 or more")
    problems += outside(tables, "factor_paths", "basis", BASES)
    problems += [*_wrong_years(tables, "factor_paths", ("year",))]
    stated = {
        row["flow_id"]: {part.strip() for part in (row["components"] or "").split(";")}
        for row in tables["flows"].to_dict("records")
    }
    paths: dict[tuple[str | None, ...], list[tuple[str, Row]]] = {}
    for place, row in lines_of(tables, "factor_paths"):
        components = stated.get(row["flow_id"])
        if components is not None and row["component"] not in (None, *components):
            problems.append(
                f"{place}: {row['flow_id']} has no component {row['component']}. "
                f"Use one of {', '.join(sorted(components))}."
            )
        key = (row["flow_id"], row["component"], row["facility_id"], row["basis"])
        paths.setdefault(key, []).append((place, row))
    for (flow, component, *_), rows in paths.items():
        place = rows[0][0]
        if len(rows) == 1:
            problems.append(
                f"{place}: the path of {flow}, {component}, has one year. Add the year that it "
                "starts from: only the ratio of two years counts."
            )
        units = sorted({row["unit"] for _, row in rows if row["unit"] is not None})
        if len(units) > 1:
            problems.append(
                f"{place}: the path of {flow}, {component}, has the units {' and '.join(units)}. "
                "Write all its years in one."
            )
    return problems


def _wrong_drivers(tables: Tables) -> list[str]:
    return [
        f"{place}: {row['flow_id']} of {row['process_id']} can't be explained by itself. Name "
        "another process or flow."
        for place, row in lines_of(tables, "baseline_drivers")
        if (row["process_id"], row["flow_id"]) == (row["driver_process_id"], row["driver_flow_id"])
    ]


def _wrong_years(tables: Tables, name: str, columns: Collection[str]) -> Iterator[str]:
    for place, row in lines_of(tables, name):
        for column in columns:
            if row[column] is not None and _year(row[column]) is None:
                yield (
                    f"{place}: {column} {row[column]} is no year from {YEARS[0]} to {YEARS[-1]}. "
                    "Write it as YYYY."
                )


def _year(text: str | None) -> int | None:
    is_year = text is not None and text.isascii() and text.isdigit() and int(text) in YEARS
    return int(text) if is_year and text is not None else None


def _units_of_flows(tables: Tables) -> dict[str, str]:
    flows = tables["flows"]
    return dict(zip(flows["flow_id"], flows["unit_code"], strict=True))
