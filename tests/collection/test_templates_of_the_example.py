"""Every map of the example and of the worked examples: template, filled in, read, accepted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from openpyxl import load_workbook

from orchestration.collection.template.issuing import issue_templates
from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.source_map import SourceMap
from orchestration.gate.acceptance import accept_company, judge_and_accept
from orchestration.ingest.landing import land_instruments, land_source
from orchestration.ingest.template_marks import read_stamps
from orchestration.lake.paths import Lake
from orchestration.spreadsheets.workbook import read_workbook
from tests.collection.filling import meaning, saved_by_libreoffice, type_in, values_of

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "raw_data"
WORKED_EXAMPLES = sorted(REPOSITORY.glob("tests/worked_examples/*/rounds.csv"))


class Case(NamedTuple):
    """A hand-in as it was, and the template filled in with its values."""

    source_map: SourceMap
    round: Round
    hand_in: str
    original: Path
    template: Path

    def states(self, path: Path) -> list[tuple]:
        """What one of the two says."""
        return meaning(path, self.source_map, self.round, self.hand_in)


def filled(folder: Path, round_name: str, out: Path) -> list[Case]:
    """Every template of a round, with the values of the file that was handed in."""
    data = DataFolder(folder)
    round_ = data.round(round_name)
    cases = []
    for issued in issue_templates(data, round_, out):
        source_map = data.maps[issued.hand_in.source]
        original = dict(data.hand_ins(source_map, round_))[issued.hand_in]
        assert original, f"{issued.hand_in} was never handed in"
        case = Case(source_map, round_, issued.hand_in, original, issued.path)
        type_in(case.template, values_of(case.template, original, *case[:3]))
        cases.append(case)
    return cases


@pytest.fixture(scope="module")
def monthly(tmp_path_factory) -> list[Case]:
    return filled(EXAMPLE, "2022-05", tmp_path_factory.mktemp("monthly"))


@pytest.fixture(scope="module")
def yearly(tmp_path_factory) -> list[Case]:
    return filled(EXAMPLE, "2022-04", tmp_path_factory.mktemp("yearly"))


@pytest.fixture(scope="module")
def worked(tmp_path_factory) -> list[Case]:
    cases = []
    for path in WORKED_EXAMPLES:
        if path.with_name("refused.csv").exists():
            continue  # handed in wrong on purpose
        for round_ in DataFolder(path.parent).rounds:
            if any(not one.startswith("erp/") for one in round_.expected):
                out = tmp_path_factory.mktemp(path.parent.name)
                cases += filled(path.parent, round_.round, out)
    return cases


@pytest.mark.parametrize(("name", "count"), [("monthly", 13), ("yearly", 13), ("worked", 10)])
def test_what_is_filled_in_is_what_is_read(request, name, count):
    cases = request.getfixturevalue(name)
    assert len(cases) >= count
    for case in cases:
        assert case.states(case.template) == case.states(case.original), case.hand_in


@pytest.fixture(scope="module")
def saved(monthly, worked, tmp_path_factory) -> list[tuple[Case, Path]]:
    cases = [*monthly, *worked]
    paths = saved_by_libreoffice([case.template for case in cases], tmp_path_factory.mktemp("lo"))
    return list(zip(cases, paths, strict=True))


def test_libreoffice_changes_nothing_that_is_read(saved):
    for case, path in saved:
        assert case.states(path) == case.states(case.original), case.hand_in


def test_libreoffice_leaves_both_stamps(saved):
    for case, path in saved:
        stamps = read_stamps(read_workbook(path))
        assert stamps == read_stamps(read_workbook(case.template))
        assert len(stamps) == 2


def test_libreoffice_keeps_protection_choices_and_what_is_hidden(saved):
    case, path = saved[0]
    before, after = load_workbook(case.template), load_workbook(path)
    assert after.sheetnames == before.sheetnames
    for page in before:
        other = after[page.title]
        assert other.protection.sheet == page.protection.sheet
        assert (other.sheet_state == "visible") == (page.sheet_state == "visible")
        cells = {cell for one in page.data_validations.dataValidation for cell in _cells(one)}
        kept = {cell for one in other.data_validations.dataValidation for cell in _cells(one)}
        assert kept == cells, page.title
    assert before["_meta"].sheet_state == "veryHidden"
    assert before.defined_names.keys() == {"preparer", "reviewer", "approver"}
    assert before.defined_names.keys() <= after.defined_names.keys()


def _cells(validation) -> set[tuple[int, int]]:
    return {cell for area in validation.sqref.ranges for row in area.rows for cell in row}


def judged(monthly: list[Case], files: list[Path], folder: Path) -> dict[str, str]:
    """The round with these files in the place of its workbooks: state by hand-in."""
    data_path = folder / "data"
    shutil.copytree(EXAMPLE, data_path, ignore=shutil.ignore_patterns("make_example"))
    for case, file in zip(monthly, files, strict=True):
        place = data_path / case.original.relative_to(EXAMPLE)
        place.unlink()
        shutil.copy(file, place.with_suffix(".xlsx"))
    data, lake = DataFolder(data_path), Lake(folder / "warehouse")
    round_ = data.round("2022-05")
    accept_company(data, lake)
    for source_map in data.maps.values():
        land_source(data, lake, source_map, round_)
    land_instruments(data, lake, round_)
    result = judge_and_accept(data, lake, round_)
    return {row["hand_in"]: row["state"] for row in result.verdicts}


@pytest.mark.parametrize("way", ["as filled in", "saved by LibreOffice"])
def test_every_template_of_the_example_is_accepted(monthly, saved, tmp_path, way):
    files = [path for _, path in saved[: len(monthly)]]
    if way == "as filled in":
        files = [case.template for case in monthly]
    states = judged(monthly, files, tmp_path)
    assert {one.hand_in.name for one in monthly} <= states.keys()
    assert set(states.values()) <= {"accepted", "accepted_with_warnings"}, states
