"""What a failed data test found, in words: which rule is broken, in how many rows, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse


def broken_rules(lake: Lake, test: Any) -> Iterator[str]:
    """A line for each rule that rows of a model break.

    `test`: the node of a failed data test; the test `holds` names rule and row, any other is a
    rule of its own, and its columns are the row.
    """
    with Warehouse(lake).reading() as connection:
        found = connection.sql(test.compiled_code)
        if found.columns == ["rule", "example"]:
            broken = connection.sql(
                "select rule, count(*), min(example) from found group by rule order by rule"
            ).fetchall()
        else:
            first = dict(zip(found.columns, found.limit(1).fetchall()[0], strict=True))
            example = ", ".join(f"{column} {value}" for column, value in first.items())
            broken = [(test.name.replace("_", " "), len(found), example)]
    for rule, count, example in broken:
        rows = "1 row is not:" if count == 1 else f"{count} rows are not, such as"
        yield f"{test.name}: {rule}: {rows} {example}"
