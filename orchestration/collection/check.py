"""One file judged on its author's own machine: the rules of the gate, before anything is handed in.

It takes the very path of a round (read, correct, judge) in a folder that is thrown away. What a
rule would compare with other hand-ins or earlier months isn't there; those rules are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from orchestration.collection.returned.notice import Notice, notice_of
from orchestration.collection.returned.returning import (
    LIST_SUFFIX,
    give_back,
    remove_copy,
    write_copy,
)
from orchestration.company.data_folder import DataFolder, Round
from orchestration.gate.acceptance import accept_company, write_empty_tables
from orchestration.gate.case import Case, CorrectedHandIn, lay_out
from orchestration.gate.waivers import read_waivers
from orchestration.ingest.corrections import (
    apply_corrections,
    findings_on_lines,
    read_corrections,
)
from orchestration.ingest.landing import LANDED_INSTRUMENTS_SCHEMA
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.ingest.template_marks import read_stamps
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.lake.warehouse import engine
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.workbook import read_workbook

NOT_CHECKED: Mapping[str, tuple[str, str]] = {
    "sheet_agrees_with_erp": (
        "与其他提交（ERP、其他车间）的核对",
        "agreement with the hand-ins of others, such as ERP exports",
    ),
    "check_compared": (
        "是否有可核对的另一份数据",
        "whether there is another hand-in to compare with",
    ),
    "meter_continuity": ("电表读数与上一轮次的衔接", "meter readings against the round before"),
    "stock_continuity": ("库存与上一轮次的衔接", "stocks against the round before"),
    "unlike_other_months": (
        "与此前轮次各月数量的比较",
        "quantities against those of earlier rounds",
    ),
    "same_figures_twice": (
        "是否与其他工厂或以前轮次的文件相同",
        "whether it is another site's file, or that of an earlier round",
    ),
    "stated_before": (
        "以前轮次已填报的数据是否仍然填报",
        "whether what earlier rounds stated is stated again",
    ),
    "item_stated_again": (
        "以前填报过的工厂和项目是否齐全",
        "whether sites and items of the months before are all there",
    ),
    "hand_in_missing": ("本轮次其他提交是否齐全", "whether the round is complete"),
    "mass_balance": (
        "计算之后的平衡核查与同比",
        "balances and comparisons with last year, which the calculation makes",
    ),
}
"""Rules that need more than this file; a finding inside the file is still told of."""
ONLY_ELSEWHERE = ("check_compared", "hand_in_missing", "waiver_matches", "withdrawal_matches")
"""Of those, the rules whose findings say nothing about a file that stands alone."""
CHECKED = ".checked"


class CannotCheckError(Exception):
    """A file nobody can judge here; the message says why and what to do."""


@dataclass(frozen=True)
class Subject:
    """What a file is: the hand-in of which round, read by which map."""

    path: Path
    round: Round
    source_map: SourceMap
    hand_in: HandIn

    @property
    def place_in_round(self) -> str:
        """Where in the folder of its round it would be handed in."""
        return f"{self.hand_in.owner}/{self.source_map.file}{self.path.suffix.lower()}"

    @property
    def place(self) -> str:
        """Where in the data folder it would be handed in."""
        return f"rounds/{self.round.round}/{self.place_in_round}"


@dataclass(frozen=True)
class Checked:
    """What was said about one file, and the marked copy when there is something to look at."""

    subject: Subject
    notice: Notice
    row_count: int
    returned: Path | None


def check_file(
    data: DataFolder,
    path: Path,
    *,
    round_name: str | None = None,
    facility: str | None = None,
    stage: str | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Checked:
    """Judge one stage workbook or ERP export. Raises `CannotCheckError`."""
    if not path.is_file():
        raise CannotCheckError(f"{path}: no such file.")
    return check_subject(
        data, identify(data, path.resolve(), round_name, facility, stage), tell=tell
    )


def check_subject(
    data: DataFolder, subject: Subject, *, tell: Callable[[str], None] = lambda step: None
) -> Checked:
    """Judge a file whose map, round and site are known."""
    path = subject.path
    tell(f"正在读取 Reading {path.name} …")
    table, corrections = _read(data, subject)
    tell("正在核对 Judging by the rules of the gate …")
    findings, is_refused = _judge(data, subject, table, corrections)
    notice = notice_of(
        findings,
        hand_in=subject.hand_in.name,
        round_name=subject.round.round,
        source_file=subject.place,
        file_name=f"{path.stem.removesuffix(CHECKED)}{path.suffix}",
        closes_on=subject.round.closes_on,
        is_refused=is_refused,
        is_check=True,
    )
    tell("正在标记 Marking …")
    return Checked(subject, notice, table.num_rows, _give_back(path, notice))


def identify(
    data: DataFolder,
    path: Path,
    round_name: str | None,
    facility: str | None,
    stage: str | None,
) -> Subject:
    """What a file is: by the options, else its own stamp, else the folders it lies in.

    Where it lies in the data folder, its place decides, as it does for the gate: a stamp that says
    otherwise is what is wrong with it.
    """
    handed_in = path.is_relative_to(data.path / "rounds")
    stamp = {} if handed_in else _stamp(path)
    in_round, in_folder = _place(path)
    source_map = _source_map(data, path, stage or stamp.get("stage_code"))
    chosen = round_name or stamp.get("round") or in_round
    if chosen is None:
        known = ", ".join(one.round for one in data.rounds)
        raise CannotCheckError(
            f"{path.name} does not say which round it is for. Name it with --round ({known})."
        )
    round_ = data.round(chosen)
    owner = ""
    if not source_map.is_export:
        owner = _owner(data, round_, source_map, facility or stamp.get("facility_id"), in_folder)
    return Subject(path, round_, source_map, source_map.hand_in(round_.round, owner))


def _owner(
    data: DataFolder, round_: Round, source_map: SourceMap, stated: str | None, folder: str | None
) -> str:
    """The site whose workbook it is; the only one that hands in such a workbook needs no name."""
    sites = list(data.company["facilities"]["facility_id"])
    expecting = [one.owner for one in round_.expected_hand_ins if one.source == source_map.source]
    only = expecting[0] if len(expecting) == 1 else None
    owner = stated or (folder if folder in sites else only)
    if owner not in sites:
        found = (
            f"{owner} is no facility of the company" if owner else "several sites may hand it in"
        )
        raise CannotCheckError(
            f"{source_map.subject}: {found}. "
            f"Name it with --facility ({', '.join(expecting or sites)})."
        )
    return str(owner)


def _stamp(path: Path) -> dict[str, str]:
    """What a template says of itself; nothing for text, or for a file that can't be opened."""
    try:
        stamps = read_stamps(read_workbook(path))
    except UnreadableFileError:
        return {}
    return {key: value for stamp in reversed(stamps) for key, value in stamp.items()}


def _place(path: Path) -> tuple[str | None, str | None]:
    """Round and facility of a file that lies where it is handed in: rounds/<round>/<facility>/."""
    folders = path.parts[:-1]
    if len(folders) >= 3 and folders[-3] in ("rounds", "returned"):
        return folders[-2], folders[-1]
    return None, folders[-1] if folders else None


def _source_map(data: DataFolder, path: Path, stage: str | None) -> SourceMap:
    name = path.stem.removesuffix(CHECKED)
    for source_map in data.maps.values():
        own = (source_map.source, source_map.subject, source_map.stage_code)
        if stage in own if stage else name in (source_map.file, source_map.subject):
            return source_map
    known = ", ".join(one.subject for one in data.maps.values())
    raise CannotCheckError(
        f"No map reads {stage or path.name}. Name the stage or ERP table with --stage ({known})."
    )


def _read(data: DataFolder, subject: Subject) -> tuple[pa.Table, pa.Table]:
    """The readings of the file under the name it is handed in by, and its corrections' findings."""
    table = read_hand_in(
        subject.path, subject.source_map, subject.round, subject.hand_in, subject.path.parent
    )
    names = pa.array([subject.place] * table.num_rows, pa.string())
    table = table.set_column(table.schema.get_field_index("source_file"), "source_file", names)
    corrections = read_corrections(data.path, subject.round.round)
    file = subject.place_in_round
    corrected, findings = apply_corrections(table, corrections.of_file(file))
    broken = findings_on_lines(corrections, subject.round.round, {subject.hand_in.name: file})
    return corrected, pa.concat_tables([findings, broken])


def _judge(
    data: DataFolder, subject: Subject, table: pa.Table, corrections: pa.Table
) -> tuple[list[dict[str, Any]], bool]:
    """Findings on this hand-in, and whether it would be refused."""
    from expectations.verdict import SUITES, judge_round

    rules = [rule for suite in SUITES.values() for rule in suite]
    waivers = read_waivers(data, subject.round, [subject.hand_in.name], rules, date.today())
    hand_in = CorrectedHandIn(subject.hand_in, table)
    no_instruments = LANDED_INSTRUMENTS_SCHEMA.empty_table()
    case = Case(subject.round, (hand_in,), no_instruments, corrections)
    with TemporaryDirectory() as folder, engine() as connection:
        lake = Lake(Path(folder))
        accept_company(data, lake)
        write_empty_tables(lake)
        lay_out(connection, data, lake, case)
        judgement = judge_round(
            connection, round=subject.round, company=data.company, waivers=waivers
        )
    findings = [
        row
        for row in judgement.findings.to_pylist()
        if row["hand_in"] == subject.hand_in.name and row["rule_id"] not in ONLY_ELSEWHERE
    ]
    broken = (row for row in findings if row["severity"] == "critical" and not row["waived_by"])
    return findings, any(broken)


def _give_back(path: Path, notice: Notice) -> Path | None:
    """Write the marked copy beside the file; a clean file takes its earlier copy away."""
    base = path.stem.removesuffix(CHECKED)
    if not notice.has_something_to_look_at:
        for suffix in (".xlsx", ".xlsm"):
            remove_copy(path.with_name(f"{base}{CHECKED}{suffix}"))
        return None
    content, suffix = give_back(path, sha256_of_file(path), notice)
    if suffix == LIST_SUFFIX:
        suffix = ".xlsx"
    target = path.with_name(f"{base}{CHECKED}{suffix}")
    write_copy(target, content)
    return target
