"""The company as data: master tables, collection rounds and source maps of one data folder.

Nothing here knows a site, a stage or a flow by name. Every table is a CSV with a fixed header;
a missing file, column, key or reference is a `CompanyDataError` that names file, line and remedy.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from orchestration.company.checks import contradictions, settings_problems
from orchestration.company.gwp_checks import gwp_contradictions
from orchestration.company.mistakes import text_of_file, yaml_problem
from orchestration.company.table_checks import bridges, unfit
from orchestration.company.tables import (
    TABLES,
    CompanyDataError,
    Table,
    read_csv_as_text,
)
from orchestration.company.units import Bridges
from orchestration.lake.hand_ins import ERP, INSTRUMENTS_SOURCE, HandIn, slug_of
from orchestration.spreadsheets.files import printable

if TYPE_CHECKING:
    from orchestration.company.source_map import SourceMap

__all__ = ["TABLES", "Company", "CompanyDataError", "DataFolder", "Round", "read_csv_as_text"]

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
ERP_SUFFIXES = (".csv", ".txt", *WORKBOOK_SUFFIXES)
INSTRUMENT_COLUMNS = (
    "instrument_id",
    "instrument_type",
    "facility_id",
    "flow_id",
    "quantity",
    "unit",
    "generation_start",
    "generation_end",
    "technology",
    "kgco2_per_kwh",
    "registry_id",
    "retired_on",
    "beneficiary",
    "market",
    "ccer_excluded",
)
"""Header of rounds/<round>/energy_instruments.csv."""
LISTS_OF_FACTORS = {
    "sources": ("source_id", "publisher", "title", "licence"),
    "libraries": ("library", "priority"),
}
"""Columns that the lists beside the factor libraries must have."""
ROUND_COLUMNS = ("round", "opens_on", "closes_on", "first_month", "last_month", "expected")


def months_between(first: date, last: date) -> tuple[date, ...]:
    """First days of the months from `first` to `last`, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.year * 12 + first.month - 1
    return tuple(date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count))


@dataclass(frozen=True)
class Round:
    """One collection: the months it covers and the hand-ins it expects."""

    round: str
    opens_on: date
    closes_on: date
    first_month: date
    last_month: date
    expected: tuple[str, ...]
    months: tuple[date, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "months", months_between(self.first_month, self.last_month))

    @property
    def expected_hand_ins(self) -> tuple[HandIn, ...]:
        """What it expects, in the order of the calendar."""
        return tuple(HandIn.named(self.round, name) for name in self.expected)


@dataclass(frozen=True)
class Company:
    """Validated master data; each frame has all columns of its `Table`, text or None."""

    settings: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @cached_property
    def bridges(self) -> dict[str, Bridges]:
        """What lets litres and kilograms, gross and net energies of each flow meet."""
        return bridges(self.tables["flow_properties"].to_dict("records"))


class DataFolder:
    """One company's data folder (see raw_data/README.md for its format)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).resolve()

    @cached_property
    def company(self) -> Company:
        """Master data, validated as a whole. Raises `CompanyDataError` with all problems."""
        problems: list[str] = []
        tables = {
            name: read_table(self.path / table.path, table, problems)
            for name, table in TABLES.items()
        }
        settings = self._settings(problems)
        sources = _lists_of_factors(self.path, problems)
        problems.extend(contradictions(tables, sources))
        problems.extend(gwp_contradictions(tables, settings, self.path / "emission_factors"))
        if problems:
            raise CompanyDataError("\n".join(problems))
        return Company(settings, tables)

    def validate(self) -> None:
        """Look at every configuration file. Raises `CompanyDataError` with all that is wrong."""
        from orchestration.company.source_map import MapError

        problems: list[str] = []

        def look(part: Callable[[], object]) -> bool:
            try:
                part()
            except (CompanyDataError, MapError) as error:
                problems.extend(str(error).splitlines())
                return False
            return True

        has_rounds = look(lambda: self.rounds)
        if look(lambda: self.maps) and has_rounds:
            for round_ in self.rounds:
                for source_map in self.maps.values():
                    look(partial(source_map.layout_for, round_.round))
        if look(lambda: self.company):
            look(lambda: self.company.bridges)
        if problems:
            raise CompanyDataError("\n".join(dict.fromkeys(problems)))

    @cached_property
    def settings(self) -> dict[str, str]:
        """What company.yml says, as it stands: nothing is judged, a missing file says nothing."""
        return self._settings([])

    @cached_property
    def rounds(self) -> tuple[Round, ...]:
        """Collection rounds in the order of their names."""
        path = self.path / "rounds.csv"
        if not path.exists():
            raise CompanyDataError(f"{path}: missing. List the collection rounds there.")
        rounds, problems = [], []
        frame = read_csv_as_text(path, ROUND_COLUMNS)
        for line, row in zip(frame.index + 2, frame.to_dict("records"), strict=True):
            try:
                rounds.append(_round(row))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                problems.append(
                    f"rounds.csv line {line}: {error!s}. Expected round, opens_on, closes_on "
                    "(YYYY-MM-DD), first_month, last_month (YYYY-MM), expected."
                )
        names = [r.round for r in rounds]
        problems += [
            f"rounds.csv: round {name} occurs twice."
            for name in sorted({n for n in names if names.count(n) > 1})
        ]
        if problems:
            raise CompanyDataError("\n".join(problems))
        return tuple(sorted(rounds, key=lambda r: r.round))

    def round(self, name: str) -> Round:
        """The round of that name."""
        for candidate in self.rounds:
            if candidate.round == name:
                return candidate
        known = ", ".join(r.round for r in self.rounds)
        raise CompanyDataError(f"rounds.csv has no round {name}. It has: {known}.")

    @cached_property
    def maps(self) -> dict[str, SourceMap]:
        """Every source map by source (`stage_<stage>` or `erp_<table>`).

        Raises `MapError` with what is wrong in any of them.
        """
        from orchestration.company.source_map import MapError, SourceMap

        maps: dict[str, SourceMap] = {}
        files: dict[str, str] = {}
        problems: list[str] = []
        for path in sorted((self.path / "maps").glob("*.yml")):
            try:
                one = SourceMap.load(path)
            except MapError as error:
                problems.append(str(error))
                continue
            if one.source in maps:
                problems.append(
                    f"maps/{path.name}: source {one.source} is read by "
                    f"maps/{files[one.source]}, too. Keep one of them."
                )
            maps[one.source], files[one.source] = one, path.name
        if problems:
            raise MapError("\n".join(problems))
        return maps

    def hand_ins(self, source_map: SourceMap, round_: Round) -> list[tuple[HandIn, Path | None]]:
        """Hand-ins of a source in a round, each with its file or None when nothing came."""
        folder = self.path / "rounds" / round_.round
        suffixes = ERP_SUFFIXES if source_map.is_export else WORKBOOK_SUFFIXES
        owners = {printable(Path(one.name)): one for one in folder.glob("*") if one.is_dir()}
        found = {
            source_map.hand_in(round_.round, owner): path
            for owner, place in owners.items()
            if (owner == ERP) == source_map.is_export
            and (path := _find(place, source_map.file, suffixes))
        }
        due = {one for one in round_.expected_hand_ins if one.source == source_map.source}
        return [(hand_in, found.get(hand_in)) for hand_in in sorted(due | found.keys())]

    def instruments_file(self, round_name: str) -> Path:
        """Where the certificates of a round are listed."""
        return self.path / "rounds" / round_name / f"{INSTRUMENTS_SOURCE}.csv"

    def unclaimed_files(self, round_: Round) -> list[str]:
        """What lies in a round's folder and no map reads, relative to the data folder."""
        folder = self.path / "rounds" / round_.round
        claimed = {path for m in self.maps.values() for _, path in self.hand_ins(m, round_) if path}
        control = {
            "corrections.csv",
            "energy_instruments.csv",
            "sign_offs.csv",
            "waivers.csv",
            "withdrawals.csv",
        }
        return [
            printable(path.relative_to(self.path))
            for path in sorted(folder.rglob("*"))
            if not path.is_dir()
            and path not in claimed
            and not path.name.startswith((".", "~$"))
            and not (path.parent == folder and path.name in control)
        ]

    def _settings(self, problems: list[str]) -> dict[str, str]:
        path = self.path / "company" / "company.yml"
        if not path.exists():
            problems.append("company/company.yml: missing. It needs company_id, name_en, gwp_set.")
            return {}
        name = "company/company.yml"
        text, unreadable = text_of_file(path, name)
        try:
            settings = yaml.load(text, yaml.CSafeLoader) or {}
        except yaml.YAMLError as error:
            problems.append(yaml_problem(name, error))
            return {}
        if unreadable or not isinstance(settings, dict):
            problems += unreadable or [
                f"{name}: keys with values are expected, such as company_id."
            ]
            return {}
        settings["name_en"] = settings.get("name_en") or settings.get("name_zh")
        problems += [
            f"company/company.yml: {key} is missing. Add it."
            for key in ("company_id", "name_en", "gwp_set")
            if not settings.get(key)
        ]
        problems += settings_problems(settings)
        return {key: _setting(value) for key, value in settings.items() if value is not None}


def read_table(path: Path, table: Table, problems: list[str]) -> pd.DataFrame:
    """A master table with all its columns, text or None; adds what is wrong with its form."""
    if not path.exists():
        if not table.may_be_absent:
            problems.append(f"{table.path}: missing. It needs {', '.join(table.columns)}.")
        return pd.DataFrame(columns=list(table.all_columns), dtype=object)
    try:
        frame = read_csv_as_text(path, table.all_columns)
    except CompanyDataError as error:
        problems.append(str(error))
        return pd.DataFrame(columns=list(table.all_columns), dtype=object)
    frame = _named(frame)
    missing = [c for c in table.columns if c not in frame.columns]
    unknown = [c for c in frame.columns if c not in table.all_columns]
    problems += [f"{table.path}: column {c} is missing. Add it." for c in missing]
    problems += [
        f"{table.path}: column {c} is not known. Remove it or correct its name." for c in unknown
    ]
    frame = frame.reindex(columns=list(table.all_columns))
    frame = frame.astype(object).where(frame.notna(), None)
    repeated = frame[frame.duplicated(list(table.key), keep="first")]
    problems += [
        f"{table.path} line {index + 2}: {', '.join(str(row[k]) for k in table.key)} "
        "occurs twice. Keep one line."
        for index, row in repeated.iterrows()
    ]
    return frame


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose things have a name: one that has a Chinese name alone goes by that."""
    if "name_zh" not in frame.columns:
        return frame
    english = frame["name_en"] if "name_en" in frame.columns else frame["name_zh"]
    return frame.assign(name_en=english.where(english.notna(), frame["name_zh"]))


def _find(folder: Path, stem: str, suffixes: Sequence[str]) -> Path | None:
    """The file of that stem; upper case makes no difference to a suffix.

    What only bears its name (a folder, a link that leads nowhere) is found where no file is.
    """
    candidates = sorted(folder.glob(f"{glob.escape(stem)}.*")) if folder.is_dir() else []
    named = {path.suffix.lower(): path for path in candidates if path.stem == stem}
    found = [named[suffix] for suffix in suffixes if suffix in named]
    return next((path for path in found if path.is_file()), found[0] if found else None)


def _setting(value: object) -> str:
    """A setting as text; a list is written with `;` between its parts."""
    return ";".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01" if len(text) == 7 else text).replace(day=1)


def _round(row: Mapping[str, str]) -> Round:
    expected = tuple(part.strip() for part in (row["expected"] or "").split(";") if part.strip())
    parsed = Round(
        round=row["round"],
        opens_on=date.fromisoformat(row["opens_on"]),
        closes_on=date.fromisoformat(row["closes_on"]),
        first_month=_month(row["first_month"]),
        last_month=_month(row["last_month"]),
        expected=expected,
    )
    wrong = unfit(parsed.round, is_name_of_file=True)
    if wrong:
        raise ValueError(f"round {parsed.round!r} {wrong}")
    if not parsed.months:
        raise ValueError("last_month lies before first_month")
    if parsed.closes_on < parsed.opens_on:
        raise ValueError("closes_on lies before opens_on")
    kept_as: dict[str, str] = {}
    for name in expected:
        other = kept_as.setdefault(slug_of(name), name)
        if other != name:  # one would be written over the other
            raise ValueError(
                f"{other} and {name} can't be told apart as names of files; "
                "write no two _ side by side in the id of one of them"
            )
    return parsed


def _lists_of_factors(data_folder: Path, problems: list[str]) -> frozenset[str] | None:
    """Ids of emission_factors/sources.csv, None without such a list; adds what is wrong there."""
    listed: dict[str, pd.DataFrame] = {}
    for name, columns in LISTS_OF_FACTORS.items():
        path = data_folder / "emission_factors" / f"{name}.csv"
        if not path.exists():
            continue
        try:
            frame = read_csv_as_text(path, columns)
        except CompanyDataError as error:
            problems.append(str(error))
            continue
        problems += [
            f"emission_factors/{name}.csv: column {column} is missing. Add it."
            for column in columns
            if column not in frame.columns
        ]
        listed[name] = frame
    if "sources" not in listed:
        return None
    return frozenset(listed["sources"].get("source_id", pd.Series(dtype=object)).dropna())
