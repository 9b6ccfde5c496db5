"""`carbonloom dictionary`: one file with every table, readable where there is no network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.lake.places import REPOSITORY
from orchestration.publication.descriptions import described_marts
from tests.system_programs import system_program


@pytest.fixture(scope="module")
def file(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dictionary")
    out = folder / "sent" / "dictionary.html"
    warehouse = shutil.copytree(warehouse, folder / "warehouse", symlinks=True)
    command = ["dictionary", "--warehouse", str(warehouse), "--out", str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    return out


def test_it_names_no_folder_of_this_machine(file):
    text = file.read_text(encoding="utf-8")
    assert str(file.parents[1]) not in text
    assert str(REPOSITORY) not in text


def test_every_published_table_is_read_from_it_without_a_network(file):
    chromium = system_program("chromium")
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{file.as_uri()}#!/model/model.carbonloom.lineage")
        page.get_by_role("heading", name="lineage", exact=False).first.wait_for()
        shown = page.locator("body").inner_text()
        names = page.evaluate("Object.values(angular.element(document.body).injector()"
                              ".get('project').project.nodes).map(node => node.name)")  # fmt: skip
        browser.close()
    assert described_marts()["lineage"].description in " ".join(shown.split())
    assert set(described_marts()) <= set(names), json.dumps(names)
    assert [url for url in asked if url.startswith("http")] == []


def test_without_a_warehouse_the_command_says_so_and_makes_none(tmp_path):
    told = CliRunner().invoke(app, ["dictionary", "--warehouse", str(tmp_path / "none")])
    assert told.exit_code == 2
    assert "carbonloom run" in told.output
    assert list(tmp_path.iterdir()) == []
