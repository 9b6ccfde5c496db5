"""A round from the files to the publication: once accepted, refused, changed, and once killed."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from orchestration.calculation.dbt import PROJECT, DbtRun
from orchestration.calculation.unpassed import built_under_watch
from orchestration.commands.cli import app
from orchestration.commands.running import unbroken_rows
from orchestration.company.data_folder import DataFolder
from orchestration.gate import acceptance
from orchestration.gate.acceptance import accept_company, judge_and_accept
from orchestration.ingest.landing import land_source
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, HAND_INS_SCHEMA, Lake
from orchestration.publication.files import PublishError
from orchestration.release import publishing
from orchestration.release.publishing import publish
from tests.conftest import TinyCompany

COMPLETE_KGCO2E = 1000 * 0.5 + 10 * 3 + 50 * 0.2


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
    rows = Lake(warehouse).read(Lake(warehouse).build_months, BUILD_MONTHS_SCHEMA).to_pylist()
    return [f"{row['period_month']:%Y-%m}" for row in rows if row["is_stale"]]


def accepted_files(warehouse: Path) -> dict[str, str]:
    """Path and hash of everything in accepted/."""
    folder = warehouse / "accepted"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def check_hashes(publication: Path) -> None:
    """Every file is the one the manifest names."""
    manifest = json.loads((publication / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest["files"].items():
        content = (publication / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name


def test_rounds_are_accepted_refused_repeated_and_changed(
    tiny_company: TinyCompany, tmp_path: Path
):
    warehouse = tmp_path / "warehouse"

    # refused: nothing of it is accepted, the others go on
    tiny_company.hand_in_workbook("2022-02", diesel="about 10")
    code, output = collect(tiny_company, warehouse)
    assert code == 1, output
    assert "Energy!C3" in output
    assert not [name for name in accepted_files(warehouse) if "2022-02__mill__boiler" in name]
    assert total_of(warehouse, "2022-01") == pytest.approx(50 * 0.2)
    assert total_of(warehouse, "2022-02") == pytest.approx(COMPLETE_KGCO2E)

    # handed in again, now right: only its month is built
    tiny_company.hand_in_workbook("2022-02")
    code, output = collect(tiny_company, warehouse, "--round", "2022-02")
    assert code == 0, output
    assert stale_months(warehouse) == ["2022-01"]
    assert total_of(warehouse, "2022-01") == pytest.approx(COMPLETE_KGCO2E)
    check_hashes(warehouse / "published")

    # run again: nothing changes, not even the publication
    figures, accepted = marts(warehouse), accepted_files(warehouse)
    publication = (warehouse / "published").resolve()
    assert collect(tiny_company, warehouse)[0] == 0
    assert (accepted_files(warehouse), marts(warehouse)) == (accepted, figures)
    assert stale_months(warehouse) == []
    assert (warehouse / "published").resolve() == publication

    # one hand-in changed, another refused: the one moves its month, the old other stays
    tiny_company.hand_in_workbook("2022-03", electricity=3000)
    tiny_company.hand_in_workbook("2022-02", diesel=-5)
    code, output = collect(tiny_company, warehouse)
    assert code == 1, output
    assert "revision 1 stays in force" in output
    assert stale_months(warehouse) == ["2022-02"]
    assert total_of(warehouse, "2022-01") == pytest.approx(COMPLETE_KGCO2E)
    assert total_of(warehouse, "2022-02") == pytest.approx(COMPLETE_KGCO2E + 2000 * 0.5)


class KilledError(Exception):
    """What a killed process looks like from the inside."""


def die(*_: object) -> None:
    """Stands in for whatever comes next."""
    raise KilledError


def accept(company: TinyCompany, warehouse: Path, round_: str = "2022-02") -> None:
    """Land and judge a round, without Dagster and dbt."""
    data, lake = DataFolder(company.path), Lake(warehouse)
    accept_company(data, lake)
    for source_map in data.maps.values():
        land_source(data, lake, source_map, data.round(round_))
    judge_and_accept(data, lake, data.round(round_))


def test_a_run_killed_in_the_gate_accepts_nothing_and_the_next_one_the_same_as_a_clean_one(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    killed, clean = tmp_path / "killed", tmp_path / "clean"
    with monkeypatch.context() as patch:
        patch.setattr(acceptance, "_write_quality", die)
        with pytest.raises(KilledError):
            accept(tiny_company, killed)
    assert Lake(killed).registry().num_rows == 0

    accept(tiny_company, killed)
    accept(tiny_company, clean)

    assert accepted_files(killed) == accepted_files(clean)
    assert {row["revision"] for row in Lake(killed).registry().to_pylist()} == {1}


def working_file(lake: Lake, figure: float) -> None:
    """As much of a built warehouse as publishing looks at."""
    lake.working_file.unlink(missing_ok=True)
    lake.working_file.parent.mkdir(parents=True, exist_ok=True)
    lake.write(lake.build_months, BUILD_MONTHS_SCHEMA.empty_table())
    lake.write(lake.hand_ins, HAND_INS_SCHEMA.empty_table())
    with duckdb.connect(str(lake.working_file)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.figures as select {figure}::double as kgco2e")


def published_figure(lake: Lake) -> float:
    """The one figure, as an analyst reads it."""
    with duckdb.connect(str(lake.published / "marts.duckdb"), read_only=True) as connection:
        return connection.execute("select kgco2e from marts.marts.figures").fetchall()[0][0]


def test_a_publication_killed_before_the_swap_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lake, data = Lake(tmp_path), tmp_path / "data"
    working_file(lake, 1)
    publish(lake, PROJECT, data)
    reader = duckdb.connect(str(lake.published / "marts.duckdb"), read_only=True)

    working_file(lake, 2)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "point_to", die)
        with pytest.raises(KilledError):
            publish(lake, PROJECT, data)
    assert published_figure(lake) == 1
    check_hashes(lake.published)

    publish(lake, PROJECT, data)
    # who had the file open still reads what it was
    assert reader.execute("select kgco2e from marts.marts.figures").fetchall() == [(1,)]
    reader.close()
    assert published_figure(lake) == 2
    check_hashes(lake.published)


def test_what_failed_is_not_published_until_a_whole_build_passes(tmp_path: Path):
    lake, failed = Lake(tmp_path), DbtRun(problems=["residue: 3 rows", "more"])
    working_file(lake, 1)

    def build(half: str, run: DbtRun, is_whole: bool) -> None:
        assert built_under_watch(lake, half, lambda: run, is_whole=is_whole) is run

    build("product_models", failed, True)
    build("product_models", DbtRun(), False)  # a table of it alone, without what failed
    build("inventory_models", DbtRun(), True)  # the other half
    with pytest.raises(PublishError, match="product_models: residue: 3 rows"):
        publish(lake, PROJECT, tmp_path)
    with pytest.raises(KilledError):
        built_under_watch(lake, "product_models", die, is_whole=True)
    with pytest.raises(PublishError, match="residue"):
        publish(lake, PROJECT, tmp_path)
    assert not lake.published.exists()

    build("product_models", DbtRun(), True)
    publish(lake, PROJECT, tmp_path)
    assert published_figure(lake) == 1

    with pytest.raises(KilledError):
        built_under_watch(lake, "product_models", die, is_whole=False)
    with pytest.raises(PublishError, match="did not come to its end"):
        publish(lake, PROJECT, tmp_path)


def test_a_month_that_was_not_built_with_its_inputs_is_not_published(tmp_path: Path):
    lake = Lake(tmp_path)
    working_file(lake, 1)
    row = {"period_month": date(2022, 1, 1), "fingerprint": "new", "is_stale": True}
    lake.write(lake.build_months, pa.Table.from_pylist([row], schema=BUILD_MONTHS_SCHEMA))

    with pytest.raises(PublishError, match="2022-01"):
        publish(lake, PROJECT, tmp_path)

    assert not lake.published.exists()


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
