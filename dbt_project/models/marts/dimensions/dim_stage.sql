-- One row per stage of a plant.

select
    stage_code,
    stage_name_en,
    coalesce(stage_name_zh, stage_name_en) as stage_name_zh,
    stage_order
from {{ ref('stg_company__stages') }}
