-- One row per unit process.

select
    process_id,
    facility_id,
    stage_code,
    name_en as process_name_en,
    name_zh as process_name_zh,
    process_type
from {{ source('company', 'processes') }}
