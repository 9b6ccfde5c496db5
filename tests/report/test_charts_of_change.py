"""Bars that float, blocks as wide as what they save, and wedges with lines over them."""

from __future__ import annotations

import pytest

from orchestration.report import charts
from orchestration.report.charts_of_change import abatement, steps, waterfall, wedges
from orchestration.report.marts import Result
from orchestration.report.names import Names

WORDS = {"less": "Less", "more": "More", "total": "Figure"}


def test_a_waterfall_goes_from_one_figure_to_the_other():
    bars = steps(["2021", "grid", "yield", "2022"], [100, -30, 5, 75], [True, False, False, True])
    assert [(bar.start, bar.end) for bar in bars] == [(0, 100), (100, 70), (70, 75), (0, 75)]
    assert bars[2].end == bars[3].end


def test_a_bar_across_zero_is_drawn_on_both_sides_of_it():
    bars = steps(["before", "credit", "after"], [10, -25, -15], [True, False, True])
    option = waterfall(bars, WORDS, ["10", "-25", "-15"])
    unseen, *seen = option["series"]
    assert unseen["data"] == [0, None, 0]
    lengths = {
        (one["name"], place): part["value"]
        for one in seen
        for place, part in enumerate(one["data"])
        if part is not None
    }
    less = sorted(
        part["value"] for one in seen if one["name"] == "Less" for part in one["data"] if part
    )
    assert less == [-15, 10]
    assert lengths["Figure", 2] == -15
    assert option["legend"]["data"] == ["Figure", "Less"]


def test_what_floats_above_zero_lies_on_an_unseen_part():
    bars = steps(["a", "b", "c"], [10, 4, -6], [True, False, False])
    unseen, *seen = waterfall(bars, WORDS, ["", "", ""])["series"]
    assert unseen["data"] == [0, 10, 8]
    assert {one["name"]: [part and part["value"] for part in one["data"]] for one in seen} == {
        "Figure": [10, None, None], "More": [None, 4, None], "Less": [None, None, 6],
    }  # fmt: skip


def test_blocks_stand_side_by_side_and_what_saves_nothing_has_none():
    option = abatement(["a", "b", "c"], [10, 0, 5], [-3, 9, 40])
    assert [(one["name"], one["data"]) for one in option["series"]] == [
        ("a", [[0, -3], [10, -3]]),
        ("c", [[10, 40], [15, 40]]),
    ]
    assert option["xAxis"]["max"] == 15


def test_wedges_are_stacked_and_lines_are_not():
    option = wedges(["2025", "2026"], [("rest", [5, 4]), ("pv", [1, 2])], [("target", [6, 3])])
    assert [one.get("stack") for one in option["series"]] == ["all", "all", None]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_says_in_words_what_it_shows(language: str, names: Names):
    def drawn(columns: list[str], rows: list[tuple[object, ...]], **settings: object):
        return charts.draw(Result("rows", "", columns, rows), settings, names, language)

    moves = drawn(
        ["what", "change_tco2e", "is_total"],
        [("2021", 100.0, True), ("grid", -30.0, False), ("2022", 70.0, True)],
        kind="waterfall", x="what", value="change_tco2e", total="is_total", unit="tCO2e",
    )  # fmt: skip
    assert "−30" in moves.summary and "70" not in moves.summary
    curve = drawn(
        ["initiative_id", "saved_tco2e", "cost"], [("pv", 5.0, -12.0)],
        kind="abatement", x="initiative_id", width="saved_tco2e", value="cost",
        unit={"en": "CNY/t", "zh": "元/吨"},
    )  # fmt: skip
    assert "−12" in curve.summary
    path = drawn(
        ["year", "part", "tco2e", "path_tco2e"],
        [(2025, "rest", 5.0, 6.0), (2026, "rest", 4.0, None)],
        kind="wedges", x="year", series="part", value="tco2e", lines=["path_tco2e"],
        unit="tCO2e",
    )  # fmt: skip
    assert path.option["series"][-1]["data"] == [6.0, None]
    assert "2025" in path.summary
