-- One row per rule, source and flow.

select
    rule_id,
    source,
    flow_id,
    {{ to_double('tolerance') }} as tolerance_share,
    reason
from {{ source('company', 'tolerances') }}
