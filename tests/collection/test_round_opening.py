"""`carbonloom round open`: a line of the calendar, templates, and what goes to whom."""

from __future__ import annotations

from datetime import date

import pytest
from typer.testing import CliRunner

from orchestration.collection.round_opening import OpeningError, RoundRequest, planned
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from tests.conftest import TinyCompany, write_csv

CALENDAR = "rounds.csv"


def opened(company: TinyCompany, *words: str) -> tuple[int, str]:
    """The command line in this process: exit code and what it printed."""
    places = ("--data", str(company.path), "--warehouse", str(company.path.parent / "warehouse"))
    result = CliRunner().invoke(app, ["round", "open", *words, *places])
    return result.exit_code, result.output


def calendar(company: TinyCompany) -> bytes:
    return (company.path / CALENDAR).read_bytes()


def plan(company: TinyCompany, **asked: object):
    return planned(DataFolder(company.path), RoundRequest(**asked))


def test_a_round_follows_from_the_one_before(tiny_company: TinyCompany):
    before = calendar(tiny_company)
    code, output = opened(tiny_company)

    assert code == 0, output
    line = b"2022-04,2022-04-05,2022-04-15,2022-03,2022-03,mill/boiler; erp/water"
    assert calendar(tiny_company) == before + line + b"\r\n"  # as csv ends the lines before it
    round_ = DataFolder(tiny_company.path).round("2022-04")
    assert (round_.first_month, round_.closes_on) == (date(2022, 3, 1), date(2022, 4, 15))
    template = tiny_company.path.parent / "warehouse/templates/2022-04/mill/boiler.xlsx"
    assert template.exists()
    told = output.split("\n\n")
    assert [text.splitlines()[0] for text in told[1:3]] == [
        "To accounts payable", "To boiler shift lead",
    ]  # fmt: skip
    assert "columns   Month, Quantity, Invoice, Plant, Unit" in told[1]
    assert "comes as  rounds/2022-04/erp/water.csv" in told[1]
    assert f"send      {template}" in told[2]
    assert "comes as  rounds/2022-04/mill/boiler.xlsx" in told[2]


def test_the_calendar_keeps_its_byte_order_mark_and_its_columns(tiny_company: TinyCompany):
    path = tiny_company.path / CALENDAR
    text = "expected,round,first_month,last_month,opens_on,closes_on\n"
    text += '"erp/water",2022-03,2022-01,2022-02,2022-03-31,2022-04-30'
    path.write_text(text, encoding="utf-8-sig")

    assert opened(tiny_company)[0] == 0

    added = "mill/boiler; erp/water"  # the workbook was never asked for, and a map reads it
    line = "\nerp/water; mill/boiler,2022-05,2022-03,2022-04,2022-05-31,2022-06-30\n"
    assert path.read_text(encoding="utf-8-sig") == text + line, added
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_no_map_reads_any_more_is_told_and_not_asked_for(tiny_company: TinyCompany):
    (tiny_company.path / "maps" / "erp_water.yml").unlink()

    code, output = opened(tiny_company)

    assert code == 0, output
    assert "erp/water: asked for by round 2022-03, and no map reads it any more" in output
    assert DataFolder(tiny_company.path).round("2022-04").expected == ("mill/boiler",)


def test_a_year_follows_a_year_and_a_month_may_follow_it(tiny_company: TinyCompany):
    row = {
        "round": "2023", "opens_on": "2023-01-31", "closes_on": "2023-02-28",
        "first_month": "2022-01", "last_month": "2022-12", "expected": "mill/boiler; instruments",
    }  # fmt: skip
    write_csv(tiny_company.path / CALENDAR, [row])
    year = plan(tiny_company).round
    assert (year.round, len(year.months), year.months[0]) == ("2024", 12, date(2023, 1, 1))
    assert "instruments" in year.expected
    assert plan(tiny_company).added == ("erp/water",)

    month = plan(tiny_company, name="2023-02", months="2023-01").round
    assert month.months == (date(2023, 1, 1),)
    assert (month.opens_on, month.closes_on) == (date(2023, 2, 28), date(2023, 3, 28))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "2022-03"}, "2022-03 does not come after 2022-03"),
        ({"months": "2022-13"}, "--months 2022-13: write 2022-01"),
        ({"months": "2022-03:2022-02"}, "--months 2022-03:2022-02: write"),
        ({"closes_on": date(2022, 1, 1)}, "before it opens on 2022-04-05"),
    ],
)
def test_what_contradicts_the_calendar_is_refused(tiny_company: TinyCompany, asked, said: str):
    with pytest.raises(OpeningError, match=said):
        plan(tiny_company, **asked)


def test_the_first_round_of_a_company_is_asked_for(tiny_company: TinyCompany):
    path = tiny_company.path / CALENDAR
    path.unlink()
    code, output = opened(tiny_company)
    assert code == 2
    assert "Say --months" in output
    assert not path.exists()
    code, output = opened(tiny_company, "2022-02", "--months", "2022-01")
    assert code == 2
    assert "--opens-on" in output

    days = ("--opens-on", "2022-02-05", "--closes-on", "2022-02-15")
    code, output = opened(tiny_company, "2022-02", "--months", "2022-01", *days)

    assert code == 0, output
    assert DataFolder(tiny_company.path).round("2022-02").expected == ("mill/boiler", "erp/water")


def test_nothing_is_written_when_a_template_can_not_be(tiny_company: TinyCompany):
    path = tiny_company.path / "maps" / "stage_boiler.yml"
    long = path.read_text(encoding="utf-8").replace("sheet: Energy", f"sheet: {'E' * 32}")
    path.write_text(long, encoding="utf-8")
    before = calendar(tiny_company)

    code, output = opened(tiny_company)

    assert code == 2
    assert "Rename it in the map" in output
    assert calendar(tiny_company) == before
