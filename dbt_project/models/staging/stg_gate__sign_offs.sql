-- One row per line of a round's sign_offs.csv.

select
    round,
    hand_in,
    role,
    person_id,
    person_name,
    signed_on,
    signed_sha256,
    source_line,
    is_valid,
    broken_rule,
    proof
from {{ source('quality', 'sign_offs') }}
