"""The handbook says of each cell what its map says, and names only commands that there are."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.collection.handbook.contents import MISTAKES, ROLES, WORDS, Handbook
from orchestration.collection.handbook.writing import write_handbook
from orchestration.commands.cli import COMMANDS, spelled
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company
from orchestration.lake.paths import Lake
from orchestration.lake.places import REPOSITORY
from orchestration.report.documents.parts import Document, DocumentTable, Prose
from orchestration.report.documents.typst_markup import typst_source
from orchestration.report.names import Names
from orchestration.report.page_source import LANGUAGES, PageError
from orchestration.report.rendering import html_of_markdown
from tests.built import EXAMPLE, Builder
from tests.conftest import TinyCompany, write_csv
from tests.worked_examples.odd_companies import SIGNS, write_shouting

COMMAND = re.compile(r"`carbonloom ([^`]+)`")


def tables(document: Document) -> list[tuple[str, list[list[str]]]]:
    """Caption and rows of each table."""
    return [
        (part.caption, [[cell["text"] for cell in row] for row in part.rows])
        for part in document.parts
        if isinstance(part, DocumentTable)
    ]


def test_a_cell_has_its_meaning_its_unit_and_its_meter(built: Builder):
    example = built(EXAMPLE)
    handbook = Handbook(DataFolder(example.data), Lake(example.warehouse))
    found = dict(tables(handbook.document("plants", "en")))
    (steam,) = (
        row for row in found["Sorting and washing: what each cell is, and where it is read"]
        if row[1] == "热洗蒸汽 (GJ)"
    )  # fmt: skip
    assert steam[:5] == [
        "能耗 Energy", "热洗蒸汽 (GJ)", "Steam from own boilers", "Grinding and hot washing", "GJ",
    ]  # fmt: skip
    assert steam[5] == (
        "热洗槽蒸汽流量计 steam meter of the hot wash; the meter, read at the end of the month"
    )
    picture = found["Sorting and washing: sheet 能耗 Energy as it was handed in with 2022-07 (A–G)"]
    assert picture[0][:3] == ["3", "月份", "分拣用电"]
    assert picture[1][:3] == ["4", "", "(kWh)"]
    # five readings outside of what is usual: in the words of the rule, with the newest of them
    caption = "Drying, extrusion and spinning: what is refused or asked back most often"
    mark, rule, _, seen = found[caption][0]
    assert (mark, rule) == ("yellow", "Quantities are what this process usually uses or makes.")
    assert "usual is" in seen


def test_a_company_whose_rounds_nobody_judged_hears_the_rules_met_most(
    tiny_company: TinyCompany, tmp_path: Path
):
    handbook = Handbook(DataFolder(tiny_company.path), Lake(tmp_path / "nothing"))
    chapters = [
        rows for caption, rows in tables(handbook.document("plants", "en"))
        if "most often" in caption
    ]  # fmt: skip
    for rows in chapters:
        assert len(rows) == MISTAKES
        assert {row[-1] for row in rows} == {"–"}
    assert len(chapters) == len(DataFolder(tiny_company.path).maps)


def test_every_document_is_set_in_both_languages(tiny_company: TinyCompany, tmp_path: Path):
    data, lake = DataFolder(tiny_company.path), Lake(tmp_path / "nothing")
    written = write_handbook(data, lake, tmp_path / "out" / "handbook")
    assert {path.name for path in written} == {
        f"handbook-{role}.{language}.{kind}"
        for role in ROLES for language in LANGUAGES for kind in ("html", "pdf")
    }  # fmt: skip
    again = write_handbook(data, lake, tmp_path / "again")
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]
    page = tmp_path / "out" / "handbook" / "handbook-manager.zh.html"
    assert "开启轮次" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_where_nobodys_part_is_stated_everybody_may_sign(tiny_company: TinyCompany, tmp_path: Path):
    handbook = Handbook(DataFolder(tiny_company.path), Lake(tmp_path / "nothing"))
    people = dict(tables(handbook.document("manager", "en")))["Who may sign what"]
    assert people and {cell for row in people for cell in row[1:]} == {"everything"}


def test_nothing_in_a_name_is_taken_for_markdown(tmp_path: Path):
    write_shouting(tmp_path / "data")
    handbook = Handbook(DataFolder(tmp_path / "data"), Lake(tmp_path / "nothing"))
    parts = handbook.document("plants", "en").parts
    prose = "".join(html_of_markdown(part.markdown) for part in parts if isinstance(part, Prose))
    headings = re.findall("<h2>(.*?)</h2>", prose)
    assert SIGNS in map(html.unescape, headings)
    assert f"Answers for it: {SIGNS}." in html.unescape(prose)


def test_a_column_of_which_nothing_is_stated_is_set(tmp_path: Path):
    write_shouting(tmp_path / "data")
    data, lake = DataFolder(tmp_path / "data"), Lake(tmp_path / "nothing")
    accept_company(data, lake)
    names = Names(lake.path / "accepted" / "company")
    document = Handbook(data, lake).document("engineer", "zh")
    ((caption, rows),) = tables(document)
    since = [row[2] for row in rows]
    assert (caption, since) == ("收集内容", ["–", "–"])  # its maps don't say since when they hold
    heading = {"text": "现行版式始于", "width": ""}
    blank = DocumentTable(caption, "", "", [heading], [[{"text": ""}]])
    assert heading["text"] in typst_source(replace(document, parts=[blank]), names)


def test_a_process_of_a_like_name_is_not_named(tiny_company: TinyCompany, tmp_path: Path):
    process = {
        "process_id": "mill_old_boiler", "facility_id": "mill", "stage_code": "boiler",
        "process_type": "production",
    }  # fmt: skip
    path = tiny_company.path / "company" / "processes.csv"
    own = {**process, "process_id": "mill_boiler", "name_en": "Boiler"}
    write_csv(path, [own, {**process, "name_en": "Old boiler"}])
    path = tiny_company.path / "maps" / "stage_boiler.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(": mill_boiler", ": '{facility}_boiler'"), encoding="utf-8")
    handbook = Handbook(DataFolder(tiny_company.path), Lake(tmp_path / "nothing"))
    named = {
        row[3]
        for caption, rows in tables(handbook.document("plants", "en"))
        if "what each cell is" in caption
        for row in rows
    }
    assert named == {"Boiler"}


def test_it_needs_a_round(tiny_company: TinyCompany, tmp_path: Path):
    columns = ("round", "opens_on", "closes_on", "first_month", "last_month", "expected")
    write_csv(tiny_company.path / "rounds.csv", [], columns)
    with pytest.raises(PageError, match="no round yet"):
        write_handbook(DataFolder(tiny_company.path), Lake(tmp_path), tmp_path / "out")


def test_every_command_that_it_names_is_there():
    known = {" ".join(spelled(command)) for commands in COMMANDS.values() for command in commands}
    named = [shlex.split(text) for text in COMMAND.findall(WORDS.read_text(encoding="utf-8"))]
    assert len(named) > 30
    for words in named:
        assert {words[0], " ".join(words[:2])} & known, words
    makes = set(re.findall(r"`make (\w+)`", WORDS.read_text(encoding="utf-8")))
    targets = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert makes and all(f"\n{name}:" in targets or f" {name}:" in targets for name in makes)
