-- One row per cause of error that some figure rests on.

select
    cause_id,
    cause_kind,
    factor_version_id,
    component,
    meter_id,
    data_method,
    process_id,
    flow_id,
    direction,
    owner,
    spread,
    distribution,
    deviation,
    source_id,
    source_locator,
    source_line,
    gas_code,
    replaced_by,
    replacement_spread,
    replacement_deviation,
    replacement_line
from {{ source('uncertainty', 'causes') }}
