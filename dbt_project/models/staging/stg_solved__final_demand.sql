-- One row per reference period, flow of a site, and kind of final demand.

select
    reference_period,
    flow_id,
    facility_id,
    demand_kind,
    quantity,
    unit_code
from {{ source('solved', 'final_demand') }}
