-- One row per flow, property and unit text: canonical units in one such unit.

select
    flow_id,
    property,
    unit_text,
    unit_code,
    {{ to_double('multiplier') }} as multiplier
from {{ source('accepted', 'unit_conversions') }}
