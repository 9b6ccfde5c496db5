-- One row per accepted certificate or contract revision.

select
    -- where it was read
    round,
    hand_in,
    revision,
    source_file,
    source_line,

    -- what it is
    instrument_id,
    instrument_type,
    registry_id,
    facility_id,
    flow_id,
    technology,
    market,
    beneficiary,

    -- when
    cast(generation_start as date) as generation_start,
    cast(generation_end as date) as generation_end,
    cast(retired_on as date) as retired_on,

    -- how much
    {{ to_double('quantity') }} as instrument_quantity,
    unit as unit_text,
    {{ to_double('kgco2_per_kwh') }} as claimed_kgco2_per_kwh
from {{ source('accepted', 'energy_instruments') }}
