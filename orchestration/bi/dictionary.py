"""The data dictionary: dbt's own documentation of every table, as one file that needs no server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orchestration.calculation.dbt import Dbt
from orchestration.lake.paths import Lake
from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import Warehouse


class NothingCalculatedError(Exception):
    """The warehouse holds no tables to document."""


def write_dictionary(lake: Lake, out: Path) -> Path:
    """Write it, whole or not at all, and return the file.

    Nothing in it names a folder of this machine.

    Raises:
        NothingCalculatedError: there is no warehouse there.
        DbtError: dbt can't read its project; the message is dbt's own.
    """
    if not Warehouse(lake).is_built:
        raise NothingCalculatedError(f"{lake.working_file} is missing: `carbonloom run` makes it.")
    with lake.only_writer():
        manifest, catalog = Dbt(lake).documentation()
    page = _page(manifest, catalog).replace(str(lake.path), "warehouse")
    page = page.replace(str(REPOSITORY), ".")
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.write_text(page, encoding="utf-8")
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return out


def _page(manifest: dict[str, Any], catalog: dict[str, Any]) -> str:
    """dbt's page with both inside, as `dbt docs generate --static` has them; and with units.

    dbt keeps a column's unit but doesn't show it, so it goes into the text that is shown.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    for table in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        for column in table.get("columns", {}).values():
            if unit := column["meta"].get("unit"):
                column["description"] = f"{column['description'].strip()} Unit: {unit}."
    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    for placeholder, content in (("MANIFEST", manifest), ("CATALOG", catalog)):
        data = json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")
        page = page.replace(f'"{placeholder}.JSON INLINE DATA"', data)
    return page
