-- One row per meter.

select
    meter_id,
    facility_id,
    process_id,
    flow_id,
    -- a meter that is listed without a multiplier shows what it measures
    case when multiplier is null then 1.0 else {{ to_double('multiplier') }} end
        as register_multiplier
from {{ source('company', 'meters') }}
