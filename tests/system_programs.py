"""Programs beside Python that some tests use as people do: LibreOffice, Chromium, PostgreSQL.

A machine that lacks one skips those tests and says which package brings them back. Where every test
counts (CARBONLOOM_EVERY_TEST=1, as `.ci/run` sets), a missing program is a failure.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PACKAGES = {"soffice": "libreoffice-calc", "chromium": "chromium"}
SERVERS = Path("/usr/lib/postgresql")
"""Where Debian keeps a server's programs, off the path, by version."""


def system_program(name: str) -> str:
    """Where the program is; the test is skipped, or fails, without it."""
    kept = sorted(SERVERS.glob(f"*/bin/{name}"))
    path = shutil.which(name) or (str(kept[-1]) if kept else None)
    if path is None:
        reason = f"{name} is missing: install Debian's {PACKAGES.get(name, 'postgresql')}"
        if os.environ.get("CARBONLOOM_EVERY_TEST"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
