"""The dimensional model: keys, names in both languages, relations, and what may be summed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from orchestration.bi.asking import open_marts
from orchestration.lake.warehouse import Connection
from orchestration.publication.descriptions import DIMENSION, described_marts, relations
from tests.built import EXAMPLE, Builder

BOTH = ("location_based_kgco2e", "market_based_kgco2e")
GASES = (
    "co2_fossil_kg", "co2_biogenic_kg", "co2_luc_kg", "ch4_fossil_kg", "ch4_biogenic_kg", "n2o_kg",
    "hfcs_kg", "pfcs_kg", "sf6_kg", "nf3_kg", "other_gases_kg", "unsplit_kgco2e",
)  # fmt: skip
EMISSIONS = (*GASES, *BOTH)
TERMS = tuple(
    f"{term}_change"
    for term in (
        "activity", "structure", "requirement", "intensity", "factor", "new", "ended", "method",
        "boundary", "undivided",
    )
)  # fmt: skip

REPORTED = "from facility_inventory where status = 'reported'"
YEARLY = "select *, year(period_month) as inventory_year from {}"
MONTHLY = "select *, strftime(period_month, '%Y-%m') as reference_period from {}"
LONG = (
    "from (unpivot (from {}) on location_based_kgco2e as location_based, "
    "market_based_kgco2e as market_based into name basis value {})"
)
"""A row for each basis, of a mart that has a column for each."""

CHANGED = "from variance_explained where figure_kind = 'inventory' and comparison = 'month'"
OF_PRODUCTS = "from variance_explained where figure_kind = 'product'"
TO_THE_CUSTOMER = ("raw_material_acquisition", "manufacture", "distribution")
OF_PERIODS = {
    "fact_product_months": MONTHLY.format("fact_product_months"),
    "fact_product_years": "from fact_product_years",
}
DELIVERED = LONG.format("reconciliation", "delivered_kgco2e") + " where bridge_line = 'products'"


class Sum(NamedTuple):
    """Rows of a fact that, summed `by` these columns, are what another mart says of the same."""

    fact: str
    measures: tuple[str, ...]
    by: str
    rows: str
    total: str
    proves: tuple[str, ...] = ()
    """Measures that are summed into one of `measures`, row by row."""


SUMS = (
    Sum(
        "emissions_by_process", (*EMISSIONS, "missing_factor_count"),
        "facility_id, stage_code, period_month, ghg_category",
        "from emissions_by_process", "from emissions_by_stage",
    ),
    Sum(
        "emissions_by_stage", EMISSIONS, "facility_id, inventory_year, ghg_category",
        YEARLY.format("emissions_by_stage"), REPORTED,
    ),
    Sum(
        "emissions_by_stage", ("missing_factor_count",), "facility_id, period_month",
        "from emissions_by_stage", "from emissions_by_process",
    ),
    Sum(
        "emissions_by_hand_in", ("location_based_kgco2e",), "period_month",
        "from emissions_by_hand_in", "from emissions_by_process",
    ),
    Sum("facility_inventory", EMISSIONS, "'all'", REPORTED, "from emissions_by_process"),
    Sum("emission_lines", BOTH, "result_id", "from emission_lines", "from emissions_by_process"),
    Sum(
        "emission_lines", ("quantity",),
        "inventory_year, process_id, flow_id, direction, component",
        YEARLY.format("emission_lines"), "from hotspots",
    ),
    Sum(
        "lineage", ("part_kgco2e",), "result_id, basis", "from lineage",
        LONG.format("emissions_by_process", "part_kgco2e"),
    ),
    Sum(
        "hotspots", BOTH, "facility_id, inventory_year, ghg_category", "from hotspots", REPORTED,
    ),
    Sum(
        "hotspots", ("location_based_share", "market_based_share"), "inventory_year",
        "from hotspots",
        "select distinct inventory_year, 1 as location_based_share, 1 as market_based_share "
        "from hotspots",
    ),
    Sum(
        "reconciliation", EMISSIONS, "reference_period",
        "from reconciliation where bridge_line = 'inventory' and period_type = 'month'",
        MONTHLY.format("emissions_by_process"),
    ),
    Sum(
        "reconciliation", EMISSIONS, "reference_period",
        "from reconciliation where bridge_line not in ('products', 'residue')",
        "from reconciliation where bridge_line in ('products', 'residue')",
    ),
    Sum(
        "emissions_forecast", ("kgco2e",), "inventory_year, basis",
        "from emissions_forecast where not is_forecast",
        LONG.format("facility_inventory", "kgco2e")
        + " where inventory_year in "
        "(select inventory_year from emissions_forecast where not is_forecast)",
    ),
    Sum(
        "variance_explained", ("newer_value",), "reference_period, basis",
        f"select *, newer_period as reference_period {CHANGED}",
        f"from ({LONG.format('(' + MONTHLY.format('emissions_by_process') + ')', 'newer_value')}) "
        f"where reference_period in (select newer_period {CHANGED})",
    ),
    Sum(
        "variance_explained", ("older_value",), "reference_period, basis",
        f"select *, older_period as reference_period {CHANGED}",
        f"from ({LONG.format('(' + MONTHLY.format('emissions_by_process') + ')', 'older_value')}) "
        f"where reference_period in (select older_period {CHANGED})",
    ),
    Sum(
        "variance_explained", ("newer_value",), "product_id, reference_period, basis",
        f"select *, newer_period as reference_period {OF_PRODUCTS}",
        "select *, kgco2e_per_declared_unit as newer_value from emissions_by_product "
        f"where method = 'cut_off' and (product_id, reference_period) in "
        f"(select (product_id, newer_period) {OF_PRODUCTS})",
    ),
    Sum(
        "variance_explained", ("change",),
        "figure_kind, comparison, older_period, newer_period, product_id, basis",
        f"select * replace ({' + '.join(f'coalesce({term}, 0)' for term in TERMS)} as change) "
        "from variance_explained",
        "select * replace (coalesce(newer_value, 0) - coalesce(older_value, 0) as change) "
        "from variance_explained",
        proves=TERMS,
    ),
    *(
        Sum(
            fact, ("kgco2e_per_declared_unit",), "product_id, reference_period, method, basis",
            f"from ({rows}) where reference_period in (select reference_period from ({rows}))",
            "from product_footprints where boundary = 'cradle_to_grave' "
            f"and reference_period in (select reference_period from ({rows}))",
        )
        for fact, rows in OF_PERIODS.items()
    ),
    *(
        Sum(
            fact, ("delivered_kgco2e",), "reference_period, basis",
            f"from ({rows}) where method = 'cut_off' and life_cycle_stage in {TO_THE_CUSTOMER}",
            f"from ({DELIVERED}) where reference_period in (select reference_period from ({rows}))",
        )
        for fact, rows in OF_PERIODS.items()
    ),
)  # fmt: skip


@pytest.fixture(scope="module", params=[EXAMPLE, "spinning_with_regrind"])
def marts(request: pytest.FixtureRequest, built: Builder) -> Iterator[Connection]:
    """What is published of a company."""
    with open_marts(built(request.param).published) as connection:
        yield connection


@pytest.mark.parametrize("case", SUMS, ids=lambda case: f"{case.fact}.{case.measures[0]}")
def test_what_is_called_additive_adds_up_to_what_is_published(marts: Connection, case: Sum):
    for measure in case.measures:
        sides = (f"select {case.by}, sum({measure}) from ({rows}) group by all order by all"
                 for rows in (case.rows, case.total))  # fmt: skip
        summed, published = (marts.execute(side).fetchall() for side in sides)

        assert [row[:-1] for row in summed] == [row[:-1] for row in published]
        total, expected = ([row[-1] or 0 for row in side] for side in (summed, published))
        assert total == pytest.approx(expected, rel=1e-9, abs=1e-6), measure


def test_every_measure_of_a_fact_says_over_what_it_is_summed_and_every_sum_is_proven():
    proven = {(case.fact, name) for case in SUMS for name in (*case.measures, *case.proves)}
    facts = {case.fact for case in SUMS}
    stated = {
        (name, column): about.additive
        for name, mart in described_marts().items()
        for column, about in mart.columns.items()
        if about.unit and (name in facts or about.additive is not None)
    }

    assert [place for place, over in stated.items() if over is None] == []
    dimensions = {place for place in stated if place[0].startswith(DIMENSION)}
    assert {place for place, over in stated.items() if over} - dimensions == proven
    assert not any(stated[place] for place in dimensions), "what describes is never summed"


def test_measures_are_summed_over_columns_of_the_grain():
    wrong = {
        (name, column): about.additive
        for name, mart in described_marts().items()
        for column, about in mart.columns.items()
        if not set(about.additive or ()) <= set(mart.grain)
    }
    assert wrong == {}


def test_the_months_of_a_year_are_not_its_footprint(built: Builder):
    """Which is why delivered_kgco2e isn't summed over months: a year is solved as one."""
    of_2021 = "method = 'cut_off' and basis = 'location_based' and life_cycle_stage = 'manufacture'"
    with open_marts(built(EXAMPLE).published) as marts:
        (months,), (year,) = (
            marts.execute(
                f"select sum(delivered_kgco2e) from {fact} where {of_2021} and {when} = 2021"
            ).fetchall()[0]
            for fact, when in (
                ("fact_product_months", "year(period_month)"),
                ("fact_product_years", "inventory_year"),
            )
        )
    assert months != pytest.approx(year, rel=1e-6)


def test_each_row_of_a_mart_has_a_key_of_its_own(marts: Connection):
    for name, mart in described_marts().items():
        key = ", ".join(mart.grain)
        twice = f"select {key} from {name} group by all having count(*) > 1"
        assert marts.execute(twice).fetchall() == [], name
        if mart.has_key:
            blank = " or ".join(f"{column} is null" for column in mart.grain)
            assert marts.execute(f"from {name} where {blank}").fetchall() == [], name


def test_each_value_of_a_relation_is_the_key_of_a_row_of_its_dimension(marts: Connection):
    for one in relations():
        (key,) = described_marts()[one.dimension].grain
        lost = (
            f"select distinct {one.column} from {one.mart} "
            f"where {one.column} not in (select {key} from {one.dimension})"
        )
        assert marts.execute(lost).fetchall() == [], one


def test_what_a_dimension_names_it_names_in_both_languages(marts: Connection):
    for name, mart in described_marts().items():
        if name.startswith(DIMENSION):
            english = [column for column in mart.columns if column.endswith("_name_en")]
            for column in english:
                other = column.removesuffix("en") + "zh"
                blank = f"from {name} where {column} is null or {other} is null"
                assert marts.execute(blank).fetchall() == [], f"{name}.{column}"
