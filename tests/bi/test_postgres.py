"""`carbonloom postgres` against a real server: the same figures, swapped at once, nobody hurt."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from dagster import materialize
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner

from orchestration.assets.postgres import postgres_asset
from orchestration.bi import postgres
from orchestration.commands.cli import app
from orchestration.lake.places import POSTGRES_VARIABLE
from orchestration.publication.descriptions import described_marts, relations
from orchestration.resources import Folders
from tests.bi.conftest import PASSWORD

SCHEMA = "figures"


@pytest.fixture
def server(owner_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


LABEL = """
    select
        'preliminary' as status, null::varchar as round, null::int as release_number,
        ''::varchar as rounds, date '2022-05-01' as made_on
"""


def publication(folder: Path, **tables: str) -> Path:
    """A folder like a publication, with tables from queries."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'marts.duckdb'}' as marts_file")
        connection.execute("create schema marts_file.marts")
        for name, query in {"publication": LABEL, **tables}.items():
            connection.execute(f"create table marts_file.marts.{name} as {query}")
        connection.execute("detach marts_file")
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def first(tmp_path: Path) -> Path:
    query = "select 1 as edition"
    return publication(tmp_path / "first", one=query, two=query)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    query = "select 2 as edition"
    return publication(tmp_path / "second", one=query, two=query, three=query)


def rows(connection: psycopg.Connection, query: str) -> list[tuple]:
    return connection.execute(query).fetchall()


def editions(connection: psycopg.Connection) -> tuple[int, int]:
    (one,) = connection.execute("select edition from figures.one").fetchone()
    (two,) = connection.execute("select edition from figures.two").fetchone()
    return one, two


def schemas(connection: psycopg.Connection) -> set[str]:
    found = rows(connection, "select nspname::text from pg_namespace where nspname !~ '^pg_'")
    return {name for (name,) in found} - {"public", "information_schema"}


def plain(value: Any) -> Any:
    return "not a number" if isinstance(value, float) and value != value else value


def test_every_mart_is_there_to_the_last_bit_with_its_description(warehouse, url, server):
    command = ["postgres", "--url", url, "--schema", SCHEMA, "--warehouse", str(warehouse)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    with duckdb.connect() as local:
        local.execute(f"attach '{warehouse / 'published' / 'marts.duckdb'}' as m (read_only)")
        names = local.execute(
            "select table_name from duckdb_tables() where database_name = 'm'"
        ).fetchall()
        assert len(names) > 20
        for (name,) in names:
            place = SQL("select * from {} ").format(Identifier(SCHEMA, name))
            cursor = server.execute(place)
            here = local.execute(f"select * from m.marts.{name}")
            assert [c.name for c in cursor.description] == [c[0] for c in here.description]
            assert sorted(cursor.fetchall(), key=repr) == sorted(here.fetchall(), key=repr), name
    comments = rows(
        server,
        "select c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid) "
        "from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 "
        "where c.relnamespace = 'figures'::regnamespace and c.relkind = 'r'",
    )
    for table, column, comment, about in comments:
        assert about == described_marts()[table].description
        assert comment == described_marts()[table].columns[column].comment
    told = {f"{table}.{column}": comment for table, column, comment, _ in comments}
    assert told["emissions_by_hand_in.location_based_kgco2e"].endswith(
        "Unit: kgco2e. Summed over: round, hand_in, period_month."
    )

    assert "No key was declared" not in done.output
    keys = declared(server)
    assert {table for table, kind, *_ in keys if kind == "p"} == {
        name for (name,) in names if described_marts()[name].has_key
    }
    assert {(table, columns, to) for table, kind, columns, to in keys if kind == "f"} == {
        (one.mart, (one.column,), f"{SCHEMA}.{one.dimension}") for one in relations()
    }


def declared(server: psycopg.Connection) -> list[tuple]:
    """Table, kind, columns and referenced table of each key of the schema."""
    found = rows(
        server,
        "select c.conrelid::regclass::text, c.contype::text, array("
        "  select a.attname::text from unnest(c.conkey) with ordinality as k(number, place)"
        "  join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.number"
        "  order by k.place), nullif(c.confrelid, 0)::regclass::text "
        "from pg_constraint as c where c.connamespace = 'figures'::regnamespace order by 1, 2, 3",
    )
    return [
        (table.partition(".")[2], kind, tuple(columns), to) for table, kind, columns, to in found
    ]


def test_a_key_that_a_row_breaks_is_named_and_its_rows_are_copied(tmp_path, url, server):
    """As of an older release, of which nobody promised it; whoever reads sees no wrong key."""
    folder = publication(
        tmp_path / "broken",
        dim_round="select unnest(['2022-04', '2022-05']) as round",
        dim_flow="select unnest(['diesel', 'diesel']) as flow_id",
        sign_offs="select unnest(['2022-04', '2022-09']) as round, unnest([1, 2]) as source_line",
        dim_product="select 'fibre' as product_id, 'diesel' as flow_id",
        hotspots="select null::varchar as flow_id",
    )
    command = ["postgres", "--url", url, "--schema", SCHEMA, "--release", str(folder)]
    for _ in range(2):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        named = done.output.partition("No key was declared")[2].splitlines()[1:]
        assert [line.strip() for line in named if line.startswith("  ")] == [
            "dim_flow: (flow_id) tells rows apart",
            "dim_product.flow_id is found in dim_flow",
            "sign_offs.round is found in dim_round",
            "hotspots.flow_id is found in dim_flow",
        ]
        assert declared(server) == [
            ("dim_product", "p", ("product_id",), None),
            ("dim_round", "p", ("round",), None),
            ("publication", "f", ("round",), "figures.dim_round"),
            ("sign_offs", "p", ("round", "source_line"), None),
        ]
        assert len(rows(server, "select * from figures.sign_offs")) == 2


def test_the_asset_copies_what_is_published_and_says_why_it_can_not(
    warehouse, url, server, monkeypatch
):
    copied = postgres_asset()
    resources = {"folders": Folders(data="unused", warehouse=str(warehouse))}
    config = {"ops": {copied.op.name: {"config": {"schema_name": SCHEMA}}}}

    def run() -> bool:
        return materialize(
            [copied], resources=resources, run_config=config, raise_on_error=False
        ).success

    assert not run()
    monkeypatch.setenv(POSTGRES_VARIABLE, url)
    assert run()
    assert rows(server, "select status from figures.publication") == [("preliminary",)]


def test_values_keep_their_type_and_nothing_is_taken_for_null(tmp_path, url, server):
    odd = r"""
        select * from (values
            ('', 1.10::decimal(12, 2), 0.1::double, 'nan'::double, true, date '2022-01-31',
             timestamp '2022-01-31 23:59:59.123456', 9007199254740993::bigint),
            (E'a,"b"\n\\.\n\\N', null, 'inf'::double, 5e-324::double, null, null, null, null),
            ('\.', -0.01, 1.7976931348623157e308, -0.0::double, false, null, null, -1)
        ) as t(text, exact, number, other, truth, day, moment, whole)
    """
    alone = r"select unnest(['\.', '', null, 'NULL', '吨']) as text"
    folder = publication(tmp_path / "odd", odd=odd, alone=alone)
    postgres.copy_to_postgres(folder, url, SCHEMA, 0)
    found = rows(server, "select * from figures.odd")
    assert [[plain(value) for value in row] for row in found] == [
        ["", Decimal("1.10"), 0.1, "not a number", True, date(2022, 1, 31),
         datetime(2022, 1, 31, 23, 59, 59, 123456), 9007199254740993],
        ['a,"b"\n\\.\n\\N', None, float("inf"), 5e-324, None, None, None, None],
        ["\\.", Decimal("-0.01"), 1.7976931348623157e308, -0.0, False, None, None, -1],
    ]  # fmt: skip
    (kind,) = rows(server, "select pg_typeof(exact)::text || atttypmod from figures.odd, "
                   "pg_attribute where attrelid = 'figures.odd'::regclass and attname = 'exact' "
                   "limit 1")[0]  # fmt: skip
    assert kind == f"numeric{(12 << 16 | 2) + 4}"
    assert {text for (text,) in rows(server, "select text from figures.alone")} == {
        "\\.", "", None, "NULL", "吨"
    }  # fmt: skip


def test_a_second_copy_replaces_the_first_and_grants_survive(first, second, url, server):
    server.execute("create role reader login password 'x'; create role analyst")
    assert postgres.copy_to_postgres(first, url, SCHEMA, 5).is_first
    server.execute(
        "grant usage on schema figures to reader; grant select on figures.one to reader "
        "with grant option; grant select (edition) on figures.two to analyst; "
        "alter default privileges for role writer in schema figures "
        "grant select on tables to public"
    )
    assert not postgres.copy_to_postgres(second, url, SCHEMA, 5).is_first
    assert editions(server) == (2, 2)
    assert schemas(server) == {SCHEMA}
    granted = rows(
        server,
        "select has_schema_privilege('reader', 'figures', 'usage'), "
        "has_table_privilege('reader', 'figures.one', 'select with grant option'), "
        "has_table_privilege('reader', 'figures.two', 'select'), "
        "has_column_privilege('analyst', 'figures.two', 'edition', 'select'), "
        "has_table_privilege('analyst', 'figures.one', 'select'), "
        "has_table_privilege('analyst', 'figures.three', 'select')",
    )
    assert granted == [(True, True, False, True, False, True)]  # three came by default privileges
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    assert rows(server, "select to_regclass('figures.three')") == [(None,)]


@pytest.mark.parametrize("isolation", list(psycopg.IsolationLevel)[1:])
def test_who_reads_in_a_transaction_sees_one_edition_only(
    isolation, first, second, url, owner_url, server
):
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    copying = threading.Thread(target=postgres.copy_to_postgres, args=(second, url, SCHEMA, 30))
    with psycopg.connect(owner_url) as reader:
        reader.isolation_level = isolation
        seen = [reader.execute("select edition from figures.one").fetchone()[0]]
        copying.start()
        waited = time.monotonic() + 1.5  # time for several tries
        while time.monotonic() < waited:
            assert editions(server) == (1, 1)  # others read on
            time.sleep(0.1)
        seen.append(reader.execute("select edition from figures.two").fetchone()[0])
        assert seen == [1, 1]
    copying.join(20)
    assert editions(server) == (2, 2)


def test_a_snapshot_from_before_the_copy_never_meets_empty_tables(
    first, second, url, owner_url, server
):
    """The new rows are newer than what it sees, and it holds no lock on the marts yet."""
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    with psycopg.connect(owner_url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1 from pg_class").fetchall()
        with pytest.raises(postgres.PostgresError, match="still read by owner"):
            postgres.copy_to_postgres(second, url, SCHEMA, 0)
        assert editions(reader) == (1, 1)
    postgres.copy_to_postgres(second, url, SCHEMA, 0)
    assert editions(server) == (2, 2)


def test_readers_without_end_stop_the_copy_and_are_named(first, second, url, owner_url, server):
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    with psycopg.connect(owner_url) as reader:
        assert editions(reader) == (1, 1)
        process = reader.info.backend_pid
        with pytest.raises(postgres.PostgresError, match=f"owner .*process {process}"):
            postgres.copy_to_postgres(second, url, SCHEMA, 0)
    assert editions(server) == (1, 1)
    assert schemas(server) == {SCHEMA}


@pytest.mark.parametrize("at", ["_load", "_swap"])
def test_a_copy_that_fails_half_way_leaves_what_was_there(
    at, first, second, url, server, monkeypatch
):
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    whole, done = getattr(postgres, at), []

    def half(*arguments: Any) -> Any:
        result = whole(*arguments)
        done.append(at)
        if at == "_swap" or len(done) == 2:
            raise RuntimeError("the power fails")
        return result

    monkeypatch.setattr(postgres, at, half)
    with pytest.raises(RuntimeError, match="power"):
        postgres.copy_to_postgres(second, url, SCHEMA, 5)
    assert editions(server) == (1, 1)
    assert schemas(server) == {SCHEMA}
    assert rows(server, "select to_regclass('figures.three')") == [(None,)]


def test_what_a_killed_copy_left_is_cleared_away(first, second, url, server):
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    server.execute("create schema figures__loading authorization writer")
    server.execute("create table figures__loading.one (x int)")
    with pytest.raises(postgres.PostgresError, match="isn't ours"):
        postgres.copy_to_postgres(second, url, SCHEMA, 5)
    server.execute(f"comment on schema figures__loading is '{postgres.MARK}'")
    postgres.copy_to_postgres(second, url, SCHEMA, 5)
    assert editions(server) == (2, 2)
    assert schemas(server) == {SCHEMA}


def test_a_schema_of_somebody_else_is_not_touched(first, url, server):
    server.execute("create schema figures; create table figures.payroll as select 1 as x")
    told = CliRunner().invoke(
        app, ["postgres", "--url", url, "--schema", SCHEMA, "--release", str(first)]
    )
    assert told.exit_code == 1
    assert "payroll" in told.output
    assert rows(server, "select x from figures.payroll") == [(1,)]
    assert schemas(server) == {SCHEMA}


def test_an_empty_schema_with_grants_may_be_prepared_for_us(first, url, server):
    server.execute("create role reader; create schema figures authorization writer")
    server.execute(
        "alter default privileges for role writer in schema figures "
        "grant select on tables to reader"
    )
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    assert rows(server, "select has_table_privilege('reader', 'figures.one', 'select')") == [
        (True,)
    ]


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("create table figures.notes (x int)", "notes"),
        ("create view public.mine as select * from figures.one", "mine"),
        ("alter table figures.one enable row level security", "Row-level security of one"),
    ],
)
def test_what_people_put_there_or_on_top_is_never_dropped(thing, told, first, second, url, server):
    postgres.copy_to_postgres(first, url, SCHEMA, 5)
    server.execute(thing)
    with pytest.raises(postgres.PostgresError, match=told):
        postgres.copy_to_postgres(second, url, SCHEMA, 5)
    assert editions(server) == (1, 1)
    assert schemas(server) == {SCHEMA}


def test_two_copies_at_a_time_do_not_meet(first, url, server):
    server.execute("select pg_advisory_lock(hashtextextended('carbonloom figures', 0))")
    with pytest.raises(postgres.PostgresError, match="under way"):
        postgres.copy_to_postgres(first, url, SCHEMA, 5)


def test_without_a_server_or_the_password_the_command_says_so(first, url, tmp_path, monkeypatch):
    command = ["postgres", "--release", str(first), "--url"]
    nobody = CliRunner().invoke(app, [*command, f"host={tmp_path} user=owner"])
    assert (nobody.exit_code, "No such file" in nobody.output) == (2, True)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    refused = CliRunner().invoke(app, [*command, url])
    assert (refused.exit_code, "password authentication failed" in refused.output) == (2, True)
    empty = CliRunner().invoke(app, ["postgres", "--url", url, "--warehouse", str(tmp_path)])
    assert (empty.exit_code, "no such file" in empty.output) == (2, True)
