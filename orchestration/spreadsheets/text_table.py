"""The side tables of a data folder: small CSV files that people keep in Excel.

They are read as exports are, whatever encoding and delimiter Excel chose in their country. A line
that can't be followed is a problem of that line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.text_export import read_erp_export


@dataclass(frozen=True)
class TextTable:
    """A header, its rows with their lines, and what is wrong with other lines."""

    header: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    lines: tuple[int, ...] = ()
    problems: dict[int, str] = field(default_factory=dict)

    def records(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        """Each line that can be followed: its number and its fields by header; a blank is None."""
        for line, row in zip(self.lines, self.rows, strict=True):
            yield line, dict(zip(self.header, row, strict=True))


def read_text_table(
    path: Path, known: Collection[str] = (), within: Path | None = None
) -> TextTable:
    """Read a side table; `known` headers tell its delimiter.

    Raises:
        UnreadableFileError: it is no text, a quotation mark is never closed, or a header
            stands twice. The message names the line.
    """
    data = read_file(path, within)
    if not data.strip():
        return TextTable()
    grid = read_erp_export(path, data, headers=known)
    header = [fold(name) for name in grid.rows[0]]
    while header and not header[-1]:
        header.pop()
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        names = ", ".join(name or "(blank)" for name in repeated)
        raise UnreadableFileError(f"Line 1: the column {names} occurs twice. Keep one.")
    width = len(header)
    rows, lines, problems = [], [], {}
    for line, row in zip(grid.lines[1:], grid.rows[1:], strict=True):
        fields = [text if text.strip() else None for text in row]
        if any(fields[width:]):
            problems[line] = (
                f"{len(row)} fields where the header has {width}. A delimiter stands inside a "
                "field; put that field into quotation marks."
            )
        elif any(fields):
            rows.append(tuple([*fields, *[None] * width][:width]))
            lines.append(line)
    return TextTable(tuple(header), tuple(rows), tuple(lines), problems)
