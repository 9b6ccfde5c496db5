"""What was changed between two releases, object by object: the reasons behind each cause."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from orchestration.company.data_folder import TABLES
from orchestration.restatement.released_inputs import (
    CAUSE_OF_COLUMN,
    CAUSE_OF_TABLE,
    CORRECTION,
    DATA,
    FACTOR,
    FACTORS,
    GASES,
    METHOD,
    NEW_MONTHS,
    ComparedReadings,
    ReleasedInputs,
)
from orchestration.restatement.states import CALCULATION, RestatementState

REASONS = pa.schema(
    [
        ("older_release", pa.string()),
        ("newer_release", pa.string()),
        ("cause", pa.string()),
        ("object_kind", pa.string()),
        ("object", pa.string()),
        ("was", pa.string()),
        ("is_now", pa.string()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_on", pa.string()),
    ]
)
"""One row per pair of releases and object that changed.

`object_kind`: cell, hand_in, certificate, month, gwp_set, factor_version, company_table, code,
reading, or state (a calculation between the two that failed, `reason` says why).
"""

NOT_A_FACT = frozenset(
    {
        "round", "revision", "source_file", "source_sha256", "source_line", "note", "name_en",
        "name_zh", "reason_zh", "justification_zh", "exempted_because_zh",
        "exempted_upper_bound_source_zh", "neutralised_by_zh", "owner_zh",
    }
)  # fmt: skip
"""Columns that change no figure: where a row stands, and what people read."""


def reasons_of(
    older: ReleasedInputs, newer: ReleasedInputs, sequence: Sequence[RestatementState]
) -> Iterator[dict[str, Any]]:
    """Rows of `REASONS` without the pair, in the order of the steps."""
    readings = ComparedReadings(older, newer)
    yield from _data(older, newer, readings)
    yield from _corrections(newer, readings)
    yield from _factors(older, newer)
    yield from _company(older, newer)
    for file in readings.read_otherwise():
        yield _row(METHOD, "reading", file, reason="The same file is read in another way.")
    was, now = older.versions, newer.versions
    if was["figures_code_sha256"] != now["figures_code_sha256"]:
        old, new = (one.get("code_commit") or "unknown" for one in (was, now))
        yield _row(METHOD, "code", "calculation", old, new, reason="Calculated by other code.")
    for state in sequence:
        if state.problem:
            cause = {NEW_MONTHS: DATA, CALCULATION: METHOD}.get(state.step, state.step)
            yield _row(cause, "state", f"after {state.step}", reason=state.problem)


def _data(
    older: ReleasedInputs, newer: ReleasedInputs, readings: ComparedReadings
) -> Iterator[dict[str, Any]]:
    for cell in readings.handed_in_again().to_dict("records"):
        yield _row(DATA, "cell", _cell(cell), cell["value_was"], cell["value_now"])
    for file in readings.new_files():
        yield _row(DATA, "hand_in", file, is_now="handed in")
    for file in sorted(older.files - newer.files):
        yield _row(DATA, "hand_in", file, was="in force", is_now="not in force any more")
    yield from _changed_rows(
        DATA, "certificate", older.instruments, newer.instruments, ("instrument_id",)
    )
    for month in sorted(newer.months - older.months):
        yield _row(DATA, "month", f"{month:%Y-%m}", is_now="reported for the first time")


def _corrections(newer: ReleasedInputs, readings: ComparedReadings) -> Iterator[dict[str, Any]]:
    decided = _decided(newer)
    seen = set()
    for cell in readings.corrected().to_dict("records"):
        place = _cell(cell)
        if place in seen:
            continue  # a cell that several facts are read from
        seen.add(place)
        line = decided.get(place.replace("$", ""), {})
        yield _row(
            CORRECTION, "cell", place, cell["value_was"], cell["value_now"],
            line.get("reason"), line.get("decided_by"), line.get("decided_on"),
        )  # fmt: skip


def _decided(newer: ReleasedInputs) -> dict[str, dict[str, str]]:
    """Lines of every corrections.csv of the release, by file and cell."""
    lines = {}
    for path in sorted((newer.folder / "papers").glob("*/corrections.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line in csv.DictReader(file):
                place = {
                    "source_file": f"rounds/{path.parent.name}/"
                    + (line["file"] or "").strip().replace("\\", "/"),
                    "source_sheet": line["sheet"],
                    "source_cell": (line["cell"] or "").replace("$", ""),
                }
                lines[_cell(place)] = line
    return lines


def _cell(cell: Mapping[str, Any]) -> str:
    sheet = f"{cell['source_sheet']}!" if cell["source_sheet"] else ""
    return f"{cell['source_file']}#{sheet}{cell['source_cell']}"


def _factors(older: ReleasedInputs, newer: ReleasedInputs) -> Iterator[dict[str, Any]]:
    sets = older.head["gwp_set"], newer.head["gwp_set"]
    if sets[0] != sets[1]:
        yield _row(FACTOR, "gwp_set", "GWP set", *sets)

    def with_gases(one: ReleasedInputs) -> pd.DataFrame:
        gases = one.factors[GASES]
        texts: dict[str, list[str]] = {}
        for id_, gas, kg in sorted(gases.itertuples(index=False), key=repr):
            texts.setdefault(id_, []).append(f"{gas} {kg:g}")
        frame = one.factors[FACTORS]
        per_unit = [", ".join(texts.get(id_, ())) for id_ in frame["factor_version_id"]]
        return frame.assign(kg_per_factor_unit=per_unit)

    yield from _changed_rows(
        FACTOR, "factor_version", with_gases(older), with_gases(newer), ("factor_version_id",)
    )


def _company(older: ReleasedInputs, newer: ReleasedInputs) -> Iterator[dict[str, Any]]:
    for name, cause in CAUSE_OF_TABLE.items():
        key = ("key",) if name == "settings" else TABLES[name].key
        was, now = older.tables[name], newer.tables[name]
        if name == "settings":  # the GWP set that counts stands above
            was, now = (frame[frame["key"] != "gwp_set"] for frame in (was, now))
        elsewhere = {column: of for (table, column), of in CAUSE_OF_COLUMN.items() if table == name}
        yield from _changed_rows(cause, "company_table", was, now, key, name, elsewhere)


def _changed_rows(
    cause: str,
    kind: str,
    was: pd.DataFrame,
    now: pd.DataFrame,
    key: Iterable[str],
    name: str = "",
    elsewhere: Mapping[str, str] = {},
) -> Iterator[dict[str, Any]]:
    """Rows that came, went, or say something else; `elsewhere`: columns of another cause."""
    names = list(key)
    before, after = ({_id(row, names): row for row in _records(frame)} for frame in (was, now))
    for id_ in sorted(before.keys() | after.keys()):
        place = f"{name} {id_}".strip()
        if id_ not in after:
            yield _row(cause, kind, place, "listed", "not listed any more")
        elif id_ not in before:
            yield _row(cause, kind, place, None, "listed for the first time")
        else:
            yield from _changed_columns(cause, kind, place, before[id_], after[id_], elsewhere)


def _changed_columns(
    cause: str,
    kind: str,
    place: str,
    was: Mapping[str, Any],
    now: Mapping[str, Any],
    elsewhere: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    by_cause: dict[str, list[str]] = {}
    for column in now:
        if column not in NOT_A_FACT and was.get(column) != now[column]:
            by_cause.setdefault(elsewhere.get(column, cause), []).append(column)
    for of, columns in by_cause.items():
        texts = [
            "; ".join(f"{column} {'' if row.get(column) is None else row[column]}".strip()
                      for column in columns)
            for row in (was, now)
        ]  # fmt: skip
        yield _row(of, kind, place, *texts)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict("records") if len(frame) else []


def _id(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return " / ".join(str(row[name]) for name in names if row[name] is not None)


def _row(
    cause: str,
    kind: str,
    object_: str,
    was: str | None = None,
    is_now: str | None = None,
    reason: str | None = None,
    decided_by: str | None = None,
    decided_on: str | None = None,
) -> dict[str, Any]:
    return {
        "cause": cause, "object_kind": kind, "object": object_, "was": was, "is_now": is_now,
        "reason": reason, "decided_by": decided_by, "decided_on": decided_on,
    }  # fmt: skip
