-- One row per reference period, flow and site that makes it: what one kilogram carries at the gate,
-- for the flows that recycling methods name. Of the whole site, whatever the company's share.

with requirements as (

    select * from {{ ref('stg_solved__requirements') }}

),

named as (

    select recycled_flow_id as flow_id
    from {{ ref('stg_company__recycling_methods') }}
    union
    select recycling_eol_flow_id as flow_id
    from {{ ref('stg_company__recycling_methods') }}
    where recycling_eol_flow_id is not null

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

emissions as (

    select
        reference_period,
        process_id,
        {% for column in gas_columns() -%}
            sum({{ column }}) / nullif(consolidation_share, 0.0) as {{ column }},
        {% endfor -%}
        sum(location_based_kgco2e) / nullif(consolidation_share, 0.0) as location_based_kgco2e,
        sum(market_based_kgco2e) / nullif(consolidation_share, 0.0) as market_based_kgco2e
    from {{ ref('int_period_emissions') }}
    where in_product_boundary
    group by reference_period, process_id, consolidation_share

)

select
    requirements.reference_period,
    requirements.flow_id,
    requirements.facility_id,
    {% for column in gas_columns() -%}
        sum(requirements.requirement * emissions.{{ column }})
        / max(mass_units.kg_per_unit) as {{ column }}_per_kg,
    {% endfor -%}
    sum(requirements.requirement * emissions.location_based_kgco2e)
    / max(mass_units.kg_per_unit) as location_based_kgco2e_per_kg,
    sum(requirements.requirement * emissions.market_based_kgco2e)
    / max(mass_units.kg_per_unit) as market_based_kgco2e_per_kg
from requirements
inner join named
    on requirements.flow_id = named.flow_id
inner join flows
    on requirements.flow_id = flows.flow_id
inner join emissions
    on
        requirements.reference_period = emissions.reference_period
        and requirements.process_id = emissions.process_id
left join mass_units
    on flows.unit_code = mass_units.unit_code
group by
    requirements.reference_period,
    requirements.flow_id,
    requirements.facility_id
