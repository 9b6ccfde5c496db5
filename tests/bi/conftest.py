"""A small company's published marts, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.built import Builder
from tests.system_programs import system_program

PASSWORD = "of the tests only"


@pytest.fixture(scope="session")
def warehouse(built: Builder) -> Path:
    """Of a mill whose waste goes back into its extruder, after its rounds; nobody writes there."""
    return built("spinning_with_regrind").warehouse


@pytest.fixture(scope="session")
def socket_folder() -> Iterator[Path]:
    """A server that listens on a socket in this folder only, and keeps nothing."""
    # not under pytest's folder: the server runs as another user, who may not look into that
    folder = Path(tempfile.mkdtemp(prefix="carbonloom-postgres-"))
    is_root = os.geteuid() == 0  # whom the server refuses to run as
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": ()} if is_root else {}
    if is_root:
        shutil.chown(folder, "postgres", "postgres")
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    data, log = folder / "data", folder / "log"

    def call(*command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command], cwd=folder, capture_output=True, text=True, **as_user
        )
        told = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}{told}"

    call(
        system_program("initdb"), "--pgdata", data, "--username", "owner",
        "--pwfile", folder / "password", "--auth", "scram-sha-256",
        "--encoding", "UTF8", "--no-locale", "--no-sync",
    )  # fmt: skip
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    call(system_program("pg_ctl"), "start", "-w", "-D", data, "-l", log, "-o", options)
    try:
        yield folder
    finally:
        call(system_program("pg_ctl"), "stop", "-w", "-D", data, "-m", "immediate")
        shutil.rmtree(folder)


@pytest.fixture
def owner_url(socket_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of this test's own, as its administrator."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)  # never in the URL
    server = f"host={socket_folder} user=owner"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"create role writer login password '{PASSWORD}'")
        connection.execute("create database marts owner writer")
        try:
            yield f"{server} dbname=marts"
        finally:
            connection.execute("drop database marts with (force)")
            connection.execute("drop role if exists reader, analyst, writer")


@pytest.fixture
def url(owner_url: str) -> str:
    """The same as who copies: no superuser, and not shown what others do."""
    return owner_url.replace("user=owner", "user=writer")
