-- One row per input that the company carries without an emission factor, with its reason.

{{ replace_partitions() }}

with activities as (

    select * from {{ ref('int_activities') }}
    where {{ in_stale_months('period_month') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

)

select
    activities.round,
    activities.hand_in,
    activities.source_file,
    activities.source_sheet,
    activities.source_cell,
    activities.period_month,
    activities.flow_id,
    activities.process_id,
    activities.quantity,
    activities.unit_code,
    flows.exempted_because
from activities
inner join flows
    on activities.flow_id = flows.flow_id
where
    activities.direction = 'input'
    and flows.exempted_because is not null
