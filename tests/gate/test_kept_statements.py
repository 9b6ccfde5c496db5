"""What Great Expectations asked is asked again without it, with the same answers."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from expectations import great_expectations_judge, judge, kept_statements
from expectations.preparation import prepare
from expectations.rules import GateError, RuleResult
from expectations.verdict import SUITES
from orchestration.lake.warehouse import Connection
from tests.gate.gate_round import MAY, ROUND, clean_readings, frames, lay_out

Asked = Callable[..., list[RuleResult]]


@pytest.fixture
def batch() -> Iterator[Connection]:
    """A round with a unit, a flow and a figure that are wrong."""
    rows, tables = clean_readings(), frames()
    stated = [row for row in rows if row["role"] == "activity" and row["period_month"] == MAY]
    stated[0]["unit_text"], stated[1]["flow_id"], stated[2]["quantity"] = "furlong", None, -1.0
    with duckdb.connect() as connection:
        lay_out(connection, rows, tables, None)
        prepare(connection, ROUND.round, ROUND.months)
        yield connection


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is kept yet."""
    monkeypatch.setattr(kept_statements, "FOLDER", tmp_path / "target")
    return tmp_path / "target"


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often Great Expectations judged: an entry each, of how many suites."""
    found: list[int] = []
    real = great_expectations_judge.judge

    def counted(connection: Connection, table: str, suites: kept_statements.Suites):
        found.append(len(suites))
        return real(connection, table, suites)

    monkeypatch.setattr(great_expectations_judge, "judge", counted)
    return found


def test_every_rule_is_answered_as_great_expectations_answers_it(
    batch: Connection, starts: list[int]
):
    first = judge.judge(batch, "gate_reading", SUITES)
    again = judge.judge(batch, "gate_reading", SUITES)

    assert starts == [len(SUITES)]
    assert again == first
    broken = {result.rule.rule_id for result in first if not result.success}
    assert {"unit_known", "flow_known"} <= broken
    assert len(first) == sum(map(len, SUITES.values()))


def test_fewer_suites_need_no_start_and_more_do(batch: Connection, starts: list[int]):
    few = {name: rules for name, rules in SUITES.items() if name == "stage_workbook"}
    judge.judge(batch, "gate_reading", few)
    judge.judge(batch, "gate_reading", SUITES)
    judge.judge(batch, "gate_reading", few)
    judge.judge(batch, "gate_reading", SUITES)
    assert starts == [1, len(SUITES)]


def test_another_rule_code_or_version_is_asked_by_great_expectations(
    batch: Connection, starts: list[int], monkeypatch: pytest.MonkeyPatch
):
    name, rules = "stage_workbook", SUITES["stage_workbook"]
    judge.judge(batch, "gate_reading", {name: rules})
    others = [replace(rules[0], sql="select reading_no, 'x' as observed from batch"), *rules[1:]]
    (result, *_) = judge.judge(batch, "gate_reading", {name: others})
    assert not result.success
    monkeypatch.setattr(kept_statements, "code_sha256", lambda *_: "other code")
    judge.judge(batch, "gate_reading", {name: others})
    assert starts == [1, 1, 1]


def test_a_statement_that_fails_is_told_with_its_rule(batch: Connection, starts: list[int]):
    few = {"stage_workbook": SUITES["stage_workbook"][:3]}
    judge.judge(batch, "gate_reading", few)
    batch.execute("create or replace temp view gate_reading as select 1 as reading_no")
    with pytest.raises(GateError, match=few["stage_workbook"][0].rule_id):
        judge.judge(batch, "gate_reading", few)
    assert starts == [1, 1]


def test_a_start_that_ends_the_process_is_an_error_and_no_pass(
    batch: Connection, monkeypatch: pytest.MonkeyPatch
):
    """As pyspark does without its client: it ends who looks for it, with 0."""
    imported = builtins.__import__

    def ends(name: str, *more: object, **named: object) -> object:
        if name == "great_expectations":
            raise SystemExit(0)
        return imported(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", ends)
    with pytest.raises(GateError, match=r"pyspark\[connect\]"):
        judge.judge(batch, "handed_in", SUITES)


def test_what_answers_for_no_single_rule_is_not_kept(folder: Path):
    few = {"stage_workbook": SUITES["stage_workbook"][:2]}
    first, second = (kept_statements.marked("stage_workbook", one) for one in few["stage_workbook"])
    kept_statements.keep_statements("t", few, [f"select count(*) from ({first})"])
    kept_statements.keep_statements("t", few, [first, second, f"{second} "])
    assert not folder.exists()
    kept_statements.keep_statements("t", few, ["select 1", first, second])
    assert set(json.loads((folder / "t.json").read_text())["statements"].values()) == {
        first,
        second,
    }


def test_a_judgement_by_kept_statements_imports_no_great_expectations():
    code = "import sys, expectations.verdict, orchestration.commands.running\n"
    code += "print({'great_expectations', 'sqlalchemy', 'dagster', 'dbt'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
