"""The bytes of a file that somebody put into the data folder, if it is a file and not too big.

A folder, a pipe, a link that leads nowhere or out of the data folder may bear the name of a
hand-in: it is told of like any hand-in that can't be read, and never waited for.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from orchestration.spreadsheets.grid import UnreadableFileError

MEBIBYTE = 1 << 20
LARGEST_FILE = 128 * MEBIBYTE
LARGEST_TEXT = 64 * MEBIBYTE
MOST_CELLS = 2_000_000
MOST_COLUMNS = 16_384
"""What is read of one hand-in at most: ten seconds of work, 500 MB of memory. Text takes more of
both than the packed XML of a workbook; more columns than these no spreadsheet has."""

TEXT_SUFFIXES = (".csv", ".txt")
NOT_THEIRS_TO_READ = "It can't be opened ({reason}). Let whoever runs this read the file."
NOTHING_READ = hashlib.sha256(b"").hexdigest()


def why_no_file(path: Path, within: Path | None = None) -> str | None:
    """Why something can't be read as a file; None when it can.

    A link may lead to a file `within` this folder, where one is given.
    """
    if path.is_symlink() and not path.exists():
        return "It is a link that leads nowhere. Put the file itself there."
    if within is not None and not path.resolve().is_relative_to(within.resolve()):
        return (
            "It lies behind a link that leads out of the data folder, whose files others must find "
            "there, too. Put the file itself there."
        )
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"It can't be opened ({error.strerror}). Put the file there again."
    if stat.S_ISDIR(mode):
        return "It is a folder, not a file. Put the file itself there."
    if not stat.S_ISREG(mode):
        return "It is no file (a pipe or a device). Put the file itself there."
    if not os.access(path, os.R_OK):
        return NOT_THEIRS_TO_READ.format(reason="Permission denied")
    return None


def read_file(path: Path, within: Path | None = None) -> bytes:
    """All bytes of a file. Raises `UnreadableFileError` when it is none, or too big."""
    reason = why_no_file(path, within)
    if reason is not None:
        raise UnreadableFileError(reason)
    size = path.stat().st_size
    largest = LARGEST_TEXT if path.suffix.lower() in TEXT_SUFFIXES else LARGEST_FILE
    if size > largest:
        raise UnreadableFileError(too_big(size, largest))
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(NOT_THEIRS_TO_READ.format(reason=error.strerror)) from error


def too_big(size: int, largest: int) -> str:
    """What a file of more bytes than are read is answered."""
    return (
        f"The file has {size // MEBIBYTE:,} MiB; at most {largest // MEBIBYTE} MiB are read. "
        "Remove pictures and what isn't asked for, or hand in fewer months at a time."
    )


def too_many(count: int, most: int, what: str = "filled cells") -> str:
    """What a table of more cells or columns than are read is answered."""
    return (
        f"It holds {count:,} {what}; at most {most:,} are read. Leave out columns that nobody asks "
        "for, or hand in fewer months at a time."
    )


def sha256_of_hand_in(path: Path, within: Path | None = None) -> str:
    """SHA-256 of what was read of a hand-in; that of nothing where it can't be read."""
    try:
        return hashlib.sha256(read_file(path, within)).hexdigest()
    except UnreadableFileError:
        return NOTHING_READ


def printable(path: Path) -> str:
    """A relative path as text; a name in GBK bytes, as an unzip leaves it, in its characters."""
    text = path.as_posix()
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text).decode("gb18030", errors="replace")
    return text
