-- One row per collection round.

select
    round,
    cast(opens_on as date) as opens_on,
    cast(closes_on as date) as closes_on,
    cast(first_month as date) as first_month,
    cast(last_month as date) as last_month
from {{ source('company', 'rounds') }}
