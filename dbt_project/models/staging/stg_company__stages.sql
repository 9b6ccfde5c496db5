-- One row per stage.

select
    stage_code,
    name_en as stage_name_en,
    name_zh as stage_name_zh,
    cast({{ to_double('stage_order') }} as integer) as stage_order
from {{ source('company', 'stages') }}
