"""Comments on the cells of one worksheet: ours are added below what others wrote, and found again.

A comment lives in two parts: its text in comments.xml, its box in a VML drawing. VML is text to
us, because old files hold VML that is no XML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from orchestration.spreadsheets.package_editor import RELATION_ID, PackageEditor, tag
from orchestration.spreadsheets.sheet_marks import place_of
from orchestration.spreadsheets.worksheet_xml import written_lines

OPENING = "■ Carbonloom"
"""First line of what we write; from here on a comment is ours and is replaced next time."""
AUTHOR = "Carbonloom"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
AFTER_LEGACY_DRAWING = (
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "AlternateContent", "controls",
    "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
"""What may only stand behind the relation to the VML drawing in a sheet."""
SHAPE = re.compile(r"<v:shape\b[^>]*>.*?</v:shape>", re.DOTALL)
SHAPE_PLACE = re.compile(r"<x:(Row|Column)>\s*(\d+)\s*</x:\1>")
EMPTY_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    '<o:idmap v:ext="edit" data="1"/></o:shapelayout><v:shapetype id="_x0000_t202" '
    'coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke '
    'joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)
BOX = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" '
    'type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
    'width:{width}pt;height:{height}pt;z-index:{number};visibility:hidden" fillcolor="#fff8e1" '
    'o:insetmode="auto"><v:fill color2="#fff8e1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">'
    '<div style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note">'
    "<x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left}, 15, {top}, 2, {right}, 15, {bottom}, "
    "4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column>"
    "</x:ClientData></v:shape>"
)
WIDTH, LINE_HEIGHT = 330, 13
"""Points of a box and of a line of text in it."""
COLUMN_WIDTH, ROW_HEIGHT = 48, 15
"""Points of a column and a row that state nothing."""
CHARACTERS_A_LINE = 60
MOST_CELLS = 60


def remove_ours(package: PackageEditor, part: str) -> None:
    """Remove what we wrote into a sheet's comments; what others wrote stays."""
    for _, comments_part in package.related(part, "comments"):
        if AUTHOR.encode() not in package.content(comments_part):
            continue
        comments = package.tree(comments_part)
        gone = set()
        for comment in list(comments.iter(tag("comment"))):
            text = "".join(comment.itertext(tag("t")))
            start = text.find(OPENING)
            if start < 0:
                continue
            kept = text[:start].rstrip()
            if not kept or kept == f"{AUTHOR}:":
                gone.add(place_of(comment.get("ref")))
                comment.getparent().remove(comment)
            else:
                _cut(comment, len(kept))
        if gone:
            _remove_boxes(package, part, gone)


def add_comments(package: PackageEditor, part: str, texts: Mapping[str, str]) -> None:
    """Add our text to the comments of the cells named by address."""
    if not texts:
        return
    comments = package.tree(_comments_part(package, part))
    author = _author(comments)
    entries = comments.find(tag("commentList"))
    by_cell = {comment.get("ref"): comment for comment in entries.iter(tag("comment"))}
    new = {}
    for address, text in texts.items():
        comment = by_cell.get(address)
        if comment is None:
            comment = etree.SubElement(entries, tag("comment"), ref=address, authorId=author)
            etree.SubElement(comment, tag("text"))
            new[address] = text
        else:
            text = f"\n\n{text}"
        _write(comment.find(tag("text")), text)
    # programs look comments up by cell; Excel itself writes them row by row
    entries[:] = sorted(entries, key=lambda one: place_of(one.get("ref")) or (0, 0))
    _add_boxes(package, part, new)


def _write(text: etree._Element, words: str) -> None:
    """The first line in bold, so that our words stand out under somebody else's."""
    breaks = len(words) - len(words.lstrip("\n"))
    first, line_end, rest = words[breaks:].partition("\n")
    for weight, content in (("b", "\n" * breaks + first), (None, line_end + rest)):
        run = etree.SubElement(text, tag("r"))
        properties = etree.SubElement(run, tag("rPr"))
        if weight:
            etree.SubElement(properties, tag(weight))
        etree.SubElement(properties, tag("sz"), val="9")
        etree.SubElement(properties, tag("color"), indexed="81")
        etree.SubElement(properties, tag("rFont"), val="Tahoma")
        words_of_run = etree.SubElement(run, tag("t"))
        words_of_run.text = content
        words_of_run.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _cut(comment: etree._Element, length: int) -> None:
    """Keep the first `length` characters of a comment, run by run."""
    for one in list(comment.iter(tag("t"))):
        words = one.text or ""
        one.text = words[:length]
        length = max(0, length - len(words))
        run = one.getparent()
        if not one.text and run.tag == tag("r"):
            run.getparent().remove(run)


def _comments_part(package: PackageEditor, part: str) -> str:
    found = package.related(part, "comments")
    if found:
        return found[0][1]
    name = package.new_name("xl/comments{}.xml")
    empty = f'<comments xmlns="{tag("x")[1:-2]}"><authors/><commentList/></comments>'
    package.put(name, empty.encode(), COMMENTS_TYPE)
    package.relate(part, "comments", name)
    return name


def _author(comments: etree._Element) -> str:
    authors = comments.find(tag("authors"))
    names = [one.text for one in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, tag("author")).text = AUTHOR
        names.append(AUTHOR)
    return str(names.index(AUTHOR))


def _vml_part(package: PackageEditor, part: str) -> str:
    """The drawing that holds a sheet's comment boxes."""
    sheet = package.tree(part)
    targets = dict(package.related(part, "vmlDrawing"))
    known = sheet.find(tag("legacyDrawing"))
    if known is not None and known.get(RELATION_ID) in targets:
        return targets[known.get(RELATION_ID)]
    name = package.new_name("xl/drawings/vmlDrawing{}.vml")
    package.declare_extension("vml", VML_TYPE)
    package.put(name, EMPTY_VML.encode())
    identity = package.relate(part, "vmlDrawing", name)
    new = etree.Element(tag("legacyDrawing"), {RELATION_ID: identity})
    for child in sheet:
        if isinstance(child.tag, str) and etree.QName(child).localname in AFTER_LEGACY_DRAWING:
            child.addprevious(new)
            break
    else:
        sheet.append(new)
    return name


def _add_boxes(package: PackageEditor, part: str, texts: Mapping[str, str]) -> None:
    if not texts:
        return
    vml_part = _vml_part(package, part)
    sheet = package.tree(part)
    widths, heights = _column_widths(sheet), _row_heights(sheet)
    vml = package.content(vml_part).decode("utf-8", "surrogateescape")
    used = {int(number) for number in re.findall(r"_x0000_s(\d+)", vml)}
    number = max(used, default=1024)
    boxes = []
    for address, text in texts.items():
        place = place_of(address)
        if place is None:
            raise ValueError(f"{address}: no address of a cell")
        number += 1
        row, column = place
        lines = written_lines(text, CHARACTERS_A_LINE)
        height = lines * LINE_HEIGHT + 10
        boxes.append(
            BOX.format(
                number=number,
                width=WIDTH,
                height=height,
                left=column,
                right=_reach(column, WIDTH, widths, COLUMN_WIDTH),
                top=max(0, row - 2),
                bottom=_reach(max(0, row - 2), height, heights, ROW_HEIGHT),
                row=row - 1,
                column=column - 1,
            )
        )
    end = vml.rindex("</xml>")
    vml = vml[:end] + "".join(boxes) + vml[end:]
    package.put(vml_part, vml.encode("utf-8", "surrogateescape"))


def _reach(start: int, points: float, sizes: Mapping[int, float], usual: float) -> int:
    """The column or row, counted from 0, up to which a box of that size reaches."""
    end = start
    while points > 0 and end < start + MOST_CELLS:
        points -= sizes.get(end + 1, usual)
        end += 1
    return end


def _column_widths(sheet: etree._Element) -> dict[int, float]:
    """Points of each column whose width is stated, by its number from 1; hidden ones take none."""
    return {
        number: 0.0 if one.get("hidden") in ("1", "true") else 5.25 * float(one.get("width", "9"))
        for one in sheet.iterfind(f"{tag('cols')}/{tag('col')}")
        for number in range(int(one.get("min", "1")), min(500, int(one.get("max", "1"))) + 1)
    }


def _row_heights(sheet: etree._Element) -> dict[int, float]:
    return {
        int(row.get("r", "0")): float(row.get("ht", ROW_HEIGHT))
        for row in sheet.iterfind(f"{tag('sheetData')}/{tag('row')}[@ht]")
    }


def _remove_boxes(package: PackageEditor, part: str, gone: set[tuple[int, int] | None]) -> None:
    def kept(match: re.Match[str]) -> str:
        place = {name: int(number) + 1 for name, number in SHAPE_PLACE.findall(match[0])}
        return "" if (place.get("Row"), place.get("Column")) in gone else match[0]

    for _, vml_part in package.related(part, "vmlDrawing"):
        vml = package.content(vml_part).decode("utf-8", "surrogateescape")
        package.put(vml_part, SHAPE.sub(kept, vml).encode("utf-8", "surrogateescape"))
