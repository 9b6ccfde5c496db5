"""What a run read and left, as two hashes: equal only when nothing that decides has changed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from orchestration.calculation.last_run import (
    LastRun,
    forget_last_run,
    inputs_of_a_run,
    keep_last_run,
    outputs_of_a_run,
    read_last_run,
)

DAY = date(2022, 4, 20)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "rounds" / "r").mkdir(parents=True)
    (folder / "rounds.csv").write_text("round\n")
    (folder / "rounds" / "r" / "a.csv").write_text("1")
    return folder


def inputs(data: Path, rounds: tuple[str, ...] = (), gwp_set: str = "", day: date = DAY) -> str:
    return inputs_of_a_run(data, rounds, gwp_set, day)


def test_what_decides_nothing_changes_nothing(data: Path):
    before = inputs(data)
    (data / "rounds" / "r" / "~$a.xlsx").write_text("Excel has it open")
    (data / ".git").mkdir()
    os.utime(data / "rounds.csv", (1, 1))
    assert inputs(data) == before
    assert inputs(data, ("b", "a")) == inputs(data, ("a", "b", "a"))


def test_everything_that_decides_changes_the_hash(data: Path):
    seen = [inputs(data), inputs(data, ("r",)), inputs(data, (), "AR5")]
    seen.append(inputs(data, day=date(2022, 4, 21)))
    (data / "rounds" / "r" / "a.csv").write_text("2")
    seen.append(inputs(data))
    (data / "rounds" / "r" / "a.csv").rename(data / "rounds" / "r" / "b.csv")
    seen.append(inputs(data))
    (data / "rounds" / "r" / "gone.csv").symlink_to("nowhere")
    seen.append(inputs(data))
    os.mkfifo(data / "rounds" / "r" / "pipe.csv")  # looked at, never opened
    seen.append(inputs(data))
    assert len(set(seen)) == len(seen)


def test_a_warehouse_that_somebody_touched_is_not_what_the_run_left(tmp_path: Path):
    (tmp_path / "quality").mkdir()
    (tmp_path / "quality" / "v.parquet").write_text("a")
    seen = [outputs_of_a_run(tmp_path)]
    (tmp_path / "quality" / "v.parquet").unlink()
    seen.append(outputs_of_a_run(tmp_path))
    (tmp_path / "carbonloom.duckdb").write_text("built")
    seen.append(outputs_of_a_run(tmp_path))
    (tmp_path / "publications" / "p1").mkdir(parents=True)
    (tmp_path / "published").symlink_to("publications/p1")
    seen.append(outputs_of_a_run(tmp_path))
    assert len(set(seen)) == len(seen)


def test_a_run_is_kept_when_it_ended_and_forgotten_when_one_begins(tmp_path: Path):
    assert read_last_run(tmp_path) is None
    before = outputs_of_a_run(tmp_path)
    run = LastRun("i", before, "2022-04-20 10:00:00", 1, ["r"], {"refused": ["erp/a (r)"]})
    keep_last_run(tmp_path, run)
    assert read_last_run(tmp_path) == run
    assert outputs_of_a_run(tmp_path) == before
    forget_last_run(tmp_path)
    assert read_last_run(tmp_path) is None
