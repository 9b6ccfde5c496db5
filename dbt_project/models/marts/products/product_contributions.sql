-- One row per product, reference period, method, and what the footprint of one declared unit is
-- made of: process, flow and component of the inventory; market, treatment and factor of a
-- scenario; part of the formula of a method. Methods other than cut_off hold only what they add.

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('int_product_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

product_periods as (

    select distinct
        reference_period,
        product_id,
        delivered_quantity * declared_units_per_unit as delivered_declared_units
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

-- of earlier periods, too: what stock carries was emitted when it was made
period_emissions as (

    select * from {{ ref('int_period_emissions') }}
    where
        reference_period in (select requirements.operation_period from requirements)
        and in_product_boundary

),

opening_stocks as (

    select * from {{ ref('int_opening_stock_emissions') }}
    where {{ in_stale_periods('reference_period') }}

),

distribution_emissions as (

    select * from {{ ref('int_distribution_emissions') }}
    where {{ in_stale_periods('reference_period') }}

),

scenario_emissions as (

    select * from {{ ref('int_scenario_emissions') }}
    where
        {{ in_stale_periods('reference_period') }}
        -- what recovered energy displaces is a credit, which cut-off has none of (method R30)
        and treatment <> 'energy_credit'

),

adjustments as (

    select * from {{ ref('int_recycling_adjustments') }}
    where {{ in_stale_periods('reference_period') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

gwp as (

    select
        max(case when gas_code = 'ch4_biogenic' then gwp100 end) as ch4_biogenic,
        max(case when gas_code = 'co2_luc' then gwp100 end) as co2_luc
    from {{ ref('int_gwp') }}

),

-- the part of a line that one declared unit carries
shares_of_lines as (

    select
        requirements.product_id,
        requirements.coefficient_per_declared_unit as coefficient,
        requirements.reference_period,
        period_emissions.life_cycle_stage,
        period_emissions.process_id,
        period_emissions.flow_id,
        period_emissions.component,
        {% for column in gas_columns() -%}
            period_emissions.{{ column }},
        {% endfor -%}
        {% for column in quality_columns() -%}
            period_emissions.{{ column }},
        {% endfor -%}
        period_emissions.location_based_kgco2e,
        period_emissions.market_based_kgco2e
    from requirements
    inner join period_emissions
        on
            requirements.operation_period = period_emissions.reference_period
            and requirements.process_id = period_emissions.process_id
    union all
    select
        distribution_emissions.product_id,
        1.0
        / product_periods.delivered_declared_units
        / nullif(distribution_emissions.consolidation_share, 0.0) as coefficient,
        distribution_emissions.reference_period,
        'distribution' as life_cycle_stage,
        distribution_emissions.process_id,
        distribution_emissions.flow_id,
        distribution_emissions.component,
        {% for column in gas_columns() -%}
            distribution_emissions.{{ column }},
        {% endfor -%}
        {% for column in quality_columns() -%}
            distribution_emissions.{{ column }},
        {% endfor -%}
        distribution_emissions.location_based_kgco2e,
        distribution_emissions.market_based_kgco2e
    from distribution_emissions
    inner join product_periods
        on
            distribution_emissions.reference_period = product_periods.reference_period
            and distribution_emissions.product_id = product_periods.product_id
    where product_periods.delivered_declared_units > 0.0

),

inventory as (

    select
        product_id,
        reference_period,
        'cut_off' as method,
        'inventory' as origin,
        life_cycle_stage,
        process_id,
        flow_id,
        component,
        '' as market,
        '' as treatment,
        '' as factor_version_id,
        {% for column in gas_columns() -%}
            sum(coefficient * {{ column }}) as {{ column }},
        {% endfor -%}
        sum(coefficient * location_based_kgco2e) as location_based_kgco2e,
        sum(coefficient * market_based_kgco2e) as market_based_kgco2e,
        coalesce(
            sum(coefficient * location_based_primary_kgco2e)
            / nullif(sum(coefficient * location_based_gross_kgco2e), 0.0),
            0.0
        ) as location_based_primary_share,
        coalesce(
            sum(coefficient * market_based_primary_kgco2e)
            / nullif(sum(coefficient * market_based_gross_kgco2e), 0.0),
            0.0
        ) as market_based_primary_share,
        coalesce(
            sum(coefficient * location_based_estimated_kgco2e)
            / nullif(sum(coefficient * location_based_gross_kgco2e), 0.0),
            0.0
        ) as estimated_share
    from shares_of_lines
    group by
        product_id,
        reference_period,
        life_cycle_stage,
        process_id,
        flow_id,
        component

),

-- stated, not measured, and in no inventory
of_opening_stocks as (

    select
        requirements.product_id,
        requirements.reference_period,
        'cut_off' as method,
        'opening_stock' as origin,
        opening_stocks.life_cycle_stage,
        opening_stocks.process_id,
        opening_stocks.flow_id,
        opening_stocks.component,
        '' as market,
        '' as treatment,
        '' as factor_version_id,
        {% for column in emission_columns() -%}
            requirements.coefficient_per_declared_unit * opening_stocks.{{ column }}
                as {{ column }},
        {% endfor -%}
        0.0 as location_based_primary_share,
        0.0 as market_based_primary_share,
        1.0 as estimated_share
    from requirements
    inner join opening_stocks
        on
            requirements.operation_period = opening_stocks.reference_period
            and requirements.process_id = opening_stocks.process_id

),

scenarios as (

    select
        product_id,
        reference_period,
        'cut_off' as method,
        'scenario' as origin,
        life_cycle_stage,
        '' as process_id,
        flow_id,
        component,
        market,
        treatment,
        coalesce(factor_version_id, '') as factor_version_id,
        -- what is recycled leaves without a burden: who uses it carries its collection, sorting and
        -- recycling (method R27)
        {% for column in gas_columns() -%}
            case when treatment = 'recycling' then 0.0 else {{ column }} end as {{ column }},
        {% endfor -%}
        case when treatment = 'recycling' then 0.0 else kgco2e end as location_based_kgco2e,
        case when treatment = 'recycling' then 0.0 else kgco2e end as market_based_kgco2e,
        -- what happens after the sale is assumed, not measured
        0.0 as location_based_primary_share,
        0.0 as market_based_primary_share,
        1.0 as estimated_share
    from scenario_emissions

),

method_adjustments as (

    select
        product_id,
        reference_period,
        method,
        'method_adjustment' as origin,
        life_cycle_stage,
        '' as process_id,
        flow_id,
        component,
        '' as market,
        '' as treatment,
        '' as factor_version_id,
        {% for column in gas_columns() -%}
            {{ column }},
        {% endfor -%}
        location_based_kgco2e,
        market_based_kgco2e,
        0.0 as location_based_primary_share,
        0.0 as market_based_primary_share,
        1.0 as estimated_share
    from adjustments

),

contributions as (

    select * from inventory
    union all
    select * from of_opening_stocks
    union all
    select * from scenarios
    union all
    select * from method_adjustments

)

select
    contributions.product_id,
    contributions.reference_period,
    contributions.method,
    contributions.origin,
    contributions.life_cycle_stage,
    contributions.process_id,
    contributions.flow_id,
    contributions.component,
    contributions.market,
    contributions.treatment,
    contributions.factor_version_id,
    {% for column in gas_columns() -%}
        contributions.{{ column }} as {{ column }}_per_declared_unit,
    {% endfor -%}
    contributions.location_based_kgco2e as location_based_kgco2e_per_declared_unit,
    contributions.market_based_kgco2e as market_based_kgco2e_per_declared_unit,
    -- CO2-equivalents without single gases count as fossil (method R34)
    contributions.location_based_kgco2e
    - contributions.ch4_biogenic_kg * gwp.ch4_biogenic
    - contributions.co2_luc_kg * gwp.co2_luc as fossil_kgco2e_per_declared_unit,
    contributions.ch4_biogenic_kg * gwp.ch4_biogenic as biogenic_kgco2e_per_declared_unit,
    contributions.co2_luc_kg * gwp.co2_luc as land_use_kgco2e_per_declared_unit,
    case when flows.is_aircraft then contributions.location_based_kgco2e else 0.0 end
        as aircraft_kgco2e_per_declared_unit,
    contributions.location_based_primary_share,
    contributions.market_based_primary_share,
    contributions.estimated_share
from contributions
cross join gwp
left join flows
    on contributions.flow_id = flows.flow_id
