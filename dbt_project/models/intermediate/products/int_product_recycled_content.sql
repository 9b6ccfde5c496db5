-- One row per product and reference period: recycled content of what was made, over its sites.

with product_periods as (

    select * from {{ ref('int_product_periods') }}

),

recycled as (

    select * from {{ ref('stg_solved__recycled_content') }}

)

select
    product_periods.product_id,
    product_periods.reference_period,
    -- one site that does not know leaves the product unknown
    case
        when count(*) = count(recycled.recycled_content)
            then sum(product_periods.market_weight * recycled.recycled_content)
    end as recycled_content
from product_periods
left join recycled
    on
        product_periods.reference_period = recycled.reference_period
        and product_periods.flow_id = recycled.flow_id
        and product_periods.facility_id = recycled.facility_id
group by product_periods.product_id, product_periods.reference_period
