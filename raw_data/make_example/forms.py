"""Fills the sheets of a stage: what the map asks for, in the look forms.yml gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from .files import Formula, SheetOfValues, Value
from .state import Month
from .utilities import MULTIPLIER

# canonical units per unit typed, and decimals of a number typed as text
UNITS = {
    **dict.fromkeys(("kg", "公斤", "千克", "kWh", "千瓦时", "GJ", "MJ/Nm3"), (1.0, 0)),
    **dict.fromkeys(("Nm3", "标方", "m3", "立方米", "人", "L"), (1.0, 0)),
    **dict.fromkeys(("t", "吨"), (1000.0, 2)),
    **dict.fromkeys(("万千瓦时", "万Nm3"), (10_000.0, 4)),
    "MWh": (1000.0, 3),
}
MONTH_STYLES: Mapping[str, Callable[[date], Value]] = {
    "serial": lambda d: d,
    "chinese": lambda d: f"{d.year}年{d.month}月",
    "iso": lambda d: f"{d.year}-{d.month:02d}",
    "english": lambda d: d.strftime("%b-%Y"),
    "slash": lambda d: f"{d.year}/{d.month}",
    "bare": lambda d: f"{d.month}月",
}
NOT_SUMMED = ("stock_open", "stock_close", "meter_start", "meter_end", "ncv")


class Item(NamedTuple):
    """One item of a map: its label, where its fact stands, and the unit it is typed in."""

    label: str
    process: str
    flow: str
    fact: str  # direction, role or property
    unit: str

    def typed(self, state: Month, where: str, as_text: bool = False) -> Value:
        """What somebody types for a month; None where nothing happened."""
        value = state.facts.get((where, self.process, self.flow, self.fact))
        if value is None:
            return None
        size, decimals = UNITS[self.unit]
        number = round(value / size, 6)
        return f"{number:,.{decimals}f}" if as_text else number


class TypedWrong(NamedTuple):
    """A cell that was typed wrong, and what it and its total should say."""

    sheet: str
    cell: str
    typed: float
    right: float
    total_cell: str
    total_typed: float
    total_right: float


def items_of(sheet: Mapping[str, Any]) -> list[Item]:
    """The items of a sheet of months in the order of the map."""
    entries = sheet.get("columns") or sheet["rows"]
    return [
        Item(
            label,
            spec["process"].removeprefix("{facility}_"),
            spec["flow"],
            spec.get("property") or spec.get("role") or spec["direction"],
            spec["unit"],
        )
        for label, spec in entries.items()
    ]


def months_down(
    sheet: Mapping[str, Any], look: Mapping[str, Any], where: str, states: Sequence[Month]
) -> tuple[SheetOfValues, TypedWrong | None]:
    """One row a month."""
    items, style = items_of(sheet), MONTH_STYLES[look["months"]]
    lines = [int(n) for n in sheet.get("header_rows") or [sheet["header_row"]]]
    extras = [*sheet.get("ignored", []), *([sheet["note"]] if "note" in sheet else [])]
    headers = [sheet["period"], *(item.label for item in items), *extras]
    values = _page(sheet, look, lines)
    if len(lines) == 2:
        split = [header.rpartition(" ") for header in headers]
        values.rows[lines[0] - 1] = [upper or lower for upper, _, lower in split]
        values.rows[lines[1] - 1] = [lower if upper else "" for upper, _, lower in split]
    else:
        values.rows[lines[0] - 1] = headers
    for index, state in enumerate(states):
        row = len(values.rows)
        typed = [_cell(item, state, where, look, items, row) for item in items]
        signed = [look.get("signed", "") if index == 0 else ""] * len(sheet.get("ignored", []))
        if "倍率 Multiplier" in headers:
            signed = [float(MULTIPLIER[where])]
        note = look.get("notes", {}).get(f"{state.month:%Y-%m}", "")
        values.rows.append([style(state.month), *typed, *signed, note])
        if f"{state.month:%Y-%m}" in look.get("hidden_months", ()):
            values.hidden_rows.append(row)
    wrong = _type_wrong(sheet, look, items, where, states, values)
    if sheet.get("total_rows") and len(states) > 1:
        _add_total_row(sheet, look, items, values, len(states))
    return values, wrong and _with_total(wrong, values)


def _page(sheet: Mapping[str, Any], look: Mapping[str, Any], lines: Sequence[int]) -> SheetOfValues:
    rows: list[list[Value]] = [[] for _ in range(lines[-1])]
    if lines[0] > 1:
        rows[0] = [look["title"]]
    if lines[0] > 2 and "subtitle" in look:
        rows[1] = [look["subtitle"]]
    return SheetOfValues(sheet["sheet"][0], rows, tuple(n - 1 for n in lines), lines[0] > 1)


def _cell(
    item: Item, state: Month, where: str, look: Mapping[str, Any], items: Sequence[Item], row: int
) -> Value:
    """The main meter's kWh are a formula over its two readings; the rest is typed."""
    if item.fact != "check":
        return item.typed(state, where, item.label in look.get("as_text", ()))
    columns = {other.fact: index for index, other in enumerate(items, start=1)}
    start, end = (state.get(where, item.process, item.flow, f"meter_{w}") for w in ("start", "end"))
    size, multiplier = UNITS[item.unit][0], MULTIPLIER[where]
    first, last = (xl_rowcol_to_cell(row, columns[f"meter_{w}"]) for w in ("start", "end"))
    shown = f"=({last}-{first})*{multiplier}" + (f"/{size:.0f}" if size != 1 else "")
    return Formula(shown, round((end - start) * multiplier / size, 6))


def _type_wrong(
    sheet: Mapping[str, Any],
    look: Mapping[str, Any],
    items: Sequence[Item],
    where: str,
    states: Sequence[Month],
    values: SheetOfValues,
) -> TypedWrong | None:
    plan = look.get("typed_wrong")
    months = [f"{state.month:%Y-%m}" for state in states]
    if not plan or plan["month"] not in months:
        return None
    index = months.index(plan["month"])
    column = [item.label for item in items].index(plan["label"]) + 1
    row = len(values.rows) - len(states) + index
    right = float(items[column - 1].typed(states[index], where))
    typed = round(right * float(plan["times"]), 6)
    values.rows[row][column] = typed
    cells = xl_rowcol_to_cell(row, column), xl_rowcol_to_cell(len(values.rows), column)
    return TypedWrong(sheet["sheet"][0], cells[0], typed, right, cells[1], 0.0, 0.0)


def _add_total_row(
    sheet: Mapping[str, Any],
    look: Mapping[str, Any],
    items: Sequence[Item],
    values: SheetOfValues,
    count: int,
) -> None:
    row = len(values.rows)
    totals: list[Value] = [sheet["total_rows"][0]]
    for column, item in enumerate(items, start=1):
        # SUM skips numbers typed as text, and a sum of stocks means nothing
        if item.fact in NOT_SUMMED or item.label in look.get("as_text", ()):
            totals.append(None)
            continue
        total = sum(_number(line[column]) for line in values.rows[row - count :])
        first, last = xl_rowcol_to_cell(row - count, column), xl_rowcol_to_cell(row - 1, column)
        totals.append(Formula(f"=SUM({first}:{last})", round(total, 6)))
    values.rows.append(totals)


def _with_total(wrong: TypedWrong, values: SheetOfValues) -> TypedWrong:
    letters = wrong.cell.rstrip("0123456789")
    column = next(c for c in range(99) if xl_rowcol_to_cell(0, c) == f"{letters}1")
    total = _number(values.rows[-1][column])
    right = round(total - wrong.typed + wrong.right, 6)
    return wrong._replace(total_typed=total, total_right=right)


def _number(value: Value) -> float:
    if isinstance(value, Formula):
        return value.value
    return float(value) if isinstance(value, int | float) else 0.0


def months_across(
    sheet: Mapping[str, Any], look: Mapping[str, Any], where: str, states: Sequence[Month]
) -> SheetOfValues:
    """One row an item, a column a month."""
    style, line = MONTH_STYLES[look["months"]], int(sheet["header_row"])
    values = _page(sheet, look, [line])
    ignored, has_unit = sheet.get("ignored", []), "unit" in sheet
    lead = [*ignored, sheet["item"], *([sheet["unit"]] if has_unit else [])]
    tail = [sheet[name] for name in ("total", "note") if name in sheet]
    values.rows[line - 1] = [*lead, *(style(state.month) for state in states), *tail]
    for number, item in enumerate(items_of(sheet), start=1):
        row, as_text = len(values.rows), item.label in look.get("as_text", ())
        typed = [item.typed(state, where, as_text) for state in states]
        cells: list[Value] = [*([float(number)] * len(ignored)), item.label]
        cells += [item.unit] if has_unit else []
        first, last = len(cells), len(cells) + len(typed) - 1
        cells += typed
        if "total" in sheet:
            summed = not as_text and item.fact not in NOT_SUMMED
            span = f"{xl_rowcol_to_cell(row, first)}:{xl_rowcol_to_cell(row, last)}"
            total = Formula(f"=SUM({span})", round(sum(map(_number, typed)), 6))
            cells.append(total if summed else None)
        if "note" in sheet:
            cells.append(look.get("notes", {}).get(item.label, ""))
        values.rows.append(cells)
    return values


def records(
    sheet: Mapping[str, Any], look: Mapping[str, Any], rows: Sequence[Mapping[str, Value]]
) -> SheetOfValues:
    """One record a row, under every header the map names; an unknown header is an error."""
    headers = record_headers(sheet)
    line = int(sheet["header_row"])
    values = _page(sheet, look, [line])
    values.rows[line - 1] = list(headers)
    for row in rows:
        if unknown := set(row) - set(headers):
            raise ValueError(f"{sheet['sheet'][0]}: the map has no header {', '.join(unknown)}")
        values.rows.append([row.get(header, "") for header in headers])
    return values


def record_headers(sheet: Mapping[str, Any]) -> list[str]:
    """Every header of a sheet of records, in the order the map names them."""
    headers = [sheet.get("document"), sheet.get("date") or sheet.get("period")]
    for part in (sheet.get("facility"), sheet.get("supplier")):
        headers += [part["column"]] if isinstance(part, dict) else []
    for reading in sheet["readings"]:
        headers += [*reading.get("when", {})]
        headers += [
            reading[name]["column"]
            for name in ("flow", "unit")
            if isinstance(reading.get(name), dict)
        ]
        headers += [reading["quantity"], *reading.get("times", [])]
    headers += [*sheet.get("ignored", []), sheet.get("note")]
    return list(dict.fromkeys(header for header in headers if header))
