"""What figures of a release are made of: of every line the cell, the factor, and its kgCO2e."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestration.report.marts import Marts

FIGURES = """
    select
        facility_id, inventory_year, ghg_scope, ghg_category, status, reason,
        location_based_kgco2e, market_based_kgco2e
    from facility_inventory
    order by inventory_year desc, facility_id, sort_order, ghg_category
"""

LINES = """
    from (
        select
            processes.facility_id,
            year(lineage.period_month) as inventory_year,
            processes.ghg_category,
            lineage.process_id,
            lineage.flow_id,
            lineage.component,
            strftime(lineage.period_month, '%Y-%m') as month,
            lineage.source_file,
            lineage.source_sheet,
            lineage.source_cell,
            lineage.multiplier_cell,
            lineage.measured_cell,
            lineage.value_text,
            lineage.unit_text,
            lineage.factor_version_id,
            -- without a certificate the same part is called differently on the two bases
            case when lineage.mix_part in ('grid', 'uncovered') then '' else lineage.mix_part end
                as mix_part,
            lineage.mix_share,
            any_value(lineage.coefficient_kgco2e_per_cell_unit) as coefficient_kgco2e_per_cell_unit,
            sum(lineage.part_kgco2e) filter (lineage.basis = 'location_based')
                as location_based_kgco2e,
            sum(lineage.part_kgco2e) filter (lineage.basis = 'market_based') as market_based_kgco2e
        from lineage
        inner join emissions_by_process as processes on lineage.result_id = processes.result_id
        group by all
    )
    order by
        abs(coalesce(location_based_kgco2e, market_based_kgco2e)) desc,
        source_file, source_sheet, source_cell, flow_id, component, factor_version_id, mix_part,
        month, process_id, ghg_category
"""
"""A line is one cell with one factor; on both bases where the same factor counts on both."""

PRODUCTS = """
    select
        product_id, reference_period, basis, any_value(declared_unit) as declared_unit,
        sum(kgco2e_per_declared_unit) as kgco2e_per_declared_unit
    from emissions_by_product
    where method = 'cut_off'
        and (
            length(reference_period) = 4
            or not exists (select 1 from emissions_by_product where length(reference_period) = 4)
        )
    group by product_id, reference_period, basis
    order by product_id, reference_period desc, basis
"""

PRODUCT_CELLS = """
    from (
        select
            source_file, source_sheet, source_cell, value_text, unit_text, flow_id, component,
            factor_version_id,
            sum(kgco2e_per_declared_unit) filter (basis = 'location_based')
                as location_based_kgco2e,
            sum(kgco2e_per_declared_unit) filter (basis = 'market_based') as market_based_kgco2e
        from product_cells($product, $period)
        group by all
    )
    order by
        abs(coalesce(location_based_kgco2e, market_based_kgco2e)) desc,
        source_file, source_sheet, source_cell, flow_id, component, factor_version_id
"""

ASSUMED = """
    from (
        select
            origin, life_cycle_stage, flow_id, component, factor_version_id,
            sum(location_based_kgco2e_per_declared_unit) as location_based_kgco2e,
            sum(market_based_kgco2e_per_declared_unit) as market_based_kgco2e
        from product_contributions
        where product_id = $product and reference_period = $period and method = 'cut_off'
            and origin <> 'inventory'
        group by all
    )
    order by origin desc, life_cycle_stage, abs(location_based_kgco2e) desc, flow_id, component
"""
"""What scenarios add after the sale, and stock from before the first month: no cell says it."""

FACTORS = """
    select
        factor_version_id, component, flow_id, unit_code, kgco2e_per_unit, geography, data_year,
        publisher, source_title, source_locator, edition, licence, status, source_file, source_line
    from emission_factors
    order by factor_version_id, component
"""


@dataclass(frozen=True)
class TracedFigure:
    """A figure with the lines that add up to it.

    Attributes:
        row: of facility_inventory.
        lines: none where nothing was handed in for it, such as the use of what was sold.
    """

    row: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def page(self) -> str:
        """Its page, relative to the release."""
        row = self.row
        name = f"{row['inventory_year']}_{row['facility_id']}_{row['ghg_category']}"
        return f"audit/inventory_{name}.html"


@dataclass(frozen=True)
class ProductFigure:
    """A footprint, cradle to grave by cut-off, with the cells and assumptions that make it."""

    product_id: str
    reference_period: str
    declared_unit: str
    location_based: float | None
    market_based: float | None
    cells: list[dict[str, Any]]
    assumed: list[dict[str, Any]]

    @property
    def page(self) -> str:
        """Its page, relative to the release."""
        return f"audit/product_{self.product_id}_{self.reference_period}.html"


def coefficient_beside(line: Mapping[str, Any], kgco2e_per_unit: float) -> float | None:
    """kgCO2e of one unit as it was typed, where that isn't what the factor says of its own unit.

    Units, shares and other cells that the number is multiplied with make it so.
    """
    coefficient: float = line["coefficient_kgco2e_per_cell_unit"]
    is_same = math.isclose(coefficient, kgco2e_per_unit * line["mix_share"], rel_tol=1e-9)
    return None if is_same else coefficient


class Trail:
    """The trail of one release, read from its marts."""

    def __init__(self, marts: Marts) -> None:
        self._marts = marts

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """Every line, the largest first."""
        return self._marts.run("lines", LINES).records()

    @cached_property
    def figures(self) -> list[TracedFigure]:
        """Every figure of the inventory, by year, site and category."""
        keys = ("facility_id", "inventory_year", "ghg_category")
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for line in self.lines:
            found.setdefault(tuple(line[key] for key in keys), []).append(line)
        rows = self._marts.run("figures", FIGURES).records()
        return [TracedFigure(row, found.get(tuple(row[key] for key in keys), [])) for row in rows]

    @cached_property
    def products(self) -> list[ProductFigure]:
        """Every product of every year; of every month where no year was calculated."""
        found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        for row in self._marts.run("products", PRODUCTS).records():
            found.setdefault((row["product_id"], row["reference_period"]), {})[row["basis"]] = row
        return [self._product(*key, bases) for key, bases in found.items()]

    @cached_property
    def factors(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Rows of emission_factors by version and component."""
        rows = self._marts.run("factors", FACTORS).records()
        return {(row["factor_version_id"], row["component"]): row for row in rows}

    def _product(
        self, product: str, period: str, bases: dict[str, dict[str, Any]]
    ) -> ProductFigure:
        asked = {"product": product, "period": period}
        # only where a product's own cells were traced: of one without them nothing can be asked
        traced = self._marts.run(
            "traced",
            "select count(*) as rows from product_coefficients "
            "where product_id = $product and reference_period = $period",
            asked,
        ).records()[0]["rows"]
        location, market = (
            bases.get(basis, {}).get("kgco2e_per_declared_unit")
            for basis in ("location_based", "market_based")
        )
        return ProductFigure(
            product,
            period,
            next(iter(bases.values()))["declared_unit"],
            location,
            market,
            cells=self._marts.run("cells", PRODUCT_CELLS, asked).records() if traced else [],
            assumed=self._marts.run("assumed", ASSUMED, asked).records(),
        )
