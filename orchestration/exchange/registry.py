"""Which records were ever given out: ids never change, and each knows the one before it.

A folder: `<product>/<year>/<id>.json`, one file a record, and `<product>/<year>/history.json`, the
ids in their order with the hash of their content. A record that was given out changes in nothing
but its status. Files are written beside their place and renamed; the history comes last, so a run
that dies is done over and ends the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("9b3f1c0e-6d0b-5a52-8d6e-0f6f3f1f7c21")
"""Of every id that is given out here; changing it would change them all."""

HISTORY = "history.json"


@dataclass(frozen=True)
class Given:
    """The record in force of a product and year, and the hash of what it said."""

    record: Mapping[str, Any]
    content_sha256: str
    release: str | None
    """The release it was calculated from, such as `2022-04 r1`; None where that isn't known."""


class Registry:
    """The records of one company that were given out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def active(self, product_id: str, year: str) -> Given | None:
        """The record in force; None before the first."""
        entries = self._history(product_id, year)
        if not entries:
            return None
        last = entries[-1]
        path = self.path_of(product_id, year, last["id"])
        record = json.loads(path.read_text(encoding="utf-8"))
        return Given(record, last["content_sha256"], last.get("release"))

    def others_active(self, product_id: str, year: str, besides: set[str]) -> tuple[str, ...]:
        """Ids of active records of the product and year, in any file of theirs."""
        found = []
        for path in sorted((self.folder / product_id / year).glob("*.json")):
            if path.name != HISTORY and path.stem not in besides:
                record = json.loads(path.read_text(encoding="utf-8"))
                if record["status"] == "Active":
                    found.append(record["id"])
        return tuple(found)

    def path_of(self, product_id: str, year: str, id_: str) -> Path:
        """File of a record."""
        return self.folder / product_id / year / f"{id_}.json"

    def give_out(
        self,
        product_id: str,
        year: str,
        record: Mapping[str, Any],
        content: str,
        previous: Mapping[str, Any] | None,
        release: str | None,
    ) -> Path:
        """Write a record, deprecate the one before it, and enter it in the history."""
        path = self.path_of(product_id, year, record["id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, record)
        if previous is not None:
            _write(self.path_of(product_id, year, previous["id"]), previous)
        entry = {"id": record["id"], "created": record["created"], "content_sha256": content}
        entry |= {"release": release} if release else {}
        _write(path.with_name(HISTORY), [*self._history(product_id, year), entry])
        return path

    def _history(self, product_id: str, year: str) -> list[dict[str, str]]:
        path = self.folder / product_id / year / HISTORY
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def content_sha256(content: Mapping[str, Any]) -> str:
    """Hash of what a record says, whoever it says it after."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def id_of(company_id: str, product_id: str, year: str, content: str, previous: str) -> str:
    """The same for the same content after the same record; a return to old content is new."""
    return str(uuid5(NAMESPACE, "\n".join((company_id, product_id, year, content, previous))))


def _write(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
