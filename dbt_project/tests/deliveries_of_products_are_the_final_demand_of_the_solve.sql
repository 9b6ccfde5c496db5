-- What distribution is divided by is what the solved system delivered: counted twice, from the
-- exchanges and by the solve, over the flows that are products. Where deliveries are recorded, they
-- are what was taken; where not, what was made and is left, and never less than nothing.

{{ config(meta={'dagster': {'ref': {'name': 'stg_solved__final_demand'}}}) }}

with product_flows as (

    select distinct flow_id
    from {{ ref('stg_company__products') }}

),

exchanges as (

    select
        months.reference_period,
        exchanges.flow_id,
        sum(
            case
                when exchanges.process_type <> 'non_product' then 0.0
                when exchanges.direction = 'input' then exchanges.quantity
                else -exchanges.quantity
            end
        ) as taken_outside,
        sum(
            case
                when exchanges.process_type = 'non_product' then 0.0
                when exchanges.direction = 'output' then exchanges.quantity
                else -exchanges.quantity
            end
        ) as left_over
    from {{ ref('int_system_exchanges') }} as exchanges
    inner join product_flows
        on exchanges.flow_id = product_flows.flow_id
    inner join {{ ref('int_period_months') }} as months
        on exchanges.period_month = months.period_month
    where months.is_solved
    group by months.reference_period, exchanges.flow_id

),

recorded_flows as (

    select distinct flow_id
    from {{ ref('int_system_exchanges') }}
    where process_type = 'non_product' and direction = 'input'

),

-- of a flow without a figure nothing is demanded
solved_flows as (

    select distinct
        reference_period,
        flow_id
    from {{ ref('stg_solved__requirements') }}

),

delivered as (

    select
        exchanges.reference_period,
        exchanges.flow_id,
        case
            when recorded_flows.flow_id is not null then exchanges.taken_outside
            else greatest(exchanges.left_over, 0.0)
        end as quantity
    from exchanges
    inner join solved_flows
        on
            exchanges.reference_period = solved_flows.reference_period
            and exchanges.flow_id = solved_flows.flow_id
    left join recorded_flows
        on exchanges.flow_id = recorded_flows.flow_id

),

demanded as (

    select
        final_demand.reference_period,
        final_demand.flow_id,
        sum(final_demand.quantity) as quantity
    from {{ ref('stg_solved__final_demand') }} as final_demand
    where
        final_demand.demand_kind = 'delivery'
        and final_demand.flow_id in (select product_flows.flow_id from product_flows)
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
