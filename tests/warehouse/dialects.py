"""`python -m tests.warehouse.dialects`: what of the dbt project runs on one engine alone.

Every model and data test is rendered as for Spark, without a cluster: dbt compiles it, and each
dispatched macro takes its `spark__` form where it has one. The statement must be one that sqlglot
reads as Spark's, and its words, types and functions are looked at: an engine that is asked tells
only whether a statement runs, while `1.0 / 3.0` runs on both and means two things.

A function is allowed when it stands in PORTABLE, or comes out of a macro and stands in BY_MACRO;
who adds a name has looked it up for both engines. Ends with 1 when something is found.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from sqlglot import exp, parse_one
from sqlglot.dialects import DuckDB, Spark
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
TARGET = PROJECT / "target" / "lint"
"""Where sqlfluff parses for the target `lint`, too."""

PORTABLE = frozenset(
    """
    abs avg cast ceil coalesce concat_ws corr count date_trunc exp extract floor greatest lag least
    length ln lower max min month nullif percentile_cont position power rank replace round
    row_number split_part sqrt substr substring sum trim try_cast year
    """.split()
)
"""Functions that mean the same on DuckDB and Spark, of those that models need."""

BY_MACRO = frozenset(
    {"add_months", "array_agg", "array_join", "date_add", "datediff", "listagg", "string_agg"}
)
"""Functions that differ; a macro gives each engine its own."""

NO_FUNCTIONS = frozenset(
    """
    all and any as between by case decimal distinct else end except exists filter from group having
    in intersect is join lateral like not on or order over partition select then union using values
    when where with within
    """.split()
)
"""Words that stand before a parenthesis without calling anything."""

NO_TYPES = {
    "char": "string",
    "varchar": "string",
    "text": "string",
    "float": "double; 32 bits hold seven digits",
    "real": "double; 32 bits hold seven digits",
    "hugeint": "bigint",
    "ubigint": "bigint",
    "uinteger": "bigint",
    "timestamptz": "timestamp",
}
"""Types without a size that Spark lacks or that lose digits, and what to write."""

NODES = {
    exp.Qualify: "`qualify`: select from a subquery with the window function",
    exp.Lambda: "a lambda",
    exp.Bracket: "a list or map is opened with [ ]",
    exp.Array: "a list",
    exp.Struct: "a struct",
    exp.Pivot: "`pivot`",
    exp.Columns: "`columns(…)`",
    exp.Unnest: "`unnest`",
}
RELATION = re.compile(r'"[^"]+"\."[^"]+"\."([^"]+)"')
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|--[^\n]*|'[^']*'", re.DOTALL)
CALL = re.compile(r"\b([a-z_]+)\(")
TYPE = re.compile(r"(?:\bas|::)\s+([a-z]+)\s*\)")


def offences(sql: str, raw: str) -> list[str]:
    """What of a statement goes wrong on one of the engines, a line each.

    `sql`: as it is rendered for Spark, relations in double quotes. `raw`: its template.
    """
    sql = RELATION.sub(r"\1", sql)
    found = [*_of_tokens(DuckDB().tokenize(sql)), *_of_template(JINJA.sub(" ", raw))]
    try:
        found += _of_nodes(parse_one(sql, read=Spark))
    except SqlglotError as error:
        found.append(f"Spark can't read it: {str(error).splitlines()[0]}")
    return list(dict.fromkeys(found))


def _of_template(raw: str) -> Iterator[str]:
    """What a macro, of this project or of dbt, would write for each engine."""
    for name in sorted(set(CALL.findall(raw)) & BY_MACRO):
        yield f"{name}(…) differs between engines: call its macro"
    for name in TYPE.findall(raw):
        if name in NO_TYPES:
            yield f"type {name}: write {NO_TYPES[name]}"


def _of_tokens(tokens: list[Token]) -> Iterator[str]:
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        word = token.text.lower()
        previous = before.text.lower() if before else ""
        if token.token_type == TokenType.DCOLON:
            yield "`::`: write cast(… as …)"
        elif token.token_type == TokenType.IDENTIFIER:
            yield f'"{token.text}" in double quotes is a text on Spark'
        elif token.token_type == TokenType.STRING:
            if "\\" in token.text:
                yield f"a backslash in {token.text!r} is an escape on Spark"
        elif word == "from" and previous in ("", "("):
            yield "`from` without a select"
        elif word == "float":
            yield "type float: write double; 32 bits hold seven digits"
        elif (
            _is(after, TokenType.L_PAREN)
            and word.replace("_", "").isalnum()
            and not word.isdigit()
            and word not in PORTABLE | BY_MACRO | NO_FUNCTIONS
            and previous != "as"  # names the columns of a subquery
        ):
            yield f"{word}(…) is not known to mean the same on both engines"


def _is(token: Token | None, kind: TokenType) -> bool:
    return token is not None and token.token_type == kind


def _of_nodes(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        for kind, words in NODES.items():
            if isinstance(node, kind):
                yield words
        if isinstance(node, exp.Star) and any(node.args.values()):
            yield "`* exclude` or `* replace`: name the columns"
        elif isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            yield "`by name`: put the columns in order"
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "`distinct on`: use row_number()"
        elif isinstance(node, exp.Join) and node.method in ("ASOF", "POSITIONAL"):
            yield f"`{node.method.lower()} join`"
        elif isinstance(node, exp.Binary) and _is_decimal(node):
            yield f"`{node.sql()}` is decimal on Spark and loses digits: write 1e0 for 1.0"


def _is_decimal(expression: exp.Expr) -> bool:
    """Whether it is made of numbers alone, one with a point and none with an exponent."""
    numbers = [one.this.lower() for one in expression.find_all(exp.Literal)]
    return (
        all(
            isinstance(one, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren))
            or (isinstance(one, exp.Literal) and not one.is_string)
            for one in expression.walk()
        )
        and any("." in one for one in numbers)
        and not any("e" in one for one in numbers)
    )


def types_in_words(properties: Any) -> Iterator[str]:
    """Types in a YAML file of models or seeds that an engine lacks."""
    if isinstance(properties, Mapping):
        for key, value in properties.items():
            kinds = value.values() if key == "column_types" else [value]
            if key in ("data_type", "column_types"):
                for kind in kinds:
                    if str(kind).lower() in NO_TYPES:
                        yield f"type {kind}: write {NO_TYPES[str(kind).lower()]}"
            else:
                yield from types_in_words(value)
    elif isinstance(properties, list):
        for one in properties:
            yield from types_in_words(one)


def rendered_for_spark() -> Iterator[tuple[str, str, str]]:
    """Name, statement and template of every model and data test; what dbt ships has DuckDB's form.

    Raises:
        SystemExit: dbt can't compile the project.
    """
    from dbt.adapters.factory import FACTORY
    from dbt.cli.main import dbtRunner

    with patch.object(FACTORY, "get_adapter_type_names", lambda _: ["spark", "duckdb"]):
        result: Any = dbtRunner().invoke(
            ["--quiet", "--log-level-file=none", "--no-send-anonymous-usage-stats", "compile"]
            + ["--no-write-json", "--exclude", "resource_type:unit_test", "resource_type:seed"]
            + [f"--project-dir={PROJECT}", f"--profiles-dir={PROJECT}", "--target=lint"]
            + [f"--target-path={TARGET}"]
        )
    if not result.success:
        sys.exit(f"dbt can't compile the project: {result.exception}")
    for done in result.result.results:
        yield done.node.name, done.node.compiled_code, done.node.raw_code


def main() -> None:
    """Look at the whole project."""
    found = [
        f"{name}: {words}"
        for name, sql, raw in rendered_for_spark()
        for words in offences(sql, raw)
    ]
    found += _of_files(
        sorted(PROJECT.glob("models/**/*.yml")) + sorted(PROJECT.glob("seeds/*.yml"))
    )
    print(*found, sep="\n", end="\n" * bool(found))
    sys.exit(bool(found))


def _of_files(paths: Iterable[Path]) -> list[str]:
    return [
        f"{path.relative_to(PROJECT)}: {words}"
        for path in paths
        for words in types_in_words(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    ]


if __name__ == "__main__":
    main()
