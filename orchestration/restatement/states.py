"""Figures of the states between two releases, each calculated from rows of both."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from orchestration import progress
from orchestration.calculation.control import code_fingerprint
from orchestration.calculation.dbt import PROJECT
from orchestration.calculation.recomputing import RecomputeError, recompute
from orchestration.calculation.solving import CRITICAL, finding_rows
from orchestration.company.data_folder import Company
from orchestration.gate.acceptance import INSTRUMENTS_SCHEMA, MONTH_SCHEMA, write_empty_tables
from orchestration.gate.conversions import CONVERSION_SCHEMA, conversion_rows
from orchestration.gate.statements import rows_of
from orchestration.lake.hand_ins import INSTRUMENTS, HandIn
from orchestration.lake.paths import (
    HAND_INS_SCHEMA,
    NO_MONTH,
    Lake,
    content_sha256,
    read_parquet,
    text_schema,
)
from orchestration.lake.warehouse import Warehouse
from orchestration.publication.files import write_parquet
from orchestration.restatement.figures import figures_of
from orchestration.restatement.released_inputs import (
    CAUSE_OF_TABLE,
    FACTORS,
    GASES,
    STEPS,
    ComparedReadings,
    ReleasedInputs,
    as_table,
    factors_at,
    gwp_set_at,
    instruments_at,
    table_at,
)

CALCULATION = "calculation"
"""What other code makes of the same rows; a change of method."""

BETWEEN = "between"
"""Round of the rows that a state puts together; rows of real rounds keep theirs."""

WHERE_READ = ("round", "revision", "source_sha256", "source_line")
"""What a row may change without changing a figure."""


@dataclass(frozen=True)
class RestatementState:
    """Figures after a step; `figures` is None, and `problem` says why, if there are none."""

    step: str
    figures: pa.Table | None
    problem: str = ""


def states(
    older: ReleasedInputs, newer: ReleasedInputs, scratch: Path
) -> Iterator[RestatementState]:
    """The released figures of the older, each state between, the released figures of the newer.

    States of the same content are calculated once; those of a release that today's code made are
    taken from it. `scratch`: an empty folder to calculate in.
    """
    code = code_fingerprint(PROJECT)
    reported = {one.name: figures_of(one.folder / "parquet") for one in (older, newer)}
    yield RestatementState("", reported[older.name])
    lake, readings = Lake(scratch / "state"), ComparedReadings(older, newer)
    of_releases = {}
    for one, step in ((older, 0), (newer, len(STEPS))):
        if one.versions["figures_code_sha256"] == code:
            of_releases[_content(older, newer, readings, step)] = reported[one.name]
    known: dict[str, RestatementState] = {}
    for step in range(len(STEPS) + 1):
        cause = STEPS[step - 1] if step else CALCULATION
        progress.step(f"{older.name} to {newer.name}, {cause}", step, len(STEPS) + 1)
        content = _content(older, newer, readings, step)
        if content in of_releases:
            state = RestatementState("", of_releases[content])
        elif content in known:
            state = known[content]
        else:
            state = known[content] = _calculated(lake, older, newer, readings, step)
        yield RestatementState(cause, state.figures, state.problem)
    yield RestatementState(CALCULATION, reported[newer.name])


def _tables(
    older: ReleasedInputs, newer: ReleasedInputs, readings: ComparedReadings, step: int
) -> dict[str, pa.Table]:
    """Everything a state is calculated from."""
    company = {name: table_at(older, newer, name, step) for name in CAUSE_OF_TABLE}
    factors = factors_at(older, newer, step)
    pairs = [
        {"flow_id": flow_id, "property": of_property, "unit_text": unit_text}
        for flow_id, of_property, unit_text in sorted(older.units | newer.units)
    ]
    tables = {f"company/{name}": _text(frame) for name, frame in company.items()}
    tables |= {name: as_table(factors[name], schema) for name, schema in _factor_schemas().items()}
    conversions = conversion_rows(Company({}, company), pairs)
    tables["unit_conversions"] = pa.Table.from_pylist(conversions, schema=CONVERSION_SCHEMA)
    tables[INSTRUMENTS] = as_table(instruments_at(older, newer, step), INSTRUMENTS_SCHEMA)
    schema = MONTH_SCHEMA.append(pa.field("period_month", pa.date32()))
    rows = readings.at(step)
    order = ["source", "hand_in", "period_month"]
    for (hand_in, month), part in rows.groupby(["hand_in", "period_month"]):
        part = part.sort_values([*order, "source_sheet", "source_cell"], kind="stable")
        tables[f"{hand_in}|{month}"] = as_table(part, schema)
    return tables


def _content(
    older: ReleasedInputs, newer: ReleasedInputs, readings: ComparedReadings, step: int
) -> str:
    """One hash over what figures follow from; which round brought a row does not count."""
    digest = hashlib.sha256(gwp_set_at(older, newer, step).encode())
    for name, table in sorted(_tables(older, newer, readings, step).items()):
        where = [column for column in WHERE_READ if column in table.column_names]
        table = table.drop_columns(where)
        if name.startswith(("company/", FACTORS, GASES)):
            table = table.sort_by([(column, "ascending") for column in table.column_names])
        digest.update(f"{name} {content_sha256(table)}\n".encode())
    for row in sorted(readings.files_at(step), key=repr):
        place = f"{row['hand_in']} {row['period_month']} {row['content_sha256']}"
        digest.update(f"{place}\n".encode())
    return digest.hexdigest()


def _calculated(
    lake: Lake, older: ReleasedInputs, newer: ReleasedInputs, readings: ComparedReadings, step: int
) -> RestatementState:
    """Figures of a state, built from nothing but the forms of the tables of the state before."""
    for path in lake.path.glob("*"):
        if path.name not in (".dbt", lake.working_file.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _write(lake, newer, _tables(older, newer, readings, step), readings.files_at(step))
    try:
        recompute(lake, gwp_set_at(older, newer, step), "", tested=False, shaped_like=lake)
        _refuse_missing_factors(lake)
    except RecomputeError as error:
        return RestatementState("", None, error.problems[0])
    unsolved = sorted(
        {row["reference_period"] for row in finding_rows(lake) if row["severity"] == CRITICAL}
    )
    (lake.path / "parquet").mkdir()
    write_parquet(lake, lake.path / "parquet")
    problem = f"not solved: {', '.join(unsolved)}" if unsolved else ""
    return RestatementState("", figures_of(lake.path / "parquet"), problem)


def _refuse_missing_factors(lake: Lake) -> None:
    """What the data tests would say of figures that lack a part; the rest is none of a state's."""
    with Warehouse(lake).reading() as connection:
        missing = connection.execute(
            """
            select flow_id from intermediate.int_missing_factors
            union
            select flow_id from intermediate.int_missing_scenario_factors
            order by flow_id
            """
        ).fetchall()
    if missing:
        flows = ", ".join(str(flow) for (flow,) in missing)
        raise RecomputeError([f"Factors of one release don't cover the rows of the other: {flows}"])


def _write(
    lake: Lake,
    newer: ReleasedInputs,
    tables: Mapping[str, pa.Table],
    files: Sequence[Mapping[str, Any]],
) -> None:
    """The readings that count, of unchanged rows under their round, of others as one round."""
    for path in sorted((newer.folder / "accepted").rglob("*.parquet")):
        relative = path.relative_to(newer.folder / "accepted")
        if relative.parts[0] == path.name or relative.parts[0] == "company":
            lake.write(lake.path / "accepted" / relative, read_parquet(path))
    shutil.copytree(newer.folder / "quality", lake.path / "quality", copy_function=shutil.copyfile)
    write_empty_tables(lake)
    registry, released = [dict(row) for row in files], Lake(newer.folder)
    for row in files:
        if row["row_count"]:
            lake.write(rows_of(lake, row), newer.counting.readings(released, row))
    for name, table in tables.items():
        hand_in, _, month = name.partition("|")
        if month:
            registry.append(_write_month(lake, HandIn.named(BETWEEN, hand_in), table))
        elif name == INSTRUMENTS:
            registry += _write_instruments(lake, table, sorted(newer.months))
        else:
            lake.write(lake.accepted(name), table)
    lake.write(lake.hand_ins, pa.Table.from_pylist(registry, schema=HAND_INS_SCHEMA))


def _write_month(lake: Lake, hand_in: HandIn, table: pa.Table) -> dict[str, Any]:
    month = table["period_month"][0].as_py()
    count = table.num_rows
    fixed = {
        "round": pa.repeat(pa.scalar(BETWEEN), count),
        "revision": pa.repeat(pa.scalar(1, pa.int32()), count),
    }
    content = table.drop_columns(["period_month"])
    for column, values in fixed.items():
        content = content.set_column(content.schema.get_field_index(column), column, values)
    lake.write(lake.accepted_rows(hand_in, 1, month), content)
    first = table.slice(0, 1).to_pylist()[0]
    return {
        "round": BETWEEN, "hand_in": hand_in.name, "source": first["source"],
        "facility_id": hand_in.facility_id, "period_month": month,
        "revision": 1, "source_file": first["source_file"],
        "source_sha256": first["source_sha256"], "content_sha256": content_sha256(content),
        "row_count": count,
    }  # fmt: skip


def _write_instruments(lake: Lake, table: pa.Table, months: list) -> list[dict[str, Any]]:
    rows, registry = table.to_pylist(), []
    for round_, revision in sorted({(row["round"], row["revision"]) for row in rows}):
        mine = [row for row in rows if (row["round"], row["revision"]) == (round_, revision)]
        part = pa.Table.from_pylist(mine, schema=INSTRUMENTS_SCHEMA)
        hand_in = HandIn.named(round_, INSTRUMENTS)
        lake.write(lake.accepted_rows(hand_in, revision, NO_MONTH), part)
        registry += [
            {
                "round": round_, "hand_in": hand_in.name, "source": hand_in.source,
                "facility_id": hand_in.facility_id, "period_month": month, "revision": revision,
                "source_file": mine[0]["source_file"], "source_sha256": "",
                "content_sha256": content_sha256(part), "row_count": len(mine),
            }
            for month in months or [NO_MONTH]
        ]  # fmt: skip
    return registry


def _text(frame: pd.DataFrame) -> pa.Table:
    return as_table(frame, text_schema(frame.columns))


def _factor_schemas() -> dict[str, pa.Schema]:
    """Types of the factor tables as today's gate writes them."""
    from expectations.factor_judgement import FACTOR_SCHEMA, GAS_SCHEMA

    return {FACTORS: FACTOR_SCHEMA, GASES: GAS_SCHEMA}
