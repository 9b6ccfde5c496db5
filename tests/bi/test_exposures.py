"""Exposures name the marts that pages, documents, exports and macros really ask, and no others."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.bi import exposures
from orchestration.bi.asking import open_marts
from orchestration.exchange import explaining, figures
from orchestration.exchange.exchanging import read_publication
from orchestration.exchange.figures import read_footprints
from orchestration.lake.warehouse import published_marts
from orchestration.publication.descriptions import described_marts
from orchestration.publication.macros import all_macros
from orchestration.report.documents.setting import SOURCES
from orchestration.report.documents.writing import WantedDocuments, write_documents_into
from orchestration.report.marts import Marts
from orchestration.report.page_source import read_pages
from orchestration.report.site import PAGES
from orchestration.report.writing import write_report_into

RENEW = "Renew it with: python -m orchestration.bi.exposures"


def tables_of(sql: str) -> set[str]:
    """Tables a query reads, by the database's own parser and without their schema."""
    with duckdb.connect() as connection:
        return set(connection.get_table_names(sql))


@pytest.fixture(scope="module")
def listed() -> dict[str, set[str]]:
    """Tables of each exposure in the file that dbt reads: the last name of ref or source."""
    content = yaml.safe_load(exposures.FILE.read_text(encoding="utf-8"))
    return {
        one["name"]: {dependency.split("'")[-2] for dependency in one["depends_on"]}
        for one in content["exposures"]
    }


def test_the_file_is_the_one_its_readers_would_write():
    assert exposures.FILE.read_text(encoding="utf-8") == exposures.exposures_yaml(), RENEW


@pytest.fixture(scope="module")
def asked(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Tables of every query that the site and the documents ran, by the exposure it belongs to."""
    found: dict[str, set[str]] = defaultdict(set)
    real, what = Marts.run, ["page"]

    def heard(self: Marts, name: str, sql: str, parameters: Any = None) -> Any:
        result = real(self, name, sql, parameters)
        page = name.partition(".")[0].replace("-", "_") if "." in name else ""
        found[f"{what[0]}_{page}" if page else "report"] |= tables_of(result.sql)
        return result

    out, company = tmp_path_factory.mktemp("asked"), warehouse / "accepted" / "company"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Marts, "run", heard)
        write_report_into(out / "site", warehouse / "published", company)
        what[0] = "document"
        write_documents_into(out / "documents", warehouse / "published", company, WantedDocuments())
        # what is left out for this company, which has no initiatives, is asked all the same
        shown = {"year": 2023, "older_release": "", "newer_release": ""}
        with Marts(warehouse / "published", company) as marts:
            for what[0], folder in (("page", PAGES), ("document", SOURCES)):
                for page in read_pages(folder):
                    for name, sql in page.queries.items() if page.needs else ():
                        marts.run(f"{page.name}.{name}", sql, shown)
    return found


def test_a_page_depends_on_what_it_asks(asked, listed):
    workbook = asked.pop("document_workbook")  # besides all of each mart
    assert workbook <= listed["marts_workbook"]
    of_pages = {name: set(marts) for name, marts in listed.items() if name in asked}
    assert len(of_pages) > 10
    assert asked == of_pages
    unheard = {name for name in listed if name.startswith(("page_", "document_"))} - asked.keys()
    assert unheard == set()


def test_pact_records_depend_on_what_is_asked_for_them(warehouse, listed, monkeypatch):
    asked: set[str] = set()
    real = figures.query

    def heard(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> Any:
        asked.update(tables_of(sql.replace("?", "null")))
        return real(connection, sql, *values)

    monkeypatch.setattr(figures, "query", heard)
    marts = warehouse / "published" / "marts.duckdb"
    assert read_footprints(marts, "market_based")
    assert read_publication(marts)
    with published_marts(marts) as connection:  # what is asked where a figure was restated
        explaining._pairs(connection, "older", "newer")
        explaining._moved(connection, [("older", "newer")], "product", "2021", "market_based")
    assert asked == listed["pact_records"]


def test_a_macro_depends_on_what_it_asks_and_whole_copies_on_everything(warehouse, listed):
    with open_marts(warehouse / "published") as marts:
        for macro in all_macros():
            body = macro.statement.partition("as table")[2].rstrip().rstrip(";")
            assert tables_of(body) == listed[f"macro_{macro.name}"], macro.name
        tables = marts.execute(
            "select table_name from duckdb_tables() where database_name = 'carbonloom'"
        ).fetchall()
    for name in ("postgres", "sql", "marts_workbook"):
        assert listed[name] == {name for (name,) in tables} == set(described_marts())
