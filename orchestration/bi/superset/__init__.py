"""The published marts in Apache Superset: datasets, metrics and one dashboard to import there.

What stands in `bundle/` is Superset's own export format, so that a dashboard changed there can be
exported into it. It is written for the schema that `carbonloom postgres` fills; here it gets the
place of the marts and becomes the file that Superset imports. Each place has datasets, charts and a
dashboard of its own, since Superset keeps those whose UUID it knows as they are.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from orchestration.bi.asking import NoMartsError
from orchestration.lake.warehouse import MARTS_FILE

BUNDLE = Path(__file__).with_name("bundle")
DASHBOARD = "dashboards/carbonloom.yaml"
SCHEMA = "carbonloom"
"""Of the marts, as the files of the bundle write it."""

DUCKDB_SCHEMA = "marts"
DUCKDB_COPY = "carbonloom.duckdb"
"""Not called like the schema in it, or `marts.lineage` could mean either."""

NAME = re.compile(r"[a-z_][a-z0-9_]*")
ANY_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class SchemaNameError(Exception):
    """A schema that SQL has to quote."""


def files_for(url: str, schema: str) -> dict[str, dict[str, Any]]:
    """The files of the bundle by their path, for marts in a schema of this database.

    `url`: as SQLAlchemy writes it.
    """
    if not NAME.fullmatch(schema):
        raise SchemaNameError(f"--schema {schema}: small letters, digits and _ only.")
    place = f"{without_password(url)} {schema}"  # with another password it is the same place
    return {path: _placed(content, url, schema) for path, content in _read(place)}


def queries() -> list[str]:
    """What the datasets read, of tables under their own names."""
    return [
        content["sql"].replace(f"{SCHEMA}.", "") for _, content in _read("") if "sql" in content
    ]


def as_zip(files: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The files as Superset imports them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            text = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
            archive.writestr(f"carbonloom/{path}", text)
    return packed.getvalue()


def copy_for_superset(folder: Path, out: Path) -> str:
    """A copy of the marts of a publication or release under another name; returns its URL.

    Who has the copy before it open keeps that.

    Raises:
        NoMartsError: the folder holds no marts.
    """
    source, target = folder / MARTS_FILE, (out / DUCKDB_COPY).resolve()
    if not source.exists():
        raise NoMartsError(f"{source}: no such file. `carbonloom run` publishes there.")
    out.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    shutil.copyfile(source, draft)
    draft.replace(target)
    return f"duckdb:///{target}"


def without_password(url: str) -> str:
    """A database URL as it may be shown."""
    scheme, _, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}://{who.partition(':')[0]}{at}{where}"


def _read(place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each file by its path, with UUIDs of this place."""

    def placed(found: re.Match[str]) -> str:
        return str(uuid5(UUID(found[0]), place))

    for path in sorted(BUNDLE.rglob("*.yaml")):
        text = ANY_UUID.sub(placed, path.read_text(encoding="utf-8"))
        yield path.relative_to(BUNDLE).as_posix(), yaml.safe_load(text)


def _placed(content: dict[str, Any], url: str, schema: str) -> dict[str, Any]:
    """A file with the place of the marts, where it says one."""
    placed = dict(content)
    if "sqlalchemy_uri" in content:
        placed["sqlalchemy_uri"] = url
        placed["database_name"] = f"carbonloom {without_password(url)}"
        if url.startswith("duckdb:"):
            placed["extra"] = {
                **content["extra"],
                "engine_params": {"connect_args": {"read_only": True}},
            }
    if "sql" in content:
        placed["schema"] = schema
        placed["sql"] = re.sub(rf"\b{SCHEMA}\.(?=\w)", f"{schema}.", content["sql"])
    return placed
