-- One row per reference period, process and co-product: what part of the process it carries.

{{ replace_periods() }}

with allocation as (

    select * from {{ ref('stg_solved__allocation') }}
    where {{ in_stale_periods('reference_period') }}

),

operations as (

    select * from {{ ref('int_operation_emissions') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

)

select
    allocation.reference_period,
    periods.period_type,
    processes.facility_id,
    allocation.process_id,
    allocation.flow_id,
    allocation.basis,
    allocation.quantity,
    flows.unit_code,
    allocation.allocation_share,
    coalesce(operations.location_based_kgco2e, 0.0) as process_location_based_kgco2e,
    coalesce(operations.market_based_kgco2e, 0.0) as process_market_based_kgco2e,
    allocation.allocation_share * coalesce(operations.location_based_kgco2e, 0.0)
        as allocated_location_based_kgco2e,
    allocation.allocation_share * coalesce(operations.market_based_kgco2e, 0.0)
        as allocated_market_based_kgco2e,
    allocation.price_ratio,
    allocation.pact_verdict,
    allocation.follows_pact,
    allocation.justification
from allocation
inner join periods
    on allocation.reference_period = periods.reference_period
left join processes
    on allocation.process_id = processes.process_id
left join flows
    on allocation.flow_id = flows.flow_id
left join operations
    on
        allocation.reference_period = operations.reference_period
        and allocation.process_id = operations.process_id
