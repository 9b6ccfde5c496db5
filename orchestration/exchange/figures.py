"""What one record says, read from published marts: figures as decimals, texts as they stand.

A figure is cast to DECIMAL inside the database; no float leaves it. Boundary is cradle to gate,
method is cut-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.company.fixed_words import BASES
from orchestration.lake.paths import Lake, text_schema
from orchestration.lake.warehouse import Connection, published_marts
from orchestration.progress import doing

GATE_STAGES = ("raw_material_acquisition", "manufacture")
KG_PER_UNIT = {"kg": Decimal(1), "t": Decimal(1000), "g": Decimal("0.001")}
"""Declared units that are masses, as in the seed `mass_units`."""

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class ReportingCompany:
    """The data owner: names and settings of company.yml, and its master tables as rows."""

    settings: dict[str, str]
    products: dict[str, dict[str, Any]]
    facilities: dict[str, dict[str, Any]]
    processes: dict[str, dict[str, Any]]
    flows: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Footprint:
    """One product and year. Emissions: kgCO2e per declared unit; contents: kg per kilogram."""

    product_id: str
    year: str
    basis: str
    declared_unit: str
    month_count: int
    first_month: date
    last_month: date
    gwp_set: str
    total: Decimal
    total_on_other_basis: Decimal
    fossil: Decimal
    biogenic: Decimal
    land_use: Decimal
    aircraft: Decimal
    co2_biogenic_kg: Decimal
    stages: dict[str, Decimal]
    by_flow: dict[str, Decimal]
    outbound_by_flow: dict[str, Decimal]
    fossil_carbon: Decimal | None
    biogenic_carbon: Decimal | None
    recycled_carbon: Decimal | None
    recycled_content: Decimal | None
    quality: dict[str, Decimal | None]
    exemptions: Rows
    process_ids: tuple[str, ...]
    facility_ids: tuple[str, ...]
    allocation: Rows
    factor_sources: Rows


def read_company(lake: Lake) -> ReportingCompany:
    """The master data that the figures were calculated with."""

    def rows(name: str) -> Rows:
        return lake.read(lake.company(name), text_schema(())).to_pylist()

    return ReportingCompany(
        settings={row["key"]: row["value"] for row in rows("settings")},
        products={row["product_id"]: row for row in rows("products")},
        facilities={row["facility_id"]: row for row in rows("facilities")},
        processes={row["process_id"]: row for row in rows("processes")},
        flows={row["flow_id"]: row for row in rows("flows")},
    )


def read_footprints(marts: Path, basis: str, years: Sequence[str] = ()) -> list[Footprint]:
    """Every product and calendar year of a marts file, or of the years named, in their order."""
    with published_marts(marts) as connection:
        found = query(
            connection,
            f"""
            select
                product_id, reference_period, declared_unit, month_count, gwp_set,
                {
                _decimals(
                    "kgco2e",
                    "fossil_kgco2e",
                    "biogenic_kgco2e",
                    "land_use_kgco2e",
                    "aircraft_kgco2e",
                    "co2_biogenic_kg",
                )
            }
            from product_footprints
            where
                length(reference_period) = 4 and method = 'cut_off'
                and boundary = 'cradle_to_gate' and basis = ?
            order by product_id, reference_period
            """,
            basis,
        )
        wanted = [row for row in found if not years or row["reference_period"] in years]
        footprints = []
        for number, row in enumerate(wanted):
            doing(f"{row['product_id']} {row['reference_period']}", number, len(wanted))
            footprints.append(_footprint(connection, row, basis))
        return footprints


def _footprint(connection: Connection, row: dict[str, Any], basis: str) -> Footprint:
    key = (row["product_id"], row["reference_period"])
    contributions = query(connection, CONTRIBUTIONS.format(basis=basis), *key)
    inside = [line for line in contributions if line["life_cycle_stage"] in GATE_STAGES]
    processes = sorted({line["process_id"] for line in inside})
    first, last = query(connection, MONTHS, *key)[0].values()
    properties = _one(query(connection, PROPERTIES, *key))
    return Footprint(
        product_id=key[0],
        year=key[1],
        basis=basis,
        declared_unit=row["declared_unit"],
        month_count=row["month_count"],
        first_month=first,
        last_month=last,
        gwp_set=row["gwp_set"],
        total=row["kgco2e"],
        total_on_other_basis=query(
            connection, OTHER_BASIS, *key, next(b for b in BASES if b != basis)
        )[0]["kgco2e"],
        fossil=row["fossil_kgco2e"],
        biogenic=row["biogenic_kgco2e"],
        land_use=row["land_use_kgco2e"],
        aircraft=row["aircraft_kgco2e"],
        co2_biogenic_kg=row["co2_biogenic_kg"],
        stages={
            line["life_cycle_stage"]: line["kgco2e"]
            for line in query(connection, STAGES, *key, basis)
        },
        by_flow=_by_flow(inside),
        outbound_by_flow=_by_flow(
            [line for line in contributions if line["life_cycle_stage"] == "distribution"]
        ),
        fossil_carbon=properties.get("fossil_carbon"),
        biogenic_carbon=properties.get("biogenic_carbon"),
        recycled_carbon=properties.get("recycled_carbon"),
        recycled_content=properties.get("recycled_content"),
        quality=_one(query(connection, QUALITY, *key, basis)),
        exemptions=query(connection, EXEMPTIONS, *key),
        process_ids=tuple(processes),
        facility_ids=tuple(
            line["facility_id"] for line in query(connection, SITES, key[1], properties["flow_id"])
        ),
        allocation=[
            line
            for line in query(connection, ALLOCATION, key[1])
            if line["process_id"] in processes
        ],
        factor_sources=query(connection, FACTOR_SOURCES, *key, basis),
    )


def _by_flow(lines: Rows) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line["flow_id"]] = sums.get(line["flow_id"], Decimal(0)) + line["kgco2e"]
    return sums


def _decimals(*names: str) -> str:
    """Columns per declared unit as decimals, under their names without it."""
    return ", ".join(
        f"cast({name}_per_declared_unit as decimal(38, 12)) as {name}" for name in names
    )


CONTRIBUTIONS = """
select life_cycle_stage, process_id, flow_id, component,
       cast({basis}_kgco2e_per_declared_unit as decimal(38, 12)) as kgco2e
from product_contributions
where product_id = ? and reference_period = ? and method = 'cut_off' and origin = 'inventory'
order by all
"""
MONTHS = """
select min(period_month) as first_month, max(period_month) as last_month
from product_coefficients
where product_id = ? and reference_period = ?
"""
OTHER_BASIS = f"""
select {_decimals("kgco2e")}
from product_footprints
where product_id = ? and reference_period = ? and basis = ? and method = 'cut_off'
  and boundary = 'cradle_to_gate'
"""
STAGES = f"""
select life_cycle_stage, {_decimals("kgco2e")}
from emissions_by_product
where product_id = ? and reference_period = ? and basis = ? and method = 'cut_off'
order by life_cycle_stage
"""
PROPERTIES = """
select flow_id,
       cast(fossil_carbon_kg_per_kg as decimal(38, 12)) as fossil_carbon,
       cast(biogenic_carbon_kg_per_kg as decimal(38, 12)) as biogenic_carbon,
       cast(recycled_carbon_kg_per_kg as decimal(38, 12)) as recycled_carbon,
       cast(recycled_content_share as decimal(38, 12)) as recycled_content
from product_properties
where product_id = ? and reference_period = ?
"""
QUALITY = """
select cast(pds_percent as decimal(38, 12)) as pds_percent,
       cast(technological_dqr as decimal(38, 12)) as technological_dqr,
       cast(geographical_dqr as decimal(38, 12)) as geographical_dqr,
       cast(temporal_dqr as decimal(38, 12)) as temporal_dqr,
       cast(gsd2 as decimal(38, 12)) as gsd2
from product_data_quality
where product_id = ? and reference_period = ? and basis = ?
"""
EXEMPTIONS = f"""
select process_id, flow_id, flow_name_en, exempted_because, upper_bound_source,
       {_decimals("upper_bound_kgco2e")}
from exemptions
where product_id = ? and reference_period = ?
order by flow_id, process_id
"""
SITES = """
select distinct facility_id
from flow_intensities
where reference_period = ? and flow_id = ?
order by facility_id
"""
ALLOCATION = """
select process_id, flow_id, basis, justification,
       cast(allocation_share as decimal(38, 12)) as allocation_share
from co_product_allocation
where reference_period = ?
order by process_id, flow_id
"""
FACTOR_SOURCES = """
with used as (
    select distinct lineage.factor_version_id
    from product_coefficients as coefficients
    inner join lineage
        on coefficients.process_id = lineage.process_id
        and coefficients.flow_id = lineage.flow_id
        and coefficients.component = lineage.component
        and coefficients.period_month = lineage.period_month
    where coefficients.product_id = ? and coefficients.reference_period = ?
      and coefficients.origin = 'requirement' and lineage.basis = ?
      and lineage.match_level not in ('supplier', 'facility', 'instrument')
),
-- an upstream figure that was derived names both versions it stands on
versions as (
    select distinct unnest(string_split_regex(factor_version_id, ' [-×] ')) as factor_version_id
    from used
)
select distinct factors.source_title, factors.publisher, factors.edition
from versions
inner join emission_factors as factors
    on versions.factor_version_id = factors.factor_version_id
order by all
"""


def query(connection: Connection, sql: str, *values: object) -> Rows:
    """What the marts answer, a dictionary a row; every question of an exchange is asked here."""
    return _rows(connection.execute(sql, list(values)))


def _rows(result: Any) -> Rows:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _one(rows: Rows) -> dict[str, Any]:
    return rows[0] if rows else {}
