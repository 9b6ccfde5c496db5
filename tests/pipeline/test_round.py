"""A round from the files to the publication: once accepted, refused, changed, and once killed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import acceptance, publishing
from orchestration.cli import app, unbroken_rows
from orchestration.lake import Lake
from tests.conftest import TinyCompany

EXPECTED_KGCO2E = {"2022-01": 1000 * 0.5 + 10 * 3 + 50 * 0.2}


def collect(company: TinyCompany, warehouse: Path, *more: str) -> tuple[int, str]:
    """`carbonloom run` in this process: exit code and what it printed."""
    command = ["run", "--data", str(company.path), "--warehouse", str(warehouse), *more]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.output


def marts(warehouse: Path) -> dict[str, list[tuple]]:
    """Every published mart, row by row."""
    folder = warehouse / "published" / "parquet"
    with duckdb.connect() as connection:
        return {
            path.stem: connection.execute(
                "select * from read_parquet($1) order by all", [str(path)]
            ).fetchall()
            for path in sorted(folder.glob("*.parquet"))
        }


def total_of(warehouse: Path, month: str) -> float:
    """Location-based kgCO2e of a month in the published marts."""
    path = warehouse / "published" / "parquet" / "emissions_by_process.parquet"
    with duckdb.connect() as connection:
        return connection.execute(
            "select sum(location_based_kgco2e) from read_parquet($1) "
            "where strftime(period_month, '%Y-%m') = $2",
            [str(path), month],
        ).fetchall()[0][0]


def stale_months(warehouse: Path) -> list[str]:
    """Months the last run had to build."""
    rows = Lake(warehouse).read(Lake(warehouse).build_months, None).to_pylist()
    return [f"{row['period_month']:%Y-%m}" for row in rows if row["is_stale"]]


def accepted_files(warehouse: Path) -> dict[str, str]:
    """Path and hash of everything in accepted/."""
    folder = warehouse / "accepted"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_a_round_goes_from_files_to_published_figures_and_a_rerun_changes_nothing(
    tiny_company: TinyCompany, tmp_path: Path
):
    warehouse = tmp_path / "warehouse"

    code, output = collect(tiny_company, warehouse)

    assert code == 0, output
    assert total_of(warehouse, "2022-01") == pytest.approx(EXPECTED_KGCO2E["2022-01"])
    assert "mill/boiler" in output
    manifest = json.loads((warehouse / "published" / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        content = (warehouse / "published" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]

    figures, accepted = marts(warehouse), accepted_files(warehouse)
    folder = (warehouse / "published").resolve()
    code, output = collect(tiny_company, warehouse)

    assert code == 0, output
    assert accepted_files(warehouse) == accepted
    assert marts(warehouse) == figures
    assert stale_months(warehouse) == []
    assert (warehouse / "published").resolve() == folder

    tiny_company.hand_in_workbook("2022-03", electricity=3000)
    code, output = collect(tiny_company, warehouse)

    assert code == 0, output
    assert stale_months(warehouse) == ["2022-02"]
    assert total_of(warehouse, "2022-01") == pytest.approx(EXPECTED_KGCO2E["2022-01"])
    assert total_of(warehouse, "2022-02") == pytest.approx(3000 * 0.5 + 10 * 3 + 50 * 0.2)

    clean = tmp_path / "clean"
    assert collect(tiny_company, clean)[0] == 0
    assert _without_revisions(marts(clean)) == _without_revisions(marts(warehouse))


def _without_revisions(published: dict[str, list[tuple]]) -> dict[str, list[tuple]]:
    """Figures only: how often a hand-in was delivered is a fact of its warehouse."""
    return {name: published[name] for name in ("emissions_by_process", "facility_inventory")}


def test_a_refused_hand_in_stops_nobody_else_and_leaves_the_old_one_in_force(
    tiny_company: TinyCompany, tmp_path: Path
):
    warehouse = tmp_path / "warehouse"
    tiny_company.hand_in_workbook("2022-02", diesel="about 10")
    code, output = collect(tiny_company, warehouse)

    assert code == 1, output
    assert "Energy!C3" in output
    assert not [name for name in accepted_files(warehouse) if "2022-02__mill__boiler" in name]
    assert [name for name in accepted_files(warehouse) if "2022-02__erp__water" in name]
    assert total_of(warehouse, "2022-01") == pytest.approx(50 * 0.2)

    tiny_company.hand_in_workbook("2022-02")
    assert collect(tiny_company, warehouse, "--round", "2022-02")[0] == 0
    good = total_of(warehouse, "2022-01")
    tiny_company.hand_in_workbook("2022-02", diesel=-5)
    code, output = collect(tiny_company, warehouse, "--round", "2022-02")

    assert code == 1, output
    assert "revision 1 stays in force" in output
    assert total_of(warehouse, "2022-01") == good == pytest.approx(EXPECTED_KGCO2E["2022-01"])


class Killed(BaseException):
    """What a killed process looks like from the inside."""


@pytest.mark.parametrize("moment", ["before the registry", "before the swap"])
def test_a_killed_run_leaves_no_half_and_the_next_one_finishes_it(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
):
    warehouse = tmp_path / "warehouse"

    def die(*arguments: object) -> None:
        raise Killed(moment)

    with monkeypatch.context() as patch:
        if moment == "before the registry":
            patch.setattr(acceptance, "_write_quality", die)
        else:
            patch.setattr(publishing, "_point_to", die)
        result = CliRunner().invoke(
            app, ["run", "--data", str(tiny_company.path), "--warehouse", str(warehouse)]
        )
    assert result.exit_code not in (0, 1)
    assert not (warehouse / "published").exists()
    if moment == "before the registry":
        assert Lake(warehouse).registry().num_rows == 0

    code, output = collect(tiny_company, warehouse)

    assert code == 0, output
    assert total_of(warehouse, "2022-01") == pytest.approx(EXPECTED_KGCO2E["2022-01"])
    assert {row["revision"] for row in Lake(warehouse).registry().to_pylist()} == {1}


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("company/company.yml", "company_id: mill\n", "gwp_set is missing"),
        ("maps/erp_water.yml", "source: water\n", "erp_water.yml"),
        ("rounds.csv", "round\nx\n", "rounds.csv line 2"),
    ],
)
def test_a_broken_data_folder_is_told_in_words(
    tiny_company: TinyCompany, tmp_path: Path, file: str, text: str, named: str
):
    (tiny_company.path / file).write_text(text, encoding="utf-8")

    code, output = collect(tiny_company, tmp_path / "warehouse")

    assert code == 2
    assert named in output
    assert "Traceback" not in output


def test_neighbouring_rounds_share_a_run():
    assert unbroken_rows(["a", "b", "d"], ["a", "b", "c", "d"]) == [["a", "b"], ["d"]]
