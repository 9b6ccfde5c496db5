"""The report opens from a folder, without a server or a network, on a desk, a phone and paper."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
from html import unescape
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from orchestration.lake.paths import Lake
from orchestration.report.formats import number
from orchestration.report.writing import write_report, write_report_into
from tests.built import EXAMPLE, Builder

WIDTHS = (1280, 390)
EVERY_CHART_FITS = """() => [...document.querySelectorAll('.plot')].every(plot => {
  const drawn = plot.querySelector('svg');
  return drawn && drawn.clientWidth > 0 && drawn.clientWidth <= plot.clientWidth;
})"""
BLOCK = re.compile(
    r'aria-label="SQL(?:: |：)[^"]*"><code>(.*?)</code>.*?href="data:text/csv[^,]*,([^"]*)"', re.S
)


WHISKERS = """() => {
  const place = path => path.getBoundingClientRect();
  const drawn = title => [...document.querySelectorAll('figure')].find(
    one => one.querySelector('h3').textContent === title);
  const paths = [...drawn('Cradle to gate, with intervals').querySelectorAll('svg path')];
  const middle = box => box.top + box.height / 2;
  const bars = paths.filter(path => ['#17624f', '#e0a030'].includes(path.getAttribute('fill')))
    .map(place).filter(box => box.width > 40);
  const lines = paths.filter(path => path.getAttribute('stroke') === '#1d2a2a').map(place);
  const along = lines.filter(box => box.width > box.height);
  return {bars: bars.length, ends: lines.length - along.length, along: along.length,
    each_at_the_end_of_its_bar: along.every(line => bars.some(bar =>
      Math.abs(middle(bar) - middle(line)) < 1
      && line.left < bar.right && bar.right < line.right))};
}"""


def pages_of(site: Path, language: str) -> list[Path]:
    return sorted((site / language).glob("*.html"))


def opened(browser: Browser, path: Path) -> tuple[Page, list[str]]:
    """The page with the network off, and all it complains of or asks for."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, offline=True)
    page = context.new_page()
    troubles: list[str] = []
    page.on(
        "console",
        lambda message: (
            troubles.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:"))
            else troubles.append(f"asked for {request.url}")
        ),
    )
    page.goto(path.as_uri())
    return page, troubles


def test_both_languages_have_the_same_pages(site: Path):
    names = {
        language: [path.name for path in pages_of(site, language)] for language in ("en", "zh")
    }
    assert names["en"] == names["zh"]
    assert {"index.html", "factory-2023.html", "reconciliation-2023.html"} <= set(names["en"])
    assert any(name.startswith("product-") for name in names["en"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_draws_without_a_network_and_fits(browser: Browser, site: Path, language: str):
    for path in pages_of(site, language):
        page, troubles = opened(browser, path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
            page.wait_for_function(EVERY_CHART_FITS)
        assert troubles == [], path.name
        page.context.close()


def test_a_whisker_stands_at_the_end_of_its_bar(browser: Browser, built: Builder):
    report = (built(EXAMPLE).warehouse / "report").resolve()
    page, troubles = opened(browser, report / "en" / "products-2021.html")
    assert page.evaluate(WHISKERS) == {
        "bars": 10,
        "ends": 20,
        "along": 10,
        "each_at_the_end_of_its_bar": True,
    }
    assert troubles == []
    page.context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_screen_reader_finds_headings_names_and_summaries(
    browser: Browser, site: Path, language: str
):
    for path in pages_of(site, language):
        page, _ = opened(browser, path)
        found = page.evaluate(
            """() => ({
              language: document.documentElement.lang,
              title: document.title,
              headings: [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1]),
              plots: [...document.querySelectorAll('.plot')].map(plot => ({
                role: plot.getAttribute('role'),
                name: document.getElementById(plot.getAttribute('aria-labelledby')).textContent,
                told: document.getElementById(plot.getAttribute('aria-describedby')).textContent,
              })),
              scopeless: document.querySelectorAll('th:not([scope])').length,
              uncaptioned: document.querySelectorAll('.scroll table:not(:has(caption))').length,
              unlabelled: [...document.querySelectorAll('input')]
                .filter(input => !input.labels.length).length,
              doubled: [...document.querySelectorAll('[id]')].map(e => e.id)
                .filter((id, place, all) => all.indexOf(id) !== place),
              landmarks: ['header', 'nav', 'main', 'footer'].every(t => document.querySelector(t)),
            })"""
        )
        where = path.name
        assert found["language"].startswith(language), where
        assert found["title"], where
        levels = found["headings"]
        assert levels[0] == 1 and levels.count(1) == 1, where
        assert all(plot["role"] == "img" and plot["name"] for plot in found["plots"]), where
        assert all(plot["told"] for plot in found["plots"]), where
        assert found["landmarks"], where
        assert (found["scopeless"], found["uncaptioned"], found["unlabelled"]) == (0, 0, 0), where
        assert found["doubled"] == [], where
        page.context.close()


def test_it_is_read_with_the_keyboard_alone(browser: Browser, site: Path):
    page, _ = opened(browser, site / "en" / "factory-2023.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    summary = page.locator(".chart summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".chart details").first.get_attribute("open") is not None
    assert page.locator(".chart details[open] table").first.is_visible()
    page.locator(".languages a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/zh/factory-2023.html")
    page.context.close()


def test_it_prints_charts_and_tables_and_nothing_to_click(browser: Browser, site: Path):
    page, _ = opened(browser, site / "zh" / "factory-2023.html")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelector('.plot svg').viewBox.baseVal.width") == 700
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelector('.plot svg').viewBox.baseVal.width") > 700
    page.emulate_media(media="print")
    assert page.locator(".plot svg").first.is_visible()
    assert page.locator("section.table table").first.is_visible()
    for what in (".top nav", ".behind", ".languages"):
        assert not page.locator(what).first.is_visible(), what
    of_a_long_table = """() => {
      const box = document.querySelector('section.table .scroll');
      box.classList.add('long');
      return getComputedStyle(box).overflowY;
    }"""
    assert page.evaluate(of_a_long_table) == "visible", "rows that paper would not show"
    cut_off = page.evaluate(
        """() => [...document.querySelectorAll('.plot')].filter(plot => {
          plot.parentElement.style.width = '600px';  // paper; no script draws anew for it
          return plot.querySelector('svg').getBoundingClientRect().width > 600;
        }).length"""
    )
    assert cut_off == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.context.close()


def test_the_sql_of_a_page_gives_the_rows_of_its_download(site: Path, warehouse: Path):
    """As shown, on marts.duckdb and nothing else."""
    with duckdb.connect() as connection:
        path = warehouse / "published" / "marts.duckdb"
        connection.execute(f"attach '{path}' as carbonloom (read_only)")
        connection.execute("use carbonloom.marts")
        compared = 0
        for page in pages_of(site, "en"):
            for sql, address in BLOCK.findall(page.read_text(encoding="utf-8")):
                text = base64.b64decode(unescape(address)).decode("utf-8-sig")
                rows = list(csv.reader(io.StringIO(text, newline="")))
                cursor = connection.execute(unescape(sql))
                columns = [column[0] for column in cursor.description]
                assert rows[0] == columns, page.name
                in_full = [
                    "" if value is None else str(value)
                    for row in cursor.fetchall()
                    for value in row
                ]
                downloaded = [value.removeprefix("'") for row in rows[1:] for value in row]
                # one query may stand behind several charts, each with its own part of the rows
                assert set(downloaded) <= {value.removeprefix("'") for value in in_full}, page.name
                compared += 1
    assert compared > 20


def test_no_page_asks_for_a_mart_that_is_not_there(site: Path):
    for page in pages_of(site, "en"):
        assert "This publication has no such table" not in page.read_text(encoding="utf-8"), page


def test_its_figures_are_those_of_the_marts(site: Path, warehouse: Path):
    with duckdb.connect() as connection:
        path = warehouse / "published" / "parquet" / "facility_inventory.parquet"
        tonnes = connection.execute(
            f"select sum(location_based_kgco2e) / 1000 from '{path}' where ghg_scope = 2"
        ).fetchall()[0][0]
    shown = (site / "en" / "factory-2023.html").read_text(encoding="utf-8")
    tile = re.search(r"Scope 2, location-based</dt><dd><b>([^<]+)</b>", shown)
    decimals = len(tile[1].partition(".")[2])
    assert tile[1] == number(tonnes, decimals)


def test_a_footprint_is_told_with_its_uncertainty(site: Path, warehouse: Path):
    marts = warehouse / "published" / "parquet"
    with duckdb.connect() as connection:
        product, low, high = connection.execute(
            f"""
            select product_id, f.kgco2e_per_declared_unit / gsd2, f.kgco2e_per_declared_unit * gsd2
            from '{marts}/product_footprints.parquet' as f
            join '{marts}/product_data_quality.parquet' using (product_id, reference_period, basis)
            where boundary = 'cradle_to_gate' and method = 'cut_off'
                and basis = 'location_based' and reference_period = '2023'
            """
        ).fetchone()
    text = (site / "en" / f"product-{product}-2023.html").read_text(encoding="utf-8")
    told = re.search(r"probability between\s+(\S+) and\s+(\S+) kgCO2e", text)
    assert told.groups() == (number(low, 3), number(high, 3))


def test_it_says_that_nobody_signed_the_figures(site: Path):
    assert "Preliminary" in (site / "en" / "index.html").read_text(encoding="utf-8")
    assert "初步结果" in (site / "zh" / "index.html").read_text(encoding="utf-8")


def test_a_page_names_the_manifest_of_its_figures(site: Path, warehouse: Path):
    sha256 = hashlib.sha256((warehouse / "published" / "manifest.json").read_bytes()).hexdigest()
    assert sha256 in (site / "zh" / "index.html").read_text(encoding="utf-8")


def test_what_has_the_focus_is_seen(browser: Browser, site: Path):
    page, _ = opened(browser, site / "en" / "factory-2023.html")
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              const at = document.activeElement, style = getComputedStyle(at);
              const box = at.getBoundingClientRect();
              return [at.outerHTML.slice(0, 80), style.outlineStyle !== 'none'
                && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.left >= 0];
            }"""
        )
        if not found[1]:
            unseen.append(found[0])
    assert unseen == []
    page.context.close()


def test_it_is_rendered_again_only_when_what_is_published_changed(warehouse: Path, tmp_path: Path):
    shutil.copytree(warehouse, tmp_path / "warehouse", symlinks=True)
    lake = Lake(tmp_path / "warehouse")
    assert not write_report(lake).is_new
    manifest = lake.published / "manifest.json"
    changed = json.loads(manifest.read_text(encoding="utf-8")) | {"note": "another"}
    manifest.write_text(json.dumps(changed), encoding="utf-8")
    assert write_report(lake).is_new


def test_the_same_marts_give_the_same_bytes(warehouse: Path, tmp_path: Path):
    written = []
    for name in ("one", "two"):
        folder = tmp_path / name
        write_report_into(
            folder, (warehouse / "published").resolve(), warehouse / "accepted" / "company"
        )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        written.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert written[0] == written[1]
    assert len(written[0]) > 20


@pytest.mark.parametrize(
    ("locale", "opened"),
    [("zh-CN", "zh/index.html"), ("en-GB", "en/index.html"), ("fr-FR", "index.html")],
)
def test_the_report_opens_in_the_language_of_its_reader(
    site: Path, browser: Browser, locale: str, opened: str
):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto((site / "index.html").as_uri())
        page.wait_for_url(f"**/{opened}")
        assert page.url == (site / opened).as_uri()
        if locale == "fr-FR":
            assert page.locator("a[hreflang=zh], a[lang=en]").count() == 2
