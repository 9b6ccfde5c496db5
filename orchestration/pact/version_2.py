"""PACT records of version 2.x in the words of version 3, so that one set of rules judges both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orchestration.pact.decimals import as_text, is_decimal

UNITS_OF_MASS_OR_ENERGY = {"kilogram": True, "kilowatt hour": False, "megajoule": False}
"""Declared units of which the mass is known without being stated; whether it is the amount."""

RENAMED = {
    "declaredUnit": "declaredUnitOfMeasurement",
    "pCfExcludingBiogenic": "pcfExcludingBiogenicUptake",
    "pCfIncludingBiogenic": "pcfIncludingBiogenicUptake",
    "dLucGhgEmissions": "landUseChangeGhgEmissions",
    "biogenicCarbonWithdrawal": "biogenicCO2Uptake",
    "characterizationFactors": "ipccCharacterizationFactors",
    "ipccCharacterizationFactorsSources": "ipccCharacterizationFactors",
    "crossSectoralStandardsUsed": "crossSectoralStandards",
}
KEPT = (
    *(
        "referencePeriodStart",
        "referencePeriodEnd",
        "geographyCountry",
        "boundaryProcessesDescription",
    ),
    *("geographyCountrySubdivision", "geographyRegionOrSubregion", "fossilCarbonContent"),
    *("biogenicCarbonContent", "fossilGhgEmissions", "aircraftGhgEmissions"),
    *("packagingEmissionsIncluded", "packagingGhgEmissions", "exemptedEmissionsPercent"),
    *("exemptedEmissionsDescription", "primaryDataShare", "crossSectoralStandards"),
)
OTHER_PARTS = (
    *("iLucGhgEmissions", "landManagementGhgEmissions", "otherBiogenicGhgEmissions"),
    "biogenicCarbonEmissionsOtherThanCO2",
)
"""Parts that version 3 has in another form, or not at all: none of them may be other than 0."""

STANDARDS = {
    "GHG Protocol Product standard": "GHGP-Product",
    "ISO Standard 14067": "ISO14067",
    "ISO Standard 14044": "ISO14040-44",
}
OF_THE_RECORD = (
    *("id", "specVersion", "precedingPfIds", "created", "status", "validityPeriodStart"),
    *("validityPeriodEnd", "companyName", "companyIds", "productDescription", "productIds"),
    *("productNameCompany", "comment"),
)


class NotReadableError(Exception):
    """What a record of version 2.x lacks or has that version 3 has no place for."""


def in_version_3(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the properties of version 3; ratings, on another scale there, are left out.

    Raises:
        NotReadableError: it states a part that can't be carried over, or not the mass.
    """
    old = record.get("pcf")
    if not isinstance(old, Mapping):
        raise NotReadableError("pcf is missing")
    pcf: dict[str, Any] = {}
    for name, value in old.items():
        if value is not None and (name in KEPT or name in RENAMED):
            pcf[RENAMED.get(str(name), str(name))] = _number_as_text(value)
    for name in OTHER_PARTS:
        value = old.get(name)
        if value is not None and _decimal(value) != 0:
            raise NotReadableError(
                f"{name} is {value}, which version 3 splits in another way. Ask the supplier for "
                "a record of version 3"
            )
    unit = str(pcf.get("declaredUnitOfMeasurement"))
    if unit not in UNITS_OF_MASS_OR_ENERGY:
        raise NotReadableError(
            f"declaredUnit {unit} without the mass of it, which version 2 does not state. Ask the "
            "supplier for a record of version 3"
        )
    # figures of version 2 are of one unit, however many a product holds; of version 3, of them all
    pcf["declaredUnitAmount"] = "1"
    pcf["productMassPerDeclaredUnit"] = "1" if UNITS_OF_MASS_OR_ENERGY[unit] else "0"
    reports = pcf.get("ipccCharacterizationFactors", [])
    pcf["ipccCharacterizationFactors"] = [reports] if isinstance(reports, str) else reports
    standards = pcf.get("crossSectoralStandards", [])
    if isinstance(standards, list):  # anything else is told by the schema
        standards = [STANDARDS.get(str(name), name) for name in standards]
    pcf["crossSectoralStandards"] = standards
    # without uptake there was no difference; version 3 wants both stated
    pcf.setdefault("pcfIncludingBiogenicUptake", pcf.get("pcfExcludingBiogenicUptake"))
    return {name: record[name] for name in OF_THE_RECORD if record.get(name) is not None} | {
        "pcf": pcf
    }


def _number_as_text(value: Any) -> Any:
    """Percentages were numbers in version 2 and are text in version 3; nothing else is touched."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return as_text(Decimal(str(value)))
    return value


def _decimal(value: Any) -> Decimal | None:
    text = str(value)
    return Decimal(text) if is_decimal(text) else None
