-- One row per process, flow, direction, supplier with factors of its own, and month.
-- Sums of what shares one emission factor: each cell is read once, and never multiplied alone.

{{ replace_partitions() }}

select
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    supplier_key,
    consolidation_share,
    sum(quantity) as quantity,
    unit_code,
    sum(quantity_kg) as quantity_kg,
    count(*) as activity_count,
    sum(case when quantity is null then 1 else 0 end) as unconverted_count
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
    supplier_key,
    consolidation_share,
    unit_code
