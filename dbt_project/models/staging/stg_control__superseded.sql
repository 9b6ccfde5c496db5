-- One row per item and month of a revision in force that counts no more: a later round stated it
-- anew, or it was withdrawn.

select
    hand_in,
    round,
    revision,
    cast(period_month as date) as period_month,
    facility_id,
    process_id,
    flow_id,
    direction,
    property,
    role,
    supplier_id,
    meter_id,
    document_no
from {{ source('control', 'superseded') }}
