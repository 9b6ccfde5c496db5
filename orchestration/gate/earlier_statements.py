"""What was accepted before, as tables that the gate holds a round's hand-ins against.

Months of the round itself (`stated_before`) are laid out by supplier and document, the year before
it (`items_before`) by supplier alone. Only hand-ins that arrived are looked up, so a round's cost
does not grow with the years behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from expectations.anothers_file import FILES_SCHEMA
from expectations.stated_before import (
    BEFORE_SCHEMA,
    COARSE,
    FINE,
    ITEMS_SCHEMA,
    MONTHLY_SCHEMA,
)
from orchestration.company.data_folder import DataFolder, Round, months_between
from orchestration.company.source_map import Records
from orchestration.gate.statements import (
    ITEM,
    STATED,
    STATEMENT,
    in_force,
    newest_rows,
    rows_of,
)
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import SUPERSEDED_SCHEMA, Lake
from orchestration.lake.warehouse import Connection, quoted

Row = Mapping[str, Any]


def lay_out_earlier_statements(
    connection: Connection,
    data: DataFolder,
    lake: Lake,
    round_: Round,
    files: Mapping[str, str],
    *,
    withdraws: bool,
) -> None:
    """Create stated_before, items_before, monthly_sheets and files_before.

    `files`: SHA-256 of the file of each hand-in that arrived. `withdraws`: whether somebody
    withdraws something; then the round's older revisions tell what it was about.
    """
    for name, schema in (("stated_before", BEFORE_SCHEMA), ("items_before", ITEMS_SCHEMA)):
        connection.register("empty", schema.empty_table())
        connection.execute(f"create temp table {name} as from empty")
        connection.unregister("empty")
    registry = lake.registry()
    sources = {HandIn.named(round_.round, name).source for name in files}
    of_sources = [row for row in newest_rows(registry) if row["source"] in sources]
    newest = [row for row in of_sources if row["hand_in"] in files]
    earlier = [row for row in newest if row["round"] < round_.round]
    same_months = in_force(lake, [row for row in earlier if row["period_month"] in round_.months])
    _insert_stated_before(connection, lake, same_months.rows, same_months.superseded, "false, true")
    changed = [
        row
        for row in newest
        if row["round"] == round_.round and row["source_sha256"] != files[row["hand_in"]]
    ]
    _insert_stated_before(connection, lake, changed, None, "true, true")
    if withdraws:
        older = [
            row
            for row in registry.to_pylist()
            if row["round"] == round_.round and row["hand_in"] in files and row not in changed
        ]
        _insert_stated_before(connection, lake, older, None, "true, false")
    year = _year_before(round_)
    before = in_force(
        lake,
        [row for row in of_sources if row["period_month"] in year and row["round"] < round_.round],
    )
    rounds = [{"round": one.round, "first_month": one.first_month} for one in data.rounds]
    connection.register("first_months", pa.Table.from_pylist(rounds))
    _insert_items_before(connection, lake, before.rows, before.superseded)
    files_before = _files_before(of_sources, round_)
    connection.register("files_before", pa.Table.from_pylist(files_before, schema=FILES_SCHEMA))
    rows = _monthly_sheets(data, round_)
    connection.register("monthly_sheets", pa.Table.from_pylist(rows, schema=MONTHLY_SCHEMA))


def _files_before(rows: Iterable[Row], round_: Round) -> list[dict[str, Any]]:
    """Files of other rounds; one that states months of this round anew may be the same."""
    names = FILES_SCHEMA.names
    others = [row for row in rows if row["round"] != round_.round and row["source_sha256"]]
    covering = {
        (row["round"], row["hand_in"]) for row in others if row["period_month"] in round_.months
    }
    known = {
        tuple(row[name] for name in names)
        for row in others
        if row["round"] < round_.round and (row["round"], row["hand_in"]) not in covering
    }
    return [dict(zip(names, one, strict=True)) for one in sorted(known)]


def _year_before(round_: Round) -> set[date]:
    first = round_.first_month
    return set(months_between(first.replace(year=first.year - 1), first)) - {first}


def _insert_stated_before(
    connection: Connection,
    lake: Lake,
    rows: Iterable[Row],
    superseded: pa.Table | None,
    flags: str,
) -> None:
    """Add statements of registry rows; `flags`: is_of_this_round and is_compared, as SQL."""
    _insert(
        connection,
        f"""
        insert into stated_before
        select hand_in, source, {", ".join(FINE)}, period_month,
            sum(quantity * coalesce(sign_multiplier, 1)), any_value(unit_text),
            min(concat_ws('!', source_file, source_sheet, source_cell)), count(*), {flags}
        from {{readings}} where {STATED} group by all
        """,
        [str(rows_of(lake, row)) for row in rows if row["row_count"]],
        superseded,
    )


def _insert_items_before(
    connection: Connection, lake: Lake, rows: Iterable[Row], superseded: pa.Table
) -> None:
    _insert(
        connection,
        f"""
        insert into items_before
        select hand_in, source, source_sheet, {", ".join(COARSE)}, supplier_id, period_month,
            round, item_text, date_diff('month', first_month, period_month),
            sum(quantity * coalesce(sign_multiplier, 1))
        from {{readings}} left join first_months using (round) where {STATED} group by all
        """,
        [str(rows_of(lake, row)) for row in rows if row["row_count"]],
        superseded,
    )


def _insert(
    connection: Connection,
    statement: str,
    paths: Sequence[str],
    superseded: pa.Table | None,
) -> None:
    """Run an insert over accepted readings that count; `{readings}` in it stands for them."""
    if not paths:
        return
    files = ", ".join(quoted(path) for path in paths)
    readings = (
        f"(from read_parquet([{files}], hive_partitioning = true, "
        "hive_types = {'period_month': date}, union_by_name = true) accepted "
        "where not exists (from counts_no_more gone "
        f"where {' and '.join(f'gone.{name} = accepted.{name}' for name in STATEMENT)} and "
        f"[{', '.join(f'gone.{name}' for name in ITEM)}] = "
        f"[{', '.join(f'accepted.{name}' for name in ITEM)}]))"
    )
    nothing = SUPERSEDED_SCHEMA.empty_table()
    connection.register("counts_no_more", nothing if superseded is None else superseded)
    connection.execute(statement.format(readings=readings))
    connection.unregister("counts_no_more")


def _monthly_sheets(data: DataFolder, round_: Round) -> list[dict[str, str | None]]:
    """Sheets of records that need a record in each month."""
    return [
        {"source": source, "source_sheet": name or None}
        for source, source_map in data.maps.items()
        for sheet in source_map.layout_for(round_.round).sheets
        if isinstance(sheet, Records) and sheet.every_month
        for name in ([*sheet.sheet] or [""])
    ]
