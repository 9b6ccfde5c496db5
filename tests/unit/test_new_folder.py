"""`carbonloom init` and `doctor`: a folder that is right at once, and what it still lacks."""

from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.lake.places import REPOSITORY
from orchestration.starting.doctor import lacks_of
from orchestration.starting.new_folder import (
    STARTERS,
    Answers,
    CannotStartError,
    from_answers,
    from_starter,
    read_answers,
)

BAKERY = {
    "name": "Corner bakery",
    "country": "CN",
    "year": 2024,
    "sites": [
        {
            "name": "High Street",
            "stages": [
                {
                    "name": "Baking",
                    "buys": [
                        {"name": "Purchased electricity", "unit": "kWh", "kind": "electricity"},
                        {"name": "Flour", "unit": "kg"},
                    ],
                    "makes": [{"name": "Bread", "unit": "kg"}],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("starter", STARTERS)
def test_a_starter_is_a_valid_folder_whose_inventory_lacks_nothing(starter, tmp_path):
    started = from_starter(tmp_path / "new", starter)
    data = DataFolder(started.folder)
    assert [one for one in lacks_of(data) if one.figure == "inventory"] == []
    assert ("products" in {one.figure for one in lacks_of(data)}) == (starter == "factory_only")


def test_answers_become_a_valid_folder_with_the_factors_that_apply(tmp_path):
    started = from_answers(tmp_path / "bakery", Answers.model_validate(BAKERY))
    data = DataFolder(started.folder)
    assert data.rounds[0].expected == ("high_street/baking",)
    assert list(data.company["products"]["name_en"]) == ["Bread"]
    assert started.without_factor == (("flour", "upstream"),)
    electricity = data.company["flows"].set_index("flow_id").loc["electricity"]
    assert electricity["components"] == "generation;upstream"
    cited = (started.folder / "emission_factors" / "sources.csv").read_text(encoding="utf-8")
    assert "mee_nbs_2025_47" in cited
    inventory = {one.what for one in lacks_of(data) if one.figure == "inventory"}
    assert inventory == {
        "high_street/baking of round 2025-01 is not handed in",
        "flour has no factor for upstream that applies at the sites",
    }


def test_the_smallest_starter_is_the_worked_company_whose_figures_are_checked(tmp_path):
    started = from_starter(tmp_path / "new", "smallest")
    for path in sorted(started.folder.rglob("*")):
        if path.is_file():
            same = STARTERS["smallest"] / path.relative_to(started.folder)
            assert path.read_bytes() == same.read_bytes()
    assert len(list(started.folder.rglob("*.csv"))) >= 9


def test_a_fuel_kept_by_gross_energy_takes_no_factor_that_states_no_basis(tmp_path):
    gas = {"name": "Natural gas", "unit": "kWh (Gross CV)", "kind": "fuel_stationary"}
    stage = {"name": "Baking", "buys": [gas], "makes": []}
    site = {"name": "High Street", "stages": [stage]}
    answers = Answers.model_validate(BAKERY | {"country": "GB", "sites": [site]})
    started = from_answers(tmp_path / "bakery", answers)
    assert not (started.folder / "emission_factors" / "ipcc_2006.csv").exists()
    assert started.without_factor == ()
    units = DataFolder(started.folder).company["flows"]["unit_code"]
    assert list(units) == ["kWh (Gross CV)"]


def test_a_country_without_a_factor_is_told_of(tmp_path):
    abroad = Answers.model_validate(BAKERY | {"country": "PE"})
    started = from_answers(tmp_path / "bakery", abroad)
    assert ("electricity", "generation") in started.without_factor


def test_answers_that_are_wrong_are_named_by_line(tmp_path):
    path = tmp_path / "answers.yml"
    path.write_text(yaml.safe_dump(BAKERY | {"year": "soon"}, sort_keys=False), encoding="utf-8")
    with pytest.raises(CannotStartError, match="answers.yml line 3: year"):
        read_answers(path)


def test_a_unit_nobody_knows_is_refused_before_anything_is_written(tmp_path):
    text = yaml.safe_dump(BAKERY).replace("unit: kWh", "unit: sackfuls")
    path = tmp_path / "answers.yml"
    path.write_text(text, encoding="utf-8")
    target = tmp_path / "new"
    ended = CliRunner().invoke(app, ["init", str(target), "--answers", str(path)])
    assert ended.exit_code == 2
    assert "sackfuls" in ended.output
    assert not target.exists()


def test_a_folder_that_is_there_is_never_written_over(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotStartError, match="not empty"):
        from_starter(tmp_path, "smallest")


def test_a_terminal_is_asked(tmp_path):
    said = "Mill\nCN\n2024\nMill\nSpinning\nElectricity\nkWh\nelectricity\n\nYarn\nkg\n\n\n\n"
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "mill")], input=said)
    assert ended.exit_code == 0, ended.output
    assert "carbonloom template --round 2025-01" in ended.output
    assert (tmp_path / "mill" / "maps" / "stage_spinning.yml").exists()


def test_the_starters_are_folders_of_this_repository():
    assert all(one.is_relative_to(REPOSITORY) and one.is_dir() for one in STARTERS.values())
