-- One row per initiative, process, flow and month before and after the start, and one to date.

select
    initiative_id,
    process_id,
    flow_id,
    period_kind,
    period_month,
    measured_quantity,
    expected_quantity,
    saving,
    saving_low,
    saving_high,
    planned_saving,
    status
from {{ source('reduction', 'initiative_savings') }}
