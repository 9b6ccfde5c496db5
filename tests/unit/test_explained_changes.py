"""Why emissions changed: the terms of `explain_change`, by published figures and by properties."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from orchestration.commands.explanation_on_screen import _print_verdict
from orchestration.publication.macros import all_macros

TERMS = (
    "activity",
    "structure",
    "intensity",
    "factor",
    "new",
    "ended",
    "method",
    "boundary",
)
COLUMNS = (
    "facility_id varchar, process_id varchar, flow_id varchar, direction varchar, "
    "component varchar, period_month date, ghg_scope int, ghg_category varchar, quantity double, "
    "factor_origin varchar, output_quantity double, output_unit_code varchar, "
    "site_output_kg double, location_based_kgco2e double, market_based_kgco2e double"
)
OLDER, NEWER = "2021-01", "2022-01"

PUBLISHED = {
    "2021-01": ((1, 10, 2), (4, 5, 3)),
    "2021-02": ((4, 5, 3), (5, 6, 4)),
    "2021-03": ((8, 2, 4), (5, 7, 5)),
    "2021-04": ((10, 1, 5), (6, 8, 6)),
}
"""Three factors of two subcategories, 1971 to 1974, of the tests of LMDIR (M. Heun, version 0.1.14,
tests/testthat/test_lmdi.R, MIT), which implements Ang (2005)."""

PUBLISHED_TERMS = [
    ("2021-01", "2021-02", 0, (50.47438029, -25.23719014, 14.76280986)),
    ("2021-01", "2021-02", 1, (19.31568569, 15.78206435, 24.90224996)),
    ("2021-02", "2021-03", 0, (42.96021467, -56.79031473, 17.83010006)),
    ("2021-02", "2021-03", 1, (0, 22.47128816, 32.52871184)),
    ("2021-03", "2021-04", 0, (12.6549815, -39.30996299, 12.6549815)),
    ("2021-03", "2021-04", 1, (41.35566084, 30.28867832, 41.35566084)),
]


def line(site: str, month: str, output: float | None, quantity: float, emissions: float, **also):
    """A line of the mart emission_lines."""
    return {
        "facility_id": site,
        "process_id": f"{site}_process",
        "flow_id": "power",
        "direction": "input",
        "component": "generation",
        "period_month": f"{month}-01",
        "ghg_scope": 2,
        "ghg_category": "purchased_electricity",
        "quantity": quantity,
        "factor_origin": "A, country",
        "output_quantity": output,
        "output_unit_code": None if output is None else "kg",
        "site_output_kg": output,
        "location_based_kgco2e": emissions,
        "market_based_kgco2e": emissions,
    } | also


def explained(
    lines: Iterable[dict[str, Any]], older: str = OLDER, newer: str = NEWER
) -> list[dict[str, Any]]:
    """Rows of explain_change, location-based."""
    (macro,) = (one for one in all_macros() if one.name == "explain_change")
    with duckdb.connect() as connection:
        connection.execute(f"create table emission_lines ({COLUMNS})")
        for one in lines:
            names = ", ".join(one)
            marks = ", ".join("?" for _ in one)
            connection.execute(
                f"insert into emission_lines ({names}) values ({marks})", list(one.values())
            )
        connection.execute(macro.statement)
        found = connection.execute("from explain_change(?, ?)", [older, newer])
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    return [row for row in rows if row["basis"] == "location_based"]


def terms_of(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The sum of each term."""
    return {term: math.fsum(row[f"{term}_change"] for row in rows) for term in TERMS}


@pytest.mark.parametrize(("older", "newer", "subcategory", "expected"), PUBLISHED_TERMS)
def test_a_published_decomposition_is_reproduced(older, newer, subcategory, expected):
    """method R50; the site's output is the first factor, quantity per output the second."""
    lines = [
        line(f"site_{place}", month, first, first * second, first * second * third)
        for month, subcategories in PUBLISHED.items()
        for place, (first, second, third) in enumerate(subcategories)
    ]
    rows = explained(lines, older, newer)
    (mine,) = (row for row in rows if row["facility_id"] == f"site_{subcategory}")
    found = [mine[f"{term}_change"] for term in ("activity", "intensity", "factor")]
    assert found == pytest.approx(expected, abs=1e-8)
    assert mine["structure_change"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ((4, 20, 0), (5, 30, 120), {"factor": 120}),
        ((4, 20, 60), (5, 30, 0), {"factor": -60}),
        ((4, 0, 0), (5, 30, 120), {"intensity": 120}),
        ((4, 20, 60), (5, 0, 0), {"intensity": -60}),
        ((4, -20, -60), (5, 30, 120), {"intensity": 180}),
        ((None, 20, 60), (None, 40, 120), {"intensity": 60}),
        ((0, 20, 60), (5, 40, 120), {"intensity": 60}),
        ((4, 20, 5e-324), (4, 20, 60), {"factor": 60}),
        ((4, 20, 60), (4, 5e-324, 60), {"intensity": 0}),
        ((5e-324, 20, 60), (5, 40, 120), {"intensity": 60}),
    ],
)
def test_what_vanishes_or_turns_carries_the_whole_change(older, newer, expected):
    """method R50: cases 1 to 8 of Ang, Zhang and Choi (1998); no small number stands for zero."""
    rows = explained([line("f", OLDER, *older), line("f", NEWER, *newer)])
    assert terms_of(rows) == pytest.approx(dict.fromkeys(TERMS, 0) | expected, abs=1e-9)


def test_the_hand_worked_vector():
    """method V18: 100 t × 2 MWh/t × 0.5 becomes 120 × 1.8 × 0.45."""
    rows = explained([line("f", OLDER, 100, 200, 100), line("f", NEWER, 120, 216, 97.2)])
    found = terms_of(rows)
    assert found["activity"] == pytest.approx(17.9757, abs=5e-5)
    assert found["intensity"] == pytest.approx(-10.3878, abs=5e-5)
    assert found["factor"] == pytest.approx(-10.3878, abs=5e-5)
    assert sum(found.values()) == pytest.approx(-2.8, abs=1e-12)


def test_a_factor_of_another_publisher_is_method_and_a_site_that_joins_is_boundary():
    lines = [
        line("f", OLDER, 100, 200, 100),
        line("f", NEWER, 100, 200, 90, factor_origin="B, country"),
        line("g", NEWER, 10, 5, 7),
    ]
    expected = dict.fromkeys(TERMS, 0) | {"method": -10, "boundary": 7}
    assert terms_of(explained(lines)) == pytest.approx(expected, abs=1e-9)


def test_two_years_are_compared_in_the_months_that_both_have():
    lines = [line("f", f"2021-{month:02}", 10, 10, 10) for month in range(1, 13)]
    lines += [line("f", f"2022-{month:02}", 20, 20, 20) for month in (4, 5)]
    (row,) = explained(lines, "2021", "2022")
    assert (row["older_value"], row["newer_value"]) == (20, 40)
    assert row["activity_change"] == pytest.approx(20)


@pytest.mark.parametrize("periods", [("2021", "2022-01"), ("2020-01", "2022-01"), ("x", "y")])
def test_periods_of_another_kind_or_without_emissions_are_refused(periods):
    with pytest.raises(duckdb.InvalidInputException, match="explain_change: "):
        explained([line("f", OLDER, 1, 1, 1), line("f", NEWER, 1, 1, 1)], *periods)


usual = st.tuples(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.floats(1e-6, 10))
"""Output, quantity and factor that all have logarithms."""

amounts = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
factors = st.one_of(st.just(0.0), st.just(5e-324), st.floats(1e-6, 10))
"""None, the smallest number there is, or a usual one."""

limits = st.tuples(st.one_of(st.none(), amounts), amounts, factors)
sides = st.one_of(st.tuples(usual, usual), st.tuples(usual, limits), st.tuples(limits, limits))
companies = st.lists(
    st.builds(lambda site, both: (site, *both), st.integers(0, 2), sides), min_size=1, max_size=6
)


def lines_of(company: Sequence[tuple[int, Any, Any]], name: str = "") -> list[dict[str, Any]]:
    """Lines of processes on up to three sites, of which each makes what its processes make."""
    outputs: dict[tuple[int, str], float] = {}
    for site, *both in company:
        for month, (output, _, _) in zip((OLDER, NEWER), both, strict=True):
            outputs[site, month] = outputs.get((site, month), 0.0) + (output or 0.0)
    return [
        line(f"{name}{site}", month, output, quantity, quantity * factor)
        | {"process_id": f"{name}process_{place}", "site_output_kg": outputs[site, month] or None}
        for place, (site, *both) in enumerate(company)
        for month, (output, quantity, factor) in zip((OLDER, NEWER), both, strict=True)
    ]


def change_of(lines: Sequence[dict[str, Any]]) -> float:
    sums = dict.fromkeys((OLDER, NEWER), 0.0)
    for one in lines:
        sums[one["period_month"][:7]] += one["location_based_kgco2e"]
    return sums[NEWER] - sums[OLDER]


def size_of(lines: Sequence[dict[str, Any]]) -> float:
    return max(math.fsum(abs(one["location_based_kgco2e"]) for one in lines), 1e-300)


@settings(max_examples=40, deadline=None)
@given(companies, st.randoms(use_true_random=False))
def test_terms_add_up_whatever_lines_are_called_and_in_whatever_order(
    company: list, chance: random.Random
):
    lines, renamed = lines_of(company), lines_of(company, "other_")
    chance.shuffle(renamed)
    found, of_renamed = (terms_of(explained(some)) for some in (lines, renamed))
    size = size_of(lines)
    assert math.fsum(found.values()) == pytest.approx(change_of(lines), abs=1e-9 * size)
    assert of_renamed == pytest.approx(found, abs=1e-9 * size)


@settings(max_examples=40, deadline=None)
@given(companies, st.floats(0.05, 0.95))
def test_a_line_split_at_one_share_keeps_its_terms_and_at_two_keeps_their_sum(
    company: list, share: float
):
    """Two meters instead of one: the same terms if both moved alike, else the same change."""
    lines, size = lines_of(company), size_of(lines_of(company))

    def split(shares: dict[str, float]) -> list[dict[str, Any]]:
        parts = []
        for one in lines:
            part = shares[one["period_month"][:7]]
            for name, fraction in (("first", part), ("second", 1 - part)):
                amounts = ("quantity", "location_based_kgco2e", "market_based_kgco2e")
                scaled = {column: one[column] * fraction for column in amounts}
                parts.append(one | scaled | {"flow_id": name})
        return parts

    whole = terms_of(explained(lines))
    alike = terms_of(explained(split({OLDER: share, NEWER: share})))
    assert alike == pytest.approx(whole, abs=1e-9 * size)
    apart = terms_of(explained(split({OLDER: share, NEWER: 1 - share})))
    assert math.fsum(apart.values()) == pytest.approx(math.fsum(whole.values()), abs=1e-9 * size)


@settings(max_examples=40, deadline=None)
@given(companies)
def test_the_change_of_merged_lines_is_that_of_the_lines(company: list):
    """All lines of a site booked on one process, whose output is the site's: the sum stays."""
    lines, merged = lines_of(company), {}
    for one in lines:
        key = one["facility_id"], one["period_month"]
        sums = merged.setdefault(
            key,
            one
            | {"process_id": one["facility_id"], "output_quantity": one["site_output_kg"]}
            | {"quantity": 0.0, "location_based_kgco2e": 0.0, "market_based_kgco2e": 0.0},
        )
        for column in ("quantity", "location_based_kgco2e", "market_based_kgco2e"):
            sums[column] += one[column]
    found = math.fsum(terms_of(explained(merged.values())).values())
    assert found == pytest.approx(change_of(lines), abs=1e-9 * size_of(lines))


@pytest.mark.parametrize(
    ("verdict", "low", "told"),
    [
        ("within_uncertainty", -3000.0, "within what the meters can tell: with 95 % from -3.0 to"),
        ("beyond_what_is_stated", 1000.0, "more than what the meters can tell, as far as spreads"),
        ("not_known", None, "nobody stated a spread"),
    ],
)
def test_a_change_is_explained_with_whether_the_meters_can_tell_it(verdict, low, told):
    console = Console(file=io.StringIO(), width=200)
    with duckdb.connect() as marts:
        about = (console, marts, "2021", "2022", "market_based")
        _print_verdict(*about, None, "mill")  # of a release from before there were intervals
        marts.execute(
            "create table difference_significance as select 'periods' as comparison, "
            "'site' as figure_kind, 'mill' as subject, '2022' as reference_period, '2021' as "
            "other_reference_period, 'market_based' as basis, $1 as verdict, "
            "$2::double as low_95, 4000.0::double as high_95",
            [verdict, low],
        )
        _print_verdict(*about, None, None)
        _print_verdict(*about, None, "mill")
    assert console.file.getvalue().count("\n") == 1
    assert console.file.getvalue().startswith(told)
