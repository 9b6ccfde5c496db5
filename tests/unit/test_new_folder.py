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


TWO_THINGS = {
    "name": "Baking",
    "buys": [{"name": "Yeast", "unit": "kg", "exempted_because": "a trifle"}],
    "makes": [{"name": "Bread", "unit": "kg"}, {"name": "Rolls", "unit": "kg"}],
    "split_by_mass_because": "the same dough",
}


def with_stage(stage: dict, **more) -> Answers:
    site = {"name": "High Street", "stages": [stage]}
    return Answers.model_validate(BAKERY | {"sites": [site], **more})


def test_what_is_left_out_and_split_and_who_signs_stands_in_the_folder(tmp_path):
    people = [{"name": n, "signs": [r]} for n, r in
              (("Ann", "preparer"), ("Ben", "reviewer"), ("Cid", "approver"))]  # fmt: skip
    started = from_answers(tmp_path / "bakery", with_stage(TWO_THINGS, people=people))
    assert started.without_factor == ()
    data = DataFolder(started.folder)
    yeast = data.company["flows"].set_index("flow_id").loc["yeast"]
    assert (yeast["components"], yeast["exempted_because"]) == (None, "a trifle")
    rules = data.company["allocation_rules"]
    assert list(rules["basis"]) == ["mass", "mass"]
    assert list(data.company["people"]["approves"])[2] == "*; round"
    lacking = {one.figure for one in lacks_of(data)}
    assert not lacking & {"products", "release"}


def test_doctor_names_by_process_what_nobody_splits_and_what_nobody_may_sign(tmp_path):
    without = {key: value for key, value in TWO_THINGS.items() if key != "split_by_mass_because"}
    people = [{"name": "Ann", "signs": ["preparer", "approver"]},
              {"name": "Ben", "signs": ["reviewer"]}]  # fmt: skip
    started = from_answers(tmp_path / "bakery", with_stage(without, people=people))
    said = {one.figure: one.what for one in lacks_of(DataFolder(started.folder))}
    assert said["products"].startswith("high_street_baking makes bread, rolls")
    assert said["release"].startswith("no three people may sign high_street/baking")


def test_energy_of_a_fuel_that_says_no_calorific_basis_is_refused(tmp_path):
    gas = {"name": "Natural gas", "unit": "kWh", "kind": "fuel_stationary"}
    with pytest.raises(CannotStartError, match=r"Natural gas: kWh of a fuel .* kWh \(Gross CV\)"):
        from_answers(tmp_path / "bakery", with_stage(TWO_THINGS | {"buys": [gas]}))


def test_pieces_are_not_split_by_mass(tmp_path):
    made = [{"name": "Bread", "unit": "kg"}, {"name": "Rolls", "unit": "piece"}]
    with pytest.raises(CannotStartError, match="Rolls is kept in piece, which is no mass"):
        from_answers(tmp_path / "bakery", with_stage(TWO_THINGS | {"makes": made}))


def test_a_supplier_record_that_is_no_factor_is_told_by_doctor(tmp_path):
    started = from_answers(tmp_path / "bakery", with_stage(TWO_THINGS))
    folder = started.folder / "emission_factors" / "suppliers"
    folder.mkdir()
    (folder / "flour.json").write_text("{}", encoding="utf-8")
    said = [one.what for one in lacks_of(DataFolder(started.folder)) if one.figure == "suppliers"]
    assert any("flour.json, record 1: productIds" in one for one in said)


def test_what_certified_volumes_lack_is_told_by_doctor(tmp_path):
    started = from_answers(tmp_path / "bakery", with_stage(TWO_THINGS))
    company = started.folder / "company"
    (company / "scope_certificates.csv").write_text(
        "scope_certificate,standard,facility_id,flow_id,yield_share,opening_kg,valid_from,"
        "valid_to,source\nSC,GRS,high_street,bread,0.9,0,2023-01-01,2024-06-30,listed\n",
        encoding="utf-8",
    )
    said = {one.what for one in lacks_of(DataFolder(started.folder))
            if one.figure == "certified volumes"}  # fmt: skip
    assert said == {
        "SC of high_street has no transaction certificate of what came in",
        "SC of high_street ended on 2024-06-30",
    }


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
    said = "Mill\nCN\n2024\nMill\nSpinning\nElectricity\n\nkWh\n\nYarn\nkg\n\n\n\n\n\n\n"
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "mill")], input=said)
    assert ended.exit_code == 0, ended.output
    assert "carbonloom template --round 2025-01" in ended.output
    assert (tmp_path / "mill" / "maps" / "stage_spinning.yml").exists()


def test_a_wrong_answer_is_asked_again_and_a_kind_is_proposed_by_its_name(tmp_path):
    said = "Mill\nChina\nCN\n2024\nMill\nSpinning\nElectricity\n\nsackfuls\nkWh\n\nYarn\nkg\n\n\n\n"
    ended = CliRunner().invoke(app, ["init", str(tmp_path / "mill")], input=said + "Ann\n\n\n")
    assert ended.exit_code == 0, ended.output
    assert "China: two letters" in ended.output
    assert "sackfuls" in ended.output
    company = DataFolder(tmp_path / "mill").company
    assert set(company["flows"]["flow_kind"]) == {"electricity", "product"}
    assert list(company["people"]["prepares"]) == ["*"]


def test_the_starters_are_folders_of_this_repository():
    assert all(one.is_relative_to(REPOSITORY) and one.is_dir() for one in STARTERS.values())
