"""The marts as a BI tool in Python sees them: SQLAlchemy's listing, schema-qualified SQL, pandas.

Superset and others do this inside; Superset itself is asked in test_superset.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from psycopg.conninfo import conninfo_to_dict

from orchestration.bi.postgres import copy_to_postgres
from orchestration.publication.descriptions import described_marts

SCRIPT = Path(__file__).with_name("seen_by_sqlalchemy.py")


@pytest.fixture(params=["marts.duckdb", "postgres"])
def seen(request: pytest.FixtureRequest, warehouse: Path, tmp_path: Path) -> dict[str, Any]:
    """What SQLAlchemy and pandas see in one of the two."""
    published = warehouse / "published"
    # DuckDB calls the database after the file, and looks through links
    copy = shutil.copy(published / "marts.duckdb", tmp_path / "carbonloom.duckdb")
    place = [f"duckdb:///{copy}", "marts"]
    if request.param == "postgres":
        url = request.getfixturevalue("url")
        copy_to_postgres(published, url, "carbonloom", 0)
        given = conninfo_to_dict(url)
        place = [f"postgresql+psycopg://{given['user']}@/{given['dbname']}?host={given['host']}",
                 "carbonloom"]  # fmt: skip
    command = [sys.executable, str(SCRIPT), *place]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_every_mart_is_listed_and_read_with_its_descriptions_and_types(seen, warehouse):
    with duckdb.connect() as connection:
        for name, (count, *columns) in seen["frames"].items():
            file = warehouse / "published" / "parquet" / f"{name}.parquet"
            expected = connection.execute(f"select count(*) from '{file}'").fetchall()
            assert [(count,)] == expected, name
            assert columns == list(described_marts()[name].columns), name
        file = warehouse / "published" / "parquet" / "emissions_by_process.parquet"
        sums = connection.execute(
            "select facility_id, ghg_scope, sum(location_based_kgco2e) "
            f"from '{file}' group by all order by all"
        ).fetchall()
    assert set(seen["frames"]) == set(described_marts())
    mart = described_marts()["lineage"]
    assert seen["about_lineage"] == mart.description
    assert seen["comments"] == {name: column.comment for name, column in mart.columns.items()}
    assert seen["types"]["period_month"] == "date"
    assert seen["types"]["part_kgco2e"] in ("float", "double")
    assert len(sums) > 1
    assert [row[:2] for row in seen["sums"]] == [list(row[:2]) for row in sums]
    assert [row[2] for row in seen["sums"]] == pytest.approx([row[2] for row in sums], rel=1e-12)


def test_under_its_own_name_the_file_wants_three_parts_of_a_name(warehouse, tmp_path):
    """What dbt_project/docs/bi.md says of tools that write schema and table only."""
    file = warehouse / "published" / "marts.duckdb"
    copy = shutil.copy(file, tmp_path / "carbonloom.duckdb")
    count = "select count(*) from"
    with duckdb.connect(str(file), read_only=True) as connection:
        expected = connection.execute(f"{count} marts.marts.lineage").fetchall()
        with pytest.raises(duckdb.BinderException, match="Ambiguous"):
            connection.execute(f"{count} marts.lineage")
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute(f"{count} marts.lineage").fetchall() == expected
