"""`carbonloom exchange` after a whole run of a generated company: what it reads, what it says."""

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.commands.cli import app
from orchestration.exchange.figures import read_company, read_footprints
from orchestration.exchange.records import content_of, exempted_percent
from orchestration.lake.paths import Lake
from tests.built import Builder
from tests.pipeline.twins import write_twins


def exchange(*command: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["exchange", *map(str, command)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def warehouse(built: Builder) -> Path:
    return built("twins", write_twins).warehouse


def test_a_year_of_two_months_is_not_due_and_named_it_is_refused(warehouse: Path):
    code, output = exchange("--warehouse", warehouse)
    assert code == 0, output
    assert "not due: 2022, fewer than 12 months" in output

    code, output = exchange("--warehouse", warehouse, "--year", "2022")
    assert code == 1
    assert "fibre 2022, S11: the reference period has 59 days" in output
    assert "cups 2022, data: carbon content is not known" in output
    assert not (warehouse / "exchange").exists()


def test_what_can_not_be_exchanged_at_all_is_told_in_words(warehouse: Path, tmp_path: Path):
    for command, words in (
        (("--warehouse", tmp_path), "nothing was calculated"),
        (("--release", tmp_path), "no release"),
        (("--warehouse", warehouse, "--basis", "green"), "use one of market_based"),
        (("--warehouse", warehouse, "--product", "socks"), "no footprint of socks"),
    ):
        code, output = exchange(*command)
        assert code == 2, output
        assert words in output


def test_a_record_says_what_the_marts_say(warehouse: Path):
    marts = warehouse / "preliminary" / "marts.duckdb"
    company = read_company(Lake(warehouse))
    fibre = {one.product_id: one for one in read_footprints(marts, "location_based")}["fibre"]
    pcf = content_of(company, fibre)["pcf"]

    folder = warehouse / "preliminary" / "parquet"
    with duckdb.connect() as connection:
        (total,) = connection.execute(
            f"select kgco2e_per_declared_unit from '{folder / 'product_footprints.parquet'}' "
            "where product_id = 'fibre' and reference_period = '2022' and method = 'cut_off' "
            "and boundary = 'cradle_to_gate' and basis = 'location_based'"
        ).fetchone()
        bound, quantity = connection.execute(
            "select sum(upper_bound_kgco2e_per_declared_unit), sum(quantity_per_declared_unit) "
            f"from '{folder / 'exemptions.parquet'}' "
            "where product_id = 'fibre' and reference_period = '2022'"
        ).fetchone()
    assert float(pcf["pcfExcludingBiogenicUptake"]) == pytest.approx(total, abs=1e-9)
    assert bound == pytest.approx(3 * quantity)
    assert float(exempted_percent(fibre, fibre.total)) == pytest.approx(
        100 * bound / (total + bound), abs=1e-4
    )
    assert pcf["geographyCountry"] == "CN"
    assert "geographyCountrySubdivision" not in pcf
    assert Decimal(pcf["fossilCarbonContent"]) == Decimal("0.625")
    assert pcf["secondaryEmissionFactorSources"] == [
        {"name": "Round figures (nobody)", "version": fibre.factor_sources[0]["edition"]}
    ]
    assert "melting by mass: chip" in pcf["allocationRulesDescription"]
    assert "soap (no factor; a guess)" in pcf["exemptedEmissionsDescription"]
    assert json.dumps(pcf)  # nothing but text, truth and lists
