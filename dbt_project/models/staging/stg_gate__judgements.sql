-- One row per change of the verdict on a hand-in.

select
    round,
    hand_in,
    entry_number,
    state,
    source_sha256,
    critical_count,
    warning_count,
    waived_count,
    judged_on,
    judged_at
from {{ source('quality', 'judgements') }}
