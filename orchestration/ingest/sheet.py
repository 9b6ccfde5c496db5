"""What all layouts share: the sheet being read, its headers, and what an item gives a reading."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.company.source_map import (
    FromColumn,
    FromColumnOrText,
    Item,
    MonthsAcross,
    MonthsDown,
    Records,
    Sheet,
)
from orchestration.ingest.reading import Readings
from orchestration.ingest.template_marks import without_annotation
from orchestration.spreadsheets.grid import Grid, Typed, text_of
from orchestration.spreadsheets.numbers import fold, number_text

DIVIDES = "/"
"""Stands before a part of multiplier_text that divides."""


@dataclass
class SheetContext:
    """One sheet on its way into readings."""

    readings: Readings
    grid: Grid
    months: tuple[date, ...]
    owner: str | None
    sheet_name: str | None

    def add(self, count: int = 1, **columns: Any) -> None:
        """Add readings of this sheet."""
        columns.setdefault("facility_id", self.owner)
        columns["source_sheet"] = self.sheet_name
        self.readings.append(count, columns)

    def add_unmapped(self, header: str, address: str) -> None:
        """Add a header or label the map doesn't know."""
        self.add(
            row_kind="unmapped_header",
            item_text=header,
            value_text=header,
            source_cell=address,
        )

    def add_shifted(self, addresses: Sequence[str]) -> None:
        """Say that figures stand where the headers should: nothing below can be told apart."""
        shown = addresses[:FIGURES_NAMED]
        more = f" and {len(addresses) - len(shown)} more" if len(addresses) > len(shown) else ""
        self.add(
            row_kind="shifted_figures",
            value_text=", ".join(shown) + more,
            source_cell=addresses[0],
            is_required=True,
        )

    def add_repeated(self, header: str, addresses: Sequence[str]) -> None:
        """Add a header that several filled columns have: which is meant nobody can tell."""
        self.add(
            row_kind="repeated_header",
            item_text=header,
            value_text=" / ".join(addresses),
            source_cell=addresses[-1],
            is_required=True,
        )

    def add_absent(self, header: str, item: Item | None, is_required: bool = True) -> None:
        """Add a header or label the map knows and the sheet lacks."""
        columns = dict(item.fixed) if item else {"is_required": is_required}
        if item:
            columns["process_id"] = process_of(item, self.owner)
        self.add(row_kind="missing_header", item_text=header, **columns)


FIGURES_NAMED = 3
MANY_FIGURES = 2
"""So many figures in the line of the headers are no slip of one cell."""


def items_of(sheet: MonthsDown | Records) -> list[tuple[str, Item]]:
    """(header of the quantity, item) in the order of the map."""
    if isinstance(sheet, MonthsDown):
        return list(sheet.columns.items())
    return [(reading.quantity, reading) for reading in sheet.readings]


def period_header(sheet: MonthsDown | Records) -> str:
    """Header of the column that gives the month."""
    if isinstance(sheet, Records):
        return sheet.date or sheet.period or (sheet.span.headers[0] if sheet.span else "")
    return sheet.period


def wanted_headers(sheet: MonthsDown | Records) -> list[tuple[str, Item | None]]:
    """Headers a sheet must have; an item's own quantity with the item."""
    wanted: dict[str, Item | None] = {period_header(sheet): None}
    stated: list[FromColumnOrText | None] = []
    others: list[str | None] = [sheet.note]
    if isinstance(sheet, Records):
        others.append(sheet.document)
        others += sheet.span.headers if sheet.span else []
        if sheet.reversals:
            others.append(sheet.reversals.document)
            if sheet.reversals.when != "negative":
                others += sheet.reversals.when
        if sheet.control:
            others += [sheet.control.rows, *sheet.control.sum, *sheet.control.sum.values()]
        stated += [sheet.facility, sheet.supplier]
    for header, item in items_of(sheet):
        wanted.setdefault(header, item)
        others += [*item.scaled_by, *item.when]
        stated += [item.flow, item.process, item.unit, item.meter]
    others += [part.column for part in stated if isinstance(part, FromColumn)]
    for other in others:
        if other:
            wanted.setdefault(other, None)
    return list(wanted.items())


def known_headers(sheet: Sheet) -> set[str]:
    """Every header a map names for a sheet, ignored ones included."""
    if isinstance(sheet, MonthsAcross):
        named = (sheet.item, sheet.unit, sheet.total, sheet.note)
        return {header for header in named if header} | set(sheet.ignored)
    return {header for header, _ in wanted_headers(sheet)} | set(sheet.ignored)


def header_texts(grid: Grid, lines: Sequence[int], known: Collection[str] = ()) -> list[str]:
    """Folded header of each column; several header lines are joined with a space.

    What a template explains within a header is left out, unless the map knows the text as it is.
    """
    indices = [i for i in map(grid.index_of, (line - 1 for line in lines)) if i is not None]
    rows = [[text_of(value) or "" for value in grid.rows[i]] for i in indices]
    width = max(map(len, rows), default=0)
    joined = [" ".join(row[column] for row in rows if column < len(row)) for column in range(width)]
    return [known_text(text, known) for text in joined]


def known_text(text: str, known: Collection[str]) -> str:
    """Folded text as the map knows it: without annotation, if it is not known with it."""
    folded = fold(text)
    return folded if folded in known else without_annotation(text)


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def process_of(item: Item, facility: str | None) -> str | None:
    """The process id, with the facility filled in; None while either isn't known."""
    return with_facility(item.process if isinstance(item.process, str) else None, facility)


def with_facility(process: str | None, facility: str | None) -> str | None:
    """A process id with the facility filled in; None while either isn't known."""
    if process is None or (facility is None and "{facility}" in process):
        return None
    return process.replace("{facility}", facility or "")


def multiplier_columns(
    item: Item,
    factors: Sequence[Typed],
    places: Sequence[Sequence[str]],
    of_rows: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Columns that say what a quantity is multiplied with, from the cells of `item.scaled_by`.

    sign_multiplier is the product of the parts of multiplier_text, where a part behind `/` divides
    and a sign is a part of its own. A part that is no number, or divides by zero, leaves
    sign_multiplier null. `of_rows` is one more part, which stands in no cell.
    """
    sign = item.sign
    if of_rows is not None:
        own = Typed(list(map(number_text, of_rows)), "number", list(of_rows))
        factors, places = [*factors, own], [*places, [""] * len(of_rows)]
    if not factors:
        return {"sign_multiplier": float(sign)}
    products: list[float | None] = [float(sign)] * len(factors[0].numbers)
    texts = []
    for factor, mark in zip(factors, _marks(item, len(factors)), strict=True):
        products = [
            None if product is None or number is None else scaled(product, mark, number)
            for product, number in zip(products, factor.numbers, strict=True)
        ]
        # of a column that holds nothing but numbers the texts are those of the numbers
        is_plain = factor.kinds == "number"
        parts = factor.texts if is_plain else map(_part, factor.texts, factor.numbers)
        texts.append([f"{mark}{part}" for part in parts])
    cells = list(places)
    if sign < 0:
        texts.append(["-1"] * len(products))
        cells.append([""] * len(products))
    return {
        "sign_multiplier": products,
        "multiplier_text": list(map("|".join, zip(*texts, strict=True))),
        "multiplier_cell": list(map("|".join, zip(*cells, strict=True))),
    }


def _marks(item: Item, count: int) -> list[str]:
    marks = [""] * len(item.times) + [DIVIDES] * len(item.divided_by)
    return marks + [""] * (count - len(marks))


def scaled(product: float, mark: str, number: float) -> float | None:
    """A product with one more part: divided by it behind `/`; None for a division by zero."""
    if mark != DIVIDES:
        return product * number
    return product / number if number else None


def _part(text: str | None, number: float | None) -> str:
    return (text or "").replace("|", "/") if number is None else number_text(number)
