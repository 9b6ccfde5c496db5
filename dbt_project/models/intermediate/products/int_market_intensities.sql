-- One row per reference period, flow and site that makes it: what one kilogram carries at the gate,
-- for the flows that recycling methods name. Of the whole site, whatever the company's share.

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

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

operations as (

    select * from {{ ref('int_operation_emissions') }}

)

select
    requirements.reference_period,
    requirements.flow_id,
    requirements.facility_id,
    {% for column in gas_columns() -%}
        sum(
            requirements.requirement
            * operations.{{ column }}
            / nullif(operations.consolidation_share, 0.0)
        ) / max(mass_units.kg_per_unit) as {{ column }}_per_kg,
    {% endfor -%}
    sum(
        requirements.requirement
        * operations.location_based_kgco2e
        / nullif(operations.consolidation_share, 0.0)
    ) / max(mass_units.kg_per_unit) as location_based_kgco2e_per_kg,
    sum(
        requirements.requirement
        * operations.market_based_kgco2e
        / nullif(operations.consolidation_share, 0.0)
    ) / max(mass_units.kg_per_unit) as market_based_kgco2e_per_kg
from requirements
inner join named
    on requirements.flow_id = named.flow_id
inner join flows
    on requirements.flow_id = flows.flow_id
inner join operations
    on
        requirements.operation_period = operations.reference_period
        and requirements.process_id = operations.process_id
left join mass_units
    on flows.unit_code = mass_units.unit_code
group by
    requirements.reference_period,
    requirements.flow_id,
    requirements.facility_id
