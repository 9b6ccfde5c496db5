"""Intervals of a whole company: they are of the published figures, and hold what is stated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from tests.built import EXAMPLE, Builder, Built
from tests.worked_examples.intervals import assert_intervals_are_of_published_figures

pytestmark = pytest.mark.slow


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
