-- One row per hand-in revision and month that counts, wholly or in part.

select
    source,
    round,
    hand_in,
    revision,
    cast(period_month as date) as period_month
from {{ source('control', 'in_force') }}
