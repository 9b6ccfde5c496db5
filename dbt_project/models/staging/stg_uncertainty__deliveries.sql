-- One row per calendar year, process, flow and cause, for freight to customers and what was
-- delivered: the part that rests on it. Without component and basis it is of the quantity.

select
    reference_period,
    process_id,
    flow_id,
    component,
    basis,
    cause_id,
    share
from {{ source('uncertainty', 'delivery_causes') }}
