"""What the figures of a release stand on, taken apart by why it could differ from another's.

A state between two releases takes each input from the older or the newer one. The order in
which they are swapped is fixed (`STEPS`), so the changes of a figure add up to its whole change:

1. data: accepted readings and certificates of the months that the older release has, too, but
   without the corrections decided since.
2. correction: those corrections.
3. factor: factor libraries, GWP set, properties of flows, and the places that choose a factor.
4. method: allocation, service keys, scenarios, recycling methods, products, flows, stages, and
   how the source maps read a file that did not change.
5. boundary: sites and their consolidation share, processes and their type, exempted flows,
   exclusions, and the readings of sites and processes that only one of the two releases knows.
6. new_months: months that the older release has not. The first time they are reported is no
   restatement (method R45: organic growth); their change is data all the same.

A new row that new readings need (a flow, a factor of a flow that had none) comes with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from orchestration.company.data_folder import TABLES
from orchestration.gate.statements import InForce, in_force, instruments_files, newest_rows
from orchestration.ingest.corrections import CHANGED
from orchestration.ingest.reading import ACCEPTED_SCHEMA
from orchestration.lake.hand_ins import INSTRUMENTS
from orchestration.lake.paths import Lake, read_parquet
from orchestration.publication.files import MANIFEST
from orchestration.spreadsheets.numbers import PLAIN

DATA, CORRECTION, FACTOR, METHOD, BOUNDARY = "data", "correction", "factor", "method", "boundary"
CAUSES = (DATA, CORRECTION, FACTOR, METHOD, BOUNDARY)
NEW_MONTHS = "new_months"
STEPS = (*CAUSES, NEW_MONTHS)

CAUSE_OF_TABLE: Mapping[str, str] = {
    "allocation_rules": METHOD,
    "exclusions": BOUNDARY,
    "facilities": BOUNDARY,
    "flow_properties": FACTOR,
    "flows": METHOD,
    "gwp_sets": FACTOR,
    "meters": METHOD,
    "processes": BOUNDARY,
    "products": METHOD,
    "recycling_methods": METHOD,
    "scenarios": METHOD,
    "service_keys": METHOD,
    "settings": BOUNDARY,
    "stages": METHOD,
    "suppliers": FACTOR,
    "tolerances": METHOD,
}
"""Which cause a change of a master table is; tables that change no figure are not named."""

CAUSE_OF_COLUMN: Mapping[tuple[str, str], str] = {
    ("facilities", "country"): FACTOR,
    ("facilities", "subdivision"): FACTOR,
    ("facilities", "grid_region"): FACTOR,
    ("flows", "components"): BOUNDARY,
    ("flows", "exempted_because"): BOUNDARY,
}
"""Columns that change for another reason than their table."""

NAMES = ("flows", "processes", "facilities", "stages", "suppliers", "meters")
"""Tables whose rows mean nothing until a reading names them: new rows may come early."""

FACTORS, GASES = "emission_factors", "emission_factor_gases"
FACTOR_OF = ("flow_id", "boundary")
PLACE = (
    "source", "hand_in", "source_file", "source_sheet", "source_cell", "multiplier_cell",
    "period_month", "facility_id", "process_id", "flow_id", "direction", "property", "role",
    "supplier_id", "document_no", "meter_id",
)  # fmt: skip
"""Where a reading stands and what it is about: what corrections never change."""


@dataclass(frozen=True)
class ReleasedInputs:
    """One release, read."""

    folder: Path
    head: Mapping[str, Any]
    versions: Mapping[str, Any]
    counting: InForce
    reported: tuple[Mapping[str, Any], ...]
    """Registry rows of every source, site and month in force, with readings or without."""
    instruments: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    factors: Mapping[str, pd.DataFrame]
    units: frozenset[tuple[str, str, str]]

    @property
    def name(self) -> str:
        """As people call it: `2022-04 r1`."""
        return f"{self.head['round']} r{self.head['number']}"

    @property
    def months(self) -> frozenset[date]:
        """The months it reports."""
        return frozenset(row["period_month"] for row in self.reported)

    @property
    def files(self) -> frozenset[str]:
        """What was handed in for it."""
        return frozenset(row["source_file"] for row in self.reported)

    def ids(self, table: str) -> frozenset[str]:
        """Sites or processes that its master data know."""
        return frozenset(self.tables[table][TABLES[table].key[0]])


def read_release(folder: Path) -> ReleasedInputs:
    """The inputs of a release in its place, or of one complete but for its manifest's hash."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return read_inputs(folder, manifest["release"], manifest["versions"])


def read_inputs(
    folder: Path, head: Mapping[str, Any], versions: Mapping[str, Any]
) -> ReleasedInputs:
    """The accepted rows of a folder; columns that its time did not know yet are blank."""
    lake = Lake(folder)
    counting = in_force(lake, newest_rows(lake.registry()))
    rows = counting.rows
    tables = {name: _table(lake, name) for name in TABLES}
    tables["settings"] = _text(lake.company("settings"), ("key", "value"))
    pairs = read_parquet(lake.accepted("unit_conversions")).to_pylist()
    return ReleasedInputs(
        folder=folder,
        head=head,
        versions=versions,
        counting=counting,
        reported=tuple(row for row in rows if row["hand_in"] != INSTRUMENTS),
        instruments=_instruments(lake, rows),
        tables=tables,
        factors={name: _frame(lake.accepted(name)) for name in (FACTORS, GASES)},
        units=frozenset((row["flow_id"], row["property"] or "", row["unit_text"]) for row in pairs),
    )


def _table(lake: Lake, name: str) -> pd.DataFrame:
    return _text(lake.company(name), TABLES[name].all_columns)


def _text(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    names = list(columns)
    if not path.exists():
        return pd.DataFrame(columns=names, dtype=object)
    return _blank(_frame(path).reindex(columns=names))


def _frame(path: Path) -> pd.DataFrame:
    """A Parquet file with Python's own values, so that a number stays what it was."""
    return _objects(read_parquet(path))


def _objects(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(table[name].to_pylist(), dtype=object) for name in table.column_names},
        columns=table.column_names,
    )


def _blank(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).where(frame.notna(), None)


def _loaded(release: ReleasedInputs, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The readings of registry rows that count, with `period_month`."""
    lake = Lake(release.folder)
    parts = [
        _objects(release.counting.readings(lake, row)).assign(period_month=row["period_month"])
        for row in rows
        if row["row_count"]
    ]
    empty = pd.DataFrame(columns=ACCEPTED_SCHEMA.names, dtype=object)
    return pd.concat(parts, ignore_index=True).astype(object) if parts else empty


def _instruments(lake: Lake, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    parts = [_frame(path) for path in instruments_files(lake, rows)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def is_swapped(cause: str, step: int) -> bool:
    """Whether an input of that cause comes from the newer release after so many steps."""
    return STEPS.index(cause) < step


# --- master data and factors ------------------------------------------------------------------


def table_at(older: ReleasedInputs, newer: ReleasedInputs, name: str, step: int) -> pd.DataFrame:
    """A master table after so many steps; rows only one release has are kept while needed."""
    if name not in CAUSE_OF_TABLE:
        return newer.tables[name]
    if name == "settings":
        return _settings_at(older, newer, step)
    chosen = newer if is_swapped(CAUSE_OF_TABLE[name], step) else older
    other = older if chosen is newer else newer
    frame, theirs = chosen.tables[name], other.tables[name]
    frame = _columns_of_other_causes(frame, theirs, name, chosen is newer, step)
    if name in NAMES and not is_swapped(BOUNDARY, step):
        key = list(TABLES[name].key)
        frame = pd.concat([frame, theirs[~_keys(theirs, key).isin(_keys(frame, key))]])
    return frame.reset_index(drop=True)


def _columns_of_other_causes(
    frame: pd.DataFrame, theirs: pd.DataFrame, name: str, is_newer: bool, step: int
) -> pd.DataFrame:
    key = list(TABLES[name].key)
    for (table, column), cause in CAUSE_OF_COLUMN.items():
        if table == name and is_swapped(cause, step) != is_newer:
            values = dict(zip(_keys(theirs, key), theirs[column], strict=True))
            own = zip(_keys(frame, key), frame[column], strict=True)
            frame = frame.assign(**{column: [values.get(key_, value) for key_, value in own]})
    return frame


def _settings_at(older: ReleasedInputs, newer: ReleasedInputs, step: int) -> pd.DataFrame:
    chosen = newer if is_swapped(BOUNDARY, step) else older
    gwp_set = gwp_set_at(older, newer, step)
    rows = chosen.tables["settings"]
    rows = rows[rows["key"] != "gwp_set"]
    added = pd.DataFrame([{"key": "gwp_set", "value": gwp_set}], dtype=object)
    return pd.concat([rows, added], ignore_index=True)


def gwp_set_at(older: ReleasedInputs, newer: ReleasedInputs, step: int) -> str:
    """The GWP set that counts after so many steps."""
    return str((newer if is_swapped(FACTOR, step) else older).head["gwp_set"])


def factors_at(older: ReleasedInputs, newer: ReleasedInputs, step: int) -> dict[str, pd.DataFrame]:
    """Factor versions and their gases: of one release, and the other's for what it lacks."""
    chosen = newer if is_swapped(FACTOR, step) else older
    other = older if chosen is newer else newer
    factors, gases = chosen.factors[FACTORS], chosen.factors[GASES]
    if not is_swapped(BOUNDARY, step):
        theirs = other.factors[FACTORS]
        lacking = ~_keys(theirs, FACTOR_OF).isin(_keys(factors, FACTOR_OF))
        lacking &= ~theirs["factor_version_id"].isin(factors["factor_version_id"])
        more = theirs[lacking]
        of_them = other.factors[GASES]["factor_version_id"].isin(more["factor_version_id"])
        factors = pd.concat([factors, more], ignore_index=True)
        gases = pd.concat([gases, other.factors[GASES][of_them]], ignore_index=True)
    return {FACTORS: factors, GASES: gases}


def _keys(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    if not len(frame):
        return pd.Series([], dtype=object)
    return pd.Series(
        [tuple(row) for row in frame[list(names)].itertuples(index=False)],
        index=frame.index,
        dtype=object,
    )


# --- readings ---------------------------------------------------------------------------------


class ComparedReadings:
    """The readings of two releases, cell beside cell.

    Hand-ins that did not change are left in their files, unless a site or process is known to one
    release alone: its cells are somewhere among all of them. So are those of new months.
    """

    def __init__(self, older: ReleasedInputs, newer: ReleasedInputs) -> None:
        self.older, self.newer = older, newer
        known = [tuple(row.values()) for row in older.reported if older.counting.is_whole(row)]
        in_both = [row for row in newer.reported if row["period_month"] in older.months]
        same_ids = all(older.ids(one) == newer.ids(one) for one in ("facilities", "processes"))
        self.unchanged = [
            row
            for row in in_both
            if same_ids and newer.counting.is_whole(row) and tuple(row.values()) in set(known)
        ]
        self.new_months = [row for row in newer.reported if row["period_month"] not in older.months]
        self._was = _numbered(_loaded(older, self._changed(older.reported)))
        self._now = _numbered(_loaded(newer, self._changed(in_both)))
        files = set(_pairs(self._was))
        self._same_file = pd.Series(
            [pair in files for pair in _pairs(self._now)], index=self._now.index, dtype=bool
        )
        self._without = self._uncorrected()

    def _changed(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        unchanged = {tuple(row.values()) for row in self.unchanged}
        return [row for row in rows if tuple(row.values()) not in unchanged]

    def files_at(self, step: int) -> list[Mapping[str, Any]]:
        """Registry rows whose files count as they are after so many steps."""
        new = self.new_months if is_swapped(NEW_MONTHS, step) else []
        return [*self.unchanged, *new]

    def at(self, step: int) -> pd.DataFrame:
        """The other readings after so many steps."""
        if not step:
            return _plain(self._was)
        if is_swapped(BOUNDARY, step):
            return _plain(self._now)
        # a file that did not change is read as the older release read it, until the method changes
        unread = self._was[self._was_same_file()]
        if is_swapped(METHOD, step):
            common = self._now
        elif is_swapped(CORRECTION, step):
            common = pd.concat([_corrected_as(unread, self._now), self._now[~self._same_file]])
        else:
            common = pd.concat([unread, self._without[~self._same_file]])
        known = _is_known(common, self.older) & _is_known(common, self.newer)
        gone = self._was[~_is_known(self._was, self.newer)]
        return _plain(pd.concat([common[known], gone], ignore_index=True))

    def corrected(self) -> pd.DataFrame:
        """Cells whose correction changed since the older release: `value_was` and `value_now`."""
        before = pd.concat(
            [
                self._was[self._was_same_file()],
                self._without[~self._same_file],
            ]
        )
        return _different(before, self._now, _key_columns())

    def handed_in_again(self) -> pd.DataFrame:
        """Cells of files that changed, with another value than before, corrections left out."""
        return _different(self._was, self._without[~self._same_file], _cell_columns())

    def new_files(self) -> list[str]:
        """Files that brought months of both releases, and that the older release has not."""
        months = self.older.months
        brought = (row for row in self.newer.reported if row["period_month"] in months)
        return sorted({row["source_file"] for row in brought} - self.older.files)

    def read_otherwise(self) -> list[str]:
        """Files that did not change, but are read in another way."""
        was, now = self._was[self._was_same_file()], self._now[self._same_file]
        both = set(_keys(was, _key_columns())) ^ set(_keys(now, _key_columns()))
        at = _key_columns().index("source_file")
        return sorted({key[at] for key in both})

    def _was_same_file(self) -> pd.Series:
        files = set(_pairs(self._now))
        return pd.Series(
            [pair in files for pair in _pairs(self._was)], index=self._was.index, dtype=bool
        )

    def _uncorrected(self) -> pd.DataFrame:
        """The newer readings without the corrections that the older release does not have."""
        key = _key_columns()
        known = dict(
            zip(
                _keys(self._was, key),
                zip(self._was["corrected_from"], self._was["value_text"], strict=True),
                strict=True,
            )
        )
        rows = self._now.to_dict("records")
        for row in rows:
            before = known.get(tuple(row[name] for name in key))
            if row["corrected_from"] and before != (row["corrected_from"], row["value_text"]):
                _undo(row)
        return _blank(
            pd.DataFrame(rows, columns=self._now.columns, index=self._now.index, dtype=object)
        )


def _undo(row: dict[str, Any]) -> None:
    """Take a correction back; one whose first value is no plain number any more stays."""
    number = PLAIN.parse(row["corrected_from"])
    if number is not None:
        row |= {
            "value_text": row["corrected_from"], "quantity": number, "value_type": "number",
            "corrected_from": None,
        }  # fmt: skip


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["source_file"], frame["source_sha256"], strict=True))


def _key_columns() -> list[str]:
    return [*PLACE, "occurrence"]


def _cell_columns() -> list[str]:
    return ["source_file", "source_sheet", "source_cell", "flow_id", "property", "occurrence"]


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the same place told apart by their order."""
    if not len(frame):
        return frame.assign(occurrence=pd.Series(dtype=int))
    order = frame.groupby(list(PLACE), dropna=False, sort=False).cumcount()
    return frame.assign(occurrence=order)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="occurrence").reset_index(drop=True)


def _corrected_as(frame: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Values as the corrections of other rows of the same places have them."""
    key = _key_columns()
    values = dict(
        zip(_keys(theirs, key), theirs[list(CHANGED)].itertuples(index=False), strict=True)
    )
    found = [
        values.get(place, own)
        for place, own in zip(
            _keys(frame, key), frame[list(CHANGED)].itertuples(index=False), strict=True
        )
    ]
    changed = pd.DataFrame(found, columns=list(CHANGED), index=frame.index, dtype=object)
    return frame.assign(**{name: changed[name] for name in CHANGED})


def _is_known(frame: pd.DataFrame, release: ReleasedInputs) -> pd.Series:
    """Readings of sites and processes that the release has master data for."""
    known = pd.Series(True, index=frame.index)
    for column, table in (("facility_id", "facilities"), ("process_id", "processes")):
        ids = release.tables[table][column]
        known &= frame[column].isna() | frame[column].isin(ids)
    return known


def _different(before: pd.DataFrame, after: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Cells in both whose value differs."""
    columns = [*key, "value_text", "sign_multiplier"]
    if not len(before) or not len(after):
        return pd.DataFrame(columns=[*key, "value_was", "value_now"])
    pairs = before[columns].merge(after[columns], on=key, suffixes=("_was", "_now"))
    unlike = pairs["value_text_was"].fillna("") != pairs["value_text_now"].fillna("")
    unlike |= pairs["sign_multiplier_was"].fillna(1) != pairs["sign_multiplier_now"].fillna(1)
    return pairs[unlike].rename(
        columns={"value_text_was": "value_was", "value_text_now": "value_now"}
    )


# --- certificates -----------------------------------------------------------------------------


def instruments_at(older: ReleasedInputs, newer: ReleasedInputs, step: int) -> pd.DataFrame:
    """Certificates after so many steps; those about new months alone come with these months."""
    if not step:
        return older.instruments
    frame = newer.instruments
    if is_swapped(NEW_MONTHS, step) or not len(frame) or not older.months:
        return frame
    end = max(older.months)
    return frame[[date.fromisoformat(text) <= end for text in frame["generation_start"]]]


def as_table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Rows in a fixed schema; what the frame lacks is null."""
    rows = frame.reindex(columns=schema.names) if len(frame.columns) else frame
    rows = _blank(rows) if len(rows) else rows
    return pa.Table.from_pylist(rows.to_dict("records"), schema=schema)
