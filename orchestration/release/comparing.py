"""Two states of one mart: which rows differ, and in which figure."""

from __future__ import annotations

from pathlib import Path

from orchestration.lake.warehouse import Connection, quoted

TOLERANCE = 1e-9
"""Relative difference at which a figure is another one."""

ROUNDING = 1e-14
"""Share of a column's largest figure below which a difference is one of rounding: what is left of
large sums that cancel, such as the residue of a reconciliation, is nothing but that."""

DIFFERENCES_LISTED = 10
FLOATING = ("DOUBLE", "FLOAT")


def compared(connection: Connection, name: str, released: Path, anew: Path) -> list[str]:
    """Rows of one mart that differ: by their columns that are no doubles, then in each double.

    Rows of the same other columns are summed, so that their order does not matter. Columns that
    were not released are left out: see `added_columns`.
    """
    was, now = _columns(connection, released, anew)
    unlike = sorted(column for column, kind in was.items() if now.get(column) != kind)
    if unlike:
        return [f"{name}: not calculated now as it was released: column {', '.join(unlike)}."]
    return _differing_rows(connection, name, was)


def added_columns(connection: Connection, name: str, released: Path, anew: Path) -> list[str]:
    """Columns that are calculated now and were not released."""
    was, now = _columns(connection, released, anew)
    added = sorted(now.keys() - was.keys())
    return [f"{name}: not in the release: column {', '.join(added)}."] if added else []


def _columns(
    connection: Connection, released: Path, anew: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Type of each column, then and now; leaves the views `released` and `anew`."""
    columns = []
    for alias, path in (("released", released), ("anew", anew)):
        connection.execute(
            f"create or replace temp view {alias} as select * from read_parquet({quoted(path)})"
        )
        query = f"select column_name, column_type from (describe {alias})"
        columns.append(dict(connection.execute(query).fetchall()))
    return columns[0], columns[1]


def _differing_rows(connection: Connection, name: str, columns: dict[str, str]) -> list[str]:
    figures = [column for column, kind in columns.items() if kind in FLOATING]
    keys = [column for column in columns if column not in figures]
    grouped = ", ".join(f'"{key}"' for key in keys) or "1"
    sums = "".join(
        f', sum("{column}") as "{column}", count("{column}") as "{column} count"'
        for column in figures
    )
    one = 'select {grouped}, count(*) as "rows"{sums} from {alias} group by all'
    matching = " and ".join(f'r."{key}" is not distinct from a."{key}"' for key in keys) or "true"
    largest = "".join(
        f', max(abs(r."{column}")) over () as "{column} largest"' for column in figures
    )
    unlike = [
        f'("{column} was count" is distinct from "{column} now count" or '
        f'abs("{column} was" - "{column} now") > greatest({TOLERANCE} * '
        f'greatest(abs("{column} was"), abs("{column} now")), {ROUNDING} * "{column} largest"))'
        for column in figures
    ]
    shown = "".join(f', "{column} was", "{column} now"' for column in figures)
    pairs = "".join(
        f', r."{column}" as "{column} was", a."{column}" as "{column} now", '
        f'r."{column} count" as "{column} was count", a."{column} count" as "{column} now count"'
        for column in figures
    )
    places = [f'coalesce(r."{key}", a."{key}")::varchar as "{key}"' for key in keys]
    query = f"""
        select {", ".join(f'"{key}"' for key in keys) or "'all rows'"},
            coalesce("rows was", 0), coalesce("rows now", 0) {shown}
        from (
            select {", ".join([*places, 'r."rows" as "rows was"', 'a."rows" as "rows now"'])}
                {pairs} {largest}
            from ({one.format(grouped=grouped, sums=sums, alias="released")}) r
                full join ({one.format(grouped=grouped, sums=sums, alias="anew")}) a on {matching}
        )
        where {" or ".join(['"rows was" is distinct from "rows now"', *unlike])}
    """
    rows = connection.execute(query).fetchall()
    texts = []
    for row in rows[:DIFFERENCES_LISTED]:
        width = max(len(keys), 1)
        place = " / ".join(part for part in row[:width] if part)
        theirs, ours = row[width : width + 2]
        told = [f"{theirs} rows, calculated {ours}"] if theirs != ours else []
        for number, column in enumerate(figures):
            was, now = row[width + 2 + 2 * number : width + 4 + 2 * number]
            if was != now:
                told.append(f"{column} {was}, calculated {now}")
        texts.append(f"{name}: {place}: {'; '.join(told)}.")
    if len(rows) > DIFFERENCES_LISTED:
        texts.append(f"{name}: {len(rows) - DIFFERENCES_LISTED} more rows differ.")
    return texts
