-- One row per process, flow, direction and month: what each process took and gave.

{{ replace_partitions() }}

select
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    sum(quantity) as quantity,
    unit_code,
    sum(quantity_kg) as quantity_kg
from {{ ref('int_activities') }}
where {{ in_stale_months('period_month') }}
group by
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    unit_code
