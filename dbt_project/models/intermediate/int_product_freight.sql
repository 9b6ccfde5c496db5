-- One row per reference period, freight to customers and product: what of the freight's
-- emissions belongs to the product, as the company's share.

{{ replace_periods() }}

with period_months as (

    select * from {{ ref('int_period_months') }}
    where
        {{ in_stale_periods('reference_period') }}
        and is_solved

),

distribution as (

    select
        process_id,
        flow_id,
        direction,
        period_month,
        supplier_key,
        product_id,
        sum(line_share * product_share) as product_share
    from {{ ref('int_distribution') }}
    where period_month in (select period_months.period_month from period_months)
    group by process_id, flow_id, direction, period_month, supplier_key, product_id

),

emissions as (

    select * from {{ ref('int_emissions') }}
    where
        period_month in (select period_months.period_month from period_months)
        and flow_id in (select distribution.flow_id from distribution)

),

categories as (

    select * from {{ ref('ghg_categories') }}

),

products as (

    select * from {{ ref('stg_company__products') }}

)

select
    period_months.reference_period,
    emissions.facility_id,
    emissions.process_id,
    emissions.flow_id as freight_flow_id,
    distribution.product_id,
    products.flow_id as product_flow_id,
    emissions.consolidation_share,
    {% for column in emission_columns() -%}
        sum(distribution.product_share * emissions.{{ column }}) as {{ column }},
    {% endfor -%}
    count(*) as line_count
from emissions
inner join distribution
    on
        emissions.process_id = distribution.process_id
        and emissions.flow_id = distribution.flow_id
        and emissions.direction = distribution.direction
        and emissions.period_month = distribution.period_month
        and emissions.supplier_key = distribution.supplier_key
inner join period_months
    on emissions.period_month = period_months.period_month
inner join categories
    on emissions.ghg_category = categories.ghg_category
inner join products
    on distribution.product_id = products.product_id
where categories.in_product_boundary
group by
    period_months.reference_period,
    emissions.facility_id,
    emissions.process_id,
    emissions.flow_id,
    distribution.product_id,
    products.flow_id,
    emissions.consolidation_share
