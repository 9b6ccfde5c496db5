"""Published factor tables as they are published: one small map says what their columns mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from orchestration.company.mistakes import typed_yaml
from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import Grid, UnreadableFileError, text_of
from orchestration.spreadsheets.numbers import NumberFormat, fold
from orchestration.spreadsheets.text_export import read_erp_export
from orchestration.spreadsheets.workbook import is_workbook, read_workbook
from orchestration.starting.table_rows import (
    FIGURE,
    Blocks,
    PublishedRow,
    rows_of_blocks,
    rows_of_table,
)

YEAR, EDITION = "{year}", "{edition}"
TITLE_LINES = 40
"""A file says what it is, and of which year, in so many lines of a sheet."""


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
    """What each row states in a column; what the lookup lacks is not imported.

    `until`: only what stands before this counts, such as the first level of a path.
    """

    column: str
    until: str = ""
    lookup: dict[str, str] | None = None


class Kinds(_Model):
    """Kinds of flows that a row may be a factor of."""

    column: str
    until: str = ""
    lookup: dict[str, list[str]]


class Gas(_Model):
    """Of a long table: the column that says which gas a row states."""

    column: str
    lookup: dict[str, Figure]


class FactorTable(_Model):
    """How a published table is read.

    A table is recognised by its headers (`recognised_by`), or by patterns that lines of the file
    match (`recognised_in`). Its year stands in a header (`year_in_header`), in a line
    (`year_in_text`), or is the newest of a column of days (`year_in_column`); its edition may stand
    in the name of the file or of its sheet. `where`: a row counts that fulfils one of these, each a
    text of every column named, with `*` for what follows. `biogenic`: of rows with these texts,
    carbon and methane are biogenic. `boundary`: of several columns, the first that says one.
    """

    library: str
    publisher: str
    title: str
    licence: str
    edition: str
    locator: str = ""
    year: str = ""
    year_in_header: str = ""
    year_in_text: str = ""
    year_in_column: str = ""
    edition_in_name: str = ""
    gwp_set: str = "unstated"
    geography: LookedUp | str = "GLO"
    boundary: LookedUp | str | list[LookedUp]
    unit: LookedUp | str
    status: str = "H"
    recognised_by: list[str] = Field(default_factory=list)
    recognised_in: list[str] = Field(default_factory=list)
    sheet: str = ""
    blocks: Blocks | None = None
    header_row: int = 1
    decimal: str = "."
    encoding: str = "auto"
    key: list[str]
    name: list[str]
    row_id: str = ""
    value: str = ""
    gas: Gas | None = None
    values: dict[str, Figure] = Field(default_factory=dict)
    kinds: Kinds | None = None
    where: list[dict[str, list[str]]] = Field(default_factory=list)
    biogenic: dict[str, list[str]] = Field(default_factory=dict)


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
    edition: str
    file: str
    sha256: str
    factors: dict[str, PublishedFactor]
    left_out: Mapping[str, int]
    """Why rows were left out, and how many of them."""

    @property
    def library(self) -> str:
        """Name of the library it becomes."""
        return self.table.library.replace(YEAR, self.year)


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
    """Read a published file by its map, or by the one known table that it is.

    Raises:
        CannotImportError: it is none, or several; `read_tables` reads each.
    """
    (only, *others) = read_tables(path, table)
    if others:
        names = ", ".join(one.library for one in (only, *others))
        raise CannotImportError(f"{path.name} holds several tables: {names}.")
    return only


def read_tables(path: Path, table: FactorTable | None = None) -> list[ImportedTable]:
    """Read a published file by its map, or by each of the known tables that it holds."""
    try:
        file = _PublishedFile(path, read_file(path))
        chosen = [table] if table else _recognised(file)
        return [_read(one, file) for one in chosen]
    except UnreadableFileError as error:
        raise CannotImportError(f"{path.name}: {error.reason}") from error


def _read(table: FactorTable, file: _PublishedFile) -> ImportedTable:
    path, grids = file.path, file.grids(table)
    if table.sheet:
        grids = [grid for grid in grids if grid.name == table.sheet]
        if not grids:
            raise CannotImportError(f"{path.name} has no sheet {table.sheet}.")
    year = table.year or _year(table, grids, path)
    if table.blocks is not None:
        rows = [row for grid in grids for row in rows_of_blocks(grid, table.blocks)]
        columns = {column for row in rows for column in row.texts}
        reader = _TableReader(table, FIGURE, columns, path)
    else:
        grid, index, headers = _headed(table, grids) or (grids[0], 0, [])
        value = table.value.replace(YEAR, year)
        reader = _TableReader(table, value, set(headers), path)
        figures = [value] if table.gas else list(table.values)
        rows = list(rows_of_table(grid, index + 1, headers, figures))
    reader.read(rows)
    edition = _edition(table, grids, path).replace(YEAR, year)
    return ImportedTable(
        table, year, edition, path.name, file.sha256, reader.factors, reader.left_out
    )


class _PublishedFile:
    """A file, and its sheets; a text as each map says that it is written."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self._data = path, data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._sheets = list(self._of_workbook()) if is_workbook(data) else None
        self._texts: dict[tuple[str, str, int], list[Grid]] = {}

    def _of_workbook(self) -> Iterator[Grid]:
        workbook = read_workbook(self.path, self._data)
        for name in workbook.sheet_names:
            try:
                yield workbook.grid(name)
            except UnreadableFileError:
                continue  # a chart sheet holds no table

    def grids(self, table: FactorTable) -> list[Grid]:
        """Its sheets; one of a text file. Raises `UnreadableFileError`."""
        if self._sheets is not None:
            return self._sheets
        written = table.encoding, table.decimal, table.header_row
        if written not in self._texts:
            marks = NumberFormat(",", ".") if table.decimal == "," else NumberFormat()
            grid = read_erp_export(
                self.path, self._data, header_row=table.header_row, number_format=marks,
                encoding=self._encoding(table.encoding),
            )  # fmt: skip
            self._texts[written] = [grid]
        return self._texts[written]

    def _encoding(self, named: str) -> str:
        """What a map names holds for a file that is no UTF-8, into which others save it."""
        try:
            self._data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return named
        return "auto"


def _edition(table: FactorTable, grids: Sequence[Grid], path: Path) -> str:
    if not table.edition_in_name:
        return table.edition
    for name in (path.name, *(grid.name for grid in grids)):
        if match := re.search(table.edition_in_name, name):
            return table.edition.replace(EDITION, match[1])
    raise CannotImportError(
        f"{path.name}: neither its name nor that of a sheet says its edition, as "
        f"{table.edition_in_name} would be. Call it as it was published."
    )


def _headed(table: FactorTable, grids: Sequence[Grid]) -> tuple[Grid, int, list[str]] | None:
    """Sheet, place and texts of the line of headers: where a map says, or has those it knows."""
    for grid in grids:
        first = grid.index_of(table.header_row - 1)
        places = range(min(len(grid.rows), TITLE_LINES)) if table.recognised_by else [first]
        for index in (one for one in places if one is not None):
            headers = [fold(text_of(value) or "") for value in grid.rows[index]]
            if set(table.recognised_by) <= set(headers):
                return grid, index, headers
    return None


def _lines(grid: Grid) -> list[str]:
    """The first lines of a sheet, each as one text."""
    return [" ".join(filter(None, (fold(text_of(value) or "") for value in row)))
            for row in grid.rows[:TITLE_LINES]]  # fmt: skip


def _recognised(file: _PublishedFile) -> list[FactorTable]:
    known = known_tables()
    found = [table for table in known.values() if _is(table, file)]
    if found:
        return found
    file.grids(next(iter(known.values())))  # or it says why it is none that can be read
    raise CannotImportError(
        f"{file.path.name}: its headers are those of no table that is known ({', '.join(known)}). "
        "Say what its columns mean in a small map, and name it with --table."
    )


def _is(table: FactorTable, file: _PublishedFile) -> bool:
    try:
        grids = file.grids(table)
    except UnreadableFileError:
        return False  # not as this table is written
    if table.recognised_by and _headed(table, grids) is None:
        return False
    patterns = [re.compile(pattern) for pattern in table.recognised_in]
    lines = [line for grid in grids for line in _lines(grid)] if patterns else []
    if not all(any(pattern.search(line) for line in lines) for pattern in patterns):
        return False
    return bool(table.recognised_by or patterns)


def _year(table: FactorTable, grids: Sequence[Grid], path: Path) -> str:
    grid, first, headers = _headed(table, grids) or (grids[0], 0, [])
    for header in headers if table.year_in_header else []:
        if match := re.fullmatch(table.year_in_header, header):
            return match[1]
    for line in (line for one in grids for line in _lines(one)) if table.year_in_text else []:
        if match := re.search(table.year_in_text, line):
            return match[1]
    if table.year_in_column in headers:
        place = headers.index(table.year_in_column)
        texts = (text_of(grid.value(i, place)) or "" for i in range(first + 1, len(grid.rows)))
        if years := {match[0] for text in texts if (match := re.search("20[0-9]{2}", text))}:
            return max(years)
    raise CannotImportError(f"{path.name}: nothing says the year; write year: in its map.")


class _TableReader:
    """Rows of a table on their way into factors."""

    def __init__(self, table: FactorTable, value: str, columns: set[str], path: Path) -> None:
        self._table, self._value = table, value
        several = table.boundary if isinstance(table.boundary, list) else []
        self._boundaries: list[LookedUp | str] = [*several]
        if not isinstance(table.boundary, list):
            self._boundaries.append(table.boundary)
        named = [*table.key, *table.name, *table.values, *table.biogenic]
        named += [column for alternative in table.where for column in alternative]
        named += [part.column for part in (table.unit, table.geography, *self._boundaries)
                  if isinstance(part, LookedUp)]  # fmt: skip
        named += [value] if table.gas and table.blocks is None else []
        named += [table.gas.column] if table.gas else []
        if missing := [name for name in dict.fromkeys(named) if name not in columns]:
            raise CannotImportError(f"{path.name} has no column {', '.join(missing)}.")
        self.factors: dict[str, PublishedFactor] = {}
        self.left_out: dict[str, int] = {}

    def read(self, rows: Iterable[PublishedRow]) -> None:
        """Read each row."""
        for row in rows:
            self._row(row)

    def _row(self, row: PublishedRow) -> None:
        table = self._table
        if table.where and not any(map(partial(_fulfils, row), table.where)):
            return self._leave("it is none of the rows that the map takes")
        unit = _stated(row, table.unit)
        boundary = next(filter(None, (_stated(row, one) for one in self._boundaries)), None)
        geography = _stated(row, table.geography)
        for part, said in (("unit", unit), ("boundary", boundary), ("geography", geography)):
            if said is None:
                return self._leave(f"its {part} is none that the map takes")
        figures = self._figures(row)
        if not figures:
            return self._leave("it states no number, or one of another kind")
        key = " | ".join(row.texts.get(column, "") for column in table.key)
        name = " | ".join(t for t in (row.texts.get(c, "") for c in table.name) if t)
        kinds = _kinds(row, table.kinds)
        factor = self.factors.setdefault(
            key, PublishedFactor(key, name, unit or "", boundary or "", geography or "", kinds)
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

    def _figures(self, row: PublishedRow) -> dict[str, tuple[float, str]]:
        table = self._table
        stated = dict(table.values)
        if table.gas is not None:
            figure = table.gas.lookup.get(row.texts.get(table.gas.column, ""))
            stated = {self._value: figure} if figure else {}
        is_biogenic = bool(table.biogenic) and _fulfils(row, table.biogenic)
        found = {}
        for column, figure in stated.items():
            if column in row.figures:
                number, place = row.figures[column]
                if table.row_id:
                    place = f"{place} (ID {row.texts[table.row_id]})"
                into = figure.into.replace("_fossil", "_biogenic") if is_biogenic else figure.into
                found[into] = (number / figure.per, place)
        return found

    def _leave(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


def _fulfils(row: PublishedRow, wanted: Mapping[str, Sequence[str]]) -> bool:
    return all(
        any(fnmatchcase(row.texts.get(column, ""), text) for text in texts)
        for column, texts in wanted.items()
    )


def _stated(row: PublishedRow, part: LookedUp | str) -> str | None:
    if isinstance(part, str):
        return part
    text = _until(row.texts.get(part.column, ""), part.until)
    return part.lookup.get(text) if part.lookup is not None else text or None


def _kinds(row: PublishedRow, kinds: Kinds | None) -> tuple[str, ...]:
    if kinds is None:
        return ()
    return tuple(kinds.lookup.get(_until(row.texts.get(kinds.column, ""), kinds.until), ()))


def _until(text: str, end: str) -> str:
    return text.partition(end)[0].strip() if end else text
