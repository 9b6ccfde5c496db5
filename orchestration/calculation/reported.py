"""What the newest release reported of each year: the base years of targets count as reported."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import engine

REPORTED_FIGURES = pa.schema(
    [
        ("release", pa.string()),
        ("facility_id", pa.string()),  # of the inventory; null for a product
        ("ghg_scope", pa.int32()),
        ("ghg_category", pa.string()),
        ("product_id", pa.string()),  # of a footprint; null for the inventory
        ("reported_year", pa.int32()),
        ("basis", pa.string()),  # location_based | market_based
        ("kgco2e", pa.float64()),  # of the year, or of one declared unit
    ]
)
"""One row per figure of a calendar year: inventory rows, and cut-off footprints at the gate."""

INVENTORY = """
    select $1 as release, facility_id, ghg_scope, ghg_category, null as product_id,
        inventory_year as reported_year, replace(basis, '_kgco2e', '') as basis, kgco2e
    from (
        unpivot (
            select facility_id, ghg_scope, ghg_category, inventory_year,
                location_based_kgco2e, market_based_kgco2e
            from read_parquet($2)
        )
        on location_based_kgco2e, market_based_kgco2e into name basis value kgco2e
    )
"""
PRODUCTS = """
    select $1 as release, null as facility_id, null as ghg_scope, null as ghg_category, product_id,
        cast(reference_period as integer) as reported_year, basis,
        kgco2e_per_declared_unit as kgco2e
    from read_parquet($2)
    where
        method = 'cut_off' and boundary = 'cradle_to_gate' and length(reference_period) = 4
        and kgco2e_per_declared_unit is not null
"""


def write_reported(lake: Lake, release: Path | None) -> None:
    """Keep the figures of a release, such as the newest; no release, no figures.

    A release itself and what verifies it are calculated without: their own figures count there.
    """
    tables = [REPORTED_FIGURES.empty_table()]
    if release is not None:
        name = f"{release.parent.name} {release.name}"
        for mart, query in (("facility_inventory", INVENTORY), ("product_footprints", PRODUCTS)):
            path = release / "parquet" / f"{mart}.parquet"
            if path.exists():
                with engine() as connection:
                    found = connection.sql(query, params=[name, str(path)]).to_arrow_table()
                tables.append(found.cast(REPORTED_FIGURES))
    figures = pa.concat_tables(tables).sort_by(
        [(field.name, "ascending") for field in REPORTED_FIGURES]
    )
    lake.write_if_changed(lake.reported_figures, figures)
