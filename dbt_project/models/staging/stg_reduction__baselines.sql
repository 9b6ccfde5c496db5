-- One row per initiative in force, process and flow that it changes the consumption of.

select
    initiative_id,
    facility_id,
    process_id,
    flow_id,
    baseline_status,
    first_month,
    last_month,
    month_count,
    drivers,
    model,
    r2,
    cv_rmse,
    p_value,
    meets_criteria,
    tracked_with
from {{ source('reduction', 'initiative_baselines') }}
