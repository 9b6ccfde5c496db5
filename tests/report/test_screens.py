"""What identifies something is on screen in one piece, on a narrow screen, a wide one and piped."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from expectations.rule_book import described_rules
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from tests.built import EXAMPLE, Builder, Built

WIDTHS = {"80": 80, "120": 120, "piped": None}
CUT = re.compile(r"\w…")


@pytest.fixture(scope="module")
def example(built: Builder) -> Built:
    """The example company after its run; nobody writes there."""
    return built(EXAMPLE)


def shown(words: list[str], width: int | None) -> str:
    """What a command prints on a screen of that width; None is a pipe."""
    env = {} if width is None else {"COLUMNS": str(width)}
    result = CliRunner().invoke(app, words, env=env)
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def marts(example: Built, query: str) -> list[str]:
    """One column of the published marts."""
    asked = ["sql", query, "--format", "csv", "--warehouse", str(example.warehouse)]
    return CliRunner().invoke(app, asked).output.split()[1:]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_names_are_whole(example: Built, width: int | None):
    data, warehouse = str(example.data), str(example.warehouse)
    on_both, on_warehouse = ["--data", data, "--warehouse", warehouse], ["--warehouse", warehouse]
    newest = DataFolder(data).rounds[-1]
    footprints = (
        "select distinct product_id from product_footprints where reference_period = '2021'"
    )
    products = marts(example, footprints)
    initiatives = marts(example, "select distinct initiative_id from initiatives")
    records = str(example.folder / f"records-{width}")
    wanted = {
        ("status", "--round", newest.round, *on_both): [newest.round, *newest.expected],
        ("rules",): [rule.rule_id for rule in described_rules()],
        ("plan", "--reach", "60000", *on_warehouse): initiatives,
        ("exchange", "--out", records, *on_warehouse): [*products, "written"],
        ("explain", "2021", "2022", *on_warehouse): ["suzhou_staple_washing", "activity"],
    }
    for words, names in wanted.items():
        told = shown(list(words), width)
        missing = [name for name in names if name not in told]
        assert missing == [], f"carbonloom {' '.join(words)}\n{told}"
        assert not CUT.search(told), f"carbonloom {' '.join(words)}\n{told}"
        if width is not None:
            tables = [line for line in told.splitlines() if line.startswith(" ")]
            assert max(map(len, tables), default=0) <= width, told
