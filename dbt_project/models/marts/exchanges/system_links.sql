-- One row per reference period, taker, flow and supplying process: who gave what to whom.

{{ replace_periods() }}

with links as (

    select * from {{ ref('stg_solved__links') }}
    where {{ in_stale_periods('reference_period') }}

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
    links.reference_period,
    periods.period_type,
    links.supplier_facility_id,
    links.supplier_process_id,
    links.flow_id,
    flows.flow_kind,
    takers.facility_id,
    links.process_id,
    takers.process_type,
    -- a service without a meter is counted in shares of itself
    coalesce(flows.unit_code, '1') as unit_code,
    links.quantity_taken,
    links.quantity_charged,
    links.share_of_supplier as supplier_share
from links
inner join periods
    on links.reference_period = periods.reference_period
left join processes as takers
    on links.process_id = takers.process_id
left join flows
    on links.flow_id = flows.flow_id
