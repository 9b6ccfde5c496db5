"""`carbonloom superset` on screen."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from rich.console import Console

from orchestration.bi.superset import (
    DASHBOARD,
    DUCKDB_SCHEMA,
    SCHEMA,
    as_zip,
    copy_for_superset,
    files_for,
    without_password,
)

TRIED = "6.1.0"
"""Version of Superset that the dashboard was imported into."""

ZIP = "dashboard.zip"
DRIVERS = {"duckdb": "duckdb-engine", "postgresql": "psycopg2-binary"}
BESIDE = '"flask-caching<2.4" cachetools rich'
"""What this version of Superset needs, and doesn't name itself."""


def write_bundle(
    console: Console, folder: Path, url: str | None, schema: str | None, out: Path
) -> None:
    """Write what Superset imports, and print the commands that start it there.

    `url`: the database as SQLAlchemy writes it; without it, a copy of marts.duckdb is written.

    Raises:
        NoMartsError: the folder holds no marts.
        SchemaNameError: the schema's name is none that SQL takes unquoted.
    """
    copied = url is None
    place = copy_for_superset(folder, out) if url is None else url
    files = files_for(place, schema or (DUCKDB_SCHEMA if copied else SCHEMA))
    out.mkdir(parents=True, exist_ok=True)
    packed = out / ZIP
    packed.touch(mode=0o600)  # a URL may hold a password
    packed.write_bytes(as_zip(files))
    driver = DRIVERS.get(place.partition(":")[0].partition("+")[0], "")
    count = sum(path.startswith("charts/") for path in files)
    lines = [
        f"{packed}: {count} charts, for {without_password(place)}",
        "",
        "# once: Superset in an environment of its own",
        f'python3.11 -m venv superset && superset/bin/pip install "apache-superset=={TRIED}" '
        f"{BESIDE} {driver}".rstrip(),
        'export SUPERSET_SECRET_KEY="$(openssl rand -base64 42)"  # and keep it',
        "superset/bin/superset db upgrade && superset/bin/superset fab create-admin "
        "&& superset/bin/superset init",
        "",
        "# the dashboard",
        f"superset/bin/superset import-dashboards --path {quote(str(packed))} --username admin",
        "superset/bin/superset run -p 8088",
        f"# http://localhost:8088/superset/dashboard/{files[DASHBOARD]['uuid']}/",
    ]
    if copied:
        lines += ["", "It reads a copy: repeat this command after each run."]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
