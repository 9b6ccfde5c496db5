-- One row per reference period and flow of a site that only stock from before the first period
-- gave.

select
    reference_period,
    process_id,
    flow_id,
    facility_id,
    quantity,
    unit_code
from {{ source('solved', 'opening_stocks') }}
