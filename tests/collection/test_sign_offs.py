"""Sign-offs: three people, each about the file as it is; everything else has no effect."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import content_of_round, files_of
from orchestration.gate.sign_offs import judge_sign_offs
from tests.collection.conftest import BOILER, ROUND, WATER, rows_of, write_sign_offs, write_waivers
from tests.conftest import write_csv

TODAY = date(2022, 2, 20)


@pytest.fixture
def sign(tiny_company, judged, lake):
    """Judge sign-offs of a round that was accepted before they were written."""
    verdicts = judged(TODAY).verdicts
    files = files_of(verdicts)
    content = content_of_round(lake.registry(), ROUND, [])

    def line(role: str, person: str, hand_in: str = BOILER, **more: str) -> dict[str, str]:
        signed = {"content_sha256": content} if hand_in == "round" else {}
        signed = signed or {"source_sha256": files.get(hand_in, "0" * 64)}
        usual = {"hand_in": hand_in, "role": role, "person": person, "signed_on": "2022-02-12"}
        return usual | signed | more

    def run(*lines: dict[str, str]):
        write_sign_offs(tiny_company, *lines)
        data = DataFolder(tiny_company.path)
        return judge_sign_offs(data, data.round(ROUND), files, content, TODAY)

    run.line = line
    return run


def rules(judged) -> list[tuple[str, str]]:
    return [(row["rule_id"], row["source_cell"]) for row in judged.findings.to_pylist()]


def test_three_people_a_hand_in_and_the_approver_of_the_round(sign):
    line = sign.line
    result = sign(
        *(
            line(role, person, hand_in)
            for hand_in in (BOILER, WATER)
            for role, person in (("preparer", "ann"), ("reviewer", "bob"), ("approver", "cai"))
        ),
        line("approver", "dora", "round"),
    )
    assert rules(result) == []
    assert result.missing([BOILER, WATER]) == []
    assert result.signatures()[-1] == {
        "hand_in": "round", "role": "approver", "person_id": "dora", "person_name": "Dora",
        "signed_on": "2022-02-12", "proof": None,
    }  # fmt: skip


def test_what_is_not_signed_is_listed(sign):
    result = sign(sign.line("preparer", "ann"))
    assert result.missing([BOILER]) == [
        (BOILER, "reviewer"), (BOILER, "approver"), ("round", "approver"),
    ]  # fmt: skip


def test_one_person_does_not_fill_two_roles(sign):
    line = sign.line
    result = sign(line("preparer", "ann"), line("reviewer", "ann"), line("approver", "cai"))
    assert rules(result) == [("four_eyes", "L3")]
    assert result.missing([BOILER]) == [(BOILER, "reviewer"), ("round", "approver")]
    message = result.findings["message_en"][0].as_py()
    assert "rounds/2022-02/sign_offs.csv L3: ann is preparer and reviewer" in message


def test_who_prepared_a_hand_in_does_not_approve_its_round(sign):
    result = sign(sign.line("preparer", "ann"), sign.line("approver", "ann", "round"))
    assert rules(result) == [("four_eyes", "L3")]


WITHOUT_EFFECT = [
    ("boss", "ann", BOILER, {}, "sign_off_complete", "role boss"),
    ("reviewer", "ann", "round", {}, "sign_off_complete", "role reviewer"),
    ("preparer", "zoe", BOILER, {}, "sign_off_complete", "person zoe"),
    ("preparer", "ann", "mill/x", {}, "sign_off_complete", "hand_in mill/x"),
    ("preparer", "ann", BOILER, {"signed_on": "12.2."}, "sign_off_complete", "signed_on 12.2."),
    ("preparer", "ann", BOILER, {"signed_on": "2022-02-21"}, "sign_off_complete",
     "signed_on 2022-02-21"),
    ("preparer", "ann", BOILER, {"source_sha256": ""}, "sign_off_complete", "no source_sha256"),
    ("preparer", "ann", BOILER, {"content_sha256": "a" * 64}, "sign_off_complete",
     "content_sha256 aaaaaaaaaaaa…"),
    ("preparer", "ann", BOILER, {"source_sha256": "a" * 64}, "sign_off_outdated", "a" * 64),
    ("approver", "ann", "round", {"content_sha256": "a" * 64}, "sign_off_outdated", "a" * 64),
]  # fmt: skip


def test_sign_offs_without_effect_are_told_by_line(sign):
    result = sign(
        *(
            sign.line(role, person, hand_in, **more)
            for role, person, hand_in, more, _, _ in WITHOUT_EFFECT
        )
    )
    told = {
        row["source_cell"]: (row["rule_id"], row["observed"]) for row in result.findings.to_pylist()
    }
    assert told == {
        f"L{number}": (rule_id, observed)
        for number, (*_, rule_id, observed) in enumerate(WITHOUT_EFFECT, start=2)
    }
    assert not any(row["is_valid"] for row in result.rows.to_pylist())


def test_a_file_that_changed_voids_its_sign_offs_and_the_round(sign, tiny_company, judged, lake):
    sign(sign.line("preparer", "ann"), sign.line("approver", "dora", "round"))
    assert [row["is_valid"] for row in judged(TODAY).sign_offs] == [True, True]

    tiny_company.hand_in_workbook(ROUND, electricity=1001)
    result = judged(TODAY)

    assert [row["broken_rule"] for row in result.sign_offs] == ["sign_off_outdated"] * 2
    assert [row["is_valid"] for row in rows_of(lake.sign_offs(ROUND))] == [False, False]
    listed = [row for row in lake.finding_rows(ROUND) if row["rule_id"] == "sign_off_outdated"]
    assert len(listed) == 2
    assert {row["state"] for row in result.verdicts} == {"accepted"}  # they refuse no hand-in


def test_a_correction_and_a_waiver_void_the_approval_of_the_round(sign, tiny_company, judged, lake):
    sign(sign.line("preparer", "ann"), sign.line("approver", "dora", "round"))
    correction = {
        "file": "mill/boiler.xlsx", "sheet": "Energy", "cell": "B3", "old_value": "1000",
        "new_value": "1100", "reason": "typo", "decided_by": "ann", "decided_on": "2022-02-11",
    }  # fmt: skip
    write_csv(tiny_company.path / "rounds" / ROUND / "corrections.csv", [correction])
    assert [row["is_valid"] for row in judged(TODAY).sign_offs] == [True, False]
    before = content_of_round(lake.registry(), ROUND, rows_of(lake.waivers(ROUND)))

    bound = {"flow_id": "electricity", "per": "month", "unit": "kWh", "hard_max": "900"}
    write_csv(tiny_company.path / "expectations" / "ranges.csv", [bound])
    write_waivers(tiny_company, {})
    assert judged(TODAY).verdicts[1]["state"] == "accepted_with_warnings"

    assert content_of_round(lake.registry(), ROUND, rows_of(lake.waivers(ROUND))) != before
