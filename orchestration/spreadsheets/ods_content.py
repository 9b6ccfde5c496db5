"""The sheets of an .ods file, read from its content.xml with errors and formulas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from lxml import etree

from orchestration.spreadsheets.files import MOST_CELLS, too_many
from orchestration.spreadsheets.grid import NEVER_CALCULATED, ErrorValue, Grid
from orchestration.spreadsheets.package import RESAVE, Package, UnreadableWorkbookError

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
ERROR_STARTS = (
    "#N/A",
    "#REF!",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "Err:",
)


def read_ods(package: Package) -> list[Grid]:
    """Every sheet as a grid; rows and cells that repeat without a value take no room."""
    manifest = "META-INF/manifest.xml"
    if manifest in package and b"encryption-data" in package.read(manifest):
        raise UnreadableWorkbookError(
            "The file is protected by a password. Save it without one and hand it in again."
        )
    content = package.read_xml("content.xml")
    try:
        return list(_sheets(content))
    except (etree.XMLSyntaxError, ValueError, TypeError, OverflowError) as error:
        raise UnreadableWorkbookError(
            f"The part content.xml is damaged ({error}). {RESAVE}"
        ) from error


def _sheets(content: bytes) -> Iterator[Grid]:
    events = etree.iterparse(
        BytesIO(content),
        events=("start", "end"),
        tag=(f"{TABLE}table", f"{TABLE}table-row"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    rows: dict[int, list[Any]] = {}
    formulas: dict[tuple[int, int], str] = {}
    number = cells = 0
    for event, element in events:
        if element.tag == f"{TABLE}table":
            if event == "start":
                rows, formulas, number = {}, {}, 0
            else:
                name = element.get(f"{TABLE}name", "")
                yield Grid(name, list(rows.values()), list(rows), formulas)
                element.clear()
        elif event == "end":
            repeated = int(element.get(f"{TABLE}number-rows-repeated", 1))
            values, row_formulas = _row(element)
            if values:
                cells += repeated * len(values)
                if cells > MOST_CELLS:
                    raise UnreadableWorkbookError(too_many(cells, MOST_CELLS))
                for repeat in range(number, number + repeated):
                    rows[repeat] = list(values)
                    formulas.update({(repeat, c): text for c, text in row_formulas.items()})
            number += repeated
            element.clear()


def _row(element: etree._Element) -> tuple[list[Any], dict[int, str]]:
    values: list[Any] = []
    formulas: dict[int, str] = {}
    column = 0
    for cell in element.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        repeated = int(cell.get(f"{TABLE}number-columns-repeated", 1))
        value = _value(cell) if cell.tag == f"{TABLE}table-cell" else ""
        if value != "":
            if column + repeated > 16_384:
                raise UnreadableWorkbookError(f"A row has more than 16,384 columns. {RESAVE}")
            values += [""] * (column - len(values)) + [value] * repeated
            formula = cell.get(f"{TABLE}formula")
            if formula:
                formulas[column] = formula.removeprefix("of:")
        column += repeated
    return values, formulas


def _value(cell: etree._Element) -> Any:
    kind = cell.get(f"{OFFICE}value-type")
    has_formula = cell.get(f"{TABLE}formula") is not None
    if kind is None:
        return NEVER_CALCULATED if has_formula else ""
    text = "\n".join("".join(p.itertext()) for p in cell.iterchildren(f"{TEXT}p"))
    if cell.get(f"{CALCEXT}value-type") == "error" or (
        has_formula and text.startswith(ERROR_STARTS)
    ):
        return ErrorValue(text or "#ERROR")
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(f"{OFFICE}value"))
    if kind == "date":
        moment = datetime.fromisoformat(cell.get(f"{OFFICE}date-value"))
        return date(moment.year, moment.month, moment.day) if _is_midnight(moment) else moment
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true"
    if kind == "time":
        return _duration(cell.get(f"{OFFICE}time-value"))
    return text or cell.get(f"{OFFICE}string-value", "")


def _is_midnight(moment: datetime) -> bool:
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def _duration(text: str) -> timedelta:
    """PT120H30M00S, as a spreadsheet writes a time of day or a duration."""
    hours, rest = text.removeprefix("PT").split("H")
    minutes, seconds = rest.rstrip("S").split("M")
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0))
