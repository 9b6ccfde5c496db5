"""An .xlsx or .xlsm whose parts are edited one by one; every other part stays byte for byte.

A program that loads a workbook into objects and saves it again loses what it has no object for:
charts, text boxes, buttons, sparklines, dropdowns that point to another sheet, the stored results
of formulas. An author must get back the workbook that was handed in, so nothing is re-written
here but the parts that carry our marks.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from io import BytesIO
from pathlib import Path

from lxml import etree

from orchestration.spreadsheets.package import PARSER, Package, UnreadableWorkbookError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATION_ID = f"{{{OFFICE}}}id"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
FIXED_TIME = (2001, 2, 3, 4, 5, 6)
"""Time stamp of every part: the same hand-in and findings give the same bytes.

No other program writes it, so a copy that somebody saved since is told from an untouched one.
"""
LARGEST_SHEET = 64 << 20
"""Bytes of XML up to which a sheet is edited; a longer one only has its findings listed."""
EMPTY_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="2">'
    '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
    '</fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="1"><xf xfId="0"/></cellXfs></styleSheet>'
)


class NotEditableError(Exception):
    """A workbook that can't be given back as it is; its findings are listed in one of their own."""


def tag(name: str) -> str:
    """A name of SpreadsheetML as lxml writes it."""
    return f"{{{MAIN}}}{name}"


class PackageEditor:
    """The parts of one workbook, read when asked for and written back when changed."""

    def __init__(self, data: bytes) -> None:
        try:
            package = Package(data)
            with zipfile.ZipFile(BytesIO(data)) as archive:
                names = [i.filename for i in archive.infolist() if not i.is_dir()]
            self._parts = {name.replace("\\", "/"): package.read(name) for name in names}
        except (UnreadableWorkbookError, zipfile.BadZipFile) as error:
            raise NotEditableError(str(error)) from error
        self._names = {name.lower(): name for name in self._parts}
        self._trees: dict[str, etree._Element] = {}
        self.workbook = self._office_document()
        if self.tree(self.workbook).tag != tag("workbook"):
            raise NotEditableError("The workbook is not written in the usual form of .xlsx.")

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._names

    def content(self, part: str) -> bytes:
        """The bytes of a part. Raises `NotEditableError` when the workbook lacks it."""
        if part not in self:
            raise NotEditableError(f"The workbook lacks its part {part}.")
        name = self._names[part.lower()]
        if name in self._trees:
            return _written(self._trees[name])
        return self._parts[name]

    def tree(self, part: str) -> etree._Element:
        """A part as a tree to be changed: from now on it is written from the tree."""
        name = self._names.get(part.lower(), part)
        if name not in self._trees:
            self._trees[name] = self._parsed(part)
        return self._trees[name]

    def _parsed(self, part: str) -> etree._Element:
        content = self.content(part)
        if b"<!DOCTYPE" in content or len(content) > LARGEST_SHEET:
            raise NotEditableError(f"The part {part} is too large or declares entities.")
        try:
            return etree.fromstring(content, PARSER)
        except etree.XMLSyntaxError as error:
            raise NotEditableError(f"The part {part} is damaged ({error}).") from error

    def put(self, part: str, content: bytes, content_type: str | None = None) -> None:
        """Write a part; a new one is declared with its type."""
        name = self._names.setdefault(part.lower(), part)
        self._trees.pop(name, None)
        self._parts[name] = content
        if content_type is not None:
            self._declare("Override", "PartName", f"/{part}", content_type)

    def declare_extension(self, extension: str, content_type: str) -> None:
        """Declare the type of all parts with this ending."""
        self._declare("Default", "Extension", extension, content_type)

    def remove(self, part: str) -> None:
        """Remove a part, its relations and its declaration."""
        for one in (part, relations_of(part)):
            name = self._names.pop(one.lower(), None)
            if name is not None:
                self._parts.pop(name)
                self._trees.pop(name, None)
        types = self.tree("[Content_Types].xml")
        for element in types.findall(f"{{{TYPES}}}Override"):
            if element.get("PartName", "").lower() == f"/{part}".lower():
                types.remove(element)

    def new_name(self, pattern: str) -> str:
        """The first part name of a pattern such as `xl/comments{}.xml` that is free."""
        number = 1
        while pattern.format(number) in self:
            number += 1
        return pattern.format(number)

    def related(self, part: str, kind: str) -> list[tuple[str, str]]:
        """(id, part name) of each relation of a part whose type ends in /`kind`."""
        relations = relations_of(part)
        if relations not in self:
            return []
        return [
            (relation.get("Id"), _absolute(part, relation.get("Target", "")))
            for relation in self._parsed(relations)
            if str(relation.get("Type", "")).endswith(f"/{kind}")
            and relation.get("TargetMode") != "External"
        ]

    def relate(self, part: str, kind: str, target: str, base: str = OFFICE) -> str:
        """Add a relation from a part to another; returns its id."""
        relations = relations_of(part)
        if relations not in self:
            self.put(relations, f'<Relationships xmlns="{RELATIONS}"/>'.encode())
        tree = self.tree(relations)
        used = {relation.get("Id") for relation in tree}
        identity = next(f"rId{n}" for n in range(1, len(used) + 2) if f"rId{n}" not in used)
        etree.SubElement(
            tree,
            f"{{{RELATIONS}}}Relationship",
            Id=identity,
            Type=f"{base}/{kind}",
            Target=f"/{target}",
        )
        return identity

    def unrelate(self, part: str, target: str) -> None:
        """Remove the relations of a part to another."""
        if relations_of(part) in self:
            tree = self.tree(relations_of(part))
            for relation in list(tree):
                if _absolute(part, relation.get("Target", "")).lower() == target.lower():
                    tree.remove(relation)

    def sheets(self) -> dict[str, str]:
        """Part name of each worksheet by the name on its tab, in the order of the tabs."""
        targets = dict(self.related(self.workbook, "worksheet"))
        return {
            str(sheet.get("name")): targets[sheet.get(RELATION_ID)]
            for sheet in self.tree(self.workbook).iter(tag("sheet"))
            if sheet.get(RELATION_ID) in targets
        }

    def styles(self) -> etree._Element:
        """The styles of the workbook; a plain one is added where there is none."""
        found = self.related(self.workbook, "styles")
        if found:
            return self.tree(found[0][1])
        part = "xl/styles.xml"
        self.put(part, EMPTY_STYLES.encode(), STYLES_TYPE)
        self.relate(self.workbook, "styles", part)
        return self.tree(part)

    def edit_head(self, part: str, pattern: bytes, replacement: bytes) -> None:
        """Replace in what stands before the cells of a sheet; its rows aren't even parsed."""
        name = self._names[part.lower()]
        content = self.content(part)
        end = content.find(b"sheetData")
        head = re.sub(pattern, replacement, content[:end])
        if head != content[:end]:
            self._trees.pop(name, None)
            self._parts[name] = head + content[end:]

    def save(self) -> bytes:
        """The workbook as a file."""
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in self._parts:
                info = zipfile.ZipInfo(name, FIXED_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, self.content(name))
        return buffer.getvalue()

    def _office_document(self) -> str:
        for relation in self._parsed("_rels/.rels"):
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                return str(relation.get("Target")).lstrip("/")
        raise NotEditableError("The file names no workbook inside it.")

    def _declare(self, element: str, key: str, value: str, content_type: str) -> None:
        types = self.tree("[Content_Types].xml")
        for known in types.findall(f"{{{TYPES}}}{element}"):
            if known.get(key, "").lower() == value.lower():
                return
        new = etree.Element(f"{{{TYPES}}}{element}", {key: value, "ContentType": content_type})
        types.insert(0 if element == "Default" else len(types), new)


def is_untouched(path: Path) -> bool:
    """Whether a file is as it was written here, and nobody's work is lost with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return all(info.date_time == FIXED_TIME for info in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        return False


def relations_of(part: str) -> str:
    """Name of the part that holds the relations of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _absolute(part: str, target: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _written(tree: etree._Element) -> bytes:
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
