-- One row per month, site, product flow that leaves there, and product it counts for.
-- A site's own product counts first; a flow that only other sites make is theirs, in proportion
-- to what they made in the month.

with takings as (

    select
        period_month,
        facility_id,
        flow_id
    from {{ ref('int_system_exchanges') }}
    where
        process_type = 'non_product'
        and direction = 'input'
        and flow_kind = 'product'
    group by period_month, facility_id, flow_id

),

made as (

    select
        period_month,
        facility_id,
        flow_id,
        sum(quantity) as quantity
    from {{ ref('int_system_exchanges') }}
    where
        process_type <> 'non_product'
        and direction = 'output'
        and flow_kind = 'product'
    group by period_month, facility_id, flow_id

),

products as (

    select * from {{ ref('stg_company__products') }}

),

candidates as (

    select
        takings.period_month,
        takings.facility_id,
        takings.flow_id,
        products.product_id,
        case
            when products.facility_id is null or products.facility_id = takings.facility_id
                then 1.0
            else 0.0
        end as is_own,
        coalesce(made.quantity, 0.0) as made_quantity
    from takings
    inner join products
        on takings.flow_id = products.flow_id
    left join made
        on
            takings.period_month = made.period_month
            and products.flow_id = made.flow_id
            and products.facility_id = made.facility_id

),

totals as (

    select
        period_month,
        facility_id,
        flow_id,
        sum(is_own) as own_count,
        sum(made_quantity) as made_quantity,
        count(*) as product_count
    from candidates
    group by period_month, facility_id, flow_id

)

select
    candidates.period_month,
    candidates.facility_id,
    candidates.flow_id,
    candidates.product_id,
    case
        when totals.own_count > 0.0 then candidates.is_own / totals.own_count
        when totals.made_quantity > 0.0
            then candidates.made_quantity / totals.made_quantity
        else 1.0 / totals.product_count
    end as delivery_share
from candidates
inner join totals
    on
        candidates.period_month = totals.period_month
        and candidates.facility_id = totals.facility_id
        and candidates.flow_id = totals.flow_id
