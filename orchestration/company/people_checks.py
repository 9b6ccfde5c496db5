"""What company/people.csv must not say: mandates for nothing, and two people of one key or user."""

from __future__ import annotations

import re
from collections import defaultdict

from orchestration.company.table_checks import Tables, lines_of
from orchestration.company.tables import TABLES, parts_of

ANY = "*"
ERP = "erp"
WHOLE_ROUND, CERTIFICATES = "round", "instruments"
MANDATES = ("prepares", "reviews", "approves")
KEY = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ [A-Za-z0-9+/]+={0,3}(?: .*)?")
NAME_OF_SIGNER = re.compile(r"[^\s,*?!\"#]+")
"""What ssh-keygen takes for one name and no pattern."""


def people_contradictions(tables: Tables) -> list[str]:
    """Every problem of the people's mandates, keys and users."""
    problems: list[str] = []
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line, row in lines_of(tables, "people"):
        for column in MANDATES:
            problems += [
                f"{line}: {column} {part}: {wrong}"
                for part in parts_of(row[column])
                if (wrong := _names_nothing(tables, column, part))
            ]
        keys = parts_of(row["ssh_key"])
        problems += [
            f"{line}: ssh_key {key[:20]}… is no public key. Copy the line of the .pub file."
            for key in keys
            if not KEY.fullmatch(key)
        ]
        if keys and not NAME_OF_SIGNER.fullmatch(row["person_id"] or ""):
            problems.append(
                f"{line}: person_id {row['person_id']!r} has a key, so it may hold no blank and "
                'none of , * ? ! " #. Write it without.'
            )
        for key in keys:
            owners["ssh_key", " ".join(key.split()[:2])].append(row["person_id"])
        if row["os_user"]:
            owners["os_user", row["os_user"]].append(row["person_id"])
    return problems + [
        f"{TABLES['people'].path}: {column} {value[:40]} is of {' and '.join(map(str, people))}. "
        "It proves who signed only while it is of one person."
        for (column, value), people in owners.items()
        if len(people) > 1
    ]


def _names_nothing(tables: Tables, column: str, part: str) -> str | None:
    if part in (ANY, CERTIFICATES):
        return None
    if part == WHOLE_ROUND:
        only = "the round as a whole is signed by its approver. Write it in approves."
        return None if column == "approves" else only
    owner, slash, subject = part.partition("/")
    if not slash or not owner or not subject:
        return f"write site/stage, {ERP}/table, {CERTIFICATES}, or {ANY} for any."
    sites, stages = set(tables["facilities"]["facility_id"]), set(tables["stages"]["stage_code"])
    if owner not in {*sites, ERP, ANY}:
        return f"{owner} is no site of company/facilities.csv. Correct it, or add it there."
    if owner not in (ERP, ANY) and subject not in {*stages, ANY}:
        return f"{subject} is no stage of company/stages.csv. Correct it, or add it there."
    return None
