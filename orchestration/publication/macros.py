"""The table macros of macros.sql, one by one: what each is for, and which marts it reads."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

STATEMENTS = Path(__file__).with_name("macros.sql")
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
    blocks = STATEMENTS.read_text(encoding="utf-8").split("\n\n-- ")[1:]
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


def macros_over(marts: Collection[str]) -> list[Macro]:
    """Those whose marts are all there: an older release may lack one."""
    return [macro for macro in all_macros() if macro.marts <= set(marts)]
