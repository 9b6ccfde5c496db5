-- One row per reference period, flow of a site, process that it needs, and period of its operation.

select
    reference_period,
    flow_id,
    facility_id,
    process_id,
    operation_period,
    requirement
from {{ source('solved', 'requirements') }}
