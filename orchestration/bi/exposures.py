"""Who reads which mart, as dbt's exposures: every page, document, export and macro.

    python -m orchestration.bi.exposures        # writes them anew

What a reader reads is taken from its own SQL; a test compares it with the queries it really runs.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from sqlglot import exp, parse_one

from orchestration.bi import superset
from orchestration.exchange import exchanging, explaining, figures
from orchestration.lake.places import REPOSITORY
from orchestration.publication.descriptions import MARTS, described_marts
from orchestration.publication.macros import STATEMENTS, all_macros
from orchestration.report import documents, instances
from orchestration.report.page_source import Page, read_pages
from orchestration.report.site import PAGES
from orchestration.restatement.figures import CHANGES_BETWEEN

FILE = REPOSITORY / "dbt_project" / "models" / "published" / "exposures.yml"
DOCUMENTS = Path(documents.__file__).parent
SHARED = (
    instances.YEARS,
    instances.ROUNDS,
    instances.PRODUCT_YEARS,
    instances.RELEASES,
    instances.PUBLICATION,
)
"""What every page and document asks: which there are, and of what they are made."""

FROM = re.compile(r"\b(?:from|join) ([a-z_]+)")
HEADER = """\
# Who reads which mart. Written by `python -m orchestration.bi.exposures` from the SQL of the
# readers; a test compares it with what they really ask.
"""


@dataclass(frozen=True)
class Reader:
    """Something that shows marts to somebody."""

    name: str
    label: str
    kind: str
    description: str
    source: str
    marts: frozenset[str]


def readers() -> list[Reader]:
    """Every reader of the published marts."""
    everything = frozenset(described_marts())
    return [
        _reader(
            "report", "Report site · 报告网站", "dashboard",
            "What every page and document asks: which years, rounds, products and releases there "
            "are. A page's own queries are an exposure of their own.",
            instances.__file__, _of_queries(SHARED),
        ),
        *_pages(PAGES, "page", "dashboard", "A page of the report site."),
        *_pages(DOCUMENTS, "document", "analysis", "A document, as HTML and PDF."),
        _reader(
            "marts_workbook", "Workbook of all marts · 数据集工作簿", "analysis",
            "Everything published, as Excel tables with units, descriptions and sources.",
            str(DOCUMENTS / "workbook.py"), everything,
        ),
        _reader(
            "pact_records", "PACT records · PACT 数据交换", "application",
            "Product footprints as PACT version 3 records, by `carbonloom exchange`.",
            figures.__file__, _asked_in(figures, explaining, exchanging),
        ),
        *_macros(),
        _reader(
            "postgres", "PostgreSQL schema · PostgreSQL 数据集", "application",
            "Everything published, in a schema of a PostgreSQL server, by `carbonloom postgres`.",
            str(REPOSITORY / "orchestration" / "bi" / "postgres.py"), everything,
        ),
        _reader(
            "superset", "Superset dashboard · Superset 仪表板", "dashboard",
            "Scopes by month, products, hotspots, plan against target, by `carbonloom superset`.",
            superset.__file__, _of_queries(superset.queries()),
        ),
        _reader(
            "sql", "SQL prompt · SQL 查询", "notebook",
            "Everything published, to be asked in SQL by `carbonloom sql` and in marts.duckdb.",
            str(REPOSITORY / "orchestration" / "bi" / "asking.py"), everything,
        ),
    ]  # fmt: skip


def exposures_yaml() -> str:
    """The file, as dbt reads it."""
    listed = [_exposure(reader) for reader in readers()]
    return HEADER + yaml.safe_dump(
        {"exposures": listed}, sort_keys=False, allow_unicode=True, width=98
    )


def tables_in(query: str) -> frozenset[str]:
    """Tables a query reads; master data as `company.table`."""
    parsed = parse_one(query, dialect="duckdb")
    named = {cte.alias for cte in parsed.find_all(exp.CTE)}
    tables = (f"{table.db}.{table.name}".strip(".") for table in parsed.find_all(exp.Table))
    return frozenset(tables) - named


def _pages(folder: Path, what: str, kind: str, description: str) -> Iterator[Reader]:
    for page in read_pages(folder):
        yield _reader(
            f"{what}_{page.name.replace('-', '_')}",
            f"{page.title['en']} · {page.title['zh']}",
            kind,
            f"{description} {_for_each(page)}".strip(),
            str(folder / f"{page.name}.md"),
            _of_queries(page.queries.values()),
        )


def _for_each(page: Page) -> str:
    return f"One for each {page.each.replace('_', ' and ')}." if page.each else ""


def _macros() -> Iterator[Reader]:
    place = str(STATEMENTS)
    for macro in all_macros():
        yield _reader(
            f"macro_{macro.name}", macro.call, "notebook", f"Table macro: {macro.purpose}",
            place, macro.marts & frozenset(described_marts()),
        )  # fmt: skip
    yield _reader(
        "macro_changes_between", "changes_between(older_release, newer_release)", "notebook",
        "Table macro: any two releases, figure beside figure.",
        str(REPOSITORY / "orchestration" / "restatement" / "figures.py"),
        _named_in(CHANGES_BETWEEN),
    )  # fmt: skip


def _of_queries(queries: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*map(tables_in, queries))


def _asked_in(*modules: ModuleType) -> frozenset[str]:
    return frozenset().union(*(_named_in(inspect.getsource(module)) for module in modules))


def _named_in(text: str) -> frozenset[str]:
    return frozenset(FROM.findall(text)) & frozenset(described_marts())


def _reader(
    name: str, label: str, kind: str, description: str, source: str, marts: frozenset[str]
) -> Reader:
    place = Path(source).relative_to(REPOSITORY).as_posix()
    return Reader(name, label, kind, description, place, marts)


def _exposure(reader: Reader) -> dict[str, Any]:
    return {
        "name": reader.name,
        "label": reader.label,
        "type": reader.kind,
        "description": reader.description,
        "config": {"meta": {"written_in": reader.source}},
        "owner": {"name": "figures_owner of company.yml"},
        "depends_on": [_reference(table) for table in sorted(reader.marts)],
    }


def _reference(table: str) -> str:
    """A table in dbt's words: master data and what stands beside the models are sources."""
    schema, _, name = table.rpartition(".")
    if schema:
        return f"source('{schema}', '{name}')"
    is_model = any(MARTS.rglob(f"{name}.sql"))
    return f"ref('{name}')" if is_model else f"source('published', '{name}')"


if __name__ == "__main__":
    FILE.write_text(exposures_yaml(), encoding="utf-8")
