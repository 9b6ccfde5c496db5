-- One row per reference period, recycling method, flow of a site, process that takes in what the
-- method names as recycled, and period of its operation.

select
    reference_period,
    method,
    flow_id,
    facility_id,
    process_id,
    operation_period,
    requirement
from {{ source('solved', 'recycled_requirements') }}
