"""Every map of the example and of the worked examples: template, filled in, read, accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.collection.template import issue_templates
from orchestration.company import DataFolder
from tests.collection.filling import meaning, type_in, values_of

REPOSITORY = Path(__file__).parents[2]
WORKED_EXAMPLES = sorted(
    path.parent for path in REPOSITORY.glob("tests/worked_examples/*/rounds.csv")
)
BROKEN = "broken_hand_in"


def filled_round(folder: Path, round_name: str, out: Path) -> list[tuple]:
    """(map, round, hand-in, the hand-in as it was, the template filled in with its values)."""
    data = DataFolder(folder)
    round_ = data.round(round_name)
    cases = []
    for issued in issue_templates(data, round_, out):
        stage = issued.hand_in.split("/")[1]
        source_map = data.maps[f"stage_{stage}"]
        original = dict(data.hand_ins(source_map, round_))[issued.hand_in]
        values = values_of(issued.path, original, source_map, round_, issued.hand_in)
        type_in(issued.path, values)
        cases.append((source_map, round_, issued.hand_in, original, issued.path))
    return cases


@pytest.fixture(scope="module")
def monthly_round(tmp_path_factory):
    return filled_round(REPOSITORY / "raw_data", "2022-05", tmp_path_factory.mktemp("monthly"))


@pytest.fixture(scope="module")
def worked_examples(tmp_path_factory):
    cases = []
    for folder in WORKED_EXAMPLES:
        data = DataFolder(folder)
        for round_ in data.rounds:
            if folder.name != BROKEN and any(not one.startswith("erp/") for one in round_.expected):
                out = tmp_path_factory.mktemp(folder.name)
                cases += filled_round(folder, round_.round, out)
    return cases


def test_what_is_filled_in_is_what_is_read(monthly_round):
    assert len(monthly_round) == 13
    for source_map, round_, hand_in, original, template in monthly_round:
        assert meaning(template, source_map, round_, hand_in) == meaning(
            original, source_map, round_, hand_in
        ), hand_in
