"""A flow without a factor valid in its month stops the run, and is named."""

import csv

from typer.testing import CliRunner

from orchestration.cli import app
from tests.conftest import FACTOR_COLUMNS


def test_an_expired_factor_is_named_with_flow_site_month_and_cell(tiny_company, tmp_path):
    path = tiny_company.path / "emission_factors" / "round_figures.csv"
    with path.open(encoding="utf-8", newline="") as file:
        factors = list(csv.DictReader(file))
    for factor in factors:
        if factor["flow_id"] == "diesel_stationary":
            factor["valid_to"] = "2022-02-01"  # the second round is about February
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FACTOR_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(factors)
    warehouse = tmp_path / "warehouse"

    command = ["run", "--data", str(tiny_company.path), "--warehouse", str(warehouse)]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2, result.output
    assert "diesel_stationary: no emission factor for its component direct at mill" in result.output
    assert "is valid on 2022-02-01" in result.output
    assert "boiler.xlsx#Energy!C3" in result.output
    assert "There is: round_figures:diesel@2021 ended on 2022-02-01." in result.output
    assert not (warehouse / "published").exists()
