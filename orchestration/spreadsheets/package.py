"""The zip behind .xlsx, .xlsm and .ods: opened only after its declared sizes were checked.

Parts are inflated here with a limit of their own, because a zip may declare less than it holds.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO

from lxml import etree

from orchestration.spreadsheets.files import MEBIBYTE
from orchestration.spreadsheets.grid import UnreadableFileError

LARGEST_TOTAL = 512 * MEBIBYTE
SUSPICIOUS_RATIO = 200
SUSPICIOUS_SIZE = 64 * MEBIBYTE
SMALL_PART = 1 << 16
SHEETS = "xl/worksheets/sheet"
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    ValueError,
    OSError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
RESAVE = "Open it in Excel or LibreOffice, save it again as .xlsx and hand that file in."


class UnreadableWorkbookError(UnreadableFileError):
    """A workbook that can't be read at all; the message says why and what to do."""


class Package:
    """A zip whose parts are read whole, with their size and checksum verified."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._checked: dict[str, bytes] = {}
        self._trees: dict[str, etree._Element] = {}
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                infos = archive.infolist()
        except DAMAGED_ZIP as error:
            raise UnreadableWorkbookError(
                f"The file is damaged or was cut off while it was copied ({error}). "
                "Copy or export it again and check that it opens."
            ) from error
        self._parts = {info.filename.replace("\\", "/").lower(): info for info in infos}
        total = sum(info.file_size for info in infos)
        packed = max(1, sum(info.compress_size for info in infos))
        if total > LARGEST_TOTAL or (total > SUSPICIOUS_SIZE and total / packed > SUSPICIOUS_RATIO):
            raise UnreadableWorkbookError(
                f"The file of {len(data):,} bytes would unpack to {total // MEBIBYTE:,} MiB, more "
                "than a workbook holds (a zip bomb, or a sheet formatted down to its last row). "
                "Copy the filled rows into a new workbook and hand that in."
            )

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    @property
    def names(self) -> list[str]:
        """Part names, lower case."""
        return list(self._parts)

    def read(self, name: str) -> bytes:
        """One part. Raises `UnreadableWorkbookError` when it is not what the zip declares."""
        info = self._parts.get(name.lower())
        if info is None:
            raise UnreadableWorkbookError(f"The workbook lacks its part {name}. {RESAVE}")
        if info.flag_bits & 1:
            raise UnreadableWorkbookError(
                "The file is protected by a password. Save it without one and hand it in again."
            )
        content = self._inflate(info)
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise UnreadableWorkbookError(
                f"The part {name} is damaged or larger than it declares. {RESAVE}"
            )
        return content

    def with_sheet(self, name: str, content: bytes) -> bytes:
        """The same package with another content of one sheet, and without the others' content."""
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for part, info in self._parts.items():
                if part == name.lower():
                    archive.writestr(info.filename, content)
                elif part.endswith((".xml", ".rels")) and not part.startswith(SHEETS):
                    archive.writestr(info.filename, self.read(part))
        return buffer.getvalue()

    def read_xml(self, name: str) -> bytes:
        """One XML part, refused when it declares a document type (entities) or isn't UTF-8.

        A small one, which several ask for, is unpacked once.
        """
        if name in self._checked:
            return self._checked[name]
        content = self.read(name)
        if b"<!" in content and (b"<!DOCTYPE" in content or b"<!ENTITY" in content):
            raise UnreadableWorkbookError(
                f"The part {name} declares XML entities, which no spreadsheet program writes. "
                + RESAVE
            )
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UnreadableWorkbookError(f"The part {name} is not written in UTF-8. {RESAVE}")
        if len(content) <= SMALL_PART:
            self._checked[name] = content
        return content

    def tree(self, name: str) -> etree._Element:
        """A small XML part as a tree, to be read only; nothing outside the file is looked up."""
        if name not in self._trees:
            try:
                self._trees[name] = etree.fromstring(self.read_xml(name), PARSER)
            except etree.XMLSyntaxError as error:
                raise UnreadableWorkbookError(
                    f"The part {name} is damaged ({error}). {RESAVE}"
                ) from error
        return self._trees[name]

    def _inflate(self, info: zipfile.ZipInfo) -> bytes:
        header = self._data[info.header_offset : info.header_offset + 30]
        if header[:4] != b"PK\x03\x04" or len(header) < 30:
            raise UnreadableWorkbookError(f"The part {info.filename} is damaged. {RESAVE}")
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        start = info.header_offset + 30 + name_length + extra_length
        packed = self._data[start : start + info.compress_size]
        if info.compress_type == zipfile.ZIP_STORED:
            return packed
        if info.compress_type != zipfile.ZIP_DEFLATED:
            raise UnreadableWorkbookError(
                f"The part {info.filename} is packed in a way spreadsheets don't use. {RESAVE}"
            )
        try:
            # one byte more than declared shows a part that lies about its size
            return zlib.decompressobj(-15).decompress(packed, info.file_size + 1)
        except zlib.error as error:
            raise UnreadableWorkbookError(
                f"The part {info.filename} is damaged ({error}). {RESAVE}"
            ) from error
