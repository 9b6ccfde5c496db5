"""What passed the gate becomes `accepted/`; nothing else writes there, and dbt reads only there.

A hand-in is accepted whole or not at all. Its rows are written first, under a revision that no
reader knows yet; the registry is renamed into place last and is the commit point. A refused
hand-in leaves what was accepted before in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.company.data_folder import TABLES, DataFolder, Round
from orchestration.gate.case import Case, CorrectedHandIn, landed_case, lay_out
from orchestration.gate.judgement_log import (
    AS_OF_SCHEMA,
    JUDGEMENT_SCHEMA,
    add_judgements,
    write_as_of,
)
from orchestration.gate.sign_offs import (
    FILE as SIGN_OFFS_FILE,
)
from orchestration.gate.sign_offs import (
    SIGN_OFF_SCHEMA,
    SignOffs,
    judge_sign_offs,
    round_content_sha256,
)
from orchestration.gate.statements import newest_rows
from orchestration.gate.waivers import WAIVER_SCHEMA, Waivers, read_waivers
from orchestration.gate.withdrawals import read_withdrawals
from orchestration.ingest.landing import LANDED_INSTRUMENTS_SCHEMA
from orchestration.ingest.reading import ACCEPTED_SCHEMA
from orchestration.lake.engines import SETTINGS_OF_ENGINES
from orchestration.lake.hand_ins import (
    ERP_RECORDS,
    INSTRUMENTS,
    INSTRUMENTS_SOURCE,
    STAGE_READINGS,
    HandIn,
)
from orchestration.lake.paths import (
    EMPTY,
    HAND_INS_SCHEMA,
    Lake,
    content_sha256,
    sha256_of_bytes,
    text_schema,
)
from orchestration.lake.warehouse import engine
from orchestration.spreadsheets.files import printable, sha256_of_hand_in

MONTH_SCHEMA = ACCEPTED_SCHEMA.remove(ACCEPTED_SCHEMA.get_field_index("period_month"))
INSTRUMENTS_SCHEMA = LANDED_INSTRUMENTS_SCHEMA.append(pa.field("revision", pa.int32()))
NOBODY = "_round"
"""Stands where a hand-in would, for findings on a file that belongs to none."""

SIGN_OFFS = "_sign_offs"
"""Stands where a hand-in would, for findings on sign-offs: judged apart, and again to release."""

JUDGED_FILES = text_schema(("file", "sha256"))

SOURCES = ("source", "owner", "owner_zh")
EXPECTED = ("round", "hand_in", "source", "facility_id")
CALENDAR = ("round", "opens_on", "closes_on", "first_month", "last_month")


@dataclass(frozen=True)
class RoundResult:
    """What the gate said about a round, and what it let in."""

    round: str
    verdicts: list[dict[str, Any]]
    findings: pa.Table
    new_revisions: Mapping[str, int]
    waivers: list[dict[str, Any]] = field(default_factory=list)
    sign_offs: list[dict[str, Any]] = field(default_factory=list)


def accept_company(data: DataFolder, lake: Lake) -> dict[str, pa.Table]:
    """Write the validated master data, settings and calendar, all columns as text."""
    tables = company_tables(data)
    for name, table in tables.items():
        lake.write_if_changed(lake.company(name), table)
    return tables


def company_tables(data: DataFolder) -> dict[str, pa.Table]:
    """The master data of the folder as it stands now, by table."""
    company = data.company
    tables = {
        name: pa.Table.from_pandas(
            company[name], schema=text_schema(TABLES[name].all_columns), preserve_index=False
        )
        for name in TABLES
    }
    settings = [
        {"key": key, "value": value}
        for key, value in sorted(company.settings.items())
        if key not in SETTINGS_OF_ENGINES
    ]
    tables["settings"] = pa.Table.from_pylist(settings, schema=text_schema(("key", "value")))
    return tables | calendar_tables(data)


def calendar_tables(data: DataFolder) -> dict[str, pa.Table]:
    """What is owed when and by whom: rounds, their hand-ins, and the owners of the maps."""
    calendar = [{name: str(getattr(one, name)) for name in CALENDAR} for one in data.rounds]
    owners = [
        {"source": name, "owner": one.owner, "owner_zh": one.owner_zh}
        for name, one in sorted(data.maps.items())
    ]
    return {
        "rounds": pa.Table.from_pylist(calendar, schema=text_schema(CALENDAR)),
        "expected_hand_ins": pa.Table.from_pylist(
            expected_hand_ins(data), schema=text_schema(EXPECTED)
        ),
        "sources": pa.Table.from_pylist(owners, schema=text_schema(SOURCES)),
    }


def expected_hand_ins(data: DataFolder) -> list[dict[str, str | None]]:
    """Every hand-in that a round of the calendar expects, and the map that reads it."""
    return [
        {
            "round": one.round,
            "hand_in": one.name,
            "source": one.source,
            "facility_id": one.facility_id or None,
        }
        for round_ in data.rounds
        for one in round_.expected_hand_ins
    ]


def judge_and_accept(
    data: DataFolder, lake: Lake, round_: Round, today: date | None = None
) -> RoundResult:
    """Judge every landed hand-in of a round and its approvals, and let in what passed.

    Waivers end and sign-offs begin on a day; `today` is that of the judgement.
    """
    from expectations.verdict import SUITES, judge_round

    today = today or date.today()
    write_empty_tables(lake)
    case = landed_case(data, lake, round_)
    arrived = [one.hand_in.name for one in case.hand_ins]
    rules = [rule for suite in SUITES.values() for rule in suite]
    waivers = read_waivers(data, round_, [*arrived, INSTRUMENTS], rules, today)
    withdrawals = read_withdrawals(data, round_, arrived, today)
    with engine() as connection:
        lay_out(connection, data, lake, case, withdrawals)
        judgement = judge_round(
            connection,
            round=round_,
            company=data.company,
            waivers=waivers,
            withdrawals=withdrawals,
        )
    return _accept(data, lake, case, judgement, waivers, today)


def _accept(
    data: DataFolder, lake: Lake, case: Case, judgement: Any, waivers: Waivers, today: date
) -> RoundResult:
    registry = lake.registry()
    round_ = case.round
    passed = set(judgement.accepted_hand_ins)
    new_rows: list[dict[str, Any]] = []
    for one in case.hand_ins:
        if one.hand_in.name in passed:
            mine = pc.equal(judgement.withdrawn["hand_in"], one.hand_in.name)
            withdrawn = judgement.withdrawn.filter(mine)
            new_rows += _write_hand_in(lake, registry, round_, one, withdrawn)
    if INSTRUMENTS in passed:
        new_rows += _write_instruments(lake, registry, round_, case.instruments)
    if new_rows:
        added = pa.Table.from_pylist(new_rows, schema=HAND_INS_SCHEMA)
        registry = pa.concat_tables([registry, added])
    verdicts = [
        {**row, "revision_in_force": _revision(lake, registry, round_.round, row["hand_in"])}
        for row in judgement.verdicts.to_pylist()
    ]
    waived = waivers.rows()
    lake.write(lake.waivers(round_.round), pa.Table.from_pylist(waived, schema=WAIVER_SCHEMA))
    _write_quality(lake, round_.round, judgement, verdicts)
    _write_judged_files(data, lake, round_, verdicts)
    if new_rows:
        lake.write(lake.hand_ins, registry)
    add_judgements(lake, round_.round, verdicts, today)
    write_as_of(lake, today)
    new = {row["hand_in"]: row["revision"] for row in new_rows}
    content = content_of_round(registry, round_.round, waived)
    sign_offs = judge_sign_offs(data, round_, files_of(verdicts), content, today)
    write_sign_offs(lake, round_.round, sign_offs)
    findings = pa.concat_tables([judgement.findings, sign_offs.findings])
    return RoundResult(round_.round, verdicts, findings, new, waived, sign_offs.rows.to_pylist())


def kept_result(lake: Lake, round_: str) -> RoundResult:
    """What the gate said of a round when it judged it last, as it is kept."""
    return RoundResult(
        round_,
        lake.verdict_rows(round_),
        lake.read_all(sorted(lake.findings_of(round_).glob("*.parquet")), pa.schema([])),
        {},
        lake.waiver_rows(round_),
        lake.read(lake.sign_offs(round_), SIGN_OFF_SCHEMA).to_pylist(),
    )


def round_files(data: DataFolder, round_: str) -> dict[str, Path]:
    """Everything in a round's folder that is judged, by its place in the data folder."""
    return {
        printable(path.relative_to(data.path)): path
        for path in sorted((data.path / "rounds" / round_).rglob("*"))
        if path.is_file() and path.name != SIGN_OFFS_FILE and not path.name.startswith((".", "~$"))
    }


def _write_judged_files(
    data: DataFolder, lake: Lake, round_: Round, verdicts: Iterable[Mapping[str, Any]]
) -> None:
    """Which files the verdicts are about, so that a release notices what was changed since."""
    read = {row["source_file"]: row["source_sha256"] for row in verdicts if row["source_file"]}
    rows = [
        {"file": file, "sha256": read.get(file) or sha256_of_hand_in(path, data.path)}
        for file, path in round_files(data, round_.round).items()
    ]
    lake.write(lake.judged_files(round_.round), pa.Table.from_pylist(rows, schema=JUDGED_FILES))


def files_of(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """SHA-256 of the file of each hand-in that arrived."""
    return {row["hand_in"]: row["source_sha256"] for row in verdicts if row["source_sha256"]}


def content_of_round(registry: pa.Table, round_: str, waivers: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over what is accepted of a round and over what was waived: its approver signs it."""
    rows = [row for row in newest_rows(registry) if row["round"] == round_]
    return round_content_sha256(rows, waivers)


def write_sign_offs(lake: Lake, round_: str, sign_offs: SignOffs) -> None:
    """The sign-offs of a round and what is wrong with them; they refuse no hand-in."""
    lake.write(lake.sign_offs(round_), sign_offs.rows)
    lake.write(lake.findings(round_, SIGN_OFFS), sign_offs.findings)


def write_empty_tables(lake: Lake) -> None:
    """Empty typed files, so that every table can be read before anything is accepted."""
    from expectations.rules import FINDING_SCHEMA

    quality = lake.path / "quality"
    empty = {
        lake.no_rows(STAGE_READINGS): MONTH_SCHEMA,
        lake.no_rows(ERP_RECORDS): MONTH_SCHEMA,
        lake.no_rows(INSTRUMENTS_SOURCE): INSTRUMENTS_SCHEMA,
        quality / "findings" / EMPTY: FINDING_SCHEMA,
        quality / "verdicts" / EMPTY: verdict_schema(),
        quality / "waivers" / EMPTY: WAIVER_SCHEMA,
        quality / "sign_offs" / EMPTY: SIGN_OFF_SCHEMA,
        quality / "judgements" / EMPTY: JUDGEMENT_SCHEMA,
        lake.as_of: AS_OF_SCHEMA,
        lake.hand_ins: HAND_INS_SCHEMA,
    }
    for path, schema in empty.items():
        if not path.exists() or (path.name == EMPTY and pq.read_schema(path) != schema):
            lake.write(path, schema.empty_table())


def _write_hand_in(
    lake: Lake, registry: pa.Table, round_: Round, landed: CorrectedHandIn, withdrawn: pa.Table
) -> list[dict[str, Any]]:
    """Write a new revision, month by month; no row when it says what is in force already."""
    hand_in, table = landed.hand_in, landed.table
    rows = table.filter(
        pc.and_(pc.equal(table["row_kind"], "reading"), pc.is_valid(table["period_month"]))
    ).select(ACCEPTED_SCHEMA.names)
    content = content_sha256(rows.drop_columns(["revision"]))
    if withdrawn.num_rows:
        content = sha256_of_bytes(f"{content} {content_sha256(withdrawn)}".encode())
    newest = lake.newest_revision(registry, hand_in)
    if newest is not None and newest[1] == content:
        return []
    revision = newest[0] + 1 if newest else 1
    lake.discard_revision(hand_in, revision)
    numbers = pa.repeat(pa.scalar(revision, pa.int32()), rows.num_rows)
    rows = rows.set_column(rows.column_names.index("revision"), "revision", numbers)
    counts = {}
    for month in round_.months:
        part = rows.filter(pc.equal(rows["period_month"], pa.scalar(month, pa.date32())))
        counts[month] = part.num_rows
        if part.num_rows:
            path = lake.accepted_rows(hand_in, revision, month)
            lake.write(path, part.drop_columns(["period_month"]))
    if withdrawn.num_rows:
        lake.write(lake.accepted_withdrawals(hand_in, revision), withdrawn)
    return _registered(landed, content, revision, counts)


def _write_instruments(
    lake: Lake, registry: pa.Table, round_: Round, instruments: pa.Table
) -> list[dict[str, Any]]:
    landed = CorrectedHandIn(HandIn.named(round_.round, INSTRUMENTS), instruments)
    content = content_sha256(instruments)
    newest = lake.newest_revision(registry, landed.hand_in)
    if newest is not None and newest[1] == content:
        return []
    revision = newest[0] + 1 if newest else 1
    numbers = pa.repeat(pa.scalar(revision, pa.int32()), instruments.num_rows)
    lake.write(
        lake.accepted_rows(landed.hand_in, revision, round_.first_month),
        instruments.append_column("revision", numbers).select(INSTRUMENTS_SCHEMA.names),
    )
    counts = dict.fromkeys(round_.months, instruments.num_rows)
    return _registered(landed, content, revision, counts)


def _registered(
    landed: CorrectedHandIn, content: str, revision: int, counts: Mapping[date, int]
) -> list[dict[str, Any]]:
    """One row a month of the round: a month without rows was reported, too."""
    return [
        {
            "round": landed.hand_in.round,
            "hand_in": landed.hand_in.name,
            "source": landed.hand_in.source,
            "facility_id": landed.hand_in.facility_id,
            "period_month": month,
            "revision": revision,
            "source_file": landed.source_file,
            "source_sha256": landed.source_sha256,
            "content_sha256": content,
            "row_count": count,
        }
        for month, count in counts.items()
    ]


def _revision(lake: Lake, registry: pa.Table, round_: str, hand_in: str) -> int | None:
    newest = lake.newest_revision(registry, HandIn.named(round_, hand_in))
    return newest[0] if newest else None


def _write_quality(lake: Lake, round_: str, judgement: Any, verdicts: list[dict[str, Any]]) -> None:
    write_findings(lake, round_, judgement.findings, {row["hand_in"] for row in verdicts})
    write_verdicts(lake, round_, verdicts)


def write_findings(lake: Lake, round_: str, findings: pa.Table, hand_ins: set[str]) -> None:
    """One file a hand-in that was judged, and one for what belongs to no hand-in."""
    names = sorted(hand_ins | set(findings["hand_in"].drop_null().unique().to_pylist()))
    for name in names:
        mine = findings.filter(pc.equal(findings["hand_in"], name))
        lake.write(lake.findings(round_, name), mine)
    nobodys = findings.filter(pc.is_null(findings["hand_in"]))
    lake.write(lake.findings(round_, NOBODY), nobodys)
    kept = [lake.findings(round_, name).name for name in (*names, NOBODY, SIGN_OFFS)]
    lake.keep_only(lake.findings_of(round_), kept)


def write_verdicts(lake: Lake, round_: str, verdicts: list[dict[str, Any]]) -> None:
    """The verdicts of a round in one file."""
    lake.write(lake.verdicts(round_), pa.Table.from_pylist(verdicts, schema=verdict_schema()))


def verdict_schema() -> pa.Schema:
    """A verdict as it is kept, with the revision that is in force after it."""
    from expectations.verdict import VERDICT_SCHEMA

    position = VERDICT_SCHEMA.get_field_index("critical_count")
    return VERDICT_SCHEMA.insert(position, pa.field("revision_in_force", pa.int32()))
