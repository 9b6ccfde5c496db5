-- One row per month that has, or had, accepted data.

select
    cast(period_month as date) as period_month,
    fingerprint,
    is_stale
from {{ source('control', 'build_months') }}
