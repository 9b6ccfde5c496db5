"""Approvals of a round, written and judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orchestration.company.data_folder import DataFolder
from orchestration.gate import sign_offs, waivers
from orchestration.gate.acceptance import RoundResult, accept_company, judge_and_accept
from orchestration.ingest.landing import land_source
from orchestration.lake.paths import Lake
from tests.conftest import TinyCompany, write_csv

ROUND = "2022-02"
BOILER, WATER = "mill/boiler", "erp/water"


def write_sign_offs(company: TinyCompany, *lines: dict[str, str]) -> None:
    """sign_offs.csv of the round."""
    write_csv(company.path / "rounds" / ROUND / sign_offs.FILE, lines, sign_offs.COLUMNS)


def write_waivers(company: TinyCompany, *lines: dict[str, str]) -> None:
    """waivers.csv of the round; what a line doesn't say is as it should be."""
    usual = {
        "rule_id": "hard_bounds",
        "hand_in": BOILER,
        "object": "Energy!B3",
        "reason": "Meter was changed，see photo",
        "requested_by": "ann",
        "approved_by": "bob",
        "approved_on": "2022-02-10",
        "valid_until": "2022-12-31",
    }
    rows = [usual | line for line in lines]
    write_csv(company.path / "rounds" / ROUND / waivers.FILE, rows, waivers.COLUMNS)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "warehouse")


@pytest.fixture
def judged(tiny_company: TinyCompany, lake: Lake) -> Callable[..., RoundResult]:
    """Land and judge the round as of a day."""

    def run(today) -> RoundResult:
        data = DataFolder(tiny_company.path)
        accept_company(data, lake)
        for source_map in data.maps.values():
            land_source(data, lake, source_map, data.round(ROUND))
        return judge_and_accept(data, lake, data.round(ROUND), today)

    return run


def rows_of(path: Path) -> list[dict]:
    """Rows of a Parquet file."""
    return pq.read_table(path, partitioning=None).to_pylist()
