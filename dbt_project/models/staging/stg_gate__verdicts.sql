-- One row per round and hand-in.

select
    round,
    hand_in,
    source,
    facility_id,
    state,
    source_file,
    source_sha256,
    revision_in_force,
    critical_count,
    warning_count,
    waived_count,
    correction_count,
    row_count,
    note
from {{ source('quality', 'verdicts') }}
