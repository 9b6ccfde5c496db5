"""Who may sign what, and by what it is proven that they did: the columns of company/people.csv.

A mandate is a list of hand-ins, `site/stage` or `erp/table`, where `*` stands for any. As long as
nobody of a company has one, everybody may sign everything. What proves a signature is the ssh key
of its person, or the user that the operating system knows; a company that lists neither is told
that nothing proves it.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from orchestration.company.tables import parts_of
from orchestration.gate.detached_signatures import NEEDED, is_available, is_signed_by

NAMESPACE = "carbonloom-sign-off"
BY_KEY, BY_USER = "ssh_key", "os_user"
ROUND = "round"
"""Stands for a hand-in where the whole accepted round is signed, by its approver."""

MANDATES = {"preparer": "prepares", "reviewer": "reviews", "approver": "approves"}
"""Column of people.csv that says what somebody may sign in a role."""


@dataclass(frozen=True)
class Signer:
    """A person as people.csv lists them.

    `mandate`: patterns of hand-ins for each role.
    """

    person_id: str
    name: str
    mandate: Mapping[str, tuple[str, ...]]
    os_user: str = ""
    keys: tuple[str, ...] = ()

    def may_sign(self, hand_in: str, role: str) -> bool:
        """Whether a hand-in is theirs in that role; `*` is every hand-in and not the round."""
        patterns = self.mandate.get(role, ())
        if hand_in == ROUND:
            return ROUND in patterns
        return any(fnmatchcase(hand_in, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Signers:
    """Everybody of people.csv, by person_id."""

    people: Mapping[str, Signer]

    @property
    def are_mandated(self) -> bool:
        """Whether the company says at all who may sign what."""
        return any(any(one.mandate.values()) for one in self.people.values())

    def may_sign(self, person: str, hand_in: str, role: str) -> bool:
        """Whether somebody who is listed may sign a hand-in in a role."""
        return not self.are_mandated or self.people[person].may_sign(hand_in, role)

    def who_may(self, hand_in: str, role: str) -> list[str]:
        """Everybody who may sign it."""
        return [person for person in self.people if self.may_sign(person, hand_in, role)]

    @property
    def allowed_signers(self) -> str:
        """The keys of everybody as ssh-keygen reads them; blank where nobody has one."""
        return "".join(
            f"{one.person_id} {key}\n" for one in self.people.values() for key in one.keys
        )

    def unproven(self, person: str, sign_off: Mapping[str, Any]) -> tuple[str, str] | None:
        """What is wrong with the proof of a sign-off, and what is expected; None for nothing.

        A person who has a key signs by it; one who has none, as the operating system's user.
        """
        signer = self.people[person]
        if signer.keys:
            if not sign_off["signature"]:
                return f"no signature of {person}", "one by their key of people.csv (--key)"
            if not is_available():
                return "signature not checked", f"{NEEDED} on this machine"
            if not is_signed_by(
                self.allowed_signers, person, NAMESPACE,
                statement(sign_off), sign_off["signature"],
            ):  # fmt: skip
                return (
                    "signature of something else, or by another key",
                    f"one of this line by a key that people.csv lists for {person}",
                )
        elif signer.os_user and sign_off["os_user"] != signer.os_user:
            observed = f"signed as user {sign_off['os_user'] or '(blank)'}"
            return observed, f"user {signer.os_user}, who is {person}"
        return None

    def proof(self, person: str) -> str | None:
        """By what a sign-off of somebody that counts is proven; None for nothing."""
        signer = self.people[person]
        if signer.keys:
            return BY_KEY
        return BY_USER if signer.os_user else None


def signers_of(people: Iterable[Mapping[str, Any]]) -> Signers:
    """Everybody in rows of people.csv, also of one without these columns."""
    listed = {}
    for row in people:
        mandate = {role: tuple(parts_of(row.get(column))) for role, column in MANDATES.items()}
        listed[row["person_id"]] = Signer(
            row["person_id"], row["name_en"], mandate,
            row.get("os_user") or "", tuple(parts_of(row.get("ssh_key"))),
        )  # fmt: skip
    return Signers(listed)


def statement(sign_off: Mapping[str, Any]) -> bytes:
    """What a sign-off says, as it is signed: one line a field."""
    fields = ("round", "hand_in", "role", "person", "signed_on", "sha256")
    return "".join(f"{name}: {sign_off[name]}\n" for name in fields).encode()


def user_now() -> str:
    """The user as whom this program runs, as the operating system knows them."""
    if hasattr(os, "getuid"):
        import pwd  # not on Windows

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return str(os.getuid())
    return getpass.getuser()
