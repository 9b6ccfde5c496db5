"""The marks on a cell: a fill and a thick border over whatever format the author gave it.

A cell keeps its number format, font, alignment and protection. What fill and border were before
is kept with the list of issues, so that a cell that was put right looks as before when the
workbook comes back once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from orchestration.spreadsheets.package_editor import MAIN, tag

FILLS: Mapping[str, str] = {"critical": "FFFFC7C9", "warning": "FFFFE7A1"}
"""Fill of a mark by severity; shades nobody picks by hand, so that our marks are known again."""
EDGES: Mapping[str, str] = {"critical": "FFC00000", "warning": "FFBF7A00"}
ORDER = (
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
)
"""Lists of styles.xml in the order that spreadsheet programs insist on."""
SIDES = ("left", "right", "top", "bottom")


@dataclass(frozen=True)
class CellStyle:
    """A fill and a border as the XML of styles.xml."""

    fill: str
    border: str


NO_LOOK = CellStyle('<fill><patternFill patternType="none"/></fill>', "<border/>")


class CellStyles:
    """The cell formats of one workbook; new ones are appended, none is changed."""

    def __init__(self, styles: etree._Element) -> None:
        self._root = styles
        self._formats = self._list("cellXfs")
        self._known: dict[tuple[object, ...], int] = {}
        self._ids: dict[tuple[str, str], int] = {}

    def marked(self, style: int, severity: str) -> int:
        """The format of a cell with the mark of a severity over it."""
        fill = (
            f'<fill><patternFill patternType="solid"><fgColor rgb="{FILLS[severity]}"/>'
            '<bgColor indexed="64"/></patternFill></fill>'
        )
        edges = "".join(
            f'<{side} style="thick"><color rgb="{EDGES[severity]}"/></{side}>' for side in SIDES
        )
        return self.with_look(style, CellStyle(fill, f"<border>{edges}<diagonal/></border>"))

    def with_look(self, style: int, look: CellStyle) -> int:
        """The format of a cell with another fill and border."""
        key = (style, look)
        if key not in self._known:
            new = deepcopy(self._format(style))
            new.set("fillId", str(self._id("fills", look.fill)))
            new.set("borderId", str(self._id("borders", look.border)))
            new.set("applyFill", "1")
            new.set("applyBorder", "1")
            self._known[key] = self._append(self._formats, new)
        return self._known[key]

    def look(self, style: int) -> CellStyle:
        """Fill and border of a format."""
        found = self._format(style)
        return CellStyle(
            self._xml("fills", found.get("fillId"), NO_LOOK.fill),
            self._xml("borders", found.get("borderId"), NO_LOOK.border),
        )

    def mark_styles(self) -> set[int]:
        """Formats that carry one of our fills."""
        ours = {
            str(number)
            for number, fill in enumerate(self._list("fills"))
            for colour in fill.iter(tag("fgColor"))
            if colour.get("rgb", "").upper() in FILLS.values()
        }
        return {n for n, one in enumerate(self._formats) if one.get("fillId", "0") in ours}

    def plain(self, font: str, look: CellStyle = NO_LOOK, alignment: str = "") -> int:
        """A format of our own list of issues, written as the XML of its parts."""
        key = (font, look, alignment)
        if key not in self._known:
            xml = (
                f'<xf numFmtId="0" fontId="{self._id("fonts", font)}" '
                f'fillId="{self._id("fills", look.fill)}" '
                f'borderId="{self._id("borders", look.border)}" xfId="0" applyFont="1" '
                'applyFill="1" applyBorder="1" applyAlignment="1">'
                f'<alignment vertical="top" wrapText="1" {alignment}/></xf>'
            )
            self._known[key] = self._append(self._formats, _parsed(xml))
        return self._known[key]

    def _format(self, style: int) -> etree._Element:
        if style < len(self._formats):
            return self._formats[style]
        return _parsed('<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>')

    def _xml(self, kind: str, number: str | None, otherwise: str) -> str:
        elements = self._list(kind)
        position = int(number or 0)
        if position >= len(elements):
            return otherwise
        alone = deepcopy(elements[position])
        etree.cleanup_namespaces(alone)
        text = etree.tostring(alone, encoding="unicode", with_tail=False)
        return text.replace(f' xmlns="{MAIN}"', "")

    def _id(self, kind: str, xml: str) -> int:
        if (kind, xml) not in self._ids:
            self._ids[kind, xml] = self._append(self._list(kind), _parsed(xml))
        return self._ids[kind, xml]

    def _append(self, elements: etree._Element, new: etree._Element) -> int:
        elements.append(new)
        elements.set("count", str(len(elements)))
        return len(elements) - 1

    def _list(self, name: str) -> etree._Element:
        found = self._root.find(tag(name))
        if found is None:
            found = etree.Element(tag(name))
            later = map(self._root.find, map(tag, ORDER[ORDER.index(name) + 1 :]))
            successor = next((one for one in later if one is not None), None)
            if successor is None:
                self._root.append(found)
            else:
                successor.addprevious(found)
        return found


def _parsed(xml: str) -> etree._Element:
    """An element of styles.xml; without a prefix it belongs to SpreadsheetML."""
    return etree.fromstring(f'<x xmlns="{MAIN}">{xml}</x>')[0]
