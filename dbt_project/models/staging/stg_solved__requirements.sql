-- One row per reference period, flow of a site, and process that it needs.

select
    reference_period,
    flow_id,
    facility_id,
    process_id,
    requirement
from {{ source('solved', 'requirements') }}
