-- One row per reference period and flow of a site.

select
    reference_period,
    flow_id,
    facility_id,
    recycled_content
from {{ source('solved', 'recycled_content') }}
