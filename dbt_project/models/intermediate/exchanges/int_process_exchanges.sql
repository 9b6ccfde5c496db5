-- One row per process, flow, direction and month: what each process took and gave.

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
from {{ ref('int_activity_totals') }}
group by
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    unit_code
