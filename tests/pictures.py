"""`python -m tests.pictures`: the pictures of the README, made from the example company.

They show what `make demo` and `make ui` show; after a page or the graph of assets has changed, they
are made again. Chromium is needed (see tests/system_programs.py).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.lake.places import DATA, DATA_VARIABLE, REPOSITORY, WAREHOUSE_VARIABLE

PICTURES = REPOSITORY / ".github" / "pictures"
REPORT_SIZE, GRAPH_SIZE = (1280, 860), (1500, 760)
DRAWN_MS = 40_000
"""What a page may take to load and draw, by the clock that Chromium gives it."""

STARTED_S = 120


def main() -> None:
    """Run the example, then photograph its report and its assets."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse"
        command = ["-m", "orchestration.commands.cli", "run", "--warehouse", str(warehouse)]
        subprocess.run([sys.executable, *command, "--data", str(DATA)], cwd=REPOSITORY, check=True)
        page = (warehouse / "report" / "en" / "index.html").as_uri()
        _photograph(page, PICTURES / "report.png", REPORT_SIZE)
        with _dagster(Path(folder) / "home", warehouse) as address:
            _photograph(f"{address}/asset-groups", PICTURES / "assets.png", GRAPH_SIZE)


def _photograph(address: str, picture: Path, size: tuple[int, int]) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        raise SystemExit("chromium is missing: install Debian's chromium")
    picture.parent.mkdir(parents=True, exist_ok=True)
    options = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--window-size={size[0]},{size[1]}", f"--virtual-time-budget={DRAWN_MS}",
        f"--screenshot={picture}",
    ]  # fmt: skip
    subprocess.run([browser, *options, address], check=True, capture_output=True, timeout=STARTED_S)
    print(picture.relative_to(REPOSITORY))


@contextmanager
def _dagster(home: Path, warehouse: Path) -> Iterator[str]:
    """Dagster's web page over a warehouse, for as long as it is needed."""
    home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        ["dagster-webserver", "-m", "orchestration.definitions", "-p", str(port)],
        cwd=REPOSITORY,
        env=os.environ
        | {
            "DAGSTER_HOME": str(home),
            DATA_VARIABLE: str(DATA),
            WAREHOUSE_VARIABLE: str(warehouse),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{address}/server_info")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + STARTED_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


if __name__ == "__main__":
    main()
