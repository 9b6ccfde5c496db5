-- One row per unit process.

select
    process_id,
    process_name_en,
    coalesce(process_name_zh, process_name_en) as process_name_zh,
    process_type,
    facility_id,
    stage_code
from {{ ref('stg_company__processes') }}
