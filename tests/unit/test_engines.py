"""Which engine a run is built with: asked for, stated in company.yml, or the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from orchestration.calculation.last_run import inputs_of_a_run
from orchestration.commands.ending import BROKEN
from orchestration.commands.options import known_engine
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import company_tables
from orchestration.lake import engines
from orchestration.lake.engines import EMBEDDED, SPARK, Engine, EngineError, engine_named
from tests.conftest import TinyCompany

STATED = {"engine": "spark", "engine_address": "thrift://ann@cluster.example:10001"}
CLUSTER = Engine(SPARK, "cluster.example", 10001, "ann")


@pytest.fixture
def _with_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "CLIENT", ())


def test_the_embedded_engine_is_the_default() -> None:
    assert engine_named("", "", {}) == EMBEDDED
    assert engine_named("duckdb", "", STATED) == EMBEDDED, "what is asked for counts"
    assert not EMBEDDED.is_cluster


@pytest.mark.usefixtures("_with_a_client")
def test_a_cluster_is_stated_or_asked_for() -> None:
    assert engine_named("", "", STATED) == CLUSTER
    assert engine_named(CLUSTER.name, CLUSTER.address, {}) == CLUSTER
    asked = engine_named("", "thrift://other:10000", STATED)
    assert (asked.host, asked.port, asked.user) == ("other", 10000, "carbonloom")


@pytest.mark.usefixtures("_with_a_client")
@pytest.mark.parametrize(
    ("name", "address", "problem"),
    [
        ("presto", "", "engine presto: use duckdb or spark."),
        ("spark", "", "engine spark: there is no address of a Thrift server."),
        ("spark", "spark://host:7077", "spark://host:7077: no address of a Thrift server."),
        ("spark", "thrift://host", "thrift://host: no address of a Thrift server."),
        ("spark", "thrift://host:port", "thrift://host:port: no address of a Thrift server."),
    ],
)
def test_what_is_no_engine_is_refused(name: str, address: str, problem: str) -> None:
    with pytest.raises(EngineError) as raised:
        engine_named(name, address, {})

    assert problem in str(raised.value)


def test_a_client_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "CLIENT", ("orchestration", "no_such_package.at_all"))

    with pytest.raises(EngineError, match=r"engine spark: no_such_package.at_all can't be imp"):
        engine_named("", "", STATED)


def test_an_engine_decides_what_a_run_does_and_no_figure(tiny_company: TinyCompany) -> None:
    data = tiny_company.path
    assert inputs_of_a_run(data, [], "") != inputs_of_a_run(data, [], "", engine=SPARK)
    before = company_tables(DataFolder(data))["settings"]
    with (data / "company" / "company.yml").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{key}: {value}\n" for key, value in STATED.items())

    assert DataFolder(data).settings.items() >= STATED.items()
    assert company_tables(DataFolder(data))["settings"].equals(before)


def test_company_yml_is_asked_by_commands(tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    settings = tmp_path / "company" / "company.yml"
    assert known_engine(tmp_path, "", "") == EMBEDDED, "who needs the file says that it is missing"
    settings.write_text("engine: [spark")
    assert known_engine(tmp_path, "", "") == EMBEDDED

    settings.write_text("engine: spark\n")
    with pytest.raises(typer.Exit) as ended:
        known_engine(tmp_path, "", "")

    assert ended.value.exit_code == BROKEN
