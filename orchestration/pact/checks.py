"""What a record must fulfil before it is written: the schema, and what the schema can't say.

Rules S1 to S23 below. Each rule takes the record and what it is judged against, and
gives a text where it is broken. The data model's schema has no pattern on decimals, so S1 comes
before everything that calculates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.pact.decimals import is_decimal

SCHEMA = Path(__file__).with_name("schema") / "pact_v3.schema.json"
STANDARDS = (
    *("ISO14067", "ISO14083", "ISO14040-44", "GHGP-Product", "PEF"),
    *("PACT-1.0", "PACT-2.0", "PACT-3.0", "PAS2050"),
)
REPORTS = ("AR4", "AR5", "AR6")
GEOGRAPHIES = ("geographyRegionOrSubregion", "geographyCountry", "geographyCountrySubdivision")
POSITIVE = ("declaredUnitAmount",)
POSITIVE_OR_ZERO = (
    *("productMassPerDeclaredUnit", "fossilCarbonContent", "biogenicCarbonContent"),
    *("recycledCarbonContent", "fossilGhgEmissions", "landUseChangeGhgEmissions"),
    *("landCarbonLeakage", "landManagementFossilGhgEmissions"),
    *("landManagementBiogenicCO2Emissions", "biogenicNonCO2Emissions", "landAreaOccupation"),
    *("aircraftGhgEmissions", "packagingGhgEmissions", "packagingBiogenicCarbonContent"),
    *("outboundLogisticsGhgEmissions", "ccuCarbonContent"),
)
NEGATIVE_OR_ZERO = (
    *("landManagementBiogenicCO2Removals", "biogenicCO2Uptake", "ccsTechnologicalCO2Capture"),
    "technologicalCO2Removals",
)
ANY_SIGN = (
    *("pcfExcludingBiogenicUptake", "pcfIncludingBiogenicUptake"),
    *("exemptedEmissionsPercent", "primaryDataShare"),
)
EXCLUDING = (
    *("fossilGhgEmissions", "landUseChangeGhgEmissions", "landManagementBiogenicCO2Emissions"),
    *("landManagementBiogenicCO2Removals", "technologicalCO2Removals"),
    *("ccsTechnologicalCO2Capture", "biogenicNonCO2Emissions"),
)
CAPTURE_ONLY = (
    *("ccsTechnologicalCO2Capture", "technologicalCO2CaptureOrigin", "technologicalCO2Removals"),
)
POLYESTER_CODES = (
    *("390761", "390769", "540220", "540233", "540246", "540247", "540252", "540262"),
    *("550320", "550620"),
)
"""HS codes of polyester in primary forms, filament and staple fibre."""

CARBON_OF_POLYESTER = (Decimal("0.55"), Decimal("0.63"))
EXEMPTED_AT_MOST = Decimal(3)
NOTABLE_CHANGE = Decimal("0.10")
AGREEMENT = Decimal("1e-9")


@dataclass(frozen=True)
class RecordProblem:
    """A broken rule, by its name in this module or `schema`."""

    rule: str
    message: str


@dataclass(frozen=True)
class RecordContext:
    """What a record is judged against besides itself."""

    total: Decimal | None = None
    """Footprint of the mart, kgCO2e per declared unit."""

    stages: Mapping[str, Decimal] = field(default_factory=dict)
    """Its stages to the gate."""

    previous: Mapping[str, Any] | None = None
    """The record that this one replaces, as it will stand beside it."""

    active_ids: tuple[str, ...] = ()
    """Ids of active records of the same product, sites and period, this one left out."""

    change_explained: bool = False
    """Whether somebody said why the figure changed."""


def problems_of(
    record: Mapping[str, Any], context: RecordContext | None = None
) -> list[RecordProblem]:
    """Every rule that the record breaks; the first that makes others meaningless ends the list."""
    found = [RecordProblem("schema", text) for text in _schema_errors(record)]
    if isinstance(record.get("pcf"), Mapping):
        found += [RecordProblem("S1", text) for text in _decimals(record["pcf"])]
    if found:
        return found
    context = context or RecordContext()
    return [
        RecordProblem(name, message)
        for name, rule in RULES.items()
        for message in rule(record, context)
    ]


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(_is_instant)
    checker.checks("uuid", raises=ValueError)(_is_uuid)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=checker)


def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return datetime.fromisoformat(value).tzinfo is not None and "T" in value


def _is_uuid(value: object) -> bool:
    from uuid import UUID

    return not isinstance(value, str) or str(UUID(value)) == value.lower()


def _schema_errors(record: Mapping[str, Any]) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in error.absolute_path) or 'record'}: {error.message[:200]}"
        for error in _validator().iter_errors(record)
    ]


def _decimals(pcf: Mapping[str, Any]) -> Iterator[str]:
    """S1: anchored patterns and signs."""
    signs = (
        (POSITIVE, lambda value: value > 0, "above 0"),
        (POSITIVE_OR_ZERO, lambda value: value >= 0, "0 or more"),
        (NEGATIVE_OR_ZERO, lambda value: value <= 0, "0 or less"),
        (ANY_SIGN, lambda value: True, ""),
    )
    for names, is_right, words in signs:
        for name in names:
            if name not in pcf:
                continue
            if not is_decimal(pcf[name]):
                yield f"{name} {pcf[name]!r} is no decimal number as text"
            elif not is_right(Decimal(pcf[name])):
                yield f"{name} {pcf[name]} is not {words}"
    ratings = pcf.get("dqi", {})
    for name, value in ratings.items() if isinstance(ratings, Mapping) else ():
        if not is_decimal(value):
            yield f"{name} {value!r} is no decimal number as text"


def _number(record: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(record["pcf"].get(name, "0"))


def _excluding_is_the_sum(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    total = sum((_number(record, name) for name in EXCLUDING), Decimal(0))
    if total != _number(record, "pcfExcludingBiogenicUptake"):
        stated = record["pcf"]["pcfExcludingBiogenicUptake"]
        yield f"pcfExcludingBiogenicUptake {stated} is not the sum of its parts, {total}"


def _including_adds_the_uptake(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    total = _number(record, "pcfExcludingBiogenicUptake") + _number(record, "biogenicCO2Uptake")
    if total != _number(record, "pcfIncludingBiogenicUptake"):
        stated = record["pcf"]["pcfIncludingBiogenicUptake"]
        yield f"pcfIncludingBiogenicUptake {stated} is not excluding plus uptake, {total}"


def _uptake_is_that_of_the_carbon(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    wanted = Decimal(-44) / 12 * _number(record, "biogenicCarbonContent")
    uptake = _number(record, "biogenicCO2Uptake")
    if abs(uptake - wanted) > Decimal("0.02") * abs(wanted) + AGREEMENT:
        yield f"biogenicCO2Uptake {uptake} is not -44/12 of the biogenic carbon, {wanted:.6f}"


def _polyester_is_polyester(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    codes = [urn.rsplit(":", 1)[-1] for urn in record.get("productClassifications", [])]
    mass = _number(record, "productMassPerDeclaredUnit")
    if mass and any(code.startswith(POLYESTER_CODES) for code in codes):
        low, high = CARBON_OF_POLYESTER
        carbon = _number(record, "fossilCarbonContent") / mass
        if not low <= carbon <= high:
            yield f"fossilCarbonContent {carbon:.4f} kgC/kg: polyester has {low} to {high}"


def _recycled_carbon_is_within(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    carbon = _number(record, "fossilCarbonContent") + _number(record, "biogenicCarbonContent")
    recycled = _number(record, "recycledCarbonContent")
    if recycled > carbon:
        yield f"recycledCarbonContent {recycled} is more than all carbon, {carbon}"


def _primary_share_is_a_percentage(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    share = _number(record, "primaryDataShare")
    if not 0 <= share <= 100:
        yield f"primaryDataShare {share} is not between 0 and 100"


def _ratings_are_1_to_5(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    for name, value in record["pcf"].get("dqi", {}).items():
        if not 1 <= Decimal(value) <= 5:
            yield f"{name} {value} is not between 1 and 5"


def _little_is_exempted(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    share = _number(record, "exemptedEmissionsPercent")
    if not 0 <= share <= EXEMPTED_AT_MOST:
        yield (
            f"exemptedEmissionsPercent {share:.2f} is not between 0 and {EXEMPTED_AT_MOST}. Give "
            "the largest of the flows without a factor one, or a tighter upper bound with a source"
        )


def _dates_follow_each_other(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    start, end = (_time(record["pcf"][f"referencePeriod{edge}"]) for edge in ("Start", "End"))
    if start >= end:
        yield "referencePeriodEnd is not after referencePeriodStart"
    first, last = (
        _time(record[name]) if name in record else None
        for name in ("validityPeriodStart", "validityPeriodEnd")
    )
    if first is not None and first < end:
        yield "validityPeriodStart is before referencePeriodEnd"
    if last is not None and (last > years_later(end, 3) or last <= (first or end)):
        yield "validityPeriodEnd is more than 3 years after referencePeriodEnd, or not after start"
    if _time(record["created"]) < end:
        yield "created is before referencePeriodEnd"


def _period_is_a_year(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    start, end = (_time(record["pcf"][f"referencePeriod{edge}"]) for edge in ("Start", "End"))
    if not timedelta(days=365) <= end - start <= timedelta(days=3 * 366):
        yield f"the reference period has {(end - start).days} days, less than a year or more than 3"


def _one_geography(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    stated = [name for name in GEOGRAPHIES if name in record["pcf"]]
    if len(stated) > 1:
        yield f"{' and '.join(stated)} stand together; one or none"


def _conditionals(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    pcf = record["pcf"]
    if not pcf.get("packagingEmissionsIncluded", False) and "packagingGhgEmissions" in pcf:
        yield "packagingGhgEmissions is stated although packaging is not included"
    if pcf.get("packagingEmissionsIncluded", False) and "packagingGhgEmissions" not in pcf:
        yield "packaging is included and packagingGhgEmissions is not stated"
    if not pcf.get("ccsTechnologicalCO2CaptureIncluded", False):
        for name in CAPTURE_ONLY:
            if name in pcf:
                yield f"{name} is stated although capture is not included"


def _predecessors_are_others(record: Mapping[str, Any], context: RecordContext) -> Iterator[str]:
    before = record.get("precedingPfIds", [])
    if record["id"] in before:
        yield f"{record['id']} precedes itself"
    previous = context.previous
    if previous is None:
        return
    if previous["id"] not in before:
        yield f"precedingPfIds lacks the record that this one replaces, {previous['id']}"
    if record["id"] in previous.get("precedingPfIds", []):
        yield f"{record['id']} precedes its own predecessor"
    if previous["status"] != "Deprecated":
        yield f"the predecessor {previous['id']} is {previous['status']}, not Deprecated"


def _one_is_active(record: Mapping[str, Any], context: RecordContext) -> Iterator[str]:
    if record["status"] == "Active" and context.active_ids:
        yield f"{', '.join(context.active_ids)} is active for the same product and period"


def _other_operators_are_named(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    for rule in record["pcf"].get("productOrSectorSpecificRules", []):
        if (rule["operator"] == "Other") != ("otherOperatorName" in rule):
            yield "otherOperatorName goes with operator Other"


def _reports_are_known(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    for report in record["pcf"]["ipccCharacterizationFactors"]:
        if report not in REPORTS:
            yield f"ipccCharacterizationFactors {report} is none of {', '.join(REPORTS)}"


def _standards_are_known(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    for standard in record["pcf"]["crossSectoralStandards"]:
        if standard not in STANDARDS:
            yield f"crossSectoralStandards {standard} is none of {', '.join(STANDARDS)}"


def _mass_is_that_of_the_amount(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    amount = _number(record, "declaredUnitAmount")
    mass = _number(record, "productMassPerDeclaredUnit")
    if record["pcf"]["declaredUnitOfMeasurement"] == "kilogram" and amount != mass:
        yield f"productMassPerDeclaredUnit {mass} is not the declared {amount} kg"
    for name in ("fossilCarbonContent", "biogenicCarbonContent"):
        if _number(record, name) > mass:
            yield f"{name} is more than the mass of the product"


def _parts_are_within(record: Mapping[str, Any], _: RecordContext) -> Iterator[str]:
    for name in ("aircraftGhgEmissions", "landManagementFossilGhgEmissions"):
        if abs(_number(record, name)) > _number(record, "fossilGhgEmissions"):
            yield f"{name} is more than fossilGhgEmissions, which contains it"
    emitted = sum((max(_number(record, name), Decimal(0)) for name in EXCLUDING), Decimal(0))
    packaging = _number(record, "packagingGhgEmissions")
    if packaging > emitted + AGREEMENT:
        yield f"packagingGhgEmissions {packaging} is more than all emissions, {emitted}"


def _notable_changes_are_explained(
    record: Mapping[str, Any], context: RecordContext
) -> Iterator[str]:
    if context.previous is None or context.change_explained:
        return
    change = relative_change(context.previous, record)
    if change is None or abs(change) >= NOTABLE_CHANGE:
        words = "from 0" if change is None else f"by {change * 100:+.1f} %"
        yield f"the figure changes {words} from the record before. Say why with --reason"


def _stages_make_the_total(record: Mapping[str, Any], context: RecordContext) -> Iterator[str]:
    if context.stages and context.total is not None:
        total = sum(context.stages.values(), Decimal(0))
        if not _agree(total, context.total):
            yield f"life cycle stages add up to {total}, the mart says {context.total}"


def _figure_is_that_of_the_mart(record: Mapping[str, Any], context: RecordContext) -> Iterator[str]:
    stated = _number(record, "pcfExcludingBiogenicUptake")
    if context.total is not None and not _agree(stated, context.total):
        yield f"pcfExcludingBiogenicUptake {stated} is not the mart's {context.total}"


RULES: Mapping[str, Callable[[Mapping[str, Any], RecordContext], Iterator[str]]] = {
    "S2": _excluding_is_the_sum,
    "S3": _including_adds_the_uptake,
    "S4": _uptake_is_that_of_the_carbon,
    "S5": _polyester_is_polyester,
    "S6": _recycled_carbon_is_within,
    "S7": _primary_share_is_a_percentage,
    "S8": _ratings_are_1_to_5,
    "S9": _little_is_exempted,
    "S10": _dates_follow_each_other,
    "S11": _period_is_a_year,
    "S12": _one_geography,
    "S13": _conditionals,
    "S14": _predecessors_are_others,
    "S15": _one_is_active,
    "S16": _other_operators_are_named,
    "S17": _reports_are_known,
    "S18": _standards_are_known,
    "S19": _mass_is_that_of_the_amount,
    "S20": _parts_are_within,
    "S21": _notable_changes_are_explained,
    "S22": _stages_make_the_total,
    "S23": _figure_is_that_of_the_mart,
}


def relative_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> Decimal | None:
    """Change of the figure excluding uptake; None where it was 0 and is not any more."""
    old, new = (_number(record, "pcfExcludingBiogenicUptake") for record in (before, after))
    if old == new:
        return Decimal(0)
    return (new - old) / abs(old) if old else None


def _agree(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= AGREEMENT * max(Decimal(1), abs(other))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def years_later(moment: datetime, years: int) -> datetime:
    """The same day so many years on."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # the 29th of February
        return moment.replace(year=moment.year + years, month=3, day=1)
