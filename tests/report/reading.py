"""What a page says, as its reader downloads it."""

from __future__ import annotations

import base64
import csv
import io
import re
from html import unescape
from pathlib import Path

DOWNLOAD = re.compile(r'href="data:text/csv[^,]*,([^"]*)" download="([^"]*)\.csv"')


def downloads(page: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of each CSV of a page, by its name: page and query, `index_changes`."""
    text = page.read_text(encoding="utf-8")
    found = {}
    for address, name in DOWNLOAD.findall(text):
        content = base64.b64decode(unescape(address)).decode("utf-8-sig")
        found[name] = list(csv.DictReader(io.StringIO(content, newline="")))
    return found
