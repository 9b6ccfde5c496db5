-- One row per site.

select
    facility_id,
    name_en as facility_name_en,
    name_zh as facility_name_zh,
    country,
    subdivision,
    grid_region,
    case
        when consolidation_share is null then 1.0
        else {{ to_double('consolidation_share') }}
    end as consolidation_share
from {{ source('company', 'facilities') }}
