"""What calamine loses of an .xls sheet: error values and formulas never calculated.

Walks the OLE container and the BIFF8 records; cell values themselves come from calamine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from orchestration.spreadsheets.grid import NEVER_CALCULATED, ErrorValue, NeverCalculated
from orchestration.spreadsheets.package import RESAVE, UnreadableWorkbookError

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
END_OF_CHAIN = 0xFFFFFFFA
EOF, FORMULA, FILEPASS, BOUNDSHEET, BOOLERR = 0x0A, 0x06, 0x2F, 0x85, 0x205
CELLS = {0x06, 0x7E, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x206, 0x27E, 0x406}
MULTIPLE = {0xBD, 0xBE}
DIMENSIONS = 0x200
MOST_ROWS = 65_536
MOST_COLUMNS = 256
DENSE_CELLS = 5_000_000
SPARSE_FACTOR = 20
STRING_FOLLOWS, EMPTY_STRING = 0, 3
ERROR_TEXTS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}

Lost = dict[tuple[int, int], ErrorValue | NeverCalculated]


def is_encrypted_package(data: bytes) -> bool:
    """Whether an OLE container holds a password-protected .xlsx."""
    return "EncryptedPackage".encode("utf-16-le") in data


def lost_cells(data: bytes) -> list[Lost]:
    """Per worksheet, in workbook order, what calamine gives as blank though it isn't."""
    try:
        stream = _workbook_stream(data)
        sheets = []
        for code, body, _ in _records(stream, 0):
            if code == FILEPASS:
                raise UnreadableWorkbookError(
                    "The file is protected by a password. Save it without one and hand it in again."
                )
            if code == BOUNDSHEET:
                sheets.append(struct.unpack_from("<I", body)[0])
        return [_lost_in_sheet(stream, offset) for offset in sheets]
    except (struct.error, IndexError) as error:
        raise UnreadableWorkbookError(
            f"The .xls file is damaged or was cut off while it was copied. {RESAVE}"
        ) from error


def _lost_in_sheet(stream: bytes, offset: int) -> Lost:
    lost: Lost = {}
    depth = count = 0
    first_row, last_row, last_column = 65_535, 0, 0
    for code, body, _ in _records(stream, offset, nested=True):
        if code & 0xFF == 0x09:  # BOF; charts embedded in a sheet bring their own
            depth += 1
        elif code == EOF:
            depth -= 1
            if depth == 0:
                break
        if depth == 1 and code in CELLS:
            row, column = struct.unpack_from("<HH", body)
            if code in MULTIPLE:
                column = struct.unpack_from("<H", body, len(body) - 2)[0]
            count += 1
            first_row, last_row = min(first_row, row), max(last_row, row)
            last_column = max(last_column, column)
        if depth == 1 and code == DIMENSIONS:
            _check_dimensions(body)
        elif depth == 1 and code == BOOLERR:
            row, column, _, value, is_error = struct.unpack_from("<HHHBB", body)
            if is_error:
                lost[row, column] = ErrorValue(ERROR_TEXTS.get(value, "#ERROR"))
        elif depth == 1 and code == FORMULA:
            row, column = struct.unpack_from("<HH", body)
            if body[12:14] == b"\xff\xff":
                if body[6] == 2:
                    lost[row, column] = ErrorValue(ERROR_TEXTS.get(body[8], "#ERROR"))
                elif body[6] == STRING_FOLLOWS and not body[8]:
                    lost[row, column] = NEVER_CALCULATED
        elif depth == 1 and code in (0x207, 0x07) and lost:
            # STRING: the text result of the formula just before it, which was calculated
            last = next(reversed(lost))
            if lost[last] is NEVER_CALCULATED:
                del lost[last]
    _refuse_far_apart((last_row - first_row + 1) * (last_column + 1), last_column, count)
    return lost


def _check_dimensions(body: bytes) -> None:
    """calamine makes room for what this record says, whatever it says."""
    if len(body) == 10:  # BIFF5
        first_row, last_row, first_column, last_column = struct.unpack_from("<4H", body)
    else:
        first_row, last_row, first_column, last_column = struct.unpack_from("<IIHH", body)
    if not (first_row <= last_row <= MOST_ROWS and first_column <= last_column <= MOST_COLUMNS):
        raise UnreadableWorkbookError(f"The .xls file is damaged. {RESAVE}")


def _refuse_far_apart(area: int, last_column: int, count: int) -> None:
    """calamine holds the whole area between the first and the last value, blanks included."""
    if last_column >= MOST_COLUMNS or area > max(DENSE_CELLS, SPARSE_FACTOR * count):
        raise UnreadableWorkbookError(
            "The .xls file is damaged, or its values lie too far apart to be one table. " + RESAVE
        )


def _records(stream: bytes, offset: int, nested: bool = False) -> Iterator[tuple[int, bytes, int]]:
    while offset + 4 <= len(stream):
        code, length = struct.unpack_from("<HH", stream, offset)
        yield code, stream[offset + 4 : offset + 4 + length], offset
        offset += 4 + length
        if code == EOF and not nested:
            return


def _workbook_stream(data: bytes) -> bytes:
    sector_size = 1 << struct.unpack_from("<H", data, 30)[0]
    mini_size = 1 << struct.unpack_from("<H", data, 32)[0]
    if sector_size not in (512, 4096) or mini_size != 64:
        raise struct.error("sector size")
    directory_start, cutoff = (
        struct.unpack_from("<I", data, 48)[0],
        struct.unpack_from("<I", data, 56)[0],
    )
    mini_fat_start = struct.unpack_from("<I", data, 60)[0]
    fat = _table(b"".join(_sector(data, s, sector_size) for s in _fat_sectors(data, sector_size)))
    directory = _chain(data, fat, directory_start, sector_size)
    entries = [directory[i : i + 128] for i in range(0, len(directory) - 127, 128)]
    for entry in entries:
        length = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(0, length - 2)].decode("utf-16-le", "replace").lower()
        if name not in ("workbook", "book"):
            continue
        start, size = struct.unpack_from("<II", entry, 116)
        if size >= cutoff:
            return _chain(data, fat, start, sector_size)[:size]
        mini = _chain(data, fat, struct.unpack_from("<I", entries[0], 116)[0], sector_size)
        mini_fat = _table(_chain(data, fat, mini_fat_start, sector_size))
        return _chain(mini, mini_fat, start, mini_size, header=0)[:size]
    raise UnreadableWorkbookError(
        f"The file is an Office document of another kind, not a workbook. {RESAVE}"
    )


def _fat_sectors(data: bytes, sector_size: int) -> list[int]:
    sectors = list(struct.unpack_from("<109I", data, 76))
    following, count = struct.unpack_from("<II", data, 68)
    for _ in range(count):
        if following >= END_OF_CHAIN:
            break
        *more, following = _table(_sector(data, following, sector_size))
        sectors += more
    return [sector for sector in sectors if sector < END_OF_CHAIN]


def _table(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def _sector(data: bytes, sector: int, size: int, header: int = 1) -> bytes:
    start = (sector + header) * size
    if start >= len(data):
        raise struct.error("sector outside the file")
    return data[start : start + size]


def _chain(data: bytes, fat: tuple[int, ...], sector: int, size: int, header: int = 1) -> bytes:
    parts = []
    for _ in range(len(fat)):  # never longer than the table: a chain may run in a circle
        if sector >= END_OF_CHAIN:
            break
        parts.append(_sector(data, sector, size, header))
        sector = fat[sector]
    return b"".join(parts)
