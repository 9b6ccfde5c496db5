"""What Great Expectations asks of the tables, statement by statement: kept, and asked again.

A suite over a table comes down to one statement a rule, which Great Expectations writes when it
judges. They are kept beside the rules. While rules, code and versions are the same, a round is
judged by these very statements, without the seconds that a start of Great Expectations takes. It
judges itself whatever isn't kept yet, and says what is wrong with a statement that fails.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from expectations.rules import Rule
from orchestration.lake.fingerprints import code_sha256, fingerprint
from orchestration.lake.warehouse import Connection

FOLDER = Path(__file__).with_name("target")
CODE = ("expectations",)
PACKAGES = ("duckdb", "great-expectations", "sqlalchemy")
MARK = re.compile(r"-- rule (\S+)$", re.MULTILINE)

Suites = Mapping[str, Sequence[Rule]]


def named(suite: str, rule: Rule) -> str:
    """What a rule is called among all suites."""
    return f"{suite}/{rule.rule_id}"


def marked(suite: str, rule: Rule) -> str:
    """The query of a rule with a comment that tells its statement from those of others."""
    return f"-- rule {named(suite, rule)}\n{rule.query}"


def kept_statements(batch_table: str, suites: Suites) -> dict[str, str] | None:
    """The statement that counts what breaks each rule, by `suite/rule`; None if one isn't kept."""
    path = _path(batch_table)
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    wanted = _queries(suites)
    if kept["made_by"] != _made_by() or any(
        kept["queries"].get(name) != query for name, query in wanted.items()
    ):
        return None
    return {name: kept["statements"][name] for name in wanted}


def keep_statements(batch_table: str, suites: Suites, sent: Iterable[str]) -> None:
    """Keep what Great Expectations sent, where every rule is among it and the folder is writable.

    `sent`: its statements, in which a rule is known by its comment.
    """
    found: dict[str, str] = {}
    for statement in sent:
        for name in MARK.findall(statement):
            if found.setdefault(name, statement) != statement:
                return  # no single statement answers for the rule
    queries = _queries(suites)
    if found.keys() != queries.keys() or not os.access(FOLDER.parent, os.W_OK):
        return
    path = _path(batch_table)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if kept.get("made_by") == _made_by():
        queries, found = kept["queries"] | queries, kept["statements"] | found
    text = json.dumps({"made_by": _made_by(), "queries": queries, "statements": found}, indent=1)
    FOLDER.mkdir(exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def counted(connection: Connection, statements: Mapping[str, str]) -> dict[str, int]:
    """What breaks each rule, counted by its statement.

    Raises:
        duckdb.Error: one of them failed.
    """
    return {
        name: int(connection.execute(statement).fetchall()[0][0])
        for name, statement in statements.items()
    }


def _queries(suites: Suites) -> dict[str, str]:
    return {named(suite, rule): rule.query for suite, rules in suites.items() for rule in rules}


def _made_by() -> str:
    return fingerprint(code_sha256(CODE, PACKAGES))


def _path(batch_table: str) -> Path:
    return FOLDER / f"{batch_table}.json"
