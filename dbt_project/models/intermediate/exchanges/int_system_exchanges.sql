-- One row per process, flow, direction and month: what the solve of the product system reads.

{{ replace_partitions() }}

with exchanges as (

    select * from {{ ref('int_process_exchanges') }}
    where {{ in_stale_months('period_month') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

)

select
    exchanges.period_month,
    exchanges.facility_id,
    exchanges.stage_code,
    exchanges.process_id,
    processes.process_type,
    exchanges.flow_id,
    exchanges.flow_kind,
    exchanges.direction,
    exchanges.quantity,
    exchanges.unit_code,
    exchanges.quantity_kg
from exchanges
inner join processes
    on exchanges.process_id = processes.process_id
