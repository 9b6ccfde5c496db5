"""Corrections: a decided change of one cell, applied between landed and accepted.

A correction that no longer finds its cell, or finds another value there, is a critical finding:
what was decided was decided about a value nobody handed in any more. One that applies is told,
with its reason and who decided it, in every report on the hand-in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations.rules import FINDING_SCHEMA
from orchestration.ingest.appearance import KINDS as LOOKS
from orchestration.ingest.appearance import SETTLED
from orchestration.ingest.reading import AS_TYPED, READING_SCHEMA
from orchestration.ingest.sheet import DIVIDES, scaled
from orchestration.lake.hand_ins import place_in_round
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.numbers import PLAIN, fold, number_text
from orchestration.spreadsheets.text_table import read_text_table

COLUMNS = (
    "file",
    "sheet",
    "cell",
    "old_value",
    "new_value",
    "reason",
    "decided_by",
    "decided_on",
)
NEEDED = ("file", "cell", "reason", "decided_by", "decided_on")
CHANGED = (
    "value_text",
    "value_type",
    "quantity",
    "formula",
    "corrected_from",
    "multiplier_text",
    "sign_multiplier",
)
OF_A_PART = ("× ", "÷ ")
"""How corrected_from begins where not the number was corrected, but what it is scaled by."""

CORRECTIONS = "corrections.csv"
RULE, APPLIED, FOLLOWED = "correction_applies", "correction_applied", "side_table_followed"
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Correction:
    """One line of corrections.csv; `file` is relative to the folder of the round."""

    file: str
    sheet: str
    cell: str
    old_value: str
    new_value: str
    reason: str = ""
    decided_by: str = ""
    decided_on: str = ""


@dataclass(frozen=True)
class Corrections:
    """The corrections of a round, and what is wrong with lines that can't be followed.

    A problem names its line, and the hand-in's file where the line does.
    """

    lines: tuple[Correction, ...] = ()
    problems: tuple[tuple[int, str, str], ...] = ()

    def of_file(self, file: str) -> tuple[Correction, ...]:
        """The corrections of one hand-in's file."""
        return tuple(one for one in self.lines if _file(one.file) == file)


def read_corrections(data: Path, round_name: str) -> Corrections:
    """The corrections of a round; none when the file is absent."""
    path = data / "rounds" / round_name / CORRECTIONS
    if not os.path.lexists(path):
        return Corrections()
    try:
        table = read_text_table(path, COLUMNS, data)
    except UnreadableFileError as error:
        return Corrections(problems=((error.line, "", error.reason),))
    unlike = set(COLUMNS) ^ set(table.header)
    if unlike:
        wrong = f"the header must be {','.join(COLUMNS)}; look at {', '.join(sorted(unlike))}"
        return Corrections(problems=((1, "", wrong),))
    lines = []
    problems = [(line, "", reason) for line, reason in table.problems.items()]
    for number, row in table.records():
        fields = {name: row[name] or "" for name in COLUMNS}
        missing = [name for name in NEEDED if not fields[name].strip()]
        if missing:
            problems.append((number, _file(fields["file"]), f"no {', '.join(missing)}"))
        elif not _is_day(fields["decided_on"]):
            wrong = f"decided_on {fields['decided_on']} is no day; write it as YYYY-MM-DD"
            problems.append((number, _file(fields["file"]), wrong))
        else:
            lines.append(Correction(**fields))
    return Corrections(tuple(lines), tuple(problems))


def findings_on_lines(
    corrections: Corrections, round_name: str, hand_ins: Mapping[str, str]
) -> pa.Table:
    """A finding at each hand-in that a line which can't be followed may be about.

    `hand_ins`: the file of each hand-in, relative to the folder of the round. Where a line does not
    say which file it corrects, nobody knows which of them still stands uncorrected.
    """
    rows = []
    for line, file, problem in corrections.problems:
        named = [hand_in for hand_in, own in hand_ins.items() if own == file]
        rows += [
            {
                "round": round_name,
                "hand_in": hand_in,
                "rule_id": FOLLOWED,
                "severity": "critical",
                "source_file": f"rounds/{round_name}/{CORRECTIONS}",
                "source_cell": f"L{line}",
                "observed": problem,
                "expected": "a correction",
            }
            for hand_in in named or hand_ins
        ]
    return pa.Table.from_pylist(rows, FINDING_SCHEMA)


def apply_corrections(
    table: pa.Table, corrections: Iterable[Correction | Mapping[str, Any]]
) -> tuple[pa.Table, pa.Table]:
    """The readings of a round's hand-ins, corrected, and a finding on each correction.

    Findings: `correction_applied` (info), or `correction_applies` (critical) where the old value
    is not there any more.
    """
    decided = [_as_correction(correction) for correction in corrections]
    if not decided:
        return table, FINDING_SCHEMA.empty_table()
    prefixes = pc.unique(pc.binary_join_element_wise("rounds", table["round"], "", "/"))
    wanted = [f"{prefix}{_file(one.file)}" for prefix in prefixes.to_pylist() for one in decided]
    is_wanted = pc.is_in(table["source_file"], pa.array(wanted, pa.string())).combine_chunks()
    cells = _Cells(table.filter(is_wanted))
    findings = [
        _applied(cells.hand_in_of(correction), correction)
        if (found := cells.correct(correction)) is None
        else _finding(cells.hand_in_of(correction), correction, found)
        for correction in decided
    ]
    for name, values in cells.columns().items():
        column = pc.replace_with_mask(table[name].combine_chunks(), is_wanted, values)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    table = _settle_looks(table, decided)
    return table, pa.Table.from_pylist(findings, FINDING_SCHEMA)


def _settle_looks(table: pa.Table, decided: Sequence[Correction]) -> pa.Table:
    """How a cell looks no longer matters once somebody decided what counts there."""
    is_look = pc.is_in(table["row_kind"], pa.array(sorted(LOOKS), pa.string()))
    numbers = pc.indices_nonzero(is_look).to_pylist()
    if not numbers:
        return table
    corrected = {(_file(one.file), *_key("", one.sheet, one.cell)) for one in decided}
    kinds = table["row_kind"].to_pylist()
    names = ("round", "source_file", "source_sheet", "source_cell")
    for number, row in zip(numbers, table.select(names).take(numbers).to_pylist(), strict=True):
        file = place_in_round(row["source_file"], row["round"])
        if (file, *_key("", row["source_sheet"], row["source_cell"])) in corrected:
            kinds[number] = SETTLED
    index = table.schema.get_field_index("row_kind")
    return table.set_column(index, "row_kind", pa.array(kinds, pa.string()))


def _as_correction(correction: Correction | Mapping[str, Any]) -> Correction:
    if isinstance(correction, Correction):
        return correction
    return Correction(**{name: str(correction.get(name) or "") for name in COLUMNS})


class _Cells:
    """Readings by file, sheet and cell."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._columns = {name: table[name].to_pylist() for name in (*CHANGED, AS_TYPED)}
        self._rows: dict[_Key, list[int]] = {}
        self._parts: dict[_Key, list[tuple[int, int]]] = {}
        self._hand_ins: dict[str, dict[str, Any]] = {}
        names = ("row_kind", "value_type", "source_sheet", "source_cell", "multiplier_cell")
        files = self._files()
        for row, (kind, value_type, sheet, cell, multiplied) in enumerate(
            zip(*(table[name].to_pylist() for name in names), strict=True)
        ):
            if kind != "reading":
                continue
            if value_type != "missing" and cell:
                self._rows.setdefault(_key(files[row], sheet, cell), []).append(row)
            for part, address in enumerate(multiplied.split("|") if multiplied else ()):
                if address:
                    key = _key(files[row], sheet, address)
                    self._parts.setdefault(key, []).append((row, part))

    def _files(self) -> list[str]:
        """File of each row, relative to the folder of its round."""
        names = ("round", "hand_in", "source", "source_file")
        files = []
        for values in zip(*(self._table[name].to_pylist() for name in names), strict=True):
            hand_in = dict(zip(names, values, strict=True))
            file = place_in_round(hand_in["source_file"], hand_in["round"])
            self._hand_ins.setdefault(file, hand_in)
            files.append(file)
        return files

    def hand_in_of(self, correction: Correction) -> dict[str, Any]:
        """What identifies the hand-in a correction is about, as far as it is known."""
        file = _file(correction.file)
        guess = {"hand_in": file.rpartition(".")[0] or file, "source_file": file}
        return self._hand_ins.get(file, guess)

    def correct(self, correction: Correction) -> str | None:
        """Apply one correction; returns what stands there instead when it doesn't apply."""
        key = _key(_file(correction.file), correction.sheet, correction.cell)
        rows, parts = self._rows.get(key, []), self._parts.get(key, [])
        if not rows and not parts:
            return "no mapped cell"
        for row in rows:
            typed, number = (
                self._columns["value_text"][row],
                self._columns["quantity"][row],
            )
            if not _same(correction.old_value, typed, number):
                return typed if typed is not None else "a blank"
        for row, part in parts:
            typed = self._columns["multiplier_text"][row].split("|")[part].removeprefix(DIVIDES)
            if not _same(correction.old_value, typed, PLAIN.parse(typed)):
                return typed
        for row in rows:
            self._set_value(row, correction.new_value.strip())
        for row, part in parts:
            self._set_part(row, part, correction.new_value.strip())
        return None

    def columns(self) -> dict[str, pa.Array]:
        """What corrections may have changed, as it is now."""
        return {
            name: pa.array(values, READING_SCHEMA.field(name).type)
            for name, values in self._columns.items()
        }

    def _set_value(self, row: int, value: str) -> None:
        columns = self._columns
        before = columns["corrected_from"][row]
        if before is None or before.startswith(OF_A_PART):  # the number itself is what was typed
            columns["corrected_from"][row] = columns["value_text"][row] or ""
            columns[AS_TYPED][row] = columns["quantity"][row]
        number = PLAIN.parse(value)
        columns["value_text"][row] = value or None
        columns["quantity"][row] = number
        columns["value_type"][row] = _kind(value, number)
        columns["formula"][row] = None

    def _set_part(self, row: int, part: int, value: str) -> None:
        columns = self._columns
        parts = columns["multiplier_text"][row].split("|")
        old, number = parts[part], PLAIN.parse(value)
        mark = DIVIDES if old.startswith(DIVIDES) else ""
        parts[part] = mark + (value if number is None else number_text(number))
        columns["multiplier_text"][row] = "|".join(parts)
        columns["sign_multiplier"][row] = _product(parts)
        if columns["corrected_from"][row] is None:
            times, by = OF_A_PART
            columns["corrected_from"][row] = (
                f"{by}{old.removeprefix(DIVIDES)}" if mark else f"{times}{old}"
            )


def _kind(value: str, number: float | None) -> str:
    if number is not None:
        return "number"
    return "text" if value else "blank"


def _product(parts: Sequence[str]) -> float | None:
    product: float | None = 1.0
    for part in parts:
        mark = DIVIDES if part.startswith(DIVIDES) else ""
        number = PLAIN.parse(part.removeprefix(DIVIDES))
        if number is None or product is None:
            return None
        product = scaled(product, mark, number)
    return product


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text.strip()).isoformat() == text.strip()
    except ValueError:
        return False


def _file(text: str) -> str:
    return text.strip().replace("\\", "/")


def _key(file: str, sheet: str | None, cell: str) -> _Key:
    return file, fold(sheet or ""), fold(cell).replace("$", "").upper()


def _same(expected: str, typed: str | None, number: float | None) -> bool:
    """Compared as numbers when both are, else as folded text."""
    if fold(expected) == fold(typed or ""):
        return True
    return number is not None and PLAIN.parse(expected) == number


def _finding(hand_in: Mapping[str, Any], correction: Correction, found: str) -> dict[str, Any]:
    expected = correction.old_value or "a blank"
    found_zh = {"no mapped cell": "该单元格未被读取", "a blank": "空白"}.get(found, found)
    expected_zh = expected if correction.old_value else "空白"
    return _located(hand_in, correction) | {
        "rule_id": RULE,
        "severity": "critical",
        "observed": found,
        "expected": correction.old_value,
        "message_en": (
            f"corrections.csv changes this cell from {expected} to {correction.new_value}, "
            f"but {found} stands there."
        ),
        "message_zh": (
            f"corrections.csv 要把此单元格从 {expected_zh} 改为 {correction.new_value}，"
            f"但现在的内容是：{found_zh}。"
        ),
        "remedy_en": (
            "If the hand-in was corrected meanwhile, remove the line from corrections.csv; "
            "otherwise correct its file, sheet, cell or old_value."
        ),
        "remedy_zh": (
            "如果报送文件已更正，请从 corrections.csv 删除该行；"
            "否则请更正其 file、sheet、cell 或 old_value。"
        ),
    }


def _applied(hand_in: Mapping[str, Any], correction: Correction) -> dict[str, Any]:
    old, new = correction.old_value or "a blank", correction.new_value or "a blank"
    old_zh, new_zh = correction.old_value or "空白", correction.new_value or "空白"
    return _located(hand_in, correction) | {
        "rule_id": APPLIED,
        "severity": "info",
        "observed": correction.old_value,
        "expected": correction.new_value,
        "message_en": (
            f"{new} counts instead of {old}: {correction.reason}. "
            f"Decided by {correction.decided_by} on {correction.decided_on}."
        ),
        "message_zh": (
            f"以 {new_zh} 代替 {old_zh}：{correction.reason}。"
            f"{correction.decided_by} 于 {correction.decided_on} 决定。"
        ),
        "remedy_en": "Nothing to do; when the corrected file is handed in, remove the line.",
        "remedy_zh": "无需处理；重新提交更正后的文件时，请删除该行。",
    }


def _located(hand_in: Mapping[str, Any], correction: Correction) -> dict[str, Any]:
    return dict(hand_in) | {
        "source_sheet": correction.sheet or None,
        "source_cell": correction.cell,
        "period_month": None,
        "flow_id": None,
        "process_id": None,
        "tolerance": None,
    }
