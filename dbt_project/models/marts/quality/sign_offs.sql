-- One row per line of a round's sign_offs.csv: who stands for which file, and whether it counts.

select
    round,
    hand_in,
    role,
    person_id,
    person_name,
    signed_on,
    signed_sha256,
    is_valid,
    broken_rule,
    proof,
    source_line
from {{ ref('stg_gate__sign_offs') }}
