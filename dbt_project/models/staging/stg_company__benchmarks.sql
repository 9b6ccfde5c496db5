-- One row per process, flow and date from which a benchmark counts.

select
    process_id,
    flow_id,
    {{ to_double('value') }} as specific_quantity,
    unit as unit_text,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    source_id,
    source_locator,
    note
from {{ source('company', 'benchmarks') }}
