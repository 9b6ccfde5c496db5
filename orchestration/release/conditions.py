"""What a release still lacks: hand-ins and signatures, and, once nothing is to come, figures.

A round's figures stand on every round before it, so the same is asked of each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from orchestration.calculation.control import FIGURE_TABLES, REDUCTION_TABLES
from orchestration.company.data_folder import DataFolder, Round
from orchestration.footprint.system_tables import PERIODS
from orchestration.gate.acceptance import (
    JUDGED_FILES,
    company_tables,
    content_of_round,
    files_of,
    round_files,
)
from orchestration.gate.factors import NAME as FACTORS
from orchestration.gate.sign_offs import ROUND, SignOffs, judge_sign_offs
from orchestration.gate.statements import newest_rows
from orchestration.ingest.landing import supplier_files, supplier_files_landed
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Connection, Warehouse, tables_in
from orchestration.publication.folders import all_releases
from orchestration.release.draft import ReleaseDraft, SignedRound
from orchestration.spreadsheets.files import sha256_of_hand_in, why_no_file

LARGEST_RESIDUE_KG = 1.0
"""Above it, products and bridge lines do not add up to the factory (method R25)."""

LISTED = 20
"""Findings of one kind that are listed by name; the rest are counted."""


def judged(
    data: DataFolder, lake: Lake, round_name: str, stated_gwp_set: str, today: date
) -> ReleaseDraft:
    """A release of a round and of all before it, judged as of today; nothing is written."""
    newest = data.round(round_name)
    rounds = [one for one in data.rounds if one.round <= newest.round]
    names = {one.round for one in rounds}
    registry = lake.registry()
    return ReleaseDraft(
        data=data,
        warehouse=lake,
        today=today,
        signed=tuple(_judge_round(data, lake, registry, one, today) for one in rounds),
        accepted=tuple(row for row in newest_rows(registry) if row["round"] in names),
        not_ready=tuple(_master_data_missing(data, lake)),
        earlier=tuple(all_releases(lake)),
        stated_gwp_set=stated_gwp_set,
    )


def _judge_round(
    data: DataFolder, lake: Lake, registry: pa.Table, round_: Round, today: date
) -> SignedRound:
    verdicts = lake.verdict_rows(round_.round)
    waivers = lake.waiver_rows(round_.round)
    content = content_of_round(registry, round_.round, waivers)
    sign_offs = judge_sign_offs(data, round_, files_of(verdicts), content, today)
    if not verdicts:
        not_accepted = [f"{round_.round}: not judged yet. Run carbonloom run."]
        not_signed = []
    else:
        not_accepted = [
            *_unreadable(data, round_.round),
            *_changed_since(data, lake, round_.round),
            *_not_accepted(lake, round_, verdicts, today),
        ]
        not_signed = _not_signed(round_, sign_offs, files_of(verdicts), content)
    return SignedRound(round_, content, sign_offs, tuple(not_accepted), tuple(not_signed))


def _master_data_missing(data: DataFolder, lake: Lake) -> list[str]:
    """Master data and factor libraries that aren't those of the last run, or were refused."""
    missing = []
    tables = company_tables(data)
    behind = [
        name
        for name in (*FIGURE_TABLES, *REDUCTION_TABLES, "supplier_records")
        if not lake.company(name).exists()
        or not lake.read(lake.company(name), tables[name].schema).equals(tables[name])
    ]
    if behind:
        missing.append(f"Changed since the last run: {', '.join(behind)}. Run carbonloom run.")
    for path in sorted((data.path / "emission_factors").glob("*.csv")):
        landed = lake.landed_library(path.stem)
        read = lake.read(landed, JUDGED_FILES) if landed.exists() else None
        if read is None or (
            read.num_rows and read["source_sha256"][0].as_py() != sha256_of_hand_in(path, data.path)
        ):
            missing.append(f"emission_factors/{path.name} changed since. Run carbonloom run.")
    if supplier_files(data) != supplier_files_landed(lake):
        missing.append("emission_factors/suppliers changed since. Run carbonloom run.")
    missing += [
        f"emission_factors/{row['hand_in'].rpartition('/')[2]}: refused with "
        f"{_findings(row)}. Correct the library."
        for row in lake.verdict_rows(FACTORS)
        if row["state"] == "refused"
    ]
    return missing


def _findings(verdict: Mapping[str, Any]) -> str:
    number = verdict["critical_count"]
    return f"{number} critical finding{'' if number == 1 else 's'}"


def _unreadable(data: DataFolder, round_: str) -> list[str]:
    """A release holds every file of its round, so each must be one that may be copied."""
    reasons = {
        file: why_no_file(path, data.path) for file, path in round_files(data, round_).items()
    }
    return [f"{file}: {reason}" for file, reason in reasons.items() if reason is not None]


def _changed_since(data: DataFolder, lake: Lake, round_: str) -> list[str]:
    judged = {
        row["file"]: row["sha256"]
        for row in lake.read(lake.judged_files(round_), JUDGED_FILES).to_pylist()
    }
    now = {
        file: sha256_of_hand_in(path, data.path) for file, path in round_files(data, round_).items()
    }
    changed = sorted(
        file for file in judged.keys() | now.keys() if judged.get(file) != now.get(file)
    )
    return [f"{file}: changed since it was judged. Run carbonloom run." for file in changed]


def _not_accepted(
    lake: Lake, round_: Round, verdicts: Iterable[dict[str, Any]], today: date
) -> list[str]:
    states = {row["hand_in"]: row for row in verdicts}
    missing = []
    for hand_in in sorted({*round_.expected, *states}):
        row = states.get(hand_in)
        if row is None or row["state"] == "missing":
            missing.append(f"{round_.round} {hand_in}: not handed in.")
        elif row["state"] == "refused":
            missing.append(
                f"{round_.round} {hand_in}: refused with {_findings(row)}. {row['note']}"
            )
    ended = [
        row
        for row in lake.finding_rows(round_.round)
        if row["severity"] == "critical" and row.get("waived_by") and row["waived_until"] < today
    ]
    return missing + [
        f"{round_.round} {row['hand_in']}: the waiver of {row['rule_id']} ended on "
        f"{row['waived_until']}. Correct the cause, or have it waived anew."
        for row in ended
    ]


def _not_signed(
    round_: Round, sign_offs: SignOffs, files: dict[str, str], content: str
) -> list[str]:
    by_hand_in: dict[str, list[str]] = {}
    for hand_in, role in sign_offs.missing(sorted({*round_.expected, *files})):
        by_hand_in.setdefault(hand_in, []).append(role)
    missing = []
    for hand_in, roles in by_hand_in.items():
        if hand_in == ROUND:
            what = f"content_sha256 {content}"
        else:
            what = f"source_sha256 {files.get(hand_in, 'of the file to come')}"
        missing.append(f"{round_.round} {hand_in}: not signed by {', '.join(roles)}; {what}")
    return missing + [
        f"{row['message_en']} {row['remedy_en']}" for row in sign_offs.findings.to_pylist()
    ]


def figures_missing(lake: Lake, today: date) -> list[str]:
    """What stands against the figures of a warehouse that was just built.

    Hand-ins that were refused or are missing are told by their verdicts, so their findings are
    left out here.
    """
    with Warehouse(lake).reading() as connection:
        missing = _critical_results(connection, today)
        if "reconciliation" in tables_in(connection, "marts"):
            missing += _open_reconciliation(connection)
    return missing + [
        f"{row['reference_period']}: the product system is not solved; see solved findings."
        for row in lake.read(lake.solved_periods, PERIODS).to_pylist()
        if not row["is_solved"]
    ]


def _critical_results(connection: Connection, today: date) -> list[str]:
    rows = connection.execute(
        """
        select rule_id, message_en, count(*) over (partition by rule_id) as how_many,
            row_number() over (partition by rule_id order by message_en) as number
        from marts.quality_results
        where severity = 'critical'
            and coalesce(hand_in_state, '') not in ('refused', 'missing')
            and (waived_by is null or waived_until < $1)
        order by rule_id, message_en
        """,
        [today],
    ).fetchall()
    missing = []
    for rule_id, message, how_many, number in rows:
        if number <= LISTED:
            missing.append(f"{rule_id}: {message}")
        elif number == how_many:
            missing.append(f"{rule_id}: and {how_many - LISTED} more, see quality_results")
    return missing


def _open_reconciliation(connection: Connection) -> list[str]:
    """Residues of any period, in any gas: products + named bridge lines = factory.

    A residue that isn't known is open, too.
    """
    columns = [
        name
        for (name,) in connection.execute(
            "select column_name from information_schema.columns where table_schema = 'marts' "
            "and table_name = 'reconciliation' and data_type = 'DOUBLE' "
            "and (ends_with(column_name, '_kg') or ends_with(column_name, '_kgco2e')) "
            "order by ordinal_position"
        ).fetchall()
    ]
    missing = []
    for column in columns:
        rows = connection.execute(
            f'select reference_period, sum("{column}") from marts.reconciliation '
            "where bridge_line = 'residue' group by reference_period "
            f'having not coalesce(abs(sum("{column}")) < {LARGEST_RESIDUE_KG}, false) '
            "order by reference_period"
        ).fetchall()
        missing += [
            f"{period}: the reconciliation leaves "
            f"{'an unknown amount' if residue is None else f'{residue:,.3f} kg'} open in {column}."
            for period, residue in rows
        ]
    return missing
