"""The asset graph: what is there, what depends on what, and that the gate can't be got round."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey, AssetSelection, DagsterInstance, Definitions, materialize

from orchestration.assets.gate import REFUSED_TAG
from orchestration.assets.metadata import owners
from orchestration.assets.warehouse import EMISSIONS_BY_PROCESS, STANDS
from orchestration.company.data_folder import DataFolder
from orchestration.definitions import build_definitions
from orchestration.publication.descriptions import described_marts
from orchestration.resources import REPOSITORY, Folders
from orchestration.schedules import changed_rounds, look, newest_opened
from orchestration.steps import steps_of
from tests.conftest import TinyCompany

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")
BEFORE_DBT = ("landed", "accepted", "quality", "control")
ONLY_SHOWN = {
    "accepted__emission_factors_libraries_pass_the_gate",
    "deadlines",
    "rounds__status",
    "solved__product_system_product_system_is_solvable",
    "verdicts",
}
"""Operations that say how things stand, and leave nothing in the warehouse."""

READINGS = AssetKey(["intermediate", "int_readings"])
"""What every model of a quantity begins with."""

RENEW = "Renew it with: python -m tests.pipeline.test_definitions"


def graph_of(definitions: Definitions) -> str:
    """Every asset with its group and what it reads, one a line."""
    lines = []
    for key, spec in sorted((spec.key, spec) for spec in definitions.resolve_all_asset_specs()):
        deps = ", ".join(sorted(dep.asset_key.to_user_string() for dep in spec.deps))
        lines.append(f"{key.to_user_string()} [{spec.group_name}] <- {deps or 'the data folder'}")
    return "\n".join(lines) + "\n"


def example(warehouse: Path) -> Definitions:
    """The repository's own company."""
    return build_definitions(Folders(data=str(REPOSITORY / "raw_data"), warehouse=str(warehouse)))


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return example(tmp_path_factory.mktemp("warehouse"))


def test_the_asset_graph_is_the_one_that_was_reviewed(definitions: Definitions):
    assert graph_of(definitions) == SNAPSHOT.read_text(encoding="utf-8"), RENEW


def test_every_dependency_is_an_asset_of_the_project(definitions: Definitions):
    keys = {spec.key for spec in definitions.resolve_all_asset_specs()}
    read = {dep.asset_key for spec in definitions.resolve_all_asset_specs() for dep in spec.deps}

    assert read - keys == set()


def test_the_command_line_takes_the_steps_of_the_job_in_an_order_that_it_allows(
    definitions: Definitions,
):
    """Without a Dagster instance a run takes them one after the other, each behind its inputs."""
    graph = definitions.resolve_job_def("collect_round").graph
    steps = [step.name for step in steps_of(DataFolder(REPOSITORY / "raw_data"))]

    assert sorted(steps) == sorted({node.name for node in graph.nodes} - ONLY_SHOWN)
    for name in steps:
        needed = {
            output.node_name
            for outputs in graph.dependency_structure.input_to_upstream_outputs_for_node(
                name
            ).values()
            for output in outputs
        }
        assert needed - set(steps[: steps.index(name)]) == set(), name


def test_every_singular_test_of_dbt_is_an_asset_check(definitions: Definitions):
    """One that reads several models says in its meta which of them it stands beside."""
    graph = definitions.resolve_asset_graph()
    checks = {key.name for key in graph.asset_check_keys}
    tests = {path.stem for path in (REPOSITORY / "dbt_project" / "tests").glob("*.sql")}

    assert tests - checks == set()


def test_every_asset_is_described(definitions: Definitions):
    silent = [spec.key for spec in definitions.resolve_all_asset_specs() if not spec.description]

    assert silent == []


def test_every_column_of_a_mart_has_its_description_and_unit_in_the_ui(definitions: Definitions):
    for spec in definitions.resolve_all_asset_specs():
        if spec.key.path[0] != "marts":
            continue
        mart = described_marts()[spec.key.path[1]]
        shown = {column.name: column for column in spec.metadata["dagster/column_schema"].columns}
        assert list(shown) == list(mart.columns), spec.key
        for name, column in mart.columns.items():
            assert shown[name].description == column.description
            assert shown[name].tags.get("unit", "") == column.unit


def test_everything_calculated_is_owned_by_who_answers_for_the_figures(definitions: Definitions):
    named = {
        tuple(spec.owners)
        for spec in definitions.resolve_all_asset_specs()
        if spec.key.path[0] != "landed"
    }
    assert named == {("team:carbon-accounting",)}


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("Energy manager, site 2", ["team:energy-manager-site-2"]),
        ("carbon.desk+plant@example.com", ["carbon.desk+plant@example.com"]),
        ("能源经理", []),
        (None, []),
    ],
)
def test_an_owner_is_shown_as_the_ui_allows_it(stated: str | None, shown: list[str]):
    assert owners(stated) == shown


def test_a_refused_hand_in_can_not_reach_the_warehouse_by_running_dbt_alone(
    tiny_company: TinyCompany, tmp_path: Path
):
    tiny_company.hand_in_workbook("2022-02", electricity="about 1000")
    folders = Folders(data=str(tiny_company.path), warehouse=str(tmp_path / "warehouse"))
    assets = list(build_definitions(folders).assets or [])

    wanted = AssetSelection.assets(READINGS, EMISSIONS_BY_PROCESS).upstream()
    dbt_alone = wanted - AssetSelection.groups(*BEFORE_DBT)
    with DagsterInstance.ephemeral() as instance:
        for selection, round_ in (
            (AssetSelection.groups(*BEFORE_DBT), "2022-02"),
            (dbt_alone, None),
        ):
            done = materialize(
                assets,
                selection=selection,
                instance=instance,
                resources={"folders": folders},
                partition_key=round_,  # what is calculated holds every round
            )
            assert done.success
            # of a check that needs more tables than were built, nobody says that it holds
            checks = done.get_asset_check_evaluations()
            assert not [one.check_name for one in checks if STANDS.keys() <= one.metadata.keys()]
        gated, _ = sorted(instance.get_runs(), key=lambda run: REFUSED_TAG not in run.tags)
        assert gated.tags[REFUSED_TAG] == "mill/boiler (2022-02)"

    with duckdb.connect(str(folders.lake.working_file), read_only=True) as connection:
        hand_ins = connection.execute("select distinct hand_in from intermediate.int_readings")
        assert hand_ins.fetchall() == [("erp/water",)]


def test_the_schedule_takes_the_round_opened_last(tiny_company: TinyCompany):
    folders = Folders(data=str(tiny_company.path), warehouse="unused")
    rounds = folders.data_folder.rounds

    assert newest_opened(rounds, date(2022, 2, 1)) is None
    assert newest_opened(rounds, date(2022, 3, 3)).round == "2022-02"
    assert newest_opened(rounds, date(2022, 3, 5)).round == "2022-03"


def test_the_sensor_asks_for_the_rounds_whose_files_changed(tiny_company: TinyCompany):
    rounds = ["2022-02", "2022-03"]
    before = look(tiny_company.path, {})
    assert changed_rounds({}, before, rounds) == rounds
    assert changed_rounds(before, look(tiny_company.path, before), rounds) == []

    tiny_company.hand_in_water("2022-03", quantity=51)
    after = look(tiny_company.path, before)
    assert changed_rounds(before, after, rounds) == ["2022-03"]

    (tiny_company.path / "company" / "suppliers.csv").write_text("supplier_id,name\n")
    assert changed_rounds(after, look(tiny_company.path, after), rounds) == rounds


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        SNAPSHOT.write_text(graph_of(example(Path(folder))), encoding="utf-8")
