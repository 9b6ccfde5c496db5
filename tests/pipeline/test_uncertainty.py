"""Intervals of a whole company: they are of the published figures, and hold what is stated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.calculation.monte_carlo import MonteCarloError, draw_figures
from orchestration.calculation.uncertainty import derive_uncertainty
from orchestration.commands.cli import app
from orchestration.lake.paths import Lake
from orchestration.uncertainty.tables import MONTE_CARLO
from tests.built import EXAMPLE, Builder, Built
from tests.worked_examples.intervals import assert_intervals_are_of_published_figures

pytestmark = pytest.mark.slow

DRAWN = "figure_kind in ('inventory', 'scope', 'site', 'category', 'product')"


@contextmanager
def marts_of(company: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        path = company.published / "marts.duckdb"
        connection.execute(f"attach '{path}' as made (read_only)")
        connection.execute("use made.marts")
        yield connection


@pytest.mark.parametrize("company", [EXAMPLE, "co_products_by_price", "spinning_with_regrind"])
def test_figures_with_an_interval_are_those_that_are_published(built: Builder, company: str):
    assert_intervals_are_of_published_figures(built(company).published / "marts.duckdb")


def test_lines_between_factory_and_products_have_an_interval(built: Builder):
    with marts_of(built(EXAMPLE)) as marts:
        rows = marts.execute(
            """
            select subject, standard_deviation, half_width_share from figure_uncertainty
            where figure_kind = 'bridge' and reference_period = '2021'
                and basis = 'location_based'
            """
        ).fetchall()
        (whole,) = marts.execute(
            """
            select standard_deviation from figure_uncertainty
            where figure_kind = 'inventory' and reference_period = '2021'
                and basis = 'location_based'
            """
        ).fetchone()
    found = {subject: (deviation, share) for subject, deviation, share in rows}
    assert set(found) == {
        "inventory", "non_product_processes", "outside_product_boundary", "products",
        "stock_change", "supplied_to_non_product",
    }  # fmt: skip
    # use and end of life of what was sold are in no bridge, and no spread is stated for them
    assert found["inventory"][0] == pytest.approx(whole)
    # what is left of two large quantities is not as sure as they are
    assert found["stock_change"][1] > 10 * found["products"][1]


def test_shares_of_variance_add_up_and_what_is_not_stated_is_listed(built: Builder):
    with marts_of(built(EXAMPLE)) as marts:
        sums = marts.execute(
            """
            select sum(variance_share) from uncertainty_shares
            group by figure_kind, subject, reference_period, basis
            """
        ).fetchall()
        listed, unstated = marts.execute(
            """
            select
                (select count(*) from improvement_list where what_to_do = 'state_spread'),
                (select sum(unstated_cause_count) from figure_uncertainty
                where figure_kind in ('inventory', 'product'))
            """
        ).fetchone()
    assert [total for (total,) in sums] == pytest.approx([1.0] * len(sums))
    assert listed == unstated > 0


def test_a_company_that_states_nothing_has_its_figures_and_no_interval(built: Builder):
    with marts_of(built("co_products_by_price")) as marts:
        rows = marts.execute("select distinct coverage, low_95 from figure_uncertainty").fetchall()
    assert rows == [("none_stated", None)]


def test_first_order_and_monte_carlo_agree_on_the_example_and_it_is_said_where_not(
    built: Builder, tmp_path: Path
):
    example = built(EXAMPLE).copy(tmp_path)
    folders = ["--data", str(example.data), "--warehouse", str(example.warehouse)]
    with marts_of(example) as marts:
        before = marts.execute(
            f"select count(*), count(monte_carlo_mean) from figure_uncertainty where {DRAWN}"
        )
        assert before.fetchone() == (104, 0)

    result = CliRunner().invoke(app, ["uncertainty", "--draws", "60000", *folders])

    assert result.exit_code == 0, result.output
    with marts_of(example) as marts:
        # other footprints, and the bridge to them, have their intervals by first order
        drawn = marts.execute(f"select * from figure_uncertainty where {DRAWN}").df()
        differences = marts.execute(
            "select * from difference_significance where monte_carlo_mean is not null"
        ).df()
    # what rests on no spread isn't drawn: it would look certain
    assert (drawn["monte_carlo_mean"].isna() == drawn["standard_deviation"].isna()).all()
    # both figures of a difference from the same draws: what they share has cancelled
    # (years of other numbers of months aren't compared, so there are products alone)
    assert set(differences["figure_kind"]) == {"product"}
    assert (differences["monte_carlo_wider_by"].abs() < 0.02).all()
    # standard error of a width by so many draws: 0.4 %
    off = drawn[drawn["monte_carlo_wider_by"].abs() > 0.02]
    assert {"scope", "category"} == set(off["figure_kind"])
    assert off["skewed_causes"].notna().all()
    (treated,) = set(off[off["figure_kind"] == "scope"]["skewed_causes"].str.split(" ").str[0])
    assert treated == "factor:process_emissions:cod_removed_anaerobic@2006"
    assert re.search(rf"scope 1: -3\.\d %, {treated} \(88%\)", result.output)
    assert "93 causes have no spread and were not drawn" in result.output

    lake = Lake(example.warehouse)
    kept = lake.read(lake.uncertainty("monte_carlo"), MONTE_CARLO)
    draw_figures(lake, 60_000, 1)
    assert lake.read(lake.uncertainty("monte_carlo"), MONTE_CARLO).equals(kept)
    derive_uncertainty(lake)  # as the next run does: nothing that figures rest on has changed
    assert lake.read(lake.uncertainty("monte_carlo"), MONTE_CARLO).equals(kept)
    stated = pq.read_table(lake.company("uncertainties"))
    lake.write(lake.company("uncertainties"), stated.slice(1))
    derive_uncertainty(lake)
    assert lake.read(lake.uncertainty("monte_carlo"), MONTE_CARLO).num_rows == 0


def test_without_a_spread_there_is_nothing_to_draw(built: Builder):
    with pytest.raises(MonteCarloError, match=r"State some in\s+expectations/uncertainties"):
        draw_figures(Lake(built("co_products_by_price").warehouse), 100, 1)
