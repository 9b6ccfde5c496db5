-- One row per product, site and month: what was made and what was delivered.
-- A product that nothing outside the product system ever takes has no deliveries on record: what
-- was made and not used by the company itself counts as delivered. Less than nothing is stock used
-- up, no delivery.

{{ config(materialized='table') }}

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where flow_kind = 'product'

),

products as (

    select * from {{ ref('stg_company__products') }}

),

shares as (

    select * from {{ ref('int_delivery_shares') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

recorded_flows as (

    select distinct flow_id
    from exchanges
    where process_type = 'non_product' and direction = 'input'

),

made as (

    select
        products.product_id,
        exchanges.flow_id,
        exchanges.facility_id,
        exchanges.period_month,
        exchanges.unit_code,
        sum(case when exchanges.direction = 'output' then exchanges.quantity else 0.0 end)
            as made_quantity,
        sum(
            case
                when recorded_flows.flow_id is not null then 0.0
                when exchanges.direction = 'output' then exchanges.quantity
                else -exchanges.quantity
            end
        ) as left_over_quantity,
        case
            when max(recorded_flows.flow_id) is not null then 0.0
            else greatest(
                sum(
                    case
                        when exchanges.direction = 'output' then exchanges.quantity
                        else -exchanges.quantity
                    end
                ),
                0.0
            )
        end as delivered_quantity,
        max(case when recorded_flows.flow_id is null then 0 else 1 end) as is_recorded
    from exchanges
    inner join products
        on
            exchanges.flow_id = products.flow_id
            and (products.facility_id is null or exchanges.facility_id = products.facility_id)
    left join recorded_flows
        on exchanges.flow_id = recorded_flows.flow_id
    where exchanges.process_type <> 'non_product'
    group by
        products.product_id,
        exchanges.flow_id,
        exchanges.facility_id,
        exchanges.period_month,
        exchanges.unit_code

),

delivered as (

    select
        shares.product_id,
        exchanges.flow_id,
        exchanges.facility_id,
        exchanges.period_month,
        exchanges.unit_code,
        0.0 as made_quantity,
        0.0 as left_over_quantity,
        sum(exchanges.quantity * shares.delivery_share) as delivered_quantity,
        1 as is_recorded
    from exchanges
    inner join shares
        on
            exchanges.period_month = shares.period_month
            and exchanges.facility_id = shares.facility_id
            and exchanges.flow_id = shares.flow_id
    where
        exchanges.process_type = 'non_product'
        and exchanges.direction = 'input'
    group by
        shares.product_id,
        exchanges.flow_id,
        exchanges.facility_id,
        exchanges.period_month,
        exchanges.unit_code

),

both_kinds as (

    select * from made
    union all
    select * from delivered

)

select
    both_kinds.product_id,
    both_kinds.flow_id,
    both_kinds.facility_id,
    both_kinds.period_month,
    both_kinds.unit_code,
    sum(both_kinds.made_quantity) as made_quantity,
    sum(both_kinds.made_quantity * mass_units.kg_per_unit) as made_kg,
    sum(both_kinds.left_over_quantity) as left_over_quantity,
    sum(both_kinds.delivered_quantity) as delivered_quantity,
    sum(both_kinds.delivered_quantity * mass_units.kg_per_unit) as delivered_kg,
    max(both_kinds.is_recorded) as is_recorded
from both_kinds
left join mass_units
    on both_kinds.unit_code = mass_units.unit_code
group by
    both_kinds.product_id,
    both_kinds.flow_id,
    both_kinds.facility_id,
    both_kinds.period_month,
    both_kinds.unit_code
