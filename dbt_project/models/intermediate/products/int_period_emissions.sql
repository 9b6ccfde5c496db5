-- One row per reference period, process, flow, component, supplier and inventory category:
-- emission lines of the period's months, summed. Kilograms of the company's share, as in
-- int_emissions; a product's footprint is that of the whole process.

{{ replace_periods() }}

with months as (

    select * from {{ ref('int_period_months') }}
    where {{ in_stale_periods('reference_period') }}

),

emissions as (

    select * from {{ ref('int_emissions') }}
    where period_month in (select months.period_month from months)

),

quality as (

    select * from {{ ref('int_emission_quality') }}
    where period_month in (select months.period_month from months)

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

categories as (

    select * from {{ ref('ghg_categories') }}

),

summed as (

    select
        months.reference_period,
        emissions.facility_id,
        emissions.process_id,
        emissions.flow_id,
        emissions.component,
        emissions.supplier_key,
        emissions.ghg_category,
        emissions.ghg_scope,
        emissions.consolidation_share,
        {% for column in gas_columns() -%}
            sum(emissions.{{ column }}) as {{ column }},
        {% endfor -%}
        {% for column in quality_columns() -%}
            sum(quality.{{ column }}) as {{ column }},
        {% endfor -%}
        sum(emissions.location_based_kgco2e) as location_based_kgco2e,
        sum(emissions.market_based_kgco2e) as market_based_kgco2e
    from months
    inner join emissions
        on months.period_month = emissions.period_month
    inner join quality
        on
            emissions.process_id = quality.process_id
            and emissions.facility_id = quality.facility_id
            and emissions.flow_id = quality.flow_id
            and emissions.direction = quality.direction
            and emissions.period_month = quality.period_month
            and emissions.supplier_key = quality.supplier_key
            and emissions.component = quality.component
    group by
        months.reference_period,
        emissions.facility_id,
        emissions.process_id,
        emissions.flow_id,
        emissions.component,
        emissions.supplier_key,
        emissions.ghg_category,
        emissions.ghg_scope,
        emissions.consolidation_share

)

select
    summed.reference_period,
    summed.facility_id,
    summed.process_id,
    processes.process_type,
    summed.flow_id,
    flows.flow_kind,
    flows.life_cycle_stage,
    flows.is_aircraft,
    summed.component,
    summed.supplier_key,
    summed.ghg_category,
    summed.ghg_scope,
    categories.in_product_boundary,
    summed.consolidation_share,
    {% for column in gas_columns() -%}
        summed.{{ column }},
    {% endfor -%}
    {% for column in quality_columns() -%}
        summed.{{ column }},
    {% endfor -%}
    summed.location_based_kgco2e,
    summed.market_based_kgco2e
from summed
left join processes
    on summed.process_id = processes.process_id
left join flows
    on summed.flow_id = flows.flow_id
left join categories
    on summed.ghg_category = categories.ghg_category
