-- One row per site.

select
    facility_id,
    facility_name_en,
    coalesce(facility_name_zh, facility_name_en) as facility_name_zh,
    country,
    subdivision,
    grid_region,
    consolidation_share
from {{ ref('stg_company__facilities') }}
