"""What stands in the handbook: its three documents, in one language each.

Cells, meters and documents come from the maps; sheets from the newest file handed in; mistakes from
what the gate found so far, in the words of its rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from expectations.rule_book import DescribedRule, described_rules
from orchestration.collection.template.instructions import TOLD
from orchestration.collection.template.words import Both, TemplateWords
from orchestration.company.data_folder import DataFolder
from orchestration.company.source_map import (
    FromColumn,
    Item,
    MonthsAcross,
    MonthsDown,
    Sheet,
    SourceMap,
)
from orchestration.gate.signers import signers_of
from orchestration.ingest.sheet import known_headers, with_facility
from orchestration.lake.paths import Lake
from orchestration.report.audit_trail.sheets import read_handed_in
from orchestration.report.documents.parts import Document, DocumentTable, Prose
from orchestration.report.rendering import as_plain_text
from orchestration.spreadsheets.grid import Grid, column_letters
from orchestration.spreadsheets.numbers import fold

WORDS = Path(__file__).with_name("words.yml")
ROLES = ("plants", "manager", "engineer")
MISTAKES = 5
"""So many rules a chapter: what is read is remembered."""
TOLD_SEVERITIES = ("critical", "warning")
PICTURED_ROWS, PICTURED_COLUMNS = 4, 7
"""Rows below the header that a picture shows, and columns that fit a page side by side."""
Parts = list[Prose | DocumentTable]


@cache
def _words() -> dict[str, Any]:
    return yaml.load(WORDS.read_text(encoding="utf-8"), yaml.CSafeLoader)


@dataclass(frozen=True)
class Handbook:
    """A company's handbook; `lake` is where its rounds were judged, if any was."""

    data: DataFolder
    lake: Lake

    def document(self, role: str, language: str) -> Document:
        """The document of a role, one of `ROLES`."""
        words, settings = _words(), self.data.company.settings
        company = settings.get(f"name_{language}") or settings["name_en"]
        newest = self.data.rounds[-1].round
        write: Callable[[str], Parts] = {
            "plants": self._plants, "manager": self._manager, "engineer": self._engineer,
        }[role]  # fmt: skip
        return Document(
            stem=f"handbook-{role}.{language}",
            language=language,
            kind=words["status"][language],
            title=words[role]["title"][language],
            company=company,
            status=words["status"][language],
            is_preliminary=False,
            imprint=words["imprint"][language].format(round=newest),
            facts=[
                (words["fact_company"][language], company),
                (words["fact_for"][language], words[role]["for"][language]),
                (words["fact_round"][language], newest),
            ],
            parts=write(language),
        )

    # --- the plants -----------------------------------------------------------------------

    def _plants(self, language: str) -> Parts:
        said = _words()["plants"]
        parts: Parts = [Prose(said["intro"][language])]
        for source_map in self._maps:
            parts += self._chapter(source_map, language)
        return parts

    def _chapter(self, source_map: SourceMap, language: str) -> Parts:
        said, name = _words()["plants"], self._name(source_map, language)
        files = [
            f"{one.round}/{one.name}"
            for one in self.data.rounds[-1].expected_hand_ins
            if one.source == source_map.source
        ]
        owner = as_plain_text(source_map.owner_in(language))
        told = [said["owner"][language].format(owner=owner)] if owner else []
        if files:
            listed = ("、" if language == "zh" else ", ").join(f"`{file}`" for file in files)
            told.append(said["handed_in_as"][language].format(files=listed))
        parts: Parts = [Prose(f"## {as_plain_text(name)}\n\n{' '.join(told)}\n")]
        parts.append(self._items(source_map, name, language))
        parts += self._pictures(source_map, name, language)
        parts.append(self._mistakes(source_map, name, language))
        return parts

    def _items(self, source_map: SourceMap, name: str, language: str) -> DocumentTable:
        said = _words()["plants"]
        rows = [
            [
                sheet.sheet[0] if sheet.sheet else "",
                label,
                _said(self._names.item(item), language),
                self._process(item, language),
                self._unit(sheet, item, language),
                self._read_from(item, language),
                _said(self._names.why(item), language),
            ]
            for sheet in source_map.layout_for(self.data.rounds[-1].round).sheets
            for label, item in _labelled(sheet)
        ]
        columns = ("sheet", "label", "what", "process", "unit", "read_from", "why")
        return _table(said["items"][language].format(name=name), said, columns, rows, language)

    def _process(self, item: Item, language: str) -> str:
        said = _words()["plants"]
        if isinstance(item.process, FromColumn):
            return said["column_stated"][language].format(column=item.process.column)
        # a map of several sites writes {facility}_washing; the process has one name at each
        sites = self.data.company["facilities"]["facility_id"]
        mine = {with_facility(item.process, site) for site in sites}
        processes = [one for one in self.data.company["processes"]["process_id"] if one in mine]
        names = dict.fromkeys(
            _said(self._names.name("processes", one), language) for one in processes
        )
        return "; ".join(names) or item.process

    def _read_from(self, item: Item, language: str) -> str:
        said = _said(self._names.read_from(item), language)
        if item.read_from and item.read_from not in said:
            return f"{item.read_from}; {said}"  # in the words of the map, whatever their language
        return said

    def _unit(self, sheet: Sheet, item: Item, language: str) -> str:
        if isinstance(item.unit, FromColumn):
            return _words()["plants"]["column_stated"][language].format(column=item.unit.column)
        if item.unit is None and isinstance(sheet, MonthsAcross) and sheet.unit:
            return _words()["plants"]["column_stated"][language].format(column=sheet.unit)
        scaled = [f"× {name}" for name in item.times] + [f"÷ {name}" for name in item.divided_by]
        return " ".join([*scaled, *(["="] if scaled and item.unit else []), item.unit or ""])

    def _pictures(self, source_map: SourceMap, name: str, language: str) -> Iterator[DocumentTable]:
        said = _words()["plants"]
        for round_ in reversed(self.data.rounds):
            paths = (path for _, path in self.data.hand_ins(source_map, round_) if path)
            path = next(paths, None)
            if path is None:
                continue
            file = path.relative_to(self.data.path).as_posix()
            headers = {
                header
                for sheet in source_map.layout_for(round_.round).sheets
                for header in known_headers(sheet)
            }
            grids = self._read(file, frozenset(headers))
            for sheet, grid in _shown_sheets(source_map, round_.round, grids):
                caption = said["picture"][language].format(
                    name=name, sheet=grid.name or path.name, round=round_.round
                )
                note = said["picture_note"][language].format(file=file)
                for headings, rows in _pictured(sheet, grid):
                    letters = f" ({headings[1]['text']}–{headings[-1]['text']})"
                    yield DocumentTable(
                        caption=caption + letters, note=note, empty="", headings=headings, rows=rows
                    )
            return

    def _mistakes(self, source_map: SourceMap, name: str, language: str) -> DocumentTable:
        said, rules = _words()["plants"], _rules()
        counted = self._found.get(source_map.source, Counter())
        often = [rule for rule, _ in counted.most_common(MISTAKES) if rule in rules]
        note = said["seen"] if often else said["unseen"]
        rows = []
        for rule_id in often or TOLD[:MISTAKES]:
            rule = rules[rule_id]
            told = Both(rule.title_zh, rule.title_en), Both(rule.remedy_zh, rule.remedy_en)
            mark = said["critical" if rule.severity == "critical" else "warning"][language]
            example = self._examples.get((source_map.source, rule_id), {})
            title, remedy = (_said(words, language) for words in told)
            rows.append([mark, title, remedy, example.get(f"message_{language}") or "–"])
        return _table(
            said["mistakes"][language].format(name=name),
            said, ("mark", "rule", "remedy", "seen"), rows, language, note[language],
        )  # fmt: skip

    # --- the manager and the engineer -----------------------------------------------------

    def _manager(self, language: str) -> Parts:
        said, company = _words()["manager"], self.data.company
        parts: Parts = [Prose(step[language]) for step in said["steps"]]
        calendar = [
            [
                one.round, str(one.opens_on), str(one.closes_on),
                " – ".join(dict.fromkeys(f"{one.months[at]:%Y-%m}" for at in (0, -1))),
                str(len(one.expected)),
            ]
            for one in self.data.rounds
        ]  # fmt: skip
        shown: list[tuple[str, Sequence[str], list[list[str]]]] = [
            ("calendar", ("round", "opens", "closes", "months", "hand_ins"), calendar)
        ]
        owners = [
            [one.name, self.data.maps[one.source].owner_in(language) or "–"]
            for one in self.data.rounds[-1].expected_hand_ins
            if one.source in self.data.maps
        ]
        shown.append(("owners", ("hand_in", "owner"), owners))
        listed = company["people"].to_dict("records")
        # where nobody's part is stated, everybody may sign everything
        otherwise = "–" if signers_of(listed).are_mandated else said["everything"][language]
        people = [
            [
                _said(Both(row["name_zh"], row["name_en"] or row["person_id"]), language),
                *(row[column] or otherwise for column in ("prepares", "reviews", "approves")),
            ]
            for row in listed
        ]  # fmt: skip
        if people:
            shown.append(("people", ("person", "prepares", "reviews", "approves"), people))
        parts += [
            _table(said[name][language], said, columns, rows, language)
            for name, columns, rows in shown
        ]
        return parts

    def _engineer(self, language: str) -> Parts:
        said, newest = _words()["engineer"], self.data.rounds[-1].round
        parts: Parts = [Prose(step[language]) for step in said["steps"]]
        rows = []
        for one in self._maps:
            layout = one.layout_for(newest)
            items = sum(len(list(_labelled(sheet))) for sheet in layout.sheets)
            rows.append(
                [
                    self._name(one, language), f"maps/{one.source}.yml", layout.from_round or "–",
                    str(len(layout.sheets)), str(items), one.owner_in(language) or "–",
                ]
            )  # fmt: skip
        columns = ("source", "map", "layout", "sheets", "items", "owner")
        parts.append(_table(said["sources"][language], said, columns, rows, language))
        return parts

    # --- what they share ------------------------------------------------------------------

    @cache  # noqa: B019 - as long as one handbook is written
    def _read(self, file: str, headers: frozenset[str]) -> list[Grid]:
        return read_handed_in(self.data.path, file, headers).sheets

    @property
    def _maps(self) -> list[SourceMap]:
        """Maps that the newest round expects a hand-in by, in the order of the calendar."""
        wanted = dict.fromkeys(one.source for one in self.data.rounds[-1].expected_hand_ins)
        return [self.data.maps[source] for source in wanted if source in self.data.maps]

    @cached_property
    def _names(self) -> TemplateWords:
        return TemplateWords(self.data.company)

    def _name(self, source_map: SourceMap, language: str) -> str:
        if source_map.is_export:
            return f"ERP: {source_map.subject}"
        return _said(self._names.name("stages", source_map.subject), language)

    @cached_property
    def _findings(self) -> list[dict[str, Any]]:
        return [
            row
            for one in self.data.rounds
            for row in self.lake.finding_rows(one.round)
            if row["severity"] in TOLD_SEVERITIES and row.get("source")
        ]

    @cached_property
    def _found(self) -> dict[str, Counter[str]]:
        """How often each rule was broken, by source."""
        found: dict[str, Counter[str]] = {}
        for row in self._findings:
            found.setdefault(row["source"], Counter())[row["rule_id"]] += 1
        return found

    @cached_property
    def _examples(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The newest finding of each rule, by source."""
        return {(row["source"], row["rule_id"]): row for row in self._findings}


@cache
def _rules() -> dict[str, DescribedRule]:
    return {rule.rule_id: rule for rule in described_rules()}


def _said(words: Both, language: str) -> str:
    return (words.zh if language == "zh" else None) or words.en


def _labelled(sheet: Sheet) -> Iterator[tuple[str, Item]]:
    """Every item of a sheet with the header or label that it has there."""
    if isinstance(sheet, MonthsDown):
        yield from sheet.columns.items()
    elif isinstance(sheet, MonthsAcross):
        yield from sheet.rows.items()
    else:
        yield from ((item.quantity, item) for item in sheet.readings)


def _shown_sheets(
    source_map: SourceMap, round_: str, grids: Sequence[Grid]
) -> Iterator[tuple[Sheet, Grid]]:
    """Sheets of a file that the map reads; one that it doesn't name is the first."""
    for sheet in source_map.layout_for(round_).sheets:
        names = {fold(name) for name in sheet.sheet}
        mine = [grid for grid in grids if fold(grid.name) in names or not (names and grid.name)]
        yield from ((sheet, grid) for grid in mine[:1])


def _pictured(
    sheet: Sheet, grid: Grid
) -> Iterator[tuple[list[dict[str, str]], list[list[dict[str, str]]]]]:
    """A sheet's header and first rows, so many columns at a time as fit a page."""
    first, last = min(sheet.header_lines) - 1, max(sheet.header_lines) - 1 + PICTURED_ROWS
    numbers = [line - 1 for line in grid.lines] if grid.lines else list(grid.numbers)
    shown = [index for index, number in enumerate(numbers) if first <= number <= last]
    for left in range(0, grid.width, PICTURED_COLUMNS):
        columns = range(left, min(left + PICTURED_COLUMNS, grid.width))
        texts = [[grid.cell(index, column).text or "" for column in columns] for index in shown]
        if not any(text for row in texts for text in row):
            continue
        headings = ["", *map(column_letters, columns)]
        yield (
            [{"text": text, "width": ""} for text in headings],
            [
                [{"text": text} for text in (str(numbers[index] + 1), *row)]
                for index, row in zip(shown, texts, strict=True)
            ],
        )


def _table(
    caption: str,
    said: dict[str, Any],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    language: str,
    note: str = "",
) -> DocumentTable:
    return DocumentTable(
        caption=caption,
        note=note,
        empty="",
        headings=[{"text": said[f"heading_{column}"][language], "width": ""} for column in columns],
        rows=[[{"text": text} for text in row] for row in rows],
    )
