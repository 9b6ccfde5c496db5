"""What a failed data test found, in words: which rule is broken, in how many rows, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Ask = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
"""The columns and rows of a query, from the engine that ran the test."""


def broken_rules(ask: Ask, test: Any) -> Iterator[str]:
    """A line for each rule that rows of a model break.

    `test`: the node of a failed data test; the test `holds` names rule and row, any other is a
    rule of its own, and its columns are the row.
    """
    found = f"({test.compiled_code}) as found"
    columns, rows = ask(f"select * from {found} limit 1")
    if columns == ["rule", "example"]:
        _, broken = ask(
            f"select rule, count(*), min(example) from {found} group by rule order by rule"
        )
    else:
        [(count,)] = ask(f"select count(*) from {found}")[1]
        first = dict(zip(columns, rows[0], strict=True))
        example = ", ".join(f"{column} {value}" for column, value in first.items())
        broken = [(test.name.replace("_", " "), count, example)]
    for rule, count, example in broken:
        many = "1 row is not:" if count == 1 else f"{count} rows are not, such as"
        yield f"{test.name}: {rule}: {many} {example}"
