-- One row per flow.

select
    flow_id,
    flow_name_en,
    coalesce(flow_name_zh, flow_name_en) as flow_name_zh,
    flow_kind,
    unit_code,
    life_cycle_stage
from {{ ref('stg_company__flows') }}
