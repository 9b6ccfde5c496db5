"""Products and factory of a generated company, through a whole run: nothing is left over."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.built import Builder
from tests.pipeline.twins import MONTHS, write_twins


def lines_of(warehouse: Path, period: str) -> dict[str, dict[str, float]]:
    """Kilograms of a period by bridge line and column."""
    path = warehouse / "published" / "parquet" / "reconciliation.parquet"
    with duckdb.connect() as connection:
        columns = [
            name
            for (name, *_) in connection.execute(
                "describe select * from read_parquet($1)", [str(path)]
            ).fetchall()
            if name.endswith(("_kg", "kgco2e"))
        ]
        sums = ", ".join(f"sum({column})" for column in columns)
        rows = connection.execute(
            f"select bridge_line, {sums} from read_parquet($1) "
            "where reference_period = $2 group by bridge_line",
            [str(path), period],
        ).fetchall()
    return {line: dict(zip(columns, values, strict=True)) for line, *values in rows}


@pytest.fixture(scope="module")
def warehouse(built: Builder) -> Path:
    """Of the generated company after its round."""
    return built("twins", write_twins).warehouse


@pytest.mark.parametrize("period", [*MONTHS, "2022"])
def test_products_and_bridge_lines_are_the_factory(warehouse: Path, period: str):
    lines = lines_of(warehouse, period)

    for column, residue in lines["residue"].items():
        assert abs(residue) < 1, column
        scale = abs(lines["inventory"][column])
        assert residue == pytest.approx(0, abs=1e-9 * scale + 1e-9), column
    for line in (
        "outside_product_boundary",
        "non_product_processes",
        "supplied_to_non_product",
        "stock_change",
        "outside_consolidation",
        "products",
    ):
        assert lines[line]["location_based_kgco2e"] != 0, line
    assert lines["exempted"]["location_based_kgco2e"] == 0
    # the workshop has no key, and moulding makes nothing in February
    assert lines["process_without_output"]["location_based_kgco2e"] < 0


def test_the_products_line_is_the_footprint_of_what_was_delivered(warehouse: Path):
    path = warehouse / "published" / "parquet" / "emissions_by_product.parquet"
    with duckdb.connect() as connection:
        footprints = dict(
            connection.execute(
                "select reference_period, sum(kgco2e_per_declared_unit * delivered_quantity) "
                "from read_parquet($1) where method = 'cut_off' and basis = 'location_based' "
                "group by reference_period",
                [str(path)],
            ).fetchall()
        )

    # in February cups are sold from stock, and only their freight is in that month's products
    for period in (MONTHS[0], "2022"):
        products = lines_of(warehouse, period)["products"]["location_based_kgco2e"]
        assert footprints[period] == pytest.approx(products, rel=1e-9)
