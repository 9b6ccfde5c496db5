"""The layout with one row an item and a column a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from orchestration.ingest.grid import BLANK, Cell
from orchestration.ingest.layouts import (
    Context,
    add_unmapped,
    header_texts,
    is_blank,
    item_columns,
    multipliers,
    process_of,
)
from orchestration.ingest.mapping import Item, MonthsAcross
from orchestration.ingest.numbers import fold
from orchestration.ingest.periods import month_of


@dataclass
class _Header:
    """Where the columns of a sheet stand."""

    texts: list[str]
    months: list[tuple[int, date]] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)


def read_months_across(sheet: MonthsAcross, context: Context) -> None:
    """Add every reading of the sheet."""
    header = _read_header(sheet, context)
    if sheet.item not in header.named:
        return
    rows = _rows_by_label(sheet, context, header)
    for label, item in sheet.rows.items():
        if label not in rows:
            context.add(
                row_kind="missing_header",
                item_text=label,
                process_id=process_of(item, context.owner),
                **item_columns(item),
            )
        for index in rows.get(label, []):
            _add_row(sheet, context, header, rows, label, item, index)


def _read_header(sheet: MonthsAcross, context: Context) -> _Header:
    grid = context.grid
    header = _Header(header_texts(grid, sheet.header_lines))
    lines = [grid.index_of(line - 1) for line in sheet.header_lines]
    structural = {h for h in (sheet.item, sheet.unit, sheet.total, sheet.note) if h}
    for column, text in enumerate(header.texts):
        if text in structural:
            header.named.setdefault(text, column)
        elif text and text not in sheet.ignored:
            raw = grid.value(lines[0], column) if len(lines) == 1 else text
            month = month_of(raw, context.months, date_format=sheet.date_format)
            if month is None:
                add_unmapped(context, text, grid.address(lines[-1], column, text))
            else:
                header.months.append((column, month))
    for text in structural - set(header.named):
        context.add(row_kind="missing_header", item_text=text, is_required=text != sheet.note)
    return header


def _rows_by_label(sheet: MonthsAcross, context: Context, header: _Header) -> dict[str, list[int]]:
    """Rows of each mapped label; other rows with values are told of."""
    grid = context.grid
    label_column = header.named[sheet.item]
    last_header = max(sheet.header_lines) - 1
    columns = [column for column, _ in header.months]
    if sheet.total in header.named:
        columns.append(header.named[sheet.total])
    rows: dict[str, list[int]] = {}
    for index, number in enumerate(grid.numbers):
        if number <= last_header:
            continue
        label = fold(grid.cell(index, label_column).text or "")
        if label in sheet.rows:
            rows.setdefault(label, []).append(index)
        elif label in sheet.ignored or label in sheet.total_rows:
            continue
        elif all(is_blank(grid.value(index, column)) for column in columns):
            continue  # a section title, a note or a signature
        elif label:
            add_unmapped(context, label, grid.address(index, label_column, sheet.item))
        else:
            _add_nameless(context, header, index)
    return rows


def _add_nameless(context: Context, header: _Header, index: int) -> None:
    """Values in a row whose label is blank: nobody can tell what they are, so they are kept."""
    grid = context.grid
    columns = [c for c, _ in header.months if not is_blank(grid.value(index, c))]
    cells = [grid.cell(index, column) for column in columns]
    context.add(
        len(columns),
        row_kind="reading",
        role="activity",
        period_text=[header.texts[column] for column in columns],
        sign_multiplier=1.0,
        is_required=True,
        source_cell=[grid.address(index, c, header.texts[c]) for c in columns],
        **_values(cells),
    )


def _add_row(
    sheet: MonthsAcross,
    context: Context,
    header: _Header,
    rows: dict[str, list[int]],
    label: str,
    item: Item,
    index: int,
) -> None:
    grid = context.grid
    shared = item_columns(item) | {
        "row_kind": "reading",
        "process_id": process_of(item, context.owner),
        "item_text": grid.cell(index, header.named[sheet.item]).text,
    }
    unit = _named_text(sheet.unit, context, header, index)
    if unit is not None:
        shared["unit_text"] = unit
    shared["evidence"] = _named_text(sheet.note, context, header, index)
    columns = [column for column, _ in header.months]
    _add_cells(
        context,
        header,
        index,
        columns,
        shared
        | _multipliers(item, context, rows, columns)
        | {"period_month": [month for _, month in header.months]},
    )
    if sheet.total in header.named:
        total = [header.named[sheet.total]]
        if not is_blank(grid.value(index, total[0])):
            extra = {
                "role": "row_total",
                "is_required": False,
                "sign_multiplier": float(item.sign),
            }
            _add_cells(context, header, index, total, shared | extra)
    present = {month for _, month in header.months}
    missing = [month for month in context.months if month not in present]
    address = grid.address(index, header.named[sheet.item], sheet.item)
    context.add(
        len(missing),
        period_month=missing,
        value_type="missing",
        sign_multiplier=1.0,
        source_cell=address,
        **shared,
    )


def _add_cells(
    context: Context,
    header: _Header,
    index: int,
    columns: Sequence[int],
    shared: dict[str, Any],
) -> None:
    grid = context.grid
    cells = [grid.cell(index, column) for column in columns]
    if grid.formulas:
        shared["formula"] = [grid.formula(index, column) for column in columns]
    context.add(
        len(columns),
        period_text=[header.texts[column] for column in columns],
        source_cell=[grid.address(index, c, header.texts[c]) for c in columns],
        **_values(cells),
        **shared,
    )


def _multipliers(
    item: Item, context: Context, rows: dict[str, list[int]], columns: Sequence[int]
) -> dict[str, Any]:
    """`times` names labels of other rows; the cell of the same month is multiplied in."""
    if not item.times:
        return {"sign_multiplier": float(item.sign)}
    grid = context.grid
    found = [rows.get(label, [None])[0] for label in item.times]
    factors = [
        [BLANK if row is None else grid.cell(row, column) for row in found] for column in columns
    ]
    places = [
        ["" if row is None else grid.address(row, column) for row in found] for column in columns
    ]
    return multipliers(factors, places, item.sign)


def _named_text(name: str | None, context: Context, header: _Header, index: int) -> str | None:
    if name not in header.named:
        return None
    return context.grid.cell(index, header.named[name]).text


def _values(cells: Sequence[Cell]) -> dict[str, list[Any]]:
    return {
        "value_text": [cell.text for cell in cells],
        "value_type": [cell.kind for cell in cells],
        "quantity": [cell.number for cell in cells],
    }
