"""The product system in a run: between the halves of dbt, month by month, and once killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

from orchestration.assets import product_system, warehouse
from orchestration.control import write_control
from orchestration.dbt import BELOW_THE_SOLVE, PROJECT
from orchestration.lake import Lake
from orchestration.solving import period_rows
from tests.conftest import TinyCompany
from tests.pipeline.test_round import collect, die, marts, stale_months, total_of


def solved_files(warehouse: Path) -> dict[str, tuple[int, bytes]]:
    """Time and content of every solved file of a period."""
    folder = warehouse / "solved"
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.glob("*/*.parquet"))
    }


def test_dbt_is_parsed_once_and_built_in_two_halves(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    calls: list[list[str]] = []
    invoke = dbtRunner.invoke

    def counted(self: dbtRunner, arguments: list[str], **named: Any):
        calls.append([word for word in arguments if not word.startswith("--log")])
        return invoke(self, arguments, **named)

    monkeypatch.setattr(dbtRunner, "invoke", counted)
    code, output = collect(tiny_company, tmp_path / "warehouse")

    assert code == 0, output
    verbs = [next(word for word in call if not word.startswith("-")) for call in calls]
    assert verbs == ["parse", "build", "build"]
    for call, flag in zip(calls[1:], ("--exclude", "--select"), strict=True):
        assert call[call.index(flag) + 1] == BELOW_THE_SOLVE


def test_a_changed_month_is_solved_alone_and_a_killed_run_is_made_good(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lived, clean = tmp_path / "lived", tmp_path / "clean"
    code, output = collect(tiny_company, lived)
    assert code == 0, output
    before, published = solved_files(lived), (lived / "published").resolve()

    # killed before the solve, then after it and before the second half of dbt
    tiny_company.hand_in_workbook("2022-03", fibre=4)
    deaths = (
        (product_system, "solve_stale_periods"),
        (warehouse, "refuse_what_is_not_solved"),
    )
    for place, name in deaths:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, die)
            assert collect(tiny_company, lived)[0] == 2
        assert stale_months(lived) == ["2022-02"]
        assert (lived / "published").resolve() == published

    # what it solved was that month and its year, in all other files not a byte was written
    after = solved_files(lived)
    changed = {Path(name).stem for name in before if before[name] != after[name]}
    assert changed == {"2022-02", "2022"}
    stale = {row["reference_period"] for row in period_rows(Lake(lived)) if row["is_stale"]}
    assert stale == {"2022-02", "2022"}

    # the next run builds what was left, as if there had been no other
    for folder in (lived, clean):
        code, output = collect(tiny_company, folder)
        assert code == 0, output
    assert solved_files(lived) == after
    assert marts(lived) == marts(clean)
    assert total_of(lived, "2022-02") == total_of(clean, "2022-02")


def test_a_killed_run_leaves_its_months_stale_for_any_inputs(
    tiny_company: TinyCompany, tmp_path: Path
):
    """Rows of the killed run may be in the working file; the old fingerprint isn't theirs."""
    lake = Lake(tmp_path / "warehouse")
    code, output = collect(tiny_company, lake.path)
    assert code == 0, output
    assert write_control(lake, PROJECT, "AR6")[1] == []

    started = write_control(lake, PROJECT, "AR5")[1]  # and dies somewhere in dbt

    assert len(started) == 2
    assert write_control(lake, PROJECT, "AR6")[1] == started
