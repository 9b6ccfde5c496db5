"""Marks on the cells of one worksheet part: their formats, and nothing else of the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from orchestration.spreadsheets.cell_styles import NO_LOOK, CellStyle, CellStyles
from orchestration.spreadsheets.package_editor import tag

ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


def place_of(address: str | None) -> tuple[int, int] | None:
    """(row, column) of an address such as B7, both counted from 1; None when it is no address."""
    match = ADDRESS.fullmatch(address or "")
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - 64
    row = int(match[2])
    return (row, column) if row <= LAST_ROW and column <= LAST_COLUMN else None


def mark_cells(
    sheet: etree._Element, styles: CellStyles, severities: Mapping[str, str]
) -> dict[str, CellStyle]:
    """Mark the cells named by address; returns what each looked like before."""
    wanted: dict[int, dict[int, str]] = {}
    for address in severities:
        place = place_of(address)
        if place is not None:
            wanted.setdefault(place[0], {})[place[1]] = address
    data = sheet.find(tag("sheetData"))
    if data is None:
        return {}
    rows = {number: row for number, row in _rows(data) if number in wanted}
    before: dict[str, CellStyle] = {}
    for number, columns in sorted(wanted.items()):
        row = rows[number] if number in rows else _new_row(data, number)
        cells = dict(_cells(row))
        for column, address in sorted(columns.items()):
            cell = cells.get(column)
            if cell is None:
                cell = _new_cell(row, cells, column, address, _style_of_blank(sheet, row, column))
                cells[column] = cell
            style = int(cell.get("s", "0"))
            before[address] = styles.look(style)
            cell.set("s", str(styles.marked(style, severities[address])))
    return before


def unmark_cells(
    sheet: etree._Element, styles: CellStyles, before: Mapping[str, CellStyle]
) -> bool:
    """Give every marked cell its former fill and border; a cell that moved gets none."""
    ours = styles.mark_styles()
    data = sheet.find(tag("sheetData"))
    changed = False
    for number, row in _rows(data) if data is not None and ours else ():
        for column, cell in _cells(row):
            style = int(cell.get("s", "0"))
            if style in ours:
                address = cell.get("r") or f"{letters(column)}{number}"
                look = before.get(address, NO_LOOK)
                cell.set("s", str(styles.with_look(style, look)))
                changed = True
    return changed


def letters(column: int) -> str:
    """A for column 1, AA for column 27."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _rows(data: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    """Rows with their numbers; a row that states none follows the one before."""
    number = 0
    for row in data.iterchildren(tag("row")):
        number = int(row.get("r") or number + 1)
        yield number, row


def _cells(row: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    column = 0
    for cell in row.iterchildren(tag("c")):
        place = place_of(cell.get("r"))
        column = place[1] if place else column + 1
        yield column, cell


def _new_row(data: etree._Element, number: int) -> etree._Element:
    new = etree.Element(tag("row"), r=str(number))
    for known, row in _rows(data):
        if known > number:
            row.set("r", str(known))
            row.addprevious(new)
            return new
    data.append(new)
    return new


def _new_cell(
    row: etree._Element,
    cells: Mapping[int, etree._Element],
    column: int,
    address: str,
    style: int,
) -> etree._Element:
    new = etree.Element(tag("c"), r=address, s=str(style))
    row.attrib.pop("spans", None)  # it would no longer hold
    later = [known for known in cells if known > column]
    if later:
        cells[min(later)].addprevious(new)
    elif cells:
        cells[max(cells)].addnext(new)
    else:
        row.insert(0, new)
    return new


def _style_of_blank(sheet: etree._Element, row: etree._Element, column: int) -> int:
    """What a cell that isn't stored looks like: its row's format, or its column's."""
    if row.get("customFormat") in ("1", "true"):
        return int(row.get("s", "0"))
    for one in sheet.iterfind(f"{tag('cols')}/{tag('col')}"):
        if int(one.get("min", "0")) <= column <= int(one.get("max", "0")):
            return int(one.get("style", "0"))
    return 0
