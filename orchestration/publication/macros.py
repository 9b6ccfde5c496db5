"""The table macros of macros.sql, one by one: what each is for, and which marts it reads.

The file is a template that shares arithmetic with the models: macros of dbt_project that need
nothing of dbt.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.lake.places import REPOSITORY

STATEMENTS = Path(__file__).with_name("macros.sql")
SHARED = REPOSITORY / "dbt_project" / "macros"
LITERAL = re.compile(r"'[^']*'")
MARTS_READ = re.compile(r"\b(?:from|join) ([a-z_]+)")


@dataclass(frozen=True)
class Macro:
    """One table macro."""

    call: str
    """How it is called: `trace(result_id)`."""
    purpose: str
    statement: str

    @property
    def name(self) -> str:
        """Its name without arguments."""
        return self.call.partition("(")[0]

    @property
    def marts(self) -> frozenset[str]:
        """The tables it reads; what it says when it refuses doesn't count."""
        return frozenset(MARTS_READ.findall(LITERAL.sub("", self.statement)))


def all_macros() -> list[Macro]:
    """Every macro in the order of the file; the comment before it is its help."""
    blocks = _statements().split("\n\n-- ")[1:]
    macros = []
    for block in blocks:
        comment, _, statement = block.partition("create or replace macro ")
        words = " ".join(line.removeprefix("-- ") for line in comment.splitlines())
        call, _, purpose = words.partition(": ")
        if ":=" in call or call.count("(") != call.count(")"):
            call, _, purpose = words.partition("): ")
            call += ")"
        macros.append(Macro(call, purpose.strip(), f"create or replace macro {statement}"))
    return macros


@cache
def _statements() -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader([STATEMENTS.parent, SHARED])
    return Environment(loader=loader, undefined=StrictUndefined).get_template("macros.sql").render()


def macros_over(marts: Collection[str]) -> list[Macro]:
    """Those whose marts are all there: an older release may lack one."""
    return [macro for macro in all_macros() if macro.marts <= set(marts)]
