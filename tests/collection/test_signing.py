"""`carbonloom sign` writes sign-offs that count, or none."""

from __future__ import annotations

from datetime import date

from typer.testing import CliRunner

from orchestration.commands.cli import app
from tests.collection.conftest import BOILER, ROUND, WATER


def carbonloom(company, lake, role: str, person: str, *hand_ins: str) -> tuple[int, str]:
    named = [part for hand_in in hand_ins for part in ("--hand-in", hand_in)]
    where = ["--data", str(company.path), "--warehouse", str(lake.path)]
    command = ["sign", "--round", ROUND, "--role", role, "--person", person, *named, *where]
    result = CliRunner().invoke(app, command)
    return result.exit_code, result.output


def test_a_round_is_signed_without_typing_a_hash(tiny_company, judged, lake):
    assert carbonloom(tiny_company, lake, "preparer", "ann")[0] == 2  # not judged yet
    judged(date.today())
    round_itself = f"--round {ROUND} --role approver --person PERSON --hand-in round"
    for role, person, left in (
        ("preparer", "ann", f"left for the reviewer: {WATER}, {BOILER}"),
        ("reviewer", "bob", f"left for the approver: {WATER}, {BOILER}, round"),
        ("approver", "cai", round_itself),
    ):
        code, output = carbonloom(tiny_company, lake, role, person)
        assert code == 0
        assert output.startswith(
            f"signed: {WATER}, {BOILER}\nNothing proves that it was {person}: "
            "company/people.csv lists neither ssh_key nor os_user of theirs.\n"
        )
        assert left in output
    code, output = carbonloom(tiny_company, lake, "approver", "dora", "round")
    assert code == 0
    assert f"Everything is signed: carbonloom release --round {ROUND}" in output
    signed = (tiny_company.path / "rounds" / ROUND / "sign_offs.csv").read_bytes()

    for role, person, hand_in, why in (
        ("reviewer", "ann", BOILER, "ann is preparer and reviewer"),
        ("approver", "ann", "round", "prepared"),
        ("boss", "ann", BOILER, "role boss"),
        ("reviewer", "zoe", BOILER, "person zoe"),
        ("reviewer", "dora", "mill/x", "hand_in mill/x"),
    ):
        code, output = carbonloom(tiny_company, lake, role, person, hand_in)
        assert code == 2 and why in output, output
    assert (tiny_company.path / "rounds" / ROUND / "sign_offs.csv").read_bytes() == signed

    tiny_company.hand_in_workbook(ROUND, electricity=1001)
    outdated = [row for row in judged(date.today()).sign_offs if not row["is_valid"]]
    assert {row["hand_in"] for row in outdated} == {BOILER, "round"}
    assert carbonloom(tiny_company, lake, "preparer", "dora", BOILER)[0] == 0
    again = judged(date.today()).sign_offs
    assert sum(row["hand_in"] == BOILER and row["is_valid"] for row in again) == 1
    assert len(again) == 7
