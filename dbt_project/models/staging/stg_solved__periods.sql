-- One row per reference period: a month with data, or a calendar year of such months.

select
    reference_period,
    period_type,
    cast(first_month as date) as first_month,
    cast(last_month as date) as last_month,
    cast(month_count as integer) as month_count,
    fingerprint,
    is_stale,
    is_solved
from {{ source('solved', 'periods') }}
