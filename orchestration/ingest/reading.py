"""The reading: one row per cell that carries a value or should, and the table they make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import pyarrow as pa

READING_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("revision", pa.int32()),
        ("hand_in", pa.string()),
        ("source", pa.string()),
        ("row_kind", pa.string()),
        ("role", pa.string()),
        ("facility_id", pa.string()),
        ("stage_code", pa.string()),
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("direction", pa.string()),
        ("property", pa.string()),
        ("period_month", pa.date32()),
        ("period_text", pa.string()),
        ("value_text", pa.string()),
        ("value_type", pa.string()),
        ("quantity", pa.float64()),
        ("sign_multiplier", pa.float64()),
        ("multiplier_text", pa.string()),
        ("multiplier_cell", pa.string()),
        ("unit_text", pa.string()),
        ("data_method", pa.string()),
        ("evidence", pa.string()),
        ("supplier_id", pa.string()),
        ("document_no", pa.string()),
        ("meter_id", pa.string()),
        ("is_required", pa.bool_()),
        ("formula", pa.string()),
        ("corrected_from", pa.string()),
        ("quantity_as_typed", pa.float64()),
        ("item_text", pa.string()),
        ("source_file", pa.string()),
        ("source_sha256", pa.string()),
        ("source_sheet", pa.string()),
        ("source_cell", pa.string()),
        ("is_reversal", pa.bool_()),
        ("reversed_document", pa.string()),
        ("unknown_supplier", pa.string()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
        ("period_column", pa.string()),
        ("flow_column", pa.string()),
        ("unit_column", pa.string()),
        ("facility_column", pa.string()),
    ]
)

OWN_COLUMNS = ("period_column", "flow_column", "unit_column", "facility_column")
"""Columns (letters, or headers of a text) where the row states what a reading is, not how much."""

BILL_DAYS = ("first_day", "last_day")
"""First and last day of a bill that is split over its months."""

AS_TYPED = "quantity_as_typed"
"""The number that the file says, read by its map, where a correction is in force."""

GATE_ONLY = (
    AS_TYPED,
    "is_reversal",
    "reversed_document",
    "unknown_supplier",
    *BILL_DAYS,
    *OWN_COLUMNS,
)
"""What only the gate asks for; it is landed, and left behind when a hand-in is accepted."""

ACCEPTED_SCHEMA = pa.schema([field for field in READING_SCHEMA if field.name not in GATE_ONLY])

SMALL = 20_000
"""Rows up to which building a column from one list is the faster way."""


class Block(NamedTuple):
    """Rows that were added together; a column is one list or one constant."""

    row_count: int
    columns: Mapping[str, Any]

    def each(self, name: str) -> Iterable[Any]:
        """A column's value in each row; None where it was left out."""
        value = self.columns.get(name)
        return value if type(value) is list else repeat(value, self.row_count)

    def value(self, name: str, place: int) -> Any:
        """A column's value in one row."""
        value = self.columns.get(name)
        return value[place] if type(value) is list else value


class Readings:
    """Collects readings in blocks; within a block a column is one list or one constant."""

    def __init__(self, **constants: Any) -> None:
        self._constants: Mapping[str, Any] = constants
        self._blocks: list[tuple[int, dict[str, Any]]] = []

    def add(self, count: int = 1, **columns: Any) -> None:
        """Add `count` rows; a list gives a value for each row, anything else holds for all."""
        self.append(count, columns)

    def append(self, count: int, columns: dict[str, Any]) -> None:
        """Add `count` rows whose columns are in a dict that is theirs."""
        if count:
            self._blocks.append((count, columns))

    def table(self) -> pa.Table:
        """All rows in the order they were added, in READING_SCHEMA."""
        total = sum(count for count, _ in self._blocks)
        named = set().union(*(columns for _, columns in self._blocks))
        arrays = [
            self._array(field, total) if field.name in named else self._constant(field, total)
            for field in READING_SCHEMA
        ]
        return pa.Table.from_arrays(arrays, schema=READING_SCHEMA)

    def blocks(self) -> list[Block]:
        """What was added so far, block by block."""
        return [Block(count, columns) for count, columns in self._blocks]

    def _constant(self, field: pa.Field, total: int) -> pa.Array:
        value = self._constants.get(field.name)
        if value is None:
            return pa.nulls(total, field.type)
        if total < SMALL:
            return pa.array([value] * total, field.type)
        return pa.repeat(pa.scalar(value, field.type), total)

    def _array(self, field: pa.Field, total: int) -> pa.Array | pa.ChunkedArray:
        name = field.name
        default = self._constants.get(name)
        if total >= SMALL:
            return _chunks(field, [(n, columns.get(name, default)) for n, columns in self._blocks])
        flat: list[Any] = []
        for count, columns in self._blocks:
            value = columns.get(name, default)
            flat += value if type(value) is list else [value] * count
        return pa.array(flat, field.type)


def _chunks(field: pa.Field, values: Sequence[tuple[int, Any]]) -> pa.ChunkedArray:
    """A block a chunk; a list that several blocks share is converted once."""
    converted: dict[int, pa.Array] = {}
    chunks = []
    for count, value in values:
        if type(value) is not list:
            chunks.append(pa.repeat(pa.scalar(value, field.type), count))
        else:
            if id(value) not in converted:
                converted[id(value)] = pa.array(value, field.type)
            chunks.append(converted[id(value)])
    return pa.chunked_array(chunks, field.type)
