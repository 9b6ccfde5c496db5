-- One row per flow, property and validity.

select
    flow_id,
    property,
    {{ to_double('value') }} as property_value,
    unit as unit_text,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    source_id,
    source_locator
from {{ source('company', 'flow_properties') }}
