"""Numbers and months as people type them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingest.periods import month_of
from orchestration.spreadsheets.numbers import (
    PLAIN,
    NumberFormat,
    asked_back,
    number_text,
    shows_convention,
)

YEAR_2021 = tuple(date(2021, month, 1) for month in range(1, 13))
TWO_YEARS = tuple(date(2021 + i // 12, i % 12 + 1, 1) for i in range(24))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5", 1234.5),
        ("１２３", 123.0),
        ("－5", -5.0),
        ("−5", -5.0),
        (" 12 ", 12.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("+7", 7.0),
    ],
)
def test_a_clean_number_in_text_is_a_number(text, number):
    assert PLAIN.parse(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("约40", "320吨", "-", "/", "无", "n/a", "12 345", "1,23", "1,2345", "12%", "10²", "½"),
        *(
            "0,530",
            "000,001",
            "①",
            "nan",
            "inf",
            "1e999",
            "0x10",
            "1_000",
            "",
            ".",
            "5-",
            "1.2.3",
            "--1",
            "١٢٣٫٥",
        ),
    ],
)
def test_anything_else_is_never_guessed(text):
    assert PLAIN.parse(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_back(number):
    assert PLAIN.parse(number_text(number)) == number


@given(st.integers(-(10**12), 10**12), st.sampled_from([(".", ","), (",", "."), (",", " ")]))
def test_thousands_separators_change_nothing(number, marks):
    decimal, thousands = marks
    text = f"{number:,}".replace(",", thousands)
    assert NumberFormat(decimal, thousands).parse(text) == number


COMMA = NumberFormat(",", ".", is_declared=True)
POINT = NumberFormat(".", ",", is_declared=True)


@pytest.mark.parametrize(
    ("texts", "number_format", "doubtful"),
    [
        (["1.234", "2.345"], PLAIN, {0, 1}),
        (["1.234", "2.345"], POINT, set()),
        (["1.234", "2.345"], COMMA, set()),
        (["1,234", "１，２００"], PLAIN, set()),  # a comma for thousands is what README promises
        (["1,234", "2.345"], PLAIN, {0, 1}),  # one of them is another convention
        (["76.5", "84,000", "1.234"], PLAIN, set()),
        (["12,5", "1.234"], PLAIN, {1}),
        (["1.234.567", "1.234"], PLAIN, {1}),
        (["0,530", "2,420"], PLAIN, {1}),
        (["1.581,0", "2,420"], PLAIN, {1}),
        (["1.581,0", "2,420"], COMMA, {1}),  # the others have one decimal, padded
        (["1.581,000", "2,420"], COMMA, set()),
        (["76.50", "1.234"], PLAIN, {1}),
        (["1.5", None, "1.234-"], PLAIN, set()),
        (["12.5", "3,000.5"], COMMA, set()),  # no number in this convention: refused as text
    ],
)
def test_a_column_has_one_convention(texts, number_format, doubtful):
    assert asked_back(texts, number_format) == doubtful


@pytest.mark.parametrize(
    ("texts", "number_format", "is_shown"),
    [
        (["12.340", "0.530", "25.120", "Site 1.2"], PLAIN, True),
        (["12.340", "25.120", "15.03.2024"], PLAIN, False),
        (["12.340", "0.530", "0,530"], PLAIN, False),
        (["12,340", "0,530"], COMMA, True),
    ],
)
def test_an_export_shows_how_it_writes_numbers(texts, number_format, is_shown):
    assert shows_convention(texts, number_format) is is_shown


def test_a_file_parted_by_semicolons_may_write_decimals_with_a_comma():
    assert asked_back(["1,234", "2,345"], PLAIN, is_comma_likely_decimal=True) == {0, 1}
    assert asked_back(["1,234", "2.5"], PLAIN, is_comma_likely_decimal=True) == set()


@pytest.mark.parametrize(
    ("thousands", "text"),
    [(" ", "1\xa0000"), (" ", "1\u202f000"), (" ", "1 000"), ("'", "1'000"), ("'", "1\u2019000")],
)
def test_blanks_and_apostrophes_are_thousands_where_that_is_declared(thousands, text):
    assert NumberFormat(".", thousands).parse(text) == 1000
    assert PLAIN.parse(text) is None


@given(st.text(max_size=12))
def test_no_text_breaks_the_parsers(text):
    PLAIN.parse(text)
    month_of(text, YEAR_2021, bare_month=True)


@pytest.mark.parametrize(
    "value",
    [
        *("2021-03", "2021/3", "2021.03", "2021年3月", "2021年03月份", "２０２１年３月", "202103"),
        *("2021-03-15", "2021-03-15 08:00", "20210315", "2021年3月15日", "15.03.2021", "03/2021"),
        *(
            "Mar-2021",
            "March 2021",
            "2021 Mar",
            "Mar-21",
            "15-Mar-2021",
            "March 5, 2021",
            "21年3月",
        ),
        *("3月", "03月份", "三月", "Mar", date(2021, 3, 9), datetime(2021, 3, 31, 23, 59)),
        *(44256.0, 44286.5, 202103.0, 20210331.0),
    ],
)
def test_a_month_is_read(value):
    assert month_of(value, YEAR_2021) == date(2021, 3, 1)


@pytest.mark.parametrize(
    "value",
    [
        *("2021-13", "2021-02-30", "03/04/2021", "Q1", "合计", "", None, True, 3.0, 2021.1, "3"),
        *("2021", 5.5, "13月", "44256"),
    ],
)
def test_what_is_no_month_stays_none(value):
    assert month_of(value, YEAR_2021) is None


GERMAN = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
          "Oktober", "November", "Dezember"]  # fmt: skip


@pytest.mark.parametrize(("number", "name"), enumerate(GERMAN, 1))
def test_german_months_are_read_as_they_are_written(number, name):
    month = date(2021, number, 1)
    for text in (name, f"{name} 2021", f"01. {name} 2021", f"{name[:3]}-21"):
        assert month_of(text, YEAR_2021) == month


def test_a_month_without_year_needs_a_round_that_has_it_once():
    assert month_of("3月", TWO_YEARS) is None
    assert month_of("3月", YEAR_2021[:2]) is None


def test_a_bare_number_is_a_month_only_where_months_stand():
    assert month_of(3.0, YEAR_2021, bare_month=True) == date(2021, 3, 1)
    assert month_of("3", YEAR_2021, bare_month=True) == date(2021, 3, 1)


def test_a_declared_date_format_settles_the_order():
    assert month_of("03/04/2021", YEAR_2021, date_format="%d/%m/%Y") == date(2021, 4, 1)
    assert month_of("03/04/2021", YEAR_2021, date_format="%m/%d/%Y") == date(2021, 3, 1)
