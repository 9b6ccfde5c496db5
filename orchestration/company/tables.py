"""Headers, keys, references and fixed words of every master table (meaning: raw_data/README.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.text_table import read_text_table

if TYPE_CHECKING:
    import pandas as pd

MASS_UNITS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "mass_units.csv"
GWP_SETS = ("AR4", "AR5", "AR6")
PROCESS_TYPES = ("production", "utility", "treatment", "non_product")
FUELS = frozenset({"fuel_stationary", "fuel_mobile"})
"""Kinds of flow that their user burns."""

VALUED_KINDS = ("product", "intermediate", "utility")
"""Kinds of flow that carry the burden of the process that made them."""

LIFE_CYCLE_STAGES = (
    "raw_material_acquisition",
    "manufacture",
    "distribution",
    "use",
    "disposal",
)
SCENARIO_STAGES = ("use", "disposal")
TREATMENTS = ("use", "recycling", "energy_recovery", "energy_credit", "landfill")
ALLOCATION_FACTORS: Mapping[str, tuple[float, float]] = {
    "cut_off": (1.0, 1.0),
    "cff": (0.2, 1.0),
    "eol_recycling_100_0": (0.0, 0.0),
    "50_50": (0.5, 0.5),
}
"""Recycling methods, and between what the A of each lies: by what its name says, and for the
circular footprint formula by Recommendation (EU) 2021/2279, annex I, 4.4.8."""
RECYCLING_METHODS = tuple(ALLOCATION_FACTORS)
ALLOCATION_BASES = ("mass", "energy", "volume", "carbon", "revenue", "unit_price", "share")
PRICED_BASES = ("revenue", "unit_price")
PROPERTY_OF_BASIS = {"energy": "ncv", "volume": "density", "carbon": "carbon_content"}
UNIT_OF_BASIS = {"energy": "MJ", "volume": "m3"}
"""A flow kept in such a unit is weighed by its quantity, and needs no property."""
KEY_BASES = ("output_mass", "input_of_flow", "share")
TARGET_KINDS = ("absolute", "intensity", "peak", "neutrality")
TARGET_PATHS = ("linear", "constant_rate")
"""From the base year to the target year: by the same amount, or the same share, each year."""

INITIATIVE_STATUSES = ("planned", "approved", "running", "done", "rejected")
CHANGES = (
    "specific_consumption",
    "yield",
    "substitution",
    "transport_mode",
    "own_generation",
    "contract",
    "supplier_factor",
)
"""What an initiative can change; see raw_data/README.md."""

REPLACING = ("substitution", "transport_mode")
"""Changes that put one flow in the place of another."""

STATED_FACTORS = ("contract", "supplier_factor")
"""Changes that state a factor of their own for a share of a flow."""

DATA_METHODS = ("metered", "weighed", "invoiced", "calculated", "estimated")
"""How a figure was come by, as a source map says."""

CAUSE_SELECTORS: Mapping[str, tuple[str, ...]] = {
    "factor": ("factor_version_id", "flow_id", "component"),
    "meter": ("meter_id",),
    "data_method": ("data_method", "process_id", "flow_id"),
    "allocation_price": ("process_id", "flow_id"),
    "opening_stock": ("flow_id",),
    "scenario": ("flow_id",),
    "recycling_method": ("flow_id",),
    "service_key": ("process_id",),
    "gwp": ("gas_code",),
    "supplier_factor": ("flow_id", "component"),
}
"""What can be wrong, and by which columns a line of uncertainties.csv says which of them."""

CAUSES_OF_ERROR = tuple(CAUSE_SELECTORS)

PROPERTIES: Mapping[str, str | None] = {
    "ncv": None,
    "net_per_gross": "MJ/MJ",
    "density": "kg/L",
    "moisture": "kg/kg",
    "regain": "kg/kg",
    "recycled_content": "kg/kg",
    "carbon_content": "kgC/kg",
    "biogenic_carbon_content": "kgC/kg",
}
"""Properties of a flow and the unit they are written in; a calorific value has many."""


@dataclass(frozen=True)
class Table:
    """Header of a master table: `key` is unique, `optional` columns may be absent."""

    path: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    optional: tuple[str, ...] = ()
    may_be_absent: bool = False

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Required columns first, then the optional ones."""
        return self.columns + self.optional


TABLES: Mapping[str, Table] = {
    "facilities": Table(
        "company/facilities.csv",
        ("facility_id", "name_en", "country"),
        ("facility_id",),
        (
            "name_zh",
            "subdivision",
            "grid_region",
            "consolidation_share",
            "valid_from",
            "valid_to",
        ),
    ),
    "stages": Table(
        "company/stages.csv",
        ("stage_code", "name_en", "stage_order"),
        ("stage_code",),
        ("name_zh",),
    ),
    "processes": Table(
        "company/processes.csv",
        ("process_id", "facility_id", "stage_code", "name_en", "process_type"),
        ("process_id",),
        ("name_zh",),
    ),
    "flows": Table(
        "company/flows.csv",
        ("flow_id", "name_en", "flow_kind", "unit_code", "components"),
        ("flow_id",),
        (
            "name_zh",
            "life_cycle_stage",
            "exempted_because",
            "is_aircraft",
            "exempted_upper_bound_kgco2e_per_unit",
            "exempted_upper_bound_source",
            "exempted_because_zh",
            "exempted_upper_bound_source_zh",
        ),
    ),
    "flow_properties": Table(
        "company/flow_properties.csv",
        ("flow_id", "property", "value", "unit"),
        ("flow_id", "property", "valid_from"),
        ("valid_from", "valid_to", "source_id", "source_locator"),
        may_be_absent=True,
    ),
    "products": Table(
        "company/products.csv",
        ("product_id", "flow_id", "name_en"),
        ("product_id",),
        (
            "facility_id",
            "name_zh",
            "declared_unit",
            "regain",
            "recycled_content",
            "hs_code",
            "end_use",
        ),
        may_be_absent=True,
    ),
    "allocation_rules": Table(
        "company/allocation_rules.csv",
        ("process_id", "flow_id", "basis", "justification"),
        ("process_id", "flow_id", "valid_from"),
        (
            "share",
            "unit_price",
            "currency",
            "price_source",
            "valid_from",
            "valid_to",
            "justification_zh",
        ),
        may_be_absent=True,
    ),
    "service_keys": Table(
        "company/service_keys.csv",
        ("process_id", "basis", "justification"),
        ("process_id", "consumer_process_id", "flow_id", "valid_from"),
        ("consumer_process_id", "flow_id", "share", "valid_from", "valid_to"),
        may_be_absent=True,
    ),
    "scenarios": Table(
        "company/scenarios.csv",
        (
            "product_id",
            "market",
            "market_share",
            "life_cycle_stage",
            "treatment",
            "flow_id",
            "quantity_per_declared_unit",
            "unit",
            "source_id",
            "source_locator",
        ),
        ("product_id", "market", "life_cycle_stage", "treatment", "flow_id", "valid_from"),
        ("valid_from", "valid_to"),
        may_be_absent=True,
    ),
    "recycling_methods": Table(
        "company/recycling_methods.csv",
        (
            "method",
            "recycled_flow_id",
            "virgin_flow_id",
            "allocation_factor_a",
            "quality_in",
            "quality_out",
            "energy_credit_share",
            "source_id",
            "source_locator",
        ),
        ("method", "recycled_flow_id", "valid_from"),
        ("recycling_eol_flow_id", "valid_from", "valid_to"),
        may_be_absent=True,
    ),
    "suppliers": Table(
        "company/suppliers.csv",
        ("supplier_id", "name"),
        ("supplier_id",),
        ("country", "subdivision"),
        may_be_absent=True,
    ),
    "meters": Table(
        "company/meters.csv",
        ("meter_id", "facility_id", "process_id", "flow_id"),
        ("meter_id",),
        ("multiplier", "replaced_on", "final_reading", "first_reading", "rolls_over_at"),
        may_be_absent=True,
    ),
    "supplier_records": Table(
        "emission_factors/suppliers/records.csv",
        ("product_id", "supplier_id", "flow_id", "terms"),
        ("product_id", "supplier_id", "flow_id"),
        ("packaging", "delivery", "note"),
        may_be_absent=True,
    ),
    "scope_certificates": Table(
        "company/scope_certificates.csv",
        ("scope_certificate", "standard", "facility_id", "flow_id", "yield_share", "source"),
        ("scope_certificate", "facility_id", "flow_id"),
        ("opening_kg", "valid_from", "valid_to", "note"),
        may_be_absent=True,
    ),
    "transaction_certificates": Table(
        "company/transaction_certificates.csv",
        (
            "transaction_certificate",
            "scope_certificate",
            "direction",
            "facility_id",
            "flow_id",
            "shipped_on",
            "certified_quantity",
            "unit",
        ),
        ("transaction_certificate", "direction", "facility_id", "flow_id"),
        ("counterparty", "note"),
        may_be_absent=True,
    ),
    "gwp_sets": Table(
        "company/gwp_sets.csv",
        ("gwp_set", "gas_code", "gwp100", "source"),
        ("gwp_set", "gas_code"),
        may_be_absent=True,
    ),
    "people": Table(
        "company/people.csv",
        ("person_id", "name_en"),
        ("person_id",),
        ("name_zh", "position", "prepares", "reviews", "approves", "os_user", "ssh_key"),
        may_be_absent=True,
    ),
    "exclusions": Table(
        "company/exclusions.csv",
        ("category", "reason"),
        ("scope", "category"),
        ("scope", "reason_zh"),
        may_be_absent=True,
    ),
    "benchmarks": Table(
        "company/benchmarks.csv",
        ("process_id", "flow_id", "value", "unit", "source_id", "source_locator"),
        ("process_id", "flow_id", "valid_from"),
        ("valid_from", "valid_to", "note"),
        may_be_absent=True,
    ),
    "targets": Table(
        "company/targets.csv",
        (
            "target_id",
            "name_en",
            "kind",
            "basis",
            "target_year",
            "source_id",
            "source_locator",
        ),
        ("target_id",),
        (
            "name_zh",
            "base_year",
            "reduction_share",
            "path",
            "scopes",
            "categories",
            "facility_id",
            "product_id",
            "neutralised_by",
            "neutralised_by_zh",
            "note",
        ),
        may_be_absent=True,
    ),
    "production_plan": Table(
        "company/production_plan.csv",
        ("product_id", "year", "quantity", "unit", "source_id", "source_locator"),
        ("product_id", "year"),
        ("note",),
        may_be_absent=True,
    ),
    "factor_paths": Table(
        "company/factor_paths.csv",
        ("flow_id", "component", "year", "value", "unit", "source_id", "source_locator"),
        ("flow_id", "component", "facility_id", "basis", "year"),
        ("facility_id", "basis", "note"),
        may_be_absent=True,
    ),
    "baseline_drivers": Table(
        "company/baseline_drivers.csv",
        ("process_id", "flow_id", "driver_process_id", "driver_flow_id", "source_id"),
        ("process_id", "flow_id", "driver_process_id", "driver_flow_id"),
        ("source_locator", "note"),
        may_be_absent=True,
    ),
    "initiatives": Table(
        "company/initiatives.csv",
        ("initiative_id", "name_en", "status", "starts_on", "source_id", "source_locator"),
        ("initiative_id",),
        (
            "name_zh",
            "ramp_months",
            "life_years",
            "capex",
            "other_costs_per_year",
            "discount_rate",
            "currency",
            "owner",
            "note",
        ),
        may_be_absent=True,
    ),
    "initiative_changes": Table(
        "company/initiative_changes.csv",
        ("initiative_id", "change", "facility_id", "flow_id"),
        (
            "initiative_id",
            "change",
            "facility_id",
            "process_id",
            "flow_id",
            "other_flow_id",
            "component",
        ),
        ("process_id", "other_flow_id", "value", "unit", "share", "component", "supplier_id"),
        may_be_absent=True,
    ),
    "prices": Table(
        "company/prices.csv",
        ("flow_id", "price", "currency", "unit", "source_id", "source_locator"),
        ("flow_id", "facility_id", "valid_from"),
        ("facility_id", "valid_from", "valid_to"),
        may_be_absent=True,
    ),
    "ranges": Table(
        "expectations/ranges.csv",
        ("flow_id", "per", "unit"),
        ("flow_id", "process_id", "direction", "per"),
        (
            "process_id",
            "direction",
            "usual_min",
            "usual_max",
            "hard_min",
            "hard_max",
            "source",
        ),
        may_be_absent=True,
    ),
    "tolerances": Table(
        "expectations/tolerances.csv",
        ("rule_id", "tolerance"),
        ("rule_id", "source", "flow_id"),
        ("source", "flow_id", "reason"),
        may_be_absent=True,
    ),
    "uncertainties": Table(
        "expectations/uncertainties.csv",
        ("cause_kind", "spread", "source_id", "source_locator"),
        (
            "cause_kind",
            "factor_version_id",
            "flow_id",
            "component",
            "process_id",
            "data_method",
            "meter_id",
            "gas_code",
        ),
        (
            "factor_version_id",
            "flow_id",
            "component",
            "process_id",
            "data_method",
            "meter_id",
            "gas_code",
            "note",
        ),
        may_be_absent=True,
    ),
}

REFERENCES = (  # table, column, table it must exist in
    ("processes", "facility_id", "facilities"),
    ("processes", "stage_code", "stages"),
    ("flow_properties", "flow_id", "flows"),
    ("products", "flow_id", "flows"),
    ("ranges", "flow_id", "flows"),
    ("ranges", "process_id", "processes"),
    ("tolerances", "flow_id", "flows"),
    ("meters", "process_id", "processes"),
    ("products", "facility_id", "facilities"),
    ("allocation_rules", "process_id", "processes"),
    ("allocation_rules", "flow_id", "flows"),
    ("service_keys", "process_id", "processes"),
    ("service_keys", "consumer_process_id", "processes"),
    ("service_keys", "flow_id", "flows"),
    ("scenarios", "product_id", "products"),
    ("scenarios", "flow_id", "flows"),
    ("recycling_methods", "recycled_flow_id", "flows"),
    ("recycling_methods", "virgin_flow_id", "flows"),
    ("recycling_methods", "recycling_eol_flow_id", "flows"),
    ("benchmarks", "process_id", "processes"),
    ("benchmarks", "flow_id", "flows"),
    ("targets", "facility_id", "facilities"),
    ("targets", "product_id", "products"),
    ("production_plan", "product_id", "products"),
    ("factor_paths", "flow_id", "flows"),
    ("factor_paths", "facility_id", "facilities"),
    ("baseline_drivers", "process_id", "processes"),
    ("baseline_drivers", "flow_id", "flows"),
    ("baseline_drivers", "driver_process_id", "processes"),
    ("baseline_drivers", "driver_flow_id", "flows"),
    ("initiative_changes", "initiative_id", "initiatives"),
    ("initiative_changes", "facility_id", "facilities"),
    ("initiative_changes", "process_id", "processes"),
    ("initiative_changes", "flow_id", "flows"),
    ("initiative_changes", "other_flow_id", "flows"),
    ("initiative_changes", "supplier_id", "suppliers"),
    ("uncertainties", "flow_id", "flows"),
    ("uncertainties", "process_id", "processes"),
    ("uncertainties", "meter_id", "meters"),
    ("scope_certificates", "facility_id", "facilities"),
    ("scope_certificates", "flow_id", "flows"),
    ("transaction_certificates", "facility_id", "facilities"),
    ("transaction_certificates", "flow_id", "flows"),
    ("supplier_records", "supplier_id", "suppliers"),
    ("supplier_records", "flow_id", "flows"),
    ("prices", "flow_id", "flows"),
    ("prices", "facility_id", "facilities"),
)


class CompanyDataError(Exception):
    """The data folder contradicts itself; every problem is one line of the message."""


def parts_of(cell: str | None) -> list[str]:
    """What a cell lists, with semicolons between; nothing of a blank one."""
    return [part.strip() for part in (cell or "").split(";") if part.strip()]


def read_csv_as_text(path: Path, known: Collection[str] = ()) -> pd.DataFrame:
    """A CSV with every cell as it stands; a blank is None, `NA` stays `NA`.

    A row's label is its line less 2, so that it is its place where no line is blank.

    Raises:
        CompanyDataError: it can't be read, or a line of it can't be followed.
    """
    import pandas as pd  # 0.4 s, which the command line's help does without

    try:
        table = read_text_table(path, known)
    except UnreadableFileError as error:
        raise CompanyDataError(f"{_shown(path)}: {error.reason}") from error
    if table.problems:
        raise CompanyDataError(
            "\n".join(f"{_shown(path)} line {n}: {text}" for n, text in table.problems.items())
        )
    labels = [line - 2 for line in table.lines]
    return pd.DataFrame(list(table.rows), labels, list(table.header), dtype=object)


def _shown(path: Path) -> str:
    """A table as the messages name it: with its folder."""
    return path.name if path.name == "rounds.csv" else f"{path.parent.name}/{path.name}"


@cache
def mass_units() -> frozenset[str]:
    """Units of mass that a flow may be kept in, as the warehouse knows them."""
    return frozenset(read_csv_as_text(MASS_UNITS)["unit_code"])
