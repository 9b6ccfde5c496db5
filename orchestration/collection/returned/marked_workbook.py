"""A handed-in workbook with our marks in it: cells, comments, and the sheet of issues.

The marks of an earlier return are taken out first, so that nobody chases what is long put right.
"""

from __future__ import annotations

from io import BytesIO

import xlsxwriter
from lxml import etree

from orchestration.collection.returned.issues_sheet import (
    FIRST_LINE_OF_TABLE,
    TITLE,
    IssuesSheet,
    former_looks,
)
from orchestration.collection.returned.notice import Notice, comment_on_cell
from orchestration.ingest.template_marks import ISSUES_SHEET
from orchestration.spreadsheets.cell_comments import OPENING, add_comments, remove_ours
from orchestration.spreadsheets.cell_styles import CellStyle, CellStyles
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.package_editor import (
    RELATION_ID,
    SHEET_TYPE,
    NotEditableError,
    PackageEditor,
    tag,
)
from orchestration.spreadsheets.sheet_marks import mark_cells, unmark_cells
from orchestration.spreadsheets.workbook import Workbook

MOST_COMMENTS = 500
"""Comments a workbook gets; every further cell is coloured and listed, but has no box of text."""
ODD = (ValueError, LookupError, TypeError, AttributeError, StopIteration, etree.LxmlError)
"""What is raised over parts that say something no spreadsheet program writes."""
BEFORE_NAMES = ("externalReferences", "functionGroups", "sheets")
PROPERTY = "carbonloom_issues_sheet"
"""Custom property with the name of our sheet."""
CUSTOM_PART = "docProps/custom.xml"
CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
CUSTOM_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"


def mark_workbook(data: bytes, notice: Notice) -> bytes:
    """The workbook with every finding at its cell. Raises `NotEditableError` when it can't be."""
    try:
        return _marked(data, notice)
    except ODD as error:
        raise NotEditableError(f"The workbook is put together oddly ({error}).") from error


def _marked(data: bytes, notice: Notice) -> bytes:
    package = PackageEditor(data)
    styles = CellStyles(package.styles())
    _remove_earlier_marks(package, styles, data)
    sheets = package.sheets()
    notice = notice.ordered(list(sheets))
    before: dict[tuple[str, str], CellStyle] = {}
    for name, severities in _severities(notice).items():
        if name in sheets:
            marked = mark_cells(package.tree(sheets[name]), styles, severities)
            before |= {(name, cell): look for cell, look in marked.items()}
    for name, texts in _comments(notice).items():
        if name in sheets:
            add_comments(package, sheets[name], texts)
    issues = IssuesSheet(notice, styles, list(sheets))
    _add_sheet(package, issues.xml(before))
    return package.save()


def list_of_issues(notice: Notice) -> bytes:
    """A workbook with nothing but the sheet of issues, for a hand-in that can't be marked."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("x")
    package = PackageEditor(buffer.getvalue())
    (blank,) = package.sheets()
    issues = IssuesSheet(notice, CellStyles(package.styles()), ())
    _add_sheet(package, issues.xml({}))
    _remove_sheet(package, blank)
    return package.save()


def _severities(notice: Notice) -> dict[str, dict[str, str]]:
    by_sheet: dict[str, dict[str, str]] = {}
    for (sheet, cell), remarks in notice.by_cell.items():
        by_sheet.setdefault(sheet or "", {})[cell] = remarks[0].severity
    return by_sheet


def _comments(notice: Notice) -> dict[str, dict[str, str]]:
    by_sheet: dict[str, dict[str, str]] = {}
    opening = f"{OPENING} {notice.round}"
    for (sheet, cell), remarks in list(notice.by_cell.items())[:MOST_COMMENTS]:
        by_sheet.setdefault(sheet or "", {})[cell] = comment_on_cell(remarks, opening)
    return by_sheet


def _remove_earlier_marks(package: PackageEditor, styles: CellStyles, data: bytes) -> None:
    """Take out the sheet of issues, our comments and our fills, if the file was returned before."""
    before: dict[tuple[str, str], CellStyle] = {}
    earlier = [name for name in package.sheets() if name.startswith(ISSUES_SHEET)]
    for name in earlier:
        try:
            grid = Workbook(data).grid(name)
        except UnreadableFileError as error:
            raise NotEditableError(str(error)) from error
        if grid.rows and str(grid.value(0, 0)).startswith(TITLE):
            before |= former_looks(grid)
            _remove_sheet(package, name)
    has_marks = bool(styles.mark_styles())
    for name, part in package.sheets().items():
        remove_ours(package, part)
        if has_marks:
            looks = {cell: look for (sheet, cell), look in before.items() if sheet == name}
            unmark_cells(package.tree(part), styles, looks)


def _add_sheet(package: PackageEditor, xml: bytes) -> None:
    """Put our sheet behind the others and in front of the reader."""
    names = {name.lower() for name in package.sheets()}
    free = (ISSUES_SHEET, *(f"{ISSUES_SHEET} {number}" for number in range(2, 99)))
    name = next(one for one in free if one.lower() not in names)
    for part in package.sheets().values():
        # two selected tabs are a group: what is typed into one is typed into the other
        package.edit_head(part, rb'tabSelected="(?:1|true)"', b'tabSelected="0"')
    part = package.new_name("xl/worksheets/sheet{}.xml")
    package.put(part, xml, SHEET_TYPE)
    identity = package.relate(package.workbook, "worksheet", part)
    workbook = package.tree(package.workbook)
    sheets = workbook.find(tag("sheets"))
    number = max((int(sheet.get("sheetId", "0")) for sheet in sheets), default=0) + 1
    etree.SubElement(
        sheets, tag("sheet"), {"name": name, "sheetId": str(number), RELATION_ID: identity}
    )
    views = workbook.find(tag("bookViews"))
    if views is None:
        views = etree.Element(tag("bookViews"))
        sheets.addprevious(views)
    view = views.find(tag("workbookView"))
    if view is None:
        view = etree.SubElement(views, tag("workbookView"))
    view.set("activeTab", str(len(sheets) - 1))
    view.attrib.pop("firstSheet", None)
    _repeat_heading(workbook, name, len(sheets) - 1)
    _set_property(package, PROPERTY, name)


def _repeat_heading(workbook: etree._Element, sheet: str, position: int) -> None:
    """The heading of the table on each printed page."""
    names = workbook.find(tag("definedNames"))
    if names is None:
        names = etree.Element(tag("definedNames"))
        before = [workbook.find(tag(one)) for one in BEFORE_NAMES]
        next(one for one in before if one is not None).addnext(names)
    attributes = {"name": "_xlnm.Print_Titles", "localSheetId": str(position)}
    line = FIRST_LINE_OF_TABLE
    etree.SubElement(names, tag("definedName"), attributes).text = f"'{sheet}'!${line}:${line}"


def _remove_sheet(package: PackageEditor, name: str) -> None:
    """Remove a sheet; names that belong to sheets behind it keep theirs."""
    part = package.sheets()[name]
    workbook = package.tree(package.workbook)
    sheets = workbook.find(tag("sheets"))
    position = next(n for n, sheet in enumerate(sheets) if sheet.get("name") == name)
    sheets.remove(sheets[position])
    package.unrelate(package.workbook, part)
    package.remove(part)
    for defined in list(workbook.iter(tag("definedName"))):
        of_sheet = int(defined.get("localSheetId", "-1"))
        if of_sheet == position:
            defined.getparent().remove(defined)
        elif of_sheet > position:
            defined.set("localSheetId", str(of_sheet - 1))
    names = workbook.find(tag("definedNames"))
    if names is not None and not len(names):
        workbook.remove(names)
    for view in workbook.iter(tag("workbookView")):
        active = int(view.get("activeTab", "0"))
        view.set("activeTab", str(active - (active > position or active >= len(sheets))))


def _set_property(package: PackageEditor, name: str, value: str) -> None:
    found = package.related("", "custom-properties")
    if not found:
        root = f'<Properties xmlns="{CUSTOM}" xmlns:vt="{VALUES}"/>'
        package.put(CUSTOM_PART, root.encode(), CUSTOM_TYPE)
        package.relate("", "custom-properties", CUSTOM_PART)
        found = [("", CUSTOM_PART)]
    properties = package.tree(found[0][1])
    for one in properties:
        if one.get("name") == name:
            one[0].text = value
            return
    number = max((int(one.get("pid", "1")) for one in properties), default=1) + 1
    new = etree.SubElement(
        properties,
        f"{{{CUSTOM}}}property",
        fmtid=CUSTOM_FORMAT,
        pid=str(number),
        name=name,
    )
    etree.SubElement(new, f"{{{VALUES}}}lpwstr").text = value
