"""Columns of tables on screen that must not be cut or broken, however narrow the screen."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

WIDEST_NAME = 44
"""Beyond it a name is folded, so that something is left of 80 columns."""


def add_names(table: Table, heading: str, names: Iterable[str]) -> int:
    """A column of names, as wide as the longest of them: who copies one needs it in one piece.

    Returns its width, at which whoever writes more into it breaks lines.
    """
    longest = max(map(len, (heading, *names)))
    is_whole = longest <= WIDEST_NAME
    table.add_column(heading, overflow="fold", no_wrap=is_whole)
    return min(longest, WIDEST_NAME)
