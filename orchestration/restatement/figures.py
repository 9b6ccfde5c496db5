"""Every reported figure of a publication: inventory rows, and footprints of products.

A figure is one number under one key: the site, year and category of an inventory row or the
product, period, method and basis of a footprint, and the `measure`, which is the column of the
mart it stands in. A footprint is the total of its life cycle stages.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from orchestration.lake.warehouse import Connection, engine, quoted

KEYS = pa.schema(
    [
        ("figure_kind", pa.string()),
        ("facility_id", pa.string()),
        ("inventory_year", pa.int32()),
        ("ghg_scope", pa.int32()),
        ("ghg_category", pa.string()),
        ("product_id", pa.string()),
        ("reference_period", pa.string()),
        ("method", pa.string()),
        ("basis", pa.string()),
        ("measure", pa.string()),
        ("unit", pa.string()),
    ]
)
"""What a figure is. `figure_kind`: inventory or product; columns of the other kind are null."""

FIGURES = KEYS.append(pa.field("value", pa.float64()))
INVENTORY, PRODUCT = "inventory", "product"
KGCO2E = "kgco2e"
FOOTPRINT = "kgco2e_per_declared_unit"
"""How the reported columns of a footprint end; its gases stand in emissions_by_product."""

CHANGES_BETWEEN = f"""
create macro changes_between(older_release, newer_release) as table
select
    {", ".join(f"coalesce(o.{name}, n.{name}) as {name}" for name in KEYS.names)},
    o.value as older_value, n.value as newer_value,
    coalesce(n.value, 0.0) - coalesce(o.value, 0.0) as change,
    100 * (n.value - o.value) / nullif(abs(o.value), 0.0) as change_percent
from (from as_reported where release = older_release) o
    full join (from as_reported where release = newer_release) n
        on {" and ".join(f"o.{name} is not distinct from n.{name}" for name in KEYS.names)}
"""
"""A table macro for readers of marts.duckdb: any two releases, figure beside figure."""


def history_macros(tables: Collection[str]) -> list[str]:
    """The table macros over what releases keep of one another, where these tables are there."""
    return [CHANGES_BETWEEN] if "as_reported" in tables else []


def figures_of(parquet: Path) -> pa.Table:
    """All figures of the Parquet folder of a release or publication, in `FIGURES`, sorted.

    A mart that the folder lacks has no figures; what isn't reported (null) is none either.
    """
    with engine() as connection:
        parts = [
            connection.sql(select).to_arrow_table().cast(FIGURES)
            for select in (_inventory(connection, parquet), _products(connection, parquet))
            if select
        ]
    found = pa.concat_tables([FIGURES.empty_table(), *parts])
    return found.sort_by([(name, "ascending") for name in KEYS.names])


def _inventory(connection: Connection, parquet: Path) -> str:
    place, measures = _measures(connection, parquet / "facility_inventory.parquet", "")
    if not measures:
        return ""
    return f"""
        select
            '{INVENTORY}' as figure_kind, facility_id, inventory_year, ghg_scope, ghg_category,
            null as product_id, null as reference_period, null as method, null as basis, measure,
            case when contains(measure, '{KGCO2E}') then 'kgCO2e' else 'kg' end as unit, value
        from (unpivot {place} on {measures} into name measure value value)
    """


def _products(connection: Connection, parquet: Path) -> str:
    place, measures = _measures(connection, parquet / "emissions_by_product.parquet", FOOTPRINT)
    if not measures:
        return ""
    return f"""
        select
            '{PRODUCT}' as figure_kind, null as facility_id, null as inventory_year,
            null as ghg_scope, null as ghg_category, product_id, reference_period, method, basis,
            measure, 'kgCO2e per ' || any_value(declared_unit) as unit, sum(value) as value
        from (
            unpivot (from {place} order by life_cycle_stage)
            on {measures} into name measure value value
        )
        group by product_id, reference_period, method, basis, measure
    """


def _measures(connection: Connection, path: Path, suffix: str) -> tuple[str, str]:
    """A mart's file as SQL, and its figures as a list of columns; both empty without the file."""
    if not path.exists():
        return "", ""
    place = f"read_parquet({quoted(path)})"
    described = connection.execute(
        f"select column_name from (describe from {place}) where column_type = 'DOUBLE'"
    ).fetchall()
    names = [f'"{name}"' for (name,) in described if name.endswith(suffix)]
    return place, ", ".join(names)
