"""Signatures in a release: of its manifest, which names every file, and of its sign-offs.

`allowed_signers` lists the keys of people.csv as they were; `signatures/PERSON.sig` is somebody's
signature of the manifest. Both are what ssh-keygen reads, so that

    ssh-keygen -Y verify -f allowed_signers -I PERSON -n carbonloom-release \\
        -s signatures/PERSON.sig < manifest.json

says the same as this module. Keys inside a release prove that nothing changed since; that they are
theirs, only a list from elsewhere proves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.gate.detached_signatures import (
    NEEDED,
    SignatureError,
    armoured,
    is_available,
    is_signed_by,
    signed,
    unarmoured,
)
from orchestration.gate.signers import NAMESPACE, ROUND, Signers, signers_of, statement
from orchestration.lake.paths import Lake
from orchestration.publication.files import MANIFEST, SIGNATURES

NAMESPACE_OF_RELEASE = "carbonloom-release"
ALLOWED_SIGNERS = "allowed_signers"
ENDING = ".sig"


class SealError(Exception):
    """The manifest wasn't signed; nothing was written."""


@dataclass(frozen=True)
class Signatures:
    """Who signed the manifest of a release; what is wrong with signatures, and what is unproven."""

    signed_by: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def write_allowed_signers(lake: Lake) -> None:
    """The keys of a release's people; no file where nobody has one."""
    if text := _signers(lake).allowed_signers:
        (lake.path / ALLOWED_SIGNERS).write_text(text, encoding="utf-8")


def seal(folder: Path, person: str, key: Path, allowed_signers: Path | None = None) -> Path:
    """Sign the manifest of a release; returns the signature, beside those of others.

    Raises:
        SealError: no release, not theirs to approve, or not a key that is listed for them.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise SealError(f"{folder} has no {MANIFEST}: name a folder such as releases/R/r1.")
    signers = _signers(Lake(folder))
    if person not in signers.people:
        raise SealError(f"{person} is nobody of the release's people.csv.")
    if not signers.may_sign(person, ROUND, "approver"):
        who = ", ".join(signers.who_may(ROUND, "approver")) or "nobody"
        raise SealError(f"{person} doesn't approve the round. Who does: {who}.")
    message = manifest.read_bytes()
    try:
        signature = signed(key, NAMESPACE_OF_RELEASE, [message])[0]
    except SignatureError as error:
        raise SealError(str(error)) from error
    listed = _listed(folder, allowed_signers)
    if not is_signed_by(listed, person, NAMESPACE_OF_RELEASE, message, signature):
        raise SealError(
            f"{key} isn't listed for {person} in {allowed_signers or ALLOWED_SIGNERS}. A key that "
            "people.csv got after the release was made is named by --allowed-signers."
        )
    target = folder / SIGNATURES / f"{person}{ENDING}"
    target.parent.mkdir(exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_text(armoured(signature), encoding="ascii")
    beside.replace(target)
    return target


def check_signatures(folder: Path, allowed_signers: Path | None = None) -> Signatures:
    """Check the signatures of a release by its own keys, or by a list from elsewhere."""
    files = sorted((folder / SIGNATURES).glob("*"))
    signers, listed = _signers(Lake(folder)), _listed(folder, allowed_signers)
    sign_offs = [row for row in _sign_offs(Lake(folder)) if row["is_valid"]]
    by_key = [row for row in sign_offs if row.get("proof") == "ssh_key"]
    if (files or by_key) and not is_available():
        return Signatures(notes=(f"Signatures are not checked: {NEEDED} was not found.",))
    differences, signed_by, notes = [], [], []
    message = (folder / MANIFEST).read_bytes()
    for file in files:
        signature = unarmoured(file.read_text(encoding="ascii", errors="replace"))
        person = file.name.removesuffix(ENDING)
        if not is_signed_by(listed, person, NAMESPACE_OF_RELEASE, message, signature):
            differences.append(
                f"{SIGNATURES}/{file.name}: no signature of this {MANIFEST} by a listed key."
            )
        elif not (person in signers.people and signers.may_sign(person, ROUND, "approver")):
            differences.append(f"{SIGNATURES}/{file.name}: {person} doesn't approve the round.")
        else:
            signed_by.append(person)
    for row in by_key:
        said = row | {"person": row["person_id"], "sha256": row["signed_sha256"]}
        if not is_signed_by(listed, row["person_id"], NAMESPACE, statement(said), row["signature"]):
            differences.append(
                f"sign_offs.csv of {row['round']} L{row['source_line']}: {row['hand_in']} is not "
                f"signed as {row['role']} by a listed key of {row['person_id']}."
            )
    if not signed_by:
        notes.append(f"{MANIFEST} is signed by nobody: compare its SHA-256 with the one you keep.")
    if unproven := sum(not row.get("proof") for row in sign_offs):
        notes.append(
            f"{unproven} of {len(sign_offs)} sign-offs are proven by nothing: people.csv listed "
            "neither key nor user of who signed."
        )
    return Signatures(tuple(signed_by), tuple(differences), tuple(notes))


def _signers(lake: Lake) -> Signers:
    path = lake.company("people")
    return signers_of(pq.read_table(path).to_pylist() if path.exists() else ())


def _listed(folder: Path, allowed_signers: Path | None) -> str:
    path = allowed_signers or folder / ALLOWED_SIGNERS
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _sign_offs(lake: Lake) -> list[dict[str, object]]:
    folder = lake.path / "quality" / "sign_offs"
    return [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
