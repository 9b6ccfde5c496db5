-- One row per product, solved reference period, process, flow and component: outbound transport of
-- the product's deliveries, in kilograms of the company's share as in int_emissions.

{{ replace_periods() }}

with months as (

    select * from {{ ref('int_period_months') }}
    where {{ in_stale_periods('reference_period') }} and is_solved

),

distribution as (

    select * from {{ ref('int_distribution') }}
    where period_month in (select months.period_month from months)

),

emissions as (

    select * from {{ ref('int_emissions') }}
    where period_month in (select months.period_month from months)

),

quality as (

    select * from {{ ref('int_emission_quality') }}
    where period_month in (select months.period_month from months)

),

categories as (

    select * from {{ ref('ghg_categories') }}
    where in_product_boundary

)

select
    months.reference_period,
    distribution.product_id,
    emissions.facility_id,
    emissions.process_id,
    emissions.flow_id,
    emissions.component,
    emissions.consolidation_share,
    {% for column in gas_columns() -%}
        sum(distribution.line_share * distribution.product_share * emissions.{{ column }})
            as {{ column }},
    {% endfor -%}
    {% for column in quality_columns() -%}
        sum(distribution.line_share * distribution.product_share * quality.{{ column }})
            as {{ column }},
    {% endfor -%}
    sum(distribution.line_share * distribution.product_share * emissions.location_based_kgco2e)
        as location_based_kgco2e,
    sum(distribution.line_share * distribution.product_share * emissions.market_based_kgco2e)
        as market_based_kgco2e
from months
inner join distribution
    on months.period_month = distribution.period_month
inner join emissions
    on
        distribution.process_id = emissions.process_id
        and distribution.flow_id = emissions.flow_id
        and distribution.direction = emissions.direction
        and distribution.period_month = emissions.period_month
        and distribution.supplier_key = emissions.supplier_key
inner join quality
    on
        emissions.process_id = quality.process_id
        and emissions.flow_id = quality.flow_id
        and emissions.direction = quality.direction
        and emissions.period_month = quality.period_month
        and emissions.supplier_key = quality.supplier_key
        and emissions.component = quality.component
inner join categories
    on emissions.ghg_category = categories.ghg_category
group by
    months.reference_period,
    distribution.product_id,
    emissions.facility_id,
    emissions.process_id,
    emissions.flow_id,
    emissions.component,
    emissions.consolidation_share
