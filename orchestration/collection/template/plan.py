"""What a template has to offer: columns, the choices of each list, the bounds of a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from orchestration.collection.template.last_period import LastPeriod
from orchestration.collection.template.words import TemplateWords
from orchestration.company.data_folder import Round
from orchestration.company.source_map import (
    ColumnItem,
    FromColumn,
    FromColumnOrText,
    Item,
    Layout,
    MonthsAcross,
    MonthsDown,
    Records,
    Sheet,
    SourceMap,
)
from orchestration.company.units import Bridges, UnitError, conversion
from orchestration.ingest.sheet import items_of, period_header, process_of
from orchestration.ingest.template_marks import (
    IDENTITY,
    MAP_SHA256,
    TEMPLATE_CODE,
    TEMPLATE_VERSION,
)
from orchestration.lake.hand_ins import HandIn

Kind = Literal["period", "number", "choice", "text", "note"]


OFFERED_UNITS = (
    "kg t g lb kWh MWh 万千瓦时 MJ GJ Nm3 万Nm3 m3 L km t*km person*km km m2 person piece CNY 万元"
).split()
"""Units a form offers where the map leaves the choice; only those that measure the flow."""


class TemplateError(Exception):
    """A template that can't be written; the message says why and what to do."""


@dataclass(frozen=True)
class Bounds:
    """Between what a number must lie, and between what it usually lies; in the template's unit."""

    minimum: float | None = None
    maximum: float | None = None
    usual_minimum: float | None = None
    usual_maximum: float | None = None


@dataclass(frozen=True)
class TemplateColumn:
    """One column of a sheet with a line a month or a record."""

    header: str
    kind: Kind
    items: tuple[Item, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """Everything one workbook is written from: a stage of a site, in a round."""

    words: TemplateWords
    source_map: SourceMap
    layout: Layout
    facility_id: str
    round: Round
    last: LastPeriod
    emission_shares: Mapping[tuple[str, str], float]

    @property
    def stage_code(self) -> str:
        """The stage that hands the workbook in."""
        return self.source_map.stage_code or self.source_map.source

    @property
    def hand_in(self) -> HandIn:
        """What the round expects of the site."""
        return self.source_map.hand_in(self.round.round, self.facility_id)

    @property
    def stamp(self) -> dict[str, str]:
        """What the workbook says of itself."""
        identity = (self.round.round, self.facility_id, self.stage_code)
        return {
            TEMPLATE_CODE: self.source_map.source,
            TEMPLATE_VERSION: self.layout.version,
            **dict(zip(IDENTITY, identity, strict=True)),
            MAP_SHA256: self.layout.sha256,
        }

    @cached_property
    def _stated_once(self) -> set[tuple[object, ...]]:
        """Flow, process and direction that one item alone states: a lower bound fits its cell."""
        keys = [_key(item) for _, _, item in self.items]
        return {key for key in keys if keys.count(key) == 1}

    @property
    def items(self) -> Iterator[tuple[Sheet, str, Item]]:
        """Every item with its sheet and its header or label."""
        for sheet in self.layout.sheets:
            entries = sheet.rows.items() if isinstance(sheet, MonthsAcross) else items_of(sheet)
            for label, item in entries:
                yield sheet, label, item

    def unit(self, sheet: Sheet, label: str, item: Item) -> str | None:
        """The unit a figure is asked for in; None where whoever fills it in has to choose one.

        A unit written beforehand would pass unread, so only the one used last is.
        """
        if isinstance(item.unit, str):
            return item.unit
        if isinstance(sheet, MonthsAcross) and isinstance(item.flow, str):
            choices = self.units(item)
            return self.last.last_unit(label) or (choices[0] if len(choices) == 1 else None)
        return None

    def units(self, item: Item) -> list[str]:
        """Units that the company's maps use and that measure the flow; its own comes first."""
        if not isinstance(item.flow, str) or isinstance(item.unit, str):
            return []
        own = self._unit_code(item.flow)
        return [own, *(one for one in self.known_units if one != own and _fits(one, own))]

    @cached_property
    def known_units(self) -> list[str]:
        """Units the map asks for, units that were used, and what is usual."""
        stated = [item.unit for _, _, item in self.items if isinstance(item.unit, str)]
        used = [row["unit_text"] for row in self.last.readings if row["unit_text"]]
        return list(dict.fromkeys([*stated, *used, *OFFERED_UNITS]))

    def bounds(self, item: Item, unit: str | None) -> Bounds:
        """Bounds of a cell that alone is the month of its flow; else it isn't negative."""
        if item.direction == "property":
            return Bounds(minimum=0)
        flow = item.flow if isinstance(item.flow, str) else ""
        floor = None if self.words.kind(flow) == "statistic" and item.sign < 0 else 0.0
        if item.role != "activity" or item.scaled_by or item.sign < 0 or not item.is_fixed:
            return Bounds(minimum=floor)
        row = self._range(item)
        if row is None or unit is None:
            return Bounds(minimum=floor)
        bridge = self.words.company.bridges.get(flow, Bridges())
        try:
            size = conversion(row["unit"] or "", unit, **bridge._asdict())
        except UnitError:
            return Bounds(minimum=floor)
        low, high, usual_low, usual_high = (
            None if text is None else float(text) * size
            for text in map(row.get, ("hard_min", "hard_max", "usual_min", "usual_max"))
        )
        alone = _key(item) in self._stated_once
        return Bounds(
            low if alone and low is not None else floor,
            high,
            usual_low if alone else None,
            usual_high if alone else None,
        )

    def _range(self, item: Item) -> dict[str, str | None] | None:
        process = process_of(item, self.facility_id)
        fitting = [
            row
            for row in self.words.company["ranges"].to_dict("records")
            if row["per"] == "month"
            and row["flow_id"] == item.flow
            and row["process_id"] in (None, process)
            and row["direction"] in (None, item.direction)
        ]
        return max(fitting, key=lambda row: row["process_id"] is not None, default=None)

    def _unit_code(self, flow_id: str) -> str:
        flows = self.words.company["flows"]
        found = flows.loc[flows["flow_id"] == flow_id, "unit_code"]
        return str(found.iloc[0]) if len(found) else ""

    def columns(self, sheet: MonthsDown | Records) -> list[TemplateColumn]:
        """Every column of a sheet: what the map reads, then what people note for themselves."""
        found: dict[str, TemplateColumn] = {}

        def add(
            header: str | None,
            kind: Kind,
            items: tuple[Item, ...] = (),
            choices: tuple[str, ...] = (),
        ) -> None:
            if header:
                found.setdefault(header, TemplateColumn(header, kind, items, choices))

        def add_choice(part: FromColumnOrText | None, choices: list[str]) -> None:
            if isinstance(part, FromColumn):
                add(part.column, "choice", choices=tuple(choices))

        add(period_header(sheet), "period")
        if isinstance(sheet, Records):
            for header in sheet.span.headers if sheet.span else ():
                add(header, "period")
            add(sheet.document, "text")
            add_choice(sheet.facility, self._ids(sheet.facility, "facilities", "facility_id"))
            add_choice(sheet.supplier, self._ids(sheet.supplier, "suppliers", "supplier_id"))
        entries = items_of(sheet)
        for header, item in entries:
            for name in item.when:
                add(name, "choice", choices=tuple(self._accepted(sheet, name)))
            for part in (item.process, item.flow, item.meter):
                if isinstance(part, FromColumn):
                    add(part.column, "choice", choices=tuple(self._accepted(sheet, part.column)))
            same = tuple(one for other, one in entries if other == header)
            add(header, "number", items=same)
            add_choice(item.unit, self._accepted_units(item))
            for name in item.scaled_by:
                add(name, "number")
        for name in sheet.ignored:
            add(name, "text")
        found.pop(sheet.note or "", None)
        add(sheet.note, "note")
        return list(found.values())

    def _accepted(self, sheet: MonthsDown | Records, header: str) -> list[str]:
        """Texts a column may show: those of `when`, of lookups, or ids of master data."""
        texts: list[str] = []
        for _, item in items_of(sheet):
            wanted = item.when.get(header)
            looked_up = [
                self._ids(part, table, key)
                for part, table, key in (
                    (item.flow, "flows", "flow_id"),
                    (item.process, "processes", "process_id"),
                    (item.meter, "meters", "meter_id"),
                )
                if isinstance(part, FromColumn) and part.column == header
            ]
            for ids in looked_up:
                texts += [text for text in ids if wanted is None or text in wanted]
            if not looked_up:
                texts += wanted or []
        return list(dict.fromkeys(texts))

    def _accepted_units(self, item: ColumnItem | Item) -> list[str]:
        if isinstance(item.unit, FromColumn) and item.unit.lookup is not None:
            return list(item.unit.lookup)
        if item.scaled_by:
            return []
        flows: Iterable[str] = [item.flow] if isinstance(item.flow, str) else []
        if isinstance(item.flow, FromColumn):
            every = self.words.company["flows"]["flow_id"]
            flows = every if item.flow.lookup is None else item.flow.lookup.values()
        codes = list(dict.fromkeys(self._unit_code(flow_id) for flow_id in flows))
        return [
            one
            for one in dict.fromkeys([*codes, *self.known_units])
            if any(_fits(one, code) for code in codes)
        ]

    def _ids(self, part: FromColumnOrText | None, table: str, key: str) -> list[str]:
        """Texts of a lookup; without one, the ids of master data that belong to the site."""
        if not isinstance(part, FromColumn):
            return []
        if part.lookup is not None:
            return list(part.lookup)
        frame = self.words.company[table]
        if table in ("processes", "meters"):
            frame = frame[frame["facility_id"] == self.facility_id]
        return [str(one) for one in frame[key]]


def _key(item: Item) -> tuple[object, ...]:
    flow = item.flow if isinstance(item.flow, str) else item.flow.column
    process = item.process if isinstance(item.process, str) else item.process.column
    return flow, process, item.direction, item.role, item.property_name


def _fits(unit_text: str, unit_code: str) -> bool:
    try:
        conversion(unit_text, unit_code)
    except UnitError:
        return False
    return True
