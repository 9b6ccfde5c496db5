"""Published worked examples through the public command, one company's data folder each.

Every folder beside this file is a complete company with stages, processes, flows, units and
factors of its own. `expected.csv` holds the answers, where they are published, and how they come
about. It names the mart and its row; or, for the factory alone, facility, category and period,
where a blank process means the row of `facility_inventory`. Everything that people make of figures
is made of each of them: status, report, documents, exchange, tables, the next round's templates.
"""

from __future__ import annotations

import csv
import html
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.built import Builder, take_the_form
from tests.worked_examples.intervals import assert_intervals_are_of_published_figures
from tests.worked_examples.life import (
    Life,
    everything_is_signed,
    is_corrected_late,
    is_read_by_everybody,
    is_released,
    is_verified,
    questions_of_the_readme_are_answered,
    tells_what_changed,
    what_if_moves_it,
)
from tests.worked_examples.odd_companies import OddCompany, write_nameless, write_shouting

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BROKEN = "broken_hand_in"
EXPLOSIVE = "explosive_loop"
OF_ANY_FORM = "two_process_loop"
COMPANIES = sorted(path.parent.name for path in HERE.glob("*/rounds.csv"))
NAME = re.compile(r"[a-z0-9_]+")

NO_PRODUCT = 2, "no footprint of any product"
NO_YEAR = 0, "fewer than 12 months"
EXCHANGED = {
    "cn_grid_average": (1, "declared unit m3: the mass of one is not known"),
    "co_products_by_mass": NO_YEAR,
    "co_products_by_price": NO_YEAR,
    "heijungs_suh": NO_YEAR,
    "pact_bottle": NO_YEAR,
    "pet_incineration": NO_YEAR,
    "product_system": NO_YEAR,
    "spinning_with_regrind": NO_YEAR,
    "two_process_loop": NO_YEAR,
}
"""How the exchange ends, and why there is no record."""

PLACE = ("mart", "row", "facility_id", "process_id", "period", "ghg_category")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV's lines."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column_of_row(connection: duckdb.DuckDBPyConnection, row: dict[str, str]) -> float | str | None:
    """What the named mart says in the rows that `row` describes (`column=value`, parted by `;`).

    Numbers of several rows are added up; None where there is no row.
    """
    filters = dict(part.split("=", 1) for part in row["row"].split(";"))
    names = [row["mart"], row["column"], *filters]
    assert all(NAME.fullmatch(name) for name in names), names
    where = " and ".join(f"cast({name} as varchar) = ${i}" for i, name in enumerate(filters, 1))
    sql = f"select {row['column']} from marts.marts.{row['mart']} where {where}"
    found = [value for (value,) in connection.execute(sql, [*filters.values()]).fetchall()]
    if not found:
        return None
    return found[0] if isinstance(found[0], str) else sum(found)


def column_of_category(
    connection: duckdb.DuckDBPyConnection, row: dict[str, str]
) -> float | str | None:
    """A figure of the factory: by process where a process or month is named, else of the year."""
    column = row["column"]
    assert NAME.fullmatch(column)
    if row["process_id"] or len(row["period"]) == 7:
        sql = f"""
            select sum({column}) from marts.marts.emissions_by_process
            where facility_id = $1 and ghg_category = $2
                and starts_with(cast(period_month as varchar), $3)
                and ($4 = '' or process_id = $4)
        """
    else:
        sql = f"""
            select {column} from marts.marts.facility_inventory
            where facility_id = $1 and ghg_category = $2
                and cast(inventory_year as varchar) = $3 and $4 = ''
        """
    values = [row[name] for name in ("facility_id", "ghg_category", "period", "process_id")]
    found = connection.execute(sql, values).fetchone()
    return None if found is None else found[0]


def agrees(figure: float | str | None, row: dict[str, str]) -> bool:
    """Whether a figure is the expected one: a number within its tolerance, a text to the letter."""
    if row["expected"] == "none":
        return figure is None
    if isinstance(figure, str):
        return figure == row["expected"]
    wanted, tolerance = float(row["expected"]), float(row["tolerance_relative"])
    return figure is not None and math.isclose(figure, wanted, rel_tol=tolerance, abs_tol=1e-12)


def differences(marts: Path, expected: list[dict[str, str]]) -> list[str]:
    """One line for every figure that is not the published one."""
    lines = []
    with duckdb.connect(str(marts), read_only=True) as connection:
        for row in expected:
            ask = column_of_row if "mart" in row else column_of_category
            figure = ask(connection, row)
            if not agrees(figure, row):
                place = " ".join(text for name, text in row.items() if name in PLACE and text)
                lines.append(
                    f"{row['example']}: {row['column']} of {place} is {figure}, expected "
                    f"{row['expected']} ({row['calculation']}; {row['source']})"
                )
    return lines


@pytest.mark.parametrize("company", [name for name in COMPANIES if name not in (BROKEN, EXPLOSIVE)])
def test_published_answer_and_everything_that_is_made_of_it(
    company: str, built: Builder, tmp_path: Path, server: str | None
) -> None:
    life = Life.after_its_run(built(company), tmp_path)

    assert differences(life.marts, rows(HERE / company / "expected.csv")) == []
    assert_intervals_are_of_published_figures(life.marts)
    is_read_by_everybody(life, tmp_path, server, EXCHANGED.get(company, NO_PRODUCT))
    everything_is_signed(life)
    is_verified(life, is_released(life, 1))


def test_a_refused_hand_in_is_named_cell_by_cell(
    tmp_path: Path, server: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life.of(HERE / BROKEN, tmp_path)
    told = life.with_data("run", ends=1)

    file = "rounds/2025-04/hull/washing.xlsx"
    for row in rows(HERE / BROKEN / "refused.csv"):
        place = f"{file} {row['sheet']}!{row['cell']}"
        assert place in told, f"{place} ({row['what']}) is not named"
    assert differences(life.marts, rows(HERE / BROKEN / "expected.csv")) == []

    # with nothing changed nothing is done, and what was refused is still told
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.commands.running.run_rounds", None)
        again = life.with_data("run", ends=1)
    assert "Nothing changed since the run of" in again
    assert "hull/washing (2025-04): refused" in again

    is_read_by_everybody(life, tmp_path, server, NO_PRODUCT)
    everything_is_signed(life)
    told = life.with_data("release", "--round", life.rounds[-1], ends=1)
    assert "hull/washing: refused with 4 critical findings" in told


def test_a_loop_without_an_end_is_refused_and_its_processes_are_named(
    built: Builder, tmp_path: Path, server: str | None
) -> None:
    company = built(EXPLOSIVE, ends=1)
    life = Life.after_its_run(company, tmp_path)

    assert "kettle, still" in " ".join(company.said.split())
    assert differences(life.marts, rows(HERE / EXPLOSIVE / "expected.csv")) == []
    is_read_by_everybody(life, tmp_path, server, NO_YEAR)


@pytest.mark.parametrize("write", [write_nameless, write_shouting])
def test_the_whole_life_of_an_odd_company(
    write: Callable[[Path], OddCompany], built: Builder, tmp_path: Path, server: str | None
) -> None:
    """To its second release; the others stop at the first or before, for the time that it takes."""
    company = write(tmp_path / "company")
    life = Life.of(company.data, tmp_path)
    take_the_form(built(OF_ANY_FORM), life.warehouse)
    told = life.with_data("run")
    assert company.name in " ".join(told.split())
    assert life.total() == pytest.approx(company.kgco2e)
    is_read_by_everybody(life, tmp_path, server, company.exchanged)
    for page in (tmp_path / "documents").glob("ghg-inventory-*.html"):
        words = html.unescape(re.sub("<[^>]+>", "", page.read_text(encoding="utf-8")))
        assert company.name in words, page.name
    life.with_warehouse("dictionary")
    life.with_data("handbook")
    everything_is_signed(life)
    first = is_released(life, 1)
    is_verified(life, first)
    assert company.name in (first / "README.md").read_text(encoding="utf-8")
    what_if_moves_it(life, company.changed)

    is_corrected_late(life, company.correction)
    second = is_released(life, 2)

    told = life.carbonloom("verify", "--sample", second)
    assert f"The file says {company.correction['old_value']}: see corrections.csv" in told
    pages = [page.read_text(encoding="utf-8") for page in second.glob("audit/inventory_*.html")]
    typed = f"<i lang=en>in the file: </i>{company.correction['old_value']})"
    assert sum(page.count(typed) for page in pages) == 1
    assert life.total() == pytest.approx(company.corrected_kgco2e)
    change = company.corrected_kgco2e - company.kgco2e
    tells_what_changed(life, first, second, tmp_path / "changes", change)
    questions_of_the_readme_are_answered(life)


def test_workbooks_are_what_the_script_writes(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "make_workbooks.py"), str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.xlsx")}
    committed = {path.relative_to(HERE): path.read_bytes() for path in HERE.rglob("*.xlsx")}
    assert written == committed


def test_every_answer_says_where_it_is_published() -> None:
    lines = [
        (company, row) for company in COMPANIES for row in rows(HERE / company / "expected.csv")
    ]
    unexplained = [
        (company, row["example"])
        for company, row in lines
        if not (row["example"] and row["calculation"] and row["source"])
    ]

    assert unexplained == []
    assert len({row["example"] for _, row in lines}) >= 12


def test_minimal_company_of_the_documentation_is_a_worked_example() -> None:
    """The copy-paste company of raw_data/README.md is the folder that is run here."""
    text = (REPOSITORY / "raw_data" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^`([^`\n]+)`\n\n```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    folder = HERE / "cn_grid_average"
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "expected.csv"
    }

    assert dict(blocks) == files
