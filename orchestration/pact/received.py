"""Suppliers' footprints: the PACT records under emission_factors/suppliers/ as rows of a library.

A record says what a product emits to the supplier's gate; `records.csv` beside it says which
supplier and flow of the company it is about, and what is done with its packaging and delivery, so
that nothing is guessed and nothing counted twice. What is wrong with a record stands in its row,
for the gate to judge.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from expectations.factor_rows import LIBRARY_OF_RECORDS, RATINGS
from orchestration.pact.checks import RecordContext, problems_of, years_later
from orchestration.pact.decimals import as_text
from orchestration.pact.version_2 import NotReadableError, in_version_3

FOLDER = "suppliers"
VALID_YEARS = 3
UNITS = {
    "liter": "L",
    "kilogram": "kg",
    "cubic meter": "m3",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "ton kilometer": "t*km",
    "square meter": "m2",
    "piece": "piece",
    "hour": "h",
}
"""Declared units as the units of factors are written; `megabit second` has no place here."""

INCLUDED, TAKEN_OUT = "included", "taken_out"
ADDED, OWN = "added", "own"
LAND_USE = (
    *("landUseChangeGhgEmissions", "landManagementBiogenicCO2Emissions"),
    "landManagementBiogenicCO2Removals",
)
NO_RULE_OF_VERSION_2 = ("S18", "S4")
"""Rules on what version 2.x states in other words: standards, and uptake beside carbon."""


@dataclass(frozen=True)
class ReceivedRecord:
    """One record as it lies in the folder, in version 3, and what makes it unreadable."""

    file: str
    sha256: str
    position: int
    record: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def id(self) -> str:
        """Its UUID, in lower case."""
        return str(self.record.get("id", "")).lower()

    @property
    def is_version_2(self) -> bool:
        """Whether it was written in version 2.x."""
        return str(self.record.get("specVersion", "")).startswith("2.")

    @property
    def product_ids(self) -> list[str]:
        """Ids of its product; none where they are no list of texts."""
        return _texts(self.record.get("productIds"))


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a record or its line, as a rule of the gate takes it."""

    rule_id: str
    field: str
    observed: str
    expected: str


Row = dict[str, str | None]


def read_file(path: Path, file: str, sha256: str, problem: str = "") -> list[ReceivedRecord]:
    """The records of a JSON file: one, a list, or a page of an API.

    `problem`: why it is no file that can be read.
    """
    content: Any = None
    if not problem:
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, OSError, RecursionError) as error:
            problem = f"is no JSON: {str(error)[:120]}"
    if problem:
        return [ReceivedRecord(file, sha256, 1, problem=problem)]
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        content = content["data"]
    found = content if isinstance(content, list) else [content]
    if not found:
        return [ReceivedRecord(file, sha256, 1, problem="is an empty list: no record is in it")]
    return [_received(file, sha256, place, one) for place, one in enumerate(found, start=1)]


def _received(file: str, sha256: str, position: int, content: Any) -> ReceivedRecord:
    if not isinstance(content, dict):
        return ReceivedRecord(file, sha256, position, problem="is no ProductFootprint")
    record = _defined(content)
    if not str(record.get("specVersion", "")).startswith("2."):
        return ReceivedRecord(file, sha256, position, record)
    try:
        return ReceivedRecord(file, sha256, position, in_version_3(record))
    except NotReadableError as error:
        return ReceivedRecord(file, sha256, position, record, str(error))


def _texts(value: Any) -> list[str]:
    """The texts of a list, or nothing of what is none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    """A text, or nothing of what is none."""
    return value if isinstance(value, str) else None


def _defined(value: Any) -> Any:
    """Without properties that are null, which the data model calls undefined."""
    if isinstance(value, dict):
        return {name: _defined(part) for name, part in value.items() if part is not None}
    return value


def rows_by_library(
    records: Sequence[ReceivedRecord], lines: Sequence[Mapping[str, str | None]], last_month: date
) -> dict[str, list[Row]]:
    """Rows of each supplier's library, one a record and flow, and of the records that have none.

    `lines`: those of records.csv. `last_month`: the last one that any round collects.
    """
    distinct: dict[str, ReceivedRecord] = {}
    for one in records:  # pages of an API overlap: what is said twice is one record
        said = json.dumps([one.record, one.problem], sort_keys=True)
        distinct.setdefault(said if one.id else f"{one.file} {one.position}", one)
    counted = Counter(one.id for one in distinct.values() if one.id)
    broken = {said: _broken(one, counted[one.id]) for said, one in distinct.items()}
    sound = [one for said, one in distinct.items() if not broken[said]]
    libraries: dict[str, list[Row]] = {}
    for said, one in distinct.items():
        attached = [line for line in lines if line["product_id"] in one.product_ids]
        if not attached:
            row = _said(one, {}, [_unattached(one)])
            libraries.setdefault(LIBRARY_OF_RECORDS, []).append(row)
        for line in attached:
            row = (
                _said(one, line, broken[said])
                if broken[said]
                else _row(one, line, _successors(one, sound), last_month)
            )
            libraries.setdefault(f"{LIBRARY_OF_RECORDS}_{line['supplier_id']}", []).append(row)
    return libraries


def _unattached(received: ReceivedRecord) -> Complaint:
    if received.problem and not received.product_ids:
        return Complaint("supplier_record_fit", "record", received.problem, "a PACT record")
    ids = "; ".join(received.product_ids) or "a record without productIds"
    return Complaint(
        "supplier_record_attached",
        "productIds",
        ids,
        "a line of emission_factors/suppliers/records.csv",
    )


def _said(
    received: ReceivedRecord, line: Mapping[str, str | None], complaints: Sequence[Complaint]
) -> Row:
    """A row that is no factor, and says why."""
    return {
        "flow_id": line.get("flow_id"),
        "supplier_id": line.get("supplier_id"),
        "record_id": received.id or None,
        "record_status": _text(received.record.get("status")),
        **_place(received, complaints),
    }


def _place(received: ReceivedRecord, complaints: Sequence[Complaint]) -> Row:
    told = [[one.rule_id, one.field, one.expected, one.observed] for one in complaints]
    return {
        "record_problems": json.dumps(told, ensure_ascii=False),
        "source_file": received.file,
        "source_sha256": received.sha256,
        "source_line": str(received.position),
    }


def _row(
    received: ReceivedRecord,
    line: Mapping[str, str | None],
    newer: Sequence[ReceivedRecord],
    last_month: date,
) -> Row:
    """A sound record as a factor of the line's flow, or as what says why it is none."""
    record, pcf = received.record, received.record["pcf"]
    first, end = _day(pcf["referencePeriodStart"]), valid_until(record)
    lapses, taken_over = end, None
    complaints = []
    before = {i.lower() for i in _texts(record.get("precedingPfIds"))}
    if circle := sorted(before & {one.id for one in newer}):
        expected = "records of which one is the newest"
        observed = f"{received.id} and {circle[0]} each follow the other"
        problem = Complaint("supplier_record_fit", "precedingPfIds", observed, expected)
        return _said(received, line, [problem])
    if newer:
        starts = {_day(one.record["pcf"]["referencePeriodStart"]): one.id for one in newer}
        taken_over = min(starts)
        complaints.append(
            Complaint(
                "supplier_record_superseded",
                "id",
                received.id,
                f"{starts[taken_over]}, which follows it",
            )
        )
        end = min(end, taken_over)
    elif record["status"] == "Deprecated":
        expected = "the record that replaces it; its figure is not used"
        problem = Complaint("supplier_record_deprecated", "status", received.id, expected)
        return _said(received, line, [problem])
    if end <= first:
        return _said(received, line, complaints)
    without = _months_without(lapses, taken_over, last_month)
    if without is not None:
        expected = f"a record that holds for {without[0]:%Y-%m} to {without[1]:%Y-%m}"
        observed = f"{received.id}, valid until {lapses}"
        complaints.append(
            Complaint("supplier_record_expired", "validityPeriodEnd", observed, expected)
        )
    boundary = _Boundary.of(pcf, line)
    complaints += boundary.complaints
    unit = UNITS.get(pcf["declaredUnitOfMeasurement"])
    if unit is None:
        name = "declaredUnitOfMeasurement"
        complaints.append(
            Complaint("supplier_record_fit", name, pcf[name], f"one of {', '.join(UNITS)}")
        )
    return {
        "factor_id": f"{line['supplier_id']}_{line['flow_id']}",
        "edition": received.id,
        "flow_id": line["flow_id"],
        "boundary": "upstream",
        "basis": "both",
        "geography": "GLO",
        "supplier_id": line["supplier_id"],
        "data_year": str(_day(pcf["referencePeriodEnd"]).year - _ends_with_a_year(pcf)),
        "valid_from": first.isoformat(),
        "valid_to": end.isoformat(),
        "unit": unit,
        **_figures(pcf, boundary.change),
        "source_id": source_id(received),
        "source_locator": f"record {received.position} of {received.file}, {received.id}",
        "status": "V",
        "note": _note(record, boundary.note),
        "data_geography": _geography(pcf),
        "record_id": received.id,
        "record_status": record["status"],
        "superseded_by": min(newer, key=lambda one: one.record["created"]).id if newer else None,
        "primary_data_share": _share(pcf.get("primaryDataShare")),
        **{f"{name}_dqr": pcf.get("dqi", {}).get(f"{name}DQR") for name in RATINGS},
        **_place(received, complaints),
    }


def _months_without(
    lapses: date, taken_over: date | None, last_month: date
) -> tuple[date, date] | None:
    """The first and last collected month between a validity's end and the record that follows.

    The first day of a month decides, as for every factor.
    """
    first = lapses if lapses.day == 1 else (lapses.replace(day=1) + timedelta(31)).replace(day=1)
    last = last_month
    if taken_over is not None:
        last = min(last, (taken_over - timedelta(1)).replace(day=1))
    return (first, last) if first <= last else None


def _share(percent: str | None) -> str:
    """Method PDS: what a supplier doesn't state is 0."""
    return as_text(Decimal(percent or 0) / 100)


def _broken(received: ReceivedRecord, count: int) -> list[Complaint]:
    """Rules of the data model that it breaks; a record that is sent has to fulfil the same.

    `count`: how many different records have its id.
    """
    if received.problem:
        return [Complaint("supplier_record_fit", "record", received.problem, "a PACT record")]
    if count > 1:
        expected = f"one record of that id; {count} differ"
        return [Complaint("supplier_record_fit", "id", received.id, expected)]
    return [
        Complaint("supplier_record_fit", problem.rule, problem.message, "a record that fulfils it")
        for problem in problems_of(received.record, RecordContext())
        if not (received.is_version_2 and problem.rule in NO_RULE_OF_VERSION_2)
    ]


def _successors(received: ReceivedRecord, sound: Sequence[ReceivedRecord]) -> list[ReceivedRecord]:
    """Sound records that follow it, directly or over others."""
    followed = {received.id}
    found: list[ReceivedRecord] = []
    while True:
        more = [
            one
            for one in sound
            if one.id not in followed
            and any(i.lower() in followed for i in _texts(one.record.get("precedingPfIds")))
        ]
        if not more:
            return found
        followed |= {one.id for one in more}
        found += more


def valid_until(record: Mapping[str, Any]) -> date:
    """The first day on which it no longer holds: as stated, else three years after its period."""
    stated = record.get("validityPeriodEnd")
    if stated:
        return _day(stated)
    end = datetime.fromisoformat(record["pcf"]["referencePeriodEnd"])
    return years_later(end, VALID_YEARS).date()


@dataclass(frozen=True)
class _Boundary:
    """What of packaging and delivery the figure holds: kgCO2e to add, in words, what is unclear."""

    change: Decimal
    note: str
    complaints: tuple[Complaint, ...]

    @classmethod
    def of(cls, pcf: Mapping[str, Any], line: Mapping[str, str | None]) -> _Boundary:
        rule = "supplier_record_boundary"
        change, notes, unclear = Decimal(0), [], []
        packaging, is_held = line["packaging"], pcf.get("packagingEmissionsIncluded")
        amount = pcf.get("packagingGhgEmissions")
        if is_held is not False and packaging is None:
            stated = "included" if is_held else "not stated"
            unclear.append(
                Complaint(rule, "packaging", f"packaging is {stated}", f"{INCLUDED} or {TAKEN_OUT}")
            )
        elif packaging == TAKEN_OUT and (not is_held or amount is None):
            unclear.append(
                Complaint(
                    rule, "packaging", TAKEN_OUT, "a record that states packagingGhgEmissions"
                )
            )
        elif packaging == TAKEN_OUT:
            change -= Decimal(str(amount))
            notes.append(f"packaging, {amount} kgCO2e, is taken out: it is an own flow")
        elif packaging == INCLUDED and is_held is False:
            unclear.append(
                Complaint(rule, "packaging", INCLUDED, "blank: the record leaves it out")
            )
        else:
            notes.append(
                f"packaging is {'left out by the supplier' if is_held is False else 'in it'}"
            )
        delivery, moved = line["delivery"], pcf.get("outboundLogisticsGhgEmissions")
        if moved is not None and delivery is None:
            observed = f"outboundLogisticsGhgEmissions is {moved}"
            unclear.append(Complaint(rule, "delivery", observed, f"{ADDED} or {OWN}"))
        elif delivery == ADDED and moved is None:
            expected = "a record that states outboundLogisticsGhgEmissions"
            unclear.append(Complaint(rule, "delivery", ADDED, expected))
        elif delivery == ADDED:
            change += Decimal(str(moved))
            notes.append(f"delivery by the supplier, {moved} kgCO2e, is added")
        else:
            notes.append("delivery is not in it: inbound transport is an own flow")
        return cls(change, "; ".join(notes), tuple(unclear))


def _figures(pcf: Mapping[str, Any], change: Decimal) -> Row:
    """Per one unit: land use as CO2, biogenic emissions as methane of the record's report, the rest
    as CO2e; together they are its figure without uptake."""
    from orchestration.company.gwp_checks import published_gwps

    amount = Decimal(pcf["declaredUnitAmount"])
    reports = pcf["ipccCharacterizationFactors"]
    land_use = sum((Decimal(pcf.get(name, "0")) for name in LAND_USE), Decimal(0))
    biogenic = Decimal(pcf.get("biogenicNonCO2Emissions", "0"))
    rest = Decimal(pcf["pcfExcludingBiogenicUptake"]) - land_use - biogenic + change
    row: Row = {
        "kg_co2e": _per_unit(rest, amount),
        "gwp_set": reports[0] if len(reports) == 1 else "unstated",
        "kg_co2_luc": _per_unit(land_use, amount) if land_use else None,
        "removal": "true" if land_use < 0 or rest < 0 else None,
    }
    if biogenic and len(reports) == 1:
        methane = Decimal(str(published_gwps()[reports[0], "ch4_biogenic"]))
        row["kg_ch4_biogenic"] = _per_unit(biogenic / methane, amount)
    elif biogenic:
        row["kg_co2e"] = _per_unit(rest + biogenic, amount)
    return row


def _per_unit(value: Decimal, amount: Decimal) -> str:
    return format(value / amount, "f")


def _ends_with_a_year(pcf: Mapping[str, Any]) -> bool:
    """The end is excluded: a period until the 1st of January is about the year before."""
    end = _day(pcf["referencePeriodEnd"])
    return (end.month, end.day) == (1, 1)


def _geography(pcf: Mapping[str, Any]) -> str | None:
    place = pcf.get("geographyCountrySubdivision") or pcf.get("geographyCountry")
    return None if place is None else str(place)


def _note(record: Mapping[str, Any], boundary: str) -> str:
    pcf = record["pcf"]
    uptake = pcf.get("biogenicCO2Uptake", "0")
    parts = [
        f"PACT {record['specVersion']} record of {record['companyName']}, "
        f"{pcf['referencePeriodStart'][:10]} to {pcf['referencePeriodEnd'][:10]}",
        boundary,
        f"CO2e by {' and '.join(pcf['ipccCharacterizationFactors'])}",
        f"exempted {pcf['exemptedEmissionsPercent']} %",
    ]
    if Decimal(uptake):
        parts.append(f"biogenic uptake, {uptake} kgCO2e per declared unit, is in no total")
    return "; ".join(parts)


def source_id(received: ReceivedRecord) -> str:
    """Under which a record stands in the list of sources."""
    return f"pact_{received.id}"


def sources_of(
    records: Sequence[ReceivedRecord], lines: Sequence[Mapping[str, str | None]]
) -> list[Row]:
    """Lines for the list of sources: publisher and product by the record, terms by records.csv."""
    found: dict[str, Row] = {}
    for received in records:
        for line in lines:
            if line["product_id"] in received.product_ids:
                record = received.record
                found[source_id(received)] = {
                    "source_id": source_id(received),
                    "publisher": _text(record.get("companyName")),
                    "title": f"{record.get('productNameCompany')} (PACT product footprint)",
                    "edition": _text(record.get("specVersion")),
                    "year": str(record.get("created", ""))[:4],
                    "licence": line["terms"],
                    "locator": received.file,
                }
    return list(found.values())


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()
