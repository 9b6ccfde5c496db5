-- One row per day of a month with data: metrics are asked for over time, and dbt wants days for it.
-- Nothing else reads it.

with months as (

    select period_month from {{ ref('stg_control__build_months') }}

),

numbers as (

    {% for number in range(31) -%}
        select {{ number }} as days_on
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

days as (

    select
        months.period_month,
        cast({{ dbt.dateadd('day', 'numbers.days_on', 'months.period_month') }} as date) as day_date
    from months
    cross join numbers

)

select
    day_date,
    period_month
from days
where
    extract(year from day_date) = extract(year from period_month)
    and extract(month from day_date) = extract(month from period_month)
