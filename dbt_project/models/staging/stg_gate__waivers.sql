-- One row per line of a round's waivers.csv.

select
    round,
    rule_id,
    hand_in,
    object,
    reason,
    requested_by,
    approved_by,
    cast(approved_on as date) as approved_on,
    cast(valid_until as date) as valid_until,
    source_line,
    state,
    finding_count
from {{ source('quality', 'waivers') }}
