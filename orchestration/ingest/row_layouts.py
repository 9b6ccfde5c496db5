"""Sheets that state the month in each row: months down the rows, and one record a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from orchestration.company.source_map import (
    ColumnItem,
    FromColumn,
    FromColumnOrText,
    Item,
    MonthsDown,
    Records,
    Span,
)
from orchestration.ingest.bill_days import Days, Part, billed_days, parts_of
from orchestration.ingest.columns import Columns
from orchestration.ingest.periods import is_serial, months_of, serial_month
from orchestration.ingest.record_facts import RecordFacts, is_closing_line
from orchestration.ingest.sheet import (
    MANY_FIGURES,
    SheetContext,
    is_blank,
    items_of,
    multiplier_columns,
    period_header,
    process_of,
    wanted_headers,
    with_facility,
)
from orchestration.ingest.template_marks import is_annotation
from orchestration.spreadsheets.numbers import fold

Value = TypeVar("Value")
Positions = Sequence[int]


class RowReader:
    """Reads one such sheet. A position is the place of a row among those that are kept."""

    def __init__(self, sheet: MonthsDown | Records, context: SheetContext) -> None:
        self.sheet = sheet
        self.context = context
        self.wanted = wanted_headers(sheet)
        self.known = {header for header, _ in self.wanted} | set(sheet.ignored)
        self.columns = Columns(context.grid, sheet.header_lines, self.known)
        self.records = sheet if isinstance(sheet, Records) else None
        self.months: list[date | None] = []
        self.lines: Positions = ()
        self.parts: list[Part] = []
        self.days: list[Days | None] = []

    def read(self) -> None:
        """Add every reading of the sheet."""
        figures = self.columns.figures_in_header()
        if len(figures) >= MANY_FIGURES and self._lacks_headers():
            self.context.add_shifted(figures)
            return
        self._add_header_problems()
        if period_header(self.sheet) not in self.columns.places:
            return
        self._settle_repeated_headers()
        self._spread_merged_words()
        self._select_rows()
        self._add_headless_numbers()
        for header, item in items_of(self.sheet):
            for column in self.columns.places.get(header, []):
                self._add_item(header, item, column)
        if self.records:
            self._add_unmatched(self.records)
            self._add_repeated_lines(self.records)
            RecordFacts(self.records, self.columns, self.context, self.lines).add()
        self._add_missing_months()

    def _lacks_headers(self) -> bool:
        return any(header not in self.columns.places for header, _ in items_of(self.sheet))

    def _add_header_problems(self) -> None:
        for header, places in self.columns.places.items():
            if header not in self.known:
                for column in places:
                    self.context.add_unmapped(header, self.columns.header_address(column))
        for header, item in self.wanted:
            if header not in self.columns.places:
                self.context.add_absent(header, item, is_required=header != self.sheet.note)

    def _select_rows(self) -> None:
        """Leave out blank rows and notes; total rows come after the rows of a month."""
        sheet, grid = self.sheet, self.context.grid
        period = self.columns.places[period_header(sheet)][0]
        quantities = self._present(header for header, _ in items_of(sheet))
        used = self._present(header for header, _ in self.wanted)
        months = self.context.months
        bare_month = not (self.records and self.records.date)
        kept: list[int] = []
        kept_months: list[date | None] = []
        kept_days: list[Days | None] = []
        totals: list[int] = []
        span = self.records.span if self.records else None
        control = self.records.control if self.records else None
        below = self.columns.below_header
        rows = [grid.rows[index] for index in below]
        values = [row[period] if period < len(row) else "" for row in rows]
        stated: list[date | None] = [None] * len(below)
        if span is None:
            stated = months_of(values, months, bare_month=bare_month, date_format=sheet.date_format)
        for index, row, value, month in zip(below, rows, values, stated, strict=True):
            if is_annotation(value):
                continue  # what a template recalls of the last period
            if control is not None and is_closing_line(control, row):
                continue
            days = None
            if span is not None:
                days = self._days(span, row)
                month = days.first if days else None
            if grid.has_1904_dates and is_serial(value):
                month = days = None  # two days are four years apart: nobody can tell which
            if month is None:
                filled = [c for c in used if c < len(row) and not is_blank(row[c])]
                if quantities.isdisjoint(filled) and (not self.records or len(filled) <= 1):
                    continue
                if self._is_total(row, filled):
                    totals.append(index)
                    continue
            kept.append(index)
            kept_months.append(month)
            kept_days.append(days)
        if span is not None:
            kept = self._split(kept, kept_days)
        else:
            self.months, self.lines = kept_months, range(len(kept))
        self.columns.rows = kept + totals
        self.months += [None] * len(totals)
        self.kept: Positions = range(len(kept))
        self.totals: Positions = range(len(kept), len(kept) + len(totals))

    def _days(self, span: Span, row: Sequence[Any]) -> Days | None:
        """The days a row is for; None when its cells don't say them."""
        cells = [self.columns.places.get(header, [])[:1] for header in span.headers]
        values = [row[c] if c < len(row) else "" for found in cells for c in found]
        if len(values) < len(span.headers):
            return None
        return billed_days(span, values[0], values[-1], self.sheet.date_format)

    def _split(self, kept: Sequence[int], days: Sequence[Days | None]) -> list[int]:
        """One position for each month that a row has a part in; `lines` are the first of each."""
        rows: list[int] = []
        self.lines = []
        for index, of_row in zip(kept, days, strict=True):
            parts = parts_of(of_row, self.context.months)
            self.lines.append(len(rows))
            self.parts += parts
            rows += [index] * len(parts)
            self.days += [of_row] * len(parts)
        self.months = [part.month for part in self.parts]
        return rows

    def _settle_repeated_headers(self) -> None:
        """Two filled columns of one header: which of them is meant nobody can tell."""
        quantities = {header for header, _ in items_of(self.sheet)}
        for header, _ in self.wanted:
            if header in self.columns.places:
                repeated = self.columns.settle_repeated(header, header in quantities)
                if repeated:
                    self.context.add_repeated(header, self.columns.header_addresses(repeated))

    def _spread_merged_words(self) -> None:
        """A month or a unit in a merged cell holds for each of its rows; a figure doesn't."""
        figures = self._present(
            name for header, item in items_of(self.sheet) for name in (header, *item.times)
        )
        words = self._present(header for header, _ in self.wanted) - figures
        self.context.grid.spread_merged(words)

    def _is_total(self, row: Sequence[Any], filled: Iterable[int]) -> bool:
        if not self.sheet.total_rows:
            return False
        texts = (row[column] for column in filled)
        return any(isinstance(t, str) and fold(t) in self.sheet.total_rows for t in texts)

    def _present(self, headers: Iterable[str]) -> set[int]:
        return {column for header in headers for column in self.columns.places.get(header, [])}

    def _add_headless_numbers(self) -> None:
        """Numbers under a blank header belong to no item; without a word they would be lost."""
        for column in self.columns.headless:
            numbers = self.columns.typed(column).numbers
            if any(numbers[position] is not None for position in self.kept):
                self.context.add_unmapped("", self.columns.header_address(column))

    def _stated(
        self, part: FromColumnOrText | None
    ) -> tuple[list[str | None] | str | None, list[str | None] | None]:
        """What the rows state: (ids, texts as typed); a text the lookup lacks has no id."""
        if not isinstance(part, FromColumn):
            return part, None
        if part.lookup is None:
            return self.columns.folded(part.column), self.columns.texts(part.column)
        keys = self.columns.keys(part.column, part.lookup)
        ids = [part.lookup.get(key) if key is not None else None for key in keys]
        return ids, self.columns.texts(part.column)

    def _matching(self, item: Item) -> Positions:
        positions = self.kept
        for header, accepted in item.when.items():
            texts, allowed = self.columns.keys(header, accepted), set(accepted)
            positions = [p for p in positions if (texts[p] or "") in allowed]
        return positions

    def _add_item(self, header: str, item: Item, column: int) -> None:
        positions = self._matching(item)
        if self.parts:
            # what is no number is told once a line, and not for each of its months
            numbers, first = self.columns.typed(column).numbers, set(self.lines)
            positions = [p for p in positions if p in first or numbers[p] is not None]
        self._add_block(header, item, column, positions, {})
        if self.totals and not item.when:
            texts = self.columns.typed(column).texts
            filled = [position for position in self.totals if texts[position] is not None]
            self._add_block(header, item, column, filled, {"role": "row_total"})

    def _add_block(
        self,
        header: str,
        item: Item,
        column: int,
        positions: Positions,
        instead: dict[str, Any],
    ) -> None:
        """Readings of one column; `instead` replaces what the item would say."""
        if not positions:
            return
        typed = self.columns.typed(column)
        every: dict[str, Any] = self._shared | self._identity(header, item)
        reversals = self._reversals(typed.numbers)
        every |= multiplier_columns(
            item,
            [self.columns.typed_of(name) for name in item.scaled_by],
            [self.columns.addresses_of(name) for name in item.scaled_by],
            self._factors(typed.numbers, reversals),
        )
        if reversals is not None:
            every["is_reversal"] = reversals
        if self.parts:
            every |= self._of_parts
        every |= {
            "period_month": self.months,
            "value_text": typed.texts,
            "value_type": typed.kinds,
            "quantity": typed.numbers,
            "formula": self.columns.formulas(column),
            "source_cell": self.columns.addresses(column),
        }
        columns = item.fixed | {"row_kind": "reading"} | self._own_columns(item)
        columns |= {name: _take(values, positions) for name, values in every.items()}
        self.context.add(len(positions), **columns | instead)

    def _own_columns(self, item: Item) -> dict[str, str | None]:
        """Where a row states month, flow, unit and site, so that a finding on them points there."""
        stated = {
            "flow_column": item.flow,
            "unit_column": item.unit,
            "facility_column": self.records.facility if self.records else None,
        }
        return {"period_column": self.columns.place_of(period_header(self.sheet))} | {
            name: self.columns.place_of(part.column)
            for name, part in stated.items()
            if isinstance(part, FromColumn)
        }

    def _reversals(self, numbers: Sequence[float | None]) -> list[bool] | None:
        """Which rows take back what others booked; None where the map knows no such rows."""
        declared = self.records.reversals if self.records else None
        if declared is None:
            return None
        if declared.when == "negative":
            return [number is not None and number < 0 for number in numbers]
        marked = [False] * len(numbers)
        for header, texts in declared.when.items():
            keys = self.columns.keys(header, texts)
            marked = [was or key in texts for was, key in zip(marked, keys, strict=True)]
        return marked

    def _factors(
        self, numbers: Sequence[float | None], reversals: Sequence[bool] | None
    ) -> list[float] | None:
        """What no cell says: the share of a month, and -1 for a reversal typed without its sign.

        None where no row needs such a factor.
        """
        if reversals is None and not self.parts:
            return None
        factors = [part.share for part in self.parts]
        factors += [1.0] * (len(numbers) - len(factors))
        for position, is_reversal in enumerate(reversals or ()):
            if is_reversal and (numbers[position] or 0) > 0:
                factors[position] = -factors[position]
        return factors if any(factor != 1 for factor in factors) else None

    @cached_property
    def _of_parts(self) -> dict[str, Any]:
        """The days of each bill, and which of its parts belong to another round."""
        rest = len(self.columns.rows) - len(self.parts)
        return {
            "row_kind": ["reading" if part.is_in_round else "other_round" for part in self.parts]
            + ["reading"] * rest,
            "first_day": [days and days.first for days in self.days] + [None] * rest,
            "last_day": [days and days.last for days in self.days] + [None] * rest,
        }

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What each row says of all its readings."""
        shared: dict[str, Any] = {"period_text": self._period_texts()}
        if self.sheet.note:
            shared["evidence"] = self.columns.texts(self.sheet.note)
        if self.records and self.records.document:
            shared["document_no"] = self.columns.texts(self.records.document)
        if self.records and self.records.reversals and self.records.reversals.document:
            shared["reversed_document"] = self.columns.folded(self.records.reversals.document)
        if self.records and self.records.supplier:
            known, typed = self._stated(self.records.supplier)
            shared["supplier_id"] = known
            if isinstance(known, list) and typed is not None:
                shared["unknown_supplier"] = [
                    text if supplier is None else None
                    for supplier, text in zip(known, typed, strict=True)
                ]
        return shared

    def _period_texts(self) -> list[str | None]:
        if self.records and self.records.span:
            headers = self.records.span.headers
            both = zip(*(self.columns.texts(header) for header in headers), strict=True)
            return [" – ".join(filter(None, pair)) or None for pair in both]
        header = period_header(self.sheet)
        texts = self.columns.texts(header)
        if not self.context.grid.has_1904_dates:
            return texts
        column = self.columns.places[header][0]
        values = [self.context.grid.value(index, column) for index in self.columns.rows]
        return [
            f"{text}, {serial_month(value, by_1904=True):%Y-%m} by the workbook's own dates of 1904"
            if is_serial(value)
            else text
            for text, value in zip(texts, values, strict=True)
        ]

    def _identity(self, header: str, item: Item) -> dict[str, Any]:
        """Facility, process, flow, unit and meter of each row, and how the item was typed."""
        stated = (self.records and self.records.facility) or self.context.owner
        if item.is_fixed and not isinstance(stated, FromColumn):
            process = process_of(item, stated)
            return {"facility_id": stated, "process_id": process, "item_text": header}
        facilities, facility_texts = self._stated(stated)
        processes, _ = self._stated(item.process)
        flows, texts = self._stated(item.flow)
        identity: dict[str, Any] = {
            "facility_id": facilities,
            "process_id": self._processes(processes, facilities),
            "item_text": header if texts is None else texts,
        }
        if facility_texts is not None:
            item_texts = _per_row(identity["item_text"], len(facility_texts))
            identity["item_text"] = [
                text if known is not None or typed is None else f"{text} | {typed}"
                for text, typed, known in zip(
                    item_texts,
                    facility_texts,
                    _per_row(facilities, len(facility_texts)),
                    strict=True,
                )
            ]
        for name, part in (("flow_id", item.flow), ("unit_text", item.unit)):
            if isinstance(part, FromColumn):
                identity[name] = flows if name == "flow_id" else self._stated(part)[0]
        if isinstance(item.meter, FromColumn):
            identity["meter_id"] = self._stated(item.meter)[0]
        return identity

    def _processes(
        self, processes: list[str | None] | str | None, facilities: list[str | None] | str | None
    ) -> list[str | None] | str | None:
        if not isinstance(processes, list) and not isinstance(facilities, list):
            return with_facility(processes, facilities)
        count = len(self.columns.rows)
        pairs = zip(_per_row(processes, count), _per_row(facilities, count), strict=True)
        known: dict[tuple[str | None, str | None], str | None] = {}
        return [
            known[pair] if pair in known else known.setdefault(pair, with_facility(*pair))
            for pair in pairs
        ]

    def _add_unmatched(self, sheet: Records) -> None:
        """Records no `when` provides for: kept without a flow, so that none gets lost in silence.

        Texts in `ignored` are left out on purpose.
        """
        quantity = sheet.readings[0].quantity
        accepted: dict[str, set[str]] = {}
        for item in sheet.readings:
            for header, texts in item.when.items():
                accepted.setdefault(header, set()).update(texts)
        problems: dict[int, tuple[str, str]] = {}
        left_out: set[int] = set()
        for header in accepted.keys() & self.columns.places.keys():
            known = accepted[header] | set(sheet.ignored)
            keys, typed = self.columns.keys(header, known), self.columns.folded(header)
            for position in self.lines:
                text = keys[position] or ""
                if text in sheet.ignored:
                    left_out.add(position)
                elif text not in accepted[header]:
                    problems.setdefault(position, (header, typed[position] or ""))
        positions = [p for p in self.lines if p in problems and p not in left_out]
        if not positions or sheet.unmatched == "ignore" or quantity not in self.columns.places:
            return
        nothing = FromColumn(column=quantity, lookup={})
        item = ColumnItem(
            flow=nothing,
            process=nothing,
            direction="input",
            quantity=quantity,
            times=[],
            divided_by=[],
        )
        instead = {
            "direction": None,
            "item_text": [": ".join(problems[p]) for p in positions],
            "flow_column": [self.columns.place_of(problems[p][0]) for p in positions],
        }
        self._add_block(quantity, item, self.columns.places[quantity][0], positions, instead)

    def _add_repeated_lines(self, sheet: Records) -> None:
        """Lines that repeat another to the last cell and have no document to tell them apart.

        Every column counts, those the map ignores as well: two lorries on one day differ in the
        time or the plate, and only a line that was exported twice differs in nothing.
        """
        documents = self.columns.texts(sheet.document) if sheet.document else None
        first: dict[tuple[Any, ...], int] = {}
        repeats: dict[int, int] = {}
        for position in self.lines:
            if documents is None or documents[position] is None:
                earlier = first.setdefault(self.columns.line(position), position)
                if earlier != position:
                    repeats[position] = earlier
        for header, item in items_of(sheet) if repeats else ():
            for column in self.columns.places.get(header, []):
                numbers = self.columns.typed(column).numbers
                counted = [p for p in self._matching(item) if p in repeats and numbers[p]]
                cells = self.columns.addresses(column)
                instead = {
                    "row_kind": "repeated_line",
                    "evidence": [cells[repeats.pop(position)] for position in counted],
                }
                self._add_block(header, item, column, counted, instead)

    def _add_missing_months(self) -> None:
        present = set(self.months)
        missing = [month for month in self.context.months if month not in present]
        if self.records and self.records.every_month:
            self._add_missing_months_of_sites(self.records, present)
        if not missing:
            return
        if not self.records:
            for header, item in items_of(self.sheet):
                if header in self.columns.places:
                    self._add_missing(header, item, missing)
        elif self.records.every_month:
            only = self.records.readings[0] if len(self.records.readings) == 1 else None
            self._add_missing(period_header(self.sheet), only, missing)

    def _add_missing_months_of_sites(self, records: Records, present: Collection[Any]) -> None:
        """Months in which others have records, and a site that has some in the round has none."""
        if not isinstance(records.facility, FromColumn):
            return
        facilities = _per_row(self._stated(records.facility)[0], len(self.columns.rows))
        read = {position for item in records.readings for position in self._matching(item)}
        stated = {(facilities[position], self.months[position]) for position in read}
        header = period_header(records)
        for site in sorted({facility for facility, _ in stated if facility is not None}):
            months = [
                month
                for month in self.context.months
                if month in present and (site, month) not in stated
            ]
            if months:
                self._add_missing(
                    header, None, months, facility_id=site, item_text=f"{header}, {site}"
                )

    def _add_missing(
        self,
        header: str,
        item: Item | None,
        months: Sequence[Any],
        **instead: Any,
    ) -> None:
        """A row for each month that is missing; `instead` replaces what the item would say."""
        columns: dict[str, Any] = {"is_required": True, "role": "activity", "item_text": header}
        if item is not None:
            columns |= item.fixed | {"process_id": process_of(item, self.context.owner)}
        self.context.add(
            len(months),
            row_kind="reading",
            period_month=list(months),
            value_type="missing",
            sign_multiplier=1.0,
            source_cell=self.columns.header_address(self.columns.places[header][0]),
            **{**columns, **instead},
        )


def _take(values: Any, positions: Positions) -> Any:
    if not isinstance(values, list) or len(positions) == len(values):
        return values
    return [values[position] for position in positions]


def _per_row(values: list[Value] | Value, count: int) -> list[Value]:
    return values if isinstance(values, list) else [values] * count
