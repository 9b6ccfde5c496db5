"""The tables of a plan's effects, as they are written beside the solved product system."""

from __future__ import annotations

import pyarrow as pa

from orchestration.reduction.findings import INITIATIVE_FINDINGS

ALONE, IN_SEQUENCE = "alone", "in_sequence"
"""Alone: with it against without it, everything else as in the base year. In sequence: on what
those before it left, in the order of cost per tonne on the basis of the row."""

_WHERE = [
    ("facility_id", pa.string()),
    ("flow_id", pa.string()),
    ("component", pa.string()),
    ("ghg_category", pa.string()),
    ("ghg_scope", pa.int32()),
    ("basis", pa.string()),  # location_based | market_based
    ("kgco2e_change", pa.float64()),
]
_HOW = [
    ("initiative_id", pa.string()),
    ("base_year", pa.int32()),
    ("measure", pa.string()),  # alone | in_sequence
]

INITIATIVE_EFFECTS = pa.schema(
    [*_HOW, ("first_year", pa.int32()), ("last_year", pa.int32()), *_WHERE]
)
"""Change of a year's emissions against the base year as measured, at how far each initiative
works in it; the same in all years from first to last. Rejected initiatives have none. What is in
force already counts with what the base year doesn't hold yet, and below 0 after its life."""

FULL_EFFECTS = pa.schema([*_HOW, *_WHERE])
"""Change of the base year's emissions by an initiative at full effect, against the year without
any of it. In sequence: all that weren't rejected, against the year without any of them."""

INITIATIVE_QUANTITIES = pa.schema(
    [
        *_HOW,
        ("basis", pa.string()),
        ("facility_id", pa.string()),
        ("flow_id", pa.string()),
        ("quantity_change", pa.float64()),  # canonical units a year, the company's share
        ("price", pa.float64()),  # per canonical unit; null where none is stated
        ("cost_change", pa.float64()),
    ]
)
"""What is bought, or treated by others, more or less a year at full effect."""

INITIATIVE_COSTS = pa.schema(
    [
        *_HOW,
        ("basis", pa.string()),
        ("order_in_sequence", pa.int32()),  # null: rejected
        ("kgco2e_saved", pa.float64()),
        ("annualised_capex", pa.float64()),
        ("other_costs", pa.float64()),
        ("bought_costs", pa.float64()),
        ("annual_cost", pa.float64()),
        ("cost_per_tonne", pa.float64()),
        ("payback_years", pa.float64()),
        ("net_present_value", pa.float64()),
        ("unpriced_flows", pa.string()),  # flow ids with a comma between; null: none
    ]
)
"""A row per initiative, basis and measure, at full effect."""

INITIATIVE_PRODUCTS = pa.schema(
    [
        *_HOW,
        ("flow_id", pa.string()),
        ("facility_id", pa.string()),
        ("basis", pa.string()),
        ("kgco2e_per_unit_without", pa.float64()),
        ("kgco2e_per_unit_with", pa.float64()),
    ]
)
"""Cradle to gate, per canonical unit of each market of a product, alone at full effect."""

PRODUCT_YEARS = pa.schema(
    [
        ("base_year", pa.int32()),
        ("first_year", pa.int32()),
        ("last_year", pa.int32()),
        ("flow_id", pa.string()),
        ("facility_id", pa.string()),
        ("basis", pa.string()),
        ("emitting_facility_id", pa.string()),
        ("emitting_flow_id", pa.string()),
        ("component", pa.string()),
        ("kgco2e_per_unit_change", pa.float64()),
    ]
)
"""The same by the emissions that change, against the base year as measured, of all that count
together, at how far each works in the years from first to last."""

REDUCTION_SCHEMAS = {
    "initiative_effects": INITIATIVE_EFFECTS,
    "initiative_full_effects": FULL_EFFECTS,
    "initiative_quantities": INITIATIVE_QUANTITIES,
    "initiative_costs": INITIATIVE_COSTS,
    "initiative_products": INITIATIVE_PRODUCTS,
    "product_years": PRODUCT_YEARS,
    "initiative_findings": INITIATIVE_FINDINGS,
}
"""By the folder they are written to (solved/<table>/<base year>.parquet)."""
