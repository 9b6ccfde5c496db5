"""What an author of a page, a hostile name and an old folder meet."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.reduction.tracking import (
    CONTRARY,
    EXPLAINS_NOTHING,
    FEW_MONTHS,
    MEASURED,
    NO_DRIVER,
    NOT_PROVABLE,
    NOT_STARTED,
)
from orchestration.report import charts
from orchestration.report import site as rendering
from orchestration.report.formats import cell, decimals_for, decimals_of_columns, number
from orchestration.report.instances import instances_of
from orchestration.report.marts import Marts, Result, with_literals
from orchestration.report.names import WORDS, Names
from orchestration.report.page_source import PageError, ShownQuery, read_page, read_pages

HEADER = "---\norder: 1\ntitle: {en: A, zh: 甲}\n---\n"


def page_of(tmp_path: Path, body: str, header: str = HEADER) -> Path:
    path = tmp_path / "page.md"
    path.write_text(header + body, encoding="utf-8")
    return path


def test_every_page_of_the_report_can_be_read():
    names = {page.name for page in read_pages(rendering.PAGES)}
    assert {"index", "factory", "product", "products", "reconciliation"} <= names


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("Loose text\n", "outside any fence"),
        ("::: en\nHello\n:::\n", "each text stands in en and zh"),
        ("```table rows\ntitle: {en: T, zh: 表}\n```\n", "there is no such query"),
        ("```sql rows\nselect 1\n", "never closed"),
        ("```sql rows\nselect 1\n```\n```pie rows\nx: y\n```\n", "```pie is unknown"),
    ],
)
def test_a_broken_page_says_where(tmp_path: Path, body: str, told: str):
    with pytest.raises(PageError, match=told):
        read_page(page_of(tmp_path, body))


def test_a_page_that_needs_rows_is_there_only_where_they_are(tmp_path: Path):
    header = HEADER.replace("order: 1", "order: 1\neach: year\nneeds: stated")
    body = "```sql stated\nselect 1 as one where $year > 2021\n```\n"
    page = read_page(page_of(tmp_path, body, header))
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path}/marts.duckdb' as made")
        connection.execute("use made")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.facility_inventory as "
            "select unnest([2021, 2022]) as inventory_year, 12 as month_count"
        )
        connection.execute(
            "create table marts.publication as "
            "select '2022-04' as round, cast(null as integer) as release_number"
        )
        connection.execute(
            "create table marts.as_reported (release varchar, round varchar, "
            "release_number integer, released_on date)"
        )
    with Marts(tmp_path) as marts:
        assert [one.parameters["year"] for one in instances_of(page, marts)] == [2022]
    with pytest.raises(PageError, match="needs nothing: there is no such query"):
        read_page(page_of(tmp_path, body, header.replace("stated", "nothing")))


def test_a_parameter_is_written_into_the_query_and_can_do_no_harm():
    text = with_literals("q", "select $year, $name", {"year": 2021, "name": "a'; drop table x"})
    assert text == "select 2021, 'a''; drop table x'"
    with pytest.raises(PageError, match=r"\$month is unknown"):
        with_literals("q", "select $month", {})


def test_a_release_older_than_a_page_lacks_a_table_or_a_column_and_nothing_else(tmp_path: Path):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path / 'marts.duckdb'}' as old")
        connection.execute("create schema old.marts")
        connection.execute("create table old.marts.stages as select 1 as a")
    with Marts(tmp_path) as marts:
        assert marts.run("q", "select a from stages").rows == [(1,)]
        for query in ("select b from stages", "select s.b from stages as s", "from flows"):
            assert not marts.run("q", query).is_published
        with pytest.raises(PageError, match="query q"):
            marts.run("q", "select sum(a, a) from stages")


def test_a_name_can_put_no_script_into_a_page():
    shown = rendering._json({"name": "</script><script>alert(1)</script>"})
    assert "<" not in shown
    assert json.loads(shown)["name"].startswith("</script>")


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@sum(A1)"])
def test_a_downloaded_text_is_no_formula(text: str):
    assert rendering._harmless(text) == f"'{text}'"[:-1]
    assert rendering._harmless(-1.5) == -1.5


def test_numbers_are_written_alike_in_a_column():
    assert decimals_for([74135.9, 0.2]) == 0
    assert decimals_for([1.9264, 0.1]) == 3
    assert decimals_for([3, 12]) == 0
    assert number(-0.0000001, 3) == "0.000"
    assert number(-1234.5, 0) == "\N{MINUS SIGN}1,234"
    assert cell("recycled_content_share", 0.9957, 3) == "99.6 %"
    assert cell("kgco2e_per_unit", 0.253532, 0) == "0.25353"
    assert cell("kgco2e_per_unit", 2007.6, 0) == "2,007.6"
    assert cell("inventory_year", 2021, 0) == "2021"
    assert decimals_for([0.0355]) == 4


def test_a_change_is_written_with_its_sign_and_all_causes_alike():
    assert cell("change_tco2e", 12.5, 1) == "+12.5"
    assert cell("factor_change_tco2e", 0.0, 1) == "0"
    assert cell("change_share", -0.00123, 0) == "\N{MINUS SIGN}0.12 %"
    columns = {"older_tco2e": [7200], "change_tco2e": [2.5], "data_change_tco2e": [0.002]}
    assert decimals_of_columns(columns) == {
        "older_tco2e": 0, "change_tco2e": 3, "data_change_tco2e": 3,
    }  # fmt: skip


def test_a_block_can_wait_for_a_query_or_a_parameter():
    block = ShownQuery("table", "rows", {"when": "older_release"})
    assert not block.is_wanted({"older_release": "", "rows": [1]})
    assert block.is_wanted({"older_release": "2022-04 r1"})
    with pytest.raises(PageError, match="there is no 'older_release'"):
        block.is_wanted({"rows": []})


def test_a_line_broken_between_chinese_characters_gets_no_space():
    shown = rendering.LINE_WITHIN_CHINESE.sub("", "甲，\n乙\n\n丙\n- 丁 a\nb")
    assert shown == "甲，乙\n\n丙\n- 丁 a\nb"


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "letter.txt").write_text("dear", encoding="utf-8")
    release = tmp_path / "release"
    release.mkdir()
    (release / "manifest.json").write_text("{}", encoding="utf-8")
    command = ["report", "--release", str(release), "--out", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert (out / "letter.txt").read_text(encoding="utf-8") == "dear"


def test_before_anything_is_published_there_is_nothing_to_show(tmp_path: Path):
    result = CliRunner().invoke(app, ["report", "--warehouse", str(tmp_path)])
    assert result.exit_code == 2


def test_no_word_is_defined_twice():
    """YAML lets the later one win without a word."""

    def twice(node: yaml.Node) -> list[str]:
        if not isinstance(node, yaml.MappingNode):
            return []
        keys = [key.value for key, _ in node.value]
        doubled = [key for key in keys if keys.count(key) > 1]
        return doubled + [key for _, value in node.value for key in twice(value)]

    assert twice(yaml.compose(WORDS.read_text(encoding="utf-8"))) == []


def test_a_path_breaks_behind_its_slashes_only():
    shown = rendering._breakable("rounds/2022-04/mill/boiler.xlsx#Energy!C7")
    assert shown.split("<wbr>") == [
        f'<span class="unbroken">{part}</span>'
        for part in ("rounds/", "2022-04/", "mill/", "boiler.xlsx#", "Energy!C7")
    ]
    assert rendering._breakable("GB/T 32150") == "GB/T 32150"
    assert rendering._breakable("a/<b>") == "a/&lt;b&gt;"


def test_several_columns_name_a_bar_together(names: Names):
    rows = [("a", 1, 2.0), ("a", 2, 1.0)]
    result = Result("q", "", ("process_id", "ghg_scope", "location_based_tco2e"), rows)
    settings = {
        "kind": "ranking", "x": ["process_id", "ghg_scope"], "values": ["location_based_tco2e"],
        "unit": "tCO2e",
    }  # fmt: skip
    drawn = charts.draw(result, settings, names, "en")
    assert drawn.option["yAxis"]["data"] == ["Washing (North): Scope 1", "Washing (North): Scope 2"]
    assert drawn.option["series"][0]["data"] == [2.0, 1.0]


BARS = Result("bars", "", ["ghg_scope", "location_based_tco2e"], [(1, 100.0), (2, 40.0)])
HALVES = Result(
    "halves", "", ["ghg_scope", "basis", "half_width_share"], [("1", "location_based", 0.1)]
)


def test_a_bar_has_the_whiskers_of_its_interval_where_it_is_known(names: Names):
    settings = {
        "kind": "ranking",
        "x": "ghg_scope",
        "values": ["location_based_tco2e"],
        "whiskers": {"location_based_tco2e": "half_width_share"},
        "unit": "tCO2e",
    }
    bars, whiskers = charts.draw(BARS, settings, names, "en", HALVES).option["series"]
    assert whiskers["type"] == "custom" and whiskers["name"] == bars["name"]
    assert whiskers["data"] == [[0, pytest.approx(90.0), pytest.approx(110.0)]]
    assert whiskers["bar"] == {"number": 0, "of": 1}
    assert "±10.0 %" in charts.draw(BARS, settings, names, "en", HALVES).summary
    # a release before there were intervals has its bars all the same
    older = Result("halves", "", [], [], is_published=False)
    for intervals in (older, None):
        (bars,) = charts.draw(BARS, settings, names, "zh", intervals).option["series"]
        assert bars["data"] == [100.0, 40.0]


def test_a_tile_has_the_interval_of_the_figure_that_it_names(names: Names):
    about = {"ghg_scope": 1, "basis": "location_based"}
    tile = {"value": "location_based_tco2e", "label": {"en": "A", "zh": "甲"}, "interval": about}

    def interval(intervals, **more):
        tiles = [tile | {"interval": about | more}]
        (found,) = rendering.tiles_of(BARS, {"tiles": tiles}, names, "en", intervals)
        return found["interval"]

    assert interval(HALVES) == "90 to 110 (±10.0\N{NO-BREAK SPACE}%)"
    assert interval(HALVES, basis="market_based") == ""
    assert interval(None) == ""


def test_intervals_of_a_query_that_is_not_there_are_told(tmp_path: Path):
    body = "```sql rows\nselect 1\n```\n```tiles rows\nintervals: halves\ntiles: []\n```\n"
    with pytest.raises(PageError, match="halves: there is no such query"):
        read_page(page_of(tmp_path, body))


def test_a_credit_of_a_sankey_has_a_side_of_its_own_and_the_widths_add_up(names: Names):
    """In comes 10 + 4 and a credit of 3, out go 11: as much leaves the stage as comes in.

    Of those 11, one product carries 13 and another takes 2 away.
    """
    result = Result(
        "flows",
        "",
        ["source", "target", "tco2e"],
        [
            ("flow:f", "stage:t", 10.0),
            ("process:a", "stage:t", 4.0),
            ("process:c", "stage:t", -3.0),
            ("stage:t", "product:p", 13.0),
            ("stage:t", "product:q", -2.0),
        ],
    )

    drawn = charts.draw(result, {"kind": "sankey", "value": "tco2e", "unit": "t"}, names, "en")

    (series,) = drawn.option["series"]
    links = [(one["source"], one["target"], one["value"]) for one in series["links"]]
    assert links == [
        ("Flow", "Stage", 10.0),
        ("Washing (North)", "Stage", 4.0),
        ("Stage", "Drying (credit)", 3.0),
        ("Stage", "Product", 13.0),
        ("q (credit)", "Stage", 2.0),
    ]
    coming_in = sum(value for _, target, value in links if target == "Stage")
    going_out = sum(value for source, _, value in links if source == "Stage")
    assert coming_in == going_out
    kinds = {one["name"]: one["kind"] for one in series["data"]}
    assert kinds["Drying (credit)"] == kinds["q (credit)"] == "credit"
    assert [one.get("kind") for one in series["links"]] == [None, None, "credit", None, "credit"]
    assert "Drying → Stage −3 t; Stage → q −2 t" in drawn.summary


def test_processes_of_one_name_are_told_apart_by_their_site(names: Names):
    assert names.shown("process_id", "a", "en") == "Washing (North)"
    assert names.shown("process_id", "b", "zh") == "清洗（南）"
    assert names.shown("process_id", "c", "en") == "Drying"


def test_several_ids_in_one_cell_are_each_called_by_their_name(names: Names):
    assert names.shown("facilities", "n; s", "zh") == "北；南"
    assert names.shown("unpriced_flows", "f, g", "en") == "Flow; g"


def test_whatever_tracking_says_of_a_meter_has_words():
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))["codes"]["tracking_status"]
    statuses = (MEASURED, NOT_PROVABLE, CONTRARY)
    assert words.keys() == {*statuses, FEW_MONTHS, EXPLAINS_NOTHING, NO_DRIVER, NOT_STARTED}


def test_an_owner_is_called_as_a_reader_of_the_language_does(names: Names):
    assert names.shown("owner", "washing shift lead", "zh") == "清洗班长"
    assert names.shown("owner", "washing shift lead", "en") == "washing shift lead"
    assert names.shown("owner", "wang", "zh") == "王磊"
    assert names.shown("owner", "nobody known", "zh") == "nobody known"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("wash_n 在 2022-05 缺失", "水洗在 2022-05 缺失"),
        ("缺少 n/wash_n/f 2022-05。", "缺少北 · 水洗 · Flow 2022-05。"),
        ("rounds/2022-05/n/wash_n.xlsx 已改", "rounds/2022-05/n/wash_n.xlsx 已改"),
        ("f 不在其中", "f 不在其中"),
    ],
)
def test_a_message_calls_things_by_their_names_and_files_by_theirs(
    names: Names, message: str, told: str
):
    """A flow may be called `water`: a lone word is left as it is."""
    assert names.shown("message_zh", message, "zh") == told


def test_a_unit_has_no_english_in_chinese(names: Names):
    assert names.shown("unit", "kgCO2e per kg", "zh") == "kgCO2e/kg"
    assert names.shown("unit", "kgCO2e per kg", "en") == "kgCO2e per kg"


def test_a_reason_of_the_company_is_told_in_chinese_where_it_gave_one(names: Names):
    assert names.shown("reason", "It has none.", "zh") == "本公司没有。"
    assert names.shown("reason", "It has none.", "en") == "It has none."
    assert names.shown("reason", "It is small.", "zh") == "It is small."


def test_a_table_can_leave_out_columns_without_a_value(names: Names):
    result = Result("q", "", ("process_id", "reason", "owner"), [("c", None, None)])
    for settings, headings in (
        ({}, ["Process", "Reason", "Owner"]),
        ({"hide_empty": True}, ["Process"]),
        ({"hidden": ["reason"]}, ["Process", "Owner"]),
    ):
        table = rendering.table_of(SimpleNamespace(names=names), result, settings, "en")
        assert [heading["text"] for heading in table["headings"]] == headings


@pytest.mark.parametrize(
    ("verdict", "told", "told_zh"),
    [
        ("within_uncertainty", "is within what the meters can tell", "在计量可分辨的范围之内"),
        ("significant", "is more than what the meters can tell", "超出计量可分辨的范围"),
        ("beyond_what_is_stated", "as far as\nspreads are stated", "就已声明的不确定度而言"),
        ("not_known", "is not known", "尚不可知"),
    ],
)
def test_a_change_is_told_with_whether_the_meters_can_tell_it(
    verdict: str, told: str, told_zh: str, names: Names
):
    page = read_page(rendering.PAGES / "variance.md")
    row = {"figure_kind": "inventory", "verdict": verdict, "low_95": -900_000, "high_95": 4_000}
    texts = {
        language: rendering._text_template(block.markdown).render(
            verdicts=[row, row | {"figure_kind": "scope"}],
            compared=[{"older_period": "2021", "month_count": 12}],
            year=2022,
            names=names,
            language=language,
        )
        for block in page.blocks
        if (language := getattr(block, "language", None)) is not None
    }
    assert texts["en"].count(told) == texts["zh"].count(told_zh) == 1
    for text in texts.values():
        assert ("\N{MINUS SIGN}900" in text) == (verdict != "not_known")
