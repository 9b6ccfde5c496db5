"""The product marts in short, as the screen and the UI show them: newest year, method cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.footprint.system_tables import PERIODS
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse

METHOD = "cut_off"
STAGES = {
    "raw_material_acquisition": "raw materials",
    "manufacture": "manufacture",
    "distribution": "distribution",
    "use": "use",
    "disposal": "disposal",
}
"""Life cycle stages in their order, with the words they are shown by."""

FOOTPRINTS_SHOWN = 40


@dataclass(frozen=True)
class FootprintSummary:
    """One product in one period: kgCO2e per declared unit, by boundary and basis."""

    product_id: str
    reference_period: str
    month_count: int
    declared_unit: str
    gate_location: float | None
    gate_market: float | None
    grave_location: float | None
    grave_market: float | None
    stages: dict[str, float]
    """Location-based kgCO2e per declared unit of each stage that has a figure."""


@dataclass(frozen=True)
class Residue:
    """What products and bridge lines leave of the inventory, in the worst of all periods."""

    period_count: int
    reference_period: str
    kgco2e: float


def newest_footprints(connection: Connection) -> list[FootprintSummary]:
    """Footprints of the newest calendar year that has any; none when no period was solved."""
    rows = connection.execute(
        f"""
        with newest as (
            select max(reference_period) as reference_period
            from marts.product_footprints
            where length(reference_period) = 4
        )
        select
            product_id, reference_period, month_count, declared_unit,
            {_picked("cradle_to_gate", "location_based")},
            {_picked("cradle_to_gate", "market_based")},
            {_picked("cradle_to_grave", "location_based")},
            {_picked("cradle_to_grave", "market_based")}
        from marts.product_footprints
        inner join newest using (reference_period)
        where method = $1
        group by product_id, reference_period, month_count, declared_unit
        order by product_id
        """,
        [METHOD],
    ).fetchall()
    return [FootprintSummary(*(*row, _stages(connection, row[0], row[1]))) for row in rows]


def _picked(boundary: str, basis: str) -> str:
    return (
        "max(kgco2e_per_declared_unit) "
        f"filter (where boundary = '{boundary}' and basis = '{basis}')"
    )


def _stages(connection: Connection, product_id: str, period: str) -> dict[str, float]:
    found = connection.execute(
        """
        select life_cycle_stage, kgco2e_per_declared_unit from marts.emissions_by_product
        where product_id = $1 and reference_period = $2 and method = $3
            and basis = 'location_based'
        """,
        [product_id, period, METHOD],
    ).fetchall()
    figures = dict(found)
    return {stage: figures[stage] for stage in STAGES if stage in figures}


def largest_residue(connection: Connection) -> Residue | None:
    """The period in which products and bridge lines miss the inventory most; none if unsolved."""
    row = connection.execute(
        """
        with residues as (
            select
                reference_period,
                greatest(abs(location_based_kgco2e), abs(market_based_kgco2e)) as kgco2e
            from marts.reconciliation
            where bridge_line = 'residue'
        )
        select
            (select count(*) from residues),
            reference_period,
            kgco2e
        from residues
        order by kgco2e desc, reference_period
        limit 1
        """
    ).fetchall()
    return Residue(*row[0]) if row else None


def delivered_by_stage(lake: Lake) -> tuple[str, dict[str, dict[str, float]]]:
    """Newest solved year, and what a unit of each delivered flow carries from each plant stage.

    kgCO2e per canonical unit, location-based, from cradle to gate: shares of the inventory lines,
    before the second half of dbt has made marts of them. By `flow (site)`, then by stage code.
    """
    periods = lake.read(lake.solved_periods, PERIODS).to_pylist()
    years = [row for row in periods if row["period_type"] == "year" and row["is_solved"]]
    if not years:
        return "", {}
    year = max(years, key=lambda row: row["reference_period"])
    name = year["reference_period"]
    with Warehouse(lake).reading() as connection:
        rows = connection.execute(
            """
            with operations as (
                select
                    cast(year(emissions.period_month) as varchar) as operation_period,
                    emissions.process_id,
                    emissions.stage_code,
                    sum(
                        emissions.location_based_kgco2e
                        / nullif(emissions.consolidation_share, 0.0)
                    ) as kgco2e
                from intermediate.int_emissions as emissions
                inner join reference.ghg_categories as categories
                    on emissions.ghg_category = categories.ghg_category
                where categories.in_product_boundary
                group by operation_period, emissions.process_id, emissions.stage_code
            )
            select
                requirements.flow_id || ' (' || requirements.facility_id || ')' as market,
                operations.stage_code,
                sum(requirements.requirement * operations.kgco2e)
            from read_parquet($1) as requirements
            inner join operations
                on
                    requirements.process_id = operations.process_id
                    and requirements.operation_period = operations.operation_period
            where exists (
                select 1 from read_parquet($2) as demand
                where
                    demand.flow_id = requirements.flow_id
                    and demand.facility_id = requirements.facility_id
                    and demand.demand_kind = 'delivery'
            )
            group by market, operations.stage_code
            order by market, operations.stage_code
            """,
            [str(lake.solved(table, name)) for table in ("requirements", "final_demand")],
        ).fetchall()
    found: dict[str, dict[str, float]] = {}
    for market, stage, kgco2e in rows:
        found.setdefault(market, {})[stage] = kgco2e
    return f"{name} ({year['month_count']} months)", found


def same_in_other_periods(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings of one rule and subject as one: the first, with `other_periods` of the rest."""
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in findings:
        subject = tuple(row[name] for name in ("rule_id", "facility_id", "process_id", "flow_id"))
        if subject in first:
            first[subject]["other_periods"].append(row["reference_period"])
        else:
            first[subject] = {**row, "other_periods": []}
    return list(first.values())
