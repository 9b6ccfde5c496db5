"""accepted/unit_conversions: canonical units in one unit text, for every pair that occurs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from orchestration.company.data_folder import Company
from orchestration.company.units import conversions
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import engine

CONVERSION_SCHEMA = pa.schema(
    [
        ("flow_id", pa.string()),
        ("property", pa.string()),
        ("unit_text", pa.string()),
        ("unit_code", pa.string()),
        ("multiplier", pa.float64()),
        ("problem", pa.string()),
        ("problem_zh", pa.string()),
    ]
)
NET = "net"
"""The basis of a property `ncv` whose unit states none: it is the net one by its name."""

PROPERTY_UNITS = {
    "ncv": "TJ/{unit_code}",
    "density": "kg/L",
    "carbon_content": "t/TJ",
    "carbon_content_per_unit": "kg/{unit_code}",
}
"""Canonical unit of a flow's property; a property without a dimension is not in here."""

ELECTRICITY = ("kWh", "MWh")
"""Units in which certificates are listed, whatever unit the hand-ins use."""


def conversion_rows(
    company: Company, pairs: Iterable[Mapping[str, str | None]]
) -> list[dict[str, Any]]:
    """Multiplier of each pair of flow and unit text, or the problem that stands against it."""
    unit_codes = dict(zip(company["flows"]["flow_id"], company["flows"]["unit_code"], strict=True))
    wanted = {}
    for pair in pairs:
        flow_id, unit_text, of_property = pair["flow_id"], pair["unit_text"], pair["property"] or ""
        unit_code = unit_codes.get(flow_id)
        if flow_id is None or unit_code is None or unit_text is None:
            continue
        if of_property:
            unit_code = PROPERTY_UNITS.get(of_property, unit_text).format(unit_code=unit_code)
        wanted[flow_id, of_property, unit_text] = unit_code
    found = {}
    for basis in (None, NET):
        asked = {
            (flow_id, unit_text, code)
            for (flow_id, of_property, unit_text), code in wanted.items()
            if (of_property == "ncv") == (basis == NET)
        }
        found[basis] = conversions(asked, company.bridges, unstated_basis=basis)
    rows = []
    for (flow_id, of_property, unit_text), unit_code in sorted(wanted.items()):
        one = found[NET if of_property == "ncv" else None][flow_id, unit_text, unit_code]
        rows.append({"flow_id": flow_id, "property": of_property, **one._asdict()})
    return rows


def rebuild_conversions(company: Company, lake: Lake, rounds: Iterable[str]) -> pa.Table:
    """The pairs known so far and those of these rounds, with today's properties of flows."""
    pairs = _known_pairs(lake)
    for round_ in rounds:
        pairs |= _pairs_of_round(lake, round_)
    pairs |= _factor_pairs(lake)
    flows = company["flows"]
    energy = flows[flows["flow_kind"] == "electricity"]["flow_id"]
    pairs |= {(flow_id, "", unit) for flow_id in energy for unit in ELECTRICITY}
    scenarios = company["scenarios"]
    pairs |= {
        (flow_id, "", unit)
        for flow_id, unit in zip(scenarios["flow_id"], scenarios["unit"], strict=True)
    }
    named = [
        {"flow_id": flow_id, "property": of_property, "unit_text": unit_text}
        for flow_id, of_property, unit_text in pairs
    ]
    rows = [row for row in conversion_rows(company, named) if row["multiplier"] is not None]
    table = pa.Table.from_pylist(rows, schema=CONVERSION_SCHEMA)
    lake.write_if_changed(lake.accepted("unit_conversions"), table)
    return table


def _known_pairs(lake: Lake) -> set[tuple[str, str, str]]:
    known = lake.read(lake.accepted("unit_conversions"), CONVERSION_SCHEMA)
    return {(row["flow_id"], row["property"], row["unit_text"]) for row in known.to_pylist()}


def _pairs_of_round(lake: Lake, round_: str) -> set[tuple[str, str, str]]:
    readings, instruments = list(lake.readings(round_)), list(lake.instruments(round_))
    with engine() as connection:
        rows = []
        if readings:
            rows += connection.execute(
                "select distinct flow_id, coalesce(property, ''), unit_text from read_parquet($1) "
                "where flow_id is not null and unit_text is not null",
                [[str(path) for path in readings]],
            ).fetchall()
        if instruments:
            rows += connection.execute(
                "select distinct flow_id, '', unit from read_parquet($1) where unit is not null",
                [[str(path) for path in instruments]],
            ).fetchall()
    return set(rows)


def _factor_pairs(lake: Lake) -> set[tuple[str, str, str]]:
    path = lake.accepted("emission_factors")
    if not path.exists():
        return set()
    with engine() as connection:
        rows = connection.execute(
            "select distinct flow_id, '', unit from read_parquet($1) where unit is not null",
            [str(path)],
        ).fetchall()
    return set(rows)
