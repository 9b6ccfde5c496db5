-- One row per line of a round's sign_offs.csv.

select
    round,
    hand_in,
    role,
    person_id,
    signed_on,
    source_line,
    is_valid
from {{ source('quality', 'sign_offs') }}
