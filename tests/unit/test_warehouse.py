"""The one door to SQL: its settings, and that nobody goes round it."""

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import (
    ONE_THREAD,
    Connection,
    Warehouse,
    engine,
    published_marts,
    tables_in,
)

ROOT = Path(__file__).parents[2]


def setting(connection: Connection, name: str) -> object:
    return connection.execute("select current_setting($1)", [name]).fetchall()[0][0]


@pytest.fixture
def lake(tmp_path) -> Lake:
    lake = Lake(tmp_path / "it's a warehouse")
    with Warehouse(lake).writing() as connection:
        connection.execute("create schema marts; create table marts.figures as select 1.5 as kg")
    return lake


def test_every_door_leads_to_the_same_settings(lake):
    doors = (engine, lambda: published_marts(lake.working_file), Warehouse(lake).reading)
    for door in doors:
        with door() as connection:
            assert setting(connection, "autoload_known_extensions") is False
            assert setting(connection, "autoinstall_known_extensions") is False
    with engine(ONE_THREAD) as connection:
        assert setting(connection, "threads") == 1


def test_who_reads_does_not_write(lake):
    assert Warehouse(lake).is_built
    for opened in (Warehouse(lake).reading(), published_marts(lake.working_file)):
        with opened as connection:
            assert tables_in(connection, "marts") == {"figures"}
            assert connection.execute("from marts.figures").fetchall() == [(1.5,)]
            with pytest.raises(duckdb.InvalidInputException):
                connection.execute("drop table marts.figures")


def test_nobody_else_opens_an_engine():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("orchestration", "expectations")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.parts[-2:] != ("lake", "warehouse.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"duckdb\.(connect|sql|execute|DuckDBPyConnection)\b", line)
    ]
    assert found == []
