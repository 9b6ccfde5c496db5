"""The factor libraries: what passed the factor gate becomes accepted/emission_factors.

A library is accepted whole or not at all; of a refused one, what was accepted before stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.company.data_folder import TABLES
from orchestration.gate.acceptance import write_findings, write_verdicts
from orchestration.gate.standing import CODE, PACKAGES, hashes_of, invalidate, is_kept, keep
from orchestration.lake.fingerprints import code_sha256, fingerprint
from orchestration.lake.paths import Lake, text_schema

NAME = "emission_factors"
"""Stands where a round would: factor libraries are collected for none."""

FACTORS, GASES = "emission_factors", "emission_factor_gases"
LOOKED_AT = ("flows", "flow_properties", "facilities", "suppliers", "tolerances")
"""Company tables that the rules on factors look at."""


@dataclass(frozen=True)
class FactorResult:
    """The factor versions in force, and what the gate said."""

    factors: pa.Table
    findings: pa.Table
    refused: tuple[str, ...]


def accept_factors(lake: Lake) -> FactorResult:
    """Judge the landed libraries together, and put in force those that passed.

    While libraries, company tables and rules are the same, what was said of them stands.
    """
    if is_kept(lake, NAME, _rests_on(lake)):
        return _kept_result(lake)
    invalidate(lake, NAME)
    result = _judge_and_accept(lake)
    left = [lake.verdicts(NAME), *sorted(lake.findings_of(NAME).glob("*.parquet"))]
    keep(lake, NAME, _rests_on(lake), left)
    return result


def _rests_on(lake: Lake) -> str:
    """One hash over what a judgement of the libraries rests on, and what it accepted."""
    return fingerprint(
        code_sha256(CODE, PACKAGES),
        *hashes_of(sorted(lake.landed_libraries.glob("*.parquet"))),
        *hashes_of(lake.company(name) for name in LOOKED_AT),
        *hashes_of(lake.accepted(name) for name in (FACTORS, GASES)),
    )


def _kept_result(lake: Lake) -> FactorResult:
    refused = [
        row["hand_in"].removeprefix(f"{NAME}/")
        for row in lake.verdict_rows(NAME)
        if row["state"] == "refused"
    ]
    return FactorResult(
        lake.read(lake.accepted(FACTORS), pa.schema([])),
        lake.read_all(sorted(lake.findings_of(NAME).glob("*.parquet")), pa.schema([])),
        tuple(refused),
    )


def _judge_and_accept(lake: Lake) -> FactorResult:
    from expectations.factor_judgement import FACTOR_SCHEMA, GAS_SCHEMA, judge_factors

    folder = lake.landed_libraries
    landed = {
        path.stem: lake.read(path, pa.schema([])) for path in sorted(folder.glob("*.parquet"))
    }
    tables = {
        name: lake.read(lake.company(name), text_schema(TABLES[name].all_columns))
        for name in LOOKED_AT
    }
    judgement = judge_factors(landed, **tables)
    refused = pa.array(judgement.refused_libraries, pa.string())
    before = lake.read(lake.accepted(FACTORS), FACTOR_SCHEMA)
    kept = before.filter(pc.is_in(before["library"], refused))
    gases = lake.read(lake.accepted(GASES), GAS_SCHEMA)
    kept_gases = gases.filter(pc.is_in(gases["factor_version_id"], kept["factor_version_id"]))
    # what an older version accepted lacks columns that came later
    factors = pa.concat_tables([judgement.factors, kept], promote_options="default")
    write_findings(lake, NAME, judgement.findings, _hand_ins(judgement.verdicts))
    write_verdicts(lake, NAME, _verdict_rows(judgement.verdicts))
    lake.write_if_changed(lake.accepted(GASES), pa.concat_tables([judgement.gases, kept_gases]))
    lake.write_if_changed(lake.accepted(FACTORS), factors)
    return FactorResult(factors, judgement.findings, judgement.refused_libraries)


def _hand_ins(verdicts: pa.Table) -> set[str]:
    return {f"{NAME}/{library}" for library in verdicts["library"].to_pylist()}


def _verdict_rows(verdicts: pa.Table) -> list[dict[str, Any]]:
    return [
        {**row, "hand_in": f"{NAME}/{row['library']}", "source": NAME}
        for row in verdicts.to_pylist()
    ]
