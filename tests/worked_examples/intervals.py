"""What must hold of the intervals of every company: they are of the figures that it publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lake.warehouse import published_marts

INVENTORY = """
    select
        any_value(sure.figure_value),
        sum(inventory.{basis}_kgco2e),
        any_value(sure.by_quantities)
    from facility_inventory as inventory
    left join (
        select
            reference_period,
            max(figure_value) as figure_value,
            sum(sensitivity) filter (where cause_kind not in ('factor', 'allocation_price'))
                as by_quantities
        from sensitivities
        where figure_kind = 'inventory' and basis = '{basis}'
        group by reference_period
    ) as sure
        on sure.reference_period = cast(inventory.inventory_year as varchar)
    group by inventory.inventory_year
    having sum(inventory.{basis}_kgco2e) <> 0
"""

PRODUCTS = """
    select sure.figure_value, footprints.kgco2e_per_declared_unit
    from product_footprints as footprints
    left join figure_uncertainty as sure
        on
            sure.figure_kind = 'product'
            and sure.subject = footprints.product_id
            and sure.reference_period = footprints.reference_period
            and sure.basis = footprints.basis
    where
        footprints.method = 'cut_off'
        and footprints.boundary = 'cradle_to_gate'
        and length(footprints.reference_period) = 4
        and footprints.kgco2e_per_declared_unit <> 0
"""


def assert_intervals_are_of_published_figures(marts: Path) -> None:
    """Inventories and footprints have their figures, and an inventory rests on all its quantities.

    Each emission line moves in full with its quantity, so the causes of quantities add up to it.
    """
    with published_marts(marts) as connection:
        for basis in ("location_based", "market_based"):
            for figure, published, by_quantities in connection.sql(
                INVENTORY.format(basis=basis)
            ).fetchall():
                assert figure == pytest.approx(published, rel=1e-9)
                assert by_quantities == pytest.approx(published, rel=1e-9)
        for figure, published in connection.sql(PRODUCTS).fetchall():
            assert figure == pytest.approx(published, rel=1e-9)
