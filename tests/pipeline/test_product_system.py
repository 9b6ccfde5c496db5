"""The product system in a run: between the halves of dbt, month by month, and once killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult
from dbt.cli.main import dbtRunner

from orchestration import steps
from orchestration.assets.product_system import PRODUCT_SYSTEM, SOLVABLE
from orchestration.assets.warehouse import EMISSIONS_BY_PRODUCT
from orchestration.calculation import halves
from orchestration.calculation.control import write_control
from orchestration.calculation.dbt import BELOW_THE_SOLVE, PROJECT, Dbt
from orchestration.calculation.solving import period_rows
from orchestration.calculation.sources import register_sources
from orchestration.definitions import build_definitions
from orchestration.lake.paths import Lake
from orchestration.progress import Said, heard_by
from orchestration.resources import Folders
from tests.built import Builder, Built
from tests.conftest import TinyCompany
from tests.pipeline.test_round import collect, die, marts, stale_months, total_of


def solved_files(warehouse: Path) -> dict[str, tuple[int, bytes]]:
    """Time and content of every solved file of a period."""
    folder = warehouse / "solved"
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.glob("*/*.parquet"))
    }


def materialized(
    company: Built, instance: DagsterInstance, *assets: AssetKey
) -> ExecuteInProcessResult:
    """Some assets of the job once more, as somebody who looks at them in the UI runs it."""
    folders = Folders(data=str(company.data), warehouse=str(company.warehouse))
    job = build_definitions(folders).resolve_job_def("collect_round")
    round_ = folders.data_folder.rounds[0].round
    return job.execute_in_process(
        instance=instance, partition_key=round_, asset_selection=list(assets)
    )


def test_footprints_are_shown_beside_the_mart_and_the_product_system(
    built: Builder, tmp_path: Path
):
    mill = built("spinning_with_regrind").copy(tmp_path)
    with DagsterInstance.ephemeral() as instance:
        result = materialized(mill, instance, EMISSIONS_BY_PRODUCT, PRODUCT_SYSTEM)
        mart = instance.get_latest_materialization_event(EMISSIONS_BY_PRODUCT)
        system = instance.get_latest_materialization_event(PRODUCT_SYSTEM)

    assert result.success
    tables = [event.asset_materialization.metadata for event in (mart, system)]
    assert all({"footprints", "contributions"} <= shown.keys() for shown in tables)
    # the same figure, from the marts and from the solve
    gates = [shown["footprints"].records[0].data["to the gate"] for shown in tables]
    assert gates[0] == gates[1] != ""


def test_a_loop_that_leaves_nothing_over_is_a_red_check_that_names_it(
    built: Builder, tmp_path: Path
):
    company = built("explosive_loop", ends=1).copy(tmp_path)
    with DagsterInstance.ephemeral() as instance:
        result = materialized(company, instance, PRODUCT_SYSTEM)

    assert result.success
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == SOLVABLE]
    assert not check.passed
    words = str(check.metadata["findings"].value)
    assert "kettle, still" in words


def every_step_is_told(said: list[Said]) -> None:
    """Once, in order, and dbt's nodes are counted inside."""
    steps = [one for one in said if one.total and one.is_step]
    assert [one.done for one in steps] == list(range(steps[0].total))
    words = [one.what for one in steps]
    halves = ["gate", "inventory models", "solved/product system", "product models"]
    assert [word for word in words if word in halves] == halves
    nodes = [one for one in said if one.what == "marts.product_footprints"]
    assert len(nodes) == 1 and 0 < nodes[0].done < nodes[0].total


def test_dbt_is_parsed_once_and_built_in_two_halves(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    calls: list[list[str]] = []
    invoke = dbtRunner.invoke

    def counted(self: dbtRunner, arguments: list[str], **named: Any):
        calls.append([word for word in arguments if not word.startswith("--log")])
        return invoke(self, arguments, **named)

    monkeypatch.setattr(dbtRunner, "invoke", counted)
    told = "orchestration.commands.summary.print_verdicts"
    monkeypatch.setattr(told, lambda *_: calls.append(["verdicts"]))
    # as a process begins whose project nobody has parsed
    monkeypatch.setattr(Dbt, "_parsed", None)
    monkeypatch.setattr(Dbt, "parse_folder", tmp_path / "parse")
    said: list[Said] = []
    with heard_by(said.append):
        code, output = collect(tiny_company, tmp_path / "warehouse")

    assert code == 0, output
    every_step_is_told(said)
    verbs = [next(word for word in call if not word.startswith("-")) for call in calls]
    # what was refused is on screen before anything is calculated, or even read for it
    assert verbs == ["verdicts", "parse", "build", "build"]
    for call, flag in zip(calls[2:], ("--exclude", "--select"), strict=True):
        assert call[call.index(flag) + 1] == BELOW_THE_SOLVE


def test_one_parse_serves_every_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Dbt, "_parsed", None)
    monkeypatch.setattr(Dbt, "parse_folder", tmp_path / "parse")
    first = Dbt(Lake(tmp_path / "one")).manifest()
    stamp = (tmp_path / "parse" / "partial_parse.msgpack").stat().st_mtime_ns

    monkeypatch.setattr(Dbt, "_parsed", None)  # another process, another warehouse
    assert Dbt(Lake(tmp_path / "two")).manifest() == first
    assert (tmp_path / "parse" / "partial_parse.msgpack").stat().st_mtime_ns == stamp
    assert str(tmp_path) not in json.dumps([first["sources"], first["nodes"]])


def test_a_source_lies_over_the_files_of_its_own_warehouse(tmp_path: Path):
    for name in ("it's one", "two"):
        lake = Lake(tmp_path / name)
        lake.write(lake.as_of, pa.table({"as_of": [name]}))
        register_sources(lake)
        with duckdb.connect(str(lake.working_file), read_only=True) as connection:
            views = connection.sql("select schema_name, view_name from duckdb_views() "
                                   "where not internal").fetchall()  # fmt: skip
            assert views == [("quality", "as_of")]
            assert connection.sql("select * from quality.as_of").fetchall() == [(name,)]

    lake.as_of.unlink()
    register_sources(lake)
    with duckdb.connect(str(lake.working_file), read_only=True) as connection:
        assert connection.sql("from duckdb_views() where not internal").fetchall() == []


def test_a_changed_month_is_solved_alone_and_a_killed_run_is_made_good(
    built_tiny: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    company, lived, clean = TinyCompany(built_tiny.data), built_tiny.warehouse, tmp_path / "clean"
    before, published = solved_files(lived), (lived / "published").resolve()

    # killed before the solve, then after it and before the second half of dbt
    company.hand_in_workbook("2022-03", fibre=4)
    deaths = (
        (steps, "solve_stale_periods"),
        (halves, "refuse_what_is_not_solved"),
    )
    for place, name in deaths:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, die)
            assert collect(company, lived)[0] == 2
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
        code, output = collect(company, folder)
        assert code == 0, output
    assert solved_files(lived) == after
    told = [marts(folder) for folder in (lived, clean)]
    for tables in told:
        assert tables.pop("round_status")  # when each folder's gate judged: no figure
    assert told[0] == told[1]
    assert total_of(lived, "2022-02") == total_of(clean, "2022-02")


def test_a_killed_run_leaves_its_months_stale_for_any_inputs(built_tiny: Built):
    """Rows of the killed run may be in the working file; the old fingerprint isn't theirs."""
    lake = Lake(built_tiny.warehouse)
    assert write_control(lake, PROJECT, "AR6")[1] == []

    started = write_control(lake, PROJECT, "AR5")[1]  # and dies somewhere in dbt

    assert len(started) == 2
    assert write_control(lake, PROJECT, "AR6")[1] == started
