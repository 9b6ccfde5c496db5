"""The only code that opens an ERP text file: encoding, delimiter, quoting, physical lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path

from orchestration.spreadsheets.files import (
    LARGEST_TEXT,
    MOST_CELLS,
    MOST_COLUMNS,
    too_big,
    too_many,
)
from orchestration.spreadsheets.grid import Grid, UnreadableFileError
from orchestration.spreadsheets.numbers import NumberFormat, fold

DELIMITERS = (";", ",", "\t", "|")
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
SEPARATOR_LINE = re.compile(r"\Asep=(.)\r?\n")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
LARGEST_FIELD = 1 << 20
OTHER_ENCODINGS = ("latin-1", "big5", "shift_jis")
"""What only a map can tell from UTF-8 and GB18030."""

HEADERS_WITHIN = 20
"""Rows of a text among which its headers stand."""

HEADER_ROWS = 3
"""So many rows may make up the headers."""

GUARDED = re.compile(r'="([^"]*)"')
"""How programs keep Excel from dropping the zeros of a number: ="0010" shows 0010."""


class UnreadableErpExportError(UnreadableFileError):
    """An ERP text file that can't be read at all; the message says why and what to do."""


def read_erp_export(
    path: Path,
    data: bytes | None = None,
    *,
    number_format: NumberFormat | None = None,
    delimiter: str = "auto",
    encoding: str = "auto",
    header_row: int = 1,
    headers: Collection[str] = (),
) -> Grid:
    """The lines of an ERP export as a grid.

    Args:
        path: the file.
        data: its bytes, when they were read already.
        number_format: decimal and thousands mark of the file.
        delimiter: one character, or auto.
        encoding: a codec name, or auto: BOM, then strict UTF-8, then GB18030.
        header_row: which line holds the headers, counted from 1.
        headers: headers the map knows; they tell the right delimiter from a wrong one.

    Raises:
        UnreadableErpExportError: the file is no text, or its quoting can't be followed.
    """
    text = decode(path.read_bytes() if data is None else data, encoding)
    first_line = 1
    if match := SEPARATOR_LINE.match(text):
        delimiter = match[1] if delimiter == "auto" else delimiter
        text = text[match.end() :]
        first_line = 2
    head = list(islice(_physical_lines(text), header_row + 5))
    widest = max((line.count(mark) for line in head for mark in DELIMITERS), default=0)
    if widest >= MOST_COLUMNS:
        raise UnreadableErpExportError(too_many(widest + 1, MOST_COLUMNS, "columns"))
    if delimiter == "auto":
        delimiter = _find_delimiter(head, header_row, headers)
    count = text.count(delimiter) + text.count("\n")
    if count > MOST_CELLS:
        raise UnreadableErpExportError(too_many(count, MOST_CELLS, "cells"))
    rows, lines = _parse(text, delimiter, first_line)
    ragged = _ragged(rows, lines, header_row)
    if _is_cut_off(rows, text, header_row):
        ragged[len(rows) - 1] = (
            f"Line {lines[-1]} is cut off: {len(rows[-1])} fields where all others have "
            f"{len(rows[header_row - 1])}, and no line end. Run the export again."
        )
        rows[-1] = []
    return Grid(
        name="",
        rows=rows,
        numbers=range(len(rows)),
        number_format=number_format or NumberFormat(trailing_minus=True),
        is_text=True,
        lines=lines,
        ragged_lines=ragged,
        is_comma_likely_decimal=delimiter == ";",
    )


def read_by_headers(path: Path, data: bytes, headers: Collection[str]) -> Grid:
    """The lines of an export whose map isn't at hand, by some of the headers that it has.

    Encoding, delimiter and line of the headers are those under which most of them are found; where
    none is, it is read as an export of which nothing is known.
    """
    wanted = {fold(header) for header in headers}
    for encoding in ("auto", *OTHER_ENCODINGS) if wanted else ():
        try:
            text = decode(data, encoding)
        except UnreadableErpExportError:
            continue
        found, delimiter, header_row = _headed(SEPARATOR_LINE.sub("", text, count=1), wanted)
        if found:
            return read_erp_export(
                path, data, delimiter=delimiter, encoding=encoding, header_row=header_row
            )
    return read_erp_export(path, data)


def _headed(text: str, headers: Collection[str]) -> tuple[int, str, int]:
    """How many of these headers are found at most; with which delimiter, and in which row."""
    head = list(islice(_physical_lines(text), HEADERS_WITHIN + HEADER_ROWS))
    signs = {sign for line in head for sign in line if not (sign.isalnum() or sign in '"\r\n')}
    best, count = (",", 1), (0, 0)
    for delimiter in (*DELIMITERS, *sorted(signs.difference(DELIMITERS))):
        try:
            rows = list(csv.reader(head, delimiter=delimiter))
        except csv.Error:
            continue
        for row, texts in headers_in(rows):
            found = len(set(texts) & set(headers)), len(texts)
            if found[0] and found > count:
                best, count = (delimiter, row + 1), found
    return count[0], *best


def headers_in(rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, list[str]]]:
    """What may be the headers of a text, folded, and their last row: single rows come first.

    Headers that take several rows are joined.
    """
    for depth in range(1, HEADER_ROWS + 1):
        for first in range(min(HEADERS_WITHIN, len(rows) + 1 - depth)):
            columns = zip_longest(*rows[first : first + depth], fillvalue="")
            yield first + depth - 1, [fold(" ".join(texts)) for texts in columns]


def is_delimited(data: bytes) -> bool:
    """Whether a file is text whose first line has several fields: an export, whatever its name."""
    if data.startswith((b"%PDF", b"MIME-Version")):
        return False
    try:
        text = decode(data, "auto")
    except UnreadableErpExportError:
        return False
    first = next(_physical_lines(text), "")
    return any(mark in first for mark in DELIMITERS)


def decode(data: bytes, encoding: str) -> str:
    """The text of a file. Raises `UnreadableErpExportError` when it is none."""
    if len(data) > LARGEST_TEXT:
        raise UnreadableErpExportError(too_big(len(data), LARGEST_TEXT))
    if not data.strip():
        raise UnreadableErpExportError("The file is empty. Run the export again.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableErpExportError(
            "The file is a workbook under a text file's name. "
            "Rename it to .xlsx or .xls, or export it as text."
        )
    text = _decoded(data, encoding)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UnreadableErpExportError(
            f"Line {line} holds a NUL character: the file was cut off or written in another "
            "encoding. Run the export again as UTF-8."
        )
    return text


def _decoded(data: bytes, encoding: str) -> str:
    candidates = [encoding]
    if encoding == "auto":
        marked = [codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)]
        candidates = marked[:1] or ["utf-8", "gb18030"]
    for candidate in candidates:
        try:
            return data.decode(candidate)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise UnreadableErpExportError(
                f"The map names the encoding {encoding}, which doesn't exist. Correct the map."
            ) from error
    raise UnreadableErpExportError(
        f"The file is not text in {' or '.join(c.upper() for c in candidates)}. "
        "Run the export again as UTF-8."
    )


def _find_delimiter(head: Sequence[str], header_row: int, headers: Collection[str]) -> str:
    known = {fold(header) for header in headers}
    best, best_score = ",", (-1, -1)
    for candidate in DELIMITERS:
        try:
            rows = list(csv.reader(head, delimiter=candidate))
        except csv.Error:
            continue
        fields = rows[header_row - 1] if len(rows) >= header_row else []
        score = (sum(fold(name) in known for name in fields), len(fields))
        if score > best_score:
            best, best_score = candidate, score
    return best


def _parse(text: str, delimiter: str, first_line: int) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    previous_limit = csv.field_size_limit(LARGEST_FIELD)
    # csv wants its line ends kept: a quoted field may hold one
    reader = csv.reader(_physical_lines(text), delimiter=delimiter, strict=True)
    line = 0
    try:
        for row in reader:
            rows.append(row)
            lines.append(line + first_line)
            line = reader.line_num
    except csv.Error as error:
        raise UnreadableErpExportError(
            f"Line {line + first_line}: {error}. A quotation mark is not closed, or stands inside "
            "a field without being doubled. Correct the line or run the export again.",
            line + first_line,
        ) from error
    finally:
        csv.field_size_limit(previous_limit)
    if '="' in text:
        rows = [list(map(_unguarded, row)) for row in rows]
    return rows, lines


def _unguarded(field: str) -> str:
    match = GUARDED.fullmatch(field.strip())
    return match[1] if match else field


def _physical_lines(text: str) -> Iterator[str]:
    """Lines ending in CR, LF or both; form feeds and Unicode separators are part of a field."""
    return (line[0] for line in LINE.finditer(text))


def _is_cut_off(rows: Sequence[Sequence[str]], text: str, header_row: int) -> bool:
    """Whether the last line ends before its fields do, as when a disk is full or a line drops."""
    if len(rows) < header_row + 2 or text.endswith(("\n", "\r")):
        return False
    widths = {len(row) for row in rows[header_row - 1 : -1] if row}
    return len(widths) == 1 and 0 < len(rows[-1]) < min(widths)


def _ragged(rows: list[list[str]], lines: list[int], header_row: int) -> dict[int, str]:
    """Row number to what is wrong, for lines with more filled fields than there are headers."""
    if len(rows) < header_row:
        return {}
    width = len(rows[header_row - 1])
    return {
        number: (
            f"Line {lines[number]} has {len(rows[number])} fields where the header has {width}. "
            "A delimiter stands inside a field; put that field into quotation marks."
        )
        for number in range(header_row, len(rows))
        if len(rows[number]) > width and any(field.strip() for field in rows[number][width:])
    }
