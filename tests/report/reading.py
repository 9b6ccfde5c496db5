"""What a page says, as its reader downloads it."""

from __future__ import annotations

import base64
import csv
import io
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

DOWNLOAD = re.compile(r'href="data:text/csv[^,]*,([^"]*)" download="([^"]*)\.csv"')


HREF = re.compile(r'(?:href|src)="([^"]*)"')
ID = re.compile(r'\bid="([^"]*)"')


def dead_links(folder: Path) -> list[str]:
    """Links between the pages of a folder that lead nowhere: to no file, or to no place in it."""
    places: dict[Path, set[str]] = {}
    dead = []
    for page in sorted(folder.rglob("*.html")):
        for address in set(HREF.findall(page.read_text(encoding="utf-8"))):
            file, _, place = unescape(address).partition("#")
            target = (page.parent / unquote(file)).resolve() if file else page
            if file.startswith("data:"):
                continue
            if place and target not in places and target.exists():
                places[target] = set(ID.findall(target.read_text(encoding="utf-8")))
            if not target.exists() or (place and place not in places[target]):
                dead.append(f"{page.name}: {address}")
    return dead


def downloads(page: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of each CSV of a page, by its name: page and query, `index_changes`."""
    text = page.read_text(encoding="utf-8")
    found = {}
    for address, name in DOWNLOAD.findall(text):
        content = base64.b64decode(unescape(address)).decode("utf-8-sig")
        found[name] = list(csv.DictReader(io.StringIO(content, newline="")))
    return found
