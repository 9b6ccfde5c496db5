"""A round is judged again when something that its judgement rests on changed, and only then."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration import steps
from orchestration.company.data_folder import DataFolder
from orchestration.gate import acceptance, factors
from orchestration.ingest import landing
from orchestration.lake.paths import Lake
from tests.conftest import TinyCompany, write_company, write_csv

FEBRUARY, MARCH = "2022-02", "2022-03"
BOTH = [FEBRUARY, MARCH]
DAY = date(2022, 4, 20)
WAIVER = {
    "rule_id": "hard_bounds",
    "hand_in": "mill/boiler",
    "object": "*",
    "reason": "The meter was read by eye.",
    "requested_by": "ann",
    "approved_by": "bob",
    "approved_on": "2022-04-01",
    "valid_until": "2022-04-25",
}


class Died(Exception):
    """The run was killed here."""


def die(*_: object, **__: object) -> None:
    raise Died


class Mill:
    """The tiny company's gate, day by day: all that comes before anything is calculated."""

    def __init__(self, company: TinyCompany, lake: Lake) -> None:
        self.company, self.lake = company, lake

    def judged(self, day: date = DAY) -> list[str]:
        """Run the steps up to the gate; the rounds that were judged."""
        data = DataFolder(self.company.path)
        run = steps.Run(data, self.lake, tuple(one.round for one in data.rounds), today=day)
        for step in steps.steps_of(data):
            if step.name == steps.GATE:
                return [name for name, result in steps.judge_rounds(run) if result is not None]
            step.take(run)
        raise AssertionError("there is no gate")

    def state(self, round_: str, hand_in: str = "mill/boiler") -> str:
        """The verdict on a hand-in."""
        rows = {row["hand_in"]: row for row in self.lake.verdict_rows(round_)}
        return rows[hand_in]["state"]

    def file(self, round_: str, name: str) -> Path:
        """A file of a round's folder."""
        return self.company.path / "rounds" / round_ / name

    def append(self, name: str, line: str) -> None:
        """A line more in a table of the data folder."""
        with (self.company.path / name).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder and its warehouse, whose two rounds were judged; only to be copied."""
    folder = tmp_path_factory.mktemp("judged")
    company = write_company(folder / "data")
    for round_ in BOTH:
        company.hand_in_workbook(round_)
        company.hand_in_water(round_)
    assert Mill(company, Lake(folder / "warehouse")).judged() == BOTH
    return folder


@pytest.fixture
def mill(judged_once: Path, tmp_path: Path) -> Mill:
    """Both rounds were judged; what that rests on names no folder of this machine."""
    shutil.copytree(judged_once, tmp_path, dirs_exist_ok=True)
    return Mill(TinyCompany(tmp_path / "data"), Lake(tmp_path / "warehouse"))


def left(lake: Lake) -> Iterator[tuple[str, int]]:
    for folder in ("landed", "accepted", "quality", "returned"):
        for path in sorted((lake.path / folder).rglob("*.*")):
            yield path.name, path.stat().st_mtime_ns


def test_what_did_not_change_is_neither_read_nor_judged_nor_written(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
):
    before = list(left(mill.lake))
    monkeypatch.setattr(landing, "read_hand_in", die)
    monkeypatch.setattr(factors, "_judge_and_accept", die)
    assert mill.judged() == []
    assert list(left(mill.lake)) == before


def test_the_day_of_the_marts_goes_on_without_a_judgement(mill: Mill):
    assert mill.judged(DAY + timedelta(days=1)) == []
    (row,) = mill.lake.read(mill.lake.as_of, acceptance.AS_OF_SCHEMA).to_pylist()
    assert row["as_of"] == DAY + timedelta(days=1)


def test_only_a_file_that_changed_is_read(mill: Mill, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    real = landing.read_hand_in

    def counted(path: Path, *more: object):
        read.append(path.name)
        return real(path, *more)

    monkeypatch.setattr(landing, "read_hand_in", counted)
    mill.company.hand_in_water(MARCH, quantity=51)
    assert mill.judged() == [MARCH]
    assert read == ["water.csv"]


def test_a_later_round_rests_on_the_earlier_ones_and_not_the_other_way(mill: Mill):
    mill.company.hand_in_workbook(MARCH, electricity=1100)
    assert mill.judged() == [MARCH]
    mill.company.hand_in_workbook(FEBRUARY, electricity=1050)
    assert mill.judged() == BOTH
    assert mill.judged() == []


def test_a_round_that_is_added_leaves_the_others_as_they_are(mill: Mill):
    mill.append("rounds.csv", "2022-04,2022-04-05,2022-04-15,2022-03,2022-03,mill/boiler")
    assert mill.judged() == ["2022-04"]
    assert mill.state("2022-04") == "missing"


def test_a_bound_a_map_and_the_calendar_concern_every_round(mill: Mill):
    mill.append("expectations/tolerances.csv", "row_total_agrees,,fibre,0.02,another bound")
    assert mill.judged() == BOTH
    mill.append("maps/stage_boiler.yml", "# a remark changes nothing")
    assert mill.judged() == []
    calendar = mill.company.path / "rounds.csv"
    calendar.write_text(calendar.read_text().replace("2022-03-15", "2022-03-16"))
    assert mill.judged() == [MARCH]


def test_a_hand_in_that_is_deleted_is_missing(mill: Mill):
    mill.file(MARCH, "erp/water.csv").unlink()
    assert mill.judged() == [MARCH]
    assert mill.state(MARCH, "erp/water") == "missing"


def test_a_waiver_counts_from_the_run_after_it_and_ends_on_its_day(mill: Mill):
    bound = {"flow_id": "electricity", "per": "month", "unit": "kWh", "usual_max": "1050"}
    ranges = mill.company.path / "expectations" / "ranges.csv"
    write_csv(ranges, [bound | {"hard_max": "1060"}])
    mill.company.hand_in_workbook(MARCH, electricity=1100)
    assert mill.judged() == BOTH
    assert mill.state(MARCH) == "refused"

    write_csv(mill.file(MARCH, "waivers.csv"), [WAIVER])
    assert mill.judged() == [MARCH]
    assert mill.state(MARCH) == "accepted_with_warnings"
    assert mill.judged(date(2022, 4, 24)) == []
    assert mill.judged(date(2022, 4, 26)) == [MARCH], "the day after its last"
    assert mill.state(MARCH) == "refused"
    assert mill.judged(date(2022, 4, 27)) == []


def test_a_round_whose_judging_was_cut_off_is_judged_again(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
):
    mill.company.hand_in_workbook(MARCH, electricity=1100)
    for place, name in (
        (acceptance, "_write_quality"),
        (steps, "return_hand_ins"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, die)
            with pytest.raises(Died):
                mill.judged()
    assert mill.judged() == [MARCH]
    # and when the file of before the cut came back, that is judged, too
    mill.company.hand_in_workbook(MARCH, electricity=1200)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "let_stand", die)
        with pytest.raises(Died):
            mill.judged()
    mill.company.hand_in_workbook(MARCH, electricity=1100)
    assert mill.judged() == [MARCH]


def test_a_file_that_was_replaced_after_it_was_read_is_judged_again(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
):
    mill.company.hand_in_water(MARCH, quantity=51)
    real = steps.judge_and_accept

    def replaced(data: DataFolder, lake: Lake, round_: object, today: date):
        result = real(data, lake, round_, today)
        mill.company.hand_in_water(MARCH, quantity=52)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(steps, "judge_and_accept", replaced)
        assert mill.judged() == [MARCH]
    assert mill.judged() == [MARCH]


@pytest.mark.parametrize("gone", ["verdicts", "waivers", "sign_offs", "judged_files"])
def test_a_verdict_that_somebody_removed_is_given_again(mill: Mill, gone: str):
    getattr(mill.lake, gone)(FEBRUARY).unlink()
    assert mill.judged() == [FEBRUARY]


def test_a_returned_workbook_that_somebody_removed_is_written_again(mill: Mill):
    mill.company.hand_in_workbook(MARCH, electricity="about 1000")
    assert mill.judged() == [MARCH]
    (copy,) = mill.lake.returned(MARCH).rglob("*.xlsx")
    copy.unlink()
    assert mill.judged() == [MARCH]
    assert copy.exists()


def test_what_was_accepted_is_a_ground_of_its_own(mill: Mill):
    mill.lake.hand_ins.unlink()
    assert mill.judged() == BOTH


def test_libraries_are_judged_again_when_they_or_the_flows_change(mill: Mill):
    accepted = mill.lake.accepted("emission_factors")
    before = accepted.stat().st_mtime_ns
    library = mill.company.path / "emission_factors" / "round_figures.csv"
    library.write_text(library.read_text().replace(",0.5,", ",0.6,", 1))
    assert mill.judged() == []
    assert accepted.stat().st_mtime_ns != before
    kept = mill.lake.judged_from("emission_factors").read_text()
    mill.append("company/flows.csv", "rain,Rain,water,m3,")
    assert mill.judged() == BOTH
    assert mill.lake.judged_from("emission_factors").read_text() != kept
