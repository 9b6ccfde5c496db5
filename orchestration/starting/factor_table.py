"""Published factor tables as they are published: one small map says what their columns mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from orchestration.company.mistakes import typed_yaml
from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError, text_of
from orchestration.spreadsheets.numbers import NumberFormat, fold
from orchestration.spreadsheets.text_export import read_erp_export
from orchestration.spreadsheets.workbook import is_workbook, read_workbook

YEAR = "{year}"


class CannotImportError(Exception):
    """A table that can't be imported; the message says why and what to do."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Model):
    """Where the figure of a column, or of a row of a long table, belongs.

    `per`: what it is divided by: the GWP that a part of CO2e was made with, 1000 for grams.
    """

    into: str
    per: float = 1.0


class LookedUp(_Model):
    """What each row states in a column; what the lookup lacks is not imported."""

    column: str
    lookup: dict[str, str] | None = None


class Kinds(_Model):
    """Kinds of flows that a row may be a factor of."""

    column: str
    lookup: dict[str, list[str]]


class Gas(_Model):
    """Of a long table: the column that says which gas a row states."""

    column: str
    lookup: dict[str, Figure]


class FactorTable(_Model):
    """How a published table is read."""

    library: str
    publisher: str
    title: str
    licence: str
    edition: str
    locator: str = ""
    year: str = ""
    year_in_header: str = ""
    gwp_set: str = "unstated"
    geography: LookedUp | str = "GLO"
    boundary: LookedUp | str
    unit: LookedUp | str
    status: str = "H"
    recognised_by: list[str] = Field(default_factory=list)
    sheet: str = ""
    header_row: int = 1
    decimal: str = "."
    key: list[str]
    name: list[str]
    row_id: str = ""
    value: str = ""
    gas: Gas | None = None
    values: dict[str, Figure] = Field(default_factory=dict)
    kinds: Kinds | None = None


@dataclass
class PublishedFactor:
    """One factor as it is published: what it is of, its gases, and where it stands."""

    key: str
    name: str
    unit: str
    boundary: str
    geography: str
    kinds: tuple[str, ...]
    locators: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportedTable:
    """A published file, read: its factors, what wasn't taken, and what it is."""

    table: FactorTable
    year: str
    file: str
    sha256: str
    factors: dict[str, PublishedFactor]
    left_out: Mapping[str, int]
    """Why rows were left out, and how many of them."""

    @property
    def library(self) -> str:
        """Name of the library it becomes."""
        return self.table.library.replace(YEAR, self.year)

    @property
    def edition(self) -> str:
        """The edition that is cited."""
        return self.table.edition.replace(YEAR, self.year)


def load_table(path: Path) -> FactorTable:
    """Read the map of a table. Raises `CannotImportError` with each mistake by line."""
    keys = {"": list(FactorTable.model_fields), "figure": list(Figure.model_fields)}
    table, problems = typed_yaml(path, FactorTable, keys)
    if table is None:
        raise CannotImportError("\n".join(problems))
    return table


def known_tables() -> dict[str, FactorTable]:
    """Tables whose publications are known, by name."""
    folder = files("orchestration.starting").joinpath("factor_tables")
    return {
        one.name.removesuffix(".yml"): load_table(Path(str(one)))
        for one in folder.iterdir()
        if one.name.endswith(".yml")
    }


def read_table(path: Path, table: FactorTable | None = None) -> ImportedTable:
    """Read a published file by its map, or by the one whose headers it has."""
    try:
        data = read_file(path)
        grid = _grid(path, data, table)
    except UnreadableFileError as error:
        raise CannotImportError(f"{path.name}: {error.reason}") from error
    header_row = table.header_row if table else 1
    index = grid.index_of(header_row - 1)
    headers = (
        [fold(text_of(value) or "") for value in grid.rows[index]] if index is not None else []
    )
    chosen = table or _recognised(headers, path)
    year = chosen.year or _year(chosen, headers, path)
    reader = _TableReader(chosen, year, grid, headers, path)
    reader.read((index or 0) + 1)
    sha256 = hashlib.sha256(data).hexdigest()
    return ImportedTable(chosen, year, path.name, sha256, reader.factors, reader.left_out)


def _grid(path: Path, data: bytes, table: FactorTable | None) -> Grid:
    if not is_workbook(data):
        marks = NumberFormat(",", ".") if table and table.decimal == "," else NumberFormat()
        row = table.header_row if table else 1
        return read_erp_export(path, data, header_row=row, number_format=marks)
    workbook = read_workbook(path, data)
    wanted = table.sheet if table and table.sheet else workbook.sheet_names[0]
    if wanted not in workbook.sheet_names:
        raise CannotImportError(f"{path.name} has no sheet {wanted}.")
    return workbook.grid(wanted)


def _recognised(headers: list[str], path: Path) -> FactorTable:
    known = known_tables()
    for table in known.values():
        if table.recognised_by and set(table.recognised_by) <= set(headers):
            return table
    raise CannotImportError(
        f"{path.name}: its headers are those of no table that is known ({', '.join(known)}). "
        "Say what its columns mean in a small map, and name it with --table."
    )


def _year(table: FactorTable, headers: list[str], path: Path) -> str:
    for header in headers if table.year_in_header else []:
        if match := re.fullmatch(table.year_in_header, header):
            return match[1]
    raise CannotImportError(f"{path.name}: no header says the year; write year: in its map.")


class _TableReader:
    """Rows of a table on their way into factors."""

    def __init__(
        self, table: FactorTable, year: str, grid: Grid, headers: list[str], path: Path
    ) -> None:
        self._table, self._grid = table, grid
        self._place = {header: place for place, header in reversed(list(enumerate(headers)))}
        self._value = table.value.replace(YEAR, year)
        named = [*table.key, *table.name, *table.values]
        named += [part.column for part in (table.unit, table.boundary, table.geography)
                  if isinstance(part, LookedUp)]  # fmt: skip
        named += [self._value] if table.gas else []
        named += [table.gas.column] if table.gas else []
        if missing := [name for name in dict.fromkeys(named) if name not in self._place]:
            raise CannotImportError(f"{path.name} has no column {', '.join(missing)}.")
        self.factors: dict[str, PublishedFactor] = {}
        self.left_out: dict[str, int] = {}

    def read(self, first: int) -> None:
        """Read each row below the headers."""
        for index in range(first, len(self._grid.rows)):
            if any(text_of(value) for value in self._grid.rows[index]):
                self._row(index)

    def _row(self, index: int) -> None:
        unit = self._stated(index, self._table.unit)
        boundary = self._stated(index, self._table.boundary)
        geography = self._stated(index, self._table.geography)
        for part, said in (("unit", unit), ("boundary", boundary), ("geography", geography)):
            if said is None:
                return self._leave(f"its {part} is none that the map takes")
        figures = self._figures(index)
        if not figures:
            return self._leave("it states no number, or one of another kind")
        key = " | ".join(self._text(index, column) for column in self._table.key)
        name = " | ".join(t for t in (self._text(index, c) for c in self._table.name) if t)
        factor = self.factors.setdefault(
            key,
            PublishedFactor(
                key, name, unit or "", boundary or "", geography or "", self._kinds(index)
            ),  # fmt: skip
        )
        for column, (value, place) in figures.items():
            if column in factor.figures and factor.figures[column] != value:
                raise CannotImportError(
                    f"{place}: {key} states {column} a second time, {value} after "
                    f"{factor.figures[column]}. Let key: name more columns."
                )
            factor.figures[column] = value
            factor.locators.append(place)
        return None

    def _figures(self, index: int) -> dict[str, tuple[float, str]]:
        gas = self._table.gas
        if gas is None:
            stated = self._table.values.items()
        else:
            figure = gas.lookup.get(self._text(index, gas.column))
            stated = {self._value: figure}.items() if figure else {}.items()
        found = {}
        for column, figure in stated:
            cell = self._grid.cell(index, self._place[column])
            if cell.number is not None:
                place = self._grid.address(index, self._place[column], column)
                place = f"{self._grid.name}!{place}" if self._grid.name else place
                if self._table.row_id:
                    place = f"{place} (ID {self._text(index, self._table.row_id)})"
                found[figure.into] = (cell.number / figure.per, place)
        return found

    def _kinds(self, index: int) -> tuple[str, ...]:
        kinds = self._table.kinds
        return tuple(kinds.lookup.get(self._text(index, kinds.column), ())) if kinds else ()

    def _stated(self, index: int, part: LookedUp | str) -> str | None:
        if isinstance(part, str):
            return part
        text = self._text(index, part.column)
        return (part.lookup or {}).get(text) if part.lookup is not None else text or None

    def _text(self, index: int, column: str) -> str:
        return fold(text_of(self._grid.value(index, self._place[column])) or "")

    def _leave(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1
