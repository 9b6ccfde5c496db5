"""A map drafted from a sheet's shape: what each column is, and what has to be decided by a person.

A draft holds `TODO` wherever the evidence isn't enough. It is never in force: the gate refuses a
map with a TODO, and drafts lie in a folder that no run reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from orchestration.company.units import parse
from orchestration.ingest.periods import day_of
from orchestration.spreadsheets.numbers import fold
from orchestration.starting.proposing import (
    TODO,
    CompanyNames,
    Proposal,
    facility_of,
    kinds_in,
    product_of_units,
)
from orchestration.starting.sheet_shape import ColumnSeen, SheetShape, is_unit, span_of
from orchestration.starting.words import holds, says

OUTPUTS = frozenset({"product", "waste", "own_waste", "freight_outbound", "freight_outbound_paid"})
TAKEN = frozenset(
    {"electricity", "heat", "fuel_stationary", "fuel_mobile", "refrigerant", "material", "water",
     "capital_goods", "freight_inbound", "business_travel", "commuting"}
)  # fmt: skip
"""Kinds that a process takes, whatever the header says; of others only its words tell."""
AND = re.compile(r"[与和及、&+]|\band\b|\bund\b")
FEW = 60
"""A column with more different texts than these says no flow."""
DIRECTIONS = {"in": "input", "input": "input", "out": "output", "output": "output",
              "投入": "input", "入": "input", "产出": "output", "出": "output"}  # fmt: skip
SIDE_ROLES = ("note", "document", "supplier", "meter", "person", "index", "site", "unit")


@dataclass
class DraftItem:
    """One header, label or reading: what it is said to be, and why."""

    header: str
    keys: dict[str, Any]
    comments: list[str] = field(default_factory=list)

    @property
    def open_keys(self) -> list[str]:
        """What a person has to decide."""
        return [key for key, value in self.keys.items() if _is_open(value)]


@dataclass
class DraftSheet:
    """One sheet of a map, as it would be written."""

    shape: SheetShape
    keys: dict[str, Any]
    items: list[DraftItem]
    comments: list[str] = field(default_factory=list)

    @property
    def open_count(self) -> int:
        """How many decisions are left."""
        own = sum(_is_open(value) for value in self.keys.values())
        return own + sum(len(item.open_keys) for item in self.items)


def _is_open(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    return value == TODO


@dataclass(frozen=True)
class FileOwner:
    """Whose file it is that is drafted for, as far as it is known."""

    facility: str = ""
    stage: str | None = None
    is_export: bool = False


def draft_sheet(shape: SheetShape, names: CompanyNames, subject: FileOwner) -> DraftSheet:
    """The map of one sheet."""
    if shape.layout == "months_across":
        return _across(shape, names, subject)
    if shape.layout == "months_down" and not subject.is_export:
        return _down(shape, names, subject)
    return _records(shape, names, subject)


def _about(shape: SheetShape) -> str:
    """What a sheet is called, its title, and what its file is called."""
    return " ".join([*shape.names, shape.title, shape.file.replace("_", " ")])


def _head(shape: SheetShape) -> dict[str, Any]:
    named = [name for name in shape.names if name]
    lines = shape.header_rows
    head: dict[str, Any] = {"sheet": named} if named and not shape.is_text else {}
    head["header_rows" if len(lines) > 1 else "header_row"] = lines if len(lines) > 1 else lines[0]
    return head


def _across(shape: SheetShape, names: CompanyNames, subject: FileOwner) -> DraftSheet:
    keys = _head(shape) | {"layout": "months_across", "item": shape.item}
    for key in ("unit", "total", "note"):
        if getattr(shape, key):
            keys[key] = getattr(shape, key)
    if shape.ignored:
        keys["ignored"] = shape.ignored
    if shape.total_rows:
        keys["total_rows"] = shape.total_rows
    items = []
    for row in shape.rows:
        item = _item(row.label, row.unit, row.unit_problem, shape, names, subject)
        if shape.unit and row.unit and item.keys["unit"] != TODO:
            item.keys.pop("unit", None)  # each line says its own
        items.append(item)
    _settle(items, shape, names, subject)
    return DraftSheet(shape, keys, items)


def _down(shape: SheetShape, names: CompanyNames, subject: FileOwner) -> DraftSheet:
    assert shape.period is not None
    keys = _head(shape) | {"layout": "months_down", "period": shape.period.header}
    if shape.total_rows:
        keys["total_rows"] = shape.total_rows
    if shape.date_format:
        keys["date_format"] = shape.date_format
    ignored = []
    items = []
    for column in shape.columns:
        if says("note", column.header) and "note" not in keys:
            keys["note"] = column.header
        elif column.kind != "number" or any(
            says(r, column.header) for r in ("index", "multiplier")
        ):
            ignored.append(column.header)
        else:
            found = _item(column.header, column.unit, column.unit_problem, shape, names, subject)
            items.append(found)
    if ignored:
        keys["ignored"] = ignored
    _settle(items, shape, names, subject)
    return DraftSheet(shape, keys, items)


def _item(
    text: str, unit: str | None, problem: str | None, shape: SheetShape, names: CompanyNames,
    subject: FileOwner,
) -> DraftItem:  # fmt: skip
    stated = None if problem else _amount(unit) if holds("calorific_value", text) else unit
    own = names.processes_of(subject.facility, subject.stage)
    flow = names.flow(text, stated, _about(shape), own if len(own) > 1 else ())
    process = _process_of(text, flow, names, subject)
    keys: dict[str, Any] = {"flow": flow.id, "process": _portable(process.id, subject, names)}
    kind = names.flows.get(flow.id, {}).get("flow_kind", "")
    comments = [f"flow {flow.comment}", f"process {process.comment}"]
    if holds("calorific_value", text):
        keys |= {"direction": "property", "property": "ncv"}
    else:
        keys["direction"] = direction_of(text, kind)
        if keys["direction"] == TODO:
            comments.append("direction: input or output")
    role = _role(text)
    if role:
        keys["role"] = role
    problem = problem or _basis_problem(unit, flow, names)
    keys["unit"] = TODO if problem or unit is None else unit
    if problem:
        comments.append(f"unit: {problem}")
    elif unit is None:
        kept = names.flows.get(flow.id, {}).get("unit_code")
        comments.append("unit: none is stated" + (f"; the flow is kept in {kept}" if kept else ""))
    return DraftItem(text, keys, comments)


def _basis_problem(unit: str | None, flow: Proposal, names: CompanyNames) -> str | None:
    """What a person has to say of a fuel's energy: by net or by gross calorific value."""
    if not flow.best or not unit or not names.lacks_basis(flow.best, unit):
        return None
    kept = names.flows[flow.best]["unit_code"]
    return f"{unit} (Gross CV) or {unit} (Net CV)? The flow is kept in {kept}"


def _amount(unit: str | None) -> str | None:
    """What a calorific value is per: Nm3 of MJ/Nm3."""
    return unit.rpartition("/")[2] or None if unit else None


def _settle(
    items: Sequence[DraftItem], shape: SheetShape, names: CompanyNames, subject: FileOwner
) -> None:
    """What the whole sheet says about its lines: its one process, and whose stock it is."""
    _by_sheet_name(items, shape, names, subject)
    for item in items:
        _as_its_flow(item, items)


def _by_sheet_name(
    items: Sequence[DraftItem], shape: SheetShape, names: CompanyNames, subject: FileOwner
) -> None:
    """A sheet that is called after one process, and names no other, is about it."""
    named = {item.keys["process"] for item in items} - {TODO}
    title = " ".join(shape.names)
    about = names.process(title, subject.facility, subject.stage)
    process = _portable(about.id, subject, names)
    if not about.is_sure or named - {process} or AND.search(title):
        return
    for item in items:
        if item.keys["process"] == TODO:
            item.keys["process"] = process
            item.comments.append("process: the sheet's name, and no other is named in it")


def _as_its_flow(item: DraftItem, items: Sequence[DraftItem]) -> None:
    """Stocks and registers stand where their flow is made, taken or metered."""
    role = item.keys.get("role")
    if role is None:
        return
    plain = [other for other in items if "role" not in other.keys]
    if role.startswith("meter"):
        same = [other for other in plain if other.keys["flow"] != TODO]
        kept = ["flow", "process", "direction", "unit"]
    else:
        same = [other for other in plain if other.keys["flow"] == item.keys["flow"] != TODO]
        same = [other for other in same if other.keys["direction"] == "output"] or same
        kept = ["process", "direction"]
    if len({other.keys["process"] for other in same}) == 1 and \
            (kept[0] != "flow" or len(same) == 1):  # fmt: skip
        item.keys |= {key: same[0].keys[key] for key in kept}
        item.comments.append(f"as {same[0].header}")
        if kept[0] == "flow":
            item.keys["unit"] = TODO
            item.comments.append("unit: of the register, that of its meter's flow is usual: "
                                 f"{same[0].keys['unit']}")  # fmt: skip
    else:
        item.keys |= {"process": TODO, "direction": TODO}


def _portable(process_id: str, subject: FileOwner, names: CompanyNames) -> str:
    """A process that is called after its site, as every site of the map calls its own."""
    facility = subject.facility
    has_others = len(names.company["facilities"]) > 1
    if has_others and facility and process_id.startswith(f"{facility}_"):
        return f"{{facility}}{process_id.removeprefix(facility)}"
    return process_id


def _role(text: str) -> str | None:
    """Whether a figure is a stock or the register of a meter, by its words."""
    if any(mark in fold(text) for mark in ("示数", "起数", "止数", "起码", "止码")):
        return "meter_end" if holds("meter_end", text) else "meter_start"
    for role in ("stock_open", "stock_close"):
        if holds(role, text) and ("库存" in text or "stock" in text.casefold()):
            return role
    is_short = len(text.split()) <= 2
    for role in ("meter_start", "meter_end"):
        if says(role, text) or is_short and holds(role, text):
            return role
    return None


def direction_of(text: str, kind: str) -> str:
    """Whether what a header names goes in or comes out; TODO where its kind could be both."""
    if not kind:
        return TODO
    if kind in OUTPUTS:
        return "output"
    goes_in, comes_out = holds("input", text), holds("output", text)
    if kind in TAKEN:
        return TODO if comes_out and not goes_in else "input"
    if "waste" in kinds_in(text):
        return "output"
    return TODO if goes_in == comes_out else "input" if goes_in else "output"


def _records(shape: SheetShape, names: CompanyNames, subject: FileOwner) -> DraftSheet:
    columns = list(shape.columns)
    keys = _head(shape) | {"layout": "records"}
    comments: list[str] = []
    _say_when(shape, columns, keys, comments)
    if shape.total_rows:
        keys["total_rows"] = shape.total_rows
    roles = _roles(columns, names)
    if subject.is_export:
        site = _facility(roles.get("site"), names, shape, comments)
        keys["facility"] = site
        if isinstance(site, str) and site != TODO:
            subject = replace(subject, facility=site)
    for key, role in (("document", "document"), ("note", "note")):
        if role in roles:
            keys[key] = roles[role].header
    supplier = roles.get("supplier")
    if supplier is not None:
        said = _supplier(supplier, names)
        if said is None:
            del roles["supplier"]
        else:
            keys["supplier"] = said
    _say_kinds_of_records(columns, roles, keys, comments)
    used = {c.header for c in roles.values()}
    readings, taken = _readings(shape, columns, roles, names, subject)
    used |= taken
    comments += _money(readings, names)
    readings = [item for item in readings if not _is_money(item, names)]
    used -= {c.header for c in columns if c.unit and _is_unkept_money(c.unit, names)}
    ignored = [c.header for c in columns if c.header not in used]
    if ignored:
        keys["ignored"] = ignored
    return DraftSheet(shape, keys, readings, comments)


def _money(items: Sequence[DraftItem], names: CompanyNames) -> list[str]:
    return [f"{item.header}: an amount of money, and no flow is kept in it; passed over"
            for item in items if _is_money(item, names)]  # fmt: skip


def _is_money(item: DraftItem, names: CompanyNames) -> bool:
    unit = item.keys.get("unit")
    return item.keys["flow"] == TODO and isinstance(unit, str) and _is_unkept_money(unit, names)


def _is_unkept_money(unit: str, names: CompanyNames) -> bool:
    """Whether a unit is a currency that no flow of the company is kept in."""
    if unit == TODO or "[currency" not in str(parse(unit).dimension):
        return False
    return not any(names.fits(flow, unit) for flow in names.flows)


def _say_when(
    shape: SheetShape, columns: list[ColumnSeen], keys: dict[str, Any], comments: list[str]
) -> None:
    assert shape.period is not None
    period = shape.period
    last = next((c for c in columns if c.kind == "day" and says("span_to", c.header)), None)
    spans = [found for text in period.texts if (found := span_of(text))]
    headers: dict[str, Any] = {"column": period.header}
    if last is not None and says("span_from", period.header):
        days = zip(period.values, last.values, strict=True)
        spans = [
            (one, two) for one, two in ((day_of(a), day_of(b)) for a, b in days) if one and two
        ]
        headers = {"from": period.header, "to": last.header}
        columns.remove(last)
    if spans:
        follows = any(one[1] == two[0] for one in spans for two in spans)
        skips = any((two[0] - one[1]).days == 1 for one in spans for two in spans)
        counts: Any = TODO if follows == skips else "false" if follows else "true"
        keys["span"] = headers | {"to_counts": counts}
        if counts == TODO:
            comments.append("to_counts: true where the last day is billed, else false")
        return
    keys["period" if period.kind == "month" else "date"] = period.header
    if shape.date_format:
        keys["date_format"] = shape.date_format
        if shape.date_format == TODO:
            comments.append('date_format: "%d/%m/%Y" or "%m/%d/%Y"; no day here says which')


def _say_kinds_of_records(
    columns: Sequence[ColumnSeen], roles: dict[str, ColumnSeen], keys: dict[str, Any],
    comments: list[str],
) -> None:  # fmt: skip
    """Records of several kinds hold returns, most likely: which count below zero is asked."""
    column = next((c for c in columns if says("kind_of_record", c.header)), None)
    if column is None:
        return
    roles["kind_of_record"] = column
    if len(column.distinct) > 1:
        keys["reversals"] = {"when": {column.header: [TODO]}}
        comments.append(f"reversals: which of {', '.join(column.distinct)} take others back")


def _roles(columns: Sequence[ColumnSeen], names: CompanyNames) -> dict[str, ColumnSeen]:
    """Columns that say something about the record, by what they say."""
    roles: dict[str, ColumnSeen] = {}
    for column in columns:
        for role in SIDE_ROLES:
            if role in roles or not says(role, column.header):
                continue
            if role == "document" and len(column.distinct) < len(column.texts):
                continue
            if role == "unit" and not all(map(is_unit, column.distinct)):
                continue
            roles[role] = column
            break
    flows, processes = set(names.flows), {p["process_id"] for p in names.processes}
    for column in columns:
        texts = column.distinct
        if column in roles.values() or not texts or column.kind == "number":
            continue
        if "unit" not in roles and all(map(is_unit, texts)):
            roles["unit"] = column
        elif "direction" not in roles and all(t.casefold() in DIRECTIONS for t in texts):
            roles["direction"] = column
        elif set(texts) <= processes:
            roles["process"] = column
        elif set(texts) <= flows:
            roles["flow_id"] = column
    return roles


def _facility(
    column: ColumnSeen | None, names: CompanyNames, shape: SheetShape, comments: list[str]
) -> Any:
    if column is None:
        sites = list(names.company["facilities"]["facility_id"])
        if len(sites) == 1:
            return sites[0]
        for what, text in (("sheet", " ".join(shape.names)), ("file", shape.file)):
            found = facility_of(names, text) if text else Proposal(None, 0.0, ())
            if found.best:
                comments.append(f"facility: {found.comment} of the {what}")
                return found.best
        comments.append(f"facility: one of {', '.join(sites)}, or the column that says it")
        return TODO
    ids = set(names.company["facilities"]["facility_id"])
    if set(column.distinct) <= ids:
        return {"column": column.header}
    return {"column": column.header,
            "lookup": {text: facility_of(names, text).id for text in column.distinct}}  # fmt: skip


def _supplier(column: ColumnSeen, names: CompanyNames) -> dict[str, Any] | None:
    """The suppliers that records name; None where suppliers.csv has none of them."""
    known = names.company["suppliers"].to_dict("records")
    by_name = {fold(one["name"] or ""): one["supplier_id"] for one in known}
    by_name |= {one["supplier_id"]: one["supplier_id"] for one in known}
    found = [text for text in column.distinct if text in by_name]
    if not found:
        return None
    if all(by_name[text] == text for text in column.distinct if text in by_name) and \
            len(found) == len(column.distinct):  # fmt: skip
        return {"column": column.header}
    return {"column": column.header,
            "lookup": {text: by_name.get(text, TODO) for text in column.distinct}}  # fmt: skip


def _readings(
    shape: SheetShape, columns: Sequence[ColumnSeen], roles: Mapping[str, ColumnSeen],
    names: CompanyNames, subject: FileOwner,
) -> tuple[list[DraftItem], set[str]]:  # fmt: skip
    numbers = [c for c in columns if c.kind == "number" and c not in roles.values()]
    if not numbers:
        return [], set()
    if "flow_id" in roles and "process" in roles:
        return _log(numbers, roles, names)
    flow_column = _flow_column(columns, roles, names, shape)
    if flow_column is None:
        return _one_flow(shape, numbers, roles, names, subject)
    used = {flow_column.header}
    texts = {text: names.flow(text, None, _about(shape)) for text in flow_column.distinct}
    groups: dict[tuple[str, ...], list[str]] = {}
    made: dict[tuple[str, ...], tuple[dict[str, Any], list[str]]] = {}
    for text, flow in texts.items():
        quantity, times, unit, problem = _quantity(numbers, roles, flow, names)
        process = _process_of(text, flow, names, subject)
        kind = names.flows.get(flow.id, {}).get("flow_kind", "")
        keys: dict[str, Any] = {
            "process": _portable(process.id, subject, names),
            "direction": direction_of(text, kind),
            "quantity": quantity,
            **({"times": times} if times else {}),
            "unit": unit,
        }
        used |= {quantity, *times}
        key = tuple(map(str, keys.values()))
        groups.setdefault(key, []).append(text)
        made.setdefault(key, (keys, [f"process {process.comment}", *problem]))
    items = []
    for key, members in groups.items():
        keys, comments = made[key]
        lookup = {text: texts[text].id for text in members}
        flow_key = {"flow": {"column": flow_column.header, "lookup": lookup}}
        when = {"when": {flow_column.header: members}} if len(groups) > 1 else {}
        told = [f"{text}: {texts[text].comment}" for text in members]
        items.append(DraftItem(flow_column.header, flow_key | keys | when, [*told, *comments]))
    return items, used


def _process_of(text: str, flow: Proposal, names: CompanyNames, subject: FileOwner) -> Proposal:
    """The process of a record: by its words, or where other maps read its flow."""
    by_name = names.process(text, subject.facility, subject.stage)
    if by_name.is_sure:
        return by_name
    known = names.used.get(flow.id, frozenset())
    if subject.is_export and len(known) == 1:
        return Proposal(next(iter(known)), 0.9, (), "the other maps read the flow there")
    if subject.stage is None and (only := names.only_process_of(flow.id, subject.facility)):
        return Proposal(only, 0.9, (), "the other maps read the flow there")
    return Proposal(None, 0.0, by_name.candidates or tuple((one, 0.5) for one in sorted(known)))


def _log(
    numbers: Sequence[ColumnSeen], roles: Mapping[str, ColumnSeen], names: CompanyNames
) -> tuple[list[DraftItem], set[str]]:
    """Readings of a log whose lines name process and flow by their ids."""
    quantity, problem = _in_the_units_column(numbers)
    keys: dict[str, Any] = {
        "flow": {"column": roles["flow_id"].header},
        "process": {"column": roles["process"].header},
    }
    unit: Any = {"column": roles["unit"].header} if "unit" in roles else TODO
    column = roles.get("direction")
    items = []
    for text in column.distinct if column else [""]:
        direction = DIRECTIONS.get(text.casefold(), TODO)
        own = keys | {"direction": direction, "quantity": quantity, "unit": unit}
        if column:
            own["when"] = {column.header: [text]}
        items.append(DraftItem(quantity, own, list(problem)))
    return items, {quantity, *(c.header for c in roles.values())}


def _flow_column(
    columns: Sequence[ColumnSeen], roles: Mapping[str, ColumnSeen], names: CompanyNames,
    shape: SheetShape,
) -> ColumnSeen | None:  # fmt: skip
    """The column whose texts name flows, if there is one."""
    best: tuple[float, ColumnSeen] | None = None
    for column in columns:
        if column.kind != "text" or column in roles.values() or not 0 < len(column.distinct) <= FEW:
            continue
        found = [names.flow(text, None, _about(shape)) for text in column.distinct]
        share = sum(one.score if one.is_sure else one.score / 2 for one in found) / len(found)
        if share >= 0.3 and (best is None or share > best[0]):
            best = (share, column)
    return best[1] if best else None


def _quantity(
    numbers: Sequence[ColumnSeen],
    roles: Mapping[str, ColumnSeen],
    flow: Proposal,
    names: CompanyNames,
) -> tuple[str, list[str], Any, list[str]]:
    """Column of the quantity, those it is multiplied with, the unit, and what is wrong."""
    if "unit" in roles:
        header, problem = _in_the_units_column(numbers)
        return header, [], {"column": roles["unit"].header}, problem
    fitting = [c for c in numbers if c.unit and flow.best and names.fits(flow.best, c.unit)]
    if len(fitting) == 1 or len(numbers) == 1:
        column = (fitting or list(numbers))[0]
        wrong = column.unit_problem or _basis_problem(column.unit, flow, names)
        stated_unit = TODO if wrong else column.unit or TODO
        return column.header, [], stated_unit, [f"unit: {wrong}"] if wrong else []
    stated = [c for c in numbers if c.unit]
    for count in range(2, len(stated) + 1):
        for chosen in combinations(stated, count):
            unit = product_of_units([c.unit for c in chosen if c.unit])
            if unit and flow.best and names.fits(flow.best, unit):
                kept = names.flows[flow.best]["unit_code"]
                text = kept if parse(unit) == parse(kept) else unit
                return chosen[0].header, [c.header for c in chosen[1:]], text, []
    listed = ", ".join(c.header for c in numbers)
    return (
        numbers[0].header,
        [],
        TODO,
        [f"unit: which of {listed} are multiplied, and what comes of it"],
    )


def _in_the_units_column(numbers: Sequence[ColumnSeen]) -> tuple[str, list[str]]:
    """The column of the figures that a unit column is about; TODO where several could be."""
    plain = [column for column in numbers if column.unit is None] or list(numbers)
    named = [column for column in plain if says("quantity", column.header)]
    only = named if len(named) == 1 else plain
    if len(only) == 1:
        return only[0].header, []
    return TODO, [f"quantity: one of {', '.join(column.header for column in plain)}"]


def _one_flow(
    shape: SheetShape, numbers: Sequence[ColumnSeen], roles: Mapping[str, ColumnSeen],
    names: CompanyNames, subject: FileOwner,
) -> tuple[list[DraftItem], set[str]]:  # fmt: skip
    """Records of a sheet that is about one thing, or has a column for each."""
    items, used = [], set()
    about = _about(shape)
    of_units = _in_the_units_column(numbers)[0] if "unit" in roles else None
    for column in numbers:
        if column.header in used:
            continue
        in_column = roles["unit"].distinct[0] if column.header == of_units else None
        unit = column.unit or in_column
        flow = names.flow(column.header, unit, about)
        if unit and not flow.is_sure and (by_sheet := names.flow(about, unit)).is_sure:
            flow = by_sheet
        process = _process_of(f"{column.header} {' '.join(shape.names)}", flow, names, subject)
        kind = names.flows.get(flow.id, {}).get("flow_kind", "")
        comments = [f"flow {flow.comment}", f"process {process.comment}"]
        stated: Any = {"column": roles["unit"].header} if in_column else column.unit or TODO
        if wrong := column.unit_problem or _basis_problem(column.unit, flow, names):
            stated = TODO
            comments.append(f"unit: {wrong}")
        keys: dict[str, Any] = {
            "flow": flow.id,
            "process": _portable(process.id, subject, names),
            "direction": direction_of(f"{column.header} {about}", kind),
            "quantity": column.header,
            "unit": stated,
        }
        used.add(column.header)
        items.append(DraftItem(column.header, keys, comments))
    return items, used
