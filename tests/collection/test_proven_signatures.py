"""Who signs what: mandates of people.csv, proof by key or user, and the manifest's signature."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.company.data_folder import CompanyDataError, DataFolder
from orchestration.gate import signing
from orchestration.gate.sign_offs import SIGN_OFF_SCHEMA
from orchestration.gate.signers import user_now
from orchestration.lake.paths import Lake
from orchestration.release.sealing import (
    SealError,
    check_signatures,
    seal,
    write_allowed_signers,
)
from tests.collection.conftest import BOILER, ROUND, WATER
from tests.conftest import write_csv

PEOPLE = ("ann", "bob", "cai", "dora")
TODAY = date.today()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key pair of each."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    folder = tmp_path_factory.mktemp("keys")
    for person in PEOPLE:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / person)]
        subprocess.run([*command, "-C", person], check=True)
    return {person: folder / person for person in PEOPLE}


def write_people(path: Path, **of_people: dict[str, str]) -> DataFolder:
    rows = [
        {"person_id": one, "name_en": one.title()}
        | dict.fromkeys(("prepares", "reviews", "approves", "os_user", "ssh_key"), "")
        | of_people.get(one, {})
        for one in PEOPLE
    ]
    write_csv(path / "company" / "people.csv", rows)
    return DataFolder(path)


def sign(data: DataFolder, lake: Lake, role: str, person: str, *hand_ins: str, key=None):
    return signing.sign(data, lake, ROUND, role, person, hand_ins, TODAY, key)


def test_who_signs_beyond_their_mandate_is_refused(tiny_company, judged, lake):
    judged(TODAY)
    data = write_people(
        tiny_company.path,
        ann={"prepares": "mill/*"},
        bob={"reviews": "*"},
        cai={"approves": "erp/water; mill/boiler"},
        dora={"approves": "round"},
    )
    assert sign(data, lake, "preparer", "ann").hand_ins == (BOILER,)  # what is theirs
    with pytest.raises(signing.SigningError, match="ann signs erp/water as preparer.*nobody yet"):
        sign(data, lake, "preparer", "ann", WATER)
    with pytest.raises(signing.SigningError, match="names no hand-in that dora signs as reviewer"):
        sign(data, lake, "reviewer", "dora")
    with pytest.raises(signing.SigningError, match="bob signs round as approver.*who may: dora"):
        sign(data, lake, "approver", "bob", "round")
    assert sign(data, lake, "reviewer", "bob").hand_ins == (WATER, BOILER)
    assert sign(data, lake, "approver", "dora", "round").proof is None

    # a line that somebody wrote by hand
    path = tiny_company.path / "rounds" / ROUND / "sign_offs.csv"
    path.write_text(path.read_text().replace("preparer,ann", "preparer,cai"))
    result = judged(TODAY)
    assert [row["broken_rule"] for row in result.sign_offs if row["person_id"] == "cai"] == [
        "sign_off_mandated"
    ]
    told = [one for one in result.findings.to_pylist() if one["rule_id"] == "sign_off_mandated"]
    assert (
        "L2: cai signs mill/boiler as preparer; expected: somebody who may: ann"
        in (told[0]["message_en"])
    )


def test_a_listed_key_is_what_proves_a_signature(tiny_company, judged, lake, keys):
    judged(TODAY)
    public = keys["ann"].with_suffix(".pub").read_text().strip()
    data = write_people(tiny_company.path, ann={"ssh_key": public}, bob={"os_user": user_now()})
    with pytest.raises(signing.SigningError, match="no signature of ann"):
        sign(data, lake, "preparer", "ann")
    with pytest.raises(signing.SigningError, match="by another key"):
        sign(data, lake, "preparer", "ann", key=keys["bob"])
    with pytest.raises(signing.SigningError, match="is no file"):
        sign(data, lake, "preparer", "ann", key=keys["ann"].with_name("none"))
    assert sign(data, lake, "preparer", "ann", key=keys["ann"]).proof == "ssh_key"
    assert sign(data, lake, "reviewer", "bob").proof == "os_user"
    signed = {row["role"]: row for row in judged(TODAY).sign_offs if row["hand_in"] == BOILER}
    assert [signed[role]["proof"] for role in ("preparer", "reviewer")] == ["ssh_key", "os_user"]

    # a signature holds for its own line alone, and a user is the one that is listed
    path = tiny_company.path / "rounds" / ROUND / "sign_offs.csv"
    text = path.read_text()
    path.write_text(text.replace("preparer,ann", "approver,ann").replace(user_now(), "mallory"))
    assert {row["broken_rule"] for row in judged(TODAY).sign_offs} == {"sign_off_proven"}


MISTAKES = [
    ({"ann": {"prepares": "miil/boiler"}}, "miil is no site"),
    ({"ann": {"prepares": "mill/boilr"}}, "boilr is no stage"),
    ({"ann": {"reviews": "round"}}, "Write it in approves"),
    ({"ann": {"ssh_key": "my key"}}, "is no public key"),
    ({"ann": {"os_user": "x"}, "bob": {"os_user": "x"}}, "is of ann and bob"),
]


@pytest.mark.parametrize(("of_people", "why"), MISTAKES)
def test_a_mandate_for_nothing_and_a_key_of_two_are_refused(tiny_company, of_people, why):
    with pytest.raises(CompanyDataError, match=why):
        _ = write_people(tiny_company.path, **of_people).company


@pytest.fixture
def release(tmp_path: Path, keys) -> Path:
    """A folder as `release` leaves it, as far as signatures go."""
    folder = tmp_path / "r1"
    lake = Lake(folder)
    people = [
        {
            "person_id": person,
            "name_en": person,
            "approves": "round" if person in ("cai", "dora") else "",
            "ssh_key": keys[person].with_suffix(".pub").read_text().strip(),
        }
        for person in PEOPLE
    ]
    lake.write(lake.company("people"), pa.Table.from_pylist(people))
    lake.write(lake.sign_offs(ROUND), SIGN_OFF_SCHEMA.empty_table())
    write_allowed_signers(lake)
    (folder / "manifest.json").write_text(json.dumps({"files": {}}))
    return folder


def test_the_manifest_is_signed_by_an_approver_and_by_nobody_else(release, keys, tmp_path):
    assert "signed by nobody" in check_signatures(release).notes[0]
    with pytest.raises(SealError, match="ann doesn't approve the round. Who does: cai, dora"):
        seal(release, "ann", keys["ann"])
    with pytest.raises(SealError, match="isn't listed for cai"):
        seal(release, "cai", keys["ann"])
    seal(release, "cai", keys["cai"])
    assert check_signatures(release).signed_by == ("cai",)
    assert check_signatures(release).notes == ()

    by_hand = subprocess.run(
        [
            "ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "cai",
            "-n", "carbonloom-release", "-s", "signatures/cai.sig",
        ],
        cwd=release, input=(release / "manifest.json").read_bytes(), check=False,
    )  # fmt: skip
    assert by_hand.returncode == 0

    elsewhere = tmp_path / "signers"
    elsewhere.write_text("cai " + keys["dora"].with_suffix(".pub").read_text())
    assert "signatures/cai.sig" in check_signatures(release, elsewhere).differences[0]

    (release / "manifest.json").write_text(json.dumps({"files": {"x": 1}}))
    changed = check_signatures(release)
    assert changed.signed_by == () and "cai.sig: no signature of this" in changed.differences[0]


def test_a_sign_off_that_was_changed_in_a_release_is_found(release, keys):
    line = {
        "round": ROUND, "hand_in": BOILER, "role": "preparer", "person_id": "ann",
        "signed_on": TODAY, "signed_sha256": "0" * 64, "source_line": 2, "is_valid": True,
        "proof": "ssh_key", "signature": "c2lnbmF0dXJl",
    }  # fmt: skip
    path = Lake(release).sign_offs(ROUND)
    pq.write_table(pa.Table.from_pylist([line], schema=SIGN_OFF_SCHEMA), path)
    assert check_signatures(release).differences == (
        f"sign_offs.csv of {ROUND} L2: {BOILER} is not signed as preparer by a listed key of ann.",
    )
