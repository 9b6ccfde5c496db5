-- One row per reference period, taker, flow and supplying process.

select
    reference_period,
    process_id,
    flow_id,
    supplier_process_id,
    supplier_facility_id,
    quantity_taken,
    quantity_charged,
    share_of_supplier
from {{ source('solved', 'links') }}
