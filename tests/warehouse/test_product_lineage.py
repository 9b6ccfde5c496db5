"""From a product to the cells and factors behind it, and back, as dbt_project/README.md asks."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from tests.built import Builder

ROOT = Path(__file__).parents[2]
OF_THE_EXAMPLE = {"rpsf_raw_white": "fibre", "'2021'": "'2023'"}
"""What the README asks of its example company, and what is asked of the company here."""


def readme_queries() -> dict[str, str]:
    """The README's questions about coefficients, by their first comment."""
    text = (ROOT / "dbt_project" / "README.md").read_text(encoding="utf-8")
    block = re.search(r"Questions to start with:\n\n```sql\n(.*?)```", text, re.DOTALL)
    assert block
    queries = [part.strip() for part in block[1].split(";\n")]
    return {
        re.match(r"-- (.*)", query)[1]: query  # type: ignore[index]
        for query in queries
        if "product_coefficients" in query
    }


@pytest.fixture(scope="module")
def marts(built: Builder):
    """The published marts of a mill whose waste goes back into its extruder."""
    with duckdb.connect() as connection:
        path = built("spinning_with_regrind").published / "marts.duckdb"
        connection.execute(f"attach '{path}' as carbonloom (read_only)")
        connection.execute("use carbonloom.marts")
        yield connection


def asked(query: str, **literals: str) -> str:
    """A README query about this company."""
    for old, new in {**OF_THE_EXAMPLE, **literals}.items():
        query = query.replace(old, new)
    return query


def test_the_cells_and_factors_of_a_product_add_up_to_its_footprint(marts):
    query = readme_queries()["which cells and factors make a product's footprint"]

    rows = marts.execute(asked(query)).fetchall()

    (inventory,) = marts.execute(
        "select sum(location_based_kgco2e_per_declared_unit) from product_contributions "
        "where product_id = 'fibre' and reference_period = '2023' and origin = 'inventory'"
    ).fetchall()[0]
    assert {row[5] for row in rows if row[5]}, "no factor version behind the product"
    assert all(row[0].startswith("rounds/") for row in rows)
    assert sum(row[-1] for row in rows) == pytest.approx(inventory, rel=1e-12)
    assert inventory == pytest.approx(2 + 0.520833333333333 + 0.25, rel=1e-9)


def test_what_moves_if_a_cell_or_a_factor_changes_is_the_same_rows_read_backwards(marts):
    (comment,) = (name for name in readme_queries() if name.startswith("the other way"))
    query = readme_queries()[comment]
    file, cell, factor = marts.execute(
        "select source_file, source_cell, factor_version_id from lineage "
        "where flow_id = 'flake' order by all limit 1"
    ).fetchall()[0]

    by_cell = marts.execute(
        re.sub(
            r"\(l\.source_file, l\.source_cell\) = \(.*?\)",
            f"(l.source_file, l.source_cell) = ('{file}', '{cell}')",
            asked(query),
        )
    ).fetchall()
    by_factor = marts.execute(
        re.sub(
            r"and \(l\.source_file.*\n *-- and l\.factor_version_id = '.*'",
            f"and l.factor_version_id = '{factor}'",
            asked(query),
        )
    ).fetchall()

    moved = {(product, period): kgco2e for product, period, kgco2e in by_factor}
    # fresh flake is 1 kg a kg of fibre at 2 kgCO2e, whatever goes round: 1 % of it is 0.02
    assert moved["fibre", "2023"] == pytest.approx(0.02, rel=1e-9)
    periods = {period for _, period, _ in by_cell}
    assert "2023" in periods and len(periods) == 2, "a cell moves its month and its year"
    assert all(0 < kgco2e <= 0.02 + 1e-12 for _, _, kgco2e in by_cell)
