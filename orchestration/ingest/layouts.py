"""From a grid to readings: months down, months across, one record a row.

All three keep every cell that is mapped, address and kind included, and judge none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from orchestration.ingest.grid import BLANK, Cell, Grid, column_letters
from orchestration.ingest.mapping import (
    ColumnItem,
    FromColumn,
    FromColumnOrText,
    Item,
    MonthsAcross,
    MonthsDown,
    Records,
)
from orchestration.ingest.numbers import fold, number_text
from orchestration.ingest.periods import month_of
from orchestration.ingest.reading import Readings

Sheet = MonthsDown | MonthsAcross | Records


@dataclass
class Context:
    """One sheet on its way into readings."""

    readings: Readings
    grid: Grid
    months: tuple[date, ...]
    owner: str | None
    sheet_name: str | None

    def add(self, count: int = 1, **columns: Any) -> None:
        """Add readings of this sheet."""
        columns.setdefault("facility_id", self.owner)
        self.readings.add(count, source_sheet=self.sheet_name, **columns)


def read_sheet(sheet: Sheet, context: Context) -> None:
    """Add all readings of one sheet."""
    _add_ragged_lines(context)
    if isinstance(sheet, MonthsAcross):
        from orchestration.ingest.months_across import read_months_across

        read_months_across(sheet, context)
    else:
        RowReader(sheet, context).read()


def known_headers(sheet: Sheet) -> set[str]:
    """Every header a map names for a sheet, ignored ones included."""
    if isinstance(sheet, MonthsAcross):
        return {h for h in (sheet.item, sheet.unit, sheet.total, sheet.note) if h} | set(
            sheet.ignored
        )
    return {header for header, _ in _wanted_headers(sheet)} | set(sheet.ignored)


def items_of(sheet: MonthsDown | Records) -> list[tuple[str, Item]]:
    """(header of the quantity, item) in the order of the map."""
    if isinstance(sheet, MonthsDown):
        return list(sheet.columns.items())
    return [(reading.quantity, reading) for reading in sheet.readings]


def _wanted_headers(sheet: MonthsDown | Records) -> list[tuple[str, Item | None]]:
    """Headers a sheet must have; an item's own quantity with the item."""
    wanted: dict[str, Item | None] = {period_header(sheet): None}
    stated: list[FromColumnOrText | None] = []
    others = [sheet.note]
    if isinstance(sheet, Records):
        others.append(sheet.document)
        stated += [sheet.facility, sheet.supplier]
    for header, item in items_of(sheet):
        wanted.setdefault(header, item)
        others += [*item.times, *item.when]
        stated += [item.flow, item.process, item.unit, item.meter]
    others += [part.column for part in stated if isinstance(part, FromColumn)]
    for header in others:
        if header:
            wanted.setdefault(header, None)
    return list(wanted.items())


def period_header(sheet: MonthsDown | Records) -> str:
    """Header of the column that gives the month."""
    if isinstance(sheet, Records):
        return sheet.date or sheet.period or ""
    return sheet.period


def item_columns(item: Item) -> dict[str, Any]:
    """What every reading of an item has in common."""
    fixed = {
        "direction": item.direction,
        "property": item.property_name,
        "role": item.effective_role,
        "data_method": item.method,
        "is_required": item.required,
    }
    for name, part in (
        ("flow_id", item.flow),
        ("unit_text", item.unit),
        ("meter_id", item.meter),
    ):
        fixed[name] = part if isinstance(part, str) else None
    return fixed


def process_of(item: Item, facility: str | None) -> str | None:
    """The process id, with the facility filled in; None while either isn't known."""
    return _with_facility(item.process if isinstance(item.process, str) else None, facility)


def _with_facility(process: str | None, facility: str | None) -> str | None:
    if process is None or (facility is None and "{facility}" in process):
        return None
    return process.replace("{facility}", facility or "")


def header_texts(grid: Grid, lines: Sequence[int]) -> list[str]:
    """Folded header of each column; several header lines are joined with a space."""
    indices = [i for i in map(grid.index_of, (line - 1 for line in lines)) if i is not None]
    rows = [[cell.text or "" for cell in map(grid.to_cell, grid.rows[i])] for i in indices]
    width = max(map(len, rows), default=0)
    return [
        fold(" ".join(row[column] for row in rows if column < len(row))) for column in range(width)
    ]


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def multipliers(
    factors: Sequence[Sequence[Cell]], places: Sequence[Sequence[str]], sign: int
) -> dict[str, Any]:
    """Columns that say what a quantity is multiplied with, from the `times` cells of each row.

    The product of the parts of multiplier_text is sign_multiplier; a sign is a part of its own.
    A part that is no number leaves sign_multiplier null.
    """
    products, texts, cells = [], [], []
    for row_factors, row_places in zip(factors, places, strict=True):
        product: float | None = float(sign)
        for cell in row_factors:
            number = cell.number
            product = None if product is None or number is None else product * number
        parts = [factor_text(cell) for cell in row_factors] + (["-1"] if sign < 0 else [])
        products.append(product)
        texts.append("|".join(parts))
        cells.append("|".join([*row_places, *([""] if sign < 0 else [])]))
    return {
        "sign_multiplier": products,
        "multiplier_text": texts,
        "multiplier_cell": cells,
    }


def factor_text(cell: Cell) -> str:
    """A multiplied cell as one part of multiplier_text."""
    if cell.number is not None:
        return number_text(cell.number)
    return (cell.text or "").replace("|", "/")


def add_unmapped(context: Context, header: str, address: str) -> None:
    """A header or label the map doesn't know."""
    context.add(
        row_kind="unmapped_header",
        item_text=header,
        value_text=header,
        source_cell=address,
    )


def _add_ragged_lines(context: Context) -> None:
    for number, problem in context.grid.ragged_lines.items():
        context.add(
            row_kind="unreadable",
            value_text=problem,
            source_cell=f"L{context.grid.lines[number]}",
        )


class RowReader:
    """Reads sheets that state the month in each row: months down, and records."""

    def __init__(self, sheet: MonthsDown | Records, context: Context) -> None:
        self.sheet = sheet
        self.context = context
        self.grid = context.grid
        self.headers = header_texts(context.grid, sheet.header_lines)
        self.columns: dict[str, list[int]] = {}
        for column, header in enumerate(self.headers):
            if header:
                self.columns.setdefault(header, []).append(column)
        last_header = max(sheet.header_lines) - 1
        self.indices = [i for i, n in enumerate(context.grid.numbers) if n > last_header]
        self.is_records = isinstance(sheet, Records)

    def read(self) -> None:
        """Add every reading of the sheet."""
        self._add_header_problems()
        if period_header(self.sheet) not in self.columns:
            return
        self._select_rows()
        for header, item in items_of(self.sheet):
            for column in self.columns.get(header, []):
                self._add_item(header, item, column)
        if isinstance(self.sheet, Records):
            self._add_unmatched(self.sheet)
        self._add_missing_months()

    def _add_header_problems(self) -> None:
        known = known_headers(self.sheet)
        line = self.grid.index_of(self.sheet.header_lines[-1] - 1)
        for header, columns in self.columns.items():
            if header not in known:
                for column in columns:
                    add_unmapped(self.context, header, self.grid.address(line, column, header))
        for header, item in _wanted_headers(self.sheet):
            if header not in self.columns:
                columns = item_columns(item) if item else {"is_required": header != self.sheet.note}
                if item:
                    columns["process_id"] = process_of(item, self.context.owner)
                self.context.add(row_kind="missing_header", item_text=header, **columns)

    def _select_rows(self) -> None:
        """Leave out blank rows and notes; sort the rest into rows of a month and total rows."""
        sheet, grid = self.sheet, self.grid
        period_column = self.columns[period_header(sheet)][0]
        quantities = self._present([header for header, _ in items_of(sheet)])
        used = self._present([header for header, _ in _wanted_headers(sheet)])
        totals = set(sheet.total_rows)
        kept, months, total_rows = [], [], []
        bare_month = not (self.is_records and sheet.date)
        for index in self.indices:
            row = grid.rows[index]
            width = len(row)
            period = row[period_column] if period_column < width else ""
            month = month_of(
                period,
                self.context.months,
                bare_month=bare_month,
                date_format=sheet.date_format,
            )
            if month is None:
                filled = [c for c in used if c < width and not is_blank(row[c])]
                if not any(c in quantities for c in filled) and (
                    not self.is_records or len(filled) <= 1
                ):
                    continue
                if totals and any(
                    fold(row[c]) in totals for c in filled if isinstance(row[c], str)
                ):
                    total_rows.append(index)
                    continue
            kept.append(index)
            months.append(month)
        self.rows, self.row_months, self.total_rows = kept, months, total_rows
        self.month_by_row = dict(zip(kept, months, strict=True))
        self._flag_headless_numbers()

    def _flag_headless_numbers(self) -> None:
        """Numbers under a blank header belong to no item; without a word they would be lost."""
        line = self.grid.index_of(self.sheet.header_lines[-1] - 1)
        width = max((len(self.grid.rows[i]) for i in self.rows), default=0)
        if self.grid.is_text:
            width = min(width, len(self.headers))  # longer lines are ragged, and told of already
        for column in range(width):
            if column < len(self.headers) and self.headers[column]:
                continue
            if any(self.grid.cell(i, column).number is not None for i in self.rows):
                address = self.grid.address(line if line is not None else 0, column)
                add_unmapped(self.context, "", address)

    def _present(self, headers: Iterable[str]) -> set[int]:
        return {column for header in headers for column in self.columns.get(header, [])}

    def _cells(self, header: str, rows: Sequence[int]) -> list[Cell]:
        columns = self.columns.get(header)
        if not columns:
            return [BLANK] * len(rows)
        return self._column_cells(columns[0], rows)

    def _column_cells(self, column: int, rows: Sequence[int]) -> list[Cell]:
        read, lines = self.grid.to_cell, self.grid.rows
        return [read(lines[i][column]) if column < len(lines[i]) else BLANK for i in rows]

    def _addresses(self, column: int, header: str, rows: Sequence[int]) -> list[str]:
        if self.grid.is_text:
            return [f"L{self.grid.lines[i]}:{header}" for i in rows]
        letters, numbers = column_letters(column), self.grid.numbers
        return [f"{letters}{numbers[i] + 1}" for i in rows]

    @cached_property
    def _shared(self) -> dict[str, dict[int, str | None]]:
        """Texts each row gives to all its readings, by row."""
        rows = [*self.rows, *self.total_rows]
        shared = {"period_text": period_header(self.sheet), "evidence": self.sheet.note}
        if isinstance(self.sheet, Records):
            shared["document_no"] = self.sheet.document
        return {
            name: dict(zip(rows, (c.text for c in self._cells(header, rows)), strict=True))
            for name, header in shared.items()
            if header
        }

    def _stated(
        self, part: FromColumnOrText | None, rows: Sequence[int]
    ) -> tuple[list[str | None], list[str | None]]:
        """What each row states: (ids, texts as typed); a text the lookup lacks has no id."""
        if not isinstance(part, FromColumn):
            return [part] * len(rows), [None] * len(rows)
        texts = [cell.text for cell in self._cells(part.column, rows)]
        folded = [fold(text) if text else None for text in texts]
        if part.lookup is None:
            return folded, texts
        return [part.lookup.get(text) if text else None for text in folded], texts

    def _matching(self, item: Item, rows: Sequence[int]) -> list[int]:
        for header, accepted in item.when.items():
            allowed = set(accepted)
            cells = self._cells(header, rows)
            rows = [
                row
                for row, cell in zip(rows, cells, strict=True)
                if fold(cell.text or "") in allowed
            ]
        return list(rows)

    def _add_item(self, header: str, item: Item, column: int) -> None:
        rows = self._matching(item, self.rows)
        self._add_block(header, item, column, rows, item_columns(item))
        if not item.when:
            columns = item_columns(item) | {"role": "row_total"}
            filled = [row for row in self.total_rows if not is_blank(self.grid.value(row, column))]
            self._add_block(header, item, column, filled, columns)

    def _add_block(
        self,
        header: str,
        item: Item,
        column: int,
        rows: Sequence[int],
        columns: dict[str, Any],
        item_texts: list[str] | None = None,
    ) -> None:
        if not rows:
            return
        cells = self._column_cells(column, rows)
        columns |= self._identity(header, item, rows)
        if item_texts is not None:
            columns["item_text"] = item_texts
        columns |= self._multipliers(item, rows)
        columns |= {name: [by_row[r] for r in rows] for name, by_row in self._shared.items()}
        if isinstance(item.unit, FromColumn):
            columns["unit_text"] = self._stated(item.unit, rows)[0]
        if self.grid.formulas:
            columns["formula"] = [self.grid.formula(r, column) for r in rows]
        self.context.add(
            len(rows),
            row_kind="reading",
            period_month=[self.month_by_row.get(r) for r in rows],
            value_text=[cell.text for cell in cells],
            value_type=[cell.kind for cell in cells],
            quantity=[cell.number for cell in cells],
            source_cell=self._addresses(column, self.headers[column], rows),
            **columns,
        )

    def _identity(self, header: str, item: Item, rows: Sequence[int]) -> dict[str, Any]:
        """Facility, process, flow, supplier and meter of each row, and how they were typed."""
        sheet = self.sheet
        stated_facility = getattr(sheet, "facility", None) or self.context.owner
        facilities, facility_texts = self._stated(stated_facility, rows)
        flows, flow_texts = self._stated(item.flow, rows)
        processes, _ = self._stated(item.process, rows)
        suppliers, _ = self._stated(getattr(sheet, "supplier", None), rows)
        meters, _ = self._stated(item.meter, rows)
        texts = [
            _item_text(header, flow_text, facility_text, facility)
            for flow_text, facility_text, facility in zip(
                flow_texts, facility_texts, facilities, strict=True
            )
        ]
        return {
            "facility_id": facilities,
            "flow_id": flows,
            "process_id": [
                _with_facility(process, facility)
                for process, facility in zip(processes, facilities, strict=True)
            ],
            "supplier_id": suppliers,
            "meter_id": meters,
            "item_text": texts,
        }

    def _multipliers(self, item: Item, rows: Sequence[int]) -> dict[str, Any]:
        if not item.times:
            return {"sign_multiplier": float(item.sign)}
        factors = [self._cells(header, rows) for header in item.times]
        places = [
            self._addresses(self.columns[header][0], header, rows)
            if header in self.columns
            else [""] * len(rows)
            for header in item.times
        ]
        return multipliers(
            list(zip(*factors, strict=True)), list(zip(*places, strict=True)), item.sign
        )

    def _add_unmatched(self, sheet: Records) -> None:
        """Records no `when` provides for: kept without a flow, so that none gets lost in silence.

        Texts in `ignored` are left out on purpose.
        """
        quantity = self.columns.get(sheet.readings[0].quantity)
        if sheet.unmatched == "ignore" or quantity is None:
            return
        accepted: dict[str, set[str]] = {}
        for item in sheet.readings:
            for header, texts in item.when.items():
                accepted.setdefault(header, set()).update(texts)
        problems: dict[int, str] = {}
        left_out: set[int] = set()
        for header, allowed in accepted.items():
            for row, cell in zip(self.rows, self._cells(header, self.rows), strict=True):
                text = fold(cell.text or "")
                if text in sheet.ignored:
                    left_out.add(row)
                elif text not in allowed and header in self.columns:
                    problems.setdefault(row, f"{header}: {cell.text or ''}")
        rows = [row for row in self.rows if row in problems and row not in left_out]
        nameless = ColumnItem(
            flow=FromColumn(column=sheet.readings[0].quantity, lookup={}),
            process=FromColumn(column=sheet.readings[0].quantity, lookup={}),
            direction="input",
            quantity=sheet.readings[0].quantity,
        )
        columns = item_columns(nameless) | {"direction": None}
        texts = [problems[row] for row in rows]
        self._add_block(nameless.quantity, nameless, quantity[0], rows, columns, texts)

    def _add_missing_months(self) -> None:
        missing = [month for month in self.context.months if month not in set(self.row_months)]
        if self.is_records:
            if not self.sheet.every_month:
                return
            header, item = items_of(self.sheet)[0]
            only = item if len(self.sheet.readings) == 1 else None
            self._add_missing(period_header(self.sheet), only, missing)
            return
        for header, item in items_of(self.sheet):
            if header in self.columns:
                self._add_missing(header, item, missing)

    def _add_missing(self, header: str, item: Item | None, months: Sequence[date]) -> None:
        columns: dict[str, Any] = {"is_required": True, "role": "activity"}
        if item is not None:
            columns = item_columns(item) | {"process_id": process_of(item, self.context.owner)}
        line = self.grid.index_of(self.sheet.header_lines[-1] - 1)
        self.context.add(
            len(months),
            row_kind="reading",
            period_month=list(months),
            value_type="missing",
            sign_multiplier=1.0,
            item_text=header,
            source_cell=self.grid.address(line, self.columns[header][0], header),
            **columns,
        )


def _item_text(
    header: str, flow_text: str | None, facility_text: str | None, facility: str | None
) -> str:
    text = header if flow_text is None else flow_text
    if facility is None and facility_text is not None:
        return f"{text} | {facility_text}"
    return text
