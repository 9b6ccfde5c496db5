-- One row per month, scenario row in force and component of its flow: the factor of the market's
-- country, else of the world, valid on the first day of the month. A use or an end of
-- life happens at no supplier and under no contract of the company, so the same factor stands on
-- both bases. Nothing valid: no factor, and int_missing_scenario_factors names it.

{{ config(materialized='table') }}

with months as (

    select period_month
    from {{ ref('stg_control__build_months') }}

),

scenarios as (

    select * from {{ ref('stg_company__scenarios') }}

),

required as (

    select * from {{ ref('int_required_components') }}

),

flow_units as (

    select * from {{ ref('int_flow_units') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}
    where
        supplier_id is null
        and technology = ''
        and basis in ('location', 'both')

),

in_force as (

    select
        months.period_month,
        scenarios.product_id,
        scenarios.market,
        scenarios.market_share,
        scenarios.life_cycle_stage,
        scenarios.treatment,
        scenarios.flow_id,
        coalesce(required.component, '') as component,
        scenarios.quantity_per_declared_unit
        * flow_units.units_per_unit_text as quantity_per_declared_unit,
        scenarios.quantity_per_declared_unit
        * flow_units.kg_per_unit_text as kg_per_declared_unit
    from scenarios
    cross join months
    left join required
        on scenarios.flow_id = required.flow_id
    left join flow_units
        on
            scenarios.flow_id = flow_units.flow_id
            and scenarios.unit_text = flow_units.unit_text
    where
        {{ valid_on('scenarios', 'months.period_month') }}

),

ranked as (

    select
        in_force.*,
        factors.factor_version_id,
        {% for column in gas_columns() -%}
            factors.{{ column }},
        {% endfor -%}
        factors.kgco2e_per_unit,
        row_number() over (
            partition by
                in_force.period_month,
                in_force.product_id,
                in_force.market,
                in_force.life_cycle_stage,
                in_force.treatment,
                in_force.flow_id,
                in_force.component
            order by
                case when factors.geography = in_force.market then 0 else 1 end asc,
                factors.is_derived asc,
                factors.library_priority asc nulls last,
                factors.valid_from desc,
                factors.factor_version_id asc
        ) as choice
    from in_force
    left join factors
        on
            in_force.flow_id = factors.flow_id
            and in_force.component = factors.component
            and factors.geography in (in_force.market, 'GLO')
            and in_force.period_month >= factors.valid_from
            and (factors.valid_to is null or in_force.period_month < factors.valid_to)

)

select
    period_month,
    product_id,
    market,
    market_share,
    life_cycle_stage,
    treatment,
    flow_id,
    component,
    quantity_per_declared_unit,
    kg_per_declared_unit,
    factor_version_id,
    {% for column in gas_columns() -%}
        {{ column }} as {{ column }}_per_unit,
    {% endfor -%}
    kgco2e_per_unit
from ranked
where choice = 1
