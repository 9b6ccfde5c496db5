-- One row per hand-in that a round expects.

select
    round,
    hand_in,
    source,
    facility_id
from {{ source('company', 'expected_hand_ins') }}
