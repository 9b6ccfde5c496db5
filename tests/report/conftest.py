"""A small company's report, and Debian's Chromium to read it in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from typer.testing import CliRunner

from orchestration.commands.cli import app
from tests.system_programs import system_program

COMPANY = Path(__file__).parents[1] / "worked_examples" / "spinning_with_regrind"


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a mill whose waste goes back into its extruder, after its rounds."""
    path = tmp_path_factory.mktemp("report") / "warehouse"
    command = ["run", "--data", str(COMPANY), "--warehouse", str(path)]
    built = CliRunner().invoke(app, command)
    assert built.exit_code == 0, built.output
    return path


@pytest.fixture(scope="session")
def site(warehouse: Path) -> Path:
    """The folder of its report."""
    return (warehouse / "report").resolve()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser a reader has."""
    chromium = system_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()
