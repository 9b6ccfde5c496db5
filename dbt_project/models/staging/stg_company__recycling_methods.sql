-- One row per method, recycled flow and validity.

select
    method,
    recycled_flow_id,
    virgin_flow_id,
    recycling_eol_flow_id,
    {{ to_double('allocation_factor_a') }} as allocation_factor_a,
    {{ to_double('quality_in') }} as quality_in,
    {{ to_double('quality_out') }} as quality_out,
    {{ to_double('energy_credit_share') }} as energy_credit_share,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    source_id,
    source_locator
from {{ source('company', 'recycling_methods') }}
