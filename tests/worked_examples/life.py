"""What a company's people do one after the other on the command line, and what must come of it.

A life is one data folder and one warehouse. Each step asserts what its reader needs; nothing is
calculated twice, so that a company's later steps cost little beside its first run.
"""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import psycopg
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.ingest.mapping import read_hand_in
from orchestration.lake.places import REPOSITORY
from tests.built import Built, write_worked
from tests.conftest import write_csv
from tests.report.reading import dead_links

ON_MARTS = REPOSITORY / "dbt_project" / "README.md"
ON_RELEASES = REPOSITORY / "orchestration" / "release" / "README.md"
ROUND_OF_README = "2022-04"
NO_VALUE = re.compile(r">\s*None\s*<|\bNone (t|kg|tCO2e|kgCO2e|months)\b|\bnan\b|\bNaN\b")
"""What a figure that isn't one looks like; None begins sentences, too."""
CORRECTION = (
    "file",
    "sheet",
    "cell",
    "old_value",
    "new_value",
    "reason",
    "decided_by",
    "decided_on",
)


@dataclass(frozen=True)
class Life:
    """A company's data folder and warehouse."""

    data: Path
    warehouse: Path

    @classmethod
    def of(cls, company: Path, folder: Path) -> Life:
        """Of a copy of a company's data folder, before its first run."""
        write_worked(company, folder / "data")
        return cls(folder / "data", folder / "warehouse")

    @classmethod
    def after_its_run(cls, built: Built, folder: Path) -> Life:
        """Of a company whose rounds were run in this session: a copy, to go on with."""
        copy = built.copy(folder)
        return cls(copy.data, copy.warehouse)

    @property
    def rounds(self) -> list[str]:
        """In their order."""
        return [one.round for one in DataFolder(self.data).rounds]

    @property
    def marts(self) -> Path:
        """What is published."""
        return self.warehouse / "published" / "marts.duckdb"

    def carbonloom(self, *words: str | Path, ends: int = 0) -> str:
        """What a command says; it ends with this exit code, and never by a fault of ours."""
        result = CliRunner().invoke(app, [str(word) for word in words])
        told = f"carbonloom {' '.join(map(str, words))} ended with {result.exit_code}"
        assert result.exit_code == ends, f"{told}: {result.output}\n{result.exception!r}"
        return result.output

    def with_data(self, *words: str | Path, ends: int = 0) -> str:
        """A command that reads both folders."""
        return self.carbonloom(
            *words, "--data", self.data, "--warehouse", self.warehouse, ends=ends
        )

    def with_warehouse(self, *words: str | Path, ends: int = 0) -> str:
        """A command that reads what is published."""
        return self.carbonloom(*words, "--warehouse", self.warehouse, ends=ends)

    def ask(self, query: str) -> list[tuple]:
        """Rows of the published marts."""
        with duckdb.connect(str(self.marts), read_only=True) as connection:
            connection.execute("use marts.marts")
            return connection.execute(query).fetchall()

    @cached_property
    def products(self) -> list[tuple[str, str]]:
        """Product and year of each footprint of a year, cut-off."""
        return self.ask(
            "select distinct product_id, reference_period from product_footprints "
            "where method = 'cut_off' and length(reference_period) = 4 order by all"
        )

    @cached_property
    def years(self) -> list[str]:
        """Years of the inventory."""
        rows = self.ask("select distinct inventory_year from facility_inventory order by all")
        return [str(year) for (year,) in rows]

    def total(self) -> float:
        """Everything that is published, location-based."""
        return self.ask("select sum(location_based_kgco2e) from emissions_by_process")[0][0]


def is_read_by_everybody(
    life: Life, folder: Path, server: str | None, exchanged: tuple[int, str]
) -> None:
    """Status, report, documents, exchange, SQL, PostgreSQL and the next round, after a run.

    `exchanged`: how the exchange ends, and what it says: a record, or why there is none.
    """
    nobody_is_called_late(life)
    report_has_every_page(life)
    documents_are_whole(life, folder / "documents")
    code, words = exchanged
    assert words in " ".join(life.with_warehouse("exchange", ends=code).split())
    macros_answer(life)
    next_round_is_opened(life, folder / "next")
    if server is not None:
        marts_are_in_postgres(life, server)


def nobody_is_called_late(life: Life) -> None:
    """The files lay there when the warehouse was begun, years after their deadline."""
    accepted = "accepted", "accepted_with_warnings", "signed"
    rows = life.ask("select state, days_late, kgco2e_at_risk from round_status")
    assert {(late, risk) for state, late, risk in rows if state in accepted} <= {(None, 0.0)}
    is_complete = all(state in accepted for state, _, _ in rows)
    told = life.with_data("status", ends=0 if is_complete else 1)
    assert bool(re.search(r"\d d\b", told)) == (not is_complete), told


def report_has_every_page(life: Life) -> None:
    """In both languages, and without a value that isn't one."""
    pages = sorted((life.warehouse / "report").rglob("*.html"))
    names = {page.relative_to(life.warehouse / "report").as_posix() for page in pages}
    for language in ("en", "zh"):
        assert f"{language}/index.html" in names
        for product, year in life.products:
            assert any(product in one and year in one for one in names), (product, year)
    for page in pages:
        text = re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not NO_VALUE.search(re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)), page


def documents_are_whole(life: Life, out: Path) -> None:
    """A report of each year and a study of each product, as HTML and PDF in both languages."""
    years = [word for year in life.years for word in ("--year", year)]
    life.with_warehouse("documents", *years, "--out", out)
    about = [f"ghg-inventory-{year}" for year in life.years]
    about += [f"product-footprint-{product}-{year}" for product, year in life.products]
    expected = {f"{one}.{language}.{form}" for one in about
                for language in ("en", "zh") for form in ("html", "pdf")}  # fmt: skip
    assert {path.name for path in out.iterdir()} == expected | {"marts.xlsx", "documents.json"}
    for page in out.glob("*.html"):
        assert not NO_VALUE.search(page.read_text(encoding="utf-8")), page.name


def macros_answer(life: Life) -> None:
    """The first questions of dbt_project/README.md, about whatever there is."""
    found = life.ask(
        "select result_id, factor_version_id from lineage where part_kgco2e <> 0 limit 1"
    )
    queries = ["from facility_inventory", "from publication"]
    for result, factor in found:
        queries += [f"from trace({_quoted(result)})", f"from what_if_factor({_quoted(factor)}, 10)"]
    for product, year in life.products[:1]:
        queries.append(f"from explain_product({_quoted(product)})")
        queries.append(f"from product_cells({_quoted(product)}, '{year}')")
    for query in queries:
        assert life.with_warehouse("sql", query, "--format", "csv").count("\n") > 1, query


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def next_round_is_opened(life: Life, folder: Path) -> None:
    """A line in the calendar, and a template for each workbook that the last round expected."""
    shutil.copytree(life.data, folder / "data")
    words = ("round", "open", "2099-01", "--data", folder / "data")
    told = life.carbonloom(*words, "--warehouse", life.warehouse, "--out", folder / "templates")
    before, new = DataFolder(folder / "data").rounds[-2:]
    assert set(before.expected) <= set(new.expected)
    assert new.months[0] > before.last_month
    assert all(hand_in in told for hand_in in new.expected)
    maps, templates = DataFolder(folder / "data").maps, folder / "templates" / new.round
    workbooks = [one for one in new.expected_hand_ins if one.is_workbook]
    for hand_in in workbooks:
        source_map = maps[hand_in.source]
        path = templates / hand_in.facility_id / f"{source_map.file}.xlsx"
        rows = read_hand_in(path, source_map, new, hand_in, templates).to_pylist()
        assert {row["row_kind"] for row in rows} <= {"reading", "no_records"}, hand_in
    assert len(list(templates.rglob("*.xlsx"))) == len(workbooks)


def marts_are_in_postgres(life: Life, server: str) -> None:
    """With as many rows as are published."""
    life.with_warehouse("postgres", "--url", server)
    tables = ("facility_inventory", "lineage", "product_footprints", "quality_results")
    with psycopg.connect(server) as connection:
        for table in tables:
            there = connection.execute(f"select count(*) from carbonloom.{table}").fetchone()
            assert there == life.ask(f"select count(*) from {table}")[0], table


def questions_of_the_readme_are_answered(life: Life) -> None:
    """They are about the example's ids, so here it is enough that each can be asked."""
    sql = ON_MARTS.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
    attached = sql.replace("warehouse/published", str(life.warehouse / "published"))
    assert attached != sql
    with duckdb.connect() as connection:
        for statement in duckdb.extract_statements(attached):
            connection.execute(statement)


# --- released -----------------------------------------------------------------------------


def release_commands() -> list[list[str]]:
    """The commands that the page on releases shows, word by word."""
    page = ON_RELEASES.read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("    carbonloom ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def everything_is_signed(life: Life, *, again: bool = False) -> None:
    """As the page on releases says, every round; `again`: the round alone."""
    lines = [words for words in release_commands() if words[0] == "sign"]
    for round_ in life.rounds:
        for words in lines[-1:] if again else lines:
            life.with_data(*(round_ if word == ROUND_OF_README else word for word in words))


def is_released(life: Life, number: int) -> Path:
    """The release of the last round, as the page on releases says, with its documents."""
    round_ = life.rounds[-1]
    (words,) = (line for line in release_commands() if line[0] == "release")
    told = life.with_data(*(round_ if word == ROUND_OF_README else word for word in words))
    assert f"round {round_}, release {number}" in told
    written = {path.suffix for path in (life.warehouse / "documents").iterdir()}
    assert {".html", ".pdf", ".xlsx"} <= written
    (label,) = life.ask("select status, round, release_number from publication")
    assert label == ("released", round_, number)
    return life.warehouse / "releases" / round_ / f"r{number}"


def is_verified(life: Life, release: Path) -> None:
    """From itself, as the page on releases says; and every link of its pages leads somewhere."""
    shown = f"warehouse/releases/{ROUND_OF_README}/r1"
    whole, sample = (line for line in release_commands() if line[0] == "verify")
    for words, verdict in ((whole, "sound"), (sample, "agrees")):
        assert shown in words
        told = life.carbonloom(*(release if word == shown else word for word in words))
        assert verdict in told
    assert dead_links(release) == []
    for page in release.rglob("*.html"):
        title = re.search("<title>(.*?)</title>", page.read_text(encoding="utf-8"))
        assert title and "<" not in title[1], page


def what_if_moves_it(life: Life, change: Sequence[str]) -> None:
    """By a tenth of a cell or a factor."""
    assert "kgCO2e" in life.with_data("what-if", *change, "--percent", "10")


def is_corrected_late(life: Life, correction: Mapping[str, str]) -> None:
    """One cell, by a line of corrections.csv; the round is approved again."""
    round_ = life.rounds[-1]
    decided = {"decided_by": "Zhou Yun", "decided_on": "2026-03-01"}
    line = {"reason": "found late", **decided, **correction}
    write_csv(life.data / "rounds" / round_ / "corrections.csv", [line], CORRECTION)
    life.with_data("run")
    everything_is_signed(life, again=True)


def tells_what_changed(life: Life, older: Path, newer: Path, out: Path, change: float) -> None:
    """By how much, and that a correction was the cause."""
    life.carbonloom("compare", older, newer, "--out", out)
    with (out / "restatements.csv").open(encoding="utf-8-sig", newline="") as file:
        rows: Sequence[Mapping[str, str]] = list(csv.DictReader(file))
    mine = [
        row for row in rows
        if row["figure_kind"] == "inventory" and row["measure"] == "location_based_kgco2e"
    ]  # fmt: skip
    assert round(sum(float(row["change"]) for row in mine), 6) == change
    assert round(sum(float(row["correction_change"]) for row in mine), 6) == change
