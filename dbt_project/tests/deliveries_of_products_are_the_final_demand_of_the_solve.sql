-- What distribution is divided by is what the solved system delivered: counted twice, from the
-- exchanges and by the solve, over the flows that are products.

{{ config(meta={'dagster': {'ref': {'name': 'stg_solved__final_demand'}}}) }}

with delivered as (

    select
        months.reference_period,
        product_months.flow_id,
        sum(product_months.delivered_quantity) as quantity
    from {{ ref('int_product_months') }} as product_months
    inner join {{ ref('int_period_months') }} as months
        on product_months.period_month = months.period_month
    where months.is_solved
    group by months.reference_period, product_months.flow_id
    -- what nobody made in the period was sold from stock, and is no demand on its processes
    having sum(product_months.made_quantity) > 0.0

),

demanded as (

    select
        final_demand.reference_period,
        final_demand.flow_id,
        sum(final_demand.quantity) as quantity
    from {{ ref('stg_solved__final_demand') }} as final_demand
    where
        final_demand.demand_kind = 'delivery'
        and final_demand.flow_id in (
            select products.flow_id from {{ ref('stg_company__products') }} as products
        )
    group by final_demand.reference_period, final_demand.flow_id

)

select
    coalesce(delivered.reference_period, demanded.reference_period) as reference_period,
    coalesce(delivered.flow_id, demanded.flow_id) as flow_id,
    delivered.quantity as delivered_quantity,
    demanded.quantity as demanded_quantity
from delivered
full outer join demanded
    on
        delivered.reference_period = demanded.reference_period
        and delivered.flow_id = demanded.flow_id
where
    abs(coalesce(delivered.quantity, 0.0) - coalesce(demanded.quantity, 0.0))
    > 1e-9 * (1.0 + abs(coalesce(delivered.quantity, 0.0)))
