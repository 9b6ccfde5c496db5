"""From figures to a PACT version 3 ProductFootprint, as far as content goes; ids come later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.exchange.figures import KG_PER_UNIT, Footprint, ReportingCompany
from orchestration.pact.decimals import SCORE_PLACES, as_text, rounded

SPEC_VERSION = "3.0.4"
VALID_YEARS = 3
MEASURES = {
    "kg": ("kilogram", Decimal(1)),
    "t": ("kilogram", Decimal(1000)),
    "g": ("kilogram", Decimal("0.001")),
    "kWh": ("kilowatt hour", Decimal(1)),
    "MWh": ("kilowatt hour", Decimal(1000)),
    "MJ": ("megajoule", Decimal(1)),
    "GJ": ("megajoule", Decimal(1000)),
}
"""Declared unit: PACT's unit, and how many of them."""

ENERGIES = ("kilowatt hour", "megajoule")
UPTAKE = Decimal(-44) / Decimal(12)
"""Kilograms of CO2 that one kilogram of biogenic carbon took from the air (method R34)."""

BIOGENIC_CONTENT_AT_MOST = Decimal("0.05")
BIOGENIC_EMISSIONS_AT_MOST = Decimal("0.03")
"""Above these shares land management has to be reported (method R36); it is not calculated."""

SETTINGS_NEEDED = {
    "domain": "the company's internet domain, for product identifiers",
    "company_ids": "one or more URNs of the company",
    "packaging_flows": "the flows that pack the products, or none",
}


class NotWritableError(Exception):
    """What a record lacks; every reason is one text."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def settings_missing(company: ReportingCompany) -> list[str]:
    """What company.yml has to say before anything can be exchanged."""
    return [
        f"company/company.yml: {key} is missing: {meaning}. Add it and run again."
        for key, meaning in SETTINGS_NEEDED.items()
        if not company.settings.get(key)
    ]


def content_of(company: ReportingCompany, footprint: Footprint) -> dict[str, Any]:
    """Everything but id, creation, predecessors, what changed and which release it comes from.

    Raises:
        NotWritableError: a figure or statement that the data model requires is missing.
    """
    reasons = _missing(footprint)
    if reasons:
        raise NotWritableError(reasons)
    product = company.products[footprint.product_id]
    settings = company.settings
    end = _month_after(footprint.last_month)
    return {
        "specVersion": SPEC_VERSION,
        "status": "Active",
        "validityPeriodStart": _instant(end),
        "validityPeriodEnd": _instant(end.replace(year=end.year + VALID_YEARS)),
        "companyName": settings["name_en"],
        "companyIds": parts_of(settings["company_ids"]),
        "productDescription": _description(product, footprint),
        "productIds": [f"urn:pact:{settings['domain']}:product-id:{footprint.product_id}"],
        **_classification(product),
        "productNameCompany": product["name_en"],
        "comment": _comment(footprint),
        "pcf": _carbon_footprint(company, footprint),
    }


def _classification(product: dict[str, Any]) -> dict[str, list[str]]:
    code = product["hs_code"]
    return {"productClassifications": [f"urn:pact:productclassification:hs:{code}"]} if code else {}


def parts_of(text: str) -> list[str]:
    """The parts of a setting that lists several."""
    return [part.strip() for part in text.split(";") if part.strip()]


def _missing(footprint: Footprint) -> list[str]:
    reasons = []
    if footprint.declared_unit not in MEASURES:
        reasons.append(
            f"declared unit {footprint.declared_unit}: the mass of one is not known. "
            f"Declare the product in one of {', '.join(MEASURES)}."
        )
    elif footprint.declared_unit in KG_PER_UNIT and None in (
        footprint.fossil_carbon,
        footprint.biogenic_carbon,
    ):
        reasons.append(
            "carbon content is not known. State carbon_content and biogenic_carbon_content of the "
            "product's flow in company/flow_properties.csv, 0 where there is none."
        )
    if footprint.fossil_carbon is not None and footprint.recycled_carbon is None:
        reasons.append(
            "recycled content is not known. State recycled_content of every bought material that "
            "goes into it in company/flow_properties.csv, 0 where there is none."
        )
    for line in footprint.exemptions:
        if line["upper_bound_kgco2e"] is None:
            reasons.append(
                f"{line['flow_id']} of {line['process_id']} is left out without an upper bound. "
                "Give it a factor, or state exempted_upper_bound_kgco2e_per_unit and its source in "
                "company/flows.csv (method R40)."
            )
    if any(footprint.quality.get(name) is None for name in ("pds_percent", "temporal_dqr")):
        reasons.append("data quality is not known: the product has no emission to rate.")
    return list(dict.fromkeys(reasons))


def _carbon_footprint(company: ReportingCompany, footprint: Footprint) -> dict[str, Any]:
    measure, amount = MEASURES[footprint.declared_unit]
    kilograms = Decimal(0) if measure in ENERGIES else KG_PER_UNIT[footprint.declared_unit]
    fossil_carbon = rounded((footprint.fossil_carbon or Decimal(0)) * kilograms)
    biogenic_carbon = rounded((footprint.biogenic_carbon or Decimal(0)) * kilograms)
    fossil, biogenic, land_use = (
        rounded(part) for part in (footprint.fossil, footprint.biogenic, footprint.land_use)
    )
    # the sum of what is written, so that the identities hold to the last place (method R34)
    excluding = fossil + biogenic + land_use
    uptake = rounded(UPTAKE * biogenic_carbon)
    packaging = set(parts_of(company.settings["packaging_flows"])) - {"none"}
    pcf: dict[str, Any] = {
        "declaredUnitOfMeasurement": measure,
        "declaredUnitAmount": as_text(amount),
        "productMassPerDeclaredUnit": as_text(kilograms),
        "referencePeriodStart": _instant(footprint.first_month),
        "referencePeriodEnd": _instant(_month_after(footprint.last_month)),
        **geography(company, footprint.facility_ids),
        "boundaryProcessesDescription": _boundary(company, footprint),
        "pcfExcludingBiogenicUptake": as_text(excluding),
        "pcfIncludingBiogenicUptake": as_text(excluding + uptake),
        "fossilCarbonContent": as_text(fossil_carbon),
        "biogenicCarbonContent": as_text(biogenic_carbon),
        "fossilGhgEmissions": as_text(fossil),
        "landUseChangeGhgEmissions": as_text(land_use),
        "biogenicCO2Uptake": as_text(uptake),
        "biogenicNonCO2Emissions": as_text(biogenic),
        "aircraftGhgEmissions": as_text(footprint.aircraft),
        "packagingEmissionsIncluded": bool(packaging),
        "ccsTechnologicalCO2CaptureIncluded": False,
        "ipccCharacterizationFactors": [footprint.gwp_set],
        "crossSectoralStandards": ["ISO14067", "PACT-3.0"],
        "exemptedEmissionsPercent": as_text(exempted_percent(footprint, excluding)),
        "exemptedEmissionsDescription": _exempted(footprint),
        "allocationRulesDescription": _allocation(footprint),
        "primaryDataShare": _score(footprint, "pds_percent"),
        "dqi": {
            f"{indicator}DQR": _score(footprint, f"{indicator}_dqr")
            for indicator in ("technological", "geographical", "temporal")
        },
    }
    if footprint.recycled_carbon is not None:
        pcf["recycledCarbonContent"] = as_text(rounded(footprint.recycled_carbon * kilograms))
    if not _is_bio_based(footprint, excluding):
        pcf["landManagementFossilGhgEmissions"] = "0"
        pcf["landManagementBiogenicCO2Emissions"] = "0"
    if packaging:
        pcf["packagingGhgEmissions"] = as_text(_sum_of(footprint.by_flow, packaging))
    outbound = {
        flow
        for flow in footprint.outbound_by_flow
        if company.flows[flow]["flow_kind"] == "freight_outbound_paid"
    }
    if outbound:
        pcf["outboundLogisticsGhgEmissions"] = as_text(
            _sum_of(footprint.outbound_by_flow, outbound)
        )
    sources = [
        {"name": f"{row['source_title']} ({row['publisher']})", "version": row["edition"]}
        for row in footprint.factor_sources
        if row["source_title"] and row["edition"]
    ]
    if sources:
        pcf["secondaryEmissionFactorSources"] = sources
    return pcf


def _score(footprint: Footprint, name: str) -> str:
    """A score of data quality; a footprint that lacks one is not exchanged."""
    score = footprint.quality[name]
    assert score is not None, f"{name}: judged before the record is written"
    return as_text(rounded(score, SCORE_PLACES))


def geography(company: ReportingCompany, facility_ids: tuple[str, ...]) -> dict[str, str]:
    """The smallest place that holds every site that made the product; nothing means the world."""
    sites = [company.facilities[facility] for facility in facility_ids]
    subdivisions = {site["subdivision"] for site in sites}
    countries = {site["country"] for site in sites}
    if len(subdivisions) == 1 and None not in subdivisions:
        return {"geographyCountrySubdivision": subdivisions.pop()}
    return {"geographyCountry": countries.pop()} if len(countries) == 1 else {}


def exempted_percent(footprint: Footprint, total: Decimal) -> Decimal:
    """Method R40: upper bounds of what was left out, in all there is."""
    bounds = sum((row["upper_bound_kgco2e"] for row in footprint.exemptions), Decimal(0))
    whole = total + bounds
    return rounded(100 * bounds / whole, SCORE_PLACES) if whole else Decimal(0)


def _is_bio_based(footprint: Footprint, total: Decimal) -> bool:
    content = footprint.biogenic_carbon or Decimal(0)
    emissions = abs(footprint.biogenic) + abs(footprint.land_use)
    return content > BIOGENIC_CONTENT_AT_MOST or (
        emissions > BIOGENIC_EMISSIONS_AT_MOST * abs(total)
    )


def _sum_of(by_flow: dict[str, Decimal], flows: set[str]) -> Decimal:
    return sum((value for flow, value in by_flow.items() if flow in flows), Decimal(0))


def _description(product: dict[str, Any], footprint: Footprint) -> str:
    parts = [product["name_en"]]
    if footprint.recycled_content is not None:
        parts.append(f"recycled content {footprint.recycled_content * 100:.1f} %")
    if product["regain"]:
        parts.append(f"net of packaging at a commercial regain of {product['regain']} kg/kg")
    if product["end_use"]:
        parts.append(f"for {product['end_use']}")
    return "; ".join(parts)


def _comment(footprint: Footprint) -> str:
    basis = footprint.basis.replace("_", "-")
    other = "location-based" if footprint.basis == "market_based" else "market-based"
    texts = [
        f"Cradle to gate, recycled content cut-off; electricity {basis}. The {other} figure is "
        f"{footprint.total_on_other_basis:.6f} kgCO2e per declared unit.",
        "Not verified by a third party.",
        "pcfExcludingBiogenicUptake is the exact sum of fossil, land use change and biogenic "
        "non-CO2 emissions; land management of fossil origin and aircraft are contained in fossil.",
        f"95 % of the distribution lies between the figure divided by "
        f"{footprint.quality['gsd2']:.3f} and multiplied by it (data quality scores only).",
    ]
    if footprint.co2_biogenic_kg:
        texts.append(
            f"CO2 from burning biomass, {footprint.co2_biogenic_kg:.6f} kg, is in no total."
        )
    if _is_bio_based(footprint, footprint.total):
        texts.append("Emissions and removals of land management are not calculated.")
    return " ".join(texts)


def _boundary(company: ReportingCompany, footprint: Footprint) -> str:
    names = [company.processes[process]["name_en"] for process in footprint.process_ids]
    return (
        "Raw material acquisition: bought materials, their transport, fuels and electricity "
        "upstream. Production: " + "; ".join(dict.fromkeys(names)) + ". Outside: capital goods, "
        "business travel, commuting, use and end of life."
    )


def _exempted(footprint: Footprint) -> str:
    if not footprint.exemptions:
        return "None: every flow has an emission factor."
    texts = {
        f"{row['flow_name_en'] or row['flow_id']} ({row['exempted_because']}; "
        f"{row['upper_bound_source']})"
        for row in footprint.exemptions
    }
    return "Upper bounds of flows without a factor: " + "; ".join(sorted(texts)) + "."


def _allocation(footprint: Footprint) -> str:
    if not footprint.allocation:
        return "No process of the product makes more than one product."
    processes: dict[str, list[dict[str, Any]]] = {}
    for row in footprint.allocation:
        processes.setdefault(row["process_id"], []).append(row)
    texts = []
    for process, rows in processes.items():
        shares = ", ".join(
            f"{row['flow_id']} {row['allocation_share'] * 100:.1f} %" for row in rows
        )
        texts.append(f"{process} by {rows[0]['basis']}: {shares} ({rows[0]['justification']})")
    return "; ".join(texts) + ". Waste leaves burden-free, its treatment is charged to who made it."


def _instant(day: date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


def _month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
