-- One row per meter.

select
    meter_id,
    facility_id,
    process_id,
    flow_id,
    -- a meter that is listed without a multiplier shows what it measures
    case when multiplier is null then 1.0 else {{ to_double('multiplier') }} end
        as register_multiplier,
    cast(replaced_on as date) as replaced_on,
    {{ to_double('final_reading') }} as final_reading,
    {{ to_double('first_reading') }} as first_reading,
    {{ to_double('rolls_over_at') }} as rolls_over_at
from {{ source('company', 'meters') }}
