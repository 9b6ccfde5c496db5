-- One row per stage of a plant.

select
    stage_code,
    name_en as stage_name_en,
    name_zh as stage_name_zh,
    cast(stage_order as integer) as stage_order
from {{ source('company', 'stages') }}
