"""Who owes what in each round, at this moment: the query of the mart `round_status`, run here.

The mart says how the rounds stood at the last run. People ask in between, without a build: the
same SQL is run on the verdicts and the log of the warehouse, on the calendar and the sign-offs as
they lie in the data folder now, and on the weights of the newest calculation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import (
    calendar_tables,
    content_of_round,
    files_of,
    verdict_schema,
)
from orchestration.gate.judgement_log import AS_OF_SCHEMA, JUDGEMENT_SCHEMA
from orchestration.gate.sign_offs import FILE as SIGN_OFFS_FILE
from orchestration.gate.sign_offs import ROUND, SIGN_OFF_SCHEMA, judge_sign_offs
from orchestration.lake.hand_ins import INSTRUMENTS
from orchestration.lake.paths import Lake, read_parquet
from orchestration.lake.warehouse import engine
from orchestration.spreadsheets.files import sha256_of_hand_in

if TYPE_CHECKING:
    from jinja2 import Environment

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = PROJECT / "models"
STAGING = (
    "stg_company__rounds",
    "stg_company__expected_hand_ins",
    "stg_company__sources",
    "stg_gate__verdicts",
    "stg_gate__judgements",
    "stg_gate__sign_offs",
    "stg_gate__as_of",
)
NEAR = timedelta(days=3)
"""So long before the deadline, what is missing is warned of."""

COVERED = ("accepted", "accepted_with_warnings", "signed")
HANDED_IN = "handed_in"
"""A file came that nobody judged yet: the one state that only the moment knows."""

WEIGHT_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("period_month", pa.date32()),
        ("location_based_kgco2e", pa.float64()),
    ]
)


@dataclass(frozen=True)
class RoundStatus:
    """How one round stands: a row a hand-in, and what the round as a whole lacks."""

    round: str
    opens_on: date
    closes_on: date
    as_of: date
    rows: tuple[dict[str, Any], ...]
    is_approved: bool
    """Whether an approver signed the round as it is accepted now."""

    @property
    def expected(self) -> tuple[dict[str, Any], ...]:
        """What the calendar asks for; what came unasked is in `rows` only."""
        return tuple(row for row in self.rows if row["is_expected"])

    @property
    def open(self) -> tuple[dict[str, Any], ...]:
        """What is still to be handed in, or handed in anew."""
        return tuple(row for row in self.rows if row["state"] not in COVERED)

    @property
    def is_complete(self) -> bool:
        """Whether all that is expected is accepted and nothing that came is refused."""
        return not self.open

    @property
    def is_overdue(self) -> bool:
        """Whether something is open on a day after the deadline."""
        return not self.is_complete and self.as_of > self.closes_on

    @property
    def is_near(self) -> bool:
        """Whether something is open and the deadline is three days away or less."""
        return not self.is_complete and self.closes_on - NEAR <= self.as_of <= self.closes_on

    @property
    def coverage_share(self) -> float | None:
        """Accepted part of the kgCO2e at risk; None while a weight is unknown."""
        return self.rows[0]["coverage_share"] if self.rows else None

    @property
    def accepted_hand_in_share(self) -> float | None:
        """Accepted part of the hand-ins expected, by number."""
        return self.rows[0]["accepted_hand_in_share"] if self.rows else None

    def covered_by_day(self) -> list[tuple[date, float | None, float]]:
        """Day, and share of weight and of number accepted by its end; steps only.

        The first is the day the round opened. Shares of weight are None where coverage is.
        """
        expected = self.expected
        weights = [max(row["kgco2e_carried"] or 0.0, 0.0) for row in expected]
        total = sum(weights) if all(r["kgco2e_carried"] is not None for r in expected) else 0.0
        accepted = [
            (row["accepted_on"], weight)
            for row, weight in zip(expected, weights, strict=True)
            if row["accepted_on"] is not None
        ]
        days = sorted({self.opens_on, *(day for day, _ in accepted)})
        steps = []
        for day in days:
            until = [weight for accepted_on, weight in accepted if accepted_on <= day]
            weighed = sum(until) / total if total else None
            steps.append((day, weighed, len(until) / len(expected) if expected else 0.0))
        return steps


def round_status(
    data: DataFolder, lake: Lake, today: date, rounds: Sequence[str] = ()
) -> list[RoundStatus]:
    """Every round that is open or was judged, or the rounds named, as of `today`.

    Raises:
        CompanyDataError, MapError: the data folder contradicts itself.
    """
    named = {name: data.round(name) for name in rounds}
    approved: set[str] = set()
    rows = _rows(data, lake, today, approved)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in named}
    for row in rows:
        if not named or row["round"] in named:
            found.setdefault(row["round"], []).append(row)
    result = []
    for name in sorted(found):
        round_ = data.round(name)
        now = _files_now(data, name)
        mine = tuple(_as_it_lies_there(row, now) for row in found[name])
        result.append(
            RoundStatus(name, round_.opens_on, round_.closes_on, today, mine, name in approved)
        )
    return result


def _rows(data: DataFolder, lake: Lake, today: date, approved: set[str]) -> list[dict[str, Any]]:
    calendar = calendar_tables(data)
    verdicts = _under(lake, "verdicts", verdict_schema())
    sources = {
        "company__rounds": calendar["rounds"],
        "company__expected_hand_ins": calendar["expected_hand_ins"],
        "company__sources": calendar["sources"],
        "quality__verdicts": verdicts,
        "quality__judgements": _under(lake, "judgements", JUDGEMENT_SCHEMA),
        "quality__sign_offs": _sign_offs(data, lake, verdicts, today, approved),
        "quality__as_of": pa.Table.from_pylist([{"as_of": today}], schema=AS_OF_SCHEMA),
        "emissions_by_hand_in": lake.read(
            lake.preliminary / "parquet" / "emissions_by_hand_in.parquet", WEIGHT_SCHEMA
        ),
    }
    models = _models()
    with engine() as connection:
        for name, table in sources.items():
            connection.register(name, table)
        for name in STAGING:
            text = _rendered(models, MODELS / "staging" / f"{name}.sql")
            connection.execute(f"create temp view {name} as {text}")
        text = _rendered(models, MODELS / "marts" / "quality" / "round_status.sql")
        return connection.sql(f"{text} order by round, hand_in").to_arrow_table().to_pylist()


def _models() -> Environment:
    """What a model of the project may say, as far as this query goes: ref, source, one macro."""
    from jinja2 import Environment

    environment = Environment(autoescape=False)
    macro = environment.from_string(
        (PROJECT / "macros" / "days_between.sql").read_text(encoding="utf-8")
    )
    environment.globals = {
        "ref": lambda name: name,
        "source": lambda schema, table: f"{schema}__{table}",
        "days_between": vars(macro.module)["default__days_between"],
    }
    return environment


def _rendered(models: Environment, path: Path) -> str:
    return models.from_string(path.read_text(encoding="utf-8")).render()


def _under(lake: Lake, table: str, schema: pa.Schema) -> pa.Table:
    """All files of a folder of quality/; columns that an older one lacks are null."""
    paths = sorted((lake.path / "quality" / table).glob("*.parquet"))
    tables = [read_parquet(path) for path in paths]
    present = [
        pa.table(
            {
                field.name: one[field.name].cast(field.type)
                if field.name in one.column_names
                else pa.nulls(one.num_rows, field.type)
                for field in schema
            },
            schema=schema,
        )
        for one in tables
    ]
    return pa.concat_tables(present) if present else schema.empty_table()


def _sign_offs(
    data: DataFolder, lake: Lake, verdicts: pa.Table, today: date, approved: set[str]
) -> pa.Table:
    """Sign-offs as they stand in the data folder now, of every round that was judged."""
    by_round: dict[str, list[dict[str, Any]]] = {}
    for row in verdicts.to_pylist():
        by_round.setdefault(row["round"], []).append(row)
    registry, tables = lake.registry(), [SIGN_OFF_SCHEMA.empty_table()]
    for round_ in data.rounds:
        file = data.path / "rounds" / round_.round / SIGN_OFFS_FILE
        if round_.round not in by_round or not file.exists():
            continue
        content = content_of_round(registry, round_.round, lake.waiver_rows(round_.round))
        signed = judge_sign_offs(data, round_, files_of(by_round[round_.round]), content, today)
        tables.append(signed.rows)
        if any(row["is_valid"] and row["hand_in"] == ROUND for row in signed.rows.to_pylist()):
            approved.add(round_.round)
    return pa.concat_tables(tables)


def _files_now(data: DataFolder, round_name: str) -> dict[str, str]:
    """SHA-256 of the file of each hand-in of a round that lies in the data folder."""
    round_ = data.round(round_name)
    files = {
        hand_in.name: path
        for source_map in data.maps.values()
        for hand_in, path in data.hand_ins(source_map, round_)
        if path is not None
    }
    certificates = data.instruments_file(round_name)
    if certificates.exists():
        files[INSTRUMENTS] = certificates
    return {hand_in: sha256_of_hand_in(path, data.path) for hand_in, path in files.items()}


def _as_it_lies_there(row: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    """A row with `is_changed`: the file is another than the one judged, or came since, or went."""
    there = files.get(row["hand_in"])
    changed = there != row["source_sha256"]
    if there is not None and row["state"] == "missing":
        return {**row, "state": HANDED_IN, "is_changed": True, "days_late": None}
    return {**row, "is_changed": changed}
