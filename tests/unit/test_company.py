"""The data folder: every contradiction is named with file, line and remedy."""

from datetime import date

import pandas as pd
import pytest

from orchestration.company import CompanyDataError, DataFolder, months_between


def test_months_between_holds_both_ends():
    assert months_between(date(2021, 11, 1), date(2022, 2, 1)) == (
        date(2021, 11, 1),
        date(2021, 12, 1),
        date(2022, 1, 1),
        date(2022, 2, 1),
    )


def test_a_process_of_an_unknown_site_names_its_line(tiny_company):
    path = tiny_company.path / "company" / "processes.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    columns = header.split(",")
    cells = rows[0].split(",")
    cells[columns.index("facility_id")] = "moon"
    path.write_text("\n".join([header, ",".join(cells)]) + "\n", encoding="utf-8")

    with pytest.raises(CompanyDataError, match=r"processes.csv line 2: facility_id moon"):
        _ = DataFolder(tiny_company.path).company


def test_a_misspelt_column_is_refused_rather_than_ignored(tiny_company):
    path = tiny_company.path / "company" / "facilities.csv"
    path.write_text("facility_id,name_en,country,subdivison\nmill,Mill,CN,CN-JS\n")

    with pytest.raises(CompanyDataError, match="column subdivison is not known"):
        _ = DataFolder(tiny_company.path).company


def test_na_is_a_text_and_a_blank_is_none(tmp_path):
    from orchestration.company import read_csv_as_text

    (tmp_path / "t.csv").write_text("code,name\n00123,NA\n,x\n", encoding="utf-8")

    assert read_csv_as_text(tmp_path / "t.csv").values.tolist() == [["00123", "NA"], [None, "x"]]


def test_a_suffix_in_capitals_is_found(tiny_company):
    data = DataFolder(tiny_company.path)
    round_ = data.rounds[0]
    found = {
        hand_in: path for m in data.maps.values() for hand_in, path in data.hand_ins(m, round_)
    }
    hand_in, path = next((h, p) for h, p in found.items() if p and p.suffix == ".xlsx")
    path.rename(path.with_suffix(".XLSX"))

    again = {h: p for m in data.maps.values() for h, p in data.hand_ins(m, round_)}

    assert again[hand_in] is not None
    assert data.unclaimed_files(round_) == []


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("components", "dirct", "a flow of kind fuel_stationary has no component dirct"),
        ("flow_kind", "fuel", "flow_kind fuel is not known"),
    ],
)
def test_a_flow_without_a_place_in_the_inventory_is_refused(tiny_company, column, value, words):
    """A misspelt component would otherwise emit nothing, and nobody would hear of it."""
    path = tiny_company.path / "company" / "flows.csv"
    flows = pd.read_csv(path, dtype=str)
    flows.loc[flows["flow_id"] == "diesel_stationary", column] = value
    flows.to_csv(path, index=False)

    with pytest.raises(CompanyDataError, match=f"diesel_stationary: {words}"):
        _ = DataFolder(tiny_company.path).company


@pytest.mark.parametrize("share", ["40", "40%", "-0.1"])
def test_a_share_is_a_number_from_0_to_1(tiny_company, share):
    path = tiny_company.path / "company" / "facilities.csv"
    path.write_text(f"facility_id,name_en,country,consolidation_share\nmill,Mill,CN,{share}\n")

    with pytest.raises(CompanyDataError, match=f"line 2: consolidation_share {share} is no share"):
        _ = DataFolder(tiny_company.path).company
