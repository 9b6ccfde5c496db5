"""Questions to the marts in SQL: one query, or a prompt; the marts are open to be read only."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import duckdb
from rich.cells import cell_len
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from orchestration.lake.warehouse import MARTS_FILE, Connection, attach_marts, engine
from orchestration.publication.macros import all_macros, macros_over

SHOWN_ROWS = 200
"""Rows of a table on screen; CSV has all of them."""

BETWEEN = 2
"""Blanks beside each column of a table."""

SHORTEST_FOLD = 12
"""Characters of a line of a column's name; shorter ones would read as splinters."""

EXAMPLES = {
    "from product_footprints where reference_period = '{year}' and method = 'cut_off'": (
        "select max(reference_period) as year from product_footprints "
        "where length(reference_period) = 4"
    ),
    "from explain_product('{product}', period := '{year}')": (
        "select product_id as product, reference_period as year from product_footprints "
        "where length(reference_period) = 4 order by year desc, product limit 1"
    ),
    "from trace('{figure}')": (
        "select result_id as figure from emissions_by_process "
        "order by location_based_kgco2e desc nulls last, figure limit 1"
    ),
    "from compare('{older}', '{newer}')": (
        "select min(round) as older, max(round) as newer from lineage having older < newer"
    ),
    "describe lineage": "select 1",
}
"""A question, and the query that fills it in with what these marts hold."""


class NoMartsError(Exception):
    """There is nothing to ask."""


class QueryError(Exception):
    """DuckDB refuses the query; the message is its own."""


@contextmanager
def open_marts(folder: Path) -> Iterator[Connection]:
    """The marts of a publication or release, read-only, with today's macros beside them."""
    path = folder / MARTS_FILE
    if not path.exists():
        raise NoMartsError(f"{path}: no such file. `carbonloom run` publishes there.")
    with engine() as connection:
        attach_marts(connection, path)
        names = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'carbonloom'"
        ).fetchall()
        # first in the path: an older file holds the macros of its day
        connection.execute("set search_path = 'memory.main,carbonloom.marts'")
        for macro in macros_over([name for (name,) in names]):
            connection.execute(macro.statement)
        yield connection


def answer(console: Console, marts: Connection, query: str, form: str = "table") -> None:
    """Run a query and print what it gives."""
    try:
        result = marts.execute(query)
        columns = [column[0] for column in result.description or ()]
        rows = result.fetchall()
    except duckdb.Error as error:
        raise QueryError(str(error)) from None
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        _print_rows(console, columns, rows)


def prompt(console: Console, marts: Connection, form: str = "table") -> None:
    """Ask until `exit` or the end of the input; a query ends with a semicolon."""
    with suppress(ImportError):  # arrow keys and history, where Python has them
        import readline  # noqa: F401
    print_help(console, marts)
    lines: list[str] = []
    while True:
        try:
            line = input("   ...> " if lines else "carbonloom> ")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if not lines and line.strip().rstrip(";").lower() in ("exit", "quit", "help", ""):
            if line.strip().lower().startswith(("exit", "quit")):
                return
            print_help(console, marts)
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            query, lines = "\n".join(lines), []
            try:
                answer(console, marts, query, form)
            except QueryError as error:
                console.print(str(error), style="red", markup=False, highlight=False)


def print_help(console: Console, marts: Connection) -> None:
    """Which marts and macros there are, and examples."""
    names = marts.execute(
        "select table_name from duckdb_tables() "
        "where database_name = 'carbonloom' order by table_name"
    ).fetchall()
    _say(console, "Marts: " + ", ".join(name for (name,) in names))
    _say(console, "\nTable macros:")
    for macro in all_macros():
        _say(console, f"  {macro.call}\n      {macro.purpose}")
    _say(console, "\nFor example:")
    for example in examples(marts):
        _say(console, f"  {example};")
    _say(console, "\nA query ends with a semicolon; `help` shows this again, `exit` leaves.")


def examples(marts: Connection) -> list[str]:
    """Questions that these marts can answer; one they hold nothing for is left out."""
    filled = []
    for question, query in EXAMPLES.items():
        with suppress(duckdb.CatalogException):  # an older release lacks the mart
            result = marts.execute(query)
            names = [column[0] for column in result.description or ()]
            for row in result.fetchall():
                if None not in row:
                    filled.append(question.format(**dict(zip(names, row, strict=True))))
    return filled


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False)


def _print_rows(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """As a table where it fits the screen, else a block of lines for each row; paged on a terminal.

    Where all columns don't fit, those with one value in every row are said once, above. No word is
    broken and nothing is cut: where a value is longer than the screen, it goes on below.
    """
    if not rows:
        _say(console, f"No rows. Columns: {', '.join(columns)}")
        return
    told = [["" if value is None else _text(value) for value in row] for row in rows]
    names, shown, once = list(columns), told[:SHOWN_ROWS], {}
    table = _table(console, names, shown)
    if table is None and len(told) > 1:
        once = {
            name: values[0]
            for name, *values in zip(columns, *told, strict=True)
            if len(set(values)) == 1
        }
        kept = [place for place, name in enumerate(columns) if name not in once]
        names = [columns[place] for place in kept]
        shown = [[row[place] for place in kept] for row in shown]
        table = _table(console, names, shown)
    with console.pager() if _overflows(console, shown, table, once) else nullcontext():
        if once:
            _print_once(console, once)
        if table is not None:
            console.print(table)
        else:
            for number, row in enumerate(shown, 1):
                _print_record(console, f"row {number}", names, row)
        if len(rows) > SHOWN_ROWS:
            _say(console, f"{SHOWN_ROWS} of {len(rows)} rows; --format csv gives all.")


def _table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table | None:
    """The rows as a table, each column as wide as its values; None where the screen is narrower.

    Names that are longer go over several lines, as soon as one line isn't enough for all.
    """
    widths = [max(map(cell_len, values)) for values in zip(*rows, strict=True)]
    for headers in (list(columns), list(map(_folded, columns, widths))):
        wide = (
            max(width, *map(cell_len, header.split("\n")))
            for header, width in zip(headers, widths, strict=True)
        )
        if sum(width + BETWEEN for width in wide) <= console.width:
            table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, BETWEEN, 0, 0))
            for header in headers:
                table.add_column(Text(header), no_wrap=True, vertical="top")
            for row in rows:
                table.add_row(*map(Text, row))
            return table
    return None


def _folded(name: str, width: int) -> str:
    """A column's name in lines of this width where its words allow it."""
    lines = [""]
    for word in re.findall(r"[^_]*_*", name)[:-1]:
        if lines[-1] and cell_len(lines[-1] + word) > max(width, SHORTEST_FOLD):
            lines.append("")
        lines[-1] += word
    return "\n".join(lines)


def _print_once(console: Console, once: Mapping[str, str]) -> None:
    """Columns that are not shown row by row, and what all rows have there."""
    held = {name: value for name, value in once.items() if value}
    if held:
        _print_record(console, "the same in every row", list(held), list(held.values()))
    if empty := [name for name in once if name not in held]:
        _say(console, f"Empty in every row: {', '.join(empty)}")
    console.print()


def _overflows(
    console: Console,
    rows: Sequence[Sequence[str]],
    table: Table | None,
    once: Mapping[str, str],
) -> bool:
    lines = len(rows) if table is not None else sum(1 + sum(map(bool, row)) for row in rows)
    return console.is_terminal and lines + len(once) + 1 > console.height


def _print_record(console: Console, title: str, columns: Sequence[str], row: Sequence[str]) -> None:
    """Each column that holds something on a line of its own, the values under one another.

    A path or id that is too long for what is left of the line has a line for itself.
    """
    console.print(Rule(title, align="left", characters="─", style="dim"))
    width = max(map(cell_len, columns))
    room = console.width - width - BETWEEN
    for column, value in zip(columns, row, strict=True):
        if not value:
            continue
        if max(map(cell_len, value.split() or [""])) > room:
            console.print(Text(column, style="bold"))
            console.print(Text(f"{BETWEEN * ' '}{value}"), soft_wrap=True)
            continue
        grid = Table.grid(padding=(0, BETWEEN))
        grid.add_column(width=width, style="bold")
        grid.add_column()
        grid.add_row(Text(column), Text(value))
        console.print(grid)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
