"""What is sent as a file: readable, complete in both languages, and the same bytes each time."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from html import escape, unescape
from pathlib import Path

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.report import site
from orchestration.report.documents import parts, setting, typst_markup, workbook
from orchestration.report.documents.html import html_of
from orchestration.report.documents.parts import DocumentTable, document_of
from orchestration.report.documents.pdf import pdf_of
from orchestration.report.documents.writing import WantedDocuments, write_documents_into
from orchestration.report.formats import number, significant
from orchestration.report.marts import Marts
from orchestration.report.names import Names
from orchestration.report.page_source import PageError, read_pages
from orchestration.report.rendering import html_of_markdown
from tests.built import EXAMPLE, Builder

YEAR = 2023
TAG = re.compile(r"<[^>]+>")


def text_of(html: Path) -> str:
    """What a reader of an HTML document reads."""
    return unescape(TAG.sub(" ", html.read_text(encoding="utf-8").partition("<body")[2]))


@pytest.fixture(scope="session")
def documents(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all documents of a small company, written by the command."""
    out = tmp_path_factory.mktemp("documents") / "out"
    command = ["documents", "--warehouse", str(warehouse), "--out", str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    return out


def test_every_source_can_be_read_and_has_a_chapter_in_each_language():
    for page in read_pages(setting.SOURCES):
        chapters = {
            language: [
                line.split(" ")[1]
                for block in page.blocks
                if getattr(block, "language", "") == language
                for line in block.markdown.splitlines()
                if line.startswith("##")
            ]
            for language in ("en", "zh")
        }
        assert chapters["en"] == chapters["zh"], page.name
        assert len(chapters["en"]) > 5, page.name


def test_each_document_is_there_in_both_languages_and_forms(documents: Path):
    names = {path.name for path in documents.iterdir()}
    stems = {name.split(".")[0] for name in names if name.endswith(".pdf")}
    assert f"ghg-inventory-{YEAR}" in stems
    for stem in stems:
        for end in ("en.html", "en.pdf", "zh.html", "zh.pdf"):
            assert f"{stem}.{end}" in names


def test_the_same_figures_give_the_same_bytes(documents: Path, warehouse: Path, tmp_path: Path):
    published = (warehouse / "published").resolve()
    copied = tmp_path / "elsewhere" / "r1"
    shutil.copytree(published, copied)
    company = shutil.copytree(warehouse / "accepted" / "company", copied / "accepted" / "company")
    again = write_documents_into(tmp_path / "again", copied, Path(company))
    assert again.files == {
        path.name: again.files[path.name] for path in documents.iterdir() if path.suffix != ".json"
    }
    for name in again.files:
        assert (tmp_path / "again" / name).read_bytes() == (documents / name).read_bytes(), name


def test_its_figures_are_those_of_the_marts(documents: Path, warehouse: Path):
    path = warehouse / "published" / "parquet" / "facility_inventory.parquet"
    scope_2, total = duckdb.sql(
        "select sum(case when ghg_scope = 2 then location_based_kgco2e end) / 1000,"
        f" sum(location_based_kgco2e) / 1000 from '{path}' where inventory_year = {YEAR}"
    ).fetchall()[0]
    shown = (documents / f"ghg-inventory-{YEAR}.en.html").read_text(encoding="utf-8")
    tile = re.search(r"Scope 2, location-based</dt><dd><b>([^<]+)</b>", shown)
    assert tile[1] == number(scope_2, len(tile[1].partition(".")[2]))
    assert f"{number(total, 0)} tCO2e location-based" in shown


def test_a_footprint_is_that_of_the_marts_and_its_stages_add_up(documents: Path, warehouse: Path):
    path = warehouse / "published" / "parquet" / "emissions_by_product.parquet"
    found = duckdb.sql(
        "select product_id, sum(kgco2e_per_declared_unit) filter"
        " (life_cycle_stage in ('raw_material_acquisition', 'manufacture'))"
        f" from '{path}' where basis = 'location_based' and method = 'cut_off'"
        f" and reference_period = '{YEAR}' group by product_id"
    ).fetchall()
    assert found
    for product, gate in found:
        text = text_of(documents / f"product-footprint-{product}-{YEAR}.en.html")
        assert f"cradle to gate {number(gate, 3)} kgCO2e location-based" in " ".join(text.split())


def test_preliminary_figures_say_so_in_front_and_on_each_page(documents: Path):
    for language, words in (("en", "not signed, not released"), ("zh", "未签核，未发布")):
        html = documents / f"ghg-inventory-{YEAR}.{language}.html"
        assert text_of(html).count(words) >= 2
        assert 'class="preliminary"' in html.read_text(encoding="utf-8")


def test_every_page_of_a_pdf_of_preliminary_figures_is_stamped(warehouse: Path):
    published, company = (warehouse / "published").resolve(), warehouse / "accepted" / "company"
    with Marts(published, company) as marts:
        site = setting._site(marts, published, company)
        instance = site.instances["ghg-inventory"][-1]
        for status, preliminary in (("preliminary", "true"), ("released", "false")):
            label = site.publication | {"status": status, "round": "2022-04", "release_number": 1}
            document = document_of(replace(site, publication=label), instance, "zh")
            source = typst_markup.typst_source(document, site.names)
            assert f"preliminary: {preliminary}" in source
            assert ("初步结果：未签核，未发布" in source) == (status == "preliminary")
            assert 'stamp: "初步结果"' in source  # set behind every page where preliminary


def test_a_document_asks_for_nothing_and_runs_nothing(documents: Path):
    for path in documents.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and "src=" not in text, path.name
        assert "This publication has no such table" not in text, path.name
        assert "**" not in text, f"{path.name}: emphasis that Markdown doesn't see"


def test_what_is_not_there_is_said(warehouse: Path, tmp_path: Path):
    published = (warehouse / "published").resolve()
    company = warehouse / "accepted" / "company"
    with pytest.raises(PageError, match="1999: no figures"):
        write_documents_into(tmp_path / "a", published, company, WantedDocuments(years=("1999",)))
    assert not (tmp_path / "a").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(PageError, match="something else"):
        write_documents_into(mine, published, company)
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]


def test_a_character_that_the_font_lacks_is_named():
    with pytest.raises(PageError, match=r"U\+13000"):
        pdf_of("\U00013000", made_on=date(2022, 4, 30))


def test_a_subscript_that_the_font_lacks_is_set_plain():
    set_up, made_on = '#set document(title: "t")\n', date(2022, 4, 30)
    assert pdf_of(f'{set_up}#"CO\u2082"', made_on) == pdf_of(f'{set_up}#"CO2"', made_on)


def test_a_text_is_never_markup():
    source = typst_markup._prose('A *b* #let x = "1" \\ [c] $d$ <e> @f')
    assert (
        source.count("#") == source.count('#"') + source.count("#emph") + source.count("#par") + 1
    )
    assert '\\"1\\"' in source


def test_a_word_longer_than_a_column_may_break_and_a_figure_never():
    broken = typst_markup._breakable(f"{'L' * 60} 1234567890123456")
    assert max(map(len, re.split("[ \u200b]", broken))) <= typst_markup.WIDEST_WORD
    assert "1234567890123456" in broken


def test_a_name_in_a_text_is_text():
    name = "a*b*c_d_ <i>e</i> [f](javascript:g) `h` | #1 & \\"
    text = site._text_template("Made by {{ name }}.").render(name=name)
    html = html_of_markdown(text)
    assert re.sub("<[^>]+>", "", html).strip() == f"Made by {escape(name, quote=False)}."
    assert html.count("<") == 2  # the paragraph's own


def test_bars_that_take_away_go_out_to_the_other_side_of_zero():
    low, high = parts._ends([2.0, 1.0, -1.0], stacked=True)
    assert (low, high) == (-1.0, 3.0)
    segments = parts._segments([2.0, 1.0, -1.0], True, low, high - low)
    assert segments == [(0, 0.25, 0.5), (1, 0.75, 0.25), (2, 0.0, 0.25)]
    beside = parts._segments([2.0, -1.0], False, *parts._ends([3.0, -1.0], stacked=False))
    assert beside[0][1] == beside[1][1] + beside[1][2]  # both begin at zero


def test_columns_of_figures_are_never_broken():
    headings = [{"text": "Name", "width": ""}, {"text": "tCO2e", "width": "figure"}]
    rows = [[{"text": "a long name " * 9}, {"text": "1,234,567.8"}]]
    part = DocumentTable(caption="", note="", empty="", headings=headings, rows=rows)
    columns, size = typst_markup._columns(part, [False, True])
    name, figure = (float(share) for share in re.findall(r"([\d.]+)fr", columns))
    assert figure >= typst_markup._units("1,234,567.8") and name > figure
    assert size == typst_markup.USUAL


@pytest.mark.parametrize("heading", ["Saves, location-based, tCO2e", "减排（基于位置口径）tCO2e"])
def test_a_heading_wraps_before_the_text_beside_it_has_to(heading: str):
    headings = [{"text": "Name", "width": ""}, *[{"text": heading, "width": "figure"}] * 6]
    rows = [[{"text": "a long name " * 3}, *[{"text": "1,234"}] * 6]]
    part = DocumentTable(caption="", note="", empty="", headings=headings, rows=rows)
    columns, size = typst_markup._columns(part, [False, *[True] * 6])
    name, *figures = (float(share) for share in re.findall(r"([\d.]+)fr", columns))
    assert name > 1.5 * max(figures)
    assert size == typst_markup.USUAL


@pytest.fixture(scope="session")
def book(documents: Path) -> openpyxl.Workbook:
    """The workbook as Excel's own format has it."""
    return openpyxl.load_workbook(documents / "marts.xlsx")


def test_each_mart_is_a_table_in_excel_with_its_rows(book: openpyxl.Workbook, warehouse: Path):
    parquet = warehouse / "published" / "parquet"
    marts = {path.stem for path in parquet.glob("*.parquet")}
    assert marts <= set(book.sheetnames)
    for mart in marts:
        sheet, place = book[mart], parquet / f"{mart}.parquet"
        (table,) = sheet.tables.values()
        headings, *rows = sheet[table.ref]
        columns = [cell.value for cell in headings]
        assert columns == [column.name for column in table.tableColumns], mart
        assert table.autoFilter is not None and sheet.freeze_panes, mart
        source = duckdb.sql(f"select * from '{place}'")
        assert columns == source.columns
        expected = source.fetchall()
        found = [[cell.value for cell in row] for row in rows]
        assert len(found) == max(1, len(expected)), mart  # Excel knows no table without a row
        for name, type_ in zip(source.columns, source.types, strict=True):
            if str(type_) == "DOUBLE" and expected:
                at = columns.index(name)
                assert sum(row[at] or 0 for row in found) == pytest.approx(
                    sum(row[at] or 0 for row in expected), rel=1e-12, abs=1e-12
                ), (mart, name)


def test_the_workbook_says_what_it_holds_in_which_unit_from_where(book: openpyxl.Workbook):
    contents, columns, sources = (book[name] for name in book.sheetnames[:3])
    said = " ".join(str(cell.value) for row in contents.iter_rows() for cell in row if cell.value)
    assert "not signed, not released" in said and "初步结果" in said
    listed = {row[0].value for row in contents.iter_rows(min_row=9) if row[0].value}
    assert set(book.sheetnames[3:]) <= listed
    described = {(row[0].value, row[1].value): row for row in columns.iter_rows(min_row=2)}
    inventory = described["facility_inventory", "location_based_kgco2e"]
    assert inventory[3].value == "kgco2e" and inventory[5].value
    assert sources.max_row > 1
    sheet = book["facility_inventory"]
    headings = [cell.value for cell in sheet[3]]
    at = headings.index("location_based_kgco2e")
    assert sheet[2][at].value == "kgco2e"
    shown = {row[at].number_format for row in sheet.iter_rows(min_row=4) if row[at].value}
    assert shown == {"#,##0.0"}


def test_a_mart_longer_than_a_sheet_goes_on_in_another(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workbook, "MOST_ROWS", 5)
    monkeypatch.setattr(workbook, "MOST_CHARACTERS", 40)
    target = tmp_path / "marts.xlsx"
    published = (warehouse / "published").resolve()
    with Marts(published) as marts:
        label = marts.run("publication", "select * from publication").records()[0]
        names = Names(warehouse / "accepted" / "company")
        workbook.write_workbook(marts, names, label | {"manifest_sha256": "0" * 64}, target)
        count = marts.row_count("lineage")
    book = openpyxl.load_workbook(target)
    parts = [name for name in book.sheetnames if name.startswith("lineage")]
    assert len(parts) == -(-count // 5) > 1
    rows = [row for name in parts for row in book[name].iter_rows(min_row=4, max_col=1)]
    assert len(rows) == count
    contents = {row[0].value: row for row in book[workbook.CONTENTS].iter_rows(min_row=9)}
    assert {name for name in parts if name in contents} == set(parts)
    assert contents["quality_rules"][4].value > 0  # texts that didn't fit are counted
    cut = [cell.value for row in book["quality_rules"].iter_rows(min_row=4) for cell in row]
    assert all(len(value) <= 40 for value in cut if isinstance(value, str))


def test_a_company_that_states_no_spread_is_told_so(documents: Path):
    text = text_of(documents / f"ghg-inventory-{YEAR}.en.html")
    assert "not quantified as an interval" in text
    assert "The inventory with its interval" not in text
    assert "未以区间量化" in text_of(documents / f"ghg-inventory-{YEAR}.zh.html")


@pytest.mark.parametrize(
    ("source", "about", "figure", "unit", "tables"),
    [
        ("ghg-inventory", {}, ("inventory", ""), 1000,
         ("8.1 Intervals", "The inventory with its interval", "What makes the interval wide")),
        ("product-footprint", {"product_id": "rpsf_raw_white"}, ("product", "rpsf_raw_white"), 1,
         ("The interval of the stated spreads", "Against the company's other products")),
    ],
)  # fmt: skip
def test_a_chapter_on_uncertainty_has_the_interval_of_the_marts(
    built: Builder, source: str, about: dict, figure: tuple[str, str], unit: int, tables: tuple
):
    example = built(EXAMPLE)
    accepted = example.warehouse / "accepted" / "company"
    with Marts(example.published, accepted) as marts:
        low, high = marts.run(
            "interval",
            "select low_95, high_95 from figure_uncertainty where figure_kind = $kind "
            "and subject = $subject and reference_period = '2021' and basis = 'market_based'",
            {"kind": figure[0], "subject": figure[1]},
        ).rows[0]
        company = setting._site(marts, example.published, accepted)
        (instance,) = (
            one
            for one in company.instances[source]
            if one.parameters["year"] == 2021 and about.items() <= one.parameters.items()
        )
        texts = [
            unescape(TAG.sub(" ", html_of(document_of(company, instance, language), company.names)))
            for language in ("en", "zh")
        ]
    for text in tables:
        assert text in texts[0]
    for text in texts:
        for end in (low, high):
            shown = number(end / unit, 0) if unit > 1 else significant(end)
            assert shown in text
