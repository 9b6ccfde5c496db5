"""What comes once a quarter, half-year or year: its days, and its shares of the months."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.company.source_map import Span
from orchestration.ingest.bill_days import billed_days, parts_of, whole_period

YEAR = (date(2023, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2023", YEAR),
        ("2023年", YEAR),
        ("2023年度", YEAR),
        ("2023-h1", (date(2023, 1, 1), date(2023, 6, 30))),
        ("2023年下半年", (date(2023, 7, 1), date(2023, 12, 31))),
        ("2024 Q1", (date(2024, 1, 1), date(2024, 3, 31))),
        ("2023年第四季度", (date(2023, 10, 1), date(2023, 12, 31))),
        ("2023-01", None),
        ("2023年1月", None),
        ("20231", None),
        ("2023 Q5", None),
    ],
)
def test_a_whole_period_is_its_days(text: str, days: tuple[date, date] | None):
    assert whole_period(text) == days


@pytest.mark.parametrize("to_counts", [True, False])
def test_a_statement_of_a_year_is_spread_over_its_months_by_days(to_counts: bool):
    span = Span(column="Period", to_counts=to_counts)
    days = billed_days(span, 2023, None, None)
    assert days == YEAR
    months = tuple(date(2023, number, 1) for number in range(1, 13))
    parts = parts_of(days, months)
    assert [part.month for part in parts] == list(months)
    assert parts[1].share == 28 / 365
    assert sum(part.share for part in parts) == pytest.approx(1, abs=1e-15)
