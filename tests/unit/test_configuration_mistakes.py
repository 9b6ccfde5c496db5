"""Mistakes in configuration files: all at once, by file and line, with what was probably meant."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.company.data_folder import CompanyDataError, DataFolder
from tests.conftest import write_company


def change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def line_of(path: Path, word: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if word in line)


def test_mistakes_of_all_files_are_told_at_once_by_line(tmp_path: Path):
    data = write_company(tmp_path).path
    boiler, water = data / "maps" / "stage_boiler.yml", data / "maps" / "erp_water.yml"
    change(boiler, ("header_row:", "header_rwo:"), ("direction: input", "direction: inpt"))
    change(water, ("readings:", "raedings:"))
    change(data / "rounds.csv", ("2022-02-05", "5 Feb"))
    (data / "company" / "company.yml").write_text("name_en: [A mill\n", encoding="utf-8")

    with pytest.raises(CompanyDataError) as refused:
        DataFolder(data).validate()

    told = str(refused.value).splitlines()
    for expected in (
        f"maps/stage_boiler.yml line {line_of(boiler, 'header_rwo')}: header_rwo is no key here. "
        "Did you mean header_row?",
        f"maps/stage_boiler.yml line {line_of(boiler, 'inpt')}: direction: inpt is not known. "
        "Did you mean input?",
        f"maps/erp_water.yml line {line_of(water, 'raedings')}: raedings is no key here. "
        "Did you mean readings?",
    ):
        assert expected in told
    assert any(line.startswith("rounds.csv line 2: ") for line in told)
    assert any(line.startswith("company/company.yml line 2: not valid YAML") for line in told)
    # a key that is there under a wrong name isn't missing as well; nobody needs the whole path
    assert not any("readings is missing" in line or str(tmp_path) in line for line in told)

    command = ["run", "--data", str(data), "--warehouse", str(tmp_path / "w")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "Did you mean header_row?" in result.output.replace("\n", " ")


def test_two_hand_ins_that_would_be_kept_as_one_file_are_told(tmp_path: Path):
    data = write_company(tmp_path).path
    change(data / "rounds.csv", ("mill/boiler;", "mill__a/boiler; mill/a__boiler;"))
    with pytest.raises(CompanyDataError, match="mill__a/boiler and mill/a__boiler can't be told"):
        DataFolder(data).validate()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("layout: months_down", "layout: month_down", "month_down is not known. Did you mean"),
        ("layout: months_down\n", "period_of: x\n", "layout is missing. Add it."),
        ("flow: electricity", "flow: {colunm: X}", "colunm is no key here. Did you mean column?"),
        ("flow: electricity", "flow: [a]", "flow: a text, or keys with values, is expected here"),
        ("unit: kWh", "required: so, unit: kWh", "required: so is neither true nor false."),
        ("header_row: 2", "HEADER_ROW: 2", "Did you mean header_row?"),
        ("header_row: 2", "header_row: two", "header_row: two is no whole number."),
        ("header_row: 2", "note: a\n        note: b", "key 'note' occurs twice; keep one."),
        ("source: stage_boiler", "source: boiler", "boiler: write stage_ or erp_"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_in_a_map_has_its_words(old, new, words, tmp_path: Path):
    data = write_company(tmp_path).path
    change(data / "maps" / "stage_boiler.yml", (old, new))
    with pytest.raises(CompanyDataError) as refused:
        DataFolder(data).validate()
    told = str(refused.value)
    assert words in told
    assert told.startswith("maps/stage_boiler.yml line ")


def test_a_source_that_two_maps_read_is_a_mistake(tmp_path: Path):
    data = write_company(tmp_path).path
    (data / "maps" / "z.yml").write_bytes((data / "maps" / "stage_boiler.yml").read_bytes())
    with pytest.raises(CompanyDataError, match=r"maps/z.yml: source stage_boiler is read by maps"):
        DataFolder(data).validate()


def test_a_map_in_another_encoding_is_told(tmp_path: Path):
    data = write_company(tmp_path).path
    (data / "maps" / "stage_boiler.yml").write_bytes("description: 锅炉".encode("gb18030"))
    with pytest.raises(CompanyDataError, match=r"maps/stage_boiler.yml: is not UTF-8"):
        DataFolder(data).validate()
