"""A round as it is followed: what is missing, late, returned, signed, and how much hangs on it."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dagster import AssetCheckSeverity, DagsterInstance, build_schedule_context
from typer.testing import CliRunner

from orchestration.assets.rounds import NEAR, OVERDUE, STATUS, checked
from orchestration.collection.round_status import HANDED_IN, RoundStatus, round_status
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.company.fixed_words import ROLES
from orchestration.definitions import build_definitions
from orchestration.gate import sign_offs
from orchestration.gate.acceptance import (
    accept_company,
    content_of_round,
    files_of,
    judge_and_accept,
)
from orchestration.ingest.landing import land_source
from orchestration.lake.paths import Lake
from orchestration.resources import Folders
from orchestration.schedules import time_zone_of
from tests.built import Builder, take_the_form
from tests.conftest import MONTHS, TinyCompany, write_company, write_complete_company, write_csv

JANUARY, FEBRUARY = MONTHS
BOILER, WATER = "mill/boiler", "erp/water"
BOILER_KG = 1000 * 0.5 + 10 * 3
WATER_KG = 50 * 0.2
OPENED, DEADLINE = date(2022, 3, 5), date(2022, 3, 15)


def carbonloom(*command: str | Path) -> tuple[int, str]:
    """The command line in this process: exit code and what it printed."""
    result = CliRunner().invoke(app, [str(part) for part in command])
    return result.exit_code, result.output


def stands(company: TinyCompany, lake: Lake, today: str, round_: str = FEBRUARY) -> RoundStatus:
    """How a round stands on a day, from files as they lie there."""
    return round_status(DataFolder(company.path), lake, date.fromisoformat(today), [round_])[0]


def row_of(status: RoundStatus, hand_in: str) -> dict:
    """The row of one hand-in."""
    return next(row for row in status.rows if row["hand_in"] == hand_in)


def judged(company: TinyCompany, lake: Lake, today: str, round_: str = FEBRUARY) -> None:
    """What a run does up to the gate, on a day."""
    data = DataFolder(company.path)
    accept_company(data, lake)
    for source_map in data.maps.values():
        land_source(data, lake, source_map, data.round(round_))
    judge_and_accept(data, lake, data.round(round_), date.fromisoformat(today))


def sign(company: TinyCompany, lake: Lake, signed_on: str, round_: str = FEBRUARY) -> None:
    """Everything that was judged, by three people each, and the round by a fourth."""
    usual = {"signed_on": signed_on}
    lines = [
        {**usual, "hand_in": hand_in, "role": role, "person": person, "source_sha256": sha256}
        for hand_in, sha256 in files_of(lake.verdict_rows(round_)).items()
        for role, person in zip(ROLES, ("ann", "bob", "cai"), strict=True)
    ]
    content = content_of_round(lake.registry(), round_, lake.waiver_rows(round_))
    approval = {"hand_in": "round", "role": "approver", "person": "dora", "content_sha256": content}
    path = company.path / "rounds" / round_ / sign_offs.FILE
    write_csv(path, [*lines, usual | approval], sign_offs.COLUMNS)


@pytest.fixture(scope="module")
def january(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of which only the first round was handed in, collected and calculated."""
    folder = tmp_path_factory.mktemp("january")
    company = write_company(folder / "data")
    company.hand_in_workbook(JANUARY)
    company.hand_in_water(JANUARY)
    take_the_form(built("tiny", write_complete_company), folder / "warehouse")
    command = ("run", "--round", JANUARY, "--data", company.path)
    code, output = carbonloom(*command, "--warehouse", folder / "warehouse")
    assert code == 0, output
    return folder


@pytest.fixture
def case(january: Path, tmp_path: Path) -> tuple[TinyCompany, Lake]:
    """A copy of it, to go on with."""
    shutil.copytree(january, tmp_path / "copy", symlinks=True)
    return TinyCompany(tmp_path / "copy" / "data"), Lake(tmp_path / "copy" / "warehouse")


def test_a_round_is_followed_from_its_opening_to_its_approval(case):
    company, lake = case

    opened = stands(company, lake, "2022-03-05")
    boiler, water = row_of(opened, BOILER), row_of(opened, WATER)
    assert [boiler["state"], water["state"]] == ["missing", "missing"]
    assert [boiler["owner"], water["owner"]] == ["boiler shift lead", "accounts payable"]
    # what the same hand-ins carried in January: nobody knows February yet
    assert boiler["kgco2e_at_risk"] == pytest.approx(BOILER_KG)
    assert water["kgco2e_at_risk"] == pytest.approx(WATER_KG)
    assert boiler["weight_basis"] == "earlier_months"
    assert (opened.coverage_share, opened.is_near, opened.is_overdue) == (0, False, False)

    company.hand_in_water(FEBRUARY)
    assert row_of(stands(company, lake, "2022-03-06"), WATER)["state"] == HANDED_IN
    judged(company, lake, "2022-03-06")
    company.hand_in_workbook(FEBRUARY, electricity="a lot")
    judged(company, lake, "2022-03-12")

    near = stands(company, lake, "2022-03-12")
    assert (near.is_near, near.is_overdue) == (True, False)
    assert near.coverage_share == pytest.approx(WATER_KG / (BOILER_KG + WATER_KG))
    assert near.accepted_hand_in_share == 0.5
    assert not stands(company, lake, "2022-03-11").is_near

    company.hand_in_workbook(FEBRUARY, electricity="#lots")
    judged(company, lake, "2022-03-16")
    judged(company, lake, "2022-03-16")  # the same file again is no second return
    late = stands(company, lake, "2022-03-17")
    boiler = row_of(late, BOILER)
    assert late.is_overdue
    assert (boiler["state"], boiler["return_count"], boiler["days_late"]) == ("refused", 2, 2)
    assert stands(company, lake, "2022-03-15").is_overdue is False  # the deadline's own day counts

    company.hand_in_workbook(FEBRUARY, electricity=900)
    assert row_of(stands(company, lake, "2022-03-18"), BOILER)["is_changed"]
    judged(company, lake, "2022-03-18")
    done = stands(company, lake, "2022-03-20")
    boiler = row_of(done, BOILER)
    assert done.is_complete
    assert done.coverage_share == 1
    assert not done.is_approved
    assert (boiler["state"], boiler["return_count"], boiler["days_late"]) == ("accepted", 2, 3)
    assert boiler["first_received_at"].date() < boiler["received_at"].date()
    assert [(day, round(weight, 3), number) for day, weight, number in done.covered_by_day()] == [
        (OPENED, 0, 0),
        (date(2022, 3, 6), round(WATER_KG / (BOILER_KG + WATER_KG), 3), 0.5),
        (date(2022, 3, 18), 1, 1),
    ]

    sign(company, lake, "2022-03-19")
    signed = stands(company, lake, "2022-03-20")
    assert {row["state"] for row in signed.rows} == {"signed"}
    assert {row["signed_on"] for row in signed.rows} == {date(2022, 3, 19)}
    assert signed.is_approved


def test_the_log_is_added_to_and_a_withdrawn_hand_in_is_missing_again(case):
    company, lake = case
    company.hand_in_water(FEBRUARY)
    judged(company, lake, "2022-03-06")
    before = pq.read_table(lake.judgements(FEBRUARY)).to_pylist()
    judged(company, lake, "2022-03-07")
    assert pq.read_table(lake.judgements(FEBRUARY)).to_pylist() == before

    (company.path / "rounds" / FEBRUARY / "erp" / "water.csv").unlink()
    judged(company, lake, "2022-03-08")
    log = pq.read_table(lake.judgements(FEBRUARY)).to_pylist()
    assert log[: len(before)] == before
    assert [row["state"] for row in log] == ["accepted", "missing"]
    water = row_of(stands(company, lake, "2022-03-16"), WATER)
    assert (water["state"], water["accepted_on"], water["days_late"]) == ("missing", None, 1)


def test_the_first_round_has_no_weight_until_all_of_it_is_known(tmp_path):
    company, lake = write_company(tmp_path / "data"), Lake(tmp_path / "warehouse")
    company.hand_in_water(JANUARY)
    judged(company, lake, "2022-02-06", JANUARY)

    first = stands(company, lake, "2022-02-07", JANUARY)

    assert {row["kgco2e_carried"] for row in first.rows} == {None}
    assert {row["weight_basis"] for row in first.rows} == {"never_accepted"}
    assert first.coverage_share is None
    assert first.accepted_hand_in_share == 0.5


def test_the_mart_and_the_command_line_say_the_same(case):
    company, lake = case
    path = lake.preliminary / "parquet" / "round_status.parquet"
    mart = {row["hand_in"]: row for row in pq.read_table(path).to_pylist()
            if row["round"] == JANUARY}  # fmt: skip
    as_of = mart[BOILER]["as_of"]
    now = stands(company, lake, as_of.isoformat(), JANUARY)

    for row in now.rows:
        assert row.pop("is_changed") is False
        assert row == mart[row["hand_in"]]
    assert mart[BOILER]["kgco2e_carried"] == pytest.approx(BOILER_KG)
    assert mart[BOILER]["kgco2e_at_risk"] == 0
    assert mart[BOILER]["weight_basis"] == "own_months"
    # the warehouse was begun years after the deadline: nobody knows when these came
    assert {row["days_late"] for row in now.rows} == {None}
    assert mart[BOILER]["coverage_share"] == 1

    where = ("--data", company.path, "--warehouse", lake.path)
    code, output = carbonloom("status", "--round", JANUARY, *where, "--today", "2022-02-16")
    assert code == 0
    assert "2 of 2 hand-ins accepted, 100.0% of the kgCO2e" in output
    code, output = carbonloom("status", "--round", FEBRUARY, *where, "--today", "2022-03-14")
    assert code == 1
    assert "closes in 1 day, on 2022-03-15; 0 of 2 hand-ins accepted, 0.0% of" in output
    assert "boiler shift lead" in output
    code, output = carbonloom("status", *where, "--today", "2022-02-01")
    assert JANUARY in output  # collected early, so open whatever the calendar says
    assert FEBRUARY not in output
    assert carbonloom("status", "--round", "2031-01", *where)[0] == 2


def test_a_check_warns_before_the_deadline_and_is_red_on_the_day_after(case):
    company, lake = case
    company.hand_in_water(FEBRUARY)
    judged(company, lake, "2022-03-06")
    passed = {
        day: [checked(name, stands(company, lake, f"2022-03-{day}")).passed
              for name in (NEAR, OVERDUE)]
        for day in (11, 12, 15, 16)
    }  # fmt: skip
    assert passed == {
        11: [True, True], 12: [False, True], 15: [False, True], 16: [True, False],
    }  # fmt: skip
    late = checked(OVERDUE, stands(company, lake, "2022-03-16"))
    assert late.severity is AssetCheckSeverity.ERROR
    shown = late.metadata["open"].value
    assert "mill/boiler | boiler shift lead | missing | 1 " in shown
    assert WATER not in shown


def test_the_job_that_follows_rounds_shows_them_and_turns_red(case):
    company, lake = case
    folders = Folders(data=str(company.path), warehouse=str(lake.path))
    job = build_definitions(folders).resolve_job_def("follow_rounds")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key=FEBRUARY)
        red = {one.check_name: one for one in result.get_asset_check_evaluations()}
        assert [red[name].passed for name in (OVERDUE, NEAR)] == [False, True]
        shown = instance.get_latest_materialization_event(STATUS).asset_materialization.metadata
        assert "closed on 2022-03-15" in shown["in_words"].value
        assert shown["coverage"].value.startswith("![Round 2022-03: what is accepted, day by day](")

        done = job.execute_in_process(instance=instance, partition_key=JANUARY)
        assert all(one.passed for one in done.get_asset_check_evaluations())


def test_each_morning_the_rounds_that_lack_something_are_looked_at(case):
    company, lake = case
    folders = Folders(data=str(company.path), warehouse=str(lake.path))
    repository = build_definitions(folders).get_repository_def()
    schedule = repository.get_schedule_def("follow_open_rounds")

    def asked(day: str) -> list[str]:
        at = datetime.fromisoformat(f"{day}T07:00")
        with DagsterInstance.ephemeral() as instance:
            context = build_schedule_context(
                instance, repository_def=repository, scheduled_execution_time=at
            )
            requests = schedule.evaluate_tick(context).run_requests
        return [request.partition_key for request in requests]

    assert schedule.execution_timezone == "UTC"
    settings = company.path / "company" / "company.yml"
    with settings.open("a", encoding="utf-8") as file:
        file.write("time_zone: Asia/Shanghai\n")
    assert time_zone_of(folders) == "Asia/Shanghai"

    assert asked("2022-03-04") == []  # January is complete, February not open yet
    assert asked("2022-03-05") == [FEBRUARY]
