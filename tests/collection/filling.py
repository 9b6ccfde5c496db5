"""Fills a template in as people do: only values change; and opens and saves it with LibreOffice."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl import load_workbook
from openpyxl.utils.datetime import to_excel

from expectations.stage_workbook import NOTES
from orchestration.company.data_folder import Round
from orchestration.company.source_map import Layout, MonthsAcross, Records, SourceMap
from orchestration.ingest.columns import Columns
from orchestration.ingest.mapping import find_grid, read_hand_in
from orchestration.ingest.sheet import known_headers
from orchestration.ingest.template_marks import without_annotation
from orchestration.lake.hand_ins import HandIn
from orchestration.spreadsheets.numbers import fold
from orchestration.spreadsheets.package import Package
from orchestration.spreadsheets.workbook import read_workbook
from orchestration.spreadsheets.xlsx_scan import sheet_parts
from tests.system_programs import system_program

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Values = dict[tuple[str, str], Any]
"""(sheet, cell) to what is typed there."""

IDENTITY = ("flow_id", "process_id", "direction", "property", "role", "period_month", "facility_id")
MEANING = (*IDENTITY, "quantity", "sign_multiplier", "unit_text", "document_no", "supplier_id")


def type_in(path: Path, values: Values) -> None:
    """Write values into the package itself, so that nothing else of the workbook changes.

    Formulas over what was filled in get the result a spreadsheet program would have stored.
    """
    parts = sheet_parts(Package(path.read_bytes()))
    by_part: dict[str, dict[str, Any]] = {}
    for (sheet, cell), value in values.items():
        by_part.setdefault(parts[sheet], {})[cell] = value
    with zipfile.ZipFile(path) as archive:
        contents = {info: archive.read(info.filename) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in contents.items():
            if info.filename in by_part or info.filename in parts.values():
                content = _typed(content, by_part.get(info.filename, {}))
            archive.writestr(info.filename, content)


def _typed(xml: bytes, values: Mapping[str, Any]) -> bytes:
    tree = etree.fromstring(xml)
    cells = {cell.get("r"): cell for cell in tree.iter(f"{MAIN}c")}
    for address, value in values.items():
        _set(cells[address], value)
    for cell in cells.values():
        formula = cell.find(f"{MAIN}f")
        if formula is not None:
            result = _result(formula.text, cells)
            if result is not None:
                cell.attrib.pop("t", None)
                cell.find(f"{MAIN}v").text = repr(result)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


def _set(cell: etree._Element, value: Any) -> None:
    assert cell.find(f"{MAIN}f") is None, f"{cell.get('r')} holds a formula"
    for child in list(cell):
        cell.remove(child)
    cell.attrib.pop("t", None)
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        text = etree.SubElement(etree.SubElement(cell, f"{MAIN}is"), f"{MAIN}t")
        text.text = value
    else:
        number = to_excel(value) if isinstance(value, date) else value
        etree.SubElement(cell, f"{MAIN}v").text = repr(number)


def _number(cells: Mapping[str, etree._Element], address: str) -> float | None:
    cell = cells.get(address)
    value = None if cell is None or cell.get("t") else cell.find(f"{MAIN}v")
    return None if value is None or not (value.text or "").strip() else float(value.text)


def _result(formula: str, cells: Mapping[str, etree._Element]) -> float | None:
    """The two formulas templates hold: a sum, and a difference of readings times a multiplier."""
    summed = re.search(r"SUM\(([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)\)", formula)
    if summed:
        numbers = [_number(cells, address) for address in _between(*summed.groups(), cells)]
        found = [number for number in numbers if number is not None]
        return sum(found) if found else None
    end, start, times = re.search(
        r"\(([A-Z]+[0-9]+)-([A-Z]+[0-9]+)\)\*([0-9.e-]+)\)$", formula
    ).groups()
    readings = _number(cells, end), _number(cells, start)
    return None if None in readings else (readings[0] - readings[1]) * float(times)


def _between(first: str, top: str, last: str, bottom: str, cells: Iterable[str]) -> list[str]:
    def key(letters: str) -> tuple[int, str]:
        return len(letters), letters

    found = []
    for address in cells:
        letters, row = re.fullmatch(r"([A-Z]+)([0-9]+)", address).groups()
        if key(first) <= key(letters) <= key(last) and int(top) <= int(row) <= int(bottom):
            found.append(address)
    return found


def values_of(
    template: Path, filled: Path, source_map: SourceMap, round_: Round, hand_in: str
) -> Values:
    """What to type into a blank template so that it says the same as a hand-in that was filled."""
    layout = source_map.layout_for(round_.round)
    stated = _readings(filled, source_map, round_, hand_in)
    places: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in _readings(template, source_map, round_, hand_in):
        if row["source_cell"] and row["value_type"] != "missing":
            places.setdefault(_place(row), []).append(row)
    values: Values = {}
    for row in stated:
        found = places.get(_place(row), [])
        if found and row["value_text"] is not None and found[0]["formula"] is None:
            values[found[0]["source_sheet"], found[0]["source_cell"]] = row["quantity"]
            parts = zip(
                (found[0]["multiplier_cell"] or "").split("|"),
                (row["multiplier_text"] or "").split("|"),
                strict=True,
            )
            values |= {(found[0]["source_sheet"], c): float(t) for c, t in parts if c}
    return values | _record_values(template, filled, layout) | _units(template, filled, layout)


def _readings(path: Path, source_map: SourceMap, round_: Round, hand_in: HandIn) -> list[dict]:
    read = read_hand_in(path, source_map, round_, hand_in, path.parent).to_pylist()
    rows = [row for row in read if row["row_kind"] not in NOTES]
    return [row for row in rows if row["row_kind"] == "reading" and row["role"] != "row_total"]


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    label = without_annotation(row["item_text"] or "")
    return (fold(row["source_sheet"]), label, row["role"], row["period_month"])


def _record_values(template: Path, filled: Path, layout: Layout) -> Values:
    values: Values = {}
    books = read_workbook(template), read_workbook(filled)
    for sheet in layout.sheets:
        if not isinstance(sheet, Records):
            continue
        blank, full = (find_grid(book, sheet) for book in books)
        known = known_headers(sheet)
        target, source = (Columns(grid, sheet.header_lines, known) for grid in (blank, full))
        line = sheet.header_lines[-1]
        for index in source.below_header:
            row = {h: full.value(index, at[0]) for h, at in source.places.items()}
            if sum(value not in (None, "") for value in row.values()) < 2:
                continue
            line += 1
            for header, value in row.items():
                if header in target.places and value not in (None, ""):
                    letters = target.header_address(target.places[header][0]).rstrip("0123456789")
                    values[blank.name, f"{letters}{line}"] = value
    return values


def _units(template: Path, filled: Path, layout: Layout) -> Values:
    """Units of rows that may be chosen."""
    values: Values = {}
    book, full = load_workbook(template), read_workbook(filled)
    for sheet in layout.sheets:
        if not isinstance(sheet, MonthsAcross) or not sheet.unit:
            continue
        page, grid = book[sheet.sheet[0]], find_grid(full, sheet)
        head = grid.rows[grid.index_of(sheet.header_lines[0] - 1)]
        label_at, unit_at = (
            [fold(str(one)) for one in head].index(n) for n in (sheet.item, sheet.unit)
        )
        typed = {fold(str(row[label_at])): row[unit_at] for row in grid.rows if len(row) > unit_at}
        for row in page.iter_rows(min_row=sheet.header_lines[-1] + 1, max_col=2):
            label = without_annotation(str(row[0].value or ""))
            if label in typed and not row[1].protection.locked:
                values[page.title, row[1].coordinate] = typed[label]
    return values


def meaning(path: Path, source_map: SourceMap, round_: Round, hand_in: HandIn) -> list[tuple]:
    """What a hand-in states, whatever sheet, cell and spelling it stands in."""
    read = read_hand_in(path, source_map, round_, hand_in, path.parent).to_pylist()
    rows = [row for row in read if row["row_kind"] not in NOTES]
    kept = [
        row
        for row in rows
        if row["row_kind"] != "reading"
        or (row["role"] != "row_total" and (row["quantity"] is not None or row["is_required"]))
    ]
    return sorted(tuple(_plain(row[name]) for name in MEANING) for row in kept)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    return value.isoformat() if isinstance(value, date | datetime) else fold(str(value))


def saved_by_libreoffice(paths: Iterable[Path], folder: Path) -> list[Path]:
    """Each workbook opened and saved again by LibreOffice, in `folder`."""
    program = system_program("soffice")
    folder.mkdir(parents=True, exist_ok=True)
    named = {}
    for number, path in enumerate(paths):
        copy = folder / "in" / f"{number}.xlsx"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
        named[copy] = folder / "out" / copy.name
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [program, f"-env:UserInstallation={profile}", "--headless",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(folder / "out"), *map(str, named)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return list(named.values())
