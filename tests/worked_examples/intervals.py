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
            sum(sensitivity) filter (
                where cause_kind not in ('factor', 'gwp', 'allocation_price')
            )
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
            sure.boundary = footprints.boundary
            and sure.method = footprints.method
            and sure.subject = footprints.product_id
            and sure.reference_period = footprints.reference_period
            and sure.basis = footprints.basis
    where
        length(footprints.reference_period) = 4
        and footprints.kgco2e_per_declared_unit <> 0
"""

BY_FACTORS = """
    select max(figure_value), sum(sensitivity)
    from sensitivities
    where
        cause_kind in ('opening_stock', 'scenario', 'recycling_method')
        or cause_id like 'factor:instrument:%'
        or cause_id in (
            select 'factor:' || factor_version_id from emission_factors
            where kgco2e_per_unit is not null
        )
    group by figure_kind, subject, reference_period, basis
"""
"""All that carries kilograms: with all of it twice as large, each figure is. Shares that others are
multiplied with, such as losses of a grid, carry none."""


BRIDGE = """
    select
        reference_period,
        basis,
        cause_id,
        sum(case when subject = 'products' then -sensitivity else sensitivity end) as gap
    from sensitivities
    where figure_kind = 'bridge'
    group by reference_period, basis, cause_id
    having abs(gap) > 1e-9 * max(abs(sensitivity)) + 1e-9
"""
"""Inventory and bridge lines are the products whatever a cause does: what remains of one is an
error."""


def assert_intervals_are_of_published_figures(marts: Path) -> None:
    """Inventories and all footprints have their figures, an inventory rests on all its quantities,
    every figure on its factors, and the bridge between the two closes for every cause.

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
        for figure, by_factors in connection.sql(BY_FACTORS).fetchall():
            assert by_factors == pytest.approx(figure, rel=1e-9, abs=1e-9)
        assert connection.sql(BRIDGE).fetchall() == []
