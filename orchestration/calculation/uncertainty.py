"""What each figure rests on, after the product system is solved and before its marts are built.

Of calendar years: the inventory of each, and what each product carries to the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from orchestration.calculation.planning import carried_by_stocks
from orchestration.calculation.solving import YEAR, system_inputs, wanted_periods
from orchestration.company.tables import TABLES
from orchestration.footprint.assembly import Assembled, assemble
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import SERVICE_KEYS, in_force, last_day, read_as
from orchestration.lake.fingerprints import code_sha256, fingerprint
from orchestration.lake.paths import Lake, content_sha256, text_schema
from orchestration.lake.warehouse import Warehouse
from orchestration.uncertainty.causes import (
    causes_table,
    data_causes,
    factor_parts,
    gwp_parts,
)
from orchestration.uncertainty.deriving import (
    bridge_sensitivities,
    delivery_causes,
    inventory_sensitivities,
    market_sensitivities,
)
from orchestration.uncertainty.tables import (
    BRIDGE_SENSITIVITIES,
    DRAWN_SCHEMAS,
    MARKET_SENSITIVITIES,
    UNCERTAINTY_SCHEMAS,
)

LINES = """
    select
        strftime(lines.period_month, '%Y') as reference_period,
        lines.facility_id,
        lines.process_id,
        lines.flow_id,
        lines.direction,
        lines.component,
        lines.ghg_category,
        lines.ghg_scope,
        categories.in_product_boundary,
        flows.life_cycle_stage,
        processes.process_type,
        lines.consolidation_share,
        mix.basis,
        mix.factor_version_id,
        sum(lines.quantity * lines.consolidation_share * mix.share) as quantity,
        sum(lines.quantity * lines.consolidation_share * mix.share * mix.kgco2e_per_unit) as kgco2e
    from intermediate.int_emissions as lines
    inner join reference.ghg_categories as categories
        on lines.ghg_category = categories.ghg_category
    inner join staging.stg_company__flows as flows
        on lines.flow_id = flows.flow_id
    inner join staging.stg_company__processes as processes
        on lines.process_id = processes.process_id
    inner join intermediate.int_factor_mix as mix
        on
            lines.period_month = mix.period_month
            and lines.facility_id = mix.facility_id
            and lines.flow_id = mix.flow_id
            and lines.component = mix.component
            and lines.supplier_key = mix.supplier_key
    where mix.kgco2e_per_unit is not null and mix.factor_version_id is not null
    group by all
    order by all
"""

READINGS = """
    select
        strftime(readings.period_month, '%Y') as reference_period,
        readings.process_id,
        readings.flow_id,
        readings.direction,
        readings.data_method,
        readings.meter_id,
        min(sources.owner) as owner,
        sum(readings.cell_value * readings.sign_multiplier * units.units_per_unit_text) as quantity
    from intermediate.int_readings as readings
    inner join intermediate.int_flow_units as units
        on readings.flow_id = units.flow_id and readings.unit_text = units.unit_text
    left join staging.stg_company__expected_hand_ins as expected
        on readings.round = expected.round and readings.hand_in = expected.hand_in
    left join staging.stg_company__sources as sources
        on expected.source = sources.source
    where
        readings.role = 'activity'
        and readings.direction in ('input', 'output')
        and readings.cell_value is not null
    group by all
    order by all
"""

SOLD = """
    select
        cast(inventory.inventory_year as varchar) as reference_period,
        inventory.facility_id,
        inventory.ghg_scope,
        inventory.ghg_category,
        bases.basis,
        'scenario:' || sold.product_id as cause_id,
        products.flow_id,
        sold.kgco2e as part_kgco2e
    from intermediate.int_sold_product_emissions as sold
    inner join marts.facility_inventory as inventory
        on
            sold.facility_id = inventory.facility_id
            and sold.inventory_year = inventory.inventory_year
            and sold.ghg_category = inventory.ghg_category
            and inventory.status = 'from_scenarios'
    inner join staging.stg_company__products as products
        on sold.product_id = products.product_id
    cross join (values ('location_based'), ('market_based')) as bases (basis)
    where sold.kgco2e is not null
    order by all
"""

VERSIONS = """
    select
        factor_version_id, flow_id, component, kgco2e_per_unit,
        supplier_id is not null as is_of_supplier
    from intermediate.int_emission_factors
    where not is_derived
    order by all
"""

# carbon dioxide is what the others are measured in; of CO2e that a source published nobody knows
# the gases
GASES = """
    select
        gases.factor_version_id,
        'gwp:' || gases.gwp_set || '/' || gases.gas_code as cause_id,
        gases.gas_code,
        sum(gases.kgco2e_per_unit) / any_value(versions.kgco2e_per_unit) as gas_share
    from intermediate.int_factor_gases as gases
    inner join intermediate.int_emission_factors as versions
        on gases.factor_version_id = versions.factor_version_id
    where
        not versions.is_derived
        and gases.gas_code not like 'co2%'
        and gases.kgco2e_per_unit <> 0
        and versions.kgco2e_per_unit <> 0
    group by all
    order by all
"""

# freight to customers, and products where they leave the system
DELIVERED = """
    select
        processes.process_id, flows.flow_id, 'input' as direction,
        flows.flow_kind = 'product' as is_product
    from staging.stg_company__flows as flows
    cross join staging.stg_company__processes as processes
    where
        processes.process_type = 'non_product'
        and flows.flow_kind in ('freight_outbound', 'freight_outbound_paid', 'product')
    order by all
"""

# what a footprint assumes beyond the gate, and what a method adds to cut-off: one cause each
ASSUMED = """
    select 'scenario:' || products.product_id as cause_id, 'scenario' as cause_kind,
        products.flow_id
    from staging.stg_company__products as products
    where products.product_id in (select product_id from staging.stg_company__scenarios)
    union
    select
        'recycling_method:' || products.product_id || '/' || methods.method, 'recycling_method',
        products.flow_id
    from staging.stg_company__products as products
    cross join staging.stg_company__recycling_methods as methods
    where methods.method <> 'cut_off'
    order by all
"""

MASS_FLOWS = """
    select flow_id
    from staging.stg_company__flows
    where unit_code in (select unit_code from reference.mass_units)
    order by all
"""

DRAWN_BY = ("orchestration/footprint", "orchestration/uncertainty")
DRAWN_WITH = ("numpy", "scipy")
"""Code and packages that decide what comes out of draws."""


@dataclass(frozen=True)
class RestsOn:
    """What the figures of all years rest on: emission lines, quantities, scenarios, factors, and of
    these the part that each gas makes."""

    lines: pd.DataFrame
    readings: pd.DataFrame
    sold: pd.DataFrame
    versions: pd.DataFrame
    gases: pd.DataFrame
    delivered: pd.DataFrame
    assumed: pd.DataFrame
    mass_flows: pd.DataFrame

    @property
    def factor_values(self) -> dict[str, float]:
        """kgCO2e per unit of each published factor version."""
        names, values = self.versions["factor_version_id"], self.versions["kgco2e_per_unit"]
        return dict(zip(names, values, strict=True))


@dataclass(frozen=True)
class SystemOfYear:
    """The product system of a calendar year, with the keys of its services and its stocks."""

    reference_period: str
    assembled: Assembled
    service_keys: pd.DataFrame
    stocks: pd.DataFrame


@dataclass(frozen=True)
class DerivedUncertainty:
    """How many causes figures rest on, and of how many a spread is stated."""

    causes: int
    stated: int


def derive_uncertainty(lake: Lake) -> DerivedUncertainty:
    """Write causes, and the derivatives of inventories and product intensities by each.

    Raises:
        SolveError: the first half of dbt didn't build every month with today's inputs.
    """
    on = what_figures_rest_on(lake)
    of_factors, data = factor_parts(on.lines, on.factor_values), data_causes(on.readings)
    parts = pd.concat([of_factors, gwp_parts(of_factors, on.gases)], ignore_index=True)
    of_markets = [pd.DataFrame(columns=MARKET_SENSITIVITIES.names)]
    of_bridges = [pd.DataFrame(columns=BRIDGE_SENSITIVITIES.names)]
    for system in systems_of_years(lake):
        name = system.reference_period
        of_lines, of_parts, of_data = (
            frame[frame["reference_period"] == name] for frame in (on.lines, parts, data)
        )
        of_year = (
            name,
            system.assembled,
            system.service_keys,
            of_lines,
            of_parts,
            of_data,
            system.stocks,
        )
        of_markets.append(market_sensitivities(*of_year))
        of_bridges.append(bridge_sensitivities(*of_year))
    market_frame = pd.concat([one for one in of_markets if len(one)] or of_markets)
    inventory = inventory_sensitivities(on.lines, parts, data, on.sold)
    markets = pa.Table.from_pandas(market_frame, schema=MARKET_SENSITIVITIES, preserve_index=False)
    bridge_frame = pd.concat([one for one in of_bridges if len(one)] or of_bridges)
    bridges = pa.Table.from_pandas(bridge_frame, schema=BRIDGE_SENSITIVITIES, preserve_index=False)
    deliveries = delivery_causes(on.lines, parts, data, on.delivered)
    occurring = {*on.assumed["cause_id"]}.union(
        *(table["cause_id"].to_pylist() for table in (inventory, markets, bridges, deliveries))
    )
    described = _described(of_factors, data, on, sorted(occurring))
    causes = causes_table(described, _stated(lake))
    written = {
        "causes": causes,
        "inventory_sensitivities": inventory,
        "market_sensitivities": markets,
        "bridge_sensitivities": bridges,
        "delivery_causes": deliveries,
    }
    for table in UNCERTAINTY_SCHEMAS:
        lake.write_if_changed(lake.uncertainty(table), written[table])
    _drop_other_draws(lake)
    return DerivedUncertainty(causes.num_rows, causes.num_rows - causes["spread"].null_count)


def hash_of_derived(lake: Lake) -> str:
    """One hash over causes, spreads, sensitivities and code: with any of them, draws are others."""
    return fingerprint(
        code_sha256(DRAWN_BY, DRAWN_WITH),
        *(
            content_sha256(lake.read(lake.uncertainty(table), schema))
            for table, schema in UNCERTAINTY_SCHEMAS.items()
        ),
    )


def _drop_other_draws(lake: Lake) -> None:
    """Intervals that were drawn from something else are none of today's figures."""
    drawn = {name: lake.read(lake.uncertainty(name), one) for name, one in DRAWN_SCHEMAS.items()}
    today = hash_of_derived(lake) if any(table.num_rows for table in drawn.values()) else ""
    for name, table in drawn.items():
        if not table.num_rows or table["rests_on"][0].as_py() != today:
            lake.write_if_changed(lake.uncertainty(name), DRAWN_SCHEMAS[name].empty_table())


def what_figures_rest_on(lake: Lake) -> RestsOn:
    """As the first half of dbt left it."""
    with Warehouse(lake).reading() as connection:
        queries = LINES, READINGS, SOLD, VERSIONS, GASES, DELIVERED, ASSUMED, MASS_FLOWS
        return RestsOn(*(connection.execute(sql).df() for sql in queries))


def systems_of_years(lake: Lake) -> Iterator[SystemOfYear]:
    """Of each calendar year in which some product is solved.

    Raises:
        SolveError: the first half of dbt didn't build every month with today's inputs.
    """
    wanted = wanted_periods(lake)
    years = [period for period in wanted.periods if period.period_type == YEAR]
    for period, inputs in system_inputs(lake, years, wanted):
        name = period.reference_period
        assembled = assemble(name, inputs, Findings(name))
        if assembled is None:
            continue
        keys = in_force(read_as(inputs.service_keys, SERVICE_KEYS), last_day(name)).to_pandas()
        with Warehouse(lake).reading() as connection:
            stocks = carried_by_stocks(connection, period, assembled)
        yield SystemOfYear(name, assembled, keys, stocks)


OTHERS = ("allocation_price:", "opening_stock:", "service_key:")
"""How ids of causes begin that the product system alone knows."""


def _described(
    parts: pd.DataFrame, data: pd.DataFrame, on: RestsOn, occurring: list[str]
) -> pd.DataFrame:
    """What is known of each cause that occurs."""
    lines = parts.rename(columns={"factor_version_id": "used_as"})
    factors = lines[["cause_id", "version", "flow_id", "component"]].rename(
        columns={"version": "factor_version_id"}
    )
    published = on.versions.assign(cause_id="factor:" + on.versions["factor_version_id"])
    # a version is described as it was published, before what it is used for
    factors = pd.concat([published[[*factors.columns, "is_of_supplier"]], factors])
    library = factors["factor_version_id"].str.split(":").str[0]
    others = [one for one in occurring if one.startswith(OTHERS)]
    is_mass = data["flow_id"].isin(on.mass_flows["flow_id"])
    return pd.concat(
        [
            factors.assign(cause_kind="factor", owner=library),
            data.assign(is_mass=is_mass),
            on.assumed,
            on.gases[["cause_id", "gas_code"]].assign(cause_kind="gwp"),
            pd.DataFrame([_named(one) for one in others]),
        ],
        ignore_index=True,
    ).pipe(lambda frame: frame[frame["cause_id"].isin(occurring)])


def _named(cause: str) -> dict[str, str]:
    """A price `process/flow`, a stock `flow@facility`, or a key `giver/consumer`."""
    kind, _, rest = cause.partition(":")
    if kind == "opening_stock":
        return {"cause_id": cause, "cause_kind": kind, "flow_id": rest.rpartition("@")[0]}
    process, _, flow = rest.partition("/")
    if kind == "service_key":
        return {"cause_id": cause, "cause_kind": kind, "process_id": process}
    return {"cause_id": cause, "cause_kind": kind, "process_id": process, "flow_id": flow}


def _stated(lake: Lake) -> list[dict[str, str | None]]:
    schema = text_schema(TABLES["uncertainties"].all_columns)
    return lake.read(lake.company("uncertainties"), schema).to_pylist()
