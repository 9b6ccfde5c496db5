"""A company's own GWP set: what it must state, and that it is chosen like those of the reports."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer

from orchestration.commands.options import known_gwp_set
from orchestration.company.gwp_checks import gwp_contradictions
from orchestration.company.tables import TABLES

UNFCCC = ["UNFCCC,ch4_fossil,28,AR5", "UNFCCC,ch4_biogenic,28,AR5", "UNFCCC,n2o,265,AR5"]
HEADER = ",".join(TABLES["gwp_sets"].columns)


def problems_of(folder: Path, *lines: str, chosen: str = "UNFCCC") -> list[str]:
    cells = [[text or None for text in line.split(",")] for line in lines]
    frame = pd.DataFrame(cells, columns=list(TABLES["gwp_sets"].columns), dtype=object)
    return gwp_contradictions({"gwp_sets": frame}, {"gwp_set": chosen}, folder)


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    (tmp_path / "own.csv").write_text(
        "factor_id,kg_co2_fossil,kg_co2e,other_gases\na,1,,\nb,,2,\nc,,,sf6=1;hcfc_22=1\n"
    )
    return tmp_path


def test_a_whole_set_is_accepted(libraries):
    assert problems_of(libraries, *UNFCCC, "UNFCCC,sf6,23500,AR5", "AR5,n2o,265,AR5") == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (UNFCCC[0], "line 2: set UNFCCC has no gwp100 of sf6, which .* line 4 other_gases needs"),
        ("UNFCCC,sf6,23500,", "line 5: source is blank"),
        ("UNFCCC,sf6,-1,AR5", "line 5: gwp100 -1 is not a number above 0"),
        ("UNFCCC,sf6,0,AR5", "line 5: gwp100 0 is not a number above 0"),
        ("UNFCCC,co2_fossil,2,x", "line 5: gwp100 of co2_fossil is 2. It is 1 by definition"),
        ("UNFCCC,hcfc_22,2,x", "line 5: gas_code hcfc_22 is no gas that counts"),
        ("AR5,n2o,298,x", "line 5: gwp100 298 of n2o is not that of AR5, 265"),
        ("unfccc,n2o,265,x", "line 5: gwp_set unfccc differs from UNFCCC by capitals"),
        ("AR 6,n2o,265,x", "line 5: gwp_set AR 6 differs from AR6 by capitals, blanks or dashes"),
        ("a/b,n2o,265,x", "line 5: gwp_set 'a/b' holds /"),
    ],
)
def test_a_wrong_line_is_named(libraries, line, told):
    found = "\n".join(problems_of(libraries, *UNFCCC, line))
    assert pd.Series([found]).str.contains(told)[0], found


def test_a_set_that_nobody_has_is_refused(libraries):
    (problem,) = problems_of(libraries, chosen="AR9")
    assert "gwp_set AR9 is not known. Use one of AR4, AR5, AR6, or state" in problem


def test_the_command_line_takes_a_set_of_the_company(tmp_path):
    (tmp_path / "company").mkdir()
    (tmp_path / "company" / "gwp_sets.csv").write_text("\n".join([HEADER, *UNFCCC]))
    assert known_gwp_set(tmp_path, "UNFCCC") == "UNFCCC"
    with pytest.raises(typer.Exit):
        known_gwp_set(tmp_path, "AR9")
