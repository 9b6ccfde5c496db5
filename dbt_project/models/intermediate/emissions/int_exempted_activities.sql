-- One row per activity that the company carries without an emission factor, with its reason.

{{ replace_partitions() }}

with activities as (

    select * from {{ ref('int_activities') }}
    where {{ in_stale_months('period_month') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

emitting_kinds as (

    select distinct flow_kind
    from {{ ref('flow_kinds') }}
    where component is not null

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
    coalesce(flows.exempted_because, 'no reason is stated in company/flows.csv')
        as exempted_because
from activities
inner join flows
    on activities.flow_id = flows.flow_id
left join emitting_kinds
    on flows.flow_kind = emitting_kinds.flow_kind
where
    flows.exempted_because is not null
    or (flows.components is null and emitting_kinds.flow_kind is not null)
